"""Blobs of huffman and ans worked out by hand from the format page; version 1 is read for ever."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import numpy as np
import pytest

from edgeq import IntType
from edgeq.codecs import decode, get, parts

S8, U4, S12 = IntType(8), IntType(4, signed=False), IntType(12)
ROWS = np.array([[1, 0, 0], [0, 0, 1]])
DENSE: dict[str, Any] = {"table": "dense", "low_bits": 0}

# EQB, version, codec, type (88: s8, 04: u4), rank, dims, fill value, count, 2 sections, their lengths; tables; data
CASES: dict[str, tuple[str, dict[str, Any], np.ndarray, IntType, int, str]] = {
    # flags 0, L 0, G 0; lo -1, 3 symbols; lengths 2 1 2: -1 is 10, 0 is 0, 1 is 11; 11 0 0 0 0 10
    "values": ("huffman", DENSE | {"mode": "values"}, np.array([1, 0, 0, 0, 0, -1]), S8, 0,
               "45514201 09 88 01 06 00 02 02 0801  00 00 00  01 03 00 2120  c2"),
    # runs 2, 6 = escape escape 2, 0; values 3 3 -2 of -2..3: 0 and 1; runs 0 10, 2 11, escape 0, lengths 2 0 2 1:
    # 11 1, 0 0 11 1, 10 0
    "runs": ("huffman", DENSE | {"mode": "runs", "run_bits": 2}, np.array([0, 0, 3] + [0] * 6 + [3, -2, 0]), S8, 0,
             "45514201 09 88 01 0c 00 03 02 0d02  05 00 02 00  03 06 00 100001 00 2021  e780"),
    # one symbol, 5; entries run 0, 1, 2, escape: 10 0 - 11, lengths 2 1 0 2; runs 1, 0, 3 = escape 1: 0 10 11 0
    "joint": ("huffman", DENSE | {"mode": "joint", "run_bits": 2}, np.array([0, 5, 5, 0, 0, 0, 5]), S8, 0,
              "45514201 09 88 01 07 00 03 02 0901  06 00 02 00  0a 01 00 2102  58"),
    # each row a segment: G 1, restart 1 byte wide, words 0 and 1 with 1 value each; 100, 001
    "channel": ("huffman", DENSE | {"mode": "values", "restart": "channel"}, ROWS, S8, 0,
                "45514201 09 88 02 0203 00 02 02 0c02  00 00 01  00 02 00 11  01 0001 0101  80 20"),
    # words of 16 bits: flags 10; words 8000 and 2000, little endian
    "words": ("huffman", DENSE | {"mode": "values", "restart": "bank", "banks": 2, "word_bits": 16}, ROWS, S8, 0,
              "45514201 09 88 02 0203 00 02 02 0c04  10 00 01  00 02 00 11  01 0001 0101  0080 0020"),
    # codebook 9, 4 (94): places 1 0 0; flags 08; lengths 1 1; fill value 4 (svarint 08)
    "codebook": ("huffman", DENSE | {"mode": "values", "codebook": (9, 4)}, np.array([4, 9, 9]), U4, 4,
                 "45514201 09 04 01 03 08 02 02 0901  08 00 00 02 94  00 02 00 11  80"),
    # differences 5 -3 from 100: symbols 1 and -1 of 4, low parts 1 1; lengths 1 0 1: 1 01, 0 01
    "low_bits": ("huffman", DENSE | {"mode": "values", "low_bits": 2}, np.array([105, 97]), S12, 100,
                 "45514201 09 8c 01 02 c801 02 02 0801  00 02 00  01 03 00 1010  a4"),
    # a list: longest 2, 1 code of 1 bit, 2 of 2; entries 1, 0, 2 in 2 bits each: 01 00 10
    "list": ("huffman", {"table": "list", "mode": "values"}, np.array([1, 0, 0, 0, 0, -1]), S8, 0,
             "45514201 09 88 01 06 00 02 02 0901  00 00 00  01 03 21 0102 48  c2"),
    # one symbol has a code of one bit
    "single": ("huffman", DENSE | {"mode": "values"}, np.array([7, 7, 7]), S8, 0,
               "45514201 09 88 01 03 00 03 02 0701  00 00 00  0e 01 00 10  00"),
    # nothing stored: no tables, no data; nothing in the tensor: the same
    "all_fill": ("huffman", {"mode": "runs"}, np.zeros((2, 2), int), S8, 0,
                 "45514201 09 88 02 0202 00 00 02 0400  01 00 00 00"),
    "empty": ("huffman", {"mode": "values"}, np.zeros(0, int), S8, 0, "45514201 09 88 01 00 00 00 02 0300  00 00 00"),
    # frequencies 20 and 12 of 32 in 5 bits: 10100 01100; states 25 4 20 0 8 25 4 20 0: 11001 - 00 - 0 01 - 00 -
    "ans_values": ("ans", DENSE | {"mode": "values", "table_bits": 5}, np.array([0, 1, 0, 0, 1, 0, 1, 0]), S8, 0,
                   "45514201 0a 88 01 08 00 03 02 0802  00 50 00  00 02 50 a300  c840"),
    # a list: 2 entries, number (1 bit) and frequency less 1 (5 bits): 0 10011, 1 01011
    "ans_list": ("ans", DENSE | {"table": "list", "mode": "values", "table_bits": 5},
                 np.array([0, 1, 0, 0, 1, 0, 1, 0]), S8, 0,
                 "45514201 0a 88 01 08 00 03 02 0902  00 50 00  00 02 01 02 4eb0  c840"),
    # a run of 4 is escape and 2; value 7 has all 32 states, runs 2 and escape 16 each: states 3 0 0 0: 00011 0 0 -
    "ans_runs": ("ans", DENSE | {"mode": "runs", "run_bits": 2, "table_bits": 5}, np.array([0, 0, 0, 0, 7]), S8, 0,
                 "45514201 0a 88 01 05 00 01 02 0c01  05 50 02 00  0e 01 60 80  50 002100  18"),
    # one symbol has all states and takes no bits but those of the state, 0
    "ans_single": ("ans", DENSE | {"mode": "values", "table_bits": 5}, np.array([7, 7, 7]), S8, 0,
                   "45514201 0a 88 01 03 00 03 02 0701  00 50 00  0e 01 60 80  00"),
}

READ_ONLY: dict[str, tuple[list[int], str]] = {
    # states 13 2 12 0 by frequencies 20 and 12: entries 1 0 1; 01101, then 0 0 0
    "ans": ([1, 0, 1], "45514201 0a 88 01 03 00 02 02 0801  00 50 00  00 02 50 a300  68"),
    # model, slope 0 (halves), no curvature, gaps 0 and 0, z 65536: -1 16384, 0 65536, 1 16384: lengths 2 1 2, 11 0 10
    "model": ([1, 0, -1], "45514201 09 88 01 03 00 02 02 0f01  00 00 00  01 03 02 0000 0000 00 00 808004  d0"),
    # coarse, 4 exponent bits, no fraction: 5 and 4 are 16 and 8 of 24, of 32 that is 21 and 11; states 5 16 0:
    # 00101 0 -
    "coarse": ([0, 0], "45514201 0a 88 01 02 00 00 02 0701  00 50 00  00 02 03 54  28"),
}


def sealed(text: str) -> bytes:
    data = bytes.fromhex(text)
    return data + zlib.crc32(data).to_bytes(4, "little")


@pytest.mark.parametrize("case", CASES)
def test_bytes(case: str) -> None:
    name, options, array, type, fill_value, text = CASES[case]
    blob = get(name, **options).encode(array, type=type, fill_value=fill_value)
    assert blob.hex() == sealed(text).hex()
    read = decode(blob)
    assert (read.shape, read.tolist(), read.dtype) == (array.shape, array.tolist(), type.dtype)


@pytest.mark.parametrize("case", READ_ONLY)
def test_tables_that_are_read(case: str) -> None:
    expected, text = READ_ONLY[case]
    assert decode(sealed(text)).tolist() == expected


def test_parts() -> None:
    found = parts(sealed(CASES["runs"][5]))
    assert {k: v.tolist() for k, v in found.items()} == {
        "parameters": [1, 1, 8, 0, 0, 2, 0, -2, 6], "codebook": [], "values": [1, 0, 0, 0, 0, 1], "runs": [2, 0, 2, 1],
        "restart": [[0, 3]], "data": [0xE7, 0x80]}
    found = parts(sealed(CASES["words"][5]))
    assert (found["data"].tolist(), found["restart"].tolist()) == ([0x8000, 0x2000], [[0, 1], [1, 1]])
    assert parts(sealed(CASES["codebook"][5]))["codebook"].tolist() == [9, 4]
    assert parts(sealed(CASES["ans_values"][5]))["values"].tolist() == [20, 12]
    assert parts(sealed(CASES["empty"][5]))["values"].size == 0


def noise(count: int, spread: int) -> np.ndarray:
    """Return integers of a bell shape from a generator of 32 bits, the same on every machine."""
    state, out = 12345, []
    for _ in range(count):
        total = 0
        for _ in range(4):
            state = (state * 1664525 + 1013904223) % 2**32
            total += state >> 16
        out.append((total - 2**17) * spread >> 17)
    return np.array(out)


@pytest.mark.parametrize(("name", "options", "digest"), [
    ("huffman", {}, "78c89e36da22"), ("ans", {}, "9339abe24990"),
    ("huffman", {"mode": "runs"}, "3f39d4baceac"), ("ans", {"mode": "runs"}, "0d50cfc216e7"),
    ("huffman", {"mode": "joint", "restart": "channel", "word_bits": 32}, "d49f9296fe73"),
    ("ans", {"table": "coarse"}, "ebb42b341b0b"),
])
def test_every_machine_writes_the_same_bytes(name: str, options: dict[str, Any], digest: str) -> None:
    array = noise(3000, 90).reshape(30, 100)
    array[abs(array) < 20] = 3
    blob = get(name, **options).encode(array, type=S8, fill_value=3)
    assert np.array_equal(decode(blob), array)
    assert hashlib.sha256(blob).hexdigest()[:12] == digest
