"""Say how the user's data become the integer codes of a graph's input (integer contract, section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from edgeq.arith.types import IntType, Rounding
from edgeq.errors import GraphError, InputError, shown
from edgeq.ir.tensor import Array, Constant, IntArray, TensorType


@dataclass(frozen=True)
class Codes:
    """The integers of the graph arrive as they are."""

    KIND = "codes"

    def check(self, name: str, to: TensorType) -> None:
        """Nothing can be wrong."""

    def encode(self, data: Array, to: TensorType, name: str, start: int = 0) -> IntArray:
        """Return the codes; raises InputError for other than integers in range.

        ``start`` is the number of the first image, for messages.
        """
        return require_codes(data, to, name, start)


@dataclass(frozen=True)
class Table:
    """uint8 pixels arrive; each channel has a table of 256 codes, mean and standard deviation folded in.

    ``table`` has shape (C, 256), or (1, 256) for all channels alike; ``rounding`` names the rule it was made with.
    """

    KIND = "table"
    table: Constant
    rounding: Rounding = Rounding.ties_even

    def check(self, name: str, to: TensorType) -> None:
        """Raise GraphError when the table's shape or values do not fit the input."""
        if not isinstance(self.table, Constant) or not isinstance(self.rounding, Rounding):
            raise GraphError(f"input '{name}': a table must be a Constant, its rounding a Rounding; got "
                             f"{shown(self.table)} and {shown(self.rounding)}")
        rows = {(1, 256), (to.channels, 256)}
        if self.table.shape not in rows:
            raise GraphError(f"input '{name}': table has shape {self.table.shape}, expected one of {sorted(rows)}")
        if not to.type.holds(*self.table.limits):
            raise GraphError(f"input '{name}': table holds {self.table.limits}, outside {to.type}")

    def encode(self, data: Array, to: TensorType, name: str, start: int = 0) -> IntArray:
        """Return the codes of uint8 pixels of shape (N, C, ...)."""
        pixels = require_codes(data, TensorType(to.shape, IntType(8, signed=False)), name, start)
        table = np.broadcast_to(self.table.array, (to.channels, 256))
        channel = np.arange(to.channels).reshape((-1,) + (1,) * (pixels.ndim - 2))
        return np.ascontiguousarray(table[channel, pixels])


@dataclass(frozen=True)
class Affine:
    """Float arrays arrive; ``code = clamp(round(x / scale) + zero_point)`` in exact rationals, on the host only.

    ``scale`` is the float64 value as an exact rational.
    """

    KIND = "affine"
    scale: Fraction
    rounding: Rounding = Rounding.ties_even

    def check(self, name: str, to: TensorType) -> None:
        """Raise GraphError for a scale no float64 holds, a wide type, or a rounding that is not for inputs."""
        if not isinstance(self.scale, Fraction) or not isinstance(self.rounding, Rounding):
            raise GraphError(f"input '{name}': affine scale must be a Fraction, its rounding a Rounding; got "
                             f"{shown(self.scale)} and {shown(self.rounding)}")
        if not _SMALLEST <= self.scale <= 1 / _SMALLEST:
            raise GraphError(f"input '{name}': affine scale must be positive, within 2^-1000..2^1000")
        if to.type.bits > 32:
            raise GraphError(f"input '{name}': affine codes have at most 32 bits, got {to.type}")
        if self.rounding not in _ROUNDINGS:
            raise GraphError(f"input '{name}': affine rounding {self.rounding.name} is not one of {_NAMES}")

    def encode(self, data: Array, to: TensorType, name: str, start: int = 0) -> IntArray:
        """Return the codes of float values; raises InputError for NaN or infinity."""
        if data.dtype.kind != "f" or data.dtype.itemsize > 8:
            raise InputError(
                f"input '{name}': expected what the float network sees, as a float array, got {data.dtype}; "
                "normalise it, or lower with --input-type uint8"
            )
        bad = np.argwhere(~np.isfinite(data))
        if bad.size:
            place = [bad[0][0] + start, *bad[0][1:]]
            raise InputError(f"input '{name}': value at {[int(v) for v in place]} is {data[tuple(bad[0])]}, not finite")
        rounded = round_quotients(data, self.scale, self.rounding)
        return np.clip(rounded + to.zero_point, to.type.qmin, to.type.qmax)


InputQuantization = Codes | Table | Affine
_ROUNDINGS = (Rounding.ties_even, Rounding.ties_away, Rounding.ties_up, Rounding.floor)
_NAMES = ", ".join(r.name for r in _ROUNDINGS)
_SMALLEST = Fraction(1, 1 << 1000)
_FAR = 1 << 40  # codes beyond are clamped all the same


def round_quotients(data: Array, scale: Fraction, rounding: Rounding) -> IntArray:
    """Return ``data / scale`` rounded to integers exactly; quotients past 2**40 are cut there.

    Float64 decides all but the values near an edge (a tie, for floor an integer), which are decided in rationals.
    """
    with np.errstate(over="ignore"):  # infinity is cut too
        quotient = np.clip(data.astype(np.float64) / float(scale), -_FAR, _FAR)
    nearest = np.rint(quotient)
    floor = rounding is Rounding.floor
    margin = np.abs(np.abs(quotient - nearest) - (0.0 if floor else 0.5))
    near = (margin <= 2.0**-50 * (1 + np.abs(quotient)) * 8) & (data != 0)
    if floor and _is_power_of_two(scale):
        near &= quotient == 0  # the division is exact unless it vanishes
    result = (np.floor(quotient) if floor else nearest).astype(np.int64)
    for index in zip(*np.nonzero(near), strict=True):
        result[index] = round_fraction(Fraction(data[index].item()) / scale, rounding)
    cut: IntArray = np.clip(result, -_FAR, _FAR)
    return cut


def _is_power_of_two(scale: Fraction) -> bool:
    return 1 in (scale.numerator, scale.denominator) and (scale.numerator * scale.denominator).bit_count() == 1


def round_fraction(value: Fraction, rounding: Rounding) -> int:
    """Return an exact number rounded to an integer: floor, ties even, up or away."""
    if rounding is Rounding.floor:
        return value.__floor__()
    if rounding is Rounding.ties_even:
        return round(value)
    up = (value + Fraction(1, 2)).__floor__()
    if rounding is Rounding.ties_up or value >= 0:
        return up
    return -((-value + Fraction(1, 2)).__floor__())


def require_codes(data: Array, to: TensorType, name: str, start: int = 0) -> IntArray:
    """Return ``data`` of shape (N, *shape) as int64; raises InputError naming the first value that does not fit."""
    if data.dtype.kind not in "iu":
        raise InputError(f"input '{name}': expected integers, got {data.dtype}; quantize the array first")
    if data.ndim != len(to.shape) + 1 or data.shape[1:] != to.shape:
        want = ", ".join(["N", *map(str, to.shape)])
        raise InputError(f"input '{name}': shape is {list(data.shape)}, expected [{want}]")
    outside = (data < to.type.qmin) | (data > to.type.qmax)
    if outside.any():
        first: tuple[Any, ...] = tuple(np.argwhere(outside)[0].tolist())
        raise InputError(
            f"input '{name}': value {data[first]} at {[first[0] + start, *first[1:]]} is outside {to.type} "
            f"({to.type.qmin}..{to.type.qmax})"
        )
    return np.ascontiguousarray(data.astype(np.int64))
