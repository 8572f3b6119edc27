"""How often codes, runs of the fill value and pairs of both occur in a tensor: all that planning needs of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel
from edgeq.codecs.bits import Codes
from edgeq.codecs.segments import Places
from edgeq.codecs.tensor import Tensor, values_of

IntArray = npt.NDArray[np.int64]

_SHORT = 1 << 16
"""Runs below this are counted by length, longer ones listed."""


@dataclass(frozen=True)
class Statistics:
    """Of a tensor in segments: the distinct ``values`` in ascending order with their ``counts``, the distinct lengths
    of runs before stored values with theirs, and the stored values of each segment."""

    tensor: Tensor
    bounds: Places
    values: IntArray
    counts: IntArray
    runs: IntArray
    run_counts: IntArray
    kept: IntArray

    @property
    def stored(self) -> int:
        """Number of elements that differ from the fill value."""
        return int(self.kept.sum())

    @property
    def longest_run(self) -> int:
        """Longest run before a stored value."""
        return int(self.runs.max(initial=0))

    def count_runs(self, max_run: int) -> IntArray:
        """Return how often each run up to ``max_run`` is coded, and the escapes as the last."""
        cuts = np.where(self.runs > max_run, (self.runs - 1) // max(max_run, 1), 0)
        counts = np.zeros(max_run + 2, np.int64)
        np.add.at(counts, self.runs - cuts * max_run, self.run_counts)
        counts[max_run + 1] = (cuts * self.run_counts).sum()
        return counts

    def count_pairs(self, max_run: int, entry_of: IntArray, symbols: int) -> IntArray:
        """Return how often each run up to ``max_run`` comes with each symbol, and the escapes as the last."""
        counts = np.zeros((max_run + 1) * symbols + 1, np.int64)
        _count_pairs(self.tensor.codes, self.bounds, self.tensor.fill_code, max_run, entry_of, symbols, counts)
        return counts


def statistics_of(tensor: Tensor, bounds: Places) -> Statistics:
    """Return the statistics of a tensor of at most 16 bits."""
    counts = np.zeros(1 << tensor.type.bits, np.int64)
    _count_codes(tensor.codes, counts)
    codes = np.flatnonzero(counts)
    values = values_of(codes.astype(tensor.codes.dtype), tensor.type).astype(np.int64)
    order = np.argsort(values)
    short, kept = np.zeros(_SHORT, np.int64), np.zeros(bounds.size - 1, np.int64)
    long = np.zeros(tensor.codes.size // _SHORT + 1, np.int64)
    listed = _count_runs(tensor.codes, bounds, tensor.fill_code, short, long, kept)
    runs, run_counts = np.unique(long[:listed], return_counts=True)
    lengths = np.flatnonzero(short)
    return Statistics(tensor, bounds, values[order], counts[codes][order], np.append(lengths, runs),
                      np.append(short[lengths], run_counts), kept)


@kernel
def _count_codes(codes: Codes, counts: IntArray) -> None:
    half = codes.size // 2
    other = np.zeros_like(counts)  # equal codes one after the other would wait for each other
    for k in range(half):
        counts[codes[k]] += 1
        other[codes[half + k]] += 1
    for k in range(2 * half, codes.size):
        counts[codes[k]] += 1
    counts += other


@kernel
def _count_runs(codes: Codes, bounds: Places, fill: int, short: IntArray, long: IntArray, kept: IntArray) -> int:
    listed = 0
    for s in range(bounds.size - 1):
        last = bounds[s] - 1
        stored = 0
        for k in range(bounds[s], bounds[s + 1]):
            if codes[k] != fill:
                run = k - last - 1
                last = k
                stored += 1
                if run < short.size:
                    short[run] += 1
                else:
                    long[listed] = run
                    listed += 1
        kept[s] = stored
    return listed


@kernel
def _count_pairs(codes: Codes, bounds: Places, fill: int, max_run: int, entry_of: IntArray, symbols: int,
                 counts: IntArray) -> None:
    for s in range(bounds.size - 1):
        last = bounds[s] - 1
        for k in range(bounds[s], bounds[s + 1]):
            if codes[k] != fill:
                run = k - last - 1
                last = k
                cuts = (run - 1) // max_run if run > max_run else 0
                counts[counts.size - 1] += cuts
                counts[(run - cuts * max_run) * symbols + entry_of[codes[k]]] += 1
