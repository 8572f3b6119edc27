"""What a blob of huffman or ans says before its data: parameters, codebook, and the entries of its two tables.

Source: format page `edgeq/codecs/README.md`, "huffman and ans".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import IntType
from edgeq.codecs.bits import WORD_BITS, bytes_for, code_dtype, pack, padding_is_zero, unpack
from edgeq.codecs.blob import Header
from edgeq.codecs.model import Shape, shape_of_runs, shape_of_values
from edgeq.codecs.tables import MAX_ENTRIES
from edgeq.codecs.tans import FEWEST_BITS, MOST_BITS
from edgeq.codecs.tensor import codes_of, values_of
from edgeq.codecs.varint import Cursor, write_varint

IntArray = npt.NDArray[np.int64]

MODES = ("values", "runs", "joint")
VALUES, RUNS, JOINT = range(3)


@dataclass(frozen=True)
class Coding:
    """The parameters; ``table_bits`` is 0 for huffman, ``codebook`` (V,) the values in their order, or None."""

    mode: int
    escape: bool
    word_bits: int
    low_bits: int
    table_bits: int
    max_run: int
    rows_each: int
    codebook: IntArray | None

    def write(self, type: IntType) -> bytes:
        """Return parameters and codebook."""
        flags = self.mode | self.escape << 2 | (self.codebook is not None) << 3 | WORD_BITS.index(self.word_bits) << 4
        head = bytes([flags, self.low_bits | self.table_bits << 4])
        run = write_varint(self.max_run) if self.mode else b""
        head += run + write_varint(self.rows_each)
        if self.codebook is None:
            return head
        fields = pack(codes_of(self.codebook, type), type.bits)
        return head + write_varint(self.codebook.size) + fields.tobytes()


def read_coding(cursor: Cursor, header: Header, ans: bool) -> Coding:
    """Return parameters and codebook at the cursor; raises CodecError for any that no writer makes."""
    flags, widths = cursor.u8("flags"), cursor.u8("low bits and table bits")
    mode, low_bits, table_bits = flags & 3, widths & 15, widths >> 4
    escape, has_codebook = bool(flags & 4), bool(flags & 8)
    if mode > JOINT or flags >> 6 or (escape and mode == VALUES) or (low_bits and has_codebook):
        raise cursor.fault(0, f"flags {flags:#04x} with {low_bits} low bits do not exist")
    if table_bits not in (range(FEWEST_BITS, MOST_BITS + 1) if ans else (0,)):
        raise cursor.fault(1, f"a table of 2^{table_bits} states does not exist here")
    start = cursor.offset
    max_run = cursor.varint("largest run", 1 << 16) if mode else 0
    if escape and max_run == 0:
        raise cursor.fault(start, "escapes need a largest run of 1 or more")
    rows_each = cursor.varint("rows of a segment", 1 << 32)
    codebook = _read_codebook(cursor, header.type) if has_codebook else None
    return Coding(mode, escape, WORD_BITS[flags >> 4 & 3], low_bits, table_bits, max_run, rows_each, codebook)


def _read_codebook(cursor: Cursor, type: IntType) -> IntArray:
    start = cursor.offset
    size = cursor.varint("size of the codebook", (1 << type.bits) + 1)
    data = np.frombuffer(cursor.take(bytes_for(size * type.bits), "the codebook"), np.uint8)
    values = values_of(unpack(data, type.bits, size).astype(code_dtype(type.bits)), type).astype(np.int64)
    if not padding_is_zero(data, size * type.bits) or np.unique(values).size < size:
        raise cursor.fault(start, "the codebook has a value twice, or set bits after its last")
    return values


@dataclass(frozen=True)
class Symbols:
    """The value symbols ``lo .. lo + count - 1`` of a coding, and the fill value that differences are from."""

    lo: int
    count: int
    fill_value: int
    coding: Coding

    @property
    def entries(self) -> int:
        """Entries of the value table."""
        c = self.coding
        return (c.max_run + 1) * self.count + c.escape if c.mode == JOINT else self.count

    @property
    def run_entries(self) -> int:
        """Entries of the run table."""
        return self.coding.max_run + 1 + self.coding.escape

    @property
    def shape(self) -> Shape | None:
        """The shape of a model of the value table; mode "joint" has none."""
        c = self.coding
        if c.mode == JOINT:
            return None
        if c.codebook is not None:
            return shape_of_runs(self.count, False)
        return shape_of_values(self.lo, self.count, c.low_bits, c.mode == VALUES)

    @property
    def run_shape(self) -> Shape:
        """The shape of a model of the run table."""
        return shape_of_runs(self.run_entries, self.coding.escape)

    def bases(self) -> IntArray:
        """Return the smallest value of each symbol; it may lie outside the type."""
        symbols = np.arange(self.lo, self.lo + self.count, dtype=np.int64)
        if self.coding.codebook is None:
            return self.fill_value + (symbols << self.coding.low_bits)
        return self.coding.codebook[symbols]

    def entry_and_low(self, values: IntArray) -> tuple[IntArray, IntArray]:
        """Return the number of each value's symbol and its low part; values must have a symbol."""
        if self.coding.codebook is None:
            difference = values - self.fill_value
            low_bits = self.coding.low_bits
            return (difference >> low_bits) - self.lo, difference & ((1 << low_bits) - 1)
        order = np.argsort(self.coding.codebook)
        places = order[np.searchsorted(self.coding.codebook, values, sorter=order)]
        return places - self.lo, np.zeros_like(places)


def read_symbols_of(cursor: Cursor, header: Header, coding: Coding) -> Symbols:
    """Return the value symbols at the cursor, where both tables then begin."""
    start = cursor.offset
    lo, count = cursor.svarint("first symbol"), cursor.varint("number of symbols", MAX_ENTRIES + 1)
    symbols = Symbols(lo, count, header.fill_value, coding)
    most = max(symbols.entries, symbols.run_entries if coding.mode == RUNS else 0)
    if count < 1 or most > MAX_ENTRIES:
        raise cursor.fault(start, f"{count} symbols make a table of {most} entries, expected 1..{MAX_ENTRIES}")
    size = None if coding.codebook is None else coding.codebook.size
    if abs(lo) > 1 << 17 or (size is not None and not 0 <= lo <= lo + count <= size):
        raise cursor.fault(start, f"symbols {lo}..{lo + count - 1} do not exist here")
    return symbols
