"""Number types and the names of rounding and overflow rules (level L0).

Source of every rule: design page "The integer contract", sections 1 to 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from edgeq.errors import GraphError, shown

MAX_SHIFT = 94
"""Largest right shift of a `requantize`: past it nothing of a 96-bit product is left but its sign."""


class Rounding(IntEnum):
    """Name a rule for ``x / 2**shift``; the integer codes are those of the printed C and Verilog."""

    floor = 0
    to_zero = 1
    ties_up = 2
    ties_away = 3
    ties_even = 4
    ties_to_zero = 5
    ties_down = 6
    two_stage = 7
    two_stage_up = 8


class Overflow(IntEnum):
    """Name what happens to a value outside its type; the codes are those of the printed C and Verilog."""

    saturate = 0
    saturate_symmetric = 1
    zero = 2
    wrap = 3
    error = 4


_E = TypeVar("_E", bound=IntEnum)


def parse_name(kind: type[_E], name: str | _E) -> _E:
    """Return the member of ``kind`` called ``name``; raises GraphError with the list of names.

    >>> parse_name(Rounding, "ties_up").value
    2
    """
    if isinstance(name, kind):
        return name
    if not isinstance(name, str) or name not in kind.__members__:
        raise GraphError(f"{shown(name)} is not a rule; use one of {', '.join(kind.__members__)}")
    return kind[name]


@dataclass(frozen=True, order=True)
class IntType:
    """Two's complement integers of 1 to 64 bits (unsigned: 1 to 63).

    >>> IntType(8, signed=True).qmin, IntType(8, signed=True).qmax, str(IntType(4, signed=False))
    (-128, 127, 'u4')
    """

    bits: int
    signed: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.bits, int) or isinstance(self.bits, bool):
            raise GraphError(f"IntType: bits must be an integer, got {shown(self.bits)}")
        most = 64 if self.signed else 63
        if not 1 <= self.bits <= most:
            raise GraphError(f"IntType: {self} has {self.bits} bits; use 1..{most}")

    def __str__(self) -> str:
        return f"{'s' if self.signed else 'u'}{self.bits}"

    @property
    def qmin(self) -> int:
        """Smallest value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def qmax(self) -> int:
        """Largest value."""
        return (1 << (self.bits - self.signed)) - 1

    @property
    def dtype(self) -> np.dtype[np.signedinteger[npt.NBitBase]]:
        """Smallest numpy integer dtype that holds every value (little endian)."""
        width = next(w for w in (8, 16, 32, 64) if w >= self.bits)
        return np.dtype(f"<{'i' if self.signed else 'u'}{width // 8}")

    def holds(self, lo: int, hi: int) -> bool:
        """Tell whether every value of ``[lo, hi]`` is in the type."""
        return self.qmin <= lo and hi <= self.qmax


def parse_type(text: str) -> IntType:
    """Return the type written ``s8`` or ``u4``.

    >>> parse_type("s8")
    IntType(bits=8, signed=True)
    """
    if text[:1] not in ("s", "u") or not text[1:].isdigit():
        raise GraphError(f"{shown(text)} is not an integer type; write s8 or u4")
    return IntType(int(text[1:]), signed=text[0] == "s")


def width_of(lo: int, hi: int) -> int:
    """Return the two's complement width that holds ``[lo, hi]``.

    >>> width_of(-128, 127), width_of(0, 128), width_of(0, 0)
    (8, 9, 1)
    """
    negative = (-lo - 1).bit_length() if lo < 0 else 0
    return max(negative, hi.bit_length() if hi > 0 else 0) + 1


def smallest_type(lo: int, hi: int) -> IntType:
    """Return the smallest type that holds ``[lo, hi]``, unsigned when nothing is negative.

    >>> str(smallest_type(0, 255)), str(smallest_type(-1, 255))
    ('u8', 's9')
    """
    return IntType(width_of(lo, hi)) if lo < 0 else IntType(max(hi.bit_length(), 1), signed=False)
