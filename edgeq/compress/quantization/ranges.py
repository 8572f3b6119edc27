"""Choose the range of each row of a matrix at hand: weights of an output channel, or one batch of a value."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

Bounds = tuple[torch.Tensor, torch.Tensor]
"""Lowest and highest value of each row, shape (rows,)."""


def min_max_range(rows: torch.Tensor) -> Bounds:
    """Return the extremes of each row of (R, n)."""
    return rows.amin(1), rows.amax(1)


def percentile_range(rows: torch.Tensor, percentile: float) -> Bounds:
    """Return, of n values per row in rising order, those numbered ``n + 1 - k`` and ``k = ceil(percentile * n)``."""
    n = rows.shape[1]
    k = min(max(math.ceil(round(percentile * n, 6)), 1), n)
    return rows.kthvalue(n + 1 - k, 1).values, rows.kthvalue(k, 1).values


def least_error_range(error: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], seen: Bounds, joint: bool) -> Bounds:
    """Return the range of the least error among those that are part of ``seen``, widened to hold 0.

    ``error(lo, hi)`` gives the error of each row. Tried are the fractions 1, 63/64, ... 1/64: of both ends at once
    where ``joint`` (the range is cut at plus and minus what is tried), else of the upper end, then of the lower, then
    of the upper again.
    """
    lo, hi = seen[0].clamp(max=0.0), seen[1].clamp(min=0.0)
    if joint:
        best = _least(lambda end: error(torch.maximum(lo, -end), torch.minimum(hi, end)), torch.maximum(-lo, hi))
        return torch.maximum(lo, -best), torch.minimum(hi, best)
    high = _least(lambda end: error(lo, end), hi)
    low = _least(lambda end: error(end, high), lo) if bool((lo < 0).any()) else lo
    if torch.equal(low, lo):
        return low, high
    return low, _least(lambda end: error(low, end), hi)


def _least(error: Callable[[torch.Tensor], torch.Tensor], end: torch.Tensor) -> torch.Tensor:
    best, least = end, error(end)
    for k in range(STEPS - 1, 0, -1):
        tried = end * (k / STEPS)
        found = error(tried)
        best, least = torch.where(found < least, tried, best), torch.minimum(found, least)
    return best


STEPS = 64
"""Fractions of a range that a search tries."""
