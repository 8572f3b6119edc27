"""Rows of arguments for the rules of `edgeq.arith.elementwise`, with expected results from the oracle alone."""

from __future__ import annotations

import random
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


SQUARE = "top_left top_right bottom_left bottom_right zero_point weight_y unit_y weight_x unit_x"


def _square_cases(near: list[Any], far: list[Any]) -> Iterable[Case]:
    """Yield four codes and weights: the corners, random ones, and the ends of 33 bits and of 16-bit units."""
    rng = random.Random(33)
    weights = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (0, 2048), (1, 2048), (2047, 2048)]
    blends = list(product(weights, weights))
    ends = list(product((-128, 0, 255), repeat=4))
    small = [(*rng.choice(ends), rng.choice(EIGHT), *rng.choice(blends)) for _ in range(1500)]
    small += [(*(rng.randint(-128, 255) for _ in range(5)), *rng.choice(blends)) for _ in range(1500)]
    rows = [(*corners, *wy, *wx) for *corners, wy, wx in small]
    units = ((0, 1 << 14), (5, 1 << 14), ((1 << 14) - 1, 1 << 14), (0, 1))
    codes = (-(1 << 31), (1 << 31) - 1, 0, -1, 1)
    wide = [(*(rng.choice(codes) for _ in range(4)), rng.choice((0, -1, 5)), *rng.choice(units), *rng.choice(units))
            for _ in range(1000)]
    yield _case("bilinear", SQUARE, rows)
    yield _case("bilinear", SQUARE, wide)
    yield _case("resize_codes", SQUARE + " lo hi overflow",
                [(*r, *t, name) for r, (t, name) in zip(rows, near * 100, strict=False)])
    yield _case("resize_codes", SQUARE + " lo hi overflow",
                [(*r, *t, name) for r, (t, name) in zip(wide, far * 20, strict=False)])


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
        *(_case(rule, "place step offset unit", rows) for rule in ("source_index", "source_weight") for rows in (
            list(product((0, 1, 2, 7, 4095), (1, 2, 3, 32767), (-32768, -3, -1, 0, 1, 32767), (1, 2, 3, 7, 2048))),
            list(product((0, 1, (1 << 31) - 1), (1, 5, (1 << 31) - 1), (-(1 << 31), -1, 0, (1 << 31) - 1),
                         (1, 3, 1 << 16))))),
        *_square_cases(near, far),
    )
