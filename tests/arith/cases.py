"""Rows of arguments for the scalar rules, with expected results from the oracle alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from tests.oracles import rounding as oracle

ROUNDING_CODES = {name: code for code, name in enumerate(oracle.ROUNDINGS)}  # contract, section 2, in order
OVERFLOW_CODES = {name: code for code, name in enumerate(oracle.OVERFLOWS)}  # section 3, in order
CODES = ROUNDING_CODES | OVERFLOW_CODES
Row = tuple[int | str, ...]


@dataclass(frozen=True)
class Case:
    """Columns of one rule and what must come out; ``slow`` are the rows for forms that take a row at a time."""

    rule: str
    columns: dict[str, np.ndarray | int]
    expected: np.ndarray
    slow: np.ndarray | None = None

    def part(self, step: int = 1) -> Case:
        """Return the case with every ``step``-th of its slow rows."""
        if self.slow is None:
            return self
        rows = self.slow[::step]
        columns = {k: c[rows] if isinstance(c, np.ndarray) else c for k, c in self.columns.items()}
        return Case(self.rule, columns, self.expected[rows])


def from_rows(rule: str, names: str, rows: Iterable[Row], expect: Callable[..., int] | None = None) -> Case:
    """Return a case of rows whose rounding and overflow are names; rows that appear twice count once."""
    rows = list(dict.fromkeys(rows))
    expected = np.array([(expect or getattr(oracle, rule))(*row) for row in rows], np.int64)
    codes = [[CODES.get(v, v) for v in row] for row in rows]
    columns = np.array(codes, np.int64).T
    return Case(rule, {k: c.copy() for k, c in zip(names.split(), columns, strict=True)}, expected)


RESCALE = "x x_zero_point multiplier left_shift shift rounding zero_point"
REQUANTIZE = RESCALE + " lo hi overflow clamp_lo clamp_hi"


@cache
def exhaustive(rounding: str, left_shift: int, shifts: range) -> Case:
    """Return rescale of every 8-bit x times every signed and unsigned 8-bit multiplier at every shift.

    Slow rows: the first pair of each distinct product, at every shift.
    """
    x, multiplier, shift = (a.ravel() for a in np.meshgrid(np.arange(-128, 128), np.arange(-128, 256),
                                                           np.array(shifts), indexing="ij"))
    distinct, inverse = np.unique(x * multiplier, return_inverse=True)
    table = np.array([[oracle.round_shift(int(p) << left_shift, s, rounding) for s in shifts] for p in distinct])
    _, first = np.unique((x * multiplier) * 64 + shift, return_index=True)
    columns: dict[str, Any] = dict.fromkeys(RESCALE.split(), 0)
    columns |= {"x": x, "multiplier": multiplier, "shift": shift, "left_shift": left_shift}
    columns["rounding"] = ROUNDING_CODES[rounding]
    return Case("rescale", columns, table[inverse, shift - shifts[0]], first)


TYPES = ((-128, 127), (0, 255), (-8, 7), (0, 15), (-2, 1), (0, 1), (-1, 0), (-127, 127))


def requantize_corners() -> Case:
    """Return zero points, output types, overflow rules and clamps from their corners, 8 bits."""
    xs = (-128, -127, -3, -2, -1, 0, 1, 2, 3, 5, 126, 127)
    scales = ((0, 0), (1, 0), (1, 1), (3, 1), (127, 7), (128, 8), (255, 8), (255, 0), (1, 15), (255, 16))
    rows: list[Row] = []
    for x, (multiplier, shift), (lo, hi), overflow in product(xs, scales, TYPES[:7], oracle.OVERFLOWS):
        for zero_point, rounding in product((lo, 0, 1, hi), ("floor", "ties_up", "ties_even")):
            for clamp in ((lo, hi), (max(lo, min(zero_point, hi)), hi)):
                rows.append((x, 0, multiplier, 0, shift, rounding, zero_point, lo, hi, overflow, *clamp))
    return from_rows("requantize", REQUANTIZE, rows)


def numbers(bits: int, count: int, seed: int) -> list[int]:
    """Return the corners of a signed width, its powers of two and their neighbours, and random values."""
    rng = random.Random(f"{bits} {seed}")
    lo, hi = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    powers = [s * (1 << k) + d for k in range(bits - 1) for s in (-1, 1) for d in (-1, 0, 1)]
    spread = [rng.randint(lo, hi) >> rng.randrange(bits) for _ in range(count)]
    return [v for v in dict.fromkeys([0, 1, -1, lo, lo + 1, hi, hi - 1, *powers, *spread]) if lo <= v <= hi]


def shift_rows(bits: int, multiplier_bits: int, most: int, count: int) -> list[tuple[int, int, int]]:
    """Return (x, multiplier, shift): corners, random, and products that lie on a tie or beside one."""
    rng = random.Random(f"{bits} {multiplier_bits}")
    limit, top = 1 << (bits - 1), (1 << multiplier_bits) - 1
    shifts = [s for s in (0, 1, 2, 15, 16, 17, 18, 30, 31, 32, 33, 34, 35, 36, 61, 62, 63, 93, 94) if s <= most]
    corners = product((0, 1, -1, limit - 1, -limit, -limit + 1), (0, 1, 2, top, top - 1, (top + 1) // 2), shifts)
    rows = list(corners)
    for _ in range(count):
        rows.append((rng.randint(-limit, limit - 1), rng.randint(0, top), rng.randint(0, most)))
        power = rng.randrange(multiplier_bits)
        half = rng.randint(power, min(power + bits - 2, most - 1))  # x * multiplier is odd * 2**half
        odd = 2 * rng.randint(-limit >> (half - power + 1), (limit - 1) >> (half - power + 1)) + 1
        for shift, near in product((half + 1, most if half == 30 else half + 1), (-1, 0, 1)):
            rows.append(((odd << (half - power)) + near, 1 << power, shift))
    return [r for r in rows if -limit <= r[0] < limit]


def _narrowings(seed: int, most_bits: int) -> Iterable[tuple[int, int, str]]:
    """Yield limits and overflow rules in a fixed turn, ``wrap`` and ``error`` among them."""
    rng = random.Random(seed)
    while True:
        bits, signed = rng.randint(1, most_bits), rng.random() < 0.7
        lo, hi = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        yield lo, hi, rng.choice(oracle.OVERFLOWS)


def rescale_case(rule: str, bits: int, most: int, count: int) -> Case:
    """Return rescale or rescale_wide of an accumulator (no zero point, no left shift)."""
    rows: list[Row] = []
    for k, (x, multiplier, shift) in enumerate(shift_rows(bits, 31, most, count)):
        for name in oracle.ROUNDINGS:
            if abs(oracle.round_shift(x * multiplier, min(shift, 31) if name in oracle.TWO_STAGE else shift,
                                      "floor")) < 1 << 43 or rule == "rescale":
                rows.append((x, 0, multiplier, 0, shift, name, (0, -128, 7, 255)[k % 4]))
    return from_rows(rule, RESCALE, rows, oracle.rescale)


def requantize_case(rule: str, bits: int, most: int, count: int) -> Case:
    """Return requantize or requantize_wide of an accumulator to types of at most 8 bits, clamped."""
    rows: list[Row] = []
    turns = _narrowings(bits, 8)
    for (x, multiplier, shift), (lo, hi, overflow) in zip(shift_rows(bits, 31, most, count), turns, strict=False):
        if overflow in ("wrap", "error") and rule == "requantize_wide" and abs(x * multiplier) >> min(shift, 31) >> 43:
            overflow = "zero"  # past 2**44 only the sign is kept
        for name in oracle.ROUNDINGS:
            rows.append((x, 0, multiplier, 0, shift, name, max(lo, -3), lo, hi, overflow, lo, max(lo, hi // 2)))
    return from_rows(rule, REQUANTIZE, rows, oracle.requantize)


def general_case(rule: str, count: int) -> Case:
    """Return requantize or requantize_wide with both zero points, left shifts and signed multipliers."""
    rng = random.Random(rule)
    rows: list[Row] = []
    reach, most = (62, 62) if rule == "requantize" else (63, 94)
    for lo, hi, overflow in _narrowings(9, 32):
        x, x_zero_point, left_shift = rng.randint(-(1 << 31), (1 << 31) - 1), rng.randint(-300, 300), rng.randint(0, 30)
        multiplier = rng.randint(-(1 << 31), (1 << 32) - 1) >> rng.randrange(32)
        shifted = (x - x_zero_point) << left_shift
        exact = shifted * multiplier if rule == "requantize" else shifted
        shift = rng.randint(0 if rule == "requantize" else 52, most)
        for name in oracle.ROUNDINGS[: 7 if rule == "requantize_wide" else 9]:
            if -(1 << (reach)) <= exact < 1 << reach and abs(shifted) < 1 << 62:
                rows.append((x, x_zero_point, multiplier, left_shift, shift, name, rng.randint(-99, 99),
                             lo, hi, overflow, lo, rng.randint(0, hi)))
        if len(rows) >= count:
            return from_rows(rule, REQUANTIZE, rows, oracle.requantize)
    raise AssertionError


def wide_product_case(bits: int, multipliers: tuple[int, int], count: int) -> Case:
    """Return mul_shift_wide where it is exact: the first rounding gives less than 2**44."""
    rng = random.Random(bits)
    base = [(x, m, s) for x, m, s in shift_rows(bits, 31, 94, count)]
    base += [(x, rng.randint(*multipliers), rng.randint(0, 94)) for x in numbers(bits, count, 5)]
    base += [(x, m, rng.randint(40, 94)) for x, m in product(numbers(bits, 20, 6), multipliers)]
    rows: list[Row] = [
        (x, m, s, name) for x, m, s in base for name in oracle.ROUNDINGS
        if abs(x * m) >> (min(s, 31) if name in oracle.TWO_STAGE else s) < (1 << 44) - 1
    ]
    return from_rows("mul_shift_wide", "x multiplier shift rounding", rows,
                     lambda x, m, s, name: oracle.round_shift(x * m, s, name))


def _narrow_rows(xs: Iterable[int], types: Iterable[tuple[int, int]]) -> list[Row]:
    return [(x, lo, hi, name) for x, (lo, hi), name in product(xs, types, oracle.OVERFLOWS)]


ADD = "x1 x1_zero_point x2 x2_zero_point lo hi overflow"
WIDE_TYPES = tuple((-(1 << (b - 1)), (1 << (b - 1)) - 1) for b in (1, 2, 8, 16, 31, 32, 33, 48, 62, 63)) + tuple(
    (0, (1 << b) - 1) for b in (1, 8, 32, 62))


def plain_cases() -> list[Case]:
    """Return the rules without a product: narrowing, sums, divisions, single terms."""
    wide = numbers(64, 60, 1)
    middle = numbers(63, 60, 2)
    rng = random.Random(3)
    small = range(-600, 601)
    shifts = (0, 1, 2, 7, 8, 30, 31, 32, 33, 47, 61, 62)
    counts = (*range(1, 50), 64, 100, 196, 255, 256, 65535)
    eight = (-128, -127, -1, 0, 1, 127, 128, 255)
    roundings, one_stage = oracle.ROUNDINGS, oracle.ONE_STAGE
    acc32 = [(a, t, lo, hi, name) for a in (-(1 << 31), -5, 0, 7, (1 << 31) - 1) for t in numbers(19, 20, 4)
             for lo, hi in WIDE_TYPES[2:6] for name in oracle.OVERFLOWS]
    acc62 = [(a, t, lo, hi, name) for a, t in zip(middle, reversed(middle), strict=True)
             for lo, hi in WIDE_TYPES for name in oracle.OVERFLOWS]
    triples = [(x, lo, hi) for x in (*small, *numbers(32, 99, 7)) for lo, hi in TYPES]
    terms = list(product(eight, eight, eight, eight))
    pairs = list(product(wide, wide[::9]))
    return [
        from_rows("saturate", "x lo hi", triples),
        from_rows("saturate", "x lo hi", [(x, *sorted(rng.sample(wide, 2))) for x in wide]),
        from_rows("wrap", "x lo hi", [t for t in triples if t[1:] != (-127, 127)]),
        from_rows("wrap", "x lo hi", [(x, *t) for x, t in product(wide, WIDE_TYPES)]),
        from_rows("narrow", "x lo hi overflow", _narrow_rows((*small, *numbers(32, 99, 8)), TYPES[:7])),
        from_rows("narrow", "x lo hi overflow", _narrow_rows(wide, WIDE_TYPES)),
        from_rows("round_shift", "x shift rounding", product(range(-64, 65), range(9), roundings)),
        from_rows("round_shift", "x shift rounding", product(numbers(48, 60, 9), shifts, roundings)),
        from_rows("round_shift", "x shift rounding", product(middle, shifts, roundings)),
        from_rows("cast", "x shift rounding lo hi overflow",
                  [(x, s, name, lo, hi, how) for x, s, name, how in
                   product(numbers(32, 9, 10)[::5], (0, 1, 4, 15, 16, 31), roundings, oracle.OVERFLOWS)
                   for lo, hi in ((-128, 127), (0, 65535))]),
        from_rows("multiply", "x x_zero_point w w_zero_point fraction_bits", [(*t, 0) for t in terms]),
        from_rows("multiply", "x x_zero_point w w_zero_point fraction_bits",
                  [(x, 65535, w, -65536, f) for x, w, f in product(numbers(32, 9, 11)[::7], numbers(17, 9, 12)[::7],
                                                                   (0, 1, 8))]),
        from_rows("accumulate", "acc term lo hi overflow", acc32),
        from_rows("accumulate", "acc term lo hi overflow", acc62),
        from_rows("add", ADD, [(a, 0, t, 0, *rest) for a, t, *rest in acc32]),
        from_rows("add", ADD, [(a, z, b, -z, *t, name) for a, b, z, t, name in product(
            numbers(33, 9, 14)[::9], numbers(33, 9, 15)[::11], (0, 255, 1 - (1 << 32)), WIDE_TYPES, oracle.OVERFLOWS)]),
        from_rows("add_wrap64", "a b", pairs),
        from_rows("divide_by_count", "total count rounding", product(range(-130, 131), counts, one_stage)),
        from_rows("divide_by_count", "total count rounding",
                  product(numbers(63, 9, 13), (1, 2, 3, 49, (1 << 31) - 1), one_stage)),
        from_rows("average", "total count zero_point rounding",
                  product(range(-70, 71), counts[:20], (-128, 0, 3, 255), one_stage)),
    ]


@cache
def sampled_cases() -> tuple[Case, ...]:
    """Return corners and random rows at 16, 32 and 48 bits (64 for mul_shift_wide)."""
    return (
        requantize_corners(),
        *(rescale_case("rescale", bits, 62, 300) for bits in (16, 32)),
        *(rescale_case("rescale_wide", bits, 94, 300) for bits in (16, 32, 48)),
        *(requantize_case("requantize", bits, 62, 300) for bits in (16, 32)),
        *(requantize_case("requantize_wide", bits, 94, 300) for bits in (16, 32, 48)),
        general_case("requantize", 4000),
        general_case("requantize_wide", 4000),
        *(wide_product_case(bits, (0, (1 << 31) - 1), 300) for bits in (16, 32, 48)),
        wide_product_case(64, (-(1 << 31), (1 << 32) - 1), 300),
        *plain_cases(),
    )
