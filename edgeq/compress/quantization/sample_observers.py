"""Observers that look at each sample, or at a part of each batch."""

from __future__ import annotations

import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.activations.coded import fake_quant
from edgeq.compress.quantization.code_rule import CodeRule
from edgeq.compress.quantization.observers import MinMax, Observer
from edgeq.compress.quantization.options import check_fraction
from edgeq.compress.quantization.ranges import Bounds, least_error_range

MOST_VALUES = 1 << 15
"""Values of a batch that a search looks at; evenly spaced ones where there are more."""


class Cover(Observer):
    """The extremes of each sample, sorted: minimum number ``int(N * (1 - cover))``, maximum ``int(N * cover)``.

    Two numbers per sample are kept. Source: CNN_Compress, which counts from 0.
    """

    lows: torch.Tensor
    highs: torch.Tensor

    def __init__(
        self, rule: CodeRule, channels: int | None = None, axis: int = 1, *, cover: float = 0.75
    ) -> None:
        super().__init__(rule, channels, axis)
        self.cover = check_fraction(cover, "cover", rule.where)
        for name in ("lows", "highs"):
            self.register_buffer(name, torch.zeros(0, channels or 1))

    def _take(self, x: torch.Tensor, extremes: Bounds) -> None:  # noqa: ARG002 - every sample has its own
        if self.channels is None:
            samples = x.reshape(x.shape[0], 1, -1)
        else:
            samples = x.movedim(self.axis, 1).reshape(x.shape[0], self.channels, -1)
        self.lows = torch.cat([self.lows, samples.amin(2).to(self.lows.dtype)])
        self.highs = torch.cat([self.highs, samples.amax(2).to(self.highs.dtype)])

    def _range(self) -> Bounds:
        n = len(self.lows)
        low, high = (min(int(n * part), n - 1) for part in (1 - self.cover, self.cover))
        return self.lows.sort(0).values[low], self.highs.sort(0).values[high]


class LeastError(MinMax):
    """The part of a batch's range whose codes have the least squared error; the mean over all batches.

    With ``momentum`` the moving average, the first batch taken whole.
    """

    def __init__(
        self, rule: CodeRule, channels: int | None = None, axis: int = 1, *, momentum: float | None = None
    ) -> None:
        super().__init__(rule, channels, axis)
        self.momentum = None if momentum is None else check_fraction(momentum, "momentum", rule.where)

    def _take(self, x: torch.Tensor, extremes: Bounds) -> None:
        rows = self._rows(x)
        rows = rows[:, :: (rows.shape[1] - 1) // MOST_VALUES | 1]
        counts = torch.ones_like(rows)
        found = best_ranges(rows, counts, extremes, self.rule)
        batches = int(self.seen)
        weight = 1 / (batches + 1) if self.momentum is None or batches == 0 else self.momentum
        self.lo.lerp_(found[0].to(self.lo.dtype), weight)
        self.hi.lerp_(found[1].to(self.hi.dtype), weight)


def best_ranges(values: torch.Tensor, counts: torch.Tensor, seen: Bounds, rule: CodeRule) -> Bounds:
    """Return for each row of values, (R, n) with their counts, the part of its range with the least squared error."""
    pairs = [_best_range(values[row], counts[row], (seen[0][row], seen[1][row]), rule) for row in range(len(values))]
    return torch.stack([lo for lo, _ in pairs]), torch.stack([hi for _, hi in pairs])


def _best_range(values: torch.Tensor, counts: torch.Tensor, seen: Bounds, rule: CodeRule) -> Bounds:
    if not bool(seen[0].clamp(max=0.0) < seen[1].clamp(min=0.0)):
        return torch.zeros_like(seen[0]), torch.zeros_like(seen[1])

    def error(lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        fake = fake_quant(values, rule.codes(float(lo), float(hi)), Rounding.ties_even, "plain")
        return ((fake - values).square() * counts).sum()

    return least_error_range(error, seen, rule.around_zero())
