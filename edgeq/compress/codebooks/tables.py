"""Make the table that the values of one weight are drawn from: k-means, linear levels, fixed point.

Every table is ascending, distinct and float64; fixed point needs none, so it gives the values themselves.
"""

from __future__ import annotations

import numpy as np
import torch

from edgeq.arith.types import IntType, Rounding
from edgeq.compress.codebooks.line import Line, Reals
from edgeq.compress.codebooks.starts import STARTS
from edgeq.compress.quantization.rounding import rounded

MOST_ROUNDS = 1000
"""Iterations of k-means, which ends before where nothing moves any more."""
TAIL = 1000
"""One of so many values, rounded up, is at or outside either end of the linear levels."""


def kmeans(
    values: Reals, count: int, *, init: str = "kmeans++", seed: int = 0, zero: bool = False,
    weights: Reals | None = None,
) -> Reals:
    """Return at most ``count`` centroids of values: each the mean of the values that are nearest to it.

    Lloyd's iterations, exact, on the sorted values. ``weights``: how much each value counts, 0 for not at all; means
    and errors are weighted by them. ``zero``: one centroid is 0 and stays there; it counts, and values near it are
    its own as with any other. ``init``: a name of `STARTS`.

    With no more distinct values than ``count`` these are the table. A centroid that is nearest to no value moves to
    the value that is farthest from its own centroid, several to as many values; that of 0 stays. So fewer than
    ``count`` come out only where fewer are needed.

    >>> kmeans(np.array([1.0, 2.0, 10.0, 12.0]), 2).tolist()
    [1.5, 11.0]
    >>> kmeans(np.array([-5.0, 0.0, 0.2, 4.0, 6.0]), 3, zero=True).tolist()
    [-5.0, 0.0, 5.0]
    """
    line = Line.of(values, weights)
    if not len(line):  # all weights are 0: then all count alike
        line = Line.of(values)
    needed = np.union1d(line.values, [0.0]) if zero else line.values
    if len(needed) <= count:
        return needed
    return _lloyd(line, STARTS[init](line, count, np.random.default_rng(seed), zero), count, zero)


def _lloyd(line: Line, centroids: Reals, count: int, zero: bool) -> Reals:
    for _ in range(MOST_ROUNDS):
        edges = line.cut(centroids)
        means = line.means(edges, centroids)
        pinned = zero & (centroids == 0)
        means[pinned] = 0.0
        moved = means[pinned | (edges[1:] > edges[:-1])]
        if len(moved) < count:
            moved = np.union1d(moved, line.farthest(means, edges, count - len(moved)))
        if np.array_equal(moved, centroids):
            break
        centroids = moved
    return centroids


def linear(values: Reals, count: int, *, zero: bool = False) -> Reals:
    """Return ``count`` levels in equal steps between the 0.1 % and the 99.9 % value.

    These are the ``ceil(n / 1000)``-th smallest and largest of n. ``zero``: one of the levels
    is 0, the others are in equal steps. Equal ends give one level.

    >>> linear(np.arange(9.0), 5).tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    rank = -(-len(values) // TAIL) - 1
    ascending = np.sort(values)
    levels = np.linspace(ascending[rank], ascending[len(values) - 1 - rank], count - zero)
    return np.union1d(levels, [0.0]) if zero else np.unique(levels)


def fixed_point(values: Reals, bits: int, integer_bits: int, rounding: Rounding) -> Reals:
    """Return the numbers of ``bits`` bits, sign included, ``integer_bits`` before the point, one for each value.

    With ``F = bits - 1 - integer_bits``: ``clamp(round(x * 2**F), -2**(bits-1), 2**(bits-1) - 1) * 2**-F``.

    >>> fixed_point(np.array([-9.0, -0.3, 0.3, 0.99, 9.0]), 4, 0, Rounding.floor).tolist()
    [-1.0, -0.375, 0.25, 0.875, 0.875]
    """
    kind, unit = IntType(bits), 2.0 ** (integer_bits + 1 - bits)
    codes = rounded(torch.from_numpy(values / unit), rounding).clamp(kind.qmin, kind.qmax)
    return np.asarray(codes.numpy() * unit, dtype=np.float64)
