"""Observe what a run puts into the accumulators, beside what is proven and what is declared.

Observed are final sums, as the accumulator holds them after its overflow rule: of every image, output channel and
position, in both kernels. Partial sums on the way are not observed; the proof covers them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import width_of
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array, IntArray
from edgeq.passes.acc_proof import AccProof, prove_accumulators
from edgeq.simulator import run_blocks


@dataclass(frozen=True)
class AccObserved:
    """One accumulator: its proof and the extreme sums seen, per output channel; no channel when no image ran."""

    proof: AccProof
    lo: tuple[int, ...]
    hi: tuple[int, ...]

    @property
    def bits(self) -> int | None:
        """Bits that hold every sum seen."""
        return width_of(min(self.lo), max(self.hi)) if self.lo else None

    @property
    def channel_bits(self) -> tuple[int, ...]:
        """The same per output channel."""
        return tuple(width_of(lo, hi) for lo, hi in zip(self.lo, self.hi, strict=True))


@dataclass(frozen=True)
class Observation:
    """Outputs by name, and every accumulator in order of execution."""

    outputs: dict[str, Array]
    accumulators: tuple[AccObserved, ...]


def observe_accumulators(
    graph: Graph, inputs: Mapping[str, npt.ArrayLike], kernel: str = "auto", jobs: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Observation:
    """Run every image and return the outputs and the extremes of each accumulator; see `simulate` for the rest."""
    sums = {n.layer: n.name for n in graph.nodes if n.op.bounds(*(graph.types[v] for v in n.inputs)) is not None}
    leaving = {o.value for o in graph.outputs}
    parts: dict[str, list[Array]] = {name: [] for name in leaving}
    seen: dict[str, tuple[IntArray, IntArray]] = {}
    for block in run_blocks(graph, inputs, leaving | set(sums.values()), kernel=kernel, jobs=jobs):
        for name in leaving:
            parts[name].append(block[name])
        for name in sums.values():
            _note(seen, name, block[name], graph.types[name].axis)
        if progress is not None:
            progress(len(next(iter(block.values()))))
    outputs = {o.name: np.concatenate(parts[o.value]) for o in graph.outputs}
    found = [AccObserved(p, *_extremes(seen, sums[p.layer])) for p in prove_accumulators(graph)]
    return Observation(outputs, tuple(found))


def _note(seen: dict[str, tuple[IntArray, IntArray]], name: str, values: Array, axis: int) -> None:
    """Join a block's extremes of each channel to those seen before."""
    if not values.size:
        return
    rows = np.moveaxis(values, axis + 1, 0).reshape(values.shape[axis + 1], -1).astype(np.int64)
    lo, hi = rows.min(axis=1), rows.max(axis=1)
    before = seen.get(name, (lo, hi))
    seen[name] = (np.minimum(before[0], lo), np.maximum(before[1], hi))


def _extremes(seen: Mapping[str, tuple[IntArray, IntArray]], name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    lo, hi = seen.get(name, (np.empty(0, np.int64), np.empty(0, np.int64)))
    return tuple(lo.tolist()), tuple(hi.tolist())
