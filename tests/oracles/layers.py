"""The ops without weights once more, slowly: element by element in Python integers.

Written from the page "The integer contract", sections 5 and 6; imports nothing from edgeq.
"""

from __future__ import annotations

from itertools import product as every
from typing import Any

import numpy as np

from tests.oracles import rounding

Limits = tuple[int, int]


def requantize(
    x: Any, x_zero_point: int, multiplier: Any, shift: Any, limits: Limits, *, left_shift: Any = 0,
    rounding_rule: str = "ties_up", zero_point: int = 0, overflow: str = "saturate", clamp: Limits | None = None,
    axis: int = 0,
) -> np.ndarray:
    """Return section 5 for x (N, ...); ``axis`` counts from the axes of one sample."""
    y = np.empty(x.shape, dtype=object)
    for place in np.ndindex(*x.shape):
        channel = place[1:][axis] if x.ndim > 1 else 0
        own = [int(v if np.ndim(v) == 0 else v[channel]) for v in (multiplier, left_shift, shift)]
        y[place] = rounding.requantize(int(x[place]), x_zero_point, *own, rounding_rule, zero_point, *limits, overflow,
                                       *(clamp or limits))
    return y


def add(x1: Any, zero1: int, x2: Any, zero2: int, limits: Limits, overflow: str) -> np.ndarray:
    """Return the sum of two tensors (N, ...), samples broadcast against each other."""
    samples = [np.broadcast_arrays(a, b) for a, b in zip(x1, x2, strict=True)]
    y = np.empty((len(samples), *(samples[0][0].shape if samples else ())), dtype=object)
    for n, (a, b) in enumerate(samples):
        for place in np.ndindex(*a.shape):
            y[(n, *place)] = rounding.add(int(a[place]), zero1, int(b[place]), zero2, *limits, overflow)
    return y


def window_starts(size: int, kernel: int, stride: int, before: int, after: int, *, ceil_mode: bool) -> list[int]:
    """Return where the windows begin; with ``ceil_mode`` one more if values are left and it begins before the end."""
    starts = []
    start = -before
    while start + kernel <= size + after:
        starts.append(start)
        start += stride
    left_over = starts and starts[-1] + kernel < size + after
    return [*starts, start] if ceil_mode and left_over and start < size else starts


def _windows(x: Any, kernel: Any, stride: Any, padding: Any, *, ceil_mode: bool) -> tuple[list[int], list[int]]:
    top, left, bottom, right = padding
    return (window_starts(x.shape[2], kernel[0], stride[0], top, bottom, ceil_mode=ceil_mode),
            window_starts(x.shape[3], kernel[1], stride[1], left, right, ceil_mode=ceil_mode))


def max_pool2d(x: Any, kernel: Any, stride: Any, padding: Any, *, ceil_mode: bool = False) -> np.ndarray:
    """Return the largest value of each window of x (N, C, H, W)."""
    rows, columns = _windows(x, kernel, stride, padding, ceil_mode=ceil_mode)
    y = np.empty((*x.shape[:2], len(rows), len(columns)), dtype=object)
    for n, c, oh, ow in np.ndindex(*y.shape):
        cells = every(range(rows[oh], rows[oh] + kernel[0]), range(columns[ow], columns[ow] + kernel[1]))
        y[n, c, oh, ow] = max(int(x[n, c, h, w]) for h, w in cells if 0 <= h < x.shape[2] and 0 <= w < x.shape[3])
    return y


def avg_pool2d(
    x: Any, zero_point: int, kernel: Any, stride: Any, padding: Any, rule: str, *, domain: str = "raw",
    count_include_pad: bool = False, ceil_mode: bool = False,
) -> np.ndarray:
    """Return the rounded mean of each window; padding holds the zero point."""
    rows, columns = _windows(x, kernel, stride, padding, ceil_mode=ceil_mode)
    H, W = x.shape[2:]
    origin = zero_point if domain == "centered" else 0
    y = np.empty((*x.shape[:2], len(rows), len(columns)), dtype=object)
    for n, c, oh, ow in np.ndindex(*y.shape):
        last_row, last_column = H + padding[2], W + padding[3]
        codes = []
        for h, w in every(range(rows[oh], rows[oh] + kernel[0]), range(columns[ow], columns[ow] + kernel[1])):
            if 0 <= h < H and 0 <= w < W:
                codes.append(int(x[n, c, h, w]))
            elif count_include_pad and h < last_row and w < last_column:
                codes.append(zero_point)
        y[n, c, oh, ow] = rounding.average(sum(codes) - origin * len(codes), len(codes), origin, rule)
    return y


def pad(x: Any, before: Any, after: Any, value: int) -> np.ndarray:
    """Return x (N, ...) with a border along the axes of a sample."""
    shape = [b + d + a for b, d, a in zip(before, x.shape[1:], after, strict=True)]
    y = np.full((x.shape[0], *shape), value, dtype=object)
    for place in np.ndindex(*x.shape):
        y[(place[0], *(p + b for p, b in zip(place[1:], before, strict=True)))] = int(x[place])
    return y


def clamp(x: Any, lo: int, hi: int) -> np.ndarray:
    """Return the codes limited to ``lo..hi``."""
    y = np.empty(x.shape, dtype=object)
    for place in np.ndindex(*x.shape):
        y[place] = rounding.clamp(int(x[place]), lo, hi)
    return y


def flatten(x: Any, order: str) -> np.ndarray:
    """Return x (N, C, H, W) as (N, size): channel slowest for chw, fastest for hwc."""
    N, C, H, W = x.shape
    y = np.empty((N, C * H * W), dtype=object)
    for n, c, h, w in np.ndindex(N, C, H, W):
        y[n, (c * H + h) * W + w if order == "chw" else (h * W + w) * C + c] = int(x[n, c, h, w])
    return y


def reshape(x: Any, shape: Any) -> np.ndarray:
    """Return x (N, ...) in another shape: the k-th value of a sample stays the k-th."""
    y = np.empty((x.shape[0], *shape), dtype=object)
    for n in range(x.shape[0]):
        values = [int(x[(n, *place)]) for place in np.ndindex(*x.shape[1:])]
        for k, place in enumerate(np.ndindex(*shape)):
            y[(n, *place)] = values[k]
    return y
