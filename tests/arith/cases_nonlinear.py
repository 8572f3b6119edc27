"""Rows of arguments for the rules of `lookup` and `softmax`, with expected results from the oracle alone."""

from __future__ import annotations

import random
from functools import cache
from itertools import product

from tests.arith.cases import Case, from_rows, numbers
from tests.oracles import nonlinear as oracle

TYPES = ((8, -128, 127), (8, 0, 255), (16, -(1 << 15), (1 << 15) - 1), (16, 0, (1 << 16) - 1))
MOST = (1 << 31) - 1


def totals(most_bits: int, count: int) -> list[int]:
    """Return sums from 1 up: powers of two, their neighbours, random values of every length."""
    rng = random.Random(most_bits)
    powers = [(1 << k) + d for k in range(most_bits) for d in (-1, 0, 1)]
    spread = [rng.randrange(1 << rng.randrange(1, most_bits + 1)) for _ in range(count)]
    return [t for t in dict.fromkeys((*powers, (1 << most_bits) - 1, *spread)) if 1 <= t < 1 << most_bits]


def exponentials(count: int, most: int = MOST) -> list[int]:
    """Return values of Q0.31, ties of the sum's rounding among them."""
    rng = random.Random(count)
    ties = [4096 * k + 2048 + d for k in (0, 1, 5, 99) for d in (-1, 0, 1)]
    return [e for e in (0, 1, *ties, most - 1, most, *(rng.randint(0, most) for _ in range(count))) if e <= most]


@cache
def nonlinear_cases() -> tuple[Case, ...]:
    """Return corners, ties and random rows of every rule."""
    return (*_lookup_cases(), *_threshold_cases(), *_softmax_cases())


def _lookup_cases() -> list[Case]:
    every = [(x,) for x in range(-(1 << 15), 1 << 15, 3)] + [(x,) for x in ((1 << 15) - 1, -1, 0, 127, 128)]
    rng = random.Random(1)
    ends = (-(1 << 15), -1, 0, 1, (1 << 15) - 1)
    lines = [(x, a, b) for x in (-(1 << 15), -129, -128, -64, -1, 0, 1, 63, 64, 65, 127, (1 << 15) - 1)
             for a, b in product(ends, ends)]
    lines += [(rng.randint(*oracle.INT16), rng.randint(*oracle.INT16), rng.randint(*oracle.INT16)) for _ in range(3000)]
    places = [(x, lo) for lo, hi in ((-128, 127), (0, 255), (-2048, 2047), (0, 4095)) for x in (lo, lo + 1, 0, hi)]
    return [
        from_rows("lookup_index", "x lo", places, lambda x, lo: len(range(lo, x))),
        from_rows("interpolation_index", "x", every, oracle.interpolation_index),
        from_rows("interpolate", "x entry following", lines, oracle.interpolate),
        from_rows("interpolate_rounded", "x entry following", lines, oracle.interpolate_rounded),
    ]


def _threshold_cases() -> list[Case]:
    bounds = numbers(64, 30, 31)
    near = [(x, t) for x in numbers(62, 30, 32) for t in (x - 1, x, x + 1, *bounds[::17])]
    ends = product((-(1 << 31), -1, 0, 7, MOST, 2 * MOST + 1), (1 - (1 << 32), -2, 0, 1, 2, 2 * MOST + 1))
    levels = [(count, *end) for count, end in product((0, 1, 2, 255, 65535), ends)]
    return [
        from_rows("is_below", "x bound", [(a, b) for a in bounds for b in (a, *bounds[::19])],
                  lambda x, bound: int(x < bound)),
        from_rows("passes_threshold", "x threshold direction", [(*n, d) for n, d in product(near, (-1, 1))],
                  lambda x, t, d: int(x >= t) if d == 1 else int(x <= t)),
        from_rows("threshold_level", "count start step", levels, lambda count, start, step: start + count * step),
    ]


def _softmax_cases() -> list[Case]:
    words = numbers(32, 60, 33)
    sums = totals(31, 400)
    rng = random.Random(34)
    lengths = [(x,) for x in (0, *totals(32, 300))]
    gemmlowp = [(e, rng.randint(1 << 30, MOST), s, *kind) for e, s, kind in product(
        exponentials(6), sums[::7], TYPES)]
    gemmlowp += [(e, MOST, s, *kind) for e, s, kind in product((0, 1, 2, 3, MOST), sums[::5], TYPES)]
    shares = [(e, max(e, s), *kind) for e, s, kind in product(exponentials(6), totals(47, 60)[::2], TYPES)]
    halves = [(odd, 512 * k, 8, -128, 127) for odd, k in product((1, 3, 255), (1, 2, 3))]  # e * 256 / s is a tie
    s16 = [(e, r, s) for e, r, s in product(exponentials(4, 32767), (-32768, -1, 0, 1, 16384, 32767), sums[::9])]
    return [
        from_rows("softmax_distance", "largest x", product((-128, 0, 255, 32767, 65535), (-32768, -128, 0, 65535)),
                  lambda largest, x: largest - x),
        from_rows("bit_length", "x", lengths, lambda x: len(f"{x:b}") if x else 0),
        from_rows("high_multiply", "a b", product(words, words[::3]), oracle.high_multiply),
        from_rows("softmax_reciprocal", "total", [(s,) for s in sums], oracle.reciprocal),
        from_rows("softmax_term", "exponential", [(e,) for e in exponentials(300)], oracle.term),
        from_rows("softmax_gemmlowp", "exponential reciprocal total bits lo hi", gemmlowp, oracle.gemmlowp),
        from_rows("softmax_table", "exponential total bits lo hi", shares + halves, oracle.table_output),
        from_rows("softmax_s16_fraction", "total", [(s,) for s in sums], oracle.s16_fraction),
        from_rows("softmax_s16", "exponential reciprocal total", s16, oracle.s16_output),
    ]
