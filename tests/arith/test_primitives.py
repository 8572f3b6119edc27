"""The scalar rules against the contract's own tables, and where a rule's text promises a limit."""

from __future__ import annotations

import doctest
import importlib
import random
from fractions import Fraction
from itertools import product

import pytest

from edgeq.arith import primitives as p
from edgeq.arith.types import IntType, Overflow, Rounding
from tests.arith.cases import numbers
from tests.oracles import rounding as oracle

HALVES = (-5, -3, -1, 1, 3, 5)  # -2.5 -1.5 -0.5 0.5 1.5 2.5
TIES = {  # contract, section 2
    "floor": (-3, -2, -1, 0, 1, 2),
    "to_zero": (-2, -1, 0, 0, 1, 2),
    "ties_up": (-2, -1, 0, 1, 2, 3),
    "ties_away": (-3, -2, -1, 1, 2, 3),
    "ties_even": (-2, -2, 0, 0, 2, 2),
    "ties_to_zero": (-2, -1, 0, 0, 1, 2),
    "ties_down": (-3, -2, -1, 0, 1, 2),
}


@pytest.mark.parametrize("module", [
    "types", "primitives", "elementwise", "lookup", "softmax", "tables", "softmax_tables", "trace", "print_c",
    "library"])
def test_doctests(module: str) -> None:
    done = doctest.testmod(importlib.import_module(f"edgeq.arith.{module}"))
    assert done.attempted > 0
    assert done.failed == 0


def test_names_and_codes_are_those_of_the_contract() -> None:
    assert [(m.name, m.value) for m in Rounding] == [(name, k) for k, name in enumerate(oracle.ROUNDINGS)]
    assert [(m.name, m.value) for m in Overflow] == [(name, k) for k, name in enumerate(oracle.OVERFLOWS)]


@pytest.mark.parametrize("name", TIES)
def test_ties_table_of_the_contract(name: str) -> None:
    assert tuple(p.round_shift(x, 1, Rounding[name]) for x in HALVES) == TIES[name]
    assert tuple(p.round_shift(x << 20, 21, Rounding[name]) for x in HALVES) == TIES[name]
    assert tuple(p.divide_by_count(x, 2, Rounding[name]) for x in HALVES) == TIES[name]
    assert tuple(oracle.round_fraction(Fraction(x, 2), name) for x in HALVES) == TIES[name]


def test_two_stage_ties_of_the_second_stage() -> None:
    twice = [x << 31 for x in HALVES]
    assert [p.round_shift(x, 32, Rounding.two_stage) for x in twice] == [-3, -2, -1, 1, 2, 3]
    assert [p.round_shift(x, 32, Rounding.two_stage_up) for x in twice] == [-2, -1, 0, 1, 2, 3]


@pytest.mark.parametrize("name", ["two_stage", "two_stage_up"])
def test_two_stage_never_differs_from_ties_up_at_31_or_less(name: str) -> None:
    ties = [(odd << 31) + d for odd in range(-9, 10) for d in (-1, 0, 1)]
    for x, shift in product([*numbers(62, 500, 20), *ties], range(32)):
        assert p.round_shift(x, shift, Rounding[name]) == p.round_shift(x, shift, Rounding.ties_up)


@pytest.mark.parametrize(("shift", "outputs"), [(32, 4), (33, 8), (36, 64), (42, 4096)])
@pytest.mark.parametrize("sign", [1, -1])
def test_two_stage_and_a_single_rounding_disagree_on_one_output_in_2_to_the_shift_minus_30(
    shift: int, outputs: int, sign: int
) -> None:
    grid = [sign * ((k << 28) + (1 << 27)) for k in range(1 << (shift - 28))]  # evenly spread over one unit
    differ = [x for x in grid
              if p.round_shift(x, shift, Rounding.two_stage) != p.round_shift(x, shift, Rounding.ties_up)]
    assert len(differ) * outputs == len(grid)


def test_shifts_past_62_of_60_bits() -> None:
    xs = numbers(60, 200, 21)
    for x, shift, name in product(xs, (62, 63, 70, 93, 94), oracle.ROUNDINGS):
        assert p.round_shift(x, shift, Rounding[name]) == oracle.round_shift(x, shift, name)


@pytest.mark.parametrize(("x", "name", "expected"), [
    (128, "saturate", 127), (-129, "saturate", -128), (-128, "saturate", -128),
    (-128, "saturate_symmetric", -127), (-500, "saturate_symmetric", -127), (500, "saturate_symmetric", 127),
    (128, "zero", 0), (-129, "zero", 0), (127, "zero", 127), (-128, "zero", -128),
    (128, "wrap", -128), (-129, "wrap", 127), (256, "wrap", 0), (-1, "wrap", -1),
    (1000, "error", 1000), (-1000, "error", -1000),
])  # fmt: skip
def test_narrow_to_s8(x: int, name: str, expected: int) -> None:
    assert p.narrow(x, -128, 127, Overflow[name]) == expected


@pytest.mark.parametrize(("x", "name", "expected"), [
    (-1, "saturate", 0), (16, "saturate", 15), (-1, "saturate_symmetric", 0), (16, "saturate_symmetric", 15),
    (-1, "zero", 0), (16, "zero", 0), (-1, "wrap", 15), (16, "wrap", 0), (-1, "error", -1),
])  # fmt: skip
def test_narrow_to_u4(x: int, name: str, expected: int) -> None:
    assert p.narrow(x, 0, 15, Overflow[name]) == expected


def test_requantize_by_hand() -> None:
    """1000 * 77 / 2**10 = 75.19..; 75 - 10 = 65; then the clamp of a ReLU6 whose six is 60."""
    arguments = (1000, 0, 77, 0, 10, Rounding.ties_up, -10, -128, 127, Overflow.saturate)
    assert p.requantize(*arguments, -128, 127) == 65
    assert p.requantize(*arguments, -10, 60) == 60
    assert p.requantize(2000, 0, 77, 0, 10, Rounding.ties_up, -10, -128, 127, Overflow.saturate, -128, 127) == 127


def test_rescale_takes_zero_point_then_left_shift_then_multiplier() -> None:
    assert p.rescale(7, 4, 5, 3, 1, Rounding.floor, 100) == 160  # (7 - 4) * 8 * 5 / 2 + 100
    assert p.rescale_wide(7, 4, 5, 3, 1, Rounding.floor, 100) == 160


def test_multiply_wide_is_exact_at_the_ends_of_its_ranges() -> None:
    ends = (-(1 << 31), -1, 0, 1, (1 << 16) - 1, 1 << 16, (1 << 31) - 1, (1 << 32) - 1)
    for x, multiplier in product(numbers(64, 400, 22), ends):
        high, low = p.multiply_wide(x, multiplier)
        assert high * (1 << 32) + low == x * multiplier
        assert 0 <= low < 1 << 32


@pytest.mark.parametrize("name", oracle.ROUNDINGS)
def test_mul_shift_wide_beyond_2_to_the_44_keeps_sign_and_size(name: str) -> None:
    rng = random.Random(23)
    for _ in range(3000):
        x, multiplier, shift = rng.randint(-(1 << 63), (1 << 63) - 1), rng.randint(0, (1 << 32) - 1), rng.randint(0, 31)
        exact = oracle.round_shift(x * multiplier, shift, name)
        if abs(exact) >= 1 << 44:
            got = p.mul_shift_wide(x, multiplier, shift, Rounding[name])
            assert abs(got) >= 1 << 44
            assert (got > 0) == (exact > 0)


def test_within_stops_python_integers_outside_the_limits() -> None:
    with pytest.raises(OverflowError, match=r"4611686018427387904 is outside"):
        p.rescale(1 << 31, 0, 1 << 31, 0, 0, Rounding.floor, 0)
    with pytest.raises(OverflowError, match=r"63 is outside 0\.\.62"):
        p.rescale(1, 0, 1, 0, 63, Rounding.floor, 0)


@pytest.mark.parametrize("bits", range(1, 9))
def test_wrap_and_saturate_of_every_narrow_type(bits: int) -> None:
    for signed in (True, False):
        kind = IntType(bits, signed)
        for x in range(-600, 601):
            assert p.wrap(x, kind.qmin, kind.qmax) == oracle.wrap(x, kind.qmin, kind.qmax)
            assert p.saturate(x, kind.qmin, kind.qmax) == sorted((kind.qmin, x, kind.qmax))[1]
