"""Write integers as decimal text, one a line, and read them back with the line of the first fault.

A number has no leading zero, no plus and no blank; zero has no sign; LF, a final newline.

Source: design page "Artefacts".
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.errors import CodecError

_LINES = re.compile(rb"(?:(?:-?[1-9][0-9]{0,18}|0)\n)*")
_NUMBER = re.compile(rb"-?[1-9][0-9]{0,18}|0")
_SHOWN = 40


def encode_decimal(values: npt.NDArray[Any]) -> bytes:
    """Return the text of ``values``, taken in row-major order.

    >>> encode_decimal(np.array([[-1, 0], [127, 5]]))
    b'-1\\n0\\n127\\n5\\n'
    """
    return "".join(f"{v}\n" for v in values.reshape(-1).tolist()).encode()


def decode_decimal(data: bytes, where: str, first_line: int = 1) -> npt.NDArray[np.int64]:
    """Return the numbers of a text; raises CodecError naming ``where``, the line and the fault.

    >>> decode_decimal(b"-1\\n0\\n", "x").tolist()
    [-1, 0]
    """
    if not _LINES.fullmatch(data):
        raise _explained(data, where, first_line)
    numbers = [int(line) for line in data.split()]
    try:
        return np.array(numbers, np.int64)
    except OverflowError:
        line = next(k for k, n in enumerate(numbers) if not -(1 << 63) <= n < 1 << 63)
        raise CodecError(f"{where} line {first_line + line}: {numbers[line]} does not fit 64 bits") from None


def _explained(data: bytes, where: str, first_line: int) -> CodecError:
    lines = data.split(b"\n")
    for number, line in enumerate(lines[:-1], first_line):
        if not _NUMBER.fullmatch(line):
            said = line[:_SHOWN].decode("ascii", "replace")
            return CodecError(f"{where} line {number}: {said!r} is not a decimal integer without leading zeros")
    return CodecError(f"{where} line {first_line + len(lines) - 1}: the final newline is missing")
