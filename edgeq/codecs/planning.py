"""Choose how huffman or ans code a tensor: mode, low bits, codebook, longest run, tables, all by counted bytes.

Every size is counted from histograms without coding anything; huffman's are exact, those of ans within its last
fraction of a bit per symbol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgeq.codecs.coding import JOINT, MODES, RUNS, VALUES, Coding, Symbols
from edgeq.codecs.histograms import Statistics
from edgeq.codecs.tables import MAX_ENTRIES, UNIT, Histogram, Table, best_table
from edgeq.codecs.tans import FEWEST_BITS, MOST_BITS
from edgeq.codecs.varint import write_svarint, write_varint
from edgeq.errors import InputError

IntArray = npt.NDArray[np.int64]

_LOW_BITS_TRIED = 4
_MORE_OF_FEW = 8
"""Low bits tried more where a table is dear beside the values, and for joint symbols, whose tables are large."""
_FEW = 1 << 12
_FINALISTS = 3
_JOINT_SYMBOLS = 64
_LARGE = 1 << 20
"""Elements from which runs are tried only where a quarter of the elements is the fill value."""
_FIRST_TABLE_BITS = 12


@dataclass(frozen=True)
class Wishes:
    """What the caller has fixed; None where the planner is free."""

    mode: str | None
    run_bits: int | None
    low_bits: int | None
    codebook: IntArray | None
    table: str | None
    table_bits: int | None


@dataclass(frozen=True)
class Plan:
    """A way to code a tensor: its parameters, its tables (None where it has none), the bytes of both sections."""

    symbols: Symbols
    values: Table | None
    runs: Table | None
    data_bits: int
    size: int

    @property
    def coding(self) -> Coding:
        """The parameters."""
        return self.symbols.coding

    def head(self, statistics: Statistics) -> bytes:
        """Return the section tables up to its restart part."""
        head = self.coding.write(statistics.tensor.type)
        if self.values is not None:
            head += write_svarint(self.symbols.lo) + write_varint(self.symbols.count) + self.values.data
        return head + (self.runs.data if self.runs is not None else b"")


def best_plan(statistics: Statistics, wishes: Wishes, first: Coding) -> Plan:
    """Return the smallest plan that fulfils the wishes; ``first`` has word bits, rows a segment and, for ans, any
    ``table_bits`` but 0. Raises InputError where there is none."""
    planner = _Planner(statistics, wishes, first)
    plans = sorted(planner.plans(), key=lambda p: p.size)[:_FINALISTS]
    if first.table_bits and plans and plans[0].values is not None:
        plans = sorted(planner.with_other_states(plans), key=lambda p: p.size)
    if not plans:
        raise InputError(f"{statistics.tensor.where}: no table of at most {MAX_ENTRIES} entries holds this tensor of "
                         f"{statistics.tensor.type} under the options given; allow more low_bits or another mode")
    return plans[0]


class _Planner:
    def __init__(self, statistics: Statistics, wishes: Wishes, first: Coding) -> None:
        self.statistics, self.wishes, self.first = statistics, wishes, first
        self.fill_value = statistics.tensor.fill_value
        self.states = (wishes.table_bits or _FIRST_TABLE_BITS) if first.table_bits else 0
        self.run_histograms: dict[int, Histogram] = {}
        self.value_histograms: dict[tuple[int, int, bool], Histogram] = {}

    def plans(self) -> Iterator[Plan]:
        """Yield a plan for each mode, value alphabet and longest run, with the first number of states."""
        for mode in self._modes():
            for low_bits, codebook in self._alphabets(mode):
                coding = replace(self.first, mode=mode, low_bits=low_bits, codebook=codebook, table_bits=self.states)
                if self.statistics.tensor.codes.size == 0 or (mode != VALUES and self.statistics.stored == 0):
                    yield self._without_tables(coding)
                else:
                    yield from self._of_alphabet(coding)

    def with_other_states(self, plans: list[Plan]) -> Iterator[Plan]:
        """Yield the plans with every number of states."""
        fixed = self.wishes.table_bits
        for plan in plans:
            for bits in (fixed,) if fixed else range(FEWEST_BITS, MOST_BITS + 1):
                coding = replace(plan.coding, table_bits=bits)
                found = self._with_tables(replace(plan.symbols, coding=coding))
                if found is not None:
                    yield found

    def _modes(self) -> tuple[int, ...]:
        if self.wishes.mode is not None:
            return (MODES.index(self.wishes.mode),)
        if self.wishes.run_bits is not None:
            return (RUNS, JOINT)
        size = self.statistics.tensor.codes.size
        dense = size > _LARGE and 4 * self.statistics.stored > 3 * size
        return (VALUES,) if dense else (VALUES, RUNS, JOINT)

    def _alphabets(self, mode: int) -> Iterator[tuple[int, IntArray | None]]:
        """Yield low bits and codebooks to try."""
        if self.wishes.codebook is not None:
            yield 0, self.wishes.codebook
            return
        if self.wishes.low_bits is not None:
            yield self.wishes.low_bits, None
            return
        values = self._values(mode)
        span = int(values.max() - values.min()) + 1 if values.size else 1
        least = max(0, (span + 1).bit_length() - MAX_ENTRIES.bit_length())
        more = _MORE_OF_FEW if mode == JOINT or self.statistics.stored < _FEW else 0
        for low_bits in range(least, min(least + _LOW_BITS_TRIED + more, 16)):
            yield low_bits, None
        if 0 < values.size <= min(256, span // 4):
            counts = self._counts(mode)
            yield 0, values[np.argsort(-counts, kind="stable")]

    def _values(self, mode: int) -> IntArray:
        values = self.statistics.values
        return values if mode == VALUES else values[values != self.fill_value]

    def _counts(self, mode: int) -> IntArray:
        s = self.statistics
        return s.counts if mode == VALUES else s.counts[s.values != self.fill_value]

    def _of_alphabet(self, coding: Coding) -> Iterator[Plan]:
        values = self._values(coding.mode)
        entries, _ = Symbols(0, 1, self.fill_value, coding).entry_and_low(values)
        lo, count = int(entries.min()), int(entries.max() - entries.min()) + 1
        for max_run in self._longest_runs(coding.mode, count):
            escape = coding.mode != VALUES and self.statistics.longest_run > max_run
            symbols = Symbols(lo, count, self.fill_value, replace(coding, max_run=max_run, escape=escape))
            fits = symbols.entries <= MAX_ENTRIES and (coding.mode != RUNS or symbols.run_entries <= MAX_ENTRIES)
            found = self._with_tables(symbols) if fits else None
            if found is not None:
                yield found

    def _longest_runs(self, mode: int, count: int) -> list[int]:
        if mode == VALUES:
            return [0]
        if self.wishes.run_bits is not None:
            return [(1 << self.wishes.run_bits) - 2]
        if mode == JOINT and self.wishes.mode is None and count > _JOINT_SYMBOLS:
            return []
        longest = self.statistics.longest_run
        tried = [m for m in ((1 << r) - 2 for r in range(2, 13)) if m < longest]
        return [*tried, longest]

    def _with_tables(self, symbols: Symbols) -> Plan | None:
        """Return the plan with the best tables for these symbols."""
        coding, kind = symbols.coding, self.wishes.table
        values = best_table(self._value_histogram(symbols), coding.table_bits, kind)
        runs = None
        if coding.mode == RUNS:
            runs = best_table(self._run_histogram(symbols), coding.table_bits, kind)
        if values is None or (coding.mode == RUNS and runs is None):
            return None
        coded = self.statistics.tensor.codes.size if coding.mode == VALUES else self.statistics.stored
        cost = values.cost + (runs.cost if runs else 0) + coded * coding.low_bits * UNIT
        data_bits = -(-cost // UNIT) + coding.table_bits * (self.statistics.bounds.size - 1)
        return self._sized(Plan(symbols, values, runs, data_bits, 0))

    def _without_tables(self, coding: Coding) -> Plan:
        run_bits = self.wishes.run_bits
        coding = replace(coding, max_run=(1 << run_bits) - 2 if run_bits and coding.mode != VALUES else 0)
        return self._sized(Plan(Symbols(0, 1, self.fill_value, coding), None, None, 0, 0))

    def _sized(self, plan: Plan) -> Plan:
        word = plan.coding.word_bits
        segments = self.statistics.bounds.size - 1
        # Every segment but the last wastes half a word on average.
        words = -(-(plan.data_bits + (segments - 1) * word // 2) // word) if plan.data_bits else 0
        return replace(plan, size=len(plan.head(self.statistics)) + words * word // 8)

    def _value_histogram(self, symbols: Symbols) -> Histogram:
        coding = symbols.coding
        if coding.mode == JOINT:
            return Histogram(self._joint_counts(symbols), None)
        key = (coding.mode, coding.low_bits, coding.codebook is None)
        if key not in self.value_histograms:
            entries, _ = symbols.entry_and_low(self._values(coding.mode))
            counts = np.zeros(symbols.count, np.int64)
            np.add.at(counts, entries, self._counts(coding.mode))
            self.value_histograms[key] = Histogram(counts, symbols.shape)
        return self.value_histograms[key]

    def _run_histogram(self, symbols: Symbols) -> Histogram:
        max_run = symbols.coding.max_run
        if max_run not in self.run_histograms:
            counts = self.statistics.count_runs(max_run)[: symbols.run_entries]
            self.run_histograms[max_run] = Histogram(counts, symbols.run_shape)
        return self.run_histograms[max_run]

    def _joint_counts(self, symbols: Symbols) -> IntArray:
        counts = self.statistics.count_pairs(symbols.coding.max_run, entries_of_codes(self.statistics, symbols)[0],
                                             symbols.count)
        return counts[: symbols.entries]


def entries_of_codes(statistics: Statistics, symbols: Symbols) -> tuple[IntArray, IntArray]:
    """Return entry and low part of each code that occurs, by code; 0 for the others."""
    tensor = statistics.tensor
    values = statistics.values
    if symbols.coding.mode != VALUES:
        values = values[values != tensor.fill_value]
    codes = values & ((1 << tensor.type.bits) - 1)
    entry_of, low_of = np.zeros((2, 1 << tensor.type.bits), np.int64)
    entry_of[codes], low_of[codes] = symbols.entry_and_low(values)
    return entry_of, low_of
