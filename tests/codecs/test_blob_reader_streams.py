"""The independent reader of blobs on blobs made by hand: segments, zero_runs, huffman and ans, and their tables."""

from __future__ import annotations

import random

import pytest

from tests.codecs.blob_parts import (
    DENSE,
    ESCAPE,
    F2,
    F3,
    F4,
    FJ,
    HALVES,
    JOINT_ANS,
    JOINT_TABLE,
    LIST,
    MODEL_0,
    ONE_TWO,
    PADDING,
    R4,
    ROWS,
    RUN_STREAM,
    RUNS,
    S4,
    S5,
    TABLE,
    TWO_ROWS,
    U4,
    U16,
    V2,
    V3_LIST,
    VALUES_120,
    ans,
    assemble,
    coded,
    entropy,
    huffman,
    state_table,
    stream,
    svarint,
    varint,
)
from tests.oracles.blob_reader import read_blob


def test_zero_runs_escape_and_padding() -> None:
    assert read_blob(assemble(8, S4, (6,), 0, 2, ESCAPE, b"", bytes.fromhex("D53C"))).values == [0, 0, 0, 5, -1, 0]
    assert read_blob(assemble(8, S4, (6,), 0, 2, PADDING, b"", bytes.fromhex("C150"))).values == [0, 0, 0, 0, 0, 5]
    assert stream("11 01 0101 00 1111").hex() == "d53c"
    assert stream("11 0000 01 0101").hex() == "c150"


@pytest.mark.parametrize(("data", "values"), [
    (assemble(8, U4, (2, 4), 0, 2, ROWS, bytes([1, 0, 1, 1, 1]), TWO_ROWS), [0, 0, 1, 0, 3, 0, 0, 0]),
    (assemble(8, U4, (3, 2), 9, 1, ROWS, bytes([1, 0, 0, 0, 1, 1, 0]), stream("01 0011", 16)), [9, 9, 9, 3, 9, 9]),
    (assemble(8, U4, (3, 2), 0, 3, bytes([2, 0, 8, 2]), bytes([1, 0, 2, 2, 1]),
              stream("00 0001 10 0010") + stream("00 0011")), [1, 0, 0, 2, 3, 0]),
    (assemble(8, U4, (4,), 0, 1, bytes([2, 0, 8, 5]), bytes([1, 0, 1]), stream("10 0001")), [0, 0, 1, 0]),
    (assemble(8, U4, (2, 0), 0, 0, ROWS, b"", b""), []),
    (assemble(8, U4, (), 7, 0, ESCAPE, b"", b""), [7]),
    (assemble(8, S4, (2,), -8, 1, bytes([16, 0, 64, 0]), b"", stream("0" * 15 + "1 0111", 64)), [-8, 7]),
    # padding values after which no other value comes
    (assemble(8, U4, (5,), 0, 2, PADDING, b"", stream("00 0001 11 0000")), [1, 0, 0, 0, 0]),
    (assemble(8, U4, (5,), 0, 1, ESCAPE, b"", stream("11 10 0001")), [0, 0, 0, 0, 1]),  # a run of 2 * M: 2 and 2
    (assemble(8, U4, (3,), 0, 1, ESCAPE, b"", stream("11 00 0001")), [0, 0, 1]),  # a rest of 0
    (assemble(8, U4, (3, 2), 0, 2, bytes([2, 0, 8, 1]), bytes([1, 0, 1, 1, 0, 1, 1]), stream("00 0001") * 2),
     [1, 0, 0, 0, 1, 0]),  # a segment without bits in between
    (assemble(8, U4, (2, 2), 0, 0, bytes([2, 0, 8, 1]), bytes([1, 0, 0, 0, 0]), b""), [0] * 4),
    (assemble(8, U4, (4,), 0, 1, bytes([2, 0, 8]) + varint(2**32 - 1), bytes([1, 0, 1]), stream("10 0001")),
     [0, 0, 1, 0]),
    (assemble(8, U4, (2, 4), 0, 3, bytes([2, 1, 8, 1]), bytes([1, 0, 0, 0, 3]), stream("00 0001 01 0010 00 0011")),
     [0, 0, 0, 0, 1, 0, 2, 3]),
    (assemble(8, U4, (2, 5), 0, 3, bytes([2, 1, 8, 1]), bytes([1, 0, 1, 1, 2]),
              stream("00 0001") + stream("11 0000 00 0010")), [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]),
    (assemble(8, U4, (4,), 0, 1, PADDING, b"", stream("11 0001")), [0, 0, 0, 1]),
    (assemble(8, U4, (5,), 0, 2, PADDING, b"", stream("11 0000 00 0001")), [0, 0, 0, 0, 1]),
])
def test_zero_runs(data: bytes, values: list[int]) -> None:
    assert read_blob(data).values == values


def test_restart_of_two_bytes() -> None:
    restart = bytes([2]) + b"".join(x.to_bytes(2, "little") for x in (0, 256, 192, 1))  # 256 * 6 bits are 192 bytes
    data = stream("00 0001" * 256) + stream("00 0010")
    blob = read_blob(assemble(8, U4, (2, 256), 0, 257, bytes([2, 0, 8, 1]), restart, data))
    assert blob.values == [1] * 256 + [2] + [0] * 255


@pytest.mark.parametrize(("data", "values"), [
    (huffman(entropy(0), U4, (5,), 0, 2, DENSE, b"", VALUES_120), [0, 0, 1, 2, 0]),
    (huffman(entropy(0), U4, (5,), 0, 2, LIST, b"", VALUES_120), [0, 0, 1, 2, 0]),
    (huffman(entropy(0, 32), U4, (5,), 0, 2, DENSE, b"", bytes([0, 0, 0, 0x2C])), [0, 0, 1, 2, 0]),
    (huffman(entropy(0), U4, (3,), 9, 0, svarint(0) + b"\x01\x00" + stream("0001"), b"", stream("000")), [9] * 3),
    # F = 1, L = 1: differences 0, 1, -4, -3 are symbols 0, 0, -2, -2 with low parts 0, 1, 0, 1
    (huffman(entropy(0, low=1), S5, (4,), 1, 3, svarint(-2) + varint(3) + b"\x00" + stream("0001 0000 0001"), b"",
             stream("1 0  1 1  0 0  0 1")), [1, 2, -3, -2]),
    (huffman(entropy(0), S5, (5,), 3, 4, MODEL_0, b"", stream("0 111 110 10 10")), [3, 2, 1, 4, 4]),
    (huffman(entropy(0), S5, (3,), 3, 2, b"\x00\x03\x00" + stream("0001 0010 0010"), b"",
             stream("10 0 11"), varint(3) + stream("00011 01111 10000")), [15, 3, -16]),
    (huffman(entropy(1, longest=2, escape=1), U4, (6,), 0, 2, ONE_TWO, RUNS, RUN_STREAM), [0, 0, 0, 2, 1, 0]),
    (huffman(entropy(1, longest=2, escape=1), U4, (6,), 0, 0, b"", b"", b""), [0] * 6),
    (huffman(entropy(1, longest=2, escape=1, rows=1), U4, (2, 0), 0, 0, b"", b"", b""), []),
    (huffman(entropy(0), U4, (2, 0), 0, 0, b"", b"", b"", varint(1) + b"\x30"), []),
    (huffman(entropy(2, rows=1), U4, (2, 1), 9, 0, b"", b"", b"", varint(1) + b"\x30", bytes([1, 0, 0, 0, 0])), [9, 9]),
    # a rest of 0: the escape, run 0 and 1
    (huffman(entropy(1, longest=2, escape=1), U4, (3,), 0, 1, ONE_TWO, RUNS, stream("111 0 0")), [0, 0, 1]),
    (huffman(entropy(2, longest=1, escape=1), U4, (2,), 0, 1, JOINT_TABLE, b"", stream("11 01")), [0, 2]),
    # symbols to the ends: -65535 + 65535 and 65535 by 16 bits, F = 65535 and 0
    (huffman(entropy(0), U16, (1,), 65535, 1, svarint(-65536) + varint(2) + b"\0" + stream("0000 0001"), b"",
             b"\0"), [0]),
    (huffman(entropy(0), U16, (1,), 0, 1, svarint(65535) + varint(1) + b"\0" + stream("0001"), b"", b"\0"), [65535]),
    # the codebook holds F, which no code names
    (huffman(entropy(1), U4, (2,), 0, 2, b"\0\3\0" + stream("0001 0000 0001"), b"\0" + stream("0001"),
             stream("0 0 0 1"), varint(3) + stream("0101 0000 0111")), [5, 7]),
    # places 1 and 2 of a codebook of four, as many symbols as codes name
    (huffman(entropy(0), U4, (2,), 0, 2, b"\2\2\0" + stream("0001 0001"), b"", stream("0 1"),
             varint(4) + stream("0101 1001 0001 0111")), [9, 1]),
    # a model over a codebook: 32768, 16384, 8192 by number
    (huffman(entropy(0), U4, (3,), 0, 3, b"\0\3\2" + HALVES + b"\0", b"", stream("0 10 11"),
             varint(3) + stream("1001 0001 0100")), [9, 1, 4]),
    (huffman(entropy(1, low=1), U4, (2,), 4, 2, svarint(-1) + varint(3) + b"\2" + HALVES + b"\0\1\0",
             b"\0" + stream("0001"), stream("0 0 0  0 1 1")), [2, 7]),
    (huffman(entropy(1, 16, longest=2, escape=1, rows=1), U4, (3, 3), 0, 2, ONE_TWO, RUNS,
             stream("10 1", 16) + stream("0 0", 16), restart=bytes([1, 0, 1, 1, 0, 1, 1])),
     [0, 2, 0, 0, 0, 0, 1, 0, 0]),
    # a run table by a model: runs 0, 1, 2: 2**15, 2**14, 2**13, and the escape 2**16: 10, 110, 111 and 0
    (huffman(entropy(1, longest=2, escape=1), U4, (6,), 0, 2, ONE_TWO, b"\x02" + HALVES + varint(2**16),
             stream("0 110 1  10 0")), [0, 0, 0, 2, 1, 0]),
    (huffman(entropy(0, rows=2), U4, (3, 2), 0, 4, DENSE, b"", stream("0 10 11 0") + stream("10 10"),
             restart=bytes([1, 0, 2, 1, 2])), [0, 1, 2, 0, 1, 1]),
    # M = 0: every run is 0; value symbols 1, 2 and low parts: the values 2..5
    (huffman(entropy(1, low=1), U4, (4,), 0, 4, ONE_TWO, b"\x00" + stream("0001"),
             stream("0 0 0  0 0 1  0 1 0  0 1 1")), [2, 3, 4, 5]),
    (huffman(entropy(2, longest=1, escape=1), U4, (6,), 0, 3, JOINT_TABLE, b"", stream("11 10 00 01")),
     [0, 0, 2, 1, 2, 0]),
    # the same with one low bit: symbol 1 is 2 or 3, symbol 2 is 4 or 5, none after the escape
    (huffman(entropy(2, low=1, longest=1, escape=1), U4, (6,), 0, 3, JOINT_TABLE, b"", stream("11 10 1 00 0 01 1")),
     [0, 0, 5, 2, 5, 0]),
    (huffman(entropy(2, longest=1, escape=1), U4, (6,), 0, 3, b"\x00" + JOINT_TABLE[1:], b"", stream("11 10 00 01"),
             varint(2) + stream("1111 0111")), [0, 0, 7, 15, 7, 0]),
])
def test_huffman(data: bytes, values: list[int]) -> None:
    assert read_blob(data).values == values


# Symbols 0, 1, 0 by hand, from the end: 0 from 1 (base 0, no bits); 9 (five bits: 1); 9 from 11 (base 9, no bits)
ANS_31_1 = svarint(0) + varint(2) + b"\x50" + stream("11111 00001")
ANS_010 = stream("01011 00001")
RUN_SYMBOLS = [(F4, 3, ""), (F4, 1, ""), (F2, 1, ""), (F4, 0, ""), (F2, 0, "")]


@pytest.mark.parametrize(("data", "values"), [
    (ans(entropy(0, t=5), U4, (3,), 0, 1, ANS_31_1, b"", ANS_010), [0, 1, 0]),
    (ans(entropy(0, 16, t=5), U4, (3,), 0, 1, ANS_31_1, b"", bytes([0x40, 0x58])), [0, 1, 0]),
    (ans(entropy(0, t=5), U4, (5,), 0, 2, V3_LIST, b"", coded([(F3, i, "") for i in (0, 0, 1, 2, 0)])),
     [0, 0, 1, 2, 0]),
    (ans(entropy(0, t=5), U4, (3,), 9, 0, svarint(0) + b"\x01\x01\x01" + stream("11111"), b"", b"\0"), [9] * 3),
    # low parts as in huffman: symbols -2 and 0 of the frequencies 12, 0, 20
    (ans(entropy(0, low=1, t=5), S5, (4,), 1, 3, svarint(-2) + b"\x03\x50" + stream("01100 00000 10100"), b"",
         coded([([12, 0, 20], 2, "0"), ([12, 0, 20], 2, "1"), ([12, 0, 20], 0, "0"), ([12, 0, 20], 0, "1")])),
     [1, 2, -3, -2]),
    # the model's weights 16384, 32768, 2**20, 32768 of X = 1130496: three are rare, 1 each
    (ans(entropy(0, t=5), S5, (4,), 3, 3, MODEL_0, b"",
         coded([([1, 1, 29, 1], i, "") for i in (2, 0, 1, 3)])), [3, 1, 2, 4]),
    (ans(entropy(0, t=5), S5, (3,), 3, 2, b"\x00" + V3_LIST[1:], b"", coded([(F3, i, "") for i in (1, 0, 2)]),
         varint(3) + stream("00011 01111 10000")), [15, 3, -16]),
    (ans(entropy(1, longest=2, escape=1, t=5), U4, (6,), 0, 2, V2, R4, coded(RUN_SYMBOLS)), [0, 0, 0, 2, 1, 0]),
    (ans(entropy(1, longest=2, escape=1, t=5), U4, (6,), 0, 0, b"", b"", b""), [0] * 6),
    # coarse: weights 8, 4, 4 are 16, 8, 8 of 32; and in mode 2
    (ans(entropy(0, t=5), U4, (4,), 0, 2, TABLE + b"\x83" + stream("100 011 011"), b"",
         coded([([16, 8, 8], i, "") for i in (0, 2, 1, 0)])), [0, 2, 1, 0]),
    (ans(entropy(2, longest=1, escape=1, t=5), U4, (6,), 0, 2, ONE_TWO[:2] + b"\x83" + stream("011 000 010 000 011"),
         b"", coded([([12, 0, 7, 0, 13], i, "") for i in (4, 4, 2, 0)])), [0, 0, 0, 1, 1, 0]),
    # one entry alone in both tables: T bits, the first state 0, and nothing after
    (ans(entropy(1, t=5), U4, (2,), 0, 2, svarint(3) + b"\1\1\1" + stream("11111"), b"\1\1" + stream("11111"),
         b"\0"), [3, 3]),
    (ans(entropy(1, 64, low=1, longest=2, escape=1, t=5), U4, (6,), 0, 2, V2, R4,
         coded([(F4, 3, ""), (F4, 1, ""), (F2, 1, "1"), (F4, 0, ""), (F2, 0, "0")], word=64)), [0, 0, 0, 5, 2, 0]),
    (ans(entropy(1, 32, longest=2, escape=1, rows=1, t=5), U4, (3, 3), 0, 2, V2, R4,
         coded([(F4, 1, ""), (F2, 1, "")], word=32) + coded([(F4, 0, ""), (F2, 0, "")], word=32),
         restart=bytes([1, 0, 1, 1, 0, 1, 1])), [0, 2, 0, 0, 0, 0, 1, 0, 0]),
    (ans(entropy(2, low=1, longest=1, escape=1, t=5), U4, (6,), 0, 3, JOINT_ANS, b"",
         coded([(FJ, 4, ""), (FJ, 3, "1"), (FJ, 0, "0"), (FJ, 1, "1")])), [0, 0, 5, 2, 5, 0]),
])
def test_ans(data: bytes, values: list[int]) -> None:
    assert read_blob(data).values == values


@pytest.mark.parametrize("t", [5, 8, 14])
def test_ans_of_many_symbols(t: int) -> None:
    frequencies = [(1 << t) - 7, 1, 4, 2]
    symbols = random.Random(t).choices(range(4), [8, 2, 4, 2], k=60)
    table = svarint(-1) + varint(4) + b"\xf0" + stream("".join(f"{f:015b}" for f in frequencies))
    data = coded([(frequencies, i, "") for i in symbols], t, 32)
    blob = ans(entropy(0, 32, t=t), U16, (60,), 1, 60 - symbols.count(1), table, b"", data)
    assert read_blob(blob).values == list(symbols)
    assert len(state_table(frequencies, t)) == 1 << t
