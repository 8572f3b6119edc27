"""Loops of the softmax rules over rows (outer, codes, inner); every value goes through the scalar rules.

Source: integer contract, section 8.
"""

from __future__ import annotations

from edgeq.arith.choice import maximum
from edgeq.arith.jit import kernel
from edgeq.arith.lookup import interpolate_rounded, interpolation_index
from edgeq.arith.primitives import accumulate, requantize
from edgeq.arith.softmax import (
    softmax_distance,
    softmax_gemmlowp,
    softmax_reciprocal,
    softmax_s16,
    softmax_s16_fraction,
    softmax_table,
    softmax_term,
)
from edgeq.arith.types import Overflow
from edgeq.ir.tensor import IntArray

_SATURATE, _ERROR = int(Overflow.saturate), int(Overflow.error)
_MIN16, _MAX16 = -(1 << 15), (1 << 15) - 1


@kernel
def _largest(x: IntArray, m: int, i: int) -> int:
    best: int = x[m, 0, i]
    for k in range(x.shape[1]):
        best = maximum(best, x[m, k, i])
    return best


@kernel
def table_rows(x: IntArray, table: IntArray, kept: IntArray, y: IntArray) -> None:
    """Fill y by the rule ``table``; ``kept`` is the output's bits and limits."""
    bits, lo, hi = kept
    M, K, S = x.shape
    for m in range(M):
        for i in range(S):
            largest, total = _largest(x, m, i), 0
            for k in range(K):  # under the rule `error` the sum is left as it is
                total = accumulate(total, table[softmax_distance(largest, x[m, k, i])], 0, 0, _ERROR)
            for k in range(K):
                y[m, k, i] = softmax_table(table[softmax_distance(largest, x[m, k, i])], total, bits, lo, hi)


@kernel
def gemmlowp_rows(x: IntArray, table: IntArray, kept: IntArray, most: int, y: IntArray, found: IntArray) -> bool:
    """Fill y by the rule ``gemmlowp``; returns True, with flat index and sum, when a row's sum passes ``most``."""
    bits, lo, hi = kept
    M, K, S = x.shape
    for m in range(M):
        for i in range(S):
            largest, total = _largest(x, m, i), 0
            for k in range(K):
                term = softmax_term(table[softmax_distance(largest, x[m, k, i])])
                total = accumulate(total, term, 0, 0, _ERROR)
            if total > most:
                found[0], found[1] = m * K * S + i, total
                return True
            r = softmax_reciprocal(total)
            for k in range(K):
                y[m, k, i] = softmax_gemmlowp(table[softmax_distance(largest, x[m, k, i])], r, total, bits, lo, hi)
    return False


@kernel
def _read(table: IntArray, x: int) -> int:
    j = interpolation_index(x)
    return interpolate_rounded(x, table[j], table[j + 1])


@kernel
def _exponential(table: IntArray, x: int, largest: int, scaling: IntArray) -> int:
    multiplier, left_shift, shift, rounding = scaling
    scaled = requantize(x, largest, multiplier, left_shift, shift, rounding, _MAX16, _MIN16, _MAX16, _SATURATE,
                        _MIN16, _MAX16)
    return _read(table, scaled)


@kernel
def tflite_s16_rows(x: IntArray, table: IntArray, reciprocal: IntArray, scaling: IntArray, y: IntArray) -> None:
    """Fill y by the rule ``tflite_s16``; ``scaling`` is multiplier, left_shift, shift, rounding."""
    M, K, S = x.shape
    for m in range(M):
        for i in range(S):
            largest, total = _largest(x, m, i), 0
            for k in range(K):
                total = accumulate(total, _exponential(table, x[m, k, i], largest, scaling), 0, 0, _ERROR)
            r = _read(reciprocal, softmax_s16_fraction(total))
            for k in range(K):
                y[m, k, i] = softmax_s16(_exponential(table, x[m, k, i], largest, scaling), r, total)
