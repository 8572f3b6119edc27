"""Measure, layer by layer, how far the integers are from the float activations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from edgeq.arith.types import Rounding
from edgeq.frontend.interpret import run
from edgeq.frontend.program import Program
from edgeq.ir.graph import Graph, GraphInput
from edgeq.ir.quantization import Affine, Codes
from edgeq.ir.tensor import Array
from edgeq.simulator import simulate

SAMPLES = 64


@dataclass(frozen=True)
class LayerError:
    """Signal to quantization noise of one value in dB; None when every value is exact."""

    value: str
    sqnr_db: float | None


def layer_errors(
    graph: Graph, program: Program, traced: Sequence[tuple[str, str]], data: Mapping[str, Array]
) -> list[LayerError]:
    """Return the error of each traced value, in order of execution.

    ``traced`` pairs an integer value with the program's value that it stands for; ``data`` are float inputs, of
    which the first 64 samples run.
    """
    few = {name: np.asarray(array[:SAMPLES]) for name, array in data.items()}
    wanted = {real for _, real in traced}
    floats: dict[str, Array] = {}

    def note(name: str, tensor: object) -> None:
        if name in wanted:
            floats[name] = tensor.numpy().astype(np.float64)  # type: ignore[attr-defined]

    run(program, few, note)
    codes = {i.name: _affine(i).encode(few[i.name], i.type, i.name) for i in graph.inputs}
    direct = replace(graph, inputs=tuple(replace(i, quantization=Codes()) for i in graph.inputs))
    values = simulate(direct, codes, keep={name for name, _ in traced}).values
    return [LayerError(name, _sqnr(graph, name, values[name], floats[real])) for name, real in traced if real in floats]


def _affine(item: GraphInput) -> Affine:
    """Return how the floats that the network sees become the codes of an input, however its codes arrive."""
    scale = item.type.scale if isinstance(item.type.scale, float) else 1.0
    rounding = Rounding.ties_even if isinstance(item.quantization, Codes) else item.quantization.rounding
    return Affine(Fraction(scale), rounding)


def _sqnr(graph: Graph, name: str, codes: Array, real: Array) -> float | None:
    kept = graph.types[name]
    if not isinstance(kept.scale, float):
        return None
    restored = (codes.astype(np.float64) - kept.zero_point) * kept.scale
    noise = float(((restored.reshape(real.shape) - real) ** 2).sum())
    signal = float((real**2).sum())
    if noise == 0.0 or signal == 0.0:
        return None
    return round(10 * math.log10(signal / noise), 2)
