"""Segments: parts of a tensor, whole rows each, that several engines read at the same time.

Source: README.md of this folder, "Segments and restart".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel
from edgeq.codecs.bits import Bytes, readonly
from edgeq.codecs.blob import Header, Stored
from edgeq.codecs.tensor import Tensor
from edgeq.codecs.varint import Cursor
from edgeq.errors import InputError, shown

Places = npt.NDArray[np.int64]
RESTARTS = ("none", "channel", "bank")
ROWS_LIMIT = 1 << 32
"""Rows of a segment are below it."""


def require_restart(restart: str, banks: int) -> None:
    """Raise InputError for options that name no cut."""
    if not isinstance(restart, str) or restart not in RESTARTS:
        raise InputError(f"restart {shown(restart)} does not exist; use {', '.join(RESTARTS)}")
    if isinstance(banks, bool) or not isinstance(banks, int) or not 1 <= banks <= 1 << 16:
        raise InputError(f"banks {shown(banks)} is not a number from 1 to 65536")
    if restart == "bank" and banks == 1:
        raise InputError("restart 'bank' needs the number of banks, 2 or more: give banks")


def rows_per_segment(restart: str, banks: int, rows: int) -> int:
    """Return the rows of a segment, 0 for one segment of everything.

    >>> rows_per_segment("none", 4, 10), rows_per_segment("channel", 4, 10), rows_per_segment("bank", 4, 10)
    (0, 1, 3)
    """
    return {"none": 0, "channel": 1, "bank": -(-rows // banks)}[restart]


def segment_bounds(held: Tensor | Header, rows_each: int) -> Places:
    """Return the first element of each segment, and the number of elements as the last.

    >>> from edgeq.arith.types import IntType
    >>> segment_bounds(Tensor(np.zeros(10, np.uint8), IntType(8), (5, 2), 0), 2).tolist()
    [0, 4, 8, 10]
    """
    elements = held.rows * held.columns
    if elements == 0:
        return readonly(np.zeros(1, np.int64))
    each = min(rows_each or held.rows, held.rows) * held.columns
    return readonly(np.append(np.arange(0, elements, each), elements))


def write_restart(rows_each: int, starts: Places, counts: Places) -> bytes:
    """Return the restart section: the word at which each segment begins and the number of its stored values."""
    if rows_each == 0 or not counts.size:
        return b""
    pairs = np.stack([starts[: counts.size], counts], axis=1)
    width = next((w for w in (1, 2, 4) if pairs.max() < 1 << 8 * w), None)
    if width is None:
        raise InputError("a restart section holds less than 2^32 words and values; use restart none")
    return bytes([width]) + pairs.astype(f"<u{width}").tobytes()


@dataclass(frozen=True)
class Segments:
    """Where the segments of a blob lie: elements ``bounds``, bits ``starts`` of data, both with their end as the
    last item, and stored values ``counts``; all int64 and read-only."""

    bounds: Places
    starts: Places
    counts: Places


def read_segments(stored: Stored, cursor: Cursor, rows_each: int, word_bits: int) -> Segments:
    """Return the segments of a blob, from the restart bytes at the cursor where it has any."""
    header = stored.header
    length = header.sections["data"].length
    if 8 * length % word_bits:
        raise stored.fault("data", length, f"{length} bytes are not whole words of {word_bits} bits")
    if header.elements == 0:
        stored.expect_length("data", 0)
        return Segments(segment_bounds(header, 0), readonly(np.zeros(1, np.int64)), readonly(np.zeros(0, np.int64)))
    if rows_each == 0:
        starts = np.array([0, 8 * length])
        return Segments(segment_bounds(header, 0), readonly(starts), readonly(np.array([header.count])))
    start = cursor.offset
    pairs = _restart(cursor, -(-header.rows // rows_each))
    starts = np.append(pairs[:, 0] * word_bits, 8 * length)
    late = np.flatnonzero(np.diff(starts) < 0)
    if starts[0] or late.size:
        place = 0 if starts[0] else int(late[0])
        raise cursor.fault(start + 1, f"segment {place} does not begin where it may")
    if int(pairs[:, 1].sum()) != header.count:
        raise cursor.fault(start + 1, f"segments hold {int(pairs[:, 1].sum())} values, count says {header.count}")
    return Segments(segment_bounds(header, rows_each), readonly(starts), readonly(np.ascontiguousarray(pairs[:, 1])))


def _restart(cursor: Cursor, segments: int) -> Places:
    start = cursor.offset
    width = cursor.u8("width of restart")
    if width not in (1, 2, 4):
        raise cursor.fault(start, f"width {width} of restart is not 1, 2 or 4")
    data = cursor.take(2 * width * segments, f"restart of {segments} segments")
    pairs = np.frombuffer(data, f"<u{width}").astype(np.int64).reshape(-1, 2)
    if width > 1 and pairs.max() < 1 << 4 * width:
        raise cursor.fault(start, f"width {width} of restart is more than its numbers need")
    return pairs


def check_ends(stored: Stored, data: Bytes, segments: Segments, ends: Places, word_bits: int) -> None:
    """Refuse words or set bits between the last bit read of a segment and the start of the next.

    ``data`` are the words in plain bit order, ``ends`` the bit after the last one read, per segment.
    """
    place = _first_loose_end(data, segments.starts, ends, word_bits)
    if place >= 0:
        end = int(ends[place])
        raise stored.fault("data", end // 8, f"segment {place} ends at bit {end} of the section, but more than "
                           "zero bits up to the next word follow")


@kernel
def _first_loose_end(data: Bytes, starts: Places, ends: Places, word_bits: int) -> int:
    """Return the first segment with words or set bits after its end, -1 for none."""
    for s in range(ends.size):
        end = ends[s]
        if (end + word_bits - 1) // word_bits * word_bits != starts[s + 1]:
            return s
        rest = 0
        if end & 7:
            rest = int(data[end >> 3]) & ((1 << (8 - (end & 7))) - 1)
        for place in range((end + 7) >> 3, starts[s + 1] >> 3):
            rest |= int(data[place])
        if rest:
            return s
    return -1
