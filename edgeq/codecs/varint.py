"""Write integers in as few bytes as they need, and read parameters byte by byte.

A varint is unsigned LEB128 in its shortest form; an svarint is the zigzag code of a signed value, written likewise.

Source: README.md of this folder, "Notation".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeq.errors import CodecError

VARINT_LIMIT = 1 << 63
SVARINT_LIMIT = 1 << 64


def write_varint(value: int) -> bytes:
    """Return the bytes of a value from 0.

    >>> write_varint(300).hex(), write_varint(0).hex()
    ('ac02', '00')
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def write_svarint(value: int) -> bytes:
    """Return the bytes of a signed value.

    >>> [write_svarint(v).hex() for v in (0, -1, 1, -128)]
    ['00', '01', '02', 'ff01']
    """
    return write_varint(2 * value if value >= 0 else -2 * value - 1)


@dataclass
class Cursor:
    """A place in ``data``; every read checks and moves it. ``fault(offset, message)`` makes the error to raise."""

    data: memoryview
    fault: Callable[[int, str], CodecError]
    offset: int = 0

    def u8(self, what: str) -> int:
        """Return the next byte."""
        return self.take(1, what)[0]

    def take(self, count: int, what: str) -> memoryview:
        """Return the next ``count`` bytes."""
        left = len(self.data) - self.offset
        if count > left:
            raise self.fault(self.offset, f"{what} needs {count} bytes, {left} are left")
        self.offset += count
        return self.data[self.offset - count : self.offset]

    def varint(self, what: str, below: int = VARINT_LIMIT) -> int:
        """Return the next varint, which has to be below ``below``."""
        start, value, shift = self.offset, 0, 0
        while True:
            byte = self.u8(what)
            value |= (byte & 127) << shift
            if byte == 0 and shift:
                raise self.fault(start, f"{what} is not in the shortest form")
            if value >= below:
                raise self.fault(start, f"{what} is at least {value}, expected less than {below}")
            if byte < 128:
                return value
            shift += 7

    def svarint(self, what: str) -> int:
        """Return the next svarint."""
        code = self.varint(what, SVARINT_LIMIT)
        return -(code >> 1) - 1 if code & 1 else code >> 1

    def end(self) -> None:
        """Refuse bytes that are left over."""
        left = len(self.data) - self.offset
        if left:
            raise self.fault(self.offset, f"{left} bytes are left over")
