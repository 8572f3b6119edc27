"""The reading loop of huffman and ans, with every check of a symbol; it never reads outside its bytes.

A row of a table is ``entry << 32 | base << 8 | bits``. huffman looks it up by the next ``peeked`` bits and goes on by
``bits``; ans looks it up by its state and goes on to base + the next ``bits`` bits. A row of -1 is no code.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel, primitive
from edgeq.codecs.bits import Bytes, Codes, load64, peek
from edgeq.codecs.segments import Places

IntArray = npt.NDArray[np.int64]
Rows = npt.NDArray[np.uint64]

ENDS_EARLY, NO_CODE, OUTSIDE, OUT_OF_TYPE, FILL_STORED, LAST_STATE = 1, 2, 3, 4, 5, 6
FAULTS = {
    ENDS_EARLY: "the segment's bits end before its symbols",
    NO_CODE: "these bits are no code of the table",
    OUTSIDE: "a run or value lies outside the segment",
    OUT_OF_TYPE: "a value is outside its type",
    FILL_STORED: "a stored value equals the fill value",
    LAST_STATE: "the state after the last symbol is not 0",
}

FAST_BITS = 11
"""Bits that a row of the fast table is looked up by."""

FAST_ROWS = 5
"""Rows that 57 bits hold, each of up to three symbols."""


@primitive
def _symbol(data: Bytes, position: int, state: int, table_bits: int, rows: IntArray, peeked: int) -> tuple[int, int]:
    """Return the row of the next symbol and the position after a huffman code."""
    if table_bits:
        return rows[state], position
    row = rows[peek(data, position, peeked)]
    return row, position + (row & 255)


@primitive
def _follow(data: Bytes, position: int, state: int, table_bits: int, row: int) -> tuple[int, int]:
    """Return the state and position after a symbol of ans."""
    if table_bits == 0:
        return state, position
    bits = row & 255
    return ((row >> 8) & 0xFFFFFF) + peek(data, position, bits), position + bits


@kernel
def read_symbols(
    data: Bytes, bounds: Places, starts: Places, counts: Places, mode: int, type_limits: tuple[int, int, int],
    fill_value: int, max_run: int, stride: int, escape: int, low_bits: int, table_bits: int, rows: IntArray,
    peeked: int, run_rows: IntArray, run_peeked: int, bases: IntArray, fast: Rows, codes: Codes, ends: IntArray,
) -> tuple[int, int]:
    """Fill ``codes`` and ``ends``; return a fault and the bit at which it lies, 0 for none.

    ``data`` has at least eight bytes. ``type_limits`` are smallest and largest value and the mask of a code. ``bases``
    has each value symbol's smallest value; ``stride`` is their number in mode "joint"; ``escape`` the entry of an
    escape in the table that has it. ``fast`` may be empty.
    """
    lowest, highest, mask = type_limits
    for s in range(counts.size):
        position, place, stop = starts[s], bounds[s], bounds[s + 1]
        limit = starts[s + 1]
        left = stop - place if mode == 0 else counts[s]
        state = 0
        if table_bits and left > 0:
            state = peek(data, position, table_bits)
            position += table_bits
        while left > 0:
            if fast.size:
                position, place = _read_fast(data, position, limit, place, stop, fast, codes)
                left = stop - place
                if left == 0:
                    break
            began = position
            if position > limit:
                return ENDS_EARLY, limit
            if mode == 1:
                row, position = _symbol(data, position, state, table_bits, run_rows, run_peeked)
                state, position = _follow(data, position, state, table_bits, row)
                if row < 0:
                    return NO_CODE, began
                if position > limit:
                    return ENDS_EARLY, began
                run = row >> 32
                place += max_run if run == escape else run
                if place >= stop:
                    return OUTSIDE, began
                if run == escape:
                    continue
            row, position = _symbol(data, position, state, table_bits, rows, peeked)
            if row < 0:
                return NO_CODE, began
            entry = row >> 32
            if mode == 2:
                cut = entry == escape
                place += max_run if cut else entry // stride
                if place >= stop:
                    return OUTSIDE, began
                if cut:
                    state, position = _follow(data, position, state, table_bits, row)
                    continue
                entry %= stride
            value = bases[entry] + peek(data, position, low_bits)
            position += low_bits
            state, position = _follow(data, position, state, table_bits, row)
            if position > limit:
                return ENDS_EARLY, began
            if value < lowest or value > highest:
                return OUT_OF_TYPE, began
            if mode != 0 and value == fill_value:
                return FILL_STORED, began
            codes[place] = value & mask
            place += 1
            left -= 1
        if position > limit:
            return ENDS_EARLY, limit
        if state:
            return LAST_STATE, position
        ends[s] = position
    return 0, 0


@primitive
def _read_fast(data: Bytes, position: int, limit: int, place: int, stop: int, fast: Rows,
               codes: Codes) -> tuple[int, int]:
    """Read values of mode "values" while 64 bits and places for all of them are left, up to a code of no fast row.

    A row is three codes from bit 16 upwards, their number from bit 8, their bits from bit 0.
    """
    at, to = np.uint64(position), np.uint64(place)
    while np.int64(at) + 64 <= limit and np.int64(to) + 3 * FAST_ROWS <= stop:
        held = load64(data, int(np.int64(at >> np.uint64(3)))) << (at & np.uint64(7))
        for _ in range(FAST_ROWS):
            row = fast[held >> np.uint64(64 - FAST_BITS)]
            symbols = (row >> np.uint64(8)) & np.uint64(3)
            if symbols == 0:
                return int(np.int64(at)), int(np.int64(to))
            codes[to] = row >> np.uint64(16)
            codes[to + np.uint64(1)] = row >> np.uint64(32)
            codes[to + np.uint64(2)] = row >> np.uint64(48)
            to += symbols
            length = row & np.uint64(63)
            held <<= length
            at += length
    return int(np.int64(at)), int(np.int64(to))


@kernel
def count_kept(codes: Codes, bounds: Places, fill: int, counts: IntArray) -> None:
    """Count the elements of each segment that differ from the fill value."""
    filling = codes.dtype.type(fill)
    for s in range(counts.size):
        kept = 0
        part = codes[bounds[s] : bounds[s + 1]]
        for k in range(part.size):
            kept += part[k] != filling
        counts[s] = kept


@kernel
def fill_fast(rows: IntArray, peeked: int, code_of: IntArray, fast: Rows) -> None:
    """Write the fast table of a huffman table; ``code_of`` has each entry's code, -1 where its value has none."""
    for pattern in range(fast.size):
        row, symbols, used = 0, 0, 0
        while symbols < 3:
            left = FAST_BITS - used
            rest = pattern & ((1 << left) - 1)
            found = rows[rest >> (left - peeked) if left >= peeked else rest << (peeked - left)]
            if found < 0 or (found & 255) > left or code_of[found >> 32] < 0:
                break
            row |= code_of[found >> 32] << (16 + 16 * symbols)
            used += found & 255
            symbols += 1
        fast[pattern] = np.uint64(row) | np.uint64(symbols << 8 | used)
