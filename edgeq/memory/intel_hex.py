"""Write memory words as Intel HEX records and read them back.

``:LLAAAATT<data>CC``, upper-case digits, LF; the checksum makes the bytes of a record add up to 0 modulo 256.
Profile standard counts bytes: 16 to a record, a word's least significant byte first, record 04 before each next 64 KiB.
Profile quartus counts words: one to a record, most significant byte first, record 02 before each next 65,536 words.

Source: Intel Hexadecimal Object File Format Specification, revision A, 1988; for quartus, Intel Quartus Prime help,
"Hexadecimal (Intel-Format) File (.hex) Definition".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from edgeq.errors import CodecError, InputError, shown
from edgeq.memory.packing import WordCountError
from edgeq.memory.words import BAD, ByteArray, read_digits, write_digits

PROFILES = ("standard", "quartus")
_UPPER = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_CODES = np.full(256, BAD, np.uint8)
_CODES[_UPPER] = np.arange(16)
_SPAN = 1 << 16
_RECORD = 16
_END = b":00000001FF\n"
_MOST_BYTES = 255


@dataclass(frozen=True)
class IntelHex:
    """The records of words of ``bits`` in a ``profile``; raises InputError for what records cannot hold.

    >>> print(IntelHex(8).encode(np.array([[33], [70]], np.uint8)).decode(), end="")
    :02000000214697
    :00000001FF
    """

    bits: int
    profile: str = "standard"

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise InputError(f"profile {shown(self.profile)} does not exist; use one of {', '.join(PROFILES)}")
        if self.word_bytes > _MOST_BYTES:
            raise InputError(f"a record of Intel HEX holds at most {8 * _MOST_BYTES} bits, a word has {self.bits}")

    @property
    def word_bytes(self) -> int:
        """Bytes of a word."""
        return -(-self.bits // 8)

    @property
    def _quartus(self) -> bool:
        return self.profile == "quartus"

    @property
    def _kind(self) -> int:
        """The record that moves the base of addresses: extended segment or extended linear address."""
        return 2 if self._quartus else 4

    def encode(self, rows: ByteArray) -> bytes:
        """Return the file of ``rows``; raises InputError for more than addresses reach."""
        stream = BytesIO()
        for base, parts in self._spans(self._stored(rows)):
            stream.write(base)
            for address, part in parts:
                stream.write(_text(_records(part, address, 1 if self._quartus else part.shape[1])))
        stream.write(_END)
        return stream.getvalue()

    def decode(self, data: bytes, where: str, depth: int) -> ByteArray:
        """Return the ``depth`` words; raises CodecError naming ``where``, the first bad record and its fault."""
        if len(data) != self._size(depth):
            raise self._explain(data, where, depth)
        stored = self._stored(np.empty((depth, self.word_bytes), np.uint8))
        at = 0
        for base, parts in self._spans(stored):
            for _, part in parts:
                at += len(base)
                base = b""
                size = _characters(part.shape[1])
                got = _bytes_of(data[at : at + size * len(part)], size)
                if got is None:
                    raise self._explain(data, where, depth)
                part[:] = got[:, 4:-1]
                at += size * len(part)
        rows = stored[:, ::-1] if self._quartus else stored.reshape(depth, self.word_bytes)
        rows = np.ascontiguousarray(rows)
        if self.encode(rows) != data:
            raise self._explain(data, where, depth)
        if self.bits % 8 and (rows[:, -1] >> self.bits % 8).any():
            word = int(np.flatnonzero(rows[:, -1] >> self.bits % 8)[0])
            raise CodecError(f"{where} word {word}: does not fit {self.bits} bits")
        return rows

    def _stored(self, rows: ByteArray) -> ByteArray:
        """Return what addresses count: words, most significant byte first, or bytes."""
        stored = np.ascontiguousarray(rows[:, ::-1]) if self._quartus else rows.reshape(-1, 1)
        most, counted = (16 * _SPAN, "words") if self._quartus else (_SPAN * _SPAN, "bytes")
        if len(stored) > most:
            raise InputError(f"profile {self.profile} addresses at most {most} {counted}, got {len(stored)}")
        return stored

    def _spans(self, stored: ByteArray) -> Iterator[tuple[bytes, list[tuple[int, ByteArray]]]]:
        """Yield, per span of 16-bit addresses, the record before it and its parts: address, records of one length."""
        for start in range(0, len(stored), _SPAN):
            span = stored[start : start + _SPAN]
            if self._quartus:
                parts = [(0, span)]
            else:
                whole = len(span) - len(span) % _RECORD
                parts = [(0, span[:whole].reshape(-1, _RECORD))] if whole else []
                parts += [(whole, span[whole:].reshape(1, -1))] if whole < len(span) else []
            yield self._base(start // _SPAN), parts

    def _base(self, span: int) -> bytes:
        """Return the record before a span of addresses, nothing before the first."""
        number = span << 12 if self._quartus else span
        body = bytes([2, 0, 0, self._kind, number >> 8, number & 255])
        return b":%s%02X\n" % (body.hex().upper().encode(), -sum(body) & 255) if span else b""

    def _size(self, depth: int) -> int:
        """Return the characters of a file of ``depth`` words."""
        counted = depth if self._quartus else depth * self.word_bytes
        bases = max(-(-counted // _SPAN) - 1, 0) * _characters(2)
        if self._quartus:
            return bases + depth * _characters(self.word_bytes) + len(_END)
        whole, rest = divmod(counted, _RECORD)
        return bases + whole * _characters(_RECORD) + (_characters(rest) if rest else 0) + len(_END)

    def _explain(self, data: bytes, where: str, depth: int) -> CodecError:
        """Return the error of the first record that is not as `encode` writes it."""
        seen, base, unit = 0, 0, self.word_bytes if self._quartus else 1
        lines = data.split(b"\n")
        ended = False
        for number, line in enumerate(lines[:-1], 1):
            fault, body = _record(line)
            if ended:
                fault = "a record stands after the end record"
            elif not fault and body[3] == 1:
                ended = True
                fault = None if body[:3] == b"\0\0\0" else "the end record is not :00000001FF"
            elif not fault and body[3] == self._kind and len(body) == 6:
                base = int.from_bytes(body[4:], "big") << (4 if self._quartus else 16)
            elif not fault:
                fault = self._data_fault(body, base, seen // unit, depth * self.word_bytes - seen)
                seen += len(body) - 4
            if fault:
                return CodecError(f"{where} line {number}: {fault}")
        if lines[-1]:
            return CodecError(f"{where} line {len(lines)}: the final newline is missing")
        if not ended:
            return CodecError(f"{where} line {len(lines)}: the file ends without the end record :00000001FF")
        if seen == depth * self.word_bytes:
            return CodecError(f"{where}: an extended address record is missing or one too many")
        return WordCountError(where, seen // self.word_bytes, depth)

    def _data_fault(self, body: bytes, base: int, expected: int, left: int) -> str | None:
        if body[3] != 0:
            return f"record type {body[3]:02X} is not used here; types are 00, 01 and {self._kind:02X}"
        address = base + int.from_bytes(body[1:3], "big")
        if address != expected:
            return f"address is {address:X}, expected {expected:X}"
        size = self.word_bytes if self._quartus else min(_RECORD, left)
        if left > 0 and len(body) - 4 != size:
            return f"holds {len(body) - 4} bytes, expected {size}"
        return None


def _characters(size: int) -> int:
    """Return the characters of a record of ``size`` data bytes, newline included."""
    return 2 * (size + 5) + 2


def _records(part: ByteArray, address: int, step: int) -> ByteArray:
    """Return the bytes of data records, checksums included; addresses begin at ``address``."""
    grid = np.zeros((len(part), part.shape[1] + 5), np.uint8)
    at = address + step * np.arange(len(part))
    grid[:, 0] = part.shape[1]
    grid[:, 1] = at >> 8
    grid[:, 2] = at & 255
    grid[:, 4:-1] = part
    grid[:, -1] = 0 - grid.sum(axis=1, dtype=np.uint8)
    return grid


def _text(grid: ByteArray) -> memoryview:
    text = np.empty((len(grid), 2 * grid.shape[1] + 2), np.uint8)
    text[:, 0], text[:, -1] = ord(":"), ord("\n")
    write_digits(np.ascontiguousarray(grid[:, ::-1]), _UPPER, 4, 2 * grid.shape[1], text, 1)
    return text.data


def _bytes_of(text: bytes, size: int) -> ByteArray | None:
    """Return the bytes of records of one length, None for a wrong digit."""
    grid = np.frombuffer(text, np.uint8).reshape(-1, size)
    got = np.empty((len(grid), size // 2 - 1), np.uint8)
    return got[:, ::-1] if read_digits(grid, _CODES, 4, size - 2, 1, got) < 0 else None


def _record(line: bytes) -> tuple[str | None, bytes]:
    """Return what is wrong with a record by itself, and its bytes without the checksum."""
    if not line.startswith(b":"):
        return "a record starts with ':'", b""
    bad = [chr(c) for c in line[1:] if _CODES[c] == BAD]
    if bad:
        return f"{bad[0]!r} is not an upper-case hexadecimal digit", b""
    if len(line) < 11 or len(line) % 2 == 0:
        return f"has {len(line) - 1} digits, a record has an even number of at least 10", b""
    body = bytes.fromhex(line[1:].decode())
    if len(body) != body[0] + 5:
        return f"says {body[0]} data bytes and holds {len(body) - 5}", b""
    if sum(body) & 255:
        return f"checksum is {body[-1]:02X}, expected {-sum(body[:-1]) & 255:02X}", b""
    return None, body[:-1]
