"""Observers that count all values in bins whose width is a power of two, so that no batch is forgotten or reordered."""

from __future__ import annotations

import math
from typing import Any

import torch

from edgeq.compress.quantization.code_rule import CodeRule
from edgeq.compress.quantization.observers import Observer
from edgeq.compress.quantization.options import check_choice, check_fraction
from edgeq.compress.quantization.ranges import Bounds
from edgeq.compress.quantization.sample_observers import best_ranges

BINS = (1024, 2048, 4096, 8192, 16384)


class Counted(Observer):
    """Counts of values in bins over ``[-limit, limit)``, where limit is a power of two above all magnitudes.

    Where a value is larger, the limit doubles and pairs of bins become one, which loses no count: the counts are those
    that the last limit would have given from the start. ``lo`` and ``hi`` are the extremes, 0 among them.
    """

    counts: torch.Tensor
    limit: torch.Tensor
    lo: torch.Tensor
    hi: torch.Tensor

    def __init__(self, rule: CodeRule, channels: int | None = None, axis: int = 1, *, bins: int = 4096) -> None:
        super().__init__(rule, channels, axis)
        self.bins = int(check_choice(str(bins), [str(b) for b in BINS], "bins", rule.where))
        self._bounds("lo", "hi", "limit")
        self.register_buffer("counts", torch.zeros(channels or 1, self.bins, dtype=torch.int64))

    def _take(self, x: torch.Tensor, extremes: Bounds) -> None:
        for k, row in enumerate(self._rows(x)):
            lo, hi = extremes[0][k], extremes[1][k]
            self._widen(k, float(torch.maximum(-lo, hi)))
            place = torch.floor(row * (self.bins / 2 / float(self.limit[k]))).long() + self.bins // 2
            self.counts[k] += torch.bincount(place, minlength=self.bins)
            self.lo[k], self.hi[k] = torch.minimum(self.lo[k], lo), torch.maximum(self.hi[k], hi)

    def _widen(self, k: int, largest: float) -> None:
        """Bring the limit of a row above a magnitude."""
        needed = 2.0 ** math.frexp(max(largest, 2.0**-100))[1]
        limit = float(self.limit[k])
        quarter = self.bins // 4
        while 0 < limit < needed:
            merged = self.counts[k].reshape(-1, 2).sum(1)
            self.counts[k] = 0
            self.counts[k, quarter : 3 * quarter] = merged
            limit *= 2
        self.limit[k] = max(limit, needed)

    def _edges(self) -> Bounds:
        """Return the lower and the upper edge of every bin, (R, bins)."""
        numbers = torch.arange(self.bins, device=self.counts.device, dtype=torch.float64) - self.bins // 2
        width = self.limit.double()[:, None] / (self.bins // 2)
        return numbers * width, (numbers + 1) * width


class Percentile(Counted):
    """The edges of the bins that hold value number ``n + 1 - k`` and ``k = ceil(percentile * n)`` of n in rising order.

    The lower edge of the one, the upper of the other (of the bin that begins at 0, where a ReLU puts most values, 0),
    never past the extremes; the extremes where that gives [0, 0].
    """

    def __init__(
        self, rule: CodeRule, channels: int | None = None, axis: int = 1, *, percentile: float = 0.9999,
        bins: int = 4096,
    ) -> None:
        super().__init__(rule, channels, axis, bins=bins)
        self.percentile = check_fraction(percentile, "percentile", rule.where)

    def _range(self) -> Bounds:
        below = self.counts.cumsum(1)
        n = below[:, -1:]
        k = torch.ceil((self.percentile * n.double()).round(decimals=6)).long().clamp(min=1)
        lower, upper = self._edges()
        upper[:, self.bins // 2] = 0.0
        lo = lower.gather(1, torch.searchsorted(below, n + 1 - k))[:, 0].to(self.lo.dtype).maximum(self.lo)
        hi = upper.gather(1, torch.searchsorted(below, k))[:, 0].to(self.hi.dtype).minimum(self.hi)
        nothing = (lo == 0) & (hi == 0)
        return torch.where(nothing, self.lo, lo), torch.where(nothing, self.hi, hi)


class Histogram(Counted):
    """The part of the range whose codes have the least squared error over the middles of all bins.

    The bin that begins at 0 counts as 0. Same aim as PyTorch's
    HistogramObserver.
    """

    def __init__(self, rule: CodeRule, channels: int | None = None, axis: int = 1, *, bins: int = 4096) -> None:
        super().__init__(rule, channels, axis, bins=bins)
        self._found: tuple[int, Bounds] | None = None

    def _load_from_state_dict(self, *arguments: Any) -> None:
        self._found = None
        super()._load_from_state_dict(*arguments)

    def _range(self) -> Bounds:
        batches = int(self.seen)
        if self._found is None or self._found[0] != batches:
            lower, upper = self._edges()
            middles = (lower + upper) / 2
            middles[:, self.bins // 2] = 0.0
            self._found = batches, best_ranges(middles, self.counts, (self.lo.double(), self.hi.double()), self.rule)
        return self._found[1]
