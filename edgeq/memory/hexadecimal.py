"""Write integers as the text that ``$readmemh`` and ``$readmemb`` load, and read it back.

One word per line, ascending, lower-case hexadecimal of ``ceil(word_bits / 4)`` digits or binary of ``word_bits``,
LF, a final newline, no comment and no address: the strict profile, for ``reg [W-1:0] m [0:DEPTH-1]``. A value is
checked against its type, then masked to its width (two's complement). Several lanes share a word; the last word
is padded.

Source: design page "Artefacts".
"""

from __future__ import annotations

import re

import numpy as np

from edgeq.arith.types import IntType
from edgeq.errors import CodecError, InputError, shown
from edgeq.memory.digits import HEX, Line
from edgeq.memory.packing import Array, Packing, pack_words, unpack_words
from edgeq.memory.text import TextFormat
from edgeq.memory.words import plain_words

PROFILES = ("strict", "simulation")


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
    return readmem_format(kept.word_bits).encode(pack_words(values, type, kept, where))


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
    rows, _ = readmem_format(kept.word_bits).decode(data if strict else _plain(data, where), where)
    return unpack_words(rows, type, count, kept, where)


def readmem_format(bits: int, unit: int = HEX, profile: str = "strict") -> TextFormat:
    """Return the format of ``$readmemh`` (unit HEX) or ``$readmemb`` (BINARY).

    Profile strict has words alone; simulation a comment first, then the address of the first word.

    >>> import numpy as np
    >>> readmem_format(3, 1, "simulation").encode(np.array([[5], [2]], np.uint8), "made")
    b'// made\\n@0\\n101\\n010\\n'
    """
    if profile not in PROFILES:
        raise InputError(f"profile {shown(profile)} does not exist; use one of {', '.join(PROFILES)}")
    if profile == "strict":
        return TextFormat(Line(bits, unit))
    return TextFormat(Line(bits, unit), head=(b"@0",), comment=b"//")


def _plain(data: bytes, where: str) -> bytes:
    """Return the words alone, one a line; an address has to be that of the word after it."""
    out = np.empty(len(data) + 1, np.uint8)
    written, words, place = plain_words(np.frombuffer(data, np.uint8), out)
    if place >= 0:
        address = re.split(rb"\s|//", data[place : place + 40].lower())[0]
        raise CodecError(f"{where}: address {address.decode(errors='replace')} stands before word {words}")
    return out[:written].tobytes()
