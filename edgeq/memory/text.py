"""Describe a text file of memory words: a comment, head lines, one line per word, tail lines.

A format is one `TextFormat`; writing, reading and naming the first faulty line are written here once.

Source: design page "Artefacts".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from edgeq.errors import CodecError
from edgeq.memory.digits import Line
from edgeq.memory.packing import WordCountError
from edgeq.memory.words import ByteArray

_SHOWN = 60


@dataclass(frozen=True)
class TextFormat:
    """A file of words: ``line`` is that of one word, ``last_end`` the end of the last one where it differs.

    ``comment`` starts the first line where the format has comments; what follows it is free.
    """

    line: Line
    head: tuple[bytes, ...] = ()
    tail: tuple[bytes, ...] = ()
    comment: bytes = b""
    last_end: bytes = b""

    def encode(self, rows: ByteArray, provenance: str = "") -> bytes:
        """Return the file; ``provenance`` is its first comment, for formats that have comments."""
        stream = BytesIO()
        if self.comment and provenance:
            stream.write(self.comment + b" " + provenance.encode("ascii", "replace") + b"\n")
        stream.write(_joined(self.head))
        self.line.write(stream, rows)
        if self.last_end and len(rows):
            stream.seek(-len(self.line.end), 1)
            stream.write(self.last_end)
        stream.write(_joined(self.tail))
        return stream.getvalue()

    def decode(self, data: bytes, where: str, depth: int | None = None) -> tuple[ByteArray, int]:
        """Return the words and the line of the first.

        Raises CodecError naming ``where``, the first bad line and its fault; WordCountError for a file that is
        well formed and has another number of words than ``depth``.
        """
        head, tail = _joined(self.head), _joined(self.tail)
        comment = data.find(b"\n") + 1 if self.comment and data.startswith(self.comment) else 0
        start, before = comment + len(head), len(self.head) + bool(comment)
        if not data.startswith(head, comment) or len(data) < start + len(tail):
            raise self._explain(data, where)
        rows, good = self._read(memoryview(data)[start : len(data) - len(tail)])
        if rows is None or not data.endswith(tail):
            raise self._explain(data, where, start + good * self.line.size, before + good, good)
        if depth is not None and len(rows) != depth:
            raise WordCountError(where, len(rows), depth)
        return rows, before + 1

    def _read(self, body: memoryview) -> tuple[ByteArray | None, int]:
        """Return the words, None where there is a fault, and how many lines are known to be good."""
        ended = not self.last_end or not body
        if self.last_end and bytes(body[-len(self.last_end) :]) == self.last_end:
            patched, ended = bytearray(body), True
            patched[-len(self.last_end) :] = self.line.end
            body = memoryview(patched).toreadonly()
        rows, good = self.line.read(body)
        return rows if ended and good * self.line.size == len(body) else None, good

    def _explain(self, data: bytes, where: str, start: int = 0, before: int = 0, words: int = 0) -> CodecError:
        """Return the error of the first fault from ``start`` on, after ``before`` lines that hold ``words`` words."""
        head, tail = [] if start else list(self.head), list(self.tail)
        ended, number = False, before
        for number, line in enumerate(_lines(data, start), before + 1):
            if number == 1 and self.comment and line.startswith(self.comment):
                continue
            fault: str | None = None
            if head:
                fault = _other(line, head.pop(0))
            elif tail and (ended or line == tail[0]):
                ended, fault = True, _other(line, tail.pop(0))
            elif ended:
                fault = f"{_text(line)} stands after the end of the file"
            else:
                fault, ended = self._word_fault(line, words)
                words += 1
            if fault:
                return CodecError(f"{where} line {number}: {fault}")
        if data and not data.endswith(b"\n"):
            return CodecError(f"{where} line {number + 1}: the final newline is missing")
        return CodecError(f"{where} line {number + 1}: {self._missing(head, tail)}")

    def _missing(self, head: list[bytes], tail: list[bytes]) -> str:
        if head or tail:
            return f"the file ends where {_text((head or tail)[0])} is expected"
        return f"the file ends without {_text(self.last_end.strip())} after the last word"

    def _word_fault(self, line: bytes, words: int) -> tuple[str | None, bool]:
        """Return what is wrong with the line of a word, and whether it says that it is the last."""
        start, end = self.line.start, self.line.end[:-1]
        address, word = line[:start], line
        if start:
            expected = f"{words:0{self.line.address_digits}x}".encode() + self.line.between
            if address != expected:
                return f"starts with {_text(address)}, expected {_text(expected)}", False
            word = line[start:]
        last = bool(self.last_end) and word.endswith(self.last_end[:-1])
        end = self.last_end[:-1] if last else end
        if not word.endswith(end):
            return f"ends in {_text(word[-1:])}, expected {_text(end)}", False
        return self.line.fault(word[: len(word) - len(end)]), last


def _joined(lines: tuple[bytes, ...]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _lines(data: bytes, start: int) -> Iterator[bytes]:
    """Yield the lines from ``start`` on that end in a newline."""
    while (end := data.find(b"\n", start)) >= 0:
        yield data[start:end]
        start = end + 1


def _other(line: bytes, expected: bytes) -> str | None:
    return None if line == expected else f"is {_text(line)}, expected {_text(expected)}"


def _text(data: bytes) -> str:
    return repr(data[:_SHOWN].decode("ascii", "replace")) + ("..." if len(data) > _SHOWN else "")
