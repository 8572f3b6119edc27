"""Write memory words as a Xilinx coefficient file, which a block memory's generator loads, and read it back.

Radix 16, one word a line, ``,`` after each but the last, which ``;`` follows; no ``0x`` and no sign.

Source: Xilinx UG896, "COE File Syntax".
"""

from __future__ import annotations

from edgeq.memory.digits import HEX, Line
from edgeq.memory.text import TextFormat

_HEAD = (b"memory_initialization_radix=16;", b"memory_initialization_vector=")


def coe_format(bits: int) -> TextFormat:
    """Return the format of words of ``bits``.

    >>> import numpy as np
    >>> print(coe_format(9).encode(np.array([[255, 1], [7, 0]], np.uint8)).decode(), end="")
    memory_initialization_radix=16;
    memory_initialization_vector=
    1ff,
    007;
    """
    return TextFormat(Line(bits, HEX, b",\n"), _HEAD, comment=b";", last_end=b";\n")
