"""Put a network in one file: the container `.eqbin`, named sections behind one checked header.

Source: the page "Blobs" beside this file, its last part.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from edgeq.codecs.blob import read_header
from edgeq.codecs.codec import decode
from edgeq.codecs.tensor import Array
from edgeq.errors import CodecError, InputError, shown

MAGIC = b"EQBIN\r\n\x1a"
VERSION = 1
GRAPH, TENSOR = 1, 2
"""Kinds of sections."""
MOST_TEXT = 1 << 24
"""Bytes of a graph's text, inflated: more are refused, so that a few bytes do not fill the memory."""
MOST_VALUES = 1 << 28
"""Values of all tensors of one file together: a reader takes memory for no more."""
LARGEST_ALIGN = 4096

_HEAD = struct.Struct("<8sHBBIII")
_ENTRY = struct.Struct("<BBIII")
_CRC = slice(20, 24)
_PLAIN, _ZLIB = 0, 1
_LARGEST = (1 << 32) - 1
_MOST_NAME = 1 << 12


@dataclass(frozen=True)
class Section:
    """One section: ``kind`` (GRAPH or TENSOR), name, contents; ``deflate`` stores the contents with zlib."""

    kind: int
    name: str
    data: bytes
    deflate: bool = False


@dataclass(frozen=True)
class Stored:
    """Where a section lies in its file: offset and stored bytes, with the checksum of these."""

    section: Section
    offset: int
    data: bytes

    @property
    def crc(self) -> int:
        """Checksum of the stored bytes."""
        return zlib.crc32(self.data)


def encode_eqbin(sections: Sequence[Section], align: int = 16) -> bytes:
    """Return the file of ``sections``, each at a multiple of ``align``, a power of two up to 4096.

    The first section is the graph, the others are tensors; names are distinct. Raises InputError for another
    ``align`` and CodecError for a file of 4 GiB.
    """
    if align < 1 or align > LARGEST_ALIGN or align & (align - 1):
        raise InputError(f"align {align} must be a power of two from 1 to {LARGEST_ALIGN}")
    _check_sections(sections, "eqbin")
    stored = [(s, zlib.compress(s.data, 9) if s.deflate else s.data) for s in sections]
    length = _HEAD.size + sum(len(_entry(s, 0, d)) for s, d in stored)
    entries, body = bytearray(), bytearray()
    for section, data in stored:
        body += bytes(-(length + len(body)) % align)
        entries += _entry(section, length + len(body), data)
        body += data
    if length + len(body) > _LARGEST:
        raise CodecError(f"eqbin: {length + len(body)} bytes pass the 4 GiB that this format holds")
    head = bytearray(_HEAD.pack(MAGIC, VERSION, align.bit_length() - 1, 0, length, len(sections), 0) + entries)
    head[_CRC] = struct.pack("<I", zlib.crc32(head))
    return bytes(head + body)


def is_eqbin(data: bytes) -> bool:
    """Tell whether ``data`` begins as a container."""
    return data.startswith(MAGIC)


def decode_eqbin(data: bytes, where: str = "eqbin") -> tuple[Section, ...]:
    """Return the sections of a file; raises CodecError naming ``where``, the place and the fault."""
    return tuple(s.section for s in read_eqbin(data, where))


def read_eqbin(data: bytes, where: str = "eqbin") -> tuple[Stored, ...]:
    """Return the sections of a file with their places; raises CodecError naming ``where``, the place and the fault."""
    length, count, align = _read_head(data, where)
    found: list[Stored] = []
    place, end = _HEAD.size, length
    for index in range(count):
        what = f"{where}: entry {index} at byte {place}"
        place, stored = _read_entry(data, place, length, what)
        start = -(-end // align) * align
        if stored.offset != start:
            raise CodecError(f"{what}: section begins at byte {stored.offset}, expected {start}")
        if any(data[end:start]):
            raise CodecError(f"{where}: the gap at byte {end} holds other bytes than 0")
        end = start + len(stored.data)
        found.append(stored)
    if place != length:
        raise CodecError(f"{where}: the entries end at byte {place}, the header at byte {length}")
    if end != len(data):
        raise CodecError(f"{where}: the last section ends at byte {end}, the file at byte {len(data)}")
    _check_sections([s.section for s in found], where)
    return tuple(found)


def _check_sections(sections: Sequence[Section], where: str) -> None:
    kinds = [s.kind for s in sections]
    if kinds[:1] != [GRAPH] or set(kinds[1:]) - {TENSOR}:
        raise CodecError(f"{where}: sections are of kinds {kinds[:8]}, expected one graph (1), then tensors (2)")
    if sections[0].name != "graph":
        raise CodecError(f"{where}: the graph's section is called {shown(sections[0].name)}, expected 'graph'")
    names = {s.name for s in sections}
    if len(names) != len(sections):
        raise CodecError(f"{where}: two sections have one name")
    if len(sections[0].data) > MOST_TEXT:
        raise CodecError(f"{where}: the graph's text has more than {MOST_TEXT} bytes")


def _entry(section: Section, offset: int, data: bytes) -> bytes:
    name = section.name.encode()
    if not 1 <= len(name) <= _MOST_NAME or not section.name.isprintable():
        raise CodecError(
            f"eqbin: name {shown(section.name)} has {len(name)} bytes, expected 1 to {_MOST_NAME}, printable")
    size = bytes([len(name)]) if len(name) < 128 else bytes([len(name) & 127 | 128, len(name) >> 7])
    encoding = _ZLIB if section.deflate else _PLAIN
    return _ENTRY.pack(section.kind, encoding, offset & _LARGEST, len(data), zlib.crc32(data)) + size + name


def _read_head(data: bytes, where: str) -> tuple[int, int, int]:
    """Return header length, number of sections and alignment, once the header is whole."""
    if not is_eqbin(data):
        raise CodecError(f"{where}: does not begin with the magic bytes of .eqbin")
    if len(data) < _HEAD.size:
        raise CodecError(f"{where}: ends at byte {len(data)}, inside the header of {_HEAD.size} bytes")
    _, version, power, zero, length, count, crc = _HEAD.unpack_from(data)
    if version != VERSION:
        raise CodecError(f"{where}: version {version} at byte 8 is unknown; this edgeq reads version {VERSION}")
    if not _HEAD.size <= length <= len(data):
        raise CodecError(f"{where}: header length {length} at byte 12, the file has {len(data)} bytes")
    head = bytearray(data[:length])
    head[_CRC] = bytes(4)
    if zlib.crc32(head) != crc:
        raise CodecError(f"{where}: the header's crc at byte 20 is not that of its {length} bytes")
    if power > LARGEST_ALIGN.bit_length() - 1 or zero:
        raise CodecError(f"{where}: bytes 10 and 11 are {power} and {zero}, expected 0 to 12 and 0")
    return length, count, 1 << power


def _read_entry(data: bytes, place: int, length: int, what: str) -> tuple[int, Stored]:
    """Return where the entry ends, and its section."""
    if place + _ENTRY.size >= length:
        raise CodecError(f"{what}: passes the end of the header at byte {length}")
    kind, encoding, offset, size, crc = _ENTRY.unpack_from(data, place)
    place, name = _read_name(data, place + _ENTRY.size, length, what)
    if offset + size > len(data):
        raise CodecError(f"{what}: section {offset}..{offset + size} passes the end of the file at byte {len(data)}")
    stored = data[offset : offset + size]
    if zlib.crc32(stored) != crc:
        raise CodecError(f"{what}: the crc of section '{name}' is not that of its {size} bytes")
    if encoding not in (_PLAIN, _ZLIB) or (kind != GRAPH and encoding):
        raise CodecError(f"{what}: encoding {encoding} is unknown for kind {kind}")
    contents = _inflate(stored, what) if encoding == _ZLIB else stored
    return place, Stored(Section(kind, name, contents, encoding == _ZLIB), offset, stored)


def _read_name(data: bytes, place: int, length: int, what: str) -> tuple[int, str]:
    size, first = data[place], data[place]
    place += 1
    if first & 128 and place < length:
        size, place = first & 127 | data[place] << 7, place + 1
        if size < 128:
            raise CodecError(f"{what}: the name's length is not in its shortest form")
    if not 1 <= size <= _MOST_NAME or place + size > length:
        raise CodecError(f"{what}: a name of {size} bytes, expected 1 to {_MOST_NAME} inside the header")
    try:
        name = data[place : place + size].decode()
    except UnicodeDecodeError:
        raise CodecError(f"{what}: the name is not UTF-8") from None
    if not name.isprintable():  # it is shown in messages and lists
        raise CodecError(f"{what}: the name {shown(name)} has characters that cannot be printed")
    return place + size, name


def _inflate(stored: bytes, what: str) -> bytes:
    inflater = zlib.decompressobj()
    try:
        contents = inflater.decompress(stored, MOST_TEXT + 1)
    except zlib.error as cause:
        raise CodecError(f"{what}: not what zlib wrote ({cause})") from None
    if len(contents) > MOST_TEXT:
        raise CodecError(f"{what}: inflates to more than {MOST_TEXT} bytes")
    if not inflater.eof or inflater.unused_data:
        raise CodecError(f"{what}: the zlib stream does not end with its section")
    return contents


def read_network(data: bytes, where: str = "eqbin") -> tuple[bytes, dict[str, Array]]:
    """Return the graph's text and the tensors by the paths that the text has for them.

    Raises CodecError naming ``where``, section and place; before memory is taken for more than 2^28 values in all.
    """
    text, *tensors = decode_eqbin(data, where)
    places = {f"{where}: section '{s.name}'": s for s in tensors}
    count = sum(read_header(s.data, place).elements for place, s in places.items())
    if count > MOST_VALUES:
        raise CodecError(f"{where}: its tensors have {count} values, more than the {MOST_VALUES} that are read")
    return text.data, {tensor_path(s.name): decode(s.data, where=place) for place, s in places.items()}


def tensor_path(name: str) -> str:
    """Return what the graph's text calls the tensor of a section."""
    return f"tensors/{name}.npy"
