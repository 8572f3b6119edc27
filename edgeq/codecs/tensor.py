"""The tensor that a blob holds: its values as codes, its type, shape and fill value."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel
from edgeq.arith.types import IntType
from edgeq.codecs.bits import Codes, code_dtype, readonly
from edgeq.errors import CodecError, InputError, shown

Array = npt.NDArray[Any]
MAX_RANK = 32
MAX_DIM = 1 << 32
MAX_PRODUCT = 1 << 48


def matrix_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns: the first axis against all others.

    >>> matrix_shape((2, 3, 4)), matrix_shape((5,)), matrix_shape(())
    ((2, 12), (1, 5), (1, 1))
    """
    if len(shape) < 2:
        return 1, math.prod(shape)
    return shape[0], math.prod(shape[1:])


def shape_fault(shape: tuple[int, ...]) -> str:
    """Return what the format has against a shape, or nothing."""
    if len(shape) > MAX_RANK:
        return f"rank {len(shape)} is over {MAX_RANK}"
    if any(d >= MAX_DIM for d in shape):
        return f"shape {list(shape)} has an axis of 2^32 or more"
    if math.prod(d for d in shape if d) >= MAX_PRODUCT:
        return f"shape {list(shape)} has 2^48 elements or more"
    return ""


@dataclass(frozen=True)
class Tensor:
    """``codes`` in row-major order beside ``type``, ``shape`` and ``fill_value``; ``where`` opens every message."""

    codes: Codes
    type: IntType
    shape: tuple[int, ...]
    fill_value: int
    where: str = "tensor"

    @property
    def rows(self) -> int:
        """Number of rows."""
        return matrix_shape(self.shape)[0]

    @property
    def columns(self) -> int:
        """Number of columns."""
        return matrix_shape(self.shape)[1]

    @property
    def fill_code(self) -> int:
        """The fill value as a field."""
        return code_of(self.fill_value, self.type)

    def stored_codes(self) -> Codes:
        """Return the codes that differ from the fill value, in order."""
        kept = np.empty(_count(self.codes, self.fill_code) + 1, self.codes.dtype)
        _select(self.codes, self.fill_code, kept)
        return kept[:-1]

    @property
    def values(self) -> Array:
        """The values in row-major order, of the type's smallest dtype."""
        return values_of(self.codes, self.type)


@kernel
def _count(codes: Codes, fill: int) -> int:
    kept = 0
    for k in range(codes.size):
        kept += codes[k] != fill
    return kept


@kernel
def _select(codes: Codes, fill: int, kept: Codes) -> None:
    """Fill ``kept``, which has room for one code more: it is written before it is known whether it stays."""
    place = 0
    for k in range(codes.size):
        kept[place] = codes[k]
        place += codes[k] != fill


def code_of(value: int, type: IntType) -> int:
    """Return a value as a field, as an item of the codes' dtype.

    >>> code_of(-1, IntType(3)), code_of(-1, IntType(64))
    (7, -1)
    """
    return value if type.bits == 64 else value & ((1 << type.bits) - 1)


def require_type(type: IntType, where: str) -> None:
    """Raise InputError for a type that is none, such as a numpy dtype."""
    if not isinstance(type, IntType):
        raise InputError(f"{where}: type {shown(type)} is not an IntType; write IntType(8) or IntType(4, signed=False)")


def to_tensor(array: Array, type: IntType, fill_value: int, where: str) -> Tensor:
    """Check an array against its type and the format's limits.

    Raises CodecError naming ``where`` and the first value outside ``type``, InputError for a shape.
    """
    require_type(type, where)
    try:
        array = np.asarray(array)
    except ValueError:
        raise CodecError(f"{where}: expected integers, got lists of different lengths") from None
    if array.dtype.kind not in "iu":
        raise CodecError(f"{where}: expected integers, got {array.dtype}")
    fault = shape_fault(array.shape)
    if fault:
        raise InputError(f"{where}: {fault}")
    flat = array.reshape(-1)
    if flat.size and not type.holds(int(flat.min()), int(flat.max())):
        place = int(np.flatnonzero((flat < type.qmin) | (flat > type.qmax))[0])
        raise CodecError(f"{where}: value {flat[place]} at {place} does not fit {type} ({type.qmin}..{type.qmax})")
    try:
        fill_value = operator.index(fill_value)
    except TypeError:
        raise InputError(f"{where}: fill value {shown(fill_value)} is not an integer") from None
    if not type.holds(fill_value, fill_value):
        raise CodecError(f"{where}: fill value {fill_value} does not fit {type} ({type.qmin}..{type.qmax})")
    return Tensor(readonly(codes_of(flat, type)), type, array.shape, fill_value, where)


def codes_of(flat: Array, type: IntType) -> Codes:
    """Return values of ``type`` as fields."""
    dtype = code_dtype(type.bits)
    codes = np.ascontiguousarray(flat.astype(f"i{dtype.itemsize}", copy=False)).view(dtype)
    return codes if type.bits == 8 * dtype.itemsize else codes & dtype.type((1 << type.bits) - 1)


def values_of(codes: Codes, type: IntType) -> Array:
    """Return fields as values of the type's smallest dtype."""
    if not type.signed:
        return codes.astype(type.dtype, copy=False)
    signed = codes.view(f"i{codes.itemsize}")
    shift = 8 * codes.itemsize - type.bits
    if shift:
        signed = (signed << shift) >> shift
    return signed.astype(type.dtype, copy=False)
