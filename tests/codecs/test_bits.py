"""Varints, fields and words: literal bytes."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.codecs.bits import (
    bits_for,
    get_field,
    new_words,
    pack,
    padding_is_zero,
    put_bits,
    stream_bytes,
    swap_words,
    unpack,
)
from edgeq.codecs.varint import Cursor, write_svarint, write_varint
from edgeq.errors import CodecError

VARINTS = [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (16383, "ff7f"), (16384, "808001"),
           (2**62, "808080808080808040"), (2**63 - 1, "ffffffffffffffff7f")]
SVARINTS = [(0, "00"), (-1, "01"), (1, "02"), (-64, "7f"), (64, "8001"), (-128, "ff01"),
            (2**63 - 1, "feffffffffffffffff01"), (-(2**63), "ffffffffffffffffff01")]


def cursor(text: str) -> Cursor:
    return Cursor(memoryview(bytes.fromhex(text)), lambda offset, message: CodecError(f"byte {offset}: {message}"))


@pytest.mark.parametrize(("value", "text"), VARINTS)
def test_varint(value: int, text: str) -> None:
    assert write_varint(value).hex() == text
    assert cursor(text).varint("v") == value


@pytest.mark.parametrize(("value", "text"), SVARINTS)
def test_svarint(value: int, text: str) -> None:
    assert write_svarint(value).hex() == text
    assert cursor(text).svarint("v") == value


@pytest.mark.parametrize(("text", "fault"), [
    ("", "byte 0: v needs 1 bytes, 0 are left"),
    ("80", "byte 1: v needs 1 bytes, 0 are left"),
    ("8000", "byte 0: v is not in the shortest form"),
    ("808000", "byte 0: v is not in the shortest form"),
    ("80808080808080808001", "byte 0: v is at least 9223372036854775808, expected less than 9223372036854775808"),
    ("ff" * 40, "byte 0: v is at least"),
])
def test_wrong_varints(text: str, fault: str) -> None:
    with pytest.raises(CodecError, match=fault):
        cursor(text).varint("v")


def test_largest_svarint_and_bytes_left_over() -> None:
    with pytest.raises(CodecError, match="v is at least 18446744073709551616"):
        cursor("80" * 9 + "02").svarint("v")
    at = cursor("010203")
    at.u8("v")
    with pytest.raises(CodecError, match="byte 1: 2 bytes are left over"):
        at.end()


@pytest.mark.parametrize(("values", "bits", "text"), [
    ([1, 0, 1, 1], 1, "b0"),                      # 1011 0000
    ([1, 2, 3], 3, "2980"),                       # 001 010 01|1 0000000
    ([0x12, 0xFE], 8, "12fe"),
    ([0x1FF, 0], 9, "ff8000"),                    # 11111111 1|0000000 00|000000
    ([0x1234], 16, "1234"),
    ([1, 0x1FFFF], 17, "0000ffffc0"),             # 17 bits 0..01, 17 ones, 6 of padding
    ([2**63 - 1, 1], 63, "fffffffffffffffe0000000000000004"),
    ([-2, 1], 64, "fffffffffffffffe0000000000000001"),
    ([0, 0], 0, ""),
])
def test_fields(values: list[int], bits: int, text: str) -> None:
    dtype = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.int64
    data = pack(np.array(values, dtype), bits)
    assert data.tobytes().hex() == text
    assert unpack(data, bits, len(values)).tolist() == values
    assert unpack(data, bits, len(values)).dtype == dtype


def test_fields_at_any_bit_of_any_width() -> None:
    for bits in range(64):
        for position in (0, 1, 7, 8, 9, 57, 63, 64, 65):
            words = new_words(position + bits + 3)
            put_bits(words, position, (1 << bits) - 1, bits)
            put_bits(words, position + bits, 2, 3)
            data = stream_bytes(words, position + bits + 3)
            expected = "0" * position + "1" * bits + "010"
            assert "".join(f"{b:08b}" for b in data.tolist()) == expected.ljust(8 * data.size, "0")
            assert get_field(data, position, bits) == (1 << bits) - 1
            assert get_field(data, position + bits, 3) == 2


def test_words_are_stored_little_endian() -> None:
    data = np.arange(8, dtype=np.uint8)
    assert swap_words(data, 8).tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert swap_words(data, 16).tolist() == [1, 0, 3, 2, 5, 4, 7, 6]
    assert swap_words(data, 32).tolist() == [3, 2, 1, 0, 7, 6, 5, 4]
    assert swap_words(data, 64).tolist() == [7, 6, 5, 4, 3, 2, 1, 0]


def test_padding_and_widths() -> None:
    assert [padding_is_zero(np.array([0b10100000], np.uint8), n) for n in (0, 1, 2, 3, 8)] == [
        True, False, False, True, True]
    assert [bits_for(n) for n in (0, 1, 2, 3, 4, 5, 65536, 65537)] == [0, 0, 1, 2, 2, 3, 16, 17]
