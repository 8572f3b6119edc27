"""Bytes, varints and bit fields of a blob, slowly: written from the page "Blobs" alone, nothing from edgeq.

A bit stream is a text of the characters 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field


def ceil_log2(n: int) -> int:
    """Return the smallest k with ``2**k >= n``, n >= 1."""
    k = 0
    while 2**k < n:
        k += 1
    return k


def floor_log2(n: int) -> int:
    """Return the largest k with ``2**k <= n``, n >= 1."""
    k = 0
    while 2 ** (k + 1) <= n:
        k += 1
    return k


def bits_for(n: int) -> int:
    """Return the bits of a field that holds 0..n-1."""
    return 0 if n <= 1 else ceil_log2(n)


def check(fine: bool, fault: str) -> None:
    """Refuse, unless all is fine."""
    if not fine:
        raise ValueError(fault)


class Bytes:
    """A cursor over the bytes of one section or file."""

    def __init__(self, data: bytes, place: str) -> None:
        self.data, self.place, self.at = data, place, 0

    def take(self, count: int) -> bytes:
        """Take the next bytes."""
        check(self.at + count <= len(self.data), f"{self.place}: ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def rest(self) -> bytes:
        """Take all that is left."""
        return self.take(len(self.data) - self.at)

    def fields(self, count: int, width: int) -> list[int]:
        """Take unsigned fields, W = 8, and their padding to a byte."""
        return fields(self.take(-(-count * width // 8)), count, width, self.place)

    def end(self) -> None:
        """Refuse bytes that are left over."""
        check(self.at == len(self.data), f"{self.place}: {len(self.data) - self.at} bytes left over")

    def unsigned(self, size: int) -> int:
        """Take a little endian integer."""
        return sum(byte << 8 * i for i, byte in enumerate(self.take(size)))

    def varint(self, bits: int = 63) -> int:
        """Take an unsigned LEB128 below ``2**bits``."""
        value, longest = 0, -(-bits // 7)
        for i in range(longest):
            byte = self.unsigned(1)
            value += (byte & 127) << 7 * i
            if byte < 128:
                check(byte > 0 or i == 0, f"{self.place}: varint is not the shortest")
                check(value < 2**bits, f"{self.place}: varint of 2**{bits} or more")
                return value
        raise ValueError(f"{self.place}: varint of more than {longest} bytes")

    def svarint(self) -> int:
        """Take a signed integer of 64 bits in zigzag code."""
        code = self.varint(64)
        return code // 2 if code % 2 == 0 else -(code + 1) // 2


class Bits:
    """A cursor over a bit stream in words of ``word`` bits."""

    def __init__(self, data: bytes, word: int, place: str) -> None:
        size = word // 8
        check(len(data) % size == 0, f"{place}: not a whole number of words")
        self.word, self.place, self.at = word, place, 0
        words = (data[i : i + size][::-1] for i in range(0, len(data), size))
        self.text = "".join(f"{byte:08b}" for word_bytes in words for byte in word_bytes)

    def take(self, width: int) -> int:
        """Take a field, most significant bit first."""
        check(self.at + width <= len(self.text), f"{self.place}: bits end too early")
        self.at += width
        return int("0" + self.text[self.at - width : self.at], 2)

    def end(self) -> None:
        """Refuse whole words that are left over and padding other than zero."""
        left = self.text[self.at :]
        check(len(left) < self.word, f"{self.place}: words left over")
        check("1" not in left, f"{self.place}: padding is not zero")


def as_signed(field: int, width: int) -> int:
    """Return the two's complement value of a field."""
    return field - 2**width if field >= 2 ** (width - 1) else field


def fields(data: bytes, count: int, width: int, place: str) -> list[int]:
    """Read exactly ``count`` unsigned fields that fill all of ``data``, W = 8."""
    check(len(data) == -(-count * width // 8), f"{place}: length {len(data)} for {count} fields of {width} bits")
    bits = Bits(data, 8, place)
    found = [bits.take(width) for _ in range(count)]
    bits.end()
    return found


@dataclass
class Blob:
    """One tensor, and while it is read, the sections that hold it."""

    codec_name: str
    bits: int
    signed: bool
    shape: tuple[int, ...]
    fill_value: int
    values: list[int] = field(default_factory=list)
    fractional_bits: int | None = None
    rows: int = 1
    columns: int = 1
    count: int = 0
    sections: dict[str, bytes] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return self.rows * self.columns

    def cursor(self, name: str) -> Bytes:
        return Bytes(self.sections[name], name)

    def in_type(self, value: int) -> bool:
        low = -(1 << self.bits - 1) if self.signed else 0
        return low <= value < low + (1 << self.bits)

    def typed(self, data: bytes, count: int, place: str) -> list[int]:
        """Read values of the type, W = 8."""
        raw = fields(data, count, self.bits, place)
        return [as_signed(x, self.bits) for x in raw] if self.signed else raw

    def stored(self) -> list[int]:
        """Read the section of K values that differ from the fill value."""
        found = self.typed(self.sections["data"], self.count, "data")
        check(self.fill_value not in found, "data: a stored value is the fill value")
        return found
