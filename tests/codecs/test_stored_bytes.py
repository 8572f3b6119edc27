"""Blobs worked out by hand from the format page; version 1 is read for ever."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import IntType
from edgeq.codecs import decode, get, parts, read_header

FIXTURES = Path(__file__).parent / "fixtures"
MATRIX = np.array([[1, 0, -2], [0, 0, 3]])
RUNS = np.array([0] * 7 + [5] + [0] * 3 + [9])
S3, U4 = IntType(3), IntType(4, signed=False)

# EQB, version, codec, type (83: s3, 04: u4), rank, dims, fill value, count, sections, their lengths; sections
CASES: dict[str, tuple[str, dict[str, Any], np.ndarray, IntType, str]] = {
    # 001 000 110 000 000 011
    "packed": ("packed", {}, MATRIX, S3, "45514201 01 83 02 0203 00 06 01 03  2300c0"),
    # svarint -1 is 01
    "fixed_point": ("fixed_point", {"frac_bits": -1}, MATRIX, S3, "45514201 02 83 02 0203 00 06 02 0103  01 2300c0"),
    # 4 values -2 0 1 3: 110 000 001 011; places 2 1 0 1 1 3: 10 01 00 01 01 11
    "vanilla": ("vanilla", {}, MATRIX, S3, "45514201 03 83 02 0203 00 06 02 0302  04c0b0 9170"),
    # 1 and 2 bits; rows 0 0 1: 001; columns 0 2 2: 00 10 10; values 001 110 011
    "coo": ("coo", {}, MATRIX, S3, "45514201 04 83 02 0203 00 03 03 020202  0102 2028 3980"),
    # 16 bits of indptr 0 2 3, 2 of columns 0 2 2: 00 10 10
    "csr": ("csr", {}, MATRIX, S3, "45514201 05 83 02 0203 00 03 04 02060102  1002 000002000300 28 3980"),
    # indptr 0 1 1 3, 1 bit of rows 0 0 1: 001
    "csc": ("csc", {}, MATRIX, S3, "45514201 06 83 02 0203 00 03 04 02080102  1001 0000010001000300 20 3980"),
    # 101001; values 001 110 011
    "bitmask": ("bitmask", {}, MATRIX, S3, "45514201 07 83 02 0203 00 03 02 0102  a4 3980"),
    # run bits 2, style 0, W 8, G 0; 00 001, 01 110, 10 011
    "zero_runs": ("zero_runs", {"run_bits": 2}, MATRIX, S3,
                  "45514201 08 83 02 0203 00 03 03 040002  02000800 0ba6"),
    # 7 is 2 + 2 + 2 + 1, 3 is 2 + 1: 11 11 11 01 0101, 11 01 1001
    "zero_runs_escape": ("zero_runs", {"run_bits": 2}, RUNS, U4,
                         "45514201 08 04 01 0c 00 02 03 040003  02000800 fd5d90"),
    # 7 is 4 with a padding value, and 3; 3 needs no cut: 11 0000, 11 0101, 11 1001; count 3
    "zero_runs_padding": ("zero_runs", {"run_bits": 2, "style": "padding"}, RUNS, U4,
                          "45514201 08 04 01 0c 00 03 03 040003  02010800 c35e40"),
    # a segment each row, words of 16 bits: 00 001 01 110 and 10 011, words 0b80 and 9800; restart 0 2, 1 1
    "zero_runs_restart": ("zero_runs", {"run_bits": 2, "word_bits": 16, "restart": "channel"}, MATRIX, S3,
                          "45514201 08 83 02 0203 00 03 03 040504  02001001 01 0002 0101 800b 0098"),
    # 2 banks of 3 rows: 2 rows, then 1; 00 001 10 110 and 00 011; restart 0 2, 2 1
    "zero_runs_banks": ("zero_runs", {"run_bits": 2, "restart": "bank", "banks": 2},
                        np.array([[1, 0], [0, -2], [3, 0]]), S3,
                        "45514201 08 83 02 0302 00 03 03 040503  02000802 01 0002 0201 0d80 18"),
    # nothing in the tensor: indptr is empty too
    "csr_empty": ("csr", {}, np.zeros((0, 3), int), S3, "45514201 05 83 02 0003 00 00 04 02000000  1002"),
    "vanilla_empty": ("vanilla", {}, np.zeros(0, int), S3, "45514201 03 83 01 00 00 00 02 0100  00"),
    # a scalar has no axis: one value, -3 is 101
    "coo_scalar": ("coo", {}, np.array(-3), S3, "45514201 04 83 00 00 01 03 000001  a0"),
}
SPARSE_FILL = {
    # fill value -2 (svarint 03); 1 0 0 0 3 differ: mask 110111; 001 000 000 000 011
    "bitmask": ("bitmask", "45514201 07 83 02 0203 03 05 02 0102  dc 2006"),
    # place of 1 is 0, 0 is 1, and so on; rows 0 0 1 1 1: 00111, columns 0 1 0 1 2: 00 01 00 01 10
    "coo": ("coo", "45514201 04 83 02 0203 03 05 03 020302  0102 38 1180 2006"),
}


def sealed(text: str) -> bytes:
    data = bytes.fromhex(text)
    return data + zlib.crc32(data).to_bytes(4, "little")


@pytest.mark.parametrize("case", CASES)
def test_bytes(case: str) -> None:
    name, options, array, type, text = CASES[case]
    blob = get(name, **options).encode(array, type=type)
    assert blob.hex() == sealed(text).hex()
    assert (FIXTURES / f"{case}.bin").read_bytes() == blob
    read = decode((FIXTURES / f"{case}.bin").read_bytes())
    assert (read.shape, read.tolist(), read.dtype) == (array.shape, array.tolist(), type.dtype)


@pytest.mark.parametrize("case", SPARSE_FILL)
def test_bytes_with_another_fill_value(case: str) -> None:
    name, text = SPARSE_FILL[case]
    assert get(name).encode(MATRIX, type=S3, fill_value=-2).hex() == sealed(text).hex()


def test_no_fixture_without_a_case() -> None:
    assert {p.stem for p in FIXTURES.glob("*.bin")} == set(CASES)


def test_crc_is_that_of_zlib() -> None:
    assert zlib.crc32(b"123456789") == 0xCBF43926
    assert sealed(CASES["bitmask"][4])[-4:].hex() == "50457e20"


def test_header() -> None:
    header = read_header(sealed(CASES["csr"][4]))
    assert (header.codec, header.type, header.shape, header.fill_value, header.count) == ("csr", S3, (2, 3), 0, 3)
    assert {n: (s.offset, s.length) for n, s in header.sections.items()} == {
        "parameters": (16, 2), "indptr": (18, 6), "indices": (24, 1), "data": (25, 2)}
    assert (header.rows, header.columns, header.elements) == (2, 3, 6)


@pytest.mark.parametrize(("case", "expected"), [
    ("packed", {"data": [1, 0, -2, 0, 0, 3]}),
    ("fixed_point", {"frac_bits": -1, "data": [1, 0, -2, 0, 0, 3]}),
    ("vanilla", {"values": [-2, 0, 1, 3], "indices": [2, 1, 0, 1, 1, 3]}),
    ("coo", {"coords": [[0, 0, 1], [0, 2, 2]], "data": [1, -2, 3]}),
    ("csr", {"indptr": [0, 2, 3], "indices": [0, 2, 2], "data": [1, -2, 3]}),
    ("csc", {"indptr": [0, 1, 1, 3], "indices": [0, 0, 1], "data": [1, -2, 3]}),
    ("bitmask", {"mask": [[1, 0, 1], [0, 0, 1]], "data": [1, -2, 3]}),
    ("zero_runs", {"restart": [[0, 3]], "runs": [0, 1, 2], "data": [1, -2, 3]}),
    ("zero_runs_escape", {"restart": [[0, 2]], "runs": [3, 3, 3, 1, 3, 1], "data": [5, 9]}),
    ("zero_runs_padding", {"restart": [[0, 3]], "runs": [3, 3, 3], "data": [0, 5, 9]}),
    ("zero_runs_restart", {"restart": [[0, 2], [1, 1]], "runs": [0, 1, 2], "data": [1, -2, 3]}),
    ("csr_empty", {"indptr": [], "indices": [], "data": []}),
    ("coo_scalar", {"coords": [], "data": [-3]}),
])
def test_parts(case: str, expected: dict[str, Any]) -> None:
    name, _, _, _, text = CASES[case]
    found = get(name).parts(sealed(text))
    assert {k: v.tolist() for k, v in found.items()} == expected
    assert {k: v.tolist() for k, v in parts(sealed(text)).items()} == expected


def test_parts_have_the_smallest_dtypes() -> None:
    found = parts(get("csr").encode(np.ones((2, 300), int), type=IntType(9)))
    assert {k: v.dtype.str for k, v in found.items()} == {"indptr": "<u2", "indices": "<u2", "data": "<i2"}
    found = parts(get("csc").encode(np.ones((2, 300), int), type=S3))
    assert {k: v.dtype.str for k, v in found.items()} == {"indptr": "<u2", "indices": "|u1", "data": "|i1"}
    assert parts(get("coo").encode(np.ones((2, 300), int), type=S3))["coords"].dtype == np.uint16
