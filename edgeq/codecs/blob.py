"""The frame of every blob: header, sections and crc, written and read with every check that needs no codec.

Source: README.md of this folder, "Header".
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeq.arith.types import IntType
from edgeq.codecs.bits import Bytes, Codes, bytes_for, padding_is_zero, readonly, unpack
from edgeq.codecs.registry import class_of_id
from edgeq.codecs.tensor import MAX_DIM, Tensor, code_of, matrix_shape, shape_fault
from edgeq.codecs.varint import Cursor, write_svarint, write_varint
from edgeq.errors import CodecError, InputError, shown

MAGIC = b"EQB"
VERSION = 1
CRC_BYTES = 4
MAX_ELEMENTS = 1 << 31
"""Elements that a reader takes memory for, unless its caller says otherwise."""

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True)
class Section:
    """A part of a blob: its first byte and its length."""

    offset: int
    length: int


@dataclass(frozen=True)
class Header:
    """What a blob says before its sections; ``count`` is the number of stored values."""

    codec: str
    type: IntType
    shape: tuple[int, ...]
    fill_value: int
    count: int
    sections: Mapping[str, Section] = field(repr=False)

    @property
    def elements(self) -> int:
        """Number of elements of the tensor."""
        return math.prod(self.shape)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return matrix_shape(self.shape)[0]

    @property
    def columns(self) -> int:
        """Number of columns."""
        return matrix_shape(self.shape)[1]

    @property
    def fill_code(self) -> int:
        """The fill value as a field."""
        return code_of(self.fill_value, self.type)


@dataclass(frozen=True)
class Stored:
    """A blob whose frame is sound, and the checked access to its sections; ``where`` opens every message."""

    header: Header
    data: memoryview
    where: str

    def fault(self, section: str, offset: int, message: str) -> CodecError:
        """Return the error about byte ``offset`` of a section."""
        place = self.header.sections[section].offset + offset
        return CodecError(f"{self.where}: {self.header.codec} blob, section '{section}', byte {place}: {message}")

    def raw(self, section: str) -> memoryview:
        """Return the bytes of a section."""
        held = self.header.sections[section]
        return self.data[held.offset : held.offset + held.length]

    def bytes_of(self, section: str) -> Bytes:
        """Return the bytes of a section as a read-only array."""
        return readonly(np.frombuffer(self.raw(section), np.uint8))

    def cursor(self, section: str) -> Cursor:
        """Return a cursor at the start of a section."""
        return Cursor(self.raw(section), lambda offset, message: self.fault(section, offset, message))

    def expect_length(self, section: str, length: int) -> None:
        """Refuse a section of another length."""
        got = self.header.sections[section].length
        if got != length:
            raise self.fault(section, min(got, length), f"has {got} bytes, its counts ask for {length}")

    def stream(self, section: str, bits: int, count: int, start: int = 0) -> Bytes:
        """Return the bytes of ``count`` fields of ``bits`` that fill a section from ``start`` on, padding checked."""
        self.expect_length(section, start + bytes_for(bits * count))
        data = self.bytes_of(section)[start:]
        if not padding_is_zero(data, bits * count):
            raise self.fault(section, start + data.size - 1, "bits of padding are not zero")
        return data

    def fields(self, section: str, bits: int, count: int, start: int = 0) -> Codes:
        """Return the ``count`` fields of ``bits`` that fill a section from ``start`` on."""
        return unpack(self.stream(section, bits, count, start), bits, count)


def write_blob(codec_id: int, tensor: Tensor, count: int, sections: Sequence[Any]) -> bytes:
    """Return the blob of a tensor whose codec made ``sections`` in its order, each a buffer or a list of buffers."""
    pieces = [[_plain(b) for b in (s if isinstance(s, list) else [s])] for s in sections]
    lengths = [sum(map(len, p)) for p in pieces]
    head = [
        MAGIC, bytes([VERSION, codec_id, tensor.type.bits | tensor.type.signed << 7, len(tensor.shape)]),
        *map(write_varint, tensor.shape), write_svarint(tensor.fill_value), write_varint(count),
        bytes([len(pieces)]), *map(write_varint, lengths)]
    parts = [*head, *(b for p in pieces for b in p)]
    crc = 0
    for part in parts:
        crc = zlib.crc32(part, crc)
    return b"".join([*parts, crc.to_bytes(CRC_BYTES, "little")])


def _plain(buffer: Any) -> memoryview | bytes:
    return memoryview(buffer).cast("B") if len(buffer) else b""


def read_header(blob: Buffer, where: str = "blob") -> Header:
    """Return the header of a blob; raises CodecError for a frame that breaks a rule, its crc included."""
    return open_blob(blob, where).header


def open_blob(blob: Buffer, where: str) -> Stored:
    """Return a blob whose frame is checked: header, places of the sections, crc."""
    try:
        data = memoryview(blob).cast("B").toreadonly()
    except TypeError:
        raise InputError(f"{where}: a blob is bytes without gaps, got {shown(blob)}") from None
    cursor = Cursor(data, lambda offset, message: CodecError(f"{where}: header, byte {offset}: {message}"))
    header = _header(cursor)
    end = cursor.offset + sum(s.length for s in header.sections.values()) + CRC_BYTES
    if end != len(data):
        raise CodecError(f"{where}: sections and crc end at byte {end}, the blob has {len(data)} bytes")
    stored = int.from_bytes(data[-CRC_BYTES:], "little")
    found = zlib.crc32(data[:-CRC_BYTES])
    if stored != found:
        raise CodecError(f"{where}: crc, byte {end - CRC_BYTES}: is {stored:08x}, the bytes give {found:08x}; "
                         "the blob is damaged")
    return Stored(header, data, where)


def _header(cursor: Cursor) -> Header:
    magic = bytes(cursor.take(len(MAGIC), "magic"))
    if magic != MAGIC:
        raise cursor.fault(0, f"is no blob: begins with {magic.hex(' ')}, expected {MAGIC.hex(' ')}")
    version = cursor.u8("version")
    if version != VERSION:
        raise cursor.fault(3, f"is of version {version}; only version {VERSION} is read")
    codec = class_of_id(cursor.u8("codec"))
    if codec is None:
        raise cursor.fault(4, f"codec {cursor.data[4]} does not exist")
    type = _type(cursor, codec.name, codec.max_bits)
    shape = _shape(cursor)
    start = cursor.offset
    fill_value = cursor.svarint("fill value")
    if not type.holds(fill_value, fill_value):
        raise cursor.fault(start, f"fill value {fill_value} does not fit {type}")
    start, elements = cursor.offset, math.prod(shape)
    count = cursor.varint("count")
    if count > elements or (codec.stores_all and count != elements):
        raise cursor.fault(start, f"count {count} does not fit the {elements} elements of shape {list(shape)}")
    if cursor.u8("number of sections") != len(codec.sections):
        raise cursor.fault(cursor.offset - 1, f"number of sections is not the {len(codec.sections)} of {codec.name}")
    lengths = [cursor.varint(f"length of '{name}'") for name in codec.sections]
    places = [cursor.offset + sum(lengths[:k]) for k in range(len(lengths))]
    sections = {name: Section(p, n) for name, p, n in zip(codec.sections, places, lengths, strict=True)}
    return Header(codec.name, type, shape, fill_value, count, sections)


def _type(cursor: Cursor, codec: str, most: int) -> IntType:
    byte = cursor.u8("type")
    bits, signed = byte & 127, bool(byte & 128)
    most = min(most, 64 if signed else 63)
    if not 1 <= bits <= most:
        raise cursor.fault(5, f"type has {bits} bits; {codec} holds 1..{most}")
    return IntType(bits, signed)


def _shape(cursor: Cursor) -> tuple[int, ...]:
    rank = cursor.u8("rank")
    fault = shape_fault((1,) * rank)
    shape = () if fault else tuple(cursor.varint(f"axis {a}", MAX_DIM) for a in range(rank))
    fault = fault or shape_fault(shape)
    if fault:
        raise cursor.fault(6, fault)
    return shape
