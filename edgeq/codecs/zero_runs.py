"""Runs of the fill value before each other value, cut with an escape or, as EIE does, with padding values.

Source: README.md of this folder, "zero_runs"; Han et al., "Deep Compression" (2015) and "EIE" (2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeq.arith.jit import kernel, primitive
from edgeq.codecs.bits import (
    WORD_BITS,
    Bytes,
    Codes,
    Words,
    code_dtype,
    get_field,
    new_words,
    put_bits,
    readonly,
    require_word_bits,
    stream_bytes,
    swap_words,
)
from edgeq.codecs.blob import Stored
from edgeq.codecs.codec import Codec, filled
from edgeq.codecs.segments import (
    ROWS_LIMIT,
    Places,
    Segments,
    check_ends,
    read_segments,
    require_restart,
    rows_per_segment,
    segment_bounds,
    write_restart,
)
from edgeq.codecs.tensor import Array, Tensor, values_of
from edgeq.codecs.varint import write_varint
from edgeq.errors import InputError, shown

STYLES = ("escape", "padding")
_ENDS_EARLY, _RUN_OUTSIDE, _FILL_STORED = 1, 2, 3
_FAULTS = {
    _ENDS_EARLY: "the segment's bits end before its values",
    _RUN_OUTSIDE: "a run or value lies outside the segment",
    _FILL_STORED: "a stored value equals the fill value",
}


@dataclass(frozen=True)
class ZeroRuns(Codec):
    """``data``: a run of ``run_bits`` bits and a value, again and again; each segment begins at a word.

    ``style`` "escape": the field of all ones means 2^run_bits - 2 elements without a value. "padding": a run over
    2^run_bits - 1 is cut by a stored fill value. ``restart`` cuts segments per row ("channel") or ``banks`` of
    them ("bank"). `parts` gives ``runs``, all run fields, and ``data``, the values.
    """

    name: ClassVar[str] = "zero_runs"
    id: ClassVar[int] = 8
    sections: ClassVar[tuple[str, ...]] = ("parameters", "restart", "data")

    run_bits: int = 4
    style: str = "escape"
    word_bits: int = 8
    restart: str = "none"
    banks: int = 1

    def __post_init__(self) -> None:
        if type(self.run_bits) is not int or not 2 <= self.run_bits <= 16:
            raise InputError(f"run_bits {shown(self.run_bits)} is not a number from 2 to 16")
        if not isinstance(self.style, str) or self.style not in STYLES:
            raise InputError(f"style {shown(self.style)} does not exist; use {' or '.join(STYLES)}")
        require_word_bits(self.word_bits)
        require_restart(self.restart, self.banks)

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        rows_each = rows_per_segment(self.restart, self.banks, tensor.rows)
        style = STYLES.index(self.style)
        bounds = segment_bounds(tensor, rows_each)
        rule = (tensor.fill_code, self.run_bits, tensor.type.bits, style)
        counts, ends = np.zeros((2, bounds.size - 1), np.int64)
        _measure(tensor.codes, bounds, *rule, counts, ends)
        words = np.append(0, np.cumsum(-(-ends // self.word_bits)))
        bits = int(words[-1]) * self.word_bits
        data = new_words(bits)
        _write(tensor.codes, bounds, readonly(words * self.word_bits), *rule, data)
        parameters = bytes([self.run_bits, style, self.word_bits]) + write_varint(rows_each)
        restart = write_restart(rows_each, words, counts)
        return int(counts.sum()), [parameters, restart, swap_words(stream_bytes(data, bits), self.word_bits)]

    def read(self, stored: Stored) -> Codes:
        run_bits, style, word_bits, segments = _parameters(stored)
        header = stored.header
        data = swap_words(stored.bytes_of("data"), word_bits)
        codes, ends = filled(header), np.zeros(segments.counts.size, np.int64)
        fault, place = _read(data, segments.bounds, segments.starts, segments.counts, header.fill_code, run_bits,
                             header.type.bits, style, codes, ends)
        if fault:
            raise stored.fault("data", place // 8, _FAULTS[fault])
        check_ends(stored, data, segments, ends, word_bits)
        return codes

    def unpack(self, stored: Stored) -> dict[str, Array]:
        run_bits, style, word_bits, segments = _parameters(stored)
        header = stored.header
        values = np.zeros(header.count, code_dtype(header.type.bits))
        # A run field is at least one of 2^run_bits - 2 elements or has a value.
        runs = np.zeros(8 * header.sections["data"].length // run_bits, np.uint16)
        fields = _list(swap_words(stored.bytes_of("data"), word_bits), segments.starts, segments.counts, run_bits,
                       header.type.bits, style, runs, values)
        restart = np.stack([segments.starts[:-1] // word_bits, segments.counts], axis=1)
        return {"restart": restart, "runs": runs[:fields].copy(), "data": values_of(values, header.type)}


def _parameters(stored: Stored) -> tuple[int, int, int, Segments]:
    cursor = stored.cursor("parameters")
    run_bits, style, word_bits = cursor.u8("run bits"), cursor.u8("style"), cursor.u8("word bits")
    if not 2 <= run_bits <= 16 or style > 1 or word_bits not in WORD_BITS:
        raise stored.fault("parameters", 0, f"run bits {run_bits}, style {style}, word bits {word_bits}: expected "
                           "2..16, 0 or 1, and 8, 16, 32 or 64")
    rows_each = cursor.varint("rows of a segment", ROWS_LIMIT)
    cursor.end()
    restart = stored.cursor("restart")
    segments = read_segments(stored, restart, rows_each, word_bits)
    restart.end()
    return run_bits, style, word_bits, segments


@primitive
def _cut(run_bits: int, style: int) -> tuple[int, int]:
    """Return the elements that a full run stands for, and the longest run that a value may follow."""
    return (1 << run_bits) - 2 + 2 * style, (1 << run_bits) - 2 + style


@kernel
def _measure(
    codes: Codes, bounds: Places, fill: int, run_bits: int, bits: int, style: int, counts: Places, ends: Places
) -> None:
    """Count the stored values and the bits of each segment."""
    cut, most = _cut(run_bits, style)
    cut_bits = run_bits + bits * style
    for s in range(counts.size):
        run = 0
        for k in range(bounds[s], bounds[s + 1]):
            if codes[k] == fill:
                run += 1
                continue
            cuts = (run - most + cut - 1) // cut if run > most else 0
            counts[s] += 1 + cuts * style
            ends[s] += run_bits + bits + cuts * cut_bits
            run = 0


@kernel
def _write(
    codes: Codes, bounds: Places, starts: Places, fill: int, run_bits: int, bits: int, style: int, data: Words
) -> None:
    cut, most = _cut(run_bits, style)
    full = (1 << run_bits) - 1
    for s in range(bounds.size - 1):
        position, run = starts[s], 0
        for k in range(bounds[s], bounds[s + 1]):
            if codes[k] == fill:
                run += 1
                continue
            while run > most:
                put_bits(data, position, full, run_bits)
                position += run_bits
                if style:
                    put_bits(data, position, fill, bits)
                    position += bits
                run -= cut
            put_bits(data, position, run, run_bits)
            put_bits(data, position + run_bits, int(codes[k]), bits)
            position += run_bits + bits
            run = 0


@kernel
def _read(
    data: Bytes, bounds: Places, starts: Places, counts: Places, fill: int, run_bits: int, bits: int, style: int,
    codes: Codes, ends: Places,
) -> tuple[int, int]:
    """Fill ``codes`` and ``ends``; return a fault and the bit at which it lies, 0 for none."""
    full = (1 << run_bits) - 1
    for s in range(counts.size):
        position, place = starts[s], bounds[s]
        left = counts[s]
        while left > 0:
            if position + run_bits > starts[s + 1]:
                return _ENDS_EARLY, position
            run = get_field(data, position, run_bits)
            escape = run == full and style == 0
            place += full - 1 if escape else run
            if place >= bounds[s + 1]:
                return _RUN_OUTSIDE, position
            position += run_bits
            if escape:
                continue
            if position + bits > starts[s + 1]:
                return _ENDS_EARLY, position
            value = get_field(data, position, bits)
            if value == fill and not (style == 1 and run == full):
                return _FILL_STORED, position
            codes[place] = value
            position += bits
            place += 1
            left -= 1
        ends[s] = position
    return 0, 0


@kernel
def _list(
    data: Bytes, starts: Places, counts: Places, run_bits: int, bits: int, style: int, runs: Codes, values: Codes
) -> int:
    """Fill ``runs`` and ``values`` from data that `_read` has accepted; return the number of runs."""
    fields, stored = 0, 0
    for s in range(counts.size):
        position, last = starts[s], stored + counts[s]
        while stored < last:
            runs[fields] = get_field(data, position, run_bits)
            position += run_bits
            fields += 1
            if style == 0 and runs[fields - 1] == (1 << run_bits) - 1:
                continue
            values[stored] = get_field(data, position, bits)
            position += bits
            stored += 1
    return fields
