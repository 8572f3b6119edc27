"""Flavour cmsis_nn: what the functions of CMSIS-NN take, under its own types and conventions.

Weights are OHWI, of a depthwise convolution 1HWO, of 4 bits two a byte, the first in the low nibble. ``shift`` is to
the left: ``real scale = multiplier * 2**(shift - 31)``. ``input_offset`` and ``filter_offset`` are minus the zero
points, ``output_offset`` is the zero point.

Source: ARM-software/CMSIS-NN, Include/arm_nn_types.h (075474c), arm_nnfunctions.h; arm_nn_requantize of
arm_nnsupportfunctions.h.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np

from edgeq.arith.types import IntType, Rounding
from edgeq.emitters.c_arrays.layers import (
    WeightedLayer,
    Where,
    columns_last,
    has_constants,
    limits,
    require_one,
    weighted_layer,
)
from edgeq.emitters.c_arrays.source import Builder, Placement, Unit
from edgeq.emitters.c_model import net_name, symbol_of
from edgeq.emitters.flattening import Columns
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.errors import InputError
from edgeq.ir.graph import Graph, Layer
from edgeq.ir.tensor import Array
from edgeq.memory.layout import restrict, to_layout
from edgeq.ops.conv1d import Conv1d
from edgeq.ops.conv2d import Conv2d
from edgeq.ops.linear import Linear
from edgeq.ops.requantize import Requantize

NAME = "cmsis_nn"
_PRESET = "lower with --preset cmsis_nn"
_GUARDS = {
    Rounding.two_stage: ("#if defined(CMSIS_NN_USE_SINGLE_ROUNDING)",
                         '#error "these multipliers are for CMSIS-NN without CMSIS_NN_USE_SINGLE_ROUNDING"'),
    Rounding.ties_up: ("#if !defined(CMSIS_NN_USE_SINGLE_ROUNDING)",
                       '#error "these multipliers are for CMSIS-NN with CMSIS_NN_USE_SINGLE_ROUNDING"'),
}

Tensors = Mapping[str, Parameter]


def includes(graph: Graph) -> tuple[str, ...]:
    """Return the header's first lines: CMSIS-NN's types, and a guard of the rounding that the library is built with.

    Raises InputError for layers that round differently.
    """
    found: dict[Rounding, str] = {}
    for layer in graph.layers:
        for node in layer.nodes:
            if isinstance(node.op, Requantize):
                found.setdefault(node.op.rounding, layer.name)
                Where(NAME, layer.name).require(
                    len(found) == 1, f"rounding {node.op.rounding.name}, others have {next(iter(found)).name}, and the "
                    "library is built for one", _PRESET)
    guard = _GUARDS.get(next(iter(found), Rounding.two_stage), ())
    return ("#include <stdint.h>", "", '#include "arm_nn_types.h"', '#include "edgeq_platform.h"', "", *guard,
            *(["#endif"] if guard else []))


def units(graph: Graph, place: Placement) -> Iterator[Unit]:
    """Yield a unit per layer with constants; raises InputError naming the layer that CMSIS-NN cannot compute."""
    net = net_name(graph)
    tensors = {p.name: p for p in parameters(graph)}
    for item in graph.inputs:
        if f"{item.name}.table" in tensors:
            raise InputError(f"c_arrays flavour {NAME}: input '{item.name}': a table of pixels has no place; lower "
                             "with --input-type float32, or emit with flavour=plain")
    columns = columns_last(graph, NAME)
    for layer in graph.layers:
        if not has_constants(layer):
            continue
        where = Where(NAME, layer.name)
        found = weighted_layer(graph, layer, where)
        if found is None:
            yield _rescaling(graph, layer, where, net, tensors, place)
        else:
            yield _weighted(layer, found, where, net, tensors, place, columns.get(layer.name))


def _weighted(layer: Layer, found: WeightedLayer, where: Where, net: str, tensors: Tensors, place: Placement,
              columns: Columns | None) -> Unit:
    op = found.op
    packed, depthwise = op.weight_type.bits == 4, _is_depthwise(op)
    groups = 1 if isinstance(op, Linear) else op.groups
    where.require(not packed or depthwise or groups == 1, "groups of weights of 4 bits have no kernel",
                  "use weights of 8 bits")
    where.require((isinstance(op, Linear) and not packed) or op.weight_zero_point.limits == (0, 0),
                  f"weight_zero_point {op.weight_zero_point.limits[0]}, which linear layers of 8 bits alone have",
                  "lower with symmetric weights: --preset cmsis_nn")
    _check_rescaling(found.requantize, found.lo, found.hi, where)
    made = Builder(f"{layer.name}: {_kernel(op, packed, depthwise)}", place)
    symbols = {name: symbol_of(net, tensors[f"{layer.name}.{name}"])
               for name in ("weight", "bias", "multiplier", "shift")}
    base = symbols["weight"].removesuffix("_weight")
    weight, stored = _stored(tensors[f"{layer.name}.weight"], depthwise, columns)
    made.array(symbols["weight"], "int8_t", _nibbles(weight) if packed else weight)
    made.tensor(symbols["weight"], tensors[f"{layer.name}.weight"], **stored, **({"packing": "s4"} if packed else {}))
    made.array(symbols["bias"], "int32_t", tensors[f"{layer.name}.bias"].array)
    made.tensor(symbols["bias"], tensors[f"{layer.name}.bias"], "o")
    _scales(made, base, found, symbols, tensors, where)
    _structs(made, base, found, depthwise, where)
    return made.unit


def _is_depthwise(op: Conv2d | Conv1d | Linear) -> bool:
    return not isinstance(op, Linear) and op.groups > 1 and op.weight.shape[1] == 1


def _kernel(op: Conv2d | Conv1d | Linear, packed: bool, depthwise: bool) -> str:
    kind = "fully_connected" if isinstance(op, Linear) else "depthwise_conv" if depthwise else "convolve"
    return f"arm_{kind}_s4" if packed and kind == "fully_connected" else f"arm_{kind}_wrapper_s{4 if packed else 8}"


def _stored(parameter: Parameter, depthwise: bool, columns: Columns | None) -> tuple[Array, dict[str, Any]]:
    """Return the weights in the kernel's order, and the manifest fields that say so."""
    layout = restrict("ihwo" if depthwise else "ohwi", parameter.axes)
    if columns is not None:
        return columns.turned(parameter.array), {"layout": layout, "columns": columns.as_dict()}
    return to_layout(parameter.array, parameter.axes, layout), {"layout": layout}


def _nibbles(values: Array) -> Array:
    """Return values of 4 bits two a byte, the first in the low nibble, a last one alone."""
    flat = np.append(values.reshape(-1), 0) if values.size % 2 else values.reshape(-1)
    pairs = (flat & 15).astype(np.uint8).reshape(-1, 2)
    return (pairs[:, 0] | pairs[:, 1] << 4).view(np.int8)


def _check_rescaling(requantize: Requantize, lo: int, hi: int, where: Where) -> None:
    """Refuse what arm_nn_requantize does not compute on sums from ``lo`` to ``hi``."""
    rounding, (least, most) = requantize.rounding, requantize.shift.limits
    left = 0 if rounding is Rounding.ties_up else max(31 - least, 0)
    where.require(rounding in _GUARDS, f"rounding {rounding.name}, where CMSIS-NN has two_stage, or ties_up when built "
                  "with CMSIS_NN_USE_SINGLE_ROUNDING", _PRESET)
    where.require(requantize.multiplier.limits[1] < 1 << 31, "its multiplier does not fit 32 signed bits", _PRESET)
    where.require(most <= 62 and least >= (1 if rounding is Rounding.ties_up else 0),
                  f"shifts {least}..{most} leave those of CMSIS-NN", _PRESET)
    where.require(IntType(32).holds(lo << left, hi << left),
                  f"sums {lo}..{hi} are shifted left by {left}, past 32 bits", _PRESET)


def _scales(made: Builder, base: str, found: WeightedLayer, symbols: Mapping[str, str], tensors: Tensors, where: Where
            ) -> None:
    """Add multipliers and shifts, an element per output channel, and the struct that points to them."""
    op, requantize, layer = found.op, found.requantize, where.layer
    multiplier, shift = (c.per_channel(op.weight.shape[0]) for c in (requantize.multiplier, requantize.shift))
    made.array(symbols["multiplier"], "int32_t", multiplier)
    made.array(symbols["shift"], "int32_t", 31 - shift)
    made.tensor(symbols["multiplier"], tensors[f"{layer}.multiplier"], tensors[f"{layer}.multiplier"].axes)
    made.tensor(symbols["shift"], tensors[f"{layer}.shift"], tensors[f"{layer}.shift"].axes, minus_from=31)
    pointers = {name: f"(int32_t *){symbols[name]}" for name in ("multiplier", "shift")}
    if not isinstance(op, Linear):
        made.struct("cmsis_nn_per_channel_quant_params", f"{base}_quant_params", pointers)
        return
    several = len(set(zip(multiplier.tolist(), shift.tolist(), strict=True))) > 1
    if op.weight_type.bits == 4:
        where.require(not several, "scales differ between channels, its linear layers of 4 bits have one",
                      "lower with --weights per_tensor")
        numbers = {"multiplier": int(multiplier[0]), "shift": 31 - int(shift[0])}
        made.struct("cmsis_nn_per_tensor_quant_params", f"{base}_quant_params", numbers)
        return
    made.struct("cmsis_nn_quant_params", f"{base}_quant_params", {**pointers, "is_per_channel": int(several)})


def _structs(made: Builder, base: str, found: WeightedLayer, depthwise: bool, where: Where) -> None:
    """Add the layer's parameters and the dimensions of its tensors."""
    op, (lo, hi) = found.op, limits(found.requantize)
    offsets = {"input_offset": -found.x.zero_point}
    ends = {"output_offset": found.requantize.zero_point, "activation": {"min": lo, "max": hi}}
    if isinstance(op, Linear):
        zero_point = require_one(op.weight_zero_point.array, "weight_zero_point", where)
        made.struct("cmsis_nn_fc_params", f"{base}_params", {**offsets, "filter_offset": -zero_point, **ends})
        rows, (channels, taps) = prod(found.x.shape[:-1]), op.weight.shape
        shapes: dict[str, tuple[int, ...]] = {
            "input": (rows, 1, 1, taps), "filter": (taps, 1, 1, channels), "bias": (1, 1, 1, channels),
            "output": (rows, 1, 1, channels)}
    else:
        window = op.window
        steps = {"stride": window.stride, "padding": window.padding[:2], "dilation": window.dilation}
        kind, more = ("cmsis_nn_conv_params", {})
        if depthwise:
            kind, more = ("cmsis_nn_dw_conv_params", {"ch_mult": op.weight.shape[0] // found.x.shape[0]})
        tiles = {name: {"w": pair[1], "h": pair[0]} for name, pair in steps.items()}
        made.struct(kind, f"{base}_params", {**offsets, **more, **tiles, **ends})
        shapes = _conv_shapes(found, depthwise)
    for name, shape in shapes.items():
        made.struct("cmsis_nn_dims", f"{base}_{name}_dims", dict(zip("nhwc", shape, strict=True)))


def _conv_shapes(found: WeightedLayer, depthwise: bool) -> dict[str, tuple[int, ...]]:
    """Return n, h, w, c of every tensor; one row of a one-dimensional convolution."""
    weight = found.op.weight.shape
    x, kernel, y = ((1, *shape)[-2:] for shape in (found.x.shape[1:], weight[2:], found.y.shape[1:]))
    channels = weight[0]
    first, last = (1, channels) if depthwise else (channels, weight[1])
    return {"input": (1, *x, found.x.shape[0]), "filter": (first, *kernel, last), "bias": (1, 1, 1, channels),
            "output": (1, *y, channels)}


def _rescaling(graph: Graph, layer: Layer, where: Where, net: str, tensors: Tensors, place: Placement) -> Unit:
    """Return multiplier, shift and offsets of a layer without weights: an operand or the result of a sum, say."""
    last = layer.nodes[-1].op
    own = {name for p in tensors.values() for name in [p.tensor] if p.layer == layer.name}
    where.require(isinstance(last, Requantize) and own == {"multiplier", "shift", "left_shift"},
                  f"op {layer.nodes[0].op.KIND} has constants, and no place here", "use another op")
    assert isinstance(last, Requantize)
    x = graph.types[layer.nodes[-1].inputs[0]]
    left = require_one(last.left_shift.array, "left_shift", where)
    _check_rescaling(last, (x.lo - x.zero_point) << left, (x.hi - x.zero_point) << left, where)
    made = Builder(f"{layer.name}: {layer.nodes[0].op.KIND}, rescaled", place)
    for name, minus in (("multiplier", None), ("shift", 31)):
        parameter = tensors[f"{layer.name}.{name}"]
        value = require_one(parameter.array, name, where)
        symbol = symbol_of(net, parameter)
        made.array(symbol, "int32_t", np.array([value if minus is None else minus - value]))
        made.tensor(symbol, parameter, parameter.axes, **({} if minus is None else {"minus_from": minus}))
    base = symbol_of(net, tensors[f"{layer.name}.multiplier"]).removesuffix("_multiplier")
    lo, hi = limits(last)
    numbers = {"input_offset": -x.zero_point, "left_shift": left, "output_offset": last.zero_point,
               "activation_min": lo, "activation_max": hi}
    for name, value in numbers.items():
        made.macro(f"{base}_{name}", value)
    return made.unit
