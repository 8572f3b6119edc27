"""Ops on pairs of codes and the ops that move codes once more, slowly: element by element in Python integers.

Written from the page "The integer contract", section 6; imports nothing from edgeq.
"""

from __future__ import annotations

from collections.abc import Callable
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
