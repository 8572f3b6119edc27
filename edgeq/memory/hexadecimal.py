"""Write integers as the text that ``$readmemh`` and ``$readmemb`` load, and read it back.

One word per line, ascending, lower-case hexadecimal of ``ceil(word_bits / 4)`` digits or binary of ``word_bits``,
LF, a final newline, no comment and no address: the strict profile, for ``reg [W-1:0] m [0:DEPTH-1]``. A value is
checked against its type, then masked to its width (two's complement). Several lanes share a word; the last word
is padded.

Source: design page "Artefacts".
"""

from __future__ import annotations

import re
from io import BytesIO

from edgeq.arith.types import IntType
from edgeq.errors import CodecError
from edgeq.memory.digits import HEX, Line, explain_lines, word_fault
from edgeq.memory.packing import Array, Packing, pack_words, unpack_words
from edgeq.memory.words import ByteArray


def encode_hex(values: Array, type: IntType, packing: Packing | None = None, where: str = "hex") -> bytes:
    """Return the words of ``values``, taken in row-major order.

    Raises CodecError naming ``where`` and the first value outside ``type``.

    >>> import numpy as np
    >>> encode_hex(np.array([-1, 0, 127]), IntType(8))
    b'ff\\n00\\n7f\\n'
    >>> encode_hex(np.array([1, 2, 3]), IntType(4), Packing(4, lanes=2))
    b'21\\n03\\n'
    """
    kept = packing or Packing(type.bits)
    return encode_lines(pack_words(values, type, kept, where), kept.word_bits)


def decode_hex(
    data: bytes, type: IntType, count: int, packing: Packing | None = None, where: str = "hex", *, strict: bool = True
) -> Array:
    """Return the ``count`` values of a text; raises CodecError naming ``where``, the line and the fault.

    Unless ``strict``, upper case, comments, blank lines, ``@`` addresses that ascend without a gap, CRLF and a
    missing final newline pass: what simulators and devices write.

    >>> decode_hex(b"ff\\n00\\n7f\\n", IntType(8), 3).tolist()
    [-1, 0, 127]
    """
    kept = packing or Packing(type.bits)
    rows = decode_lines(data if strict else _plain(data, where), kept.word_bits, where)
    return unpack_words(rows, type, count, kept, where)


def encode_lines(rows: ByteArray, bits: int, unit: int = HEX) -> bytes:
    """Return words of ``bits``, one a line, in digits of ``unit`` bits: HEX or BINARY.

    >>> import numpy as np
    >>> encode_lines(np.array([[5], [2]], np.uint8), 3, unit=1)
    b'101\\n010\\n'
    """
    stream = BytesIO()
    Line(bits, unit).write(stream, rows)
    return stream.getvalue()


def decode_lines(text: bytes, bits: int, where: str, unit: int = HEX) -> ByteArray:
    """Return the words of a text; raises CodecError naming ``where``, the first bad line and its fault."""
    rows = Line(bits, unit).read(text)
    if rows is None:
        raise explain_lines(text, lambda line: word_fault(line, bits, unit), where)
    return rows


def _plain(data: bytes, where: str) -> bytes:
    """Return the words alone, one a line; an address has to be that of the word after it."""
    words: list[bytes] = []
    for word in re.sub(rb"//[^\n]*", b"", data).lower().split():
        if not word.startswith(b"@"):
            words.append(word)
        elif not re.fullmatch(rb"@[0-9a-f]{1,16}", word) or int(word[1:], 16) != len(words):
            raise CodecError(f"{where}: address {word.decode(errors='replace')} stands before word {len(words)}")
    return b"".join(word + b"\n" for word in words)
