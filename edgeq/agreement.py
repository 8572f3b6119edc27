"""Compare a quantized model's own forward, in float64, with the integers of its lowered graph, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.compress.quantization.program import CODES
from edgeq.compress.quantization.recording import record
from edgeq.errors import InputError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.simulator import simulate


@dataclass(frozen=True)
class LayerAgreement:
    """How far one layer's codes are from the simulator's: how many differ, of how many, by how many steps at most."""

    layer: str
    values: int
    differing: int
    largest: int

    @property
    def fraction(self) -> float:
        """The part of the values that differ."""
        return self.differing / self.values


def agreement(quantized: Any, graph: Graph, x: Any) -> tuple[LayerAgreement, ...]:
    """Return how a model that ``compress.quantize`` made agrees with its graph, for each quantized value and output.

    ``graph`` is ``edgeq.lower(compress.convert(quantized))``, ``x`` float inputs, N first, one or a tuple.
    Outputs that are sums are compared in steps of the graph's output, the model's rounded to the nearest.

    Raises InputError for a layer that the graph does not have.
    """
    found = record(quantized, x)
    given = x if isinstance(x, tuple | list) else (x,)
    inputs = {item.name: np.asarray(each) for item, each in zip(graph.inputs, given, strict=True)}
    run = simulate(graph, inputs)
    pairs = [(layer, codes, _named(run.values, layer)) for layer, codes in found.codes.items()]
    for output, real in zip(graph.outputs, found.outputs, strict=True):
        kept = graph.types[output.value]
        if not any(layer == output.value for layer, _, _ in pairs) and isinstance(kept.scale, float):
            pairs.append((output.value, np.rint(real / kept.scale) + kept.zero_point, run.outputs[output.name]))
    return tuple(_compared(*pair) for pair in pairs)


def _named(values: Any, layer: str) -> Array:
    for name in (f"{CODES}.{layer}", layer):  # the codes have a name of their own where the layer's is that of a sum
        if name in values:
            found: Array = values[name]
            return found
    raise InputError(f"layer '{layer}' is not in the graph; lower the program that convert makes of this very model")


def _compared(layer: str, ours: Array, theirs: Array) -> LayerAgreement:
    apart = np.abs(ours.reshape(theirs.shape).astype(np.int64) - theirs.astype(np.int64))
    return LayerAgreement(layer, apart.size, int((apart != 0).sum()), int(apart.max()))
