"""Write memory words as an Intel (Altera) memory initialization file, which Quartus loads, and read it back.

Source: Intel Quartus Prime help, "Memory Initialization File (.mif) Definition".
"""

from __future__ import annotations

from edgeq.memory.digits import HEX, Line
from edgeq.memory.text import TextFormat


def mif_format(bits: int, depth: int) -> TextFormat:
    """Return the format of ``depth`` words of ``bits``; radix HEX, every address of the same number of digits.

    >>> import numpy as np
    >>> print(mif_format(8, 2).encode(np.array([[127], [255]], np.uint8)).decode(), end="")
    WIDTH=8;
    DEPTH=2;
    ADDRESS_RADIX=HEX;
    DATA_RADIX=HEX;
    CONTENT BEGIN
    0 : 7f;
    1 : ff;
    END;
    """
    head = (f"WIDTH={bits};", f"DEPTH={depth};", "ADDRESS_RADIX=HEX;", "DATA_RADIX=HEX;", "CONTENT BEGIN")
    line = Line(bits, HEX, b";\n", address_digits=len(f"{max(depth - 1, 0):x}"), between=b" : ")
    return TextFormat(line, tuple(text.encode() for text in head), (b"END;",), comment=b"--")
