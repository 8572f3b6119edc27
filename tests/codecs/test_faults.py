"""Damaged sections: every rule of every codec broken once, and every byte and bit of small blobs."""

from __future__ import annotations

import time

import numpy as np
import pytest

from edgeq import IntType
from edgeq.codecs import decode, get, names, parts
from edgeq.errors import CodecError
from tests.codecs.corpus import blobs, codecs
from tests.codecs.fuzz import MOST, agreed, frame, inputs, with_crc
from tests.codecs.test_stored_bytes import CASES, MATRIX, S3
from tests.oracles.blob_reader import read_blob

IDS = {name: k + 1 for k, name in enumerate(names())}


def matrix(codec: str, sections: str, count: int = 3, fill: int = 0, dims: tuple[int, ...] = (2, 3)) -> bytes:
    """Return a blob of s3 values with these sections, in hexadecimal, separated by blanks, ``-`` for none."""
    cut = [bytes.fromhex(s.replace("-", "")) for s in sections.split(" ")]
    return frame(IDS[codec], 0x83, list(dims), fill, count, cut)


def at(codec: str, section: str, byte: int, message: str) -> str:
    return f"x: {codec} blob, section '{section}', byte {byte}: {message}"


FAULTS = [
    # packed 2300c0
    (matrix("packed", "2300", 6), at("packed", "data", 15, "has 2 bytes, its counts ask for 3")),
    (matrix("packed", "2300c000", 6), at("packed", "data", 16, "has 4 bytes, its counts ask for 3")),
    (matrix("packed", "2300c1", 6), at("packed", "data", 15, "bits of padding are not zero")),
    (matrix("packed", "2300e0", 6), at("packed", "data", 15, "bits of padding are not zero")),
    (matrix("packed", "00", 0, 0, (0, 3)), at("packed", "data", 13, "has 1 bytes, its counts ask for 0")),
    # fixed_point 01 2300c0
    (matrix("fixed_point", "- 2300c0", 6), at("fixed_point", "parameters", 14, "fractional bits needs 1 bytes")),
    (matrix("fixed_point", "8100 2300c0", 6), at("fixed_point", "parameters", 14, "fractional bits is not in the sh")),
    (matrix("fixed_point", "0101 2300c0", 6), at("fixed_point", "parameters", 15, "1 bytes are left over")),
    (matrix("fixed_point", "8002 2300c0", 6), at("fixed_point", "parameters", 14, "128 fractional bits, expected -1")),
    (matrix("fixed_point", "8102 2300c0", 6), at("fixed_point", "parameters", 14, "-129 fractional bits, expected")),
    (matrix("fixed_point", f"{'ff' * 9}01 2300c0", 6), at("fixed_point", "parameters", 14, "-9223372036854775808 fr")),
    (matrix("fixed_point", "01 2300", 6), at("fixed_point", "data", 17, "has 2 bytes, its counts ask for 3")),
    # vanilla 04c0b0 9170
    (matrix("vanilla", "- 9170", 6), at("vanilla", "values", 14, "number of values needs 1 bytes")),
    (matrix("vanilla", "818004 9170", 6), at("vanilla", "values", 14, "number of values is at least 65537, expected")),
    (matrix("vanilla", "04c0 9170", 6), at("vanilla", "values", 16, "has 2 bytes, its counts ask for 3")),
    (matrix("vanilla", "04c0b1 9170", 6), at("vanilla", "values", 16, "bits of padding are not zero")),
    (matrix("vanilla", "04c0b0 917000", 6), at("vanilla", "indices", 19, "has 3 bytes, its counts ask for 2")),
    (matrix("vanilla", "04c0b0 9171", 6), at("vanilla", "indices", 18, "bits of padding are not zero")),
    # values 0 -2 1 3 and -2 -2 1 3: 000 110 001 011, 110 110 001 011
    (matrix("vanilla", "0418b0 9170", 6), at("vanilla", "values", 15, "value 1 is not above the one before it")),
    (matrix("vanilla", "04d8b0 9170", 6), at("vanilla", "values", 15, "value 1 is not above the one before it")),
    # 3 values -2 0 1, places with a 3
    (matrix("vanilla", "03c080 9170", 6), at("vanilla", "indices", 18, "place 3 of element 5 is outside the 3 values")),
    (matrix("vanilla", "00 -", 6), at("vanilla", "values", 14, "no values, but elements")),
    # coo 0102 2028 3980
    (matrix("coo", "0103 2028 3980"), at("coo", "parameters", 15, r"widths are \[1, 3\], expected \[1, 2\]")),
    (matrix("coo", "01 2028 3980"), at("coo", "parameters", 15, r"widths are \[1\], expected \[1, 2\]")),
    (matrix("coo", "0102 20 3980"), at("coo", "coords", 18, "has 1 bytes, its counts ask for 2")),
    (matrix("coo", "0102 3028 3980"), at("coo", "coords", 17, "bits of padding are not zero")),
    (matrix("coo", "0102 2029 3980"), at("coo", "coords", 18, "bits of padding are not zero")),
    (matrix("coo", "0102 202c 3980"), at("coo", "coords", 17, "item 2 is outside the shape")),
    # rows 0 0 1, columns 2 0 2 and 2 2 2; rows 0 1 0
    (matrix("coo", "0102 2088 3980"), at("coo", "coords", 17, "item 1 is not after the one before it in row-major")),
    (matrix("coo", "0102 20a8 3980"), at("coo", "coords", 17, "item 1 is not after the one before it in row-major")),
    (matrix("coo", "0102 4028 3980"), at("coo", "coords", 17, "item 2 is not after the one before it in row-major")),
    # values 1 -2 0 and fill value 3 (011)
    (matrix("coo", "0102 2028 3800"), at("coo", "data", 19, "item 2 equals the fill value")),
    (matrix("coo", "0102 2028 3980", 3, 3), at("coo", "data", 19, "item 2 equals the fill value")),
    (matrix("coo", "0102 2028 398000"), at("coo", "data", 21, "has 3 bytes, its counts ask for 2")),
    (matrix("coo", "0102 2028 3981"), at("coo", "data", 20, "bits of padding are not zero")),
    # csr 1002 000002000300 28 3980
    (matrix("csr", "10 000002000300 28 3980"), at("csr", "parameters", 17, "index width needs 1 bytes")),
    (matrix("csr", "100200 000002000300 28 3980"), at("csr", "parameters", 18, "1 bytes are left over")),
    (matrix("csr", "2002 000002000300 28 3980"), at("csr", "parameters", 16, "widths are 32 and 2 bits, expected 16")),
    (matrix("csr", "1003 000002000300 28 3980"), at("csr", "parameters", 16, "widths are 16 and 3 bits, expected 16 ")),
    (matrix("csr", "1002 00000200 28 3980"), at("csr", "indptr", 22, "has 4 bytes, its counts ask for 6")),
    (matrix("csr", "1002 010002000300 28 3980"), at("csr", "indptr", 18, "goes from 1 to 3, expected 0 to 3")),
    (matrix("csr", "1002 000002000400 28 3980"), at("csr", "indptr", 18, "goes from 0 to 4, expected 0 to 3")),
    (matrix("csr", "1002 000004000300 28 3980"), at("csr", "indptr", 22, "item 2 is below the one before it")),
    (matrix("csr", "1002 000003000300 28 3980"), at("csr", "indices", 24, "item 2 is not above the one before it")),
    (matrix("csr", "1002 000002000300 2c 3980"), at("csr", "indices", 24, "item 2 is outside the matrix")),
    (matrix("csr", "1002 000002000300 08 3980"), at("csr", "indices", 24, "item 1 is not above the one before it")),
    (matrix("csr", "1002 000002000300 29 3980"), at("csr", "indices", 24, "bits of padding are not zero")),
    (matrix("csr", "1002 000002000300 28 3800"), at("csr", "data", 25, "item 2 equals the fill value")),
    (matrix("csr", "1002 000002000300 28 398000"), at("csr", "data", 27, "has 3 bytes, its counts ask for 2")),
    (matrix("csr", "1002 000000000000 - -", 0, 0, (0, 3)), at("csr", "indptr", 18, "has 6 bytes, its counts ask for")),
    # csc 1001 0000010001000300 20 3980
    (matrix("csc", "1002 0000010001000300 20 3980"), at("csc", "parameters", 16, "widths are 16 and 2 bits, expected")),
    (matrix("csc", "1001 0000010001000200 20 3980"), at("csc", "indptr", 18, "goes from 0 to 2, expected 0 to 3")),
    (matrix("csc", "1001 0000010001000300 00 3980"), at("csc", "indices", 26, "item 2 is not above the one before it")),
    # bitmask a4 3980
    (matrix("bitmask", "a4a4 3980"), at("bitmask", "mask", 15, "has 2 bytes, its counts ask for 1")),
    (matrix("bitmask", "a5 3980"), at("bitmask", "mask", 14, "bits of padding are not zero")),
    (matrix("bitmask", "a0 3980"), at("bitmask", "mask", 14, "has 2 bits set, count says 3")),
    (matrix("bitmask", "ac 3980"), at("bitmask", "mask", 14, "has more bits set, count says 3")),
    (matrix("bitmask", "a4 3800"), at("bitmask", "data", 15, "value 2 equals the fill value")),
    (matrix("bitmask", "a4 39"), at("bitmask", "data", 16, "has 1 bytes, its counts ask for 2")),
    # zero_runs 02000800 - 0ba6: 00 001, 01 110, 10 011
    (matrix("fixed_point", "8002 2300c0", 6), at("fixed_point", "parameters", 14, "128 fractional bits, expected")),
    (matrix("fixed_point", "8102 2300c0", 6), at("fixed_point", "parameters", 14, "-129 fractional bits, expected")),
    (matrix("zero_runs", "0200088080808010 - 0ba6"), at("zero_runs", "parameters", 18, "rows of a segment is at l")),
    (matrix("zero_runs", "020008 - 0ba6"), at("zero_runs", "parameters", 18, "rows of a segment needs 1 bytes")),
    (matrix("zero_runs", "0200080000 - 0ba6"), at("zero_runs", "parameters", 19, "1 bytes are left over")),
    (matrix("zero_runs", "0200088080808010 010003 0ba6"), at("zero_runs", "parameters", 18, "rows of a segment is at")),
    (matrix("zero_runs", "01000800 - 0ba6"), at("zero_runs", "parameters", 15, "run bits 1, style 0, word bits 8: ex")),
    (matrix("zero_runs", "11000800 - 0ba6"), at("zero_runs", "parameters", 15, "run bits 17, style 0")),
    (matrix("zero_runs", "02020800 - 0ba6"), at("zero_runs", "parameters", 15, "run bits 2, style 2")),
    (matrix("zero_runs", "02001800 - 0ba6"), at("zero_runs", "parameters", 15, "run bits 2, style 0, word bits 24")),
    (matrix("zero_runs", "02000800 00 0ba6"), at("zero_runs", "restart", 19, "1 bytes are left over")),
    (matrix("zero_runs", "02001000 - 0ba600"), at("zero_runs", "data", 22, "3 bytes are not whole words of 16 bits")),
    (matrix("zero_runs", "02000800 - 0b"), at("zero_runs", "data", 19, "the segment's bits end before its values")),
    (matrix("zero_runs", "02000800 - 0ba7"), at("zero_runs", "data", 20, "segment 0 ends at bit 15 of the section, b")),
    (matrix("zero_runs", "02000800 - 0ba600"), at("zero_runs", "data", 20, "segment 0 ends at bit 15 of the section")),
    (matrix("zero_runs", "02000800 - 0ba6", 2), at("zero_runs", "data", 20, "segment 0 ends at bit 10 of the secti")),
    (matrix("zero_runs", "02000800 - 0ba6", 4), at("zero_runs", "data", 20, "the segment's bits end before its val")),
    # 00 000 is a value 0; 10 011 10 011 10 011 runs to element 8
    (matrix("zero_runs", "02000800 - 03a6"), at("zero_runs", "data", 19, "a stored value equals the fill value")),
    (matrix("zero_runs", "02000800 - 9ce6"), at("zero_runs", "data", 20, "a run or value lies outside the segment")),
    # four escapes of 2 elements
    (matrix("zero_runs", "02000800 - ffc0", 1), at("zero_runs", "data", 19, "a run or value lies outside the segme")),
    # style 1: 01 000 is a fill value without a full run
    (matrix("zero_runs", "02010800 - 40", 1), at("zero_runs", "data", 19, "a stored value equals the fill value")),
    (matrix("zero_runs", "02000800 - 00", 0, 0, (0, 3)), "x: zero_runs blob, section 'data', byte 19: has 1 bytes"),
    (matrix("zero_runs", "02000801 01 -", 0, 0, (0, 3)), "x: zero_runs blob, section 'restart', byte 19: 1 bytes are"),
    # with restart 02001001 0100020101 800b0098
    (matrix("zero_runs", "02001001 - 800b0098"), at("zero_runs", "restart", 19, "width of restart needs 1 bytes")),
    (matrix("zero_runs", "02001001 0300020101 800b0098"), at("zero_runs", "restart", 19, "width 3 of restart is not")),
    (matrix("zero_runs", "02001001 01000201 800b0098"), at("zero_runs", "restart", 20, "restart of 2 segments needs")),
    (matrix("zero_runs", "02001001 020000020001000100 800b0098"), at("zero_runs", "restart", 19, "width 2 of rest")),
    (matrix("zero_runs", "02001001 0101020101 800b0098"), at("zero_runs", "restart", 20, "segment 0 does not begin")),
    (matrix("zero_runs", "02001001 0100020301 800b0098"), at("zero_runs", "restart", 20, "segment 1 does not begin")),
    (matrix("zero_runs", "02001001 0100010101 800b0098"), at("zero_runs", "restart", 20, "segments hold 2 values, co")),
    (matrix("zero_runs", "02001001 0100020201 800b0098"), at("zero_runs", "data", 28, "the segment's bits end before")),
    (matrix("zero_runs", "02001001 0100010102 800b0098"), at("zero_runs", "data", 26, "a run or value lies outside")),
    (matrix("zero_runs", "02001001 0100020101 810b0098"), at("zero_runs", "data", 25, "segment 0 ends at bit 10")),
]


@pytest.mark.parametrize(("blob", "fault"), FAULTS)
def test_faults_of_sections(blob: bytes, fault: str) -> None:
    with pytest.raises(CodecError, match=fault):
        decode(blob, where="x")
    with pytest.raises(CodecError, match=fault):
        parts(blob, where="x")
    with pytest.raises(ValueError):
        read_blob(blob, MOST)


def test_sections_without_a_fault_are_read() -> None:
    for name in CASES:
        assert decode(get(CASES[name][0]).encode(MATRIX, type=S3)).tolist() == MATRIX.tolist()
    # nothing stored, more rows a segment than there are rows, a word that no segment needs the start of
    assert decode(matrix("zero_runs", "02000805 010000 -", 0)).tolist() == [[0] * 3] * 2
    assert decode(matrix("zero_runs", "02000801 0100000000 -", 0)).tolist() == [[0] * 3] * 2
    # an escape where a run field would do: 11 00 001 is run 2, as 10 001
    assert decode(matrix("zero_runs", "02000800 - c2", 1)).tolist() == [[0, 0, 1], [0, 0, 0]]
    # the values of vanilla need not all occur
    assert decode(matrix("vanilla", "04c0b0 5550", 6)).tolist() == [[0] * 3] * 2


@pytest.mark.parametrize("codec", codecs(), ids=str)
def test_every_truncation(codec: object) -> None:
    for blob in (b for b in blobs() if b[4] == codec.id):  # type: ignore[attr-defined]
        for length in range(len(blob)):
            for damaged in (blob[:length], with_crc(blob[:length]) if length > 3 else b""):
                with pytest.raises(CodecError):
                    decode(damaged, max_elements=MOST)


@pytest.mark.parametrize("name", names())
def test_every_bit(name: str) -> None:
    blob = get(name).encode(MATRIX, type=S3)
    for bit in range(8 * len(blob)):
        damaged = bytearray(blob)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodecError):
            decode(damaged, max_elements=MOST)
        agreed(with_crc(bytes(damaged)))


def test_damaged_blobs_are_refused_or_legal() -> None:
    start = time.perf_counter()
    legal = sum(agreed(blob) for blob in inputs(5000))
    assert 400 < legal < 2000, "nearly all are refused, or few: the damage is not where it should be"
    assert time.perf_counter() - start < 60, "some input takes for ever"


def test_inputs_are_the_same_for_a_seed() -> None:
    assert list(inputs(50, seed=3)) == list(inputs(50, seed=3))
    assert list(inputs(50, seed=3)) != list(inputs(50, seed=4))


def test_a_blob_of_nothing_but_fill_values_is_small() -> None:
    blob = get("csr").encode(np.full((4, 1000), 5), type=IntType(8), fill_value=5)
    assert len(blob) == 4 + 4 + 2 + 1 + 1 + 1 + 4 + 2 + 10 + 4
