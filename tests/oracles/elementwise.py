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
