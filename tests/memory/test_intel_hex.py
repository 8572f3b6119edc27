"""Intel HEX: records with checksums made by hand, documented records, an independent reader, every fault named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq.errors import CodecError, InputError
from edgeq.memory.intel_hex import IntelHex
from tests.oracles.memories import read_intel_hex
from tests.tools import need_tool
from tests.tools import run as run_tool

TEXT = b":100000000102030405060708090A0B0C0D0E0F1068\n:020010001112CB\n:00000001FF\n"  # sum of 1..16 is 136: 88h
QUARTUS = b":04000000FF810113" + b"68\n:0400010000000000FB\n:00000001FF\n"


def rows_of(count: int, size: int = 1) -> np.ndarray:
    return (np.arange(1, count * size + 1) % 251).astype(np.uint8).reshape(count, size)


def test_the_reader_of_these_tests_reads_what_is_documented() -> None:
    # CUJ, "Intel hex records"; Keil OH51 manual, segment record; TI's data records of FFh
    assert read_intel_hex(b":04FEDC00210080CFB2\n:00000001FF\n") == [(0xFEDC, b"\x21\x00\x80\xcf")]
    assert read_intel_hex(b":020000021000EC\n:10001000" + b"FF" * 16 + b"F0\n:00000001FF\n") == [
        (0x10010, b"\xff" * 16)]


def test_literal_bytes_with_checksums_by_hand() -> None:
    assert IntelHex(8).encode(rows_of(18)) == TEXT
    assert IntelHex(8).decode(TEXT, "m", 18).tolist() == rows_of(18).tolist()
    assert IntelHex(8).encode(np.zeros((0, 1), np.uint8)) == b":00000001FF\n"
    assert IntelHex(8).decode(b":00000001FF\n", "m", 0).shape == (0, 1)


def test_a_word_of_quartus_is_one_record_most_significant_byte_first() -> None:
    word = np.array([[0x13, 0x01, 0x81, 0xFF]], np.uint8)
    text = IntelHex(32, "quartus").encode(np.concatenate([np.zeros((4, 4), np.uint8), word]))
    assert text.split(b"\n")[4] == b":04000400FF81011364"  # the record for word 4 that WGR-V's converter documents
    assert IntelHex(32, "quartus").encode(np.concatenate([word, np.zeros((1, 4), np.uint8)])) == QUARTUS
    assert IntelHex(32).encode(word) == b":04000000130181FF68\n:00000001FF\n"  # bytes of the little-endian word


def test_standard_addresses_go_on_past_64_kib() -> None:
    text = IntelHex(8).encode(rows_of(3 * 65536 + 5))
    assert text.count(b"\n:02000004") == 3
    assert b"\n:020000040001F9\n:10000000" in text
    assert b"\n:020000040003F7\n:05000000" in text
    records = read_intel_hex(text)
    assert [at for at, _ in records] == [*range(0, 3 * 65536, 16), 3 * 65536]
    assert b"".join(data for _, data in records) == rows_of(3 * 65536 + 5).tobytes()
    assert np.array_equal(IntelHex(8).decode(text, "m", 3 * 65536 + 5), rows_of(3 * 65536 + 5))


def test_quartus_addresses_go_on_past_65536_words() -> None:
    rows = rows_of(65536 + 2, 3)
    text = IntelHex(24, "quartus").encode(rows)
    assert b"\n:020000021000EC\n:03000000" in text
    records = read_intel_hex(text)
    assert [at for at, _ in records] == list(range(65536 + 2))
    assert b"".join(data[::-1] for _, data in records) == rows.tobytes()
    assert np.array_equal(IntelHex(24, "quartus").decode(text, "m", len(rows)), rows)


@pytest.mark.parametrize("profile", ["standard", "quartus"])
@pytest.mark.parametrize("bits", [1, 3, 9, 18, 72, 100, 1024])
def test_words_of_every_width(bits: int, profile: str) -> None:
    rows = np.random.default_rng(bits).integers(0, 256, (37, -(-bits // 8))).astype(np.uint8)
    rows[:, -1] &= (1 << (bits - 1) % 8 + 1) - 1
    text = IntelHex(bits, profile).encode(rows)
    assert np.array_equal(IntelHex(bits, profile).decode(text, "m", 37), rows)
    data = b"".join(part if profile == "standard" else part[::-1] for _, part in read_intel_hex(text))
    assert data == rows.tobytes()


@pytest.mark.parametrize(("old", "new", "said"), [
    (b"68\n", b"69\n", "m line 1: checksum is 69, expected 68"),
    (b"1112CB", b"1113CB", "m line 2: checksum is CB, expected CA"),
    (b":0200", b"0200", "m line 2: a record starts with ':'"),
    (b"1112CB", b"11l2CB", "m line 2: 'l' is not an upper-case hexadecimal digit"),
    (b"1112CB", b"1112cb", "m line 2: 'c' is not an upper-case hexadecimal digit"),
    (b"1112CB", b"1112C", "m line 2: has 13 digits, a record has an even number of at least 10"),
    (b"1112CB", b"11CB", "m line 2: says 2 data bytes and holds 1"),
    (b":020010001112CB", b":020012001112C9", "m line 2: address is 12, expected 10"),
    (b":020010001112CB", b":01001000" b"11DE\n:01001100" b"12DC", "m line 2: holds 1 bytes, expected 2"),
    (b":020010001112CB", b":0400000500000000F7", "m line 2: record type 05 is not used here; types are 00, 01 and 04"),
    (b":020010001112CB", b":020000021000EC\n:020010001112CB",
     "m line 2: record type 02 is not used here; types are 00, 01 and 04"),
    (b":020010001112CB", b":020000040001F9\n:020010001112CB", "m line 3: address is 10010, expected 10"),
    (b":020010001112CB", b":020000040000FA\n:020010001112CB",
     "m: an extended address record is missing or one too many"),
    (b":020010001112CB\n", b"", "m: has 16 words, expected 18"),
    (b":00000001FF\n", b"", "m line 3: the file ends without the end record :00000001FF"),
    (b":00000001FF\n", b":00000001FF", "m line 3: the final newline is missing"),
    (b":00000001FF\n", b":00000001FF\n:00000001FF\n", "m line 4: a record stands after the end record"),
    (b":00000001FF\n", b":00000101FE\n", "m line 3: the end record is not :00000001FF"),
    (b"\n", b"\r\n", "m line 1: '\\r' is not an upper-case hexadecimal digit"),
    (TEXT, b"", "m line 1: the file ends without the end record :00000001FF"),
])
def test_faults_name_the_record(old: bytes, new: bytes, said: str) -> None:
    assert old in TEXT
    with pytest.raises(CodecError) as caught:
        IntelHex(8).decode(TEXT.replace(old, new), "m", 18)
    assert str(caught.value) == said


def test_faults_of_quartus_files() -> None:
    for old, new, said in (
        (b":0400010000000000FB", b":0400040000000000F8", "m line 2: address is 4, expected 1"),
        (b":0400010000000000FB", b":02000100" b"0000FD\n:02000200" b"0000FC", "m line 2: holds 2 bytes, expected 4"),
        (b":0400010000000000FB\n", b"", "m: has 1 words, expected 2"),
    ):
        with pytest.raises(CodecError) as caught:
            IntelHex(32, "quartus").decode(QUARTUS.replace(old, new), "m", 2)
        assert str(caught.value) == said


def test_over_wide_words_and_depths_that_no_file_has() -> None:
    text = IntelHex(8).encode(np.array([[1], [9]], np.uint8))
    with pytest.raises(CodecError, match="m word 1: does not fit 3 bits"):
        IntelHex(3).decode(text, "m", 2)
    with pytest.raises(CodecError, match="m line 1: holds 2 bytes, expected 16"):
        IntelHex(8).decode(text, "m", 10**12)


def test_every_cut_and_every_changed_byte_is_refused() -> None:
    for kept, text, depth in ((IntelHex(8), TEXT, 18), (IntelHex(32, "quartus"), QUARTUS, 2)):
        for k in range(len(text)):
            for bad in (text[:k], text[:k] + b"7" + text[k + 1 :], text[:k] + b"7" + text[k:]):
                if bad != text:
                    with pytest.raises(CodecError, match="m"):
                        kept.decode(bad, "m", depth)


def test_what_records_cannot_hold() -> None:
    with pytest.raises(InputError, match="profile 'altera' does not exist; use one of standard, quartus"):
        IntelHex(8, "altera")
    with pytest.raises(InputError, match="a record of Intel HEX holds at most 2040 bits, a word has 2048"):
        IntelHex(2048)
    with pytest.raises(InputError, match="profile quartus addresses at most 1048576 words, got 1048577"):
        IntelHex(1, "quartus").encode(np.zeros(((1 << 20) + 1, 1), np.uint8))


@pytest.mark.hardware
def test_objcopy_reads_the_same_bytes_and_writes_the_same_records(tmp_path: Path) -> None:
    objcopy = need_tool("objcopy")
    rows = np.random.default_rng(5).integers(0, 256, (9000, 9)).astype(np.uint8)  # past 64 KiB
    text = IntelHex(72).encode(rows)
    (tmp_path / "m.ihex").write_bytes(text)
    run_tool([objcopy, "-I", "ihex", "-O", "binary", "m.ihex", "m.bin"], tmp_path)
    assert (tmp_path / "m.bin").read_bytes() == rows.tobytes()
    (tmp_path / "bad.ihex").write_bytes(text.replace(b":10", b":0F", 1))
    with pytest.raises(AssertionError, match="ended with 1"):
        run_tool([objcopy, "-I", "ihex", "-O", "binary", "bad.ihex", "bad.bin"], tmp_path)
