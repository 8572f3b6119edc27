"""What the Verilog Huffman decoder's memories and parameters hold for one tensor, made from a blob's parts.

A table is stored as the decoder wants it: the number of codes of each length, and in canonical order what each
code stands for: a run, or a value with low part 0, so that hardware knows neither fill value nor codebook.

Source: format page `edgeq/codecs/README.md`, "huffman and ans"; `hw_templates/rtl/edgeq_huffman_decoder.v`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import IntType
from edgeq.errors import CodecError, InputError, shown
from edgeq.ir.tensor import IntArray

VALUES, RUNS, JOINT = range(3)
"""The modes."""
LONGEST = 15
MOST_ENTRIES = 4096
COUNT_BITS = 13
"""Bits of a number of codes in the packed form: up to 4096."""
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Coded:
    """A huffman blob, taken apart: the fields of the format page, code lengths in place of tables.

    ``codebook`` is empty without one; ``words`` and ``counts`` are the restart table, one line per segment.
    """

    type: IntType
    shape: tuple[int, ...]
    fill_value: int
    mode: int
    word_bits: int
    low_bits: int
    largest_run: int
    escape: bool
    rows_per_segment: int
    codebook: IntArray
    lo: int
    value_lengths: IntArray
    run_lengths: IntArray
    stream: Words
    words: IntArray
    counts: IntArray


@dataclass(frozen=True)
class Table:
    """A canonical table: ``counts[l - 1]`` codes of length l, and the entries in the order of their codes."""

    counts: tuple[int, ...]
    entries: IntArray

    def __post_init__(self) -> None:
        fits = len(self.counts) == LONGEST and all(0 <= count <= MOST_ENTRIES for count in self.counts)
        if not fits or sum(self.counts) != self.entries.size or not self.entries.size:
            counts = shown(list(self.counts))
            raise CodecError(f"numbers of codes {counts} are not those of {self.entries.size} entries")

    @property
    def longest(self) -> int:
        """Longest code in bits."""
        return max(length for length, count in enumerate(self.counts, 1) if count)

    @property
    def packed(self) -> int:
        """The counts in fields of 13 bits, length 1 in the lowest."""
        return sum(count << COUNT_BITS * k for k, count in enumerate(self.counts))

    @property
    def limits(self) -> IntArray:
        """Where the codes of each length end, as fractions of 2^15: a code is longer than l when it is not below."""
        spans = [count << LONGEST - length for length, count in enumerate(self.counts, 1)]
        return np.cumsum(np.array(spans, np.int64))

    @property
    def firsts(self) -> IntArray:
        """What to add to a code of each length for its place among the entries."""
        counts = np.array(self.counts, np.int64)
        lengths = np.arange(1, LONGEST + 1)
        return (np.cumsum(counts) - counts) - ((self.limits - (counts << LONGEST - lengths)) >> LONGEST - lengths)

    def code_at(self, place: int) -> tuple[int, int]:
        """Return length and code of the entry at a place."""
        length = int(np.searchsorted(np.cumsum(self.counts), place, side="right")) + 1
        return length, int(place - self.firsts[length - 1])


@dataclass(frozen=True)
class Image:
    """One tensor as the decoder loads it.

    Entries of ``values`` are modulo 2^bits, in joint mode with the run in ``run_bits`` above; ``escape`` is length
    and code of the escape, (0, 0) for none; ``segment`` is the number of elements of a segment.
    """

    type: IntType
    shape: tuple[int, ...]
    fill_value: int
    mode: int
    word_bits: int
    low_bits: int
    run_bits: int
    escape: tuple[int, int]
    segment: int
    values: Table
    runs: Table
    stream: Words
    words: IntArray
    counts: IntArray

    @property
    def elements(self) -> int:
        """Number of elements of the tensor."""
        return math.prod(self.shape)


def make_image(coded: Coded, where: str) -> Image:
    """Return the image of a tensor; raises InputError naming ``where`` for one without elements."""
    if not math.prod(coded.shape):
        raise InputError(f"{where}: shape {list(coded.shape)} has no elements; there is nothing to decode in hardware")
    run_bits = max(1, coded.largest_run.bit_length())
    values, order = _table(coded.value_lengths, _value_entries(coded))
    runs, run_order = _table(coded.run_lengths, _run_entries(coded))
    number, table, places = {
        VALUES: (-1, values, order), RUNS: (coded.largest_run + 1, runs, run_order),
        JOINT: (coded.value_lengths.size - 1, values, order)}[coded.mode]
    found = np.flatnonzero(places == number) if coded.escape else np.zeros(0, np.int64)
    escape = table.code_at(int(found[0])) if found.size else (0, 0)
    columns = math.prod(coded.shape[1:]) if len(coded.shape) > 1 else math.prod(coded.shape)
    segment = min(coded.rows_per_segment * columns or math.prod(coded.shape), math.prod(coded.shape))
    return Image(coded.type, coded.shape, coded.fill_value, coded.mode, coded.word_bits, coded.low_bits, run_bits,
                 escape, segment, values, runs, coded.stream, coded.words, coded.counts)


def _table(lengths: IntArray, entries: IntArray) -> tuple[Table, IntArray]:
    """Return the table of entries by number, and the numbers in canonical order; one code where none is used."""
    used = np.flatnonzero(lengths)
    order = used[np.argsort(lengths[used], kind="stable")]
    if not used.size:
        return Table((1,) + (0,) * (LONGEST - 1), np.zeros(1, np.int64)), order
    counts = np.bincount(lengths[used], minlength=LONGEST + 1)[1:]
    return Table(tuple(counts.tolist()), entries[order]), order


def _value_entries(coded: Coded) -> IntArray:
    """Return what each entry of the value table stands for, by number."""
    numbers = np.arange(coded.value_lengths.size, dtype=np.int64)
    runs = np.zeros_like(numbers)
    if coded.mode == JOINT and numbers.size:
        each = (numbers.size - coded.escape) // (coded.largest_run + 1)
        runs, numbers = np.divmod(numbers, each)
        if coded.escape:
            runs[-1] = coded.largest_run
    values = coded.codebook[numbers] if coded.codebook.size else coded.fill_value + (
        (numbers + coded.lo) << coded.low_bits)
    return (values & ((1 << coded.type.bits) - 1)) | (runs << coded.type.bits)


def _run_entries(coded: Coded) -> IntArray:
    """Return the runs by number; that of the escape is the largest run."""
    return np.minimum(np.arange(coded.run_lengths.size, dtype=np.int64), coded.largest_run)
