"""Rows of arguments for the rules of `edgeq.arith.elementwise`, with expected results from the oracle alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any

from tests.arith.cases import WIDE_TYPES, Case, Row, from_rows, numbers
from tests.oracles import elementwise as oracle
from tests.oracles.rounding import OVERFLOWS

PAIR = "x1 x1_zero_point x2 x2_zero_point"
NARROWED = PAIR + " lo hi overflow"
EIGHT = (-128, -127, -3, -1, 0, 1, 2, 127, 128, 255)
TYPES = ((-(1 << 31), (1 << 31) - 1), (-128, 127), (0, 255), (-(1 << 15), (1 << 15) - 1), (0, 1), (-1, 0))


def _case(rule: str, names: str, rows: Iterable[Row]) -> Case:
    expect: Any = getattr(oracle, rule)
    return from_rows(rule, names, rows, expect)


def _wide_pairs(limit: int) -> list[tuple[int, int, int, int]]:
    """Return codes of 33 bits with zero points, whose centred product is within ``limit``."""
    zero_points = (0, 1, -1, 255, -(1 << 31), (1 << 32) - 1, -(1 << 32))
    codes = numbers(33, 30, 31)
    rows = product(codes[::9], zero_points, codes[::13], zero_points[::2])
    return [r for r in rows if -limit <= oracle.centred_product(*r) < limit]


@cache
def elementwise_cases() -> tuple[Case, ...]:
    """Return every rule at 8 bits and at the width of the header."""
    small = list(product(EIGHT, (-128, 0, 3, 255), EIGHT, (-128, 0, 255)))
    wide = _wide_pairs(1 << 63)
    ends = [((1 << 31) - 1, 0, -(1 << 31), 0), (-(1 << 31), 0, -(1 << 31), 0), (1 << 31, 0, -(1 << 32), 0),
            (1 << 31, 0, (1 << 32) - 1, 0), (3, (1 << 31) + 3, (1 << 31) - 1, -1)]
    near, far = list(product(TYPES, OVERFLOWS)), list(product(WIDE_TYPES[2:], OVERFLOWS))
    words = numbers(64, 30, 32)
    return (
        _case("difference", PAIR, small),
        _case("difference", PAIR, wide),
        _case("subtract", NARROWED, [(*r, *t, name) for r, (t, name) in product(small[::5], near)]),
        _case("subtract", NARROWED, [(*r, *t, name) for r, (t, name) in product(wide[::23], far)]),
        _case("centred_product", PAIR, small),
        _case("centred_product", PAIR, [*wide, *ends]),
        _case("multiply_codes", NARROWED, [(*r, *t, name) for r, (t, name) in product(small[::5], near)]),
        _case("multiply_codes", NARROWED, [(*r, *t, name) for r, (t, name) in product([*wide[::23], *ends], far)]),
        *(_case(rule, "x1 x2", rows) for rule in ("larger", "smaller")
          for rows in (list(product(range(-128, 256, 3), repeat=2)), list(product(words[::3], words[::4])))),
        _case("index_of_larger", "best index x place", product(EIGHT, (0, 1, 4095), EIGHT, (0, 2, 4095))),
        _case("index_of_larger", "best index x place",
              [(a, k, b, k + 1) for k, (a, b) in enumerate(product(words[::5], words[::5]))]),
    )
