"""The float32 operation that NumPy lacks, bit for bit; all others are NumPy's own on float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Numbers = npt.ArrayLike


def float32(values: Numbers) -> Float32:
    """Return numbers in float32, ties to even."""
    return np.asarray(values, np.float32)


def fused_multiply_add(a: Numbers, b: Numbers, c: Numbers) -> Float32:
    """Return ``a * b + c`` of float32 numbers, rounded once.

    The product is exact in float64. The sum is rounded to odd there: float64 has more than two bits beyond float32,
    so rounding it again to float32 is the rounding of the exact sum.

    >>> up = float32(1 + 2.0**-22)
    >>> float(fused_multiply_add(up, up, -1)) == 2.0**-21 + 2.0**-44, float(up * up - float32(1)) == 2.0**-21
    (True, True)
    """
    product = np.multiply(float32(a), float32(b), dtype=np.float64)
    addend = np.asarray(float32(c), np.float64)
    return _rounded_to_odd(product, addend).astype(np.float32)


def _rounded_to_odd(a: Any, b: Any) -> npt.NDArray[np.float64]:
    """Return ``a + b`` in float64: where it is inexact, the neighbour whose last bit is 1."""
    total = np.asarray(a + b)
    part = total - a
    error = (a - (total - part)) + (b - part)
    even = total.view(np.int64) & 1 == 0
    toward = np.where(error > 0, np.inf, -np.inf)
    return np.where((error != 0) & even, np.nextafter(total, toward), total)
