"""Flavour plain: every constant as an array of its own type, with its dimensions; zero points as macros."""

from __future__ import annotations

from collections.abc import Iterator

from edgeq.emitters.c_arrays.source import Builder, Placement, Unit
from edgeq.emitters.c_model import net_name, symbol_of
from edgeq.emitters.c_text import braces, element_type
from edgeq.emitters.ordered import ordered
from edgeq.ir.graph import Graph
from edgeq.ir.stems import layer_stems

INCLUDES = ("#include <stdint.h>", "", '#include "edgeq_platform.h"')


def units(graph: Graph, layout: str, flatten: str, place: Placement) -> Iterator[Unit]:
    """Yield a unit per constant, then the zero points of the values that leave inputs and layers."""
    net = net_name(graph)
    for item in ordered(graph, layout, flatten):
        kept, symbol = item.parameter, symbol_of(net, item.parameter)
        values = item.array
        made = Builder(f"{kept.name}: {kept.type}{list(values.shape)}, {item.layout or 'scalar'}", place)
        made.macro(f"{symbol}_SIZE", values.size)
        made.declarations.append(f"#define {symbol.upper()}_DIMS {braces(values.shape or (1,))}")
        made.array(symbol, element_type(kept.type.dtype), values)
        made.tensors.append({**item.holds, "symbol": symbol})
        yield made.unit
    last = Builder("zero points of what inputs and layers give", place)
    stems = layer_stems(graph)
    outputs = {i.name: i.name for i in graph.inputs} | {layer.name: layer.output for layer in graph.layers}
    for name, value in outputs.items():
        last.macro(f"{net}_{stems[name].replace('.', '_')}_ZERO_POINT", graph.types[value].zero_point)
    yield last.unit
