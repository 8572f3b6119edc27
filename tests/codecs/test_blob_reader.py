"""The independent reader of blobs on blobs made by hand: the codecs that are no streams, and the header."""

from __future__ import annotations

import zlib

import pytest

from tests.codecs.blob_parts import assemble, stream, svarint, varint, with_crc
from tests.oracles.blob_reader import read_blob

S8, U8, S4 = ("s", 8), ("u", 8), ("s", 4)
NOT_FILL = bytes([0x00, 0x07, 0xFD])  # 0, 7, -3 of [[120, 0, 120], [7, 120, -3]]
DENSE = [120, 0, 120, 7, 120, -3]
COO = (bytes([1, 2]), stream("011") + stream("01 00 10"), NOT_FILL)
CSR = (bytes([16, 2]), bytes([0, 0, 1, 0, 3, 0]), stream("01 00 10"), NOT_FILL)
CSC = (bytes([16, 1]), bytes([0, 0, 1, 0, 2, 0, 3, 0]), stream("101"), bytes([0x07, 0x00, 0xFD]))
MASK = (stream("010 101"), NOT_FILL)
INT64 = ("s", 64)


def test_crc_is_that_of_zlib() -> None:
    assert zlib.crc32(b"123456789") == 0xCBF43926  # the check value of CRC-32/ISO-HDLC


def test_every_field_of_the_header() -> None:
    data = bytes.fromhex("455142 01 01 85 01 03 05 03 01 02 F9E0")
    blob = read_blob(with_crc(data))
    assert (blob.codec_name, blob.bits, blob.signed, blob.shape, blob.fill_value) == ("packed", 5, True, (3,), -3)
    assert blob.values == [-1, 7, -16]
    assert with_crc(data) == assemble(1, ("s", 5), (3,), -3, 3, stream("11111 00111 10000"))


@pytest.mark.parametrize(("data", "values"), [
    (assemble(1, U8, (), 0, 1, b"\xff"), [255]),
    (assemble(1, U8, (2, 0), 0, 0, b""), []),
    (assemble(1, ("s", 1), (2, 1, 3), 0, 6, stream("101100")), [-1, 0, -1, -1, 0, 0]),
    (assemble(1, ("u", 63), (1,), 0, 1, stream("1" * 63)), [2**63 - 1]),
    (assemble(1, INT64, (2,), 0, 2, stream("1" + "0" * 63 + "0" + "1" * 63)), [-(2**63), 2**63 - 1]),
    (assemble(1, U8, (300,), 255, 300, bytes(300)), [0] * 300),
    (assemble(2, S4, (3,), 0, 3, svarint(-3), stream("0111 1000 1111")), [7, -8, -1]),
    (assemble(3, U8, (2, 3), 0, 6, bytes([3, 5, 9, 200]), stream("00 01 00 10 01 00")), [5, 9, 5, 200, 9, 5]),
    (assemble(3, S4, (2,), 0, 2, varint(2) + stream("1000 0111"), stream("10")), [7, -8]),
    (assemble(3, S4, (5,), 0, 5, varint(1) + stream("1000"), b""), [-8] * 5),
    (assemble(3, S4, (0,), 0, 0, varint(0), b""), []),
    (assemble(3, U8, (0,), 0, 0, bytes([1, 9]), b""), []),
    (assemble(3, U8, (2,), 0, 2, bytes([3, 1, 5, 9]), stream("00 10")), [1, 9]),  # nothing names the 5
    (assemble(4, S8, (2, 3), 120, 3, *COO), DENSE),
    (assemble(4, S8, (), 120, 1, b"", b"", b"\x80"), [-128]),
    (assemble(4, S8, (2, 0), 120, 0, bytes([1, 0]), b"", b""), []),
    (assemble(4, S8, (4,), 120, 0, bytes([2]), b"", b""), [120] * 4),
    (assemble(5, S8, (2, 3), 120, 3, *CSR), DENSE),
    (assemble(5, S8, (2, 1, 3), 120, 3, *CSR), DENSE),
    (assemble(5, S8, (3,), 120, 1, bytes([16, 2]), bytes([0, 0, 1, 0]), stream("10"), b"\x80"), [120, 120, -128]),
    (assemble(5, S8, (2, 0), 120, 0, bytes([16, 0]), b"", b"", b""), []),
    (assemble(6, S8, (0, 2**24, 2**23), 120, 0, bytes([16, 0]), b"", b"", b""), []),
    (assemble(5, S8, (), 120, 1, bytes([16, 0]), bytes([0, 0, 1, 0]), b"", b"\x80"), [-128]),
    (assemble(6, S8, (), 120, 0, bytes([16, 0]), bytes(4), b"", b""), [120]),
    (assemble(6, S8, (2, 3), 120, 3, *CSC), DENSE),
    (assemble(6, S8, (3,), 120, 1, bytes([16, 0]), bytes([0, 0, 0, 0, 0, 0, 1, 0]), b"", b"\x80"), [120, 120, -128]),
    (assemble(7, S8, (2, 3), 120, 3, *MASK), DENSE),
    (assemble(7, S8, (), 120, 0, b"\x00", b""), [120]),
    (assemble(7, S8, (2, 0), 120, 0, b"", b""), []),
])
def test_values(data: bytes, values: list[int]) -> None:
    assert read_blob(data).values == values


def test_indptr_of_32_bits_from_65536_values() -> None:
    ends = b"".join(end.to_bytes(4, "little") for end in (0, 65536))
    indices = b"".join(i.to_bytes(2, "big") for i in range(65536))
    blob = read_blob(assemble(5, U8, (1, 65536), 0, 65536, bytes([32, 16]), ends, indices, b"\x01" * 65536))
    assert blob.values == [1] * 65536


@pytest.mark.parametrize("bits", [0, 1, -1, -70, 127, -128])
def test_fractional_bits(bits: int) -> None:
    assert read_blob(assemble(2, U8, (1,), 0, 1, svarint(bits), b"\x05")).fractional_bits == bits


@pytest.mark.parametrize(("code", "fill"), [
    (b"\xff" * 9 + b"\x01", -(2**63)), (b"\xfe" + b"\xff" * 8 + b"\x01", 2**63 - 1), (b"\x01", -1), (b"\x02", 1),
])
def test_fill_values_of_64_bits(code: bytes, fill: int) -> None:
    assert read_blob(with_crc(b"EQB\x01\x01\xc0\x01\x00" + code + b"\x00\x01\x00")).fill_value == fill


def test_the_stream_of_the_page() -> None:
    assert stream("0101100001").hex() == "5840"
    assert stream("0101100001", 16).hex() == "4058"


def changed(data: bytes, place: int, byte: int) -> bytes:
    return with_crc(data[:place] + bytes([byte]) + data[place + 1 : -4])


PACKED = assemble(1, U8, (3,), 0, 3, bytes([1, 2, 3]))


@pytest.mark.parametrize(("data", "fault"), [
    (PACKED[:-1], "crc"),
    (b"", "magic"),
    (changed(PACKED, 0, 0x65), "magic"),
    (changed(PACKED, 3, 2), "version"),
    (changed(PACKED, 4, 0), "codec 0"),
    (changed(PACKED, 4, 11), "codec 11"),
    (changed(PACKED, 5, 0), "width 0"),
    (changed(PACKED, 5, 128), "width 0"),
    (changed(PACKED, 5, 64), "width 64"),
    (changed(PACKED, 5, 128 + 65), "width 65"),
    (changed(PACKED, 6, 33), "rank 33"),
    (changed(PACKED, 7, 2), "more stored values"),
    (changed(PACKED, 8, 128), "count is not the number"),
    (changed(PACKED, 10, 2), "number of sections"),
    (changed(PACKED, 11, 2), "header: 1 bytes left over"),
    (changed(PACKED, 11, 4), "ends too early"),
    (with_crc(PACKED[:-4] + b"\0"), "1 bytes left over"),
    (assemble(1, U8, (2**32,), 0, 0, b""), "dim"),
    (assemble(1, U8, (2**24, 2**24), 0, 2**48, b""), "2\\*\\*48"),
    (assemble(1, U8, (2**24, 2), 0, 2**25, b""), "more than 16777216"),
    (assemble(1, U8, (1,), 256, 1, b"\0"), "fill value"),
    (assemble(1, U8, (1,), -1, 1, b"\0"), "fill value"),
    (assemble(1, U8, (2,), 0, 1, b"\0"), "count"),
    (assemble(4, U8, (2,), 0, 3, b"\0", b"", b""), "more stored values"),
    (assemble(4, ("u", 17), (2,), 0, 0, b"\1", b"", b""), "width 17"),
    (assemble(1, U8, (2,), 0, 2, b"\0"), "length 1"),
    (assemble(1, U8, (2,), 0, 2, bytes(3)), "length 3"),
    (assemble(1, S4, (1,), 0, 1, b"\x11"), "padding"),
    (with_crc(b"EQB\x01\x01\x08\x01" + b"\xff" * 9 + b"\x00"), "more than 9 bytes"),
    (with_crc(b"EQB\x01\x01\xc0\x01\x00" + b"\xff" * 9 + b"\x02\x00\x01\x00"), "2\\*\\*64"),
    (with_crc(b"EQB\x01\x01\xc0\x01\x00" + b"\xff" * 10 + b"\x00\x00\x01\x00"), "more than 10 bytes"),
    (with_crc(b"EQB\x01\x01\x08\x01\x83\x00" + PACKED[8:-4]), "shortest"),
    (assemble(2, U8, (1,), 0, 1, b"\x00\x00", b"\0"), "left over"),
    (assemble(3, U8, (2,), 0, 2, bytes([2, 9, 5]), stream("01")), "ascending"),
    (assemble(3, U8, (2,), 0, 2, bytes([2, 9, 9]), stream("01")), "ascending"),
    (assemble(3, U8, (2,), 0, 2, bytes([3, 1, 2, 3]), stream("00 11")), "beyond"),
    (assemble(3, U8, (2,), 0, 2, bytes([0]), b""), "values: 0"),
    (assemble(3, U8, (0,), 0, 0, bytes([1, 1]), b"\0"), "indices: length 1"),
    (assemble(3, U8, (0,), 0, 0, b"", b""), "values: ends too early"),
    (assemble(3, ("s", 32), (1,), 0, 1, varint(65537) + bytes(4 * 65537), bytes(3)), "values: 65537"),
    (assemble(2, U8, (1,), 0, 1, svarint(128), b"\0"), "128 fractional bits"),
    (assemble(2, U8, (1,), 0, 1, svarint(-129), b"\0"), "-129 fractional bits"),
    (assemble(1, U8, (0,), 0, 1, b""), "more stored values"),
    (assemble(4, S8, (2, 3), 120, 3, bytes([1, 3]), *COO[1:]), "width of axis 1"),
    (assemble(4, S8, (2, 3), 120, 3, bytes([1]), *COO[1:]), "ends too early"),
    (assemble(4, S8, (2, 3), 120, 3, COO[0], stream("011") + stream("01 00 11"), NOT_FILL), "outside axis 1"),
    (assemble(4, S8, (2, 3), 120, 3, COO[0], stream("011") + stream("01 10 00"), NOT_FILL), "ascending"),
    (assemble(4, S8, (2, 3), 120, 3, COO[0], stream("011") + stream("01 10 10"), NOT_FILL), "ascending"),
    (assemble(4, S8, (2, 3), 120, 3, COO[0], COO[1] + b"\0", NOT_FILL), "left over"),
    (assemble(4, S8, (2, 3), 7, 3, *COO), "fill value"),
    (assemble(5, S8, (2, 3), 120, 3, bytes([32, 2]), bytes(12), *CSR[2:]), "width of indptr"),
    (assemble(5, S8, (2, 3), 120, 3, bytes([16, 3]), *CSR[1:]), "width of indices"),
    (assemble(5, S8, (2, 3), 120, 3, CSR[0], bytes([0, 0, 4, 0, 3, 0]), *CSR[2:]), "indptr: not"),
    (assemble(5, S8, (2, 3), 120, 3, CSR[0], bytes([1, 0, 1, 0, 3, 0]), *CSR[2:]), "indptr: not"),
    (assemble(5, S8, (2, 3), 120, 3, CSR[0], bytes([0, 0, 1, 0, 2, 0]), *CSR[2:]), "indptr: not"),
    (assemble(5, S8, (2, 3), 120, 3, CSR[0], bytes(4), *CSR[2:]), "indptr: length"),
    (assemble(5, S8, (2, 3), 120, 3, *CSR[:2], stream("01 10 00"), NOT_FILL), "ascending"),
    (assemble(5, S8, (2, 3), 120, 3, *CSR[:2], stream("01 10 10"), NOT_FILL), "ascending"),
    (assemble(5, S8, (2, 3), 120, 3, *CSR[:2], stream("01 00 11"), NOT_FILL), "outside"),
    (assemble(6, S8, (3, 1), 120, 1, bytes([16, 2]), bytes([0, 0, 1, 0]), stream("11"), b"\1"), "outside"),
    (assemble(6, S8, (0, 2**24, 2**24), 0, 0, bytes([16, 0]), b"", b"", b""), "2\\*\\*48"),
    (assemble(5, S8, (2, 0), 0, 0, bytes([16, 0]), bytes(6), b"", b""), "no elements"),
    (assemble(5, S8, (2, 0), 0, 0, bytes([16, 0]), b"", b"\0", b""), "no elements"),
    (assemble(5, S8, (2, 0), 0, 0, bytes([16, 0]), b"", b"", b"\0"), "data: length 1"),
    (assemble(7, S8, (2, 3), 120, 3, stream("010 111"), NOT_FILL), "number of ones"),
    (assemble(7, S8, (2, 3), 120, 3, stream("010 101 1"), NOT_FILL), "padding"),
    (assemble(7, S8, (2, 3), 0, 3, *MASK), "fill value"),
])
def test_refused(data: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_blob(data)


@pytest.mark.parametrize("data", [
    PACKED, assemble(4, S8, (2, 3), 120, 3, *COO), assemble(6, S8, (2, 3), 120, 3, *CSC),
])
def test_any_changed_byte_is_refused_by_the_crc(data: bytes) -> None:
    for place in range(len(data)):
        with pytest.raises(ValueError):
            read_blob(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
