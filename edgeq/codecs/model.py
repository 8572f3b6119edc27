"""Describe the shape of a histogram by two numbers: weights that fall with the distance from the fill value.

Source: format page `edgeq/codecs/README.md`, "Model". From one distance to the next a weight is multiplied by r, and r
itself by a fixed q: geometric, Gaussian, a bump away from the fill value, and what lies between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel

IntArray = npt.NDArray[np.int64]

SLOPES = 16 * 256
"""Number of slope codes of one sign: 0..4095."""

CURVATURES = 15 * 256
"""Number of curvature codes of one sign: 0..3839, of which 0 says "none"."""

MOST_SPECIAL = 1 << 28
"""Largest weight of the special entry."""

MOST_GAP = 1 << 16
"""Largest gap: no difference of two values of 16 bits is further."""


@dataclass(frozen=True)
class Shape:
    """What a model knows of a table before its parameters: each entry's distance, side, and the special entry.

    ``distance`` (entries,), ``negative`` (entries,) is 1 where "gap below" applies, ``special`` a number or -1.
    """

    distance: IntArray
    negative: npt.NDArray[np.uint8]
    special: int
    has_gaps: bool


@dataclass(frozen=True)
class Model:
    """The parameters of a model as they are stored."""

    slope: int
    curvature: int
    gap_below: int
    gap_above: int
    special_weight: int


def shape_of_values(lo: int, count: int, low_bits: int, special_zero: bool) -> Shape:
    """Return the shape of a value table without codebook; symbol 0 is special in mode "values".

    >>> shape_of_values(-2, 4, 0, True).distance.tolist(), shape_of_values(-2, 4, 1, False).distance.tolist()
    ([2, 1, 0, 1], [1, 0, 0, 1])
    """
    symbols = np.arange(lo, lo + count, dtype=np.int64)
    distance = np.where(symbols >= 0, symbols, -symbols - (low_bits > 0))
    special = -lo if special_zero and lo <= 0 < lo + count else -1
    return Shape(distance, (symbols < 0).astype(np.uint8), special, True)


def shape_of_runs(entries: int, escape: bool) -> Shape:
    """Return the shape of a run table, whose escape is special, or of a codebook's table, without one.

    >>> shape_of_runs(3, True).special, shape_of_runs(3, False).special
    (2, -1)
    """
    zeros = np.zeros(entries, np.uint8)
    return Shape(np.arange(entries, dtype=np.int64), zeros, entries - 1 if escape else -1, False)


def weights_of(model: Model, shape: Shape) -> IntArray:
    """Return the weight of each entry.

    >>> weights_of(Model(0, 0, 0, 0, 7), shape_of_runs(4, True)).tolist()
    [32768, 16384, 8192, 7]
    """
    out = np.zeros(shape.distance.size, np.int64)
    curve = np.zeros(int(shape.distance.max(initial=0)) + 1, np.int64)
    fill_weights(out, curve, model.slope, model.curvature, shape.distance, shape.negative, shape.special,
                 model.gap_below, model.gap_above, model.special_weight)
    return out


@kernel
def fill_curve(curve: IntArray, first: int, slope: int, curvature: int) -> None:
    """Write the weight of each distance from ``first`` on."""
    step = (256 + (slope & 255)) << (15 - ((slope >> 8) & 15))
    r = (1 << 24) + (step if slope >> 12 else -step)
    bend = 0 if curvature & 32767 == 0 else (256 + (curvature & 255)) << (14 - ((curvature >> 8) & 127))
    q = (1 << 23) + (bend if curvature >> 15 else -bend)
    w = 1 << 31
    for d in range(first, curve.size):
        curve[d] = max(1, w >> 16)
        w = min(1 << 38, (w * r) >> 24)
        r = min((1 << 25) - 1, (r * q) >> 23)


@kernel
def fill_weights(out: IntArray, curve: IntArray, slope: int, curvature: int, distance: IntArray,
                 negative: npt.NDArray[np.uint8], special: int, below: int, above: int, special_weight: int) -> None:
    """Write the weight of each entry; ``curve`` is room for one weight a distance."""
    fill_curve(curve, min(below, above), slope, curvature)
    for i in range(out.size):
        d = distance[i]
        out[i] = 0 if d < (below if negative[i] else above) else curve[d]
    if special >= 0:
        out[special] = special_weight
