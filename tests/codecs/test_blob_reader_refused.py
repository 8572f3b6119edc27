"""What the independent reader of blobs refuses in the codecs that are streams."""

from __future__ import annotations

import random

import pytest

from tests.codecs.blob_parts import (
    DENSE,
    ESCAPE,
    F2,
    F4,
    HALVES,
    JOINT_TABLE,
    MODEL_0,
    ONE_TWO,
    PADDING,
    R4,
    ROWS,
    RUN_STREAM,
    RUNS,
    TABLE,
    TWO_ROWS,
    U4,
    U16,
    V2,
    VALUES_120,
    ans,
    assemble,
    coded,
    entropy,
    huffman,
    stream,
    svarint,
    varint,
    with_crc,
)
from tests.oracles.blob_reader import read_blob

RUN_MODE = entropy(1, longest=2, escape=1)
RUN_MODE_5 = entropy(1, longest=2, escape=1, t=5)
RUN_SYMBOLS = [(F4, 3, ""), (F4, 1, ""), (F2, 1, ""), (F4, 0, ""), (F2, 0, "")]
RUNS_OF_ANS = ans(RUN_MODE_5, U4, (6,), 0, 2, V2, R4, coded(RUN_SYMBOLS))
RUNS_OF_HUFFMAN = huffman(RUN_MODE, U4, (6,), 0, 2, ONE_TWO, RUNS, RUN_STREAM)
F211 = [16, 8, 8]
COARSE_ROWS = ans(entropy(0, rows=1, t=5), U4, (2, 2), 1, 2, b"\0\3\x83" + stream("100 011 011"), b"",
                  coded([(F211, 0, ""), (F211, 2, "")]) + coded([(F211, 1, ""), (F211, 0, "")]),
                  varint(3) + stream("0001 1001 0111"), bytes([1, 0, 1, 1, 1]))
"""1, 7 and 9, 1 by a codebook of 1, 9, 7; coarse weights 8, 4, 4 are 16, 8, 8 of 32."""
ZERO_ROWS = assemble(8, U4, (2, 4), 0, 2, ROWS, bytes([1, 0, 1, 1, 1]), TWO_ROWS)


def zero_runs(parameters: bytes, shape: tuple[int, ...], count: int, restart: bytes, text: str) -> bytes:
    return assemble(8, U4, shape, 0, count, parameters, restart, stream(text, parameters[2]))


@pytest.mark.parametrize(("data", "fault"), [
    (zero_runs(bytes([1, 0, 8, 0]), (4,), 0, b"", ""), "run bits 1"),
    (zero_runs(bytes([17, 0, 8, 0]), (4,), 0, b"", ""), "run bits 17"),
    (zero_runs(bytes([2, 2, 8, 0]), (4,), 0, b"", ""), "style 2"),
    (zero_runs(bytes([2, 0, 24, 0]), (4,), 0, b"", ""), "word of 24 bits"),
    (zero_runs(ESCAPE + b"\0", (4,), 0, b"", ""), "left over"),
    (zero_runs(ESCAPE, (4,), 1, b"", "10 0000"), "fill value"),
    (zero_runs(PADDING, (4,), 1, b"", "10 0000"), "fill value"),
    (zero_runs(ESCAPE, (2,), 1, b"", "11 00 0001"), "leaves its segment"),
    (zero_runs(bytes([2, 0, 8]) + varint(2**32), (4,), 1, b"\1\0\1", "00 0001"), "4294967296 rows"),
    (zero_runs(ESCAPE, (2,), 1, b"", "10 0001"), "leaves its segment"),
    (zero_runs(ESCAPE, (4,), 1, b"", "11 11 00 0001"), "leaves its segment"),
    (zero_runs(ESCAPE, (4,), 2, b"", "00 0001"), "end too early"),
    (zero_runs(ESCAPE, (4,), 1, b"", "00 0001 01"), "padding"),
    (zero_runs(ESCAPE, (4,), 1, b"", "00 0001 00 0"), "words left over"),
    (zero_runs(ESCAPE, (4,), 1, b"\1\0\1", "00 0001"), "left over"),
    (assemble(8, U4, (4,), 0, 1, bytes([2, 0, 16, 0]), b"", bytes(3)), "whole number of words"),
    *((assemble(8, U4, (2, 4), 0, 2, ROWS, restart, TWO_ROWS), fault) for restart, fault in [
        (b"", "ends too early"),
        (bytes([3, 0, 1, 1, 1]), "width 3"),
        (bytes([1, 0, 1, 1]), "length"),
        (bytes([1, 0, 1, 1, 1, 0]), "length"),
        (bytes([2, 0, 0, 1, 0, 1, 0, 1, 0]), "smallest"),
        (bytes([1, 0, 1, 1, 2]), "add up"),
        (bytes([1, 1, 1, 1, 1]), "ascend"),
        (bytes([1, 0, 1, 3, 1]), "ascend"),
        (bytes([1, 0, 1, 0, 1]), "end too early"),
        (bytes([1, 0, 1, 2, 1]), "words left over"),
        (bytes([1, 0, 2, 1, 0]), "fill value"),
    ]),
])
def test_zero_runs_refused(data: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_blob(data)


def values_of(table: bytes, codebook: bytes = b"", parameters: bytes = entropy(0)) -> bytes:
    return huffman(parameters, U4, (5,), 0, 2, table, b"", VALUES_120, codebook)


@pytest.mark.parametrize(("data", "fault"), [
    (values_of(DENSE, parameters=entropy(3)), "mode 3"),
    (values_of(DENSE, parameters=bytes([0x40, 0, 0])), "bits 6 and 7"),
    (values_of(DENSE, parameters=bytes([0x80, 0, 0])), "bits 6 and 7"),
    (values_of(DENSE, parameters=entropy(0, escape=1)), "escape"),
    (values_of(DENSE, parameters=entropy(1, escape=1)), "escape"),
    (values_of(DENSE, parameters=entropy(2, escape=1)), "escape"),
    (values_of(ONE_TWO, parameters=entropy(1, longest=4096)), "4097 entries"),
    (values_of(DENSE, parameters=entropy(0, t=5)), "table size 5"),
    (values_of(DENSE, parameters=entropy(0)[:2] + varint(2**32)), "4294967296 rows"),
    (values_of(DENSE + b"\0"), "tables: 1 bytes left over"),
    (values_of(DENSE[:-1]), "ends too early"),
    (values_of(DENSE[:2] + b"\x10" + DENSE[3:]), "p = 1 of kind 0"),
    (values_of(TABLE + b"\x00" + stream("0001 0010 0010 0001")), "padding"),
    (values_of(TABLE + b"\x00" + stream("0001 0010 0001")), "overlap"),
    (values_of(TABLE + b"\x00" + stream("0001 0010 0011")), "room"),
    (values_of(TABLE + b"\x00" + stream("0010 0000 0000")), "room"),
    (values_of(TABLE + b"\x00" + bytes(2)), "room"),
    (values_of(TABLE + b"\x00" + stream("0001 0000 0000")), "no such code"),
    (values_of(TABLE + b"\x01"), "longest length 0"),
    (values_of(TABLE + bytes([0x31, 1, 2, 0]) + stream("00 01 10")), "no code of the longest"),
    (values_of(TABLE + bytes([0x21, 1, 3]) + stream("00 01 10 11")), "more codes"),
    (values_of(TABLE + bytes([0x21, 1, 2]) + stream("00 10 01")), "out of order"),
    (values_of(TABLE + bytes([0x21, 1, 2]) + stream("00 00 01")), "out of order"),
    (values_of(TABLE + bytes([0x21, 1, 2]) + stream("00 01 11")), "out of order"),
    (values_of(TABLE + bytes([0x21, 1, 2]) + stream("00 01 10 01")), "padding"),
    (values_of(TABLE + b"\x03" + bytes(2)), "kind 3"),
    (values_of(MODEL_0[:2] + b"\x12" + MODEL_0[3:]), "p = 1 of kind 2"),
    (values_of(svarint(0) + varint(0) + b"\x00"), "0 of them"),
    (values_of(svarint(0) + varint(4097) + b"\x00" + bytes(2049)), "4097 entries"),
    (values_of(svarint(2**40) + varint(3) + DENSE[2:]), "symbols from"),
    (values_of(svarint(-(2**17) - 1) + varint(3) + DENSE[2:]), "symbols from"),
    (values_of(svarint(2**17 + 1) + varint(3) + DENSE[2:]), "symbols from"),
    (values_of(svarint(14) + varint(3) + DENSE[2:]), "not in the type"),
    (values_of(DENSE, varint(0)), "0 values"),
    (huffman(entropy(0), U16, (5,), 0, 2, DENSE, b"", VALUES_120, varint(4097) + bytes(2 * 4097)), "4097 values"),
    (huffman(RUN_MODE, U4, (6,), 0, 0, b"", b"", b"", varint(2) + b"\x11"), "a value twice"),
    (values_of(DENSE, varint(1) + b"\x31"), "padding"),
    (values_of(DENSE, varint(3) + stream("0001 0010 0001")), "a value twice"),
    (values_of(DENSE, varint(2) + stream("0001 0010")), "symbols from"),
    (values_of(svarint(1) + varint(3) + DENSE[2:], varint(3) + stream("0000 0001 0010")), "symbols from"),
    (values_of(svarint(-1) + varint(3) + DENSE[2:], varint(3) + stream("0000 0001 0010")), "symbols from"),
    (huffman(entropy(1, longest=65536), U4, (6,), 0, 0, b"", b"", b""), "runs up to 65536"),
    (values_of(DENSE, varint(3) + stream("0000 0001 0010"), entropy(0, low=1)), "beside a codebook"),
    (values_of(MODEL_0[:3] + HALVES + bytes(2) + varint(2**28 + 1)), "special weight over"),
    (values_of(svarint(1) + varint(3) + b"\x02" + HALVES + bytes(2) + varint(1)), "without a special"),
    (values_of(MODEL_0[:3] + HALVES + varint(9) + varint(9) + varint(0)), "no entry"),
    (huffman(entropy(0), U4, (5,), 0, 3, DENSE, b"", VALUES_120), "not the count"),
    (huffman(entropy(0), U4, (5,), 0, 2, DENSE, b"\0", VALUES_120), "tables: 1 bytes left over"),
    (huffman(entropy(0), U4, (5,), 0, 2, DENSE, b"", stream("0 0 10 11 0 1")), "padding"),
    (huffman(entropy(0), U4, (9,), 0, 2, DENSE, b"", VALUES_120), "too early"),
    (huffman(entropy(2, longest=1, escape=1), U4, (6,), 0, 3, JOINT_TABLE[:2] + b"\x02" + HALVES + b"\0", b"", b""),
     "kind 2"),
    (huffman(entropy(2, longest=2048), U4, (6,), 0, 3, JOINT_TABLE, b"", b""), "4098 entries"),
    (huffman(entropy(1, longest=4095, escape=1), U4, (6,), 0, 3, ONE_TWO, RUNS, b""), "4097 entries"),
    (huffman(RUN_MODE, U4, (6,), 0, 0, ONE_TWO, RUNS, b""), "tables: [0-9] bytes left over"),
    (huffman(entropy(2, longest=2), U4, (2, 0), 0, 0, JOINT_TABLE, b"", b""), "tables: [0-9] bytes left over"),
    (huffman(entropy(0, rows=1), U4, (2, 0), 0, 0, b"", b"", b"", restart=bytes(1)), "tables: 1 bytes left over"),
    (huffman(entropy(0, rows=1), U4, (2, 0), 0, 0, b"", b"", b"\0"), "words left over"),
    (huffman(entropy(0, rows=1), U4, (2, 1), 0, 1, DENSE, b"", stream("0") + stream("10"),
             restart=bytes([1, 0, 1, 1, 0])), "not the count"),
    (huffman(entropy(0, rows=1), U4, (2, 1), 0, 1, DENSE, b"", stream("0") + stream("10"),
             restart=bytes([2, 0, 0, 0, 0, 1, 0, 1, 0])), "smallest"),
    (huffman(entropy(0, rows=1), U4, (2, 1), 0, 1, DENSE, b"", stream("0") + stream("10"),
             restart=bytes([1, 0, 0, 1, 1, 0])), "restart: length"),
    (huffman(RUN_MODE, U4, (2,), 0, 1, ONE_TWO, RUNS, stream("111 0 0")), "leaves its segment"),
    (huffman(RUN_MODE, U4, (6,), 0, 0, b"", b"", b"\0"), "words left over"),
    (huffman(RUN_MODE, U4, (4,), 0, 2, ONE_TWO, RUNS, RUN_STREAM), "leaves its segment"),
    (huffman(RUN_MODE, U4, (2,), 0, 2, ONE_TWO, RUNS, RUN_STREAM), "leaves its segment"),
    (huffman(RUN_MODE, U4, (6,), 0, 2, svarint(0) + ONE_TWO[1:], RUNS, RUN_STREAM), "fill value"),
    (huffman(entropy(2, longest=1, escape=1), U4, (6,), 0, 3, b"\0" + JOINT_TABLE[1:], b"", stream("11 10 00 01"),
             varint(2) + stream("0000 0111")), "fill value"),
    # an escape that reads no bits, for ever
    (ans(entropy(2, longest=1, escape=1, t=5), U4, (6,), 0, 3, b"\2\1\1\1" + stream("10 11111"), b"", b"\0"),
     "leaves its segment"),
    (ans(entropy(0, t=4), U4, (6,), 0, 2, V2, b"", b""), "table size 4"),
    (ans(entropy(0, t=15), U4, (6,), 0, 2, V2, b"", b""), "table size 15"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2[:-2] + stream("10100 01101"), R4, coded(RUN_SYMBOLS)), "add up to 33"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2[:2] + b"\x00", R4, coded(RUN_SYMBOLS)), "width 0"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2[:2] + b"\x51" + bytes(4), R4, coded(RUN_SYMBOLS)), "p = 5 of kind 1"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2[:2] + b"\x01\x00", R4, coded(RUN_SYMBOLS)), "add up to 0"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2[:2] + b"\x01\x02" + stream("1 01111 0 01111"), R4, b""), "out of order"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2[:2] + b"\x01\x02" + stream("0 01111 0 01111"), R4, b""), "out of order"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2[:2] + b"\x01\x03" + bytes(3), R4, b""), "more codes"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2[:2] + b"\x83" + bytes(1), R4, b""), "no entry occurs"),
    (ans(entropy(2, longest=1, t=5), U4, (6,), 0, 2, V2[:2] + b"\x02" + HALVES + bytes(3), b"", b""), "kind 2"),
    (ans(entropy(0, t=5), U4, (40,), 0, 2, svarint(0) + varint(33) + b"\x83" + stream("001" * 33), b"", b""),
     "more entries"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2, R4, coded(RUN_SYMBOLS) + b"\0"), "words left over"),
    (ans(RUN_MODE_5, U4, (6,), 0, 2, V2, R4, b"\x58"), "too early"),
    (ans(entropy(0, t=5), U4, (1,), 9, 0, svarint(0) + b"\1\1\1" + stream("11111"), b"", stream("00001")),
     "last state"),
])
def test_coded_refused(data: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_blob(data)


@pytest.mark.parametrize("data", [ZERO_ROWS, RUNS_OF_HUFFMAN, RUNS_OF_ANS, COARSE_ROWS, values_of(MODEL_0)])
def test_hostile_bytes_end_in_a_blob_or_a_fault(data: bytes) -> None:
    """Each byte in turn becomes another, the crc follows: another tensor or a ValueError, no other exception."""
    rng, refused = random.Random(1), 0
    for place in range(len(data) - 4):
        for byte in {data[place] ^ 1, data[place] ^ 0x80, rng.randrange(256)} - {data[place]}:
            try:
                blob = read_blob(with_crc(data[:place] + bytes([byte]) + data[place + 1 : -4]), max_elements=4096)
            except ValueError:
                refused += 1
            else:
                assert len(blob.values) == blob.n
    assert refused > len(data)


def test_streams_meant_here_are_read() -> None:
    assert read_blob(RUNS_OF_ANS).values == read_blob(RUNS_OF_HUFFMAN).values == [0, 0, 0, 2, 1, 0]
    assert read_blob(COARSE_ROWS).values == [1, 7, 9, 1]
    assert read_blob(ZERO_ROWS).values == [0, 0, 1, 0, 3, 0, 0, 0]
