"""Coefficient files, memory initialization files, `$readmemb`: literals, documented examples, every fault named."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.arith.types import IntType
from edgeq.errors import CodecError, InputError
from edgeq.memory.coe import coe_format
from edgeq.memory.digits import BINARY, HEX
from edgeq.memory.hexadecimal import readmem_format
from edgeq.memory.mif import mif_format
from edgeq.memory.packing import Packing, pack_words, unpack_words
from edgeq.memory.text import TextFormat
from tests.oracles.memories import read_coe, read_lines, read_mif, words_of

S8 = IntType(8)
COE = b"memory_initialization_radix=16;\nmemory_initialization_vector=\n80,\nff,\n7f;\n"
MIF = (b"WIDTH=8;\nDEPTH=3;\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\nCONTENT BEGIN\n0 : 80;\n1 : ff;\n2 : 7f;\nEND;\n")


def rows_of(*values: int) -> np.ndarray:
    return pack_words(np.array(values), S8, Packing(8), "w")


def test_the_readers_of_these_tests_read_what_the_tools_document() -> None:
    # Xilinx answer record 9639, and UG896 with comments after semicolons
    assert read_coe(b"memory_initialization_radix = 16;\nmemory_initialization_vector = 23f4 721 11ff;\n") == [
        0x23f4, 0x721, 0x11ff]
    assert read_coe(b"; a comment\nMEMORY_INITIALIZATION_RADIX=2; binary\nMEMORY_INITIALIZATION_VECTOR=\n1111,\n"
                    b"0000,\n1010;\n") == [15, 0, 10]
    # Intel Quartus Prime help, "Memory Initialization File (.mif) Definition": comments, BIN data, a span
    assert read_mif(b"% multiple-line comment\nmultiple-line comment %\n-- single-line comment\nDEPTH = 8; -- words\n"
                    b"WIDTH = 8;\nADDRESS_RADIX = HEX;\nDATA_RADIX = BIN;\nCONTENT -- start\nBEGIN\n00 : 00000000;\n"
                    b"01 : 00000001;\n02 : 00000010;\n[03..06] : 11111111;\n7 : 10000000;\nEND;\n") == (
        8, [0, 1, 2, 255, 255, 255, 255, 128])
    # IEEE 1364-2005, 17.2.9: addresses, white space, comments, underscores
    assert read_lines(b"@0 0a 1_f // two\n/* three */ @2\nff\n", 16) == [10, 31, 255]


@pytest.mark.parametrize(("kept", "text", "line"), [
    (coe_format(8), COE, 3),
    (mif_format(8, 3), MIF, 6),
    (readmem_format(8, HEX), b"80\nff\n7f\n", 1),
    (readmem_format(8, BINARY), b"10000000\n11111111\n01111111\n", 1),
    (readmem_format(8, HEX, "simulation"), b"@0\n80\nff\n7f\n", 2),
    (readmem_format(8, BINARY, "simulation"), b"@0\n10000000\n11111111\n01111111\n", 2),
])
def test_literal_files(kept: TextFormat, text: bytes, line: int) -> None:
    assert kept.encode(rows_of(-128, -1, 127)) == text
    rows, first = kept.decode(text, "m")
    assert rows.tolist() == [[128], [255], [127]]
    assert first == line
    said = kept.encode(rows_of(-128, -1, 127), "Written by edgeq")
    assert said == {b"": b"", b";": b"; ", b"--": b"-- ", b"//": b"// "}[kept.comment] + (
        b"Written by edgeq\n" if kept.comment else b"") + text
    assert kept.decode(said, "m")[0].tolist() == [[128], [255], [127]]


def test_addresses_have_the_digits_of_the_last_one() -> None:
    text = mif_format(1, 257).encode(np.zeros((257, 1), np.uint8)).split(b"\n")
    assert text[5] == b"000 : 0;"
    assert text[5 + 256] == b"100 : 0;"
    assert text[1] == b"DEPTH=257;"


def test_three_bits_take_one_hexadecimal_digit_and_three_binary_ones() -> None:
    rows = pack_words(np.array([-4, 3]), IntType(3), Packing(3), "w")
    assert readmem_format(3).encode(rows) == b"4\n3\n"
    assert readmem_format(3, BINARY).encode(rows) == b"100\n011\n"


@pytest.mark.parametrize(("bits", "lanes", "width"), [
    (1, 1, None), (3, 1, None), (9, 1, None), (18, 1, None), (9, 8, None), (8, 12, 100), (25, 4, None), (64, 16, None),
    (1, 1024, None), (8, 128, None), (3, 5, 16)])
@pytest.mark.parametrize("lane0", ["lsb", "msb"])
def test_other_readers_find_the_words_that_shifting_gives(
    bits: int, lanes: int, width: int | None, lane0: str
) -> None:
    kept = IntType(bits)
    values = [kept.qmin, kept.qmax, 0, -1, *(v % (1 << bits) + kept.qmin for v in range(3, 3 + 3 * lanes))]
    packing = Packing(bits, lanes, lane0, -1, width)
    rows = pack_words(np.array(values), kept, packing, "w")
    words = words_of(values, bits, lanes, lane0, -1)
    size = packing.word_bits
    for text, read in (
        (readmem_format(size), lambda data: read_lines(data, 16)),
        (readmem_format(size, BINARY), lambda data: read_lines(data, 2)),
        (readmem_format(size, BINARY, "simulation"), lambda data: read_lines(data, 2)),
        (coe_format(size), read_coe),
        (mif_format(size, len(rows)), lambda data: read_mif(data)[1]),
    ):
        data = text.encode(rows, "Written by edgeq from graph 'a b', sha256 00ff")
        assert read(data) == words
        got, _ = text.decode(data, "m", len(words))
        assert unpack_words(got, kept, len(values), packing, "m").tolist() == values
    assert read_mif(mif_format(size, len(rows)).encode(rows))[0] == size


def test_more_words_than_one_piece() -> None:
    rows = pack_words(np.arange(70_000) % 256 - 128, S8, Packing(8), "w")
    for kept in (coe_format(8), mif_format(8, 70_000), readmem_format(8, BINARY)):
        assert np.array_equal(kept.decode(kept.encode(rows), "m", 70_000)[0], rows)
    assert mif_format(8, 70_000).encode(rows).split(b"\n")[5 + 69_999] == b"1116f : ef;"
    data = bytearray(mif_format(8, 70_000).encode(rows))
    at = data.index(b"1116f : ef;")
    data[at + 4 : at + 5] = b"e"
    with pytest.raises(CodecError, match=r"m line 70005: starts with '1116e : ', expected '1116f : '"):
        mif_format(8, 70_000).decode(bytes(data), "m")


def test_no_words() -> None:
    rows = np.zeros((0, 1), np.uint8)
    assert mif_format(8, 0).encode(rows).endswith(b"CONTENT BEGIN\nEND;\n")
    assert mif_format(8, 0).decode(mif_format(8, 0).encode(rows), "m", 0)[0].shape == (0, 1)
    assert readmem_format(8).encode(rows) == b""
    assert readmem_format(8).decode(b"", "m", 0)[0].shape == (0, 1)


@pytest.mark.parametrize(("old", "new", "said"), [
    (b"7f;\n", b"7f\n", "m.coe line 5: ends in 'f', expected ','"),
    (b"7f;\n", b"7f,\n", "m.coe line 6: the file ends without ';' after the last word"),
    (b"7f;\n", b"7f;", "m.coe line 5: the final newline is missing"),
    (b"ff,", b"ff;", "m.coe line 5: '7f;' stands after the end of the file"),
    (b"ff,", b"ff", "m.coe line 4: ends in 'f', expected ','"),
    (b"ff,", b"0xff,", "m.coe line 4: '0xff' has a prefix; words are digits alone"),
    (b"ff,", b"-1,", "m.coe line 4: '-' is not a lower-case hexadecimal digit"),
    (b"ff,", b"FF,", "m.coe line 4: 'F' is not a lower-case hexadecimal digit"),
    (b"ff,", b"1ff,", "m.coe line 4: has 3 digits, expected 2 (8 bits)"),
    (b"ff,", b"xx,", "m.coe line 4: the word is unknown (x): it was never written"),
    (b"ff,\n", b"", "m.coe: has 2 words, expected 3"),
    (b"radix=16", b"radix=10", "m.coe line 1: is 'memory_initialization_radix=10;', expected "
                               "'memory_initialization_radix=16;'"),
    (b"\n", b"\r\n", "m.coe line 1: is 'memory_initialization_radix=16;\\r', expected "
                      "'memory_initialization_radix=16;'"),
    (COE, b"", "m.coe line 1: the file ends where 'memory_initialization_radix=16;' is expected"),
    (COE[40:], b"", "m.coe line 2: the final newline is missing"),
    (COE, COE[:62], "m.coe: has 0 words, expected 3"),
])
def test_faults_of_coefficient_files(old: bytes, new: bytes, said: str) -> None:
    assert old in COE
    with pytest.raises(CodecError) as caught:
        coe_format(8).decode(COE.replace(old, new), "m.coe", 3)
    assert str(caught.value) == said


@pytest.mark.parametrize(("old", "new", "said"), [
    (b"1 : ff;\n", b"", "m.mif line 7: starts with '2 : ', expected '1 : '"),
    (b"1 : ff", b"0 : ff", "m.mif line 7: starts with '0 : ', expected '1 : '"),
    (b"1 : ff;", b"1 : ff", "m.mif line 7: ends in 'f', expected ';'"),
    (b"1 : ff;", b"1 : fg;", "m.mif line 7: 'g' is not a lower-case hexadecimal digit"),
    (b"1 : ff;", b"1 : zz;", "m.mif line 7: the word is unknown (z): it was never written"),
    (b"1 : ff;", b"1 : 1ff;", "m.mif line 7: has 3 digits, expected 2 (8 bits)"),
    (b"2 : 7f;\n", b"", "m.mif: has 2 words, expected 3"),
    (b"END;\n", b"2 : 7f;\nEND;\n", "m.mif line 9: starts with '2 : ', expected '3 : '"),
    (b"END;\n", b"", "m.mif line 9: the file ends where 'END;' is expected"),
    (b"END;\n", b"END;\n0 : 00;\n", "m.mif line 10: '0 : 00;' stands after the end of the file"),
    (b"DEPTH=3", b"DEPTH=4", "m.mif line 2: is 'DEPTH=4;', expected 'DEPTH=3;'"),
    (b"DATA_RADIX=HEX", b"DATA_RADIX=DEC", "m.mif line 4: is 'DATA_RADIX=DEC;', expected 'DATA_RADIX=HEX;'"),
    (b";\n", b";\r\n", "m.mif line 1: is 'WIDTH=8;\\r', expected 'WIDTH=8;'"),
])
def test_faults_of_memory_initialization_files(old: bytes, new: bytes, said: str) -> None:
    assert old in MIF
    with pytest.raises(CodecError) as caught:
        mif_format(8, 3).decode(MIF.replace(old, new), "m.mif", 3)
    assert str(caught.value) == said


@pytest.mark.parametrize(("text", "said"), [
    (b"101\n01\n", "m line 2: has 2 digits, expected 3 (3 bits)"),
    (b"101\n0011\n", "m line 2: has 4 digits, expected 3 (3 bits)"),
    (b"101\n012\n", "m line 2: '2' is not a binary digit"),
    (b"101\n01f\n", "m line 2: 'f' is not a binary digit"),
    (b"101\nx01\n", "m line 2: the word is unknown (x): it was never written"),
    (b"101\n010\r\n", "m line 2: '\\r' is not a binary digit"),
    (b"101\n010", "m line 2: the final newline is missing"),
    (b"101\n", "m: has 1 words, expected 2"),
])
def test_faults_of_binary_text(text: bytes, said: str) -> None:
    with pytest.raises(CodecError) as caught:
        readmem_format(3, BINARY).decode(text, "m", 2)
    assert str(caught.value) == said


def test_faults_of_the_simulation_profile() -> None:
    kept = readmem_format(8, HEX, "simulation")
    for text, said in ((b"// a\n@1\n00\n", "m line 2: is '@1', expected '@0'"),
                       (b"00\n", "m line 1: is '00', expected '@0'"),
                       (b"// a", "m line 1: the final newline is missing"),
                       (b"// a\n@0\n@1\n", "m line 3: '@' is not a lower-case hexadecimal digit")):
        with pytest.raises(CodecError) as caught:
            kept.decode(text, "m", 1)
        assert str(caught.value) == said
    with pytest.raises(InputError, match="profile 'loose' does not exist; use one of strict, simulation"):
        readmem_format(8, HEX, "loose")


def test_every_cut_and_every_changed_byte_is_refused() -> None:
    for kept, text in ((coe_format(8), COE), (mif_format(8, 3), MIF), (readmem_format(8, BINARY), b"01010101\n" * 3)):
        for k in range(len(text)):
            for bad in (text[:k], text[:k] + b"?" + text[k + 1 :], text[:k] + b"?" + text[k:]):
                with pytest.raises(CodecError, match="m"):
                    kept.decode(bad, "m", 3)


def test_a_fault_far_into_a_file_has_its_line() -> None:
    rows = np.zeros((300_000, 1), np.uint8)
    for kept, line, said in (
        (readmem_format(8), b"00\n", "m line 250001: 'g' is not a lower-case hexadecimal digit"),
        (coe_format(8), b"00,\n", "m line 250003: 'g' is not a lower-case hexadecimal digit"),
        (mif_format(8, 300_000), b"00000 : 00;\n", "m line 250006: 'g' is not a lower-case hexadecimal digit"),
    ):
        data = bytearray(kept.encode(rows))
        start = data.index(line)
        data[start + 250_001 * len(line) - len(kept.line.end) - 1] = ord("g")
        with pytest.raises(CodecError) as caught:
            kept.decode(bytes(data), "m")
        assert str(caught.value) == said
