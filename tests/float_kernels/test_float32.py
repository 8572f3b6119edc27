"""The fused multiply-add against exact rationals."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np

from edgeq.float_kernels.float32 import fused_multiply_add
from tests.oracles.float32 import LARGEST, SMALLEST_EXPONENT, rounded


def exact(a: float, b: float, c: float) -> Fraction:
    return rounded(Fraction(a) * Fraction(b) + Fraction(c))


def test_the_oracle_rounds_as_numpy_does() -> None:
    rng = np.random.default_rng(3)
    for value in rng.normal(size=300) * 10.0 ** rng.integers(-46, 39, 300):
        if abs(Fraction(value)) <= LARGEST:
            assert float(rounded(Fraction(value))) == float(np.float32(value))
    assert rounded(Fraction(2) ** SMALLEST_EXPONENT / 2) == 0
    assert rounded(Fraction(2) ** SMALLEST_EXPONENT * 3 / 2) == Fraction(2) ** SMALLEST_EXPONENT * 2


def test_products_and_addends_of_every_size() -> None:
    rng = np.random.default_rng(4)
    size = 1500
    a, b = ((rng.normal(size=size) * 2.0 ** rng.integers(-30, 30, size)).astype(np.float32) for _ in range(2))
    far = (rng.normal(size=size) * 2.0 ** rng.integers(-60, 60, size)).astype(np.float32)
    near = (-a.astype(np.float64) * b * (1 + rng.integers(-9, 9, size) * 2.0**-24)).astype(np.float32)  # cancels
    for c in (far, near, np.float32(rng.integers(-(2**31), 2**31, size))):
        got = fused_multiply_add(a, b, c)
        assert got.dtype == np.float32
        assert [float(v) for v in got] == [float(exact(*map(float, v))) for v in zip(a, b, c, strict=True)]


def test_sums_a_hair_beside_a_tie_go_to_the_nearer_number() -> None:
    """1 + 2^-23 + 2^-24 * (1 - 2^-46) is below the tie; float64 alone rounds it to the tie, and then to even, up."""
    up, down = np.float32(1 + 2.0**-23), np.float32(1 - 2.0**-23)
    a = np.float32(2.0**-24) * up
    assert float(fused_multiply_add(a, down, up)) == 1 + 2.0**-23
    assert float(np.float32(float(a) * float(down) + float(up))) == 1 + 2.0**-22
    for sign, half, c, b in product((1, -1), (a, -a), (np.float32(1), up), (up, down, np.float32(1))):
        got = fused_multiply_add(half, np.float32(sign) * b, np.float32(sign) * c)
        assert float(got) == float(exact(float(half), sign * float(b), sign * float(c)))


def test_small_numbers_and_zero() -> None:
    least = np.float32(2.0**-149)
    firsts = (least, -least, np.float32(0), np.float32(2.0**-130))
    for a, b, c in product(firsts, (least, np.float32(0.5), np.float32(3)),
                           (least, -least, np.float32(0), np.float32(1))):
        assert float(fused_multiply_add(a, b, c)) == float(exact(float(a), float(b), float(c)))
