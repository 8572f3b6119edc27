"""Tables of tANS: frequencies that sum to 2^T, their spread over the states, steps of decoder and encoder.

Source: format page `edgeq/codecs/README.md`, "Frequencies from weights" and "tANS"; J. Duda, "Asymmetric numeral
systems" (2013); the spread is that of Y. Collet's FSE.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel

IntArray = npt.NDArray[np.int64]

FEWEST_BITS, MOST_BITS = 5, 14
"""Smallest and largest log2 of the number of states."""


def frequencies(weights: IntArray, table_bits: int) -> IntArray | None:
    """Return frequencies that sum to ``2**table_bits``, or None where weights have none.

    >>> frequencies(np.array([5, 0, 1, 2]), 5).tolist(), frequencies(np.array([0, 0]), 5)
    ([20, 0, 4, 8], None)
    """
    out = np.zeros(weights.size, np.int64)
    return out if fill_frequencies(np.ascontiguousarray(weights, np.int64), table_bits, out) else None


@kernel
def fill_frequencies(weights: IntArray, table_bits: int, out: IntArray) -> bool:
    """Write the frequency of each weight; False where there is no weight, too many, or too little room."""
    states = 1 << table_bits
    total, used = 0, 0
    for x in weights:
        total += x
        used += x > 0
    if used == 0 or used > states:
        return False
    ones, rest = 0, 0
    for x in weights:
        if x * states >= total:
            rest += x
        elif x > 0:
            ones += 1
    left, largest, sum_of_weights, given = states, 0, 0, 0
    for i in range(weights.size):
        x = weights[i]
        if x * states < total:
            out[i] = x > 0
        else:
            sum_of_weights += x
            out[i] = max(1, sum_of_weights * (states - ones) // rest - given)
            given += out[i]
        left -= out[i]
        if out[i] > out[largest]:
            largest = i
    out[largest] += left
    return bool(out[largest] >= 1)


def spread(frequency: IntArray, table_bits: int) -> IntArray:
    """Return the entry at each of the ``2**table_bits`` positions.

    >>> spread(np.array([20, 12]), 5)[:12].tolist()
    [0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0]
    """
    states = 1 << table_bits
    step = (states >> 1) + (states >> 3) + 3
    entries = np.repeat(np.arange(frequency.size, dtype=np.int64), frequency)
    table = np.zeros(states, np.int64)
    table[(np.arange(states, dtype=np.int64) * step) & (states - 1)] = entries
    return table


def _visits(entry_at: IntArray, frequency: IntArray) -> IntArray:
    """Return x of each position: the entry's frequency and upwards, in order of positions."""
    order = np.argsort(entry_at, kind="stable")
    x = np.empty(entry_at.size, np.int64)
    began = np.cumsum(frequency) - frequency
    x[order] = np.arange(entry_at.size) - np.repeat(began, frequency) + np.repeat(frequency, frequency)
    return x


@dataclass(frozen=True)
class Steps:
    """A decoder's step at each state: ``entry``, then ``bits`` to read, added to ``base``."""

    entry: IntArray
    bits: IntArray
    base: IntArray


def decoding_steps(frequency: IntArray, table_bits: int) -> Steps:
    """Return what a decoder does at each state.

    >>> decoding_steps(np.array([32]), 5).bits.tolist() == [0] * 32
    True
    """
    entry = spread(frequency, table_bits)
    x = _visits(entry, frequency)
    bits = table_bits - floor_log2(x)
    return Steps(entry, bits, (x << bits) - (1 << table_bits))


@dataclass(frozen=True)
class Moves:
    """From x in [Q, 2Q) emit ``(x + rise[i]) >> 16`` low bits, go to ``next[at[i] + (x >> bits)]``."""

    rise: IntArray
    at: IntArray
    next: IntArray


def encoding_moves(frequency: IntArray, table_bits: int) -> Moves:
    """Return the moves of an encoder; entries of frequency 0 have none."""
    states = 1 << table_bits
    entry = spread(frequency, table_bits)
    most = table_bits - floor_log2(np.maximum(frequency, 1))
    # x >> most is below f exactly when x < f << most: the sum then stays below most << 16.
    rise = (most << 16) - (frequency << most)
    at = np.cumsum(frequency) - 2 * frequency
    order = np.argsort(entry, kind="stable")
    return Moves(rise, at, order.astype(np.int64) + states)


def floor_log2(x: IntArray) -> IntArray:
    """Return floor(log2 x) of integers from 1 to 2^15.

    >>> floor_log2(np.array([1, 2, 3, 4, 32767, 32768])).tolist()
    [0, 1, 1, 2, 14, 15]
    """
    return sum((x >> k > 0).astype(np.int64) for k in range(1, 16)) + np.zeros_like(x)


def fixed_log2(bits: int) -> IntArray:
    """Return log2 of 0..2**bits in units of 2^-16, by squaring in integers; the entry of 0 is 0.

    >>> fixed_log2(3).tolist()
    [0, 0, 65536, 103872, 131072, 152169, 169408, 183982, 196608]
    """
    x = np.arange((1 << bits) + 1, dtype=np.int64)
    x[0] = 1
    whole = floor_log2(x)
    mantissa = (x << 31 >> whole).astype(np.uint64)  # 2^31 is 1
    log = whole
    for _ in range(16):
        mantissa = mantissa * mantissa >> np.uint64(31)
        over = (mantissa >> np.uint64(32)).astype(np.int64)
        mantissa >>= over.astype(np.uint64)
        log = log << 1 | over
    return log
