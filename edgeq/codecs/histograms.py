"""How often codes, runs of the fill value and pairs of both occur in a tensor: all that planning needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel
from edgeq.codecs.bits import Codes
from edgeq.codecs.reading import count_kept
from edgeq.codecs.segments import Places
from edgeq.codecs.tensor import Tensor, values_of

IntArray = npt.NDArray[np.int64]

_SHORT = 1 << 16
"""Runs below this are counted by length, longer ones listed."""


@dataclass(frozen=True)
class Statistics:
    """Of a tensor in segments: the distinct ``values`` in ascending order with their ``counts``."""

    tensor: Tensor
    bounds: Places
    values: IntArray
    counts: IntArray

    @cached_property
    def kept(self) -> IntArray:
        """Number of elements of each segment that differ from the fill value."""
        kept = np.zeros(self.bounds.size - 1, np.int64)
        if kept.size == 1:
            kept[0] = self.counts[self.values != self.tensor.fill_value].sum()
        else:
            count_kept(self.tensor.codes, self.bounds, self.tensor.fill_code, kept)
        return kept

    @cached_property
    def runs(self) -> tuple[IntArray, IntArray]:
        """Distinct lengths of runs before stored values, and how often each occurs."""
        codes = self.tensor.codes
        short, long = np.zeros(_SHORT, np.int64), np.zeros(codes.size // _SHORT + 1, np.int64)
        listed = _count_runs(codes, self.bounds, self.tensor.fill_code, short, long)
        runs, counts = np.unique(long[:listed], return_counts=True)
        lengths = np.flatnonzero(short)
        return np.append(lengths, runs), np.append(short[lengths], counts)

    @property
    def stored(self) -> int:
        """Number of elements that differ from the fill value."""
        return int(self.kept.sum())

    @property
    def longest_run(self) -> int:
        """Longest run before a stored value."""
        return int(self.runs[0].max(initial=0))

    def count_runs(self, max_run: int) -> IntArray:
        """Return how often each run up to ``max_run`` is coded, and the escapes as the last."""
        runs, times = self.runs
        cuts = np.where(runs > max_run, (runs - 1) // max(max_run, 1), 0)
        counts = np.zeros(max_run + 2, np.int64)
        np.add.at(counts, runs - cuts * max_run, times)
        counts[max_run + 1] = (cuts * times).sum()
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
    return Statistics(tensor, bounds, values[order], counts[codes][order])


@kernel
def _count_codes(codes: Codes, counts: IntArray) -> None:
    quarter = codes.size // 4
    tables = np.zeros((4, counts.size), np.int64)  # equal codes one after the other would wait for each other
    for k in range(quarter):
        tables[0, codes[k]] += 1
        tables[1, codes[quarter + k]] += 1
        tables[2, codes[2 * quarter + k]] += 1
        tables[3, codes[3 * quarter + k]] += 1
    for k in range(4 * quarter, codes.size):
        counts[codes[k]] += 1
    for code in range(counts.size):
        for part in range(4):
            counts[code] += tables[part, code]


@kernel
def _count_runs(codes: Codes, bounds: Places, fill: int, short: IntArray, long: IntArray) -> int:
    listed = 0
    for s in range(bounds.size - 1):
        last = bounds[s] - 1
        for k in range(bounds[s], bounds[s + 1]):
            if codes[k] != fill:
                run = k - last - 1
                last = k
                if run < short.size:
                    short[run] += 1
                else:
                    long[listed] = run
                    listed += 1
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
