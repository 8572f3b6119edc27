"""Values as bytes: literals of every container and packing, an independent reader, every fault named."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.arith.types import IntType
from edgeq.errors import CodecError, InputError
from edgeq.memory.byte_stream import ByteStream


@pytest.mark.parametrize(("stream", "values", "data"), [
    (ByteStream(IntType(8)), [-128, -1, 0, 127], "80ff007f"),
    (ByteStream(IntType(8, signed=False)), [0, 255], "00ff"),
    (ByteStream(IntType(9), 16), [-256, -1, 255], "00ffffffff00"),
    (ByteStream(IntType(9), 16, "big"), [-256, -1, 255], "ff00ffff00ff"),
    (ByteStream(IntType(18), 32), [-2], "feffffff"),
    (ByteStream(IntType(33), 64, "big"), [-(1 << 32)], "ffffffff00000000"),
    (ByteStream(IntType(4), 32, "big"), [-8], "fffffff8"),
    (ByteStream(IntType(4), pack="lsb"), [1, 2, -1], "210f"),
    (ByteStream(IntType(4), pack="msb"), [1, 2, -1], "12f0"),
    (ByteStream(IntType(1, signed=False), pack="lsb"), [1, 0, 0, 0, 0, 0, 0, 0, 1], "0101"),
    (ByteStream(IntType(1, signed=False), pack="msb"), [1, 0, 0, 0, 0, 0, 0, 0, 1], "8080"),
    (ByteStream(IntType(3, signed=False), pack="lsb"), [1, 2, 3, 4], "d108"),  # 100 011 010 001
    (ByteStream(IntType(3, signed=False), pack="msb"), [1, 2, 3, 4], "29c0"),  # 001 010 011 100
    (ByteStream(IntType(7), pack="lsb"), [-1, 0, -64], "7f0010"),
])
def test_literals(stream: ByteStream, values: list[int], data: str) -> None:
    assert stream.encode(np.array(values), "x").hex() == data
    assert stream.size(len(values)) == len(data) // 2
    got = stream.decode(bytes.fromhex(data), len(values), "x")
    assert got.tolist() == values
    assert got.dtype == stream.type.dtype


@pytest.mark.parametrize("pack", ["lsb", "msb"])
@pytest.mark.parametrize("bits", range(1, 8))
def test_packed_values_are_a_stream_of_bits_without_gaps(bits: int, pack: str) -> None:
    """Bits are laid out one by one, from each end of a byte."""
    rng = np.random.default_rng(bits)
    for signed in (False, True):
        kept = IntType(bits, signed=signed)
        for count in (0, 1, 2, 7, 8, 9, 41):
            values = rng.integers(kept.qmin, kept.qmax, count, endpoint=True)
            made = [(int(v) >> k) & 1 for v in values for k in (range(bits) if pack == "lsb" else range(bits)[::-1])]
            made += [0] * (-len(made) % 8)
            groups = [made[k : k + 8] for k in range(0, len(made), 8)]
            order = range(8) if pack == "lsb" else range(8)[::-1]
            expected = bytes(sum(bit << k for bit, k in zip(group, order, strict=True)) for group in groups)
            stream = ByteStream(kept, pack=pack)
            assert stream.encode(values, "x") == expected
            assert stream.decode(expected, count, "x").tolist() == values.tolist()


@pytest.mark.parametrize(("stream", "data", "count", "fault"), [
    (ByteStream(IntType(8)), "0102", 3, "w: has 2 bytes, 3 values take 3"),
    (ByteStream(IntType(9), 16), "0001", 1, r"w: value 256 at 0 does not fit s9 \(-256..255\)"),
    (ByteStream(IntType(4, signed=False)), "0f10", 2, "w: value 16 at 1 does not fit u4"),
    (ByteStream(IntType(4), pack="lsb"), "2110", 3, "w: a bit after the last value is set"),
    (ByteStream(IntType(4), pack="msb"), "2101", 3, "w: a bit after the last value is set"),
    (ByteStream(IntType(3), pack="lsb"), "21", 3, "w: has 1 bytes, 3 values take 2"),
])
def test_faults(stream: ByteStream, data: str, count: int, fault: str) -> None:
    with pytest.raises(CodecError, match=f"^{fault}"):
        stream.decode(bytes.fromhex(data), count, "w")


def test_what_is_no_stream() -> None:
    for make, fault in (
        (lambda: ByteStream(IntType(9)), "word_bits 8 do not hold s9; use 16 or more"),
        (lambda: ByteStream(IntType(8), 24), "word_bits 24 is not one of 8, 16, 32, 64"),
        (lambda: ByteStream(IntType(8), True), "word_bits True is not one of"),
        (lambda: ByteStream(IntType(8), 16, "middle"), "endian 'middle' does not exist; use one of little, big"),
        (lambda: ByteStream(IntType(8), pack="all"), "pack 'all' does not exist; use one of none, lsb, msb"),
        (lambda: ByteStream(IntType(8), pack="lsb"), "pack lsb is for values of less than 8 bits, not s8"),
    ):
        with pytest.raises(InputError, match=fault):
            make()
    with pytest.raises(CodecError, match="w: value 8 at 1 does not fit s4"):
        ByteStream(IntType(4), pack="lsb").encode(np.array([7, 8]), "w")
