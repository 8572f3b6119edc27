"""The tables of huffman and ans in a blob: what each kind costs, its bytes, and reading them back.

A table's numbers are code lengths (``table_bits`` 0) or frequencies that sum to ``2**table_bits``; a cost is in units
of 2^-16 bits. Source: format page `edgeq/codecs/README.md`, "Tables".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from edgeq.codecs.bits import bits_for, bytes_for, pack, padding_is_zero, unpack
from edgeq.codecs.canonical import code_lengths, fault_of
from edgeq.codecs.coarse import best_coarse, coarse_fields, coarse_weights
from edgeq.codecs.fit import fit_model
from edgeq.codecs.model import MOST_GAP, MOST_SPECIAL, Model, Shape, weights_of
from edgeq.codecs.tans import MOST_BITS, fixed_log2, frequencies
from edgeq.codecs.varint import Cursor, write_varint

IntArray = npt.NDArray[np.int64]

MAX_ENTRIES = 4096
KINDS = ("dense", "list", "model", "coarse")
DENSE, LIST, MODEL, COARSE = range(4)
UNIT = 1 << 16
_NO_LIMIT = (1 << 63) - 1


@dataclass(frozen=True)
class Table:
    """A table as it is written, its numbers, and the cost of coding the histogram it was made for."""

    data: bytes
    numbers: IntArray
    cost: int

    @property
    def total(self) -> int:
        """Cost with the table itself."""
        return self.cost + 8 * UNIT * len(self.data)


@dataclass(frozen=True)
class Histogram:
    """How often each entry of a table occurs; ``shape`` is None where there is no model."""

    counts: IntArray
    shape: Shape | None

    @cached_property
    def model(self) -> Model | None:
        """The model that describes it best."""
        return fit_model(self.counts, self.shape) if self.shape else None


@cache
def _logs() -> IntArray:
    return fixed_log2(MOST_BITS)


def cost_of(counts: IntArray, numbers: IntArray, table_bits: int) -> int | None:
    """Return the cost of a histogram, None where the table lacks an entry that occurs."""
    used = counts > 0
    if not numbers[used].all():
        return None
    if table_bits == 0:
        return int((counts * numbers).sum()) * UNIT
    return int((counts[used] * ((table_bits << 16) - _logs()[numbers[used]])).sum())


def best_table(histogram: Histogram, table_bits: int, kind: str | None) -> Table | None:
    """Return the table of least total cost, of the given kind if one is given; None where there is none."""
    best = None
    exact = _numbers(histogram.counts, table_bits) if kind != "model" else None
    for name in KINDS if kind is None else (kind,):
        found = _make(name, histogram, exact, table_bits, best)
        if found is not None and (best is None or found.total < best.total):
            best = found
    return best


def _make(kind: str, histogram: Histogram, exact: IntArray | None, table_bits: int,
          rival: Table | None) -> Table | None:
    """Return the table of a kind; None where there is none, or where it cannot beat its rival."""
    counts = histogram.counts
    if kind == "model":
        return _of_model(histogram, table_bits) if histogram.shape else None
    if exact is None:  # more entries than states
        return None
    if kind == "coarse":
        return _coarse(counts, table_bits, rival.total if rival else _NO_LIMIT) if table_bits else None
    return (_dense if kind == "dense" else _list)(counts, exact, table_bits)


def _table(head: int, body: bytes, counts: IntArray, numbers: IntArray | None, table_bits: int) -> Table | None:
    cost = None if numbers is None else cost_of(counts, numbers, table_bits)
    return None if cost is None or numbers is None else Table(bytes([head]) + body, numbers, cost)


def _dense(counts: IntArray, numbers: IntArray, table_bits: int) -> Table | None:
    width = int(numbers.max()).bit_length() if table_bits else 4
    head = DENSE | (width << 4 if table_bits else 0)
    return _table(head, pack(numbers.astype(np.uint16), width).tobytes(), counts, numbers, table_bits)


def _list(counts: IntArray, numbers: IntArray, table_bits: int) -> Table | None:
    width = bits_for(counts.size)
    if table_bits:
        used = np.flatnonzero(numbers)
        fields = used << table_bits | (numbers[used] - 1)
        body = write_varint(used.size) + pack(fields, width + table_bits).tobytes()
        return _table(LIST, body, counts, numbers, table_bits)
    longest = int(numbers.max())
    order = [np.flatnonzero(numbers == length) for length in range(1, longest + 1)]
    body = b"".join(write_varint(len(of_length)) for of_length in order)
    return _table(LIST | longest << 4, body + pack(np.concatenate(order), width).tobytes(), counts, numbers, 0)


def _coarse(counts: IntArray, table_bits: int, below: int) -> Table | None:
    fraction, exponent, scale = best_coarse(counts, table_bits, _logs(), below)
    if exponent == 0:
        return None
    fields = coarse_fields(counts, fraction, exponent, scale)
    found = frequencies(coarse_weights(fields, fraction), table_bits)
    body = pack(fields.astype(np.uint16), exponent + fraction).tobytes()
    return _table(COARSE | fraction << 4 | (128 if exponent == 3 else 0), body, counts, found, table_bits)


def _of_model(histogram: Histogram, table_bits: int) -> Table | None:
    model, shape = histogram.model, histogram.shape
    assert model is not None
    assert shape is not None
    body = model.slope.to_bytes(2, "little") + model.curvature.to_bytes(2, "little")
    if shape.has_gaps:
        body += write_varint(model.gap_below) + write_varint(model.gap_above)
    body += write_varint(model.special_weight)
    numbers = _numbers(weights_of(model, shape), table_bits)
    return _table(MODEL, body, histogram.counts, numbers, table_bits)


def _numbers(weights: IntArray, table_bits: int) -> IntArray | None:
    return frequencies(weights, table_bits) if table_bits else code_lengths(weights)


def read_table(cursor: Cursor, entries: int, shape: Shape | None, table_bits: int) -> IntArray:
    """Return the numbers of a table at the cursor; raises CodecError for any that no writer makes."""
    start = cursor.offset
    head = cursor.u8("kind of a table")
    kind, parameter = head & 15, head >> 4
    if kind == DENSE:
        numbers = _read_dense(cursor, entries, parameter, table_bits)
    elif kind == LIST:
        numbers = _read_list(cursor, entries, parameter, table_bits)
    elif kind == MODEL and shape is not None and parameter == 0:
        numbers = _read_model(cursor, shape, table_bits)
    elif kind == COARSE and table_bits:
        numbers = _read_coarse(cursor, entries, parameter, table_bits)
    else:
        raise cursor.fault(start, f"kind of table {head:#04x} does not exist here")
    fault = _sum_fault(numbers, table_bits) if table_bits else fault_of(numbers)
    if fault:
        raise cursor.fault(start, f"table of {entries} entries: {fault}")
    return numbers


def _sum_fault(numbers: IntArray, table_bits: int) -> str:
    total = int(numbers.sum())
    return "" if total == 1 << table_bits else f"frequencies sum to {total}, expected {1 << table_bits}"


def _fields(cursor: Cursor, bits: int, count: int, what: str) -> IntArray:
    start = cursor.offset
    data = np.frombuffer(cursor.take(bytes_for(bits * count), what), np.uint8)
    if not padding_is_zero(data, bits * count):
        raise cursor.fault(start, f"the bits after {what} are not zero")
    return unpack(data, bits, count).astype(np.int64)


def _read_dense(cursor: Cursor, entries: int, parameter: int, table_bits: int) -> IntArray:
    if (parameter == 0) == (table_bits > 0):
        raise cursor.fault(cursor.offset - 1, f"a dense table's parameter is {parameter}")
    return _fields(cursor, parameter or 4, entries, "a dense table")


def _read_list(cursor: Cursor, entries: int, parameter: int, table_bits: int) -> IntArray:
    start = cursor.offset - 1
    if (parameter > 0) == (table_bits > 0):
        raise cursor.fault(start, f"a list's parameter is {parameter}")
    if table_bits:
        return _read_frequencies(cursor, entries, table_bits)
    lengths = [cursor.varint("number of codes", entries + 1) for _ in range(parameter)]
    if sum(lengths) > entries:
        raise cursor.fault(start, f"a list of {sum(lengths)} codes for {entries} entries")
    order = _fields(cursor, bits_for(entries), sum(lengths), "a list of entries")
    length_of = np.repeat(np.arange(1, parameter + 1), lengths)
    _require_entries(cursor, start, order, entries)
    if np.any((np.diff(order) <= 0) & (np.diff(length_of) == 0)) or lengths[-1] == 0:
        raise cursor.fault(start, "the entries of a list are not in canonical order")
    numbers = np.zeros(entries, np.int64)
    numbers[order] = length_of
    if np.count_nonzero(numbers) < order.size:
        raise cursor.fault(start, "an entry of a list is there twice")
    return numbers


def _read_frequencies(cursor: Cursor, entries: int, table_bits: int) -> IntArray:
    start = cursor.offset - 1
    count = cursor.varint("number of entries", entries + 1)
    fields = _fields(cursor, bits_for(entries) + table_bits, count, "a list of frequencies")
    order = fields >> table_bits
    _require_entries(cursor, start, order, entries)
    if np.any(np.diff(order) <= 0):
        raise cursor.fault(start, "the entries of a list are not ascending")
    numbers = np.zeros(entries, np.int64)
    numbers[order] = (fields & ((1 << table_bits) - 1)) + 1
    return numbers


def _require_entries(cursor: Cursor, start: int, order: IntArray, entries: int) -> None:
    if order.size and int(order.max()) >= entries:
        raise cursor.fault(start, f"entry {int(order.max())} is outside a table of {entries}")


def _read_model(cursor: Cursor, shape: Shape, table_bits: int) -> IntArray:
    start = cursor.offset - 1
    slope, curvature = (int.from_bytes(cursor.take(2, "a model"), "little") for _ in range(2))
    gaps = [cursor.varint("gap", MOST_GAP + 1) if shape.has_gaps else 0 for _ in range(2)]
    z = cursor.varint("weight of the special entry", MOST_SPECIAL + 1)
    if slope >> 13 or (curvature >> 8) & 127 > 14 or (z and shape.special < 0):
        raise cursor.fault(start, f"model of slope {slope:#06x}, curvature {curvature:#06x}, weight {z} does not exist")
    weights = weights_of(Model(slope, curvature, gaps[0], gaps[1], z), shape)
    numbers = _numbers(weights, table_bits) if weights.any() else None
    if numbers is None:
        raise cursor.fault(start, f"model gives {np.count_nonzero(weights)} entries, which have no table")
    return numbers


def _read_coarse(cursor: Cursor, entries: int, parameter: int, table_bits: int) -> IntArray:
    start, fraction, exponent = cursor.offset - 1, parameter & 7, 3 if parameter & 8 else 4
    fields = _fields(cursor, exponent + fraction, entries, "a coarse table")
    numbers = frequencies(coarse_weights(fields, fraction), table_bits)
    if numbers is None:
        raise cursor.fault(start, f"coarse weights of {np.count_nonzero(fields)} entries have no table")
    return numbers


