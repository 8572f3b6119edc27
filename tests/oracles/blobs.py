"""Blobs read from their page alone, with strings of bits and Python integers; imports nothing from edgeq.

It reads the codecs without entropy coding and refuses whatever the page forbids.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import pairwise
from math import prod

SECTIONS = {1: 1, 2: 2, 3: 2, 4: 3, 5: 4, 6: 4, 7: 2, 8: 3}


class Refused(Exception):
    """The bytes are no blob of version 1, or hold more elements than allowed."""


def require(condition: bool) -> None:
    if not condition:
        raise Refused


class Bytes:
    """Bytes that are taken from the front."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, count: int) -> bytes:
        require(count <= len(self.data))
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def u8(self) -> int:
        return self.take(1)[0]

    def varint(self, limit: int = 2**63) -> int:
        groups = [self.u8()]
        while groups[-1] & 128 and len(groups) < 11:
            groups.append(self.u8())
        require(len(groups) == 1 or groups[-1] != 0)
        value = sum((g & 127) << 7 * k for k, g in enumerate(groups))
        require(value < limit and len(groups) < 11)
        return value

    def svarint(self) -> int:
        code = self.varint(2**64)
        return code // 2 if code % 2 == 0 else -(code + 1) // 2


class Bits:
    """A stream of bits in words, taken from the front."""

    def __init__(self, data: bytes, word_bits: int = 8) -> None:
        size = word_bits // 8
        require(len(data) % size == 0)
        words = [data[k : k + size][::-1] for k in range(0, len(data), size)]
        self.text = "".join(f"{byte:08b}" for word in words for byte in word)
        self.place = 0

    def take(self, bits: int) -> int:
        self.place += bits
        require(self.place <= len(self.text))
        return int(self.text[self.place - bits : self.place] or "0", 2)

    def end(self, most: int = 8) -> None:
        rest = self.text[self.place :]
        require(len(rest) < most and "1" not in rest)


def bits_for(n: int) -> int:
    bits = 0
    while 2**bits < n:
        bits += 1
    return bits


@dataclass
class Blob:
    bits: int
    signed: bool
    shape: list[int]
    fill: int
    count: int
    parts: list[bytes]

    @property
    def rows(self) -> int:
        return self.shape[0] if len(self.shape) > 1 else 1

    @property
    def columns(self) -> int:
        return prod(self.shape[1:] if len(self.shape) > 1 else self.shape)

    @property
    def elements(self) -> int:
        return prod(self.shape)

    def value(self, field: int) -> int:
        return field - 2**self.bits if self.signed and field >= 2 ** (self.bits - 1) else field

    def fields(self, data: bytes, count: int) -> list[int]:
        return [self.value(f) for f in fields(data, self.bits, count)]

    def kept(self, data: bytes) -> list[int]:
        values = self.fields(data, self.count)
        require(self.fill not in values)
        return values


def fields(data: bytes, bits: int, count: int) -> list[int]:
    require(len(data) == -(-bits * count // 8))
    stream = Bits(data)
    taken = [stream.take(bits) for _ in range(count)]
    stream.end()
    return taken


def read(data: bytes, most: int) -> tuple[list[int], list[int]]:
    """Return shape and values in row-major order."""
    require(len(data) >= 4 and data[:4] == b"EQB\x01" and zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little"))
    front = Bytes(data[4:-4])
    codec, type, rank = front.u8(), front.u8(), front.u8()
    require(codec in SECTIONS and rank <= 32)
    bits, signed = type % 128, type >= 128
    require(1 <= bits <= (16 if codec > 3 else 64 if signed else 63))
    shape = [front.varint(2**32) for _ in range(rank)]
    require(prod(d for d in shape if d) < 2**48 and prod(shape) <= most)
    blob = Blob(bits, signed, shape, front.svarint(), front.varint(), [])
    lo, hi = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    require(lo <= blob.fill <= hi and blob.count <= blob.elements and front.u8() == SECTIONS[codec])
    require(codec > 3 or blob.count == blob.elements)
    lengths = [front.varint() for _ in range(SECTIONS[codec])]
    blob.parts = [front.take(n) for n in lengths]
    require(not front.data)
    readers = {1: packed, 2: fixed_point, 3: vanilla, 4: coo, 5: csr, 6: csc, 7: bitmask, 8: zero_runs}
    values = readers[codec](blob)
    assert len(values) == blob.elements
    return shape, values


def packed(blob: Blob) -> list[int]:
    return blob.fields(blob.parts[-1], blob.elements)


def fixed_point(blob: Blob) -> list[int]:
    front = Bytes(blob.parts[0])
    require(-128 <= front.svarint() <= 127)
    require(not front.data)
    return packed(blob)


def vanilla(blob: Blob) -> list[int]:
    front = Bytes(blob.parts[0])
    count = front.varint(65537)
    require(count > 0 or blob.elements == 0)
    values = blob.fields(front.data, count)
    require(values == sorted(set(values)))
    places = fields(blob.parts[1], bits_for(count), blob.elements)
    require(all(p < count for p in places))
    return [values[p] for p in places]


def placed(blob: Blob, places: list[int], values: list[int]) -> list[int]:
    dense = [blob.fill] * blob.elements
    for place, value in zip(places, values, strict=True):
        dense[place] = value
    return dense


def coo(blob: Blob) -> list[int]:
    widths = [bits_for(d) for d in blob.shape]
    require(list(blob.parts[0]) == widths)
    front, axes = Bytes(blob.parts[1]), []
    for width, dim in zip(widths, blob.shape, strict=True):
        axes.append(fields(front.take(-(-width * blob.count // 8)), width, blob.count))
        require(all(c < dim for c in axes[-1]))
    require(not front.data)
    places = [0] * blob.count
    for axis, dim in zip(axes, blob.shape, strict=True):
        places = [p * dim + c for p, c in zip(places, axis, strict=True)]
    require(places == sorted(set(places)))
    return placed(blob, places, blob.kept(blob.parts[2]))


def matrix(blob: Blob, rows: int, columns: int) -> list[list[int]]:
    """Return pairs of place and value, where the place is row * columns + column."""
    width = 2 if blob.count < 65536 else 4
    require(list(blob.parts[0]) == [8 * width, bits_for(columns)])
    pointers = [int.from_bytes(blob.parts[1][k : k + width], "little") for k in range(0, len(blob.parts[1]), width)]
    require(len(blob.parts[1]) == (width * (rows + 1) if blob.elements else 0))
    require(pointers == sorted(pointers) and pointers[:1] in ([], [0]) and pointers[-1:] in ([], [blob.count]))
    indices = fields(blob.parts[2], bits_for(columns), blob.count)
    places = []
    for row, (first, end) in enumerate(pairwise(pointers)):
        inside = indices[first:end]
        require(inside == sorted(set(inside)) and all(c < columns for c in inside))
        places += [row * columns + c for c in inside]
    return [places, blob.kept(blob.parts[3])]


def csr(blob: Blob) -> list[int]:
    return placed(blob, *matrix(blob, blob.rows, blob.columns))


def csc(blob: Blob) -> list[int]:
    places, values = matrix(blob, blob.columns, blob.rows)
    return placed(blob, [p % blob.rows * blob.columns + p // blob.rows for p in places], values)


def bitmask(blob: Blob) -> list[int]:
    mask = fields(blob.parts[0], 1, blob.elements)
    require(sum(mask) == blob.count)
    return placed(blob, [k for k, bit in enumerate(mask) if bit], blob.kept(blob.parts[1]))


def zero_runs(blob: Blob) -> list[int]:
    front = Bytes(blob.parts[0])
    run_bits, style, word_bits, rows_each = front.u8(), front.u8(), front.u8(), front.varint(2**32)
    require(2 <= run_bits <= 16 and style < 2 and word_bits in (8, 16, 32, 64) and not front.data)
    dense: list[int] = []
    for data, count, elements in segments(blob, rows_each, word_bits):
        stream, segment = Bits(data, word_bits), []
        while count:
            run = stream.take(run_bits)
            escape = style == 0 and run == 2**run_bits - 1
            segment += [blob.fill] * (run - 1 if escape else run)
            require(len(segment) < elements)
            if escape:
                continue
            segment.append(blob.value(stream.take(blob.bits)))
            require(segment[-1] != blob.fill or (style == 1 and run == 2**run_bits - 1 and count > 1))
            count -= 1
        stream.end(word_bits)
        dense += segment + [blob.fill] * (elements - len(segment))
    return dense


def segments(blob: Blob, rows_each: int, word_bits: int) -> list[tuple[bytes, int, int]]:
    """Return data, stored values and elements of each segment."""
    restart, data = blob.parts[-2:]
    require(len(data) * 8 % word_bits == 0)
    if rows_each == 0 or blob.elements == 0:
        require(restart == b"" and (blob.elements > 0 or data == b""))
        return [(data, blob.count, blob.elements)]
    require(restart[:1] in (b"\x01", b"\x02", b"\x04"))
    width, number = restart[0], -(-blob.rows // rows_each)
    require(len(restart) == 1 + 2 * width * number)
    numbers = [int.from_bytes(restart[k : k + width], "little") for k in range(1, len(restart), width)]
    require(width == 1 or max(numbers) >= 2 ** (4 * width))
    starts = [w * word_bits // 8 for w in numbers[::2]] + [len(data)]
    require(starts == sorted(starts) and starts[0] == 0 and sum(numbers[1::2]) == blob.count)
    rows = [min(rows_each, blob.rows - k * rows_each) for k in range(number)]
    return [(data[starts[k] : starts[k + 1]], numbers[2 * k + 1], rows[k] * blob.columns) for k in range(number)]
