"""Find the model that describes a histogram in the fewest bits, by integers alone.

The search is over slope and curvature, both numbered by growing effect: slope indices go from the fastest fall
(negative) to the fastest growth, curvature indices from a Gaussian's bend (negative) over none to long tails. The cost
of an entry is its count times the logarithm of its share, from a table of 2^-16; every machine finds the same model.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel, primitive
from edgeq.codecs.model import CURVATURES, MOST_SPECIAL, SLOPES, Model, Shape, fill_curve
from edgeq.codecs.tans import fixed_log2

IntArray = npt.NDArray[np.int64]

_GRID = 256
"""Step of slope and curvature in the first search over all of them; a power of 4."""

_REACH = 3
"""Steps of curvature to each side that a finer search goes."""

_MANY = 500
"""Occurrences from which the finest steps change the bytes."""


@cache
def log_table() -> IntArray:
    """Return log2 of 0..2^15 in units of 2^-16."""
    return fixed_log2(15)


def fit_model(counts: IntArray, shape: Shape) -> Model:
    """Return the model of a histogram whose sum is not 0.

    >>> from edgeq.codecs.model import shape_of_runs
    >>> fit_model(np.array([9, 9, 9, 9, 9, 12]), shape_of_runs(6, True)).special_weight > 32768
    True
    """
    plain = counts.copy()
    special = int(plain[shape.special]) if shape.special >= 0 else 0
    if shape.special >= 0:
        plain[shape.special] = 0
    below, above = _gaps(plain, shape)
    allowed = shape.distance >= np.where(shape.negative == 1, below, above)
    if shape.special >= 0:
        allowed[shape.special] = False
    size = int(shape.distance.max(initial=0)) + 1
    count_at = np.bincount(shape.distance[allowed], plain[allowed], size).astype(np.int64)
    entries_at = np.bincount(shape.distance[allowed], minlength=size).astype(np.int64)
    best = np.zeros(3, np.int64)
    _search(min(below, above), count_at, entries_at, log_table(), np.zeros(size, np.int64), best)
    slope, curvature, weight = (int(v) for v in best)
    z = min(MOST_SPECIAL, max(1, weight * special // max(int(plain.sum()), 1))) if special else 0
    return Model(slope_code(slope), curvature_code(curvature), below, above, z)


def _gaps(counts: IntArray, shape: Shape) -> tuple[int, int]:
    """Return the smallest distance that occurs on each side; 0 where none does."""
    if not shape.has_gaps:
        return 0, 0
    negative = shape.negative == 1
    sides = (shape.distance[(counts > 0) & side] for side in (negative, ~negative))
    beyond = (int(shape.distance[side].max(initial=-1)) + 1 for side in (negative, ~negative))
    below, above = (int(d.min()) if d.size else b for d, b in zip(sides, beyond, strict=True))
    return below, above


@primitive
def slope_code(index: int) -> int:
    """Return the stored code of a slope index, -4096..4095; the smallest steps are those of -1 and 0."""
    size = index if index >= 0 else -1 - index
    return (15 - (size >> 8)) << 8 | (size & 255) | (4096 if index >= 0 else 0)


@primitive
def curvature_code(index: int) -> int:
    """Return the stored code of a curvature index, -3839..3839."""
    size = abs(index)
    code = (14 - (size >> 8)) << 8 | (size & 255) if size else 0
    return code | (32768 if index > 0 else 0)


@primitive
def _log2(x: int, logs: IntArray) -> int:
    """Return log2 of an integer from 1 in units of 2^-16, from its 15 upper bits."""
    lost = 0
    while x >> lost > 32767:
        lost += 1
    return (lost << 16) + int(logs[x >> lost])


@kernel
def _cost(first: int, slope: int, curvature: int, count_at: IntArray, entries_at: IntArray, logs: IntArray,
          curve: IntArray) -> tuple[int, int]:
    """Return the bits of a histogram under a model, in units of 2^-16, and the sum of weights."""
    fill_curve(curve, first, slope_code(slope), curvature_code(curvature))
    total, counted, share = 0, 0, 0
    for d in range(first, curve.size):
        total += entries_at[d] * curve[d]
        counted += count_at[d]
        share += count_at[d] * _log2(curve[d], logs)
    return counted * _log2(max(total, 1), logs) - share, total


@kernel
def _best_slope(first: int, bend: int, grid: int, count_at: IntArray, entries_at: IntArray, logs: IntArray,
                curve: IntArray) -> tuple[int, int]:
    """Return the cost and the slope index, a multiple of ``grid``, of the best model of a curvature index."""
    low, high = -(SLOPES // grid), SLOPES // grid - 1
    while low < high:  # the cost falls, then rises
        middle = (low + high) >> 1
        here, _ = _cost(first, middle * grid, bend, count_at, entries_at, logs, curve)
        beyond, _ = _cost(first, (middle + 1) * grid, bend, count_at, entries_at, logs, curve)
        if here <= beyond:
            high = middle
        else:
            low = middle + 1
    cost, _ = _cost(first, low * grid, bend, count_at, entries_at, logs, curve)
    return cost, low * grid


@kernel
def _search(first: int, count_at: IntArray, entries_at: IntArray, logs: IntArray, curve: IntArray,
            best: IntArray) -> None:
    """Write slope index, curvature index and sum of weights of the best model found."""
    low, high = 1 - CURVATURES // _GRID, CURVATURES // _GRID - 1
    while low < high:
        middle = (low + high) >> 1
        here, _ = _best_slope(first, middle * _GRID, _GRID, count_at, entries_at, logs, curve)
        beyond, _ = _best_slope(first, (middle + 1) * _GRID, _GRID, count_at, entries_at, logs, curve)
        if here <= beyond:
            high = middle
        else:
            low = middle + 1
    least, best[0] = _best_slope(first, low * _GRID, _GRID, count_at, entries_at, logs, curve)
    best[1] = low * _GRID
    grid, finest = _GRID >> 2, 1 if count_at.sum() > _MANY else 16
    while grid >= finest:
        center = best[1]
        for step in range(-_REACH, _REACH + 1):
            bend = center + step * grid
            if abs(bend) < CURVATURES:
                cost, slope = _best_slope(first, bend, grid, count_at, entries_at, logs, curve)
                if cost < least:
                    least, best[0], best[1] = cost, slope, bend
        grid >>= 2
    _, best[2] = _cost(first, best[0], best[1], count_at, entries_at, logs, curve)
