"""Put values into memory words of any width, and take them back.

``pack_words`` checks every value against its type, masks it to its width (two's complement) and gives each word
as a row of bytes, least significant first; formats turn rows into their text. ``unpack_words`` is its inverse.

Source: design page "Artefacts".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import IntType
from edgeq.errors import CodecError, InputError, shown
from edgeq.memory.words import ByteArray, pack, unpack

Array = npt.NDArray[Any]
MAX_LANES = 4096
MAX_WORD_BITS = 1024
_CHUNK = 1 << 13


@dataclass(frozen=True)
class Packing:
    """How values share a word: ``lanes`` of ``bits`` each, lane 0 in the least (lsb) or most (msb) significant.

    ``pad_value`` fills the lanes of the last word that no value takes. ``width`` is the word's bits where the
    memory is wider than its lanes: the bits above them are zero. Raises InputError for others.

    >>> Packing(9).digits, Packing(3, lanes=4, lane0="msb").word_bits, Packing(3, lanes=5, width=16).word_bits
    (3, 12, 16)
    """

    bits: int
    lanes: int = 1
    lane0: str = "lsb"
    pad_value: int = 0
    width: int | None = None

    def __post_init__(self) -> None:
        if not _is_number(self.lanes) or not 1 <= self.lanes <= MAX_LANES:
            raise InputError(f"lanes {shown(self.lanes)} is not a number from 1 to {MAX_LANES}")
        if self.lane0 not in ("lsb", "msb"):
            raise InputError(f"lane0 {shown(self.lane0)} does not exist; use lsb or msb")
        if not _is_number(self.pad_value):
            raise InputError(f"pad_value {shown(self.pad_value)} is not an integer")
        if self.width is None:
            return
        if not _is_number(self.width) or not 1 <= self.width <= MAX_WORD_BITS:
            raise InputError(f"word_bits {shown(self.width)} is not a number from 1 to {MAX_WORD_BITS}")
        if self.width < self.bits * self.lanes:
            raise InputError(f"word_bits {self.width} is too few for {self.lanes} lanes of {self.bits} bits; "
                             f"use {self.bits * self.lanes} or more")

    @property
    def word_bits(self) -> int:
        """Bits of a word."""
        return self.bits * self.lanes if self.width is None else self.width

    @property
    def word_bytes(self) -> int:
        """Bytes that hold a word."""
        return -(-self.word_bits // 8)

    @property
    def digits(self) -> int:
        """Hexadecimal digits of a word."""
        return -(-self.word_bits // 4)

    @property
    def lane_bytes(self) -> int | None:
        """Bytes of a lane where lanes are numbers of a computer's memory, 1, 2, 4 or 8 each; else None."""
        size = -(-self.bits // 8)
        whole = self.word_bits == self.bits * self.lanes and (self.lanes == 1 or self.bits % 8 == 0)
        return size if whole and size in (1, 2, 4, 8) else None

    def depth(self, count: int) -> int:
        """Return the number of words that ``count`` values take."""
        return -(-count // self.lanes)

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest's fields."""
        return {"word_bits": self.word_bits, "lanes": self.lanes, "lane0": self.lane0, "pad_value": self.pad_value}


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def pack_words(values: Array, type: IntType, packing: Packing, where: str) -> ByteArray:
    """Return the words of ``values``, taken in row-major order: (depth, word_bytes), least significant byte first.

    Raises CodecError naming ``where`` and the first value outside ``type``.

    >>> import numpy as np
    >>> pack_words(np.array([-1, 2, 3]), IntType(4), Packing(4, lanes=3, width=16), "w").tolist()
    [[47, 3]]
    """
    if packing.bits != type.bits:
        raise InputError(f"{where}: lanes of {packing.bits} bits cannot hold {type}")
    flat = np.asarray(values).reshape(-1)
    require_range(flat, type, where)
    require_pad(packing, type, where)
    if packing.lane_bytes:
        return _native_rows(flat, packing, packing.lane_bytes)
    rows = np.empty((packing.depth(flat.size), packing.word_bytes), np.uint8)
    step = max(_CHUNK // packing.lanes, 1)
    part = np.full(step * packing.lanes, packing.pad_value, np.int64)
    for start in range(0, len(rows), step):
        taken = flat[start * packing.lanes : (start + step) * packing.lanes]
        part[: taken.size] = taken
        part[taken.size :] = packing.pad_value
        pack(part, packing.lanes, packing.bits, packing.lane0 == "msb", rows[start : start + step])
    return rows


def unpack_words(
    rows: ByteArray, type: IntType, count: int, packing: Packing, where: str, first_line: int | None = 1
) -> Array:
    """Return the ``count`` values of words, in the smallest dtype of ``type``; they may share the memory of ``rows``.

    Raises WordCountError for another number of words, CodecError for a lane or bit that no value takes and that
    does not hold its pad; ``first_line`` is the line of the first word in the file called ``where``,
    None for formats whose lines are no words.
    """
    if len(rows) != packing.depth(count):
        raise WordCountError(where, len(rows), packing.depth(count))
    if packing.lane_bytes:
        top = packing.bits % 8
        if top and (rows[:, -1] >= 1 << top).any():
            word = int(np.flatnonzero(rows[:, -1] >= 1 << top)[0])
            raise _above(packing, _place(where, first_line, word))
        values = _native_values(rows, type, packing, packing.lane_bytes)
    else:
        values = _values(rows, type, packing, where, first_line)
    if (values[count:] != packing.pad_value).any():
        raise CodecError(f"{_place(where, first_line, len(rows) - 1)}: an unused lane does not hold the pad value "
                         f"{packing.pad_value}")
    return values[:count]


def _native_rows(flat: Array, packing: Packing, size: int) -> ByteArray:
    """Return the words of lanes that are numbers of the machine: their bytes as they stand, but for the sign."""
    kept = np.full((packing.depth(flat.size), packing.lanes), packing.pad_value, f"<i{size}")
    kept.reshape(-1)[: flat.size] = flat.astype(kept.dtype, copy=False)
    if packing.bits % 8:
        kept &= (1 << packing.bits) - 1
    ordered = kept if packing.lane0 == "lsb" else np.ascontiguousarray(kept[:, ::-1])
    return ordered.view(np.uint8)


def _native_values(rows: ByteArray, type: IntType, packing: Packing, size: int) -> Array:
    kept = np.ascontiguousarray(rows).view(f"<{'i' if type.signed else 'u'}{size}")
    if packing.bits % 8 and type.signed:
        half = 1 << (packing.bits - 1)
        kept = kept ^ half
        kept -= half
    return (kept if packing.lane0 == "lsb" else kept[:, ::-1]).reshape(-1)


def _values(rows: ByteArray, type: IntType, packing: Packing, where: str, first_line: int | None) -> Array:
    values = np.empty(len(rows) * packing.lanes, type.dtype)
    step = max(_CHUNK // packing.lanes, 1)
    part = np.empty(step * packing.lanes, np.int64)
    for start in range(0, len(rows), step):
        held = rows[start : start + step]
        fault = unpack(held, packing.lanes, packing.bits, packing.lane0 == "msb", type.signed, part)
        if fault >= 0:
            raise _above(packing, _place(where, first_line, start + fault))
        values[start * packing.lanes : (start + step) * packing.lanes] = part[: len(held) * packing.lanes]
    return values


def _above(packing: Packing, place: str) -> CodecError:
    return CodecError(f"{place}: a bit above the lanes is set ({packing.lanes} lanes of {packing.bits} bits in a word "
                      f"of {packing.word_bits})")


def _place(where: str, first_line: int | None, word: int) -> str:
    return f"{where} word {word}" if first_line is None else f"{where} line {first_line + word}"


def require_range(flat: Array, type: IntType, where: str) -> None:
    """Raise CodecError for values that are no integers or outside ``type``, naming the first."""
    if flat.dtype.kind not in "iu":
        raise CodecError(f"{where}: expected integers, got {flat.dtype}")
    if not flat.size or type.holds(int(flat.min()), int(flat.max())):
        return
    place = int(np.flatnonzero((flat < type.qmin) | (flat > type.qmax))[0])
    value = int(flat[place])
    raise CodecError(f"{where}: value {value} at {place} does not fit {type} ({type.qmin}..{type.qmax})")


def require_pad(packing: Packing, type: IntType, where: str) -> None:
    """Raise CodecError for a pad value outside ``type``."""
    if not type.holds(packing.pad_value, packing.pad_value):
        raise CodecError(f"{where}: pad value: value {packing.pad_value} at 0 does not fit {type} "
                         f"({type.qmin}..{type.qmax})")


class WordCountError(CodecError):
    """A text has another number of words than its tensor."""

    def __init__(self, where: str, words: int, expected: int) -> None:
        super().__init__(f"{where}: has {words} words, expected {expected}")
        self.words = words
