"""Write words as lines of digits, binary or hexadecimal, and read them back.

Source: design page "Artefacts".
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np

from edgeq.memory.words import BAD, CODES, DIGITS, ByteArray, read_digits, write_digits

HEX = 4
BINARY = 1
NAMES = {BINARY: "binary digit", HEX: "lower-case hexadecimal digit"}
_CHUNK = 1 << 17


@dataclass(frozen=True)
class Line:
    """The line of one word of ``bits``: its address where there is one, digits of ``unit`` bits, ``end``.

    >>> import numpy as np
    >>> stream = BytesIO()
    >>> Line(9, HEX, b";\\n", address_digits=2, between=b" : ").write(stream, np.array([[255, 1], [7, 0]], np.uint8))
    >>> stream.getvalue()
    b'00 : 1ff;\\n01 : 007;\\n'
    """

    bits: int
    unit: int
    end: bytes = b"\n"
    address_digits: int = 0
    between: bytes = b""

    @property
    def digits(self) -> int:
        """Digits of a word."""
        return -(-self.bits // self.unit)

    @property
    def start(self) -> int:
        """Column of the word's first digit."""
        return self.address_digits + len(self.between)

    @property
    def size(self) -> int:
        """Characters of the line, its end included."""
        return self.start + self.digits + len(self.end)

    def write(self, stream: BytesIO, rows: ByteArray) -> None:
        """Write the words of ``rows``, a line each."""
        step = max(_CHUNK // self.size, 1)
        text = np.empty((min(step, len(rows)), self.size), np.uint8)
        text[:] = np.frombuffer(self._template(), np.uint8)
        for first in range(0, len(rows), step):
            held = rows[first : first + step]
            if self.address_digits:
                write_digits(self._addresses(first, len(held)), DIGITS, HEX, self.address_digits, text, 0)
            write_digits(held, DIGITS, self.unit, self.digits, text, self.start)
            stream.write(text[: len(held)].data)

    def read(self, text: bytes | memoryview) -> tuple[ByteArray, int]:
        """Return the words of lines with addresses from 0, and how many lines are as `write` puts them.

        Where these are not all, the words are not filled and lines just before the first bad one are not counted.
        """
        grid = np.frombuffer(text, np.uint8, len(text) // self.size * self.size).reshape(-1, self.size)
        rows = np.empty((len(grid), -(-self.bits // 8)), np.uint8)
        step = max(_CHUNK // self.size, 1)
        for first in range(0, len(grid), step):
            if not self._read(grid[first : first + step], rows[first : first + step], first):
                return rows, first
        return rows, len(grid)

    def _read(self, part: ByteArray, rows: ByteArray, first: int) -> bool:
        template = np.frombuffer(self._template(), np.uint8)
        if any((part[:, k] != template[k]).any() for k in np.flatnonzero(template)) or not self._at(part, first):
            return False
        if read_digits(part, CODES, self.unit, self.digits, self.start, rows) >= 0:
            return False
        return not (self.bits % 8 and (rows[:, -1] >= 1 << self.bits % 8).any())

    def fault(self, word: bytes) -> str | None:
        """Return what is wrong with the digits of one word, None when nothing is.

        >>> Line(9, HEX).fault(b"1ff"), Line(8, HEX).fault(b"0g")
        (None, "'g' is not a lower-case hexadecimal digit")
        """
        if word.startswith(b"0x") and len(word) == self.digits + 2:
            return f"{word.decode(errors='replace')!r} has a prefix; words are digits alone"
        bad = [chr(c) for c in word if CODES[c] == BAD or CODES[c] >> self.unit]
        if bad and bad[0] in "xz":
            return f"the word is unknown ({bad[0]}): it was never written"
        if bad:
            return f"{bad[0]!r} is not a {NAMES[self.unit]}"
        if len(word) != self.digits:
            return f"has {len(word)} digits, expected {self.digits} ({self.bits} bits)"
        if int(word, 1 << self.unit) >> self.bits:
            return f"{word.decode()} does not fit {self.bits} bits; mask a sign-extended value to its bits"
        return None

    def _template(self) -> bytes:
        return bytes(self.address_digits) + self.between + bytes(self.digits) + self.end

    def _addresses(self, first: int, count: int) -> ByteArray:
        numbers = np.arange(first, first + count, dtype="<u8").view(np.uint8).reshape(-1, 8)
        return np.ascontiguousarray(numbers[:, : -(-self.address_digits // 2)])

    def _at(self, part: ByteArray, first: int) -> bool:
        if not self.address_digits:
            return True
        expected = self._addresses(first, len(part))
        got = np.empty_like(expected)
        return read_digits(part, CODES, HEX, self.address_digits, 0, got) < 0 and bool((got == expected).all())
