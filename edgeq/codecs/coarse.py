"""Coarse tables: each entry's weight as a small floating point field, which a table of frequencies follows from.

Source: format page `edgeq/codecs/README.md`, "Tables", kind 3.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel, primitive
from edgeq.codecs.tans import fill_frequencies

IntArray = npt.NDArray[np.int64]

_MOST_FRACTION = 5
"""Largest number of fraction bits that is tried; more never paid for themselves."""


def coarse_weights(fields: IntArray, fraction: int) -> IntArray:
    """Return the weights of fields with ``fraction`` lower bits.

    >>> coarse_weights(np.arange(10), 1).tolist()
    [0, 1, 2, 3, 4, 6, 8, 12, 16, 24]
    """
    weights = np.zeros(fields.size, np.int64)
    _fill_weights(np.ascontiguousarray(fields, np.int64), fraction, weights)
    return weights


def coarse_fields(counts: IntArray, fraction: int, exponent: int, scale: int) -> IntArray:
    """Return the field nearest to each count, scaled so that the largest has ``scale`` as its lower bits.

    >>> coarse_fields(np.array([0, 1, 10, 100]), 1, 3, 1).tolist()
    [0, 2, 8, 15]
    """
    fields = np.zeros(counts.size, np.int64)
    _fill_fields(np.ascontiguousarray(counts, np.int64), int(counts.max()), fraction, exponent, scale, fields)
    return fields


@primitive
def _field(count: int, largest: int, fraction: int, exponent: int, scale: int) -> int:
    """Return the field whose weight is nearest to count * top / largest, at least 1."""
    top = ((1 << fraction) + scale) << ((1 << exponent) - 2)
    bits = 0
    while largest >> bits > 1 << 24:
        bits += 1
    weight = max(1, (2 * (count >> bits) * top + (largest >> bits)) // (2 * (largest >> bits)))
    e = 0
    while weight >> e >= 2 << fraction:
        e += 1
    rounded = (weight + ((1 << e) >> 1)) >> e
    if rounded >= 2 << fraction:
        rounded >>= 1
        e += 1
    if rounded < 1 << fraction:
        return rounded
    return (e + 1) << fraction | (rounded - (1 << fraction))


@kernel
def _fill_weights(fields: IntArray, fraction: int, weights: IntArray) -> None:
    for i in range(fields.size):
        e, f = fields[i] >> fraction, fields[i] & ((1 << fraction) - 1)
        weights[i] = f if e == 0 else ((1 << fraction) + f) << (e - 1)


@kernel
def _fill_fields(counts: IntArray, largest: int, fraction: int, exponent: int, scale: int, fields: IntArray) -> None:
    for i in range(counts.size):
        fields[i] = _field(counts[i], largest, fraction, exponent, scale) if counts[i] else 0


def best_coarse(counts: IntArray, table_bits: int, logs: IntArray, below: int) -> tuple[int, int, int]:
    """Return fraction bits, exponent bits and scale of least total cost; exponent 0 where none is below ``below``.

    Costs are in units of 2^-16 bits, those of `tables`, ``logs`` log2 of frequencies likewise.
    """
    best = np.zeros(3, np.int64)
    fields, weights, found = (np.zeros(counts.size, np.int64) for _ in range(3))
    _search(np.ascontiguousarray(counts, np.int64), table_bits, logs, below, fields, weights, found, best)
    fraction, exponent, scale = (int(v) for v in best)
    return fraction, exponent, scale


@kernel
def _search(counts: IntArray, table_bits: int, logs: IntArray, least: int, fields: IntArray,
            weights: IntArray, found: IntArray, best: IntArray) -> None:
    largest = counts.max()
    for exponent in range(3, 5):
        for fraction in range(_MOST_FRACTION + 1):
            table_cost = (exponent + fraction) * counts.size << 16
            for scale in range(1 << fraction if table_cost < least else 0):
                _fill_fields(counts, largest, fraction, exponent, scale, fields)
                _fill_weights(fields, fraction, weights)
                if not fill_frequencies(weights, table_bits, found):
                    continue
                cost = table_cost
                for i in range(counts.size):
                    if counts[i]:
                        cost += counts[i] * ((table_bits << 16) - logs[found[i]])
                if cost < least:
                    least, best[0], best[1], best[2] = cost, fraction, exponent, scale
