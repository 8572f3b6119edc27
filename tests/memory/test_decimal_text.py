"""Decimal text: literal lines, every fault with its line."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.errors import CodecError
from edgeq.memory.decimal_text import decode_decimal, encode_decimal

ENDS = [0, 1, -1, (1 << 63) - 1, -(1 << 63)]


def test_literal_lines() -> None:
    assert encode_decimal(np.array(ENDS)) == b"0\n1\n-1\n9223372036854775807\n-9223372036854775808\n"
    assert decode_decimal(encode_decimal(np.array(ENDS)), "x").tolist() == ENDS
    assert encode_decimal(np.zeros((0,), np.int8)) == b""
    assert decode_decimal(b"", "x").size == 0


@pytest.mark.parametrize(("data", "fault"), [
    (b"1\n2", "w.txt line 2: the final newline is missing"),
    (b"1\n\n2\n", "w.txt line 2: '' is not a decimal integer"),
    (b"1\n07\n", "w.txt line 2: '07' is not a decimal integer without leading zeros"),
    (b"-0\n", "w.txt line 1: '-0' is not"),
    (b"+1\n", r"w.txt line 1: '\+1' is not"),
    (b" 1\n", "w.txt line 1: ' 1' is not"),
    (b"1\r\n", r"w.txt line 1: '1\\r' is not"),
    (b"0\n1.0\n", "w.txt line 2: '1.0' is not"),
    (b"0x1f\n", "w.txt line 1: '0x1f' is not"),
    (b"\xd9\xa1\n", "w.txt line 1: .* is not"),
    (b"1\n9223372036854775808\n", "w.txt line 2: 9223372036854775808 does not fit 64 bits"),
    (b"1\n" + b"9" * 5000 + b"\n", "w.txt line 2: '9999999999999999999999999999999999999999' is not"),
])
def test_faults(data: bytes, fault: str) -> None:
    with pytest.raises(CodecError, match=f"^{fault}"):
        decode_decimal(data, "w.txt")
