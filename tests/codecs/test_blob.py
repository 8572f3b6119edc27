"""The frame of a blob: every fault of it by its message, options, limits."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from edgeq import IntType
from edgeq.codecs import decode, get, names, parts, read_header
from edgeq.codecs.registry import _CLASSES, class_of_id
from edgeq.errors import CodecError, InputError
from tests.codecs.corpus import blobs
from tests.codecs.fuzz import frame, with_crc

GOOD = bytes.fromhex("45514201 01 83 02 0203 00 06 01 03  2300c0  00000000")


def test_ids_and_names_agree_with_the_classes() -> None:
    for codec_id, (name, _, _) in _CLASSES.items():
        found = class_of_id(codec_id)
        assert found is not None
        assert (found.id, found.name) == (codec_id, name)
    assert names()[:8] == ("packed", "fixed_point", "vanilla", "coo", "csr", "csc", "bitmask", "zero_runs")


def changed(place: int, text: str, length: int = 1) -> bytes:
    return with_crc(GOOD[:place] + bytes.fromhex(text) + GOOD[place + length :])


@pytest.mark.parametrize(("blob", "fault"), [
    (b"", "x: header, byte 0: magic needs 3 bytes, 0 are left"),
    (b"EQBIN\r\n\x1a", "x: header, byte 3: is of version 73; only version 1 is read"),
    (b"\x93NUMPY", "x: header, byte 0: is no blob: begins with 93 4e 55, expected 45 51 42"),
    (changed(3, "02"), "x: header, byte 3: is of version 2; only version 1 is read"),
    (changed(4, "00"), "x: header, byte 4: codec 0 does not exist"),
    (changed(4, "ff"), "x: header, byte 4: codec 255 does not exist"),
    (changed(5, "00"), "x: header, byte 5: type has 0 bits; packed holds 1..63"),
    (changed(5, "40"), "x: header, byte 5: type has 64 bits; packed holds 1..63"),
    (changed(5, "c1"), "x: header, byte 5: type has 65 bits; packed holds 1..64"),
    (changed(4, "0791", 2), "x: header, byte 5: type has 17 bits; bitmask holds 1..16"),
    (changed(6, "21"), "x: header, byte 6: rank 33 is over 32"),
    (changed(7, "8080808010"), "x: header, byte 7: axis 0 is at least 4294967296, expected less than 4294967296"),
    (changed(7, "8200"), "x: header, byte 7: axis 0 is not in the shortest form"),
    (frame(1, 8, [2**31, 2**17], 0, 2**48, [b""]), r"byte 6: shape \[2147483648, 131072\] has 2\^48 elements or more"),
    (frame(1, 8, [0, 2**31, 2**17], 0, 0, [b""]), r"byte 6: shape \[0, .*\] has 2\^48 elements or more"),
    (changed(9, "08"), "x: header, byte 9: fill value 4 does not fit s3"),
    (changed(9, "09"), "x: header, byte 9: fill value -5 does not fit s3"),
    (changed(10, "05"), r"x: header, byte 10: count 5 does not fit the 6 elements of shape \[2, 3\]"),
    (frame(7, 8, [2, 3], 0, 7, [b"", b""]), r"x: header, byte 10: count 7 does not fit the 6 elements"),
    (changed(11, "02"), "x: header, byte 11: number of sections is not the 1 of packed"),
    (changed(12, "04"), "x: sections and crc end at byte 21, the blob has 20 bytes"),
    (changed(12, "02"), "x: sections and crc end at byte 19, the blob has 20 bytes"),
    (with_crc(GOOD)[:-1], "x: sections and crc end at byte 20, the blob has 19 bytes"),
    (with_crc(GOOD) + b"\0", "x: sections and crc end at byte 20, the blob has 21 bytes"),
    (GOOD, f"x: crc, byte 16: is 00000000, the bytes give {zlib.crc32(GOOD[:-4]):08x}; the blob is damaged"),
])
def test_faults_of_the_frame(blob: bytes, fault: str) -> None:
    calls: list[Callable[..., object]] = [read_header, decode, parts, get("packed").decode, get("packed").parts]
    for call in calls:
        with pytest.raises(CodecError, match=fault):
            call(blob, where="x")


def test_the_good_blob_is_good() -> None:
    assert decode(with_crc(GOOD)).tolist() == [[1, 0, -2], [0, 0, 3]]
    assert decode(with_crc(GOOD), max_elements=6).tolist() == [[1, 0, -2], [0, 0, 3]]


def test_another_codec_is_named() -> None:
    with pytest.raises(CodecError, match="x: is a blob of codec packed, expected csr"):
        get("csr").decode(with_crc(GOOD), where="x")
    with pytest.raises(CodecError, match="x: is a blob of codec packed, expected csr"):
        get("csr").parts(with_crc(GOOD), where="x")


@pytest.mark.parametrize(("name", "options", "fault"), [
    ("rle", {}, "codec 'rle' does not exist; codecs are packed, fixed_point, vanilla, coo, csr, csc, bitmask, zero_"),
    (["csr"], {}, r"codec \['csr'\] does not exist"),
    ("csr", {"run_bits": 3}, "codec csr has no option 'run_bits'; it has none"),
    ("zero_runs", {"bits": 3}, "no option 'bits'; it has run_bits, style, word_bits, restart, banks"),
    ("zero_runs", {"run_bits": 1}, "run_bits 1 is not a number from 2 to 16"),
    ("zero_runs", {"run_bits": 17}, "run_bits 17 is not"),
    ("zero_runs", {"run_bits": True}, "run_bits True is not"),
    ("zero_runs", {"run_bits": "4"}, "run_bits '4' is not"),
    ("zero_runs", {"style": "eie"}, "style 'eie' does not exist; use escape or padding"),
    ("zero_runs", {"word_bits": 24}, "word_bits 24 does not exist; use 8, 16, 32 or 64"),
    ("zero_runs", {"restart": "row"}, "restart 'row' does not exist; use none, channel, bank"),
    ("zero_runs", {"restart": "bank", "banks": 0}, "banks 0 is not a number from 1 to 65536"),
    ("fixed_point", {"frac_bits": 0.5}, "frac_bits 0.5 is not a number from -128 to 127"),
    ("fixed_point", {"frac_bits": 128}, "frac_bits 128 is not"),
    ("fixed_point", {"frac_bits": -129}, "frac_bits -129 is not"),
])
def test_options(name: str, options: dict[str, object], fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        get(name, **options)


@pytest.mark.parametrize(("array", "type", "fill_value", "error", "fault"), [
    (np.array([0, 4]), IntType(3), 0, CodecError, r"w: value 4 at 1 does not fit s3 \(-4..3\)"),
    (np.array([[0], [-1]]), IntType(3, signed=False), 0, CodecError, r"w: value -1 at 1 does not fit u3 \(0..7\)"),
    (np.array([2**64 - 1], np.uint64), IntType(16), 0, CodecError, "w: value 18446744073709551615 at 0 does not fit"),
    (np.array([0.0]), IntType(3), 0, CodecError, "w: expected integers, got float64"),
    (np.array([True]), IntType(3), 0, CodecError, "w: expected integers, got bool"),
    (np.array([0]), IntType(3), 4, CodecError, r"w: fill value 4 does not fit s3 \(-4..3\)"),
    (np.array([0]), IntType(3), 0.5, InputError, "w: fill value 0.5 is not an integer"),
    (np.array([0]), IntType(17), 0, InputError, "w: s17 has 17 bits, bitmask holds 1..16; use packed, fixed_point or"),
    (np.zeros((1,) * 33, int), IntType(3), 0, InputError, "w: rank 33 is over 32"),
    (np.zeros((0, 2**32), int), IntType(3), 0, InputError, r"w: shape \[0, 4294967296\] has an axis of 2\^32 or more"),
])
def test_what_is_not_encoded(
    array: np.ndarray, type: IntType, fill_value: object, error: type[Exception], fault: str
) -> None:
    with pytest.raises(error, match=fault):
        get("bitmask").encode(array, type=type, fill_value=fill_value, where="w")


@pytest.mark.parametrize("name", ["packed", "coo", "best"])
def test_what_is_no_array_type_or_blob(name: str) -> None:
    codec, array = get(name), np.array([1, 2])
    for type in (None, 8, "s8", np.int8):
        with pytest.raises(InputError, match=r"w: type .* is not an IntType"):
            codec.encode(array, type=type, where="w")
    with pytest.raises(CodecError, match="w: expected integers, got lists of different lengths"):
        codec.encode([[1, 2], [3]], type=IntType(3), where="w")
    blob = codec.encode(array, type=IntType(3))
    for given in (None, 5, "EQB", [69, 81], memoryview(blob)[::2], memoryview(np.zeros((0, 3), np.uint8))):
        for read in (codec.decode, codec.parts, decode, parts, read_header):
            with pytest.raises(InputError, match="w: a blob is bytes without gaps"):
                read(given, where="w")
    for most in (None, 2.0, "9"):
        with pytest.raises(InputError, match=r"w: max_elements .* is not an integer"):
            codec.decode(blob, max_elements=most, where="w")
    assert codec.decode(blob, max_elements=np.int64(2)).tolist() == [1, 2]


@pytest.mark.parametrize("name", ["huffman", "ans"])
def test_a_codebook_of_lists_of_different_lengths(name: str) -> None:
    with pytest.raises(InputError, match="w: a codebook is a list of distinct integers"):
        get(name, codebook=[[1, 2], [3]]).encode(np.array([1]), type=IntType(3), where="w")


@pytest.mark.parametrize("name", ["packed", "coo", "ans"])
def test_parts_that_memory_does_not_hold(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    codec = get(name)
    blob = codec.encode(np.array([1, 2]), type=IntType(3))

    def unpack(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(type(codec), "unpack", unpack)
    for read in (codec.parts, parts):
        with pytest.raises(CodecError, match="w: there is no memory for the parts of 2 elements"):
            read(blob, where="w")


def test_an_option_called_name() -> None:
    with pytest.raises(InputError, match="codec packed has no option 'name'"):
        get("packed", **{"name": 3})


def test_vanilla_refuses_more_values_than_it_has_places() -> None:
    with pytest.raises(InputError, match="w: has 65537 distinct values, vanilla holds 65536; use packed"):
        get("vanilla").encode(np.arange(65537), type=IntType(20), where="w")


BOMBS = {
    "vanilla": frame(3, 8, [2**20, 2**20], 0, 2**40, [b"\1\0", b""]),
    "coo": frame(4, 8, [2**20, 2**20], 0, 0, [bytes([20, 20]), b"", b""]),
    "csr": frame(5, 8, [1, 2**20, 2**20], 0, 0, [bytes([16, 40]), bytes(4), b"", b""]),
    "csc": frame(6, 8, [2**31, 512], 0, 0, [bytes([16, 31]), bytes(1026), b"", b""]),
    "zero_runs": frame(8, 8, [2**20, 2**20], 0, 0, [bytes([4, 0, 8, 0]), b"", b""]),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_legal_bomb_is_refused_before_memory_is_taken(name: str) -> None:
    assert read_header(BOMBS[name]).elements == 2**40
    tracemalloc.start()
    with pytest.raises(CodecError, match="has 1099511627776 elements, more than the 2147483648 allowed; raise max_el"):
        get(name).decode(BOMBS[name])
    with pytest.raises(CodecError, match="more than the 5 allowed"):
        parts(with_crc(GOOD), max_elements=5)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("name", BOMBS)
def test_no_memory_is_one_message(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(type(get(name)), "read", fail)
    with pytest.raises(CodecError, match=r"x: there is no memory for the 1099511627776 elements of shape \["):
        get(name).decode(BOMBS[name], max_elements=2**41, where="x")


def test_header_of_every_blob_of_the_corpus() -> None:
    for blob in blobs():
        header = read_header(blob)
        ends = [s.offset + s.length for s in header.sections.values()]
        assert [s.offset for s in header.sections.values()][1:] == ends[:-1]
        assert ends[-1] == len(blob) - 4


def test_numba_comes_with_the_first_codec() -> None:
    code = ("import edgeq, sys; c = edgeq.codecs; print('numba' in sys.modules, dir(c)[-1] in dir(c)); c.names; "
            "c.names(); print('numba' in sys.modules); c.get('packed'); print('numba' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\nFalse\nTrue\n"
    with pytest.raises(AttributeError, match=r"module 'edgeq.codecs' has no attribute 'zip'"):
        _ = __import__("edgeq.codecs").codecs.zip
