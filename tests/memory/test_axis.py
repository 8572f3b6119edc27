"""AXI-Stream beats: literal lines of several widths, every fault with its line."""

from __future__ import annotations

import pytest

from edgeq.errors import CodecError, InputError
from edgeq.memory.axis import decode_axis, encode_axis

DATA = bytes(range(1, 8))


@pytest.mark.parametrize(("bits", "text"), [
    (8, "01 1 0\n02 1 0\n03 1 0\n04 1 0\n05 1 0\n06 1 0\n07 1 1\n"),
    (16, "0201 3 0\n0403 3 0\n0605 3 0\n0007 1 1\n"),
    (32, "04030201 f 0\n00070605 7 1\n"),
    (40, "0504030201 1f 0\n0000000706 03 1\n"),
    (56, "07060504030201 7f 1\n"),
    (64, "0007060504030201 7f 1\n"),
])
def test_literal_beats(bits: int, text: str) -> None:
    assert encode_axis(DATA, bits).decode() == text
    assert decode_axis(text.encode(), bits, "x") == DATA


def test_packets_of_every_length() -> None:
    for bits in (8, 24, 128, 1024):
        for size in range(0, 70):
            data = bytes(1 + k % 255 for k in range(size))
            text = encode_axis(data, bits)
            assert text.count(b"\n") == -(-size // (bits // 8))
            assert decode_axis(text, bits, "x") == data


@pytest.mark.parametrize(("text", "fault"), [
    ("04030201 f 0\n00070605 7 1", "w line 2: the final newline is missing"),
    ("04030201 f 0\n", "w line 1: tlast is 0 in the last beat"),
    ("04030201 f 1\n00070605 7 1\n", "w line 1: tlast is 1 before the last beat"),
    ("04030201 7 0\n00070605 7 1\n", "w line 1: tkeep 7 does not keep all bytes of the beat"),
    ("04030201 f 0\n00070605 5 1\n", "w line 2: tkeep 5 does not keep the first bytes of the beat"),
    ("04030201 f 0\n00070605 0 1\n", "w line 2: tkeep 0 does not keep the first bytes"),
    ("04030201 f 0\n01070605 7 1\n", "w line 2: a byte that tkeep leaves out is not 0"),
    ("04030201 f\n", "w line 1: '04030201 f' is not a beat: 8 hexadecimal digits of tdata, 1 of tkeep, tlast"),
    ("0403020 f 1\n", "w line 1: '0403020 f 1' is not a beat"),
    ("0403020A f 1\n", "w line 1: '0403020A f 1' is not a beat"),
    ("04030201  f 1\n", "w line 1: .* is not a beat"),
    ("04030201 f 1\n\n", "w line 1: tlast is 1 before the last beat"),
    ("\n", "w line 1: '' is not a beat"),
])
def test_faults(text: str, fault: str) -> None:
    with pytest.raises(CodecError, match=f"^{fault}"):
        decode_axis(text.encode(), 32, "w")
    with pytest.raises(CodecError, match=r"w line 1: .* is not a beat"):
        decode_axis(b"\xff\n", 32, "w")


@pytest.mark.parametrize("bits", [0, 4, 12, 1032, True, "32", 8.0])
def test_widths_that_no_stream_has(bits: object) -> None:
    with pytest.raises(InputError, match=r"tdata_bits .* is not a multiple of 8 from 8 to 1024"):
        encode_axis(DATA, bits)  # type: ignore[arg-type]
