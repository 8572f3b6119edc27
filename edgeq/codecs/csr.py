"""Compressed sparse rows: where the values of each row end, their columns, the values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.arith.types import smallest_type
from edgeq.codecs.bits import Bytes, Codes, Words, bits_for, get_field, new_words, put_bits, readonly, stream_bytes
from edgeq.codecs.blob import Stored
from edgeq.codecs.codec import Codec, filled
from edgeq.codecs.segments import Places
from edgeq.codecs.tensor import Array, Tensor, values_of
from edgeq.errors import InputError

_INDEX_OUTSIDE, _INDEX_LATE, _FILL_STORED = 1, 2, 3
_FAULTS = {
    _INDEX_OUTSIDE: ("indices", "is outside the matrix"),
    _INDEX_LATE: ("indices", "is not above the one before it"),
    _FILL_STORED: ("data", "equals the fill value"),
}


@dataclass(frozen=True)
class Csr(Codec):
    """``indptr``: 0, then the number of values up to the end of each row; ``indices``: the column of each value;
    ``data``: the values, those that differ from the fill value."""

    name: ClassVar[str] = "csr"
    id: ClassVar[int] = 5
    sections: ClassVar[tuple[str, ...]] = ("parameters", "indptr", "indices", "data")

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        return write_matrix(tensor.codes, tensor.rows, tensor.columns, tensor)

    def read(self, stored: Stored) -> Codes:
        return read_matrix(stored, stored.header.rows, stored.header.columns)

    def unpack(self, stored: Stored) -> dict[str, Array]:
        return matrix_parts(stored, stored.header.rows, stored.header.columns)


def write_matrix(codes: Codes, rows: int, columns: int, tensor: Tensor) -> tuple[int, Sequence[Any]]:
    """Return the number of stored values and the sections of a matrix in row-major order."""
    bits, index_bits = tensor.type.bits, bits_for(columns)
    indptr = np.zeros(rows + 1 if codes.size else 0, np.int64)
    _count(codes, columns, tensor.fill_code, indptr)
    count = int(indptr[-1]) if indptr.size else 0
    if count >= 1 << 32:
        raise InputError(f"{tensor.where}: has {count} values, csr and csc hold less than 2^32")
    width = _indptr_bits(count)
    indices = new_words(count * index_bits)
    data = new_words(count * bits)
    _write(codes, columns, tensor.fill_code, index_bits, bits, indices, data)
    return count, [bytes([width, index_bits]), indptr.astype(f"<u{width // 8}"),
                   stream_bytes(indices, count * index_bits), stream_bytes(data, count * bits)]


def read_matrix(stored: Stored, rows: int, columns: int) -> Codes:
    """Return the codes of a matrix in row-major order."""
    header, index_bits = stored.header, bits_for(columns)
    indptr = _read_indptr(stored, rows, columns)
    indices = stored.stream("indices", index_bits, header.count)
    data = stored.stream("data", header.type.bits, header.count)
    codes = filled(header)
    fault, place = _read(
        readonly(indptr), readonly(indices), readonly(data), columns, header.fill_code, index_bits, header.type.bits,
        codes)
    if fault:
        section, message = _FAULTS[fault]
        width = index_bits if section == "indices" else header.type.bits
        raise stored.fault(section, place * width // 8, f"item {place} {message}")
    return codes


def matrix_parts(stored: Stored, rows: int, columns: int) -> dict[str, Array]:
    """Return the sections of a matrix as arrays of the smallest dtypes."""
    header = stored.header
    indices = stored.fields("indices", bits_for(columns), header.count)
    data = stored.fields("data", header.type.bits, header.count)
    return {
        "indptr": _read_indptr(stored, rows, columns).astype(f"<u{_indptr_bits(header.count) // 8}"),
        "indices": indices.astype(smallest_type(0, max(columns - 1, 0)).dtype, copy=False),
        "data": values_of(data, header.type)}


def _indptr_bits(count: int) -> int:
    return 16 if count < 1 << 16 else 32


def _read_indptr(stored: Stored, rows: int, columns: int) -> Places:
    header, cursor = stored.header, stored.cursor("parameters")
    got = (cursor.u8("width of indptr"), cursor.u8("index width"))
    cursor.end()
    if header.count >= 1 << 32:
        raise stored.fault("parameters", 0, f"count {header.count} is 2^32 or more")
    width = _indptr_bits(header.count)
    if got != (width, bits_for(columns)):
        raise stored.fault("parameters", 0, f"widths are {got[0]} and {got[1]} bits, expected {width} for "
                           f"{header.count} values and {bits_for(columns)} for {columns} places")
    entries = rows + 1 if header.elements else 0
    stored.expect_length("indptr", entries * width // 8)
    indptr = np.frombuffer(stored.raw("indptr"), f"<u{width // 8}").astype(np.int64)
    if not entries:
        return indptr
    if indptr[0] or indptr[-1] != header.count:
        raise stored.fault("indptr", 0, f"goes from {indptr[0]} to {indptr[-1]}, expected 0 to {header.count}")
    late = np.flatnonzero(indptr[1:] < indptr[:-1])
    if late.size:
        place = int(late[0]) + 1
        raise stored.fault("indptr", place * width // 8, f"item {place} is below the one before it")
    return indptr


@kernel
def _count(codes: Codes, columns: int, fill: int, indptr: Places) -> None:
    for r in range(indptr.size - 1):
        kept = 0
        for k in range(r * columns, (r + 1) * columns):
            kept += codes[k] != fill
        indptr[r + 1] = indptr[r] + kept


@kernel
def _write(
    codes: Codes, columns: int, fill: int, index_bits: int, bits: int, indices: Words, data: Words
) -> None:
    stored, column = 0, 0
    for k in range(codes.size):
        if codes[k] != fill:
            put_bits(indices, stored * index_bits, column, index_bits)
            put_bits(data, stored * bits, int(codes[k]), bits)
            stored += 1
        column += 1
        if column == columns:
            column = 0


@kernel
def _read(
    indptr: Places, indices: Bytes, data: Bytes, columns: int, fill: int, index_bits: int, bits: int, codes: Codes
) -> tuple[int, int]:
    """Fill ``codes``; return a fault and the stored value at which it lies, 0 for none."""
    for r in range(indptr.size - 1):
        last = -1
        for k in range(indptr[r], indptr[r + 1]):
            column = get_field(indices, k * index_bits, index_bits)
            value = get_field(data, k * bits, bits)
            if column >= columns:
                return _INDEX_OUTSIDE, k
            if column <= last:
                return _INDEX_LATE, k
            if value == fill:
                return _FILL_STORED, k
            codes[r * columns + column] = value
            last = column
    return 0, 0
