"""What huffman and ans share: options, the section of tables, reading; see `edgeq/codecs/README.md`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgeq.codecs.bits import Bytes, Codes, code_dtype, readonly, require_word_bits, swap_words
from edgeq.codecs.blob import Header, Stored
from edgeq.codecs.codec import Codec, filled
from edgeq.codecs.coding import JOINT, MODES, RUNS, VALUES, Coding, Symbols, read_coding, read_symbols_of
from edgeq.codecs.histograms import Statistics, statistics_of
from edgeq.codecs.planning import Plan, Wishes, best_plan
from edgeq.codecs.reading import FAST_BITS, FAULTS, Rows, count_kept, fill_fast, read_symbols
from edgeq.codecs.segments import (
    Places,
    Segments,
    check_ends,
    read_segments,
    require_restart,
    rows_per_segment,
    segment_bounds,
    write_restart,
)
from edgeq.codecs.tables import KINDS, MAX_ENTRIES, read_table
from edgeq.codecs.tensor import Array, Tensor
from edgeq.errors import InputError, shown

IntArray = npt.NDArray[np.int64]

_FAST_FROM = 1 << 17
"""Elements from which a table of several codes a row pays for its making."""


@dataclass(frozen=True)
class Held:
    """The section of tables as read: symbols, the numbers of both tables (empty where absent), segments."""

    symbols: Symbols
    values: IntArray
    runs: IntArray
    segments: Segments


@dataclass(frozen=True)
class Lookup:
    """A table for the reading loop: its rows, and the bits that huffman looks them up by."""

    rows: IntArray
    peeked: int


@dataclass(frozen=True)
class Entropy(Codec):
    """Base of huffman and ans. None leaves a choice to the encoder, which takes what gives the fewest bytes.

    ``mode`` "values", "runs" or "joint"; ``run_bits`` r: the longest run is 2^r - 2; ``low_bits``: bits of a value
    that are stored plain; ``codebook``: values whose places are coded; ``table`` "dense", "list", "model" or
    "coarse"; ``word_bits``, ``restart`` and ``banks`` as in zero_runs.
    """

    sections: ClassVar[tuple[str, ...]] = ("tables", "data")

    run_bits: int | None = None
    word_bits: int = 8
    restart: str = "none"
    banks: int = 1
    codebook: Sequence[int] | None = None
    mode: str | None = None
    low_bits: int | None = None
    table: str | None = None

    def __post_init__(self) -> None:
        kinds = KINDS if self._first_table_bits else tuple(k for k in KINDS if k != "coarse")
        for option, given, known in (("mode", self.mode, MODES), ("table", self.table, kinds)):
            require(given is None or (isinstance(given, str) and given in known), option, given, ", ".join(known))
        require(self.run_bits is None or within(self.run_bits, 2, 12), "run_bits", self.run_bits, "2 to 12")
        require(self.low_bits is None or within(self.low_bits, 0, 15), "low_bits", self.low_bits, "0 to 15")
        require(not (self.run_bits and self.mode == "values"), "run_bits", self.run_bits, "mode runs or joint")
        require(not (self.low_bits and self.codebook is not None), "low_bits", self.low_bits, "0 with a codebook")
        require(not (self.table == "model" and self.mode == "joint"), "table", self.table, "dense or list")
        require_word_bits(self.word_bits)
        require_restart(self.restart, self.banks)

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        rows_each = rows_per_segment(self.restart, self.banks, tensor.rows)
        statistics = statistics_of(tensor, segment_bounds(tensor, rows_each))
        return statistics.stored, self.write_plan(self.plan(statistics), statistics)

    def plan(self, statistics: Statistics) -> Plan:
        """Return the smallest plan for a tensor under these options."""
        tensor = statistics.tensor
        rows_each = rows_per_segment(self.restart, self.banks, tensor.rows)
        first = Coding(VALUES, False, self.word_bits, 0, self._first_table_bits, 0, rows_each, None)
        codebook = None if self.codebook is None else self._checked_codebook(statistics)
        wishes = Wishes(self.mode, self.run_bits, self.low_bits, codebook, self.table, self._fixed_table_bits)
        return best_plan(statistics, wishes, first)

    def write_plan(self, plan: Plan, statistics: Statistics) -> list[Any]:
        """Return the sections of a tensor coded by a plan."""
        data, starts = self.write_data(plan, statistics)
        restart = write_restart(plan.coding.rows_each, starts // self.word_bits, statistics.kept)
        return [plan.head(statistics) + restart, data]

    def section_bytes(self, plan: Plan, statistics: Statistics) -> tuple[int, int]:
        """Return the lengths of both sections of a tensor coded by a plan."""
        tables, data = self.write_plan(plan, statistics)
        return len(tables), data.size

    def _checked_codebook(self, statistics: Statistics) -> IntArray:
        tensor = statistics.tensor
        try:
            book = np.array(self.codebook)
        except ValueError:  # lists of different lengths
            book = np.zeros(())
        if book.ndim != 1 or book.dtype.kind not in "iu" or np.unique(book).size != book.size:
            raise InputError(f"{tensor.where}: a codebook is a list of distinct integers, got {shown(self.codebook)}")
        if not 1 <= book.size <= MAX_ENTRIES:
            raise InputError(f"{tensor.where}: a codebook has 1 to {MAX_ENTRIES} values, got {book.size}")
        if not tensor.type.holds(int(book.min()), int(book.max())):
            raise InputError(f"{tensor.where}: codebook {shown(self.codebook)} has values outside {tensor.type}")
        missing = np.setdiff1d(statistics.values, book)
        if self.mode != "values" and not (self.mode is None and self.run_bits is None):
            missing = missing[missing != tensor.fill_value]
        if missing.size:
            raise InputError(f"{tensor.where}: value {missing[0]} is not in the codebook {shown(self.codebook)}")
        return book.astype(np.int64)

    @property
    @abstractmethod
    def _first_table_bits(self) -> int:
        """0 for huffman, any other for ans."""

    @property
    def _fixed_table_bits(self) -> int | None:
        return None

    @abstractmethod
    def write_data(self, plan: Plan, statistics: Statistics) -> tuple[Bytes, Places]:
        """Return the section data, and the bit at which each segment begins, with the end as the last."""

    @abstractmethod
    def lookup(self, numbers: IntArray) -> Lookup:
        """Return a table as the reading loop looks it up."""

    def held(self, stored: Stored) -> Held:
        """Return the section of tables, checked."""
        header, cursor = stored.header, stored.cursor("tables")
        coding = read_coding(cursor, header, self._first_table_bits > 0)
        symbols, numbers = Symbols(0, 1, header.fill_value, coding), [np.zeros(0, np.int64)] * 2
        if header.elements and (coding.mode == VALUES or header.count):
            symbols = read_symbols_of(cursor, header, coding)
            numbers[0] = read_table(cursor, symbols.entries, symbols.shape, coding.table_bits)
            if coding.mode == RUNS:
                numbers[1] = read_table(cursor, symbols.run_entries, symbols.run_shape, coding.table_bits)
        segments = read_segments(stored, cursor, coding.rows_each, coding.word_bits)
        cursor.end()
        return Held(symbols, numbers[0], numbers[1], segments)

    def read(self, stored: Stored) -> Codes:
        held = self.held(stored)
        coding, header, segments = held.symbols.coding, stored.header, held.segments
        data = swap_words(stored.bytes_of("data"), coding.word_bits)
        ends = np.zeros(segments.counts.size, np.int64)
        every = coding.mode == VALUES  # writes every element
        codes = np.empty(header.elements, code_dtype(header.type.bits)) if every else filled(header)
        if held.values.size:
            self._read_symbols(stored, held, data, codes, ends)
        check_ends(stored, data, segments, ends, coding.word_bits)
        return codes

    def _read_symbols(self, stored: Stored, held: Held, data: Bytes, codes: Codes, ends: IntArray) -> None:
        coding, segments, header = held.symbols.coding, held.segments, stored.header
        values = self.lookup(held.values)
        runs = self.lookup(held.runs) if coding.mode == RUNS else Lookup(np.zeros(1, np.int64), 0)
        stride = held.symbols.count if coding.mode == JOINT else 0
        entries = held.symbols.entries if coding.mode == JOINT else held.symbols.run_entries
        limits = (header.type.qmin, header.type.qmax, (1 << header.type.bits) - 1)
        fault, place = read_symbols(
            _eight(data), segments.bounds, segments.starts, segments.counts, coding.mode, limits, header.fill_value,
            coding.max_run, stride, entries - 1 if coding.escape else -1, coding.low_bits, coding.table_bits,
            values.rows, values.peeked, runs.rows, runs.peeked, held.symbols.bases(),
            _fast_rows(held.symbols, values, header), codes, ends)
        if fault:
            raise stored.fault("data", place // 8, FAULTS[fault])
        if coding.mode == VALUES:
            kept = np.zeros_like(segments.counts)
            count_kept(readonly(codes), segments.bounds, header.fill_code, kept)
            wrong = np.flatnonzero(kept != segments.counts)
            if wrong.size:
                s = int(wrong[0])
                raise stored.fault("data", int(segments.starts[s]) // 8, f"segment {s} has {kept[s]} values other than "
                                   f"the fill value, its count says {segments.counts[s]}")

    def unpack(self, stored: Stored) -> dict[str, Array]:
        held = self.held(stored)
        coding, starts = held.symbols.coding, held.segments.starts
        parameters = [coding.mode, coding.escape, coding.word_bits, coding.low_bits, coding.table_bits,
                      coding.max_run, coding.rows_each, held.symbols.lo, held.symbols.count]
        book = np.zeros(0, np.int64) if coding.codebook is None else coding.codebook
        restart = np.stack([starts[:-1] // coding.word_bits, held.segments.counts], axis=1)
        words = stored.bytes_of("data").view(f"<u{coding.word_bits // 8}")
        return {"parameters": np.array(parameters, np.int64), "codebook": book, "values": held.values,
                "runs": held.runs, "restart": restart, "data": words}


def _eight(data: Bytes) -> Bytes:
    """Return bytes with zeros behind them, up to eight."""
    return data if data.size >= 8 else readonly(np.append(data, np.zeros(8 - data.size, np.uint8)))


def _fast_rows(symbols: Symbols, lookup: Lookup, header: Header) -> Rows:
    """Return the table of several codes a row, for mode "values" of huffman without low bits; else an empty one."""
    coding, type = symbols.coding, header.type
    if coding.mode != VALUES or coding.low_bits or coding.table_bits or header.elements < _FAST_FROM:
        return np.zeros(0, np.uint64)
    bases = symbols.bases()
    legal = (bases >= type.qmin) & (bases <= type.qmax)
    fast = np.zeros(1 << FAST_BITS, np.uint64)
    fill_fast(lookup.rows, lookup.peeked, np.where(legal, bases & ((1 << type.bits) - 1), -1), fast)
    return fast


def within(value: object, least: int, most: int) -> bool:
    """Tell whether an option is an integer from ``least`` to ``most``."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def require(right: bool, option: str, got: object, expected: str) -> None:
    """Raise InputError for an option that is not ``right``."""
    if not right:
        raise InputError(f"{option} {shown(got)} does not exist here; expected {expected}")
