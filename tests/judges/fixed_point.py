"""Fixed-point types as Xilinx writes them and as edgeq does, and the same conversions and dot products in both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from edgeq import GraphBuilder, IntType, simulate

ROUNDINGS = {"AP_TRN": "floor", "AP_TRN_ZERO": "to_zero", "AP_RND": "ties_up", "AP_RND_INF": "ties_away",
             "AP_RND_CONV": "ties_even", "AP_RND_ZERO": "ties_to_zero", "AP_RND_MIN_INF": "ties_down"}
OVERFLOWS = {"AP_SAT": "saturate", "AP_SAT_SYM": "saturate_symmetric", "AP_SAT_ZERO": "zero", "AP_WRAP": "wrap"}
MODES = tuple(product(ROUNDINGS, OVERFLOWS))


@dataclass(frozen=True)
class Fixed:
    """Width, integer bits and sign, with the rules of a conversion to it."""

    width: int
    whole: int
    signed: bool = True
    rounding: str = "AP_TRN"
    overflow: str = "AP_WRAP"

    @property
    def fraction(self) -> int:
        """Bits behind the point."""
        return self.width - self.whole

    @property
    def type(self) -> IntType:
        """The codes."""
        return IntType(self.width, self.signed)

    @property
    def cpp(self) -> str:
        """The type in C++."""
        return f"ap_{'' if self.signed else 'u'}fixed<{self.width}, {self.whole}, {self.rounding}, {self.overflow}>"

    def under(self, mode: tuple[str, str]) -> Fixed:
        """Return the type with a rounding and an overflow rule."""
        return replace(self, rounding=mode[0], overflow=mode[1])


U = False
CONVERSIONS = (
    (Fixed(16, 6), Fixed(8, 4)), (Fixed(12, 4), Fixed(7, 3, U)), (Fixed(16, 8, U), Fixed(8, 4)),
    (Fixed(11, 5), Fixed(10, 5)),  # one bit goes: every second code is a tie
    (Fixed(11, 3, U), Fixed(5, 2, U)), (Fixed(8, 8), Fixed(6, 6)),  # overflow alone
    (Fixed(9, 3), Fixed(16, 4)),  # left shift
    (Fixed(24, 12), Fixed(16, 6)), (Fixed(16, 1), Fixed(1, 1)),
)
CODES = 3072


def conversions() -> list[tuple[Fixed, Fixed]]:
    """Return every pair of types under every rule."""
    return [(source, target.under(mode)) for source, target in CONVERSIONS for mode in MODES]


def conversion_codes(source: Fixed, target: Fixed) -> np.ndarray:
    """Return every code of a narrow type; of a wide one random codes, ties and codes at the limits of the target."""
    lo, hi = source.type.qmin, source.type.qmax
    if source.width <= 11:
        return np.arange(lo, hi + 1)
    rng = np.random.default_rng(source.width)
    shift = source.fraction - target.fraction
    tie = 1 << (shift - 1)
    limits = np.array([lo, hi, 0, target.type.qmin << shift, target.type.qmax << shift, -target.type.qmax << shift])
    near = (limits[:, None] + np.arange(-3 * tie, 3 * tie + 1, max(tie // 2, 1))).ravel()
    ties = rng.integers(lo >> shift, hi >> shift, CODES // 2) * 2 * tie + tie + rng.integers(-1, 2, CODES // 2)
    return np.resize(np.clip(np.concatenate([near, ties, rng.integers(lo, hi, CODES)]), lo, hi), CODES)


def convert(source: Fixed, target: Fixed, codes: np.ndarray) -> np.ndarray:
    """Return the codes after a conversion, by `requantize`."""
    shift = source.fraction - target.fraction
    overflow = OVERFLOWS[target.overflow]
    if target.type == IntType(1) and overflow == "saturate_symmetric":
        overflow = "saturate"  # Xilinx's headers set the lowest bit of the minimum, which one bit has set already
    b = GraphBuilder()
    x = b.input("x", (len(codes),), source.type)
    y = b.requantize(x, 1, max(shift, 0), max(-shift, 0), rounding=ROUNDINGS[target.rounding], type=target.type,
                     overflow=overflow)
    b.output(y, "y")
    return simulate(b.build(), {"x": codes[None]}).outputs["y"][0]


@dataclass(frozen=True)
class Dot:
    """Types of a dot product; products and bias are cast to ``part``, sums to ``acc``; the fractions are one."""

    x: Fixed
    weight: Fixed
    part: Fixed
    acc: Fixed
    taps: int
    bias: Fixed

    @property
    def cpp(self) -> str:
        """Arguments of the template."""
        return ", ".join(t.cpp for t in (self.x, self.weight, self.bias, self.part, self.acc))


def _dot(x: Fixed, weight: Fixed, part: Fixed, acc: Fixed, taps: int) -> Dot:
    fraction = x.fraction + weight.fraction
    bias_width = part.width + fraction - part.fraction + 1  # reaches past the type it is cast to
    return Dot(x, weight, part, acc, taps, Fixed(bias_width, bias_width - fraction))


DOTS = (
    _dot(Fixed(8, 3), Fixed(8, 2), Fixed(12, 5), Fixed(12, 5), 9),  # products and sums of one type, as hls4ml has
    _dot(Fixed(8, 4, U), Fixed(6, 1), Fixed(8, 4), Fixed(10, 6), 17),
    _dot(Fixed(10, 4), Fixed(9, 3), Fixed(14, 6), Fixed(16, 8), 24),
)
SIDE = 16
"""Samples, and rows of weights; each pair makes a dot product."""


def dots() -> list[Dot]:
    """Return every dot product under every rule: saturating sums, and wrapping ones where products saturate."""
    kinds = []
    for kind, (rounding, overflow) in product(DOTS, MODES):
        for sums in ("AP_SAT", "AP_WRAP") if overflow == "AP_SAT" else ("AP_SAT",):
            part, acc = kind.part.under((rounding, overflow)), kind.acc.under((rounding, sums))
            kinds.append(replace(kind, part=part, acc=acc))
    return kinds


def dot_codes(kind: Dot) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x (SIDE, taps), weights (SIDE, taps), bias (SIDE,); rows of large, of small and of mixed values."""
    rng = np.random.default_rng(kind.taps)
    types, shape = (kind.x.type, kind.weight.type), (SIDE, kind.taps)
    x, weight = (rng.integers(t.qmin, t.qmax, shape, endpoint=True) for t in types)
    x[:4] = rng.integers(kind.x.type.qmax // 2, kind.x.type.qmax, x[:4].shape, endpoint=True)
    weight[:4] = rng.integers(kind.weight.type.qmax // 2, kind.weight.type.qmax, weight[:4].shape, endpoint=True)
    weight[2:4] *= -1
    x[4:6] //= 8
    x[6], x[7], weight[6], weight[7] = kind.x.type.qmin, kind.x.type.qmax, kind.weight.type.qmin, 0
    bias = rng.integers(kind.bias.type.qmin, kind.bias.type.qmax, SIDE, endpoint=True)
    bias[:2], bias[8:] = (kind.bias.type.qmin, kind.bias.type.qmax), bias[8:] // 16
    return x, weight, bias


def dot_rows(kind: Dot) -> np.ndarray:
    """Return a row of x, w and a bias for each pair of a sample and a row of weights."""
    x, weight, bias = dot_codes(kind)
    return np.concatenate([np.repeat(x, SIDE, axis=0), np.tile(np.column_stack([weight, bias]), (SIDE, 1))], axis=1)


def accumulate(kind: Dot) -> np.ndarray:
    """Return the sum of each row, by `linear`."""
    x, weight, bias = dot_codes(kind)
    part = {"shift": kind.x.fraction + kind.weight.fraction - kind.part.fraction, "type": kind.part.type,
            "rounding": ROUNDINGS[kind.part.rounding], "overflow": OVERFLOWS[kind.part.overflow]}
    b = GraphBuilder()
    acc = b.linear(b.input("x", (kind.taps,), kind.x.type), weight, bias, weight_type=kind.weight.type,
                   bias_type=kind.bias.type, acc=kind.acc.type, acc_overflow=OVERFLOWS[kind.acc.overflow],
                   acc_product=part)
    b.output(acc, "y")
    return simulate(b.build(), {"x": x}).outputs["y"].ravel()


def judge_conversions(theirs: np.ndarray, every: int = 1) -> int:
    """Compare `requantize` with what Xilinx gave for `conversions`, one after the other; returns how many codes.

    ``every`` 8 takes each eighth code alone.
    """
    count, start = 0, 0
    for source, target in conversions():
        codes = conversion_codes(source, target)
        given = theirs[start : start + len(codes)][::every]
        count += _judge(f"{source.cpp} to {target.cpp}", convert(source, target, codes[::every]), given)
        start += len(codes)
    assert start == len(theirs)
    return count


def judge_dots(theirs: np.ndarray, every: int = 1) -> int:
    """Compare `linear` with what Xilinx gave for `dots`, one after the other; returns how many sums.

    ``every`` 5 takes each fifth kind alone.
    """
    given = theirs.reshape(len(dots()), SIDE * SIDE)[::every]
    return sum(_judge(kind.cpp, accumulate(kind), row) for kind, row in zip(dots()[::every], given, strict=True))


def _judge(name: str, ours: np.ndarray, theirs: np.ndarray) -> int:
    wrong = np.flatnonzero(ours.astype(np.int64) != theirs)
    assert not len(wrong), (f"{name}: {len(wrong)} of {ours.size} differ, first at {wrong[0]}: "
                            f"edgeq {ours[wrong[0]]}, ap_fixed {theirs[wrong[0]]}")
    return ours.size
