"""Write integers as the text that ``$readmemh`` loads, and read it back.

One word per line, ascending, lower-case hexadecimal of ``ceil(word_bits / 4)`` digits, LF, a final newline, no
comment and no address: the strict profile, for ``reg [W-1:0] m [0:DEPTH-1]``. A value is checked against its
type, then masked to its width (two's complement). Several lanes share a word; the last word is padded.

Source: design page "Artefacts".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import IntType
from edgeq.errors import CodecError, InputError

Array = npt.NDArray[Any]
IntArray = npt.NDArray[np.int64]
_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_BAD = 255
_VALUES = np.full(256, _BAD, np.uint8)
_VALUES[_DIGITS] = np.arange(16)
_LF = 10
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Packing:
    """How values share a word: ``lanes`` of ``bits`` each, lane 0 in the least (lsb) or most (msb) significant.

    ``pad_value`` fills the lanes of the last word that no value takes. Raises InputError for others.

    >>> Packing(9).digits, Packing(3, lanes=4, lane0="msb").word_bits
    (3, 12)
    """

    bits: int
    lanes: int = 1
    lane0: str = "lsb"
    pad_value: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.lanes, int) or isinstance(self.lanes, bool) or not 1 <= self.lanes <= 4096:
            raise InputError(f"lanes {self.lanes!r} is not a number from 1 to 4096")
        if self.lane0 not in ("lsb", "msb"):
            raise InputError(f"lane0 {self.lane0!r} does not exist; use lsb or msb")

    @property
    def word_bits(self) -> int:
        """Bits of a word."""
        return self.bits * self.lanes

    @property
    def digits(self) -> int:
        """Hexadecimal digits of a word."""
        return -(-self.word_bits // 4)

    def depth(self, count: int) -> int:
        """Return the number of words that ``count`` values take."""
        return -(-count // self.lanes)

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest's fields."""
        return {"word_bits": self.word_bits, "lanes": self.lanes, "lane0": self.lane0, "pad_value": self.pad_value}


def encode_hex(values: Array, type: IntType, packing: Packing | None = None, where: str = "hex") -> bytes:
    """Return the words of ``values``, taken in row-major order.

    Raises CodecError naming ``where`` and the first value outside ``type``.

    >>> import numpy as np
    >>> encode_hex(np.array([-1, 0, 127]), IntType(8))
    b'ff\\n00\\n7f\\n'
    >>> encode_hex(np.array([1, 2, 3]), IntType(4), Packing(4, lanes=2))
    b'21\\n03\\n'
    """
    kept = packing or Packing(type.bits)
    if kept.bits != type.bits:
        raise InputError(f"{where}: lanes of {kept.bits} bits cannot hold {type}")
    flat = np.asarray(values).reshape(-1)
    require_range(flat, type, where)
    require_range(np.array([kept.pad_value]), type, f"{where}: pad value")
    rows = _padded(flat.astype(np.int64), kept)
    return b"".join(_encoded(rows[k : k + _CHUNK], kept) for k in range(0, len(rows), _CHUNK))


def require_range(flat: Array, type: IntType, where: str) -> None:
    """Raise CodecError for values that are no integers or outside ``type``, naming the first."""
    if flat.dtype.kind not in "iu":
        raise CodecError(f"{where}: expected integers, got {flat.dtype}")
    bad = np.flatnonzero((flat < type.qmin) | (flat > type.qmax))
    if bad.size:
        value, place = int(flat[bad[0]]), int(bad[0])
        raise CodecError(f"{where}: value {value} at {place} does not fit {type} ({type.qmin}..{type.qmax})")


def _padded(flat: IntArray, packing: Packing) -> IntArray:
    words = packing.depth(flat.size)
    rows = np.full((words, packing.lanes), packing.pad_value, np.int64)
    rows.reshape(-1)[: flat.size] = flat
    return rows


def _encoded(rows: IntArray, packing: Packing) -> bytes:
    """Return the text of words whose lanes are the columns of ``rows``, lane 0 first."""
    text = np.full((len(rows), packing.digits + 1), _LF, np.uint8)
    text[:, :-1] = _DIGITS[_nibbles(rows, packing)]
    return text.tobytes()


def _nibbles(rows: IntArray, packing: Packing) -> Array:
    """Return the hexadecimal digits of each word, most significant first."""
    unit = 1 if packing.lanes > 1 and packing.bits % 4 else 4  # single bits where lanes share a digit
    per_lane = -(-packing.bits // unit)
    lanes = rows if packing.lane0 == "msb" else rows[:, ::-1]
    shifts = np.arange(per_lane - 1, -1, -1, dtype=np.int64) * unit
    parts = (lanes[:, :, None] >> shifts) & ((1 << unit) - 1)
    if packing.bits % unit:  # the sign must not show above the declared width
        parts[:, :, 0] &= (1 << packing.bits % unit) - 1
    parts = parts.reshape(len(rows), -1).astype(np.uint8)
    if unit == 4:
        return parts
    parts = np.pad(parts, ((0, 0), (packing.digits * 4 - packing.word_bits, 0)))
    return np.asarray(parts.reshape(len(rows), -1, 4) @ np.array([8, 4, 2, 1], np.uint8))


class WordCountError(CodecError):
    """A text has another number of words than its tensor."""

    def __init__(self, where: str, words: int, expected: int) -> None:
        super().__init__(f"{where}: has {words} words, expected {expected}")
        self.words = words


def decode_hex(
    data: bytes, type: IntType, count: int, packing: Packing | None = None, where: str = "hex", *, strict: bool = True
) -> IntArray:
    """Return the ``count`` values of a text; raises CodecError naming ``where``, the line and the fault.

    Unless ``strict``, upper case, comments, blank lines, ``@`` addresses that ascend without a gap, CRLF and a
    missing final newline pass: what simulators and devices write.

    >>> decode_hex(b"ff\\n00\\n7f\\n", IntType(8), 3).tolist()
    [-1, 0, 127]
    """
    kept = packing or Packing(type.bits)
    text = data if strict else _plain(data, where)
    width = kept.digits + 1
    if len(text) % width or text.count(b"\n") * width != len(text):
        _explain(text, kept, where)
    grid = np.frombuffer(text, np.uint8).reshape(-1, width)
    words = kept.depth(count)
    parts = []
    for start in range(0, len(grid), _CHUNK):
        digits = _VALUES[grid[start : start + _CHUNK, :-1]]
        if (grid[start : start + _CHUNK, -1] != _LF).any() or (digits == _BAD).any() or _overwide(digits, kept):
            _explain(text, kept, where)
        parts.append(_lanes(digits, kept, type))
    if len(grid) != words:
        raise WordCountError(where, len(grid), words)
    flat = np.concatenate(parts).reshape(-1) if parts else np.zeros(0, np.int64)
    if (flat[count:] != kept.pad_value).any():
        raise CodecError(f"{where} line {words}: an unused lane does not hold the pad value {kept.pad_value}")
    return flat[:count]


def _overwide(digits: Array, packing: Packing) -> bool:
    top = packing.word_bits % 4
    return bool(top and (digits[:, 0] >> top).any())


def _lanes(digits: Array, packing: Packing, type: IntType) -> IntArray:
    """Return the values of words given as hexadecimal digits, lane 0 first."""
    unit, parts = 4, digits
    if packing.lanes > 1 and packing.bits % 4:
        unit = 1
        parts = ((digits[:, :, None] >> np.array([3, 2, 1, 0], np.uint8)) & 1).reshape(len(digits), -1)
        parts = parts[:, packing.digits * 4 - packing.word_bits :]
    per_lane = -(-packing.bits // unit)
    weights = np.uint64(1) << np.arange(per_lane - 1, -1, -1, dtype=np.uint64) * np.uint64(unit)
    grouped = parts.reshape(len(digits), packing.lanes, per_lane)
    codes = np.zeros(grouped.shape[:2], np.uint64)
    for k in range(per_lane):
        codes += grouped[:, :, k] * weights[k]
    away = np.uint64(64 - packing.bits)
    values = (codes << away).view(np.int64) >> int(away) if type.signed else codes.astype(np.int64)
    return np.ascontiguousarray(values if packing.lane0 == "msb" else values[:, ::-1])


def _plain(data: bytes, where: str) -> bytes:
    """Return the words alone, one a line; an address has to be that of the word after it."""
    words: list[bytes] = []
    for word in re.sub(rb"//[^\n]*", b"", data).lower().split():
        if not word.startswith(b"@"):
            words.append(word)
        elif not re.fullmatch(rb"@[0-9a-f]{1,16}", word) or int(word[1:], 16) != len(words):
            raise CodecError(f"{where}: address {word.decode(errors='replace')} stands before word {len(words)}")
    return b"".join(word + b"\n" for word in words)


def _explain(text: bytes, packing: Packing, where: str) -> None:
    """Raise CodecError for the first line that breaks the format; called only when one does."""
    lines = text.split(b"\n")
    for number, line in enumerate(lines[:-1], 1):
        fault = _fault(line, packing)
        if fault:
            raise CodecError(f"{where} line {number}: {fault}")
    raise CodecError(f"{where} line {len(lines)}: the final newline is missing")


def _fault(line: bytes, packing: Packing) -> str | None:
    bad = [chr(c) for c in line if _VALUES[c] == _BAD]
    if bad and bad[0] in "xz":
        return f"the word is unknown ({bad[0]}): it was never written"
    if bad:
        return f"{bad[0]!r} is not a lower-case hexadecimal digit"
    if len(line) != packing.digits:
        return f"has {len(line)} digits, expected {packing.digits} ({packing.word_bits} bits)"
    if int(line, 16) >> packing.word_bits:
        return f"{line.decode()} does not fit {packing.word_bits} bits; mask a sign-extended value to its bits"
    return None
