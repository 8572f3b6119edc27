"""Ops on pairs of codes and the ops that move codes once more, slowly: element by element in Python integers.

Written from the page "The integer contract", section 6; imports nothing from edgeq.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np

from tests.oracles import rounding

Limits = tuple[int, int]


def difference(x1: int, x1_zero_point: int, x2: int, x2_zero_point: int) -> int:
    """Return what is left of the first real code when the second is taken away."""
    return (x1 - x1_zero_point) - (x2 - x2_zero_point)


def centred_product(x1: int, x1_zero_point: int, x2: int, x2_zero_point: int) -> int:
    """Return the product of two codes counted from their zero points."""
    return (x1 - x1_zero_point) * (x2 - x2_zero_point)


def subtract(x1: int, zero1: int, x2: int, zero2: int, lo: int, hi: int, overflow: str) -> int:
    """Return the narrowed difference."""
    return rounding.narrow(difference(x1, zero1, x2, zero2), lo, hi, overflow)


def multiply_codes(x1: int, zero1: int, x2: int, zero2: int, lo: int, hi: int, overflow: str) -> int:
    """Return the narrowed product."""
    return rounding.narrow(centred_product(x1, zero1, x2, zero2), lo, hi, overflow)


def larger(x1: int, x2: int) -> int:
    """Return the last of two sorted codes."""
    return sorted((x1, x2))[1]


def smaller(x1: int, x2: int) -> int:
    """Return the first of two sorted codes."""
    return sorted((x1, x2))[0]


def index_of_larger(best: int, index: int, x: int, place: int) -> int:
    """Return the index that goes with the largest code, the first one on a tie."""
    return index if max(best, x) == best else place


def source_index(place: int, step: int, offset: int, unit: int) -> int:
    """Return the integer part of the source position."""
    return floor(Fraction(place * step + offset, unit))


def source_weight(place: int, step: int, offset: int, unit: int) -> int:
    """Return the rest of the source position, in parts of the unit."""
    position = Fraction(place * step + offset, unit)
    return int((position - floor(position)) * unit)


def bilinear(a: int, b: int, c: int, d: int, zero: int, weight_y: int, unit_y: int, weight_x: int, unit_x: int) -> int:
    """Return what lies between four real codes as a fraction, brought to an integer."""
    y, x = Fraction(weight_y, unit_y), Fraction(weight_x, unit_x)
    between = (1 - y) * ((1 - x) * (a - zero) + x * (b - zero)) + y * ((1 - x) * (c - zero) + x * (d - zero))
    whole = between * unit_y * unit_x
    assert whole.denominator == 1
    return int(whole)


def resize_codes(
    a: int, b: int, c: int, d: int, zero: int, weight_y: int, unit_y: int, weight_x: int, unit_x: int,
    lo: int, hi: int, overflow: str,
) -> int:
    """Return the narrowed value between four codes."""
    return rounding.narrow(bilinear(a, b, c, d, zero, weight_y, unit_y, weight_x, unit_x), lo, hi, overflow)


def pairs(x1: Any, x2: Any, rule: Callable[[int, int], int]) -> np.ndarray:
    """Return a rule of every pair of two tensors (N, ...), samples broadcast against each other."""
    samples = [np.broadcast_arrays(a, b) for a, b in zip(x1, x2, strict=True)]
    y = np.empty((len(samples), *samples[0][0].shape), dtype=object)
    for n, (a, b) in enumerate(samples):
        for place in np.ndindex(*a.shape):
            y[(n, *place)] = rule(int(a[place]), int(b[place]))
    return y


def transpose(x: Any, perm: Any) -> np.ndarray:
    """Return x (N, ...) with axis k of a sample taken from axis perm[k]."""
    y = np.empty((x.shape[0], *(x.shape[1 + k] for k in perm)), dtype=object)
    for place in np.ndindex(*x.shape):
        y[(place[0], *(place[1 + k] for k in perm))] = int(x[place])
    return y


def concat(xs: Any, axis: int) -> np.ndarray:
    """Return tensors (N, ...) one behind the other along an axis of a sample."""
    shape = list(xs[0].shape)
    shape[1 + axis] = sum(x.shape[1 + axis] for x in xs)
    y = np.empty(shape, dtype=object)
    start = 0
    for x in xs:
        for place in np.ndindex(*x.shape):
            to = list(place)
            to[1 + axis] += start
            y[tuple(to)] = int(x[place])
        start += x.shape[1 + axis]
    return y


def sliced(x: Any, entries: Any) -> np.ndarray:
    """Return x (N, ...) with the listed indices of each axis of a sample: (start, stop, step) as Python counts."""
    kept = [list(range(size))[start:stop:step] for size, (start, stop, step) in zip(x.shape[1:], entries, strict=True)]
    y = np.empty((x.shape[0], *map(len, kept)), dtype=object)
    for place in np.ndindex(*y.shape):
        y[place] = int(x[(place[0], *(k[p] for k, p in zip(kept, place[1:], strict=True)))])
    return y


def upsample(x: Any, factors: Any) -> np.ndarray:
    """Return x (N, C, H, W) with each code a block of factors[0] rows and factors[1] columns."""
    N, C, H, W = x.shape
    y = np.empty((N, C, H * factors[0], W * factors[1]), dtype=object)
    for n, c, h, w in np.ndindex(*x.shape):
        for i, j in np.ndindex(*factors):
            y[n, c, h * factors[0] + i, w * factors[1] + j] = int(x[n, c, h, w])
    return y


def pixel_shuffle(x: Any, factor: int, order: str) -> np.ndarray:
    """Return x (N, C * factor**2, H, W) with its channels spread over squares."""
    N, channels, H, W = x.shape
    C = channels // factor**2
    y = np.empty((N, C, H * factor, W * factor), dtype=object)
    for n, k, h, w in np.ndindex(*x.shape):
        if order == "crd":
            c, i, j = k // factor // factor, k // factor % factor, k % factor
        else:
            c, i, j = k % C, k // C // factor, k // C % factor
        y[n, c, h * factor + i, w * factor + j] = int(x[n, k, h, w])
    return y


def argmax(x: Any, axis: int, *, keepdims: bool = False) -> np.ndarray:
    """Return the lowest index of the largest code along an axis of a sample."""
    rest = [d for k, d in enumerate(x.shape) if k != 1 + axis]
    y = np.empty(rest, dtype=object)
    for place in np.ndindex(*rest):
        line = [int(v) for v in x[(*place[: 1 + axis], slice(None), *place[1 + axis :])]]
        y[place] = line.index(max(line))
    return np.expand_dims(y, 1 + axis) if keepdims else y


def resize_bilinear(x: Any, zero_point: int, size: Any, axes: Any, limits: Limits, overflow: str) -> np.ndarray:
    """Return x (N, C, H, W) sampled at ``(o * d + offset) / n``, times both n; ``axes`` holds (n, d, offset) twice."""
    N, C, H, W = x.shape
    y = np.empty((N, C, *size), dtype=object)
    unit = axes[0][0] * axes[1][0]
    for n, c, oh, ow in np.ndindex(*y.shape):
        total = Fraction(0)
        for row, part_y in _taps(oh, *axes[0], H):
            for column, part_x in _taps(ow, *axes[1], W):
                total += part_y * part_x * (int(x[n, c, row, column]) - zero_point)
        y[n, c, oh, ow] = rounding.narrow(int(total * unit), *limits, overflow)
    return y


def _taps(place: int, n: int, d: int, offset: int, size: int) -> list[tuple[int, Fraction]]:
    """Return the two indices beside a source position, moved into the image, and their parts."""
    position = Fraction(place * d + offset, n)
    before = floor(position)
    part = position - before
    return [(min(max(before, 0), size - 1), 1 - part), (min(max(before + 1, 0), size - 1), part)]
