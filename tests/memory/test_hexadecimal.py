"""Text for `$readmemh`: literal words, every fault named, an independent reader."""

from __future__ import annotations

import random

import numpy as np
import pytest

from edgeq.arith.types import IntType
from edgeq.errors import CodecError, InputError
from edgeq.memory.hexadecimal import decode_hex, encode_hex
from edgeq.memory.packing import Packing

S8, U8, S9 = IntType(8), IntType(8, signed=False), IntType(9)


def read_words(text: bytes, bits: int, *, signed: bool) -> list[int]:
    """Read one value a line with nothing but `int`."""
    values = []
    for line in text.decode("ascii").split("\n")[:-1]:
        value = int(line, 16)
        assert len(line) == (bits + 3) // 4
        assert value < 1 << bits
        values.append(value - (1 << bits) if signed and value >> (bits - 1) else value)
    assert text == b"" or text.endswith(b"\n")
    return values


def corners(kept: IntType, count: int = 40) -> list[int]:
    """Return 0, +-1, both limits and their neighbours, then random values of the type."""
    rng = random.Random(kept.bits)
    fixed = [0, 1, -1, kept.qmin, kept.qmax, kept.qmin + 1, kept.qmax - 1]
    return [v for v in fixed if kept.holds(v, v)] + [rng.randint(kept.qmin, kept.qmax) for _ in range(count)]


@pytest.mark.parametrize(("kept", "values", "text"), [
    (IntType(1), [0, -1], b"0\n1\n"),
    (IntType(1, signed=False), [0, 1], b"0\n1\n"),
    (IntType(3), [-4, -1, 0, 3], b"4\n7\n0\n3\n"),
    (S8, [-128, -1, 0, 1, 127], b"80\nff\n00\n01\n7f\n"),
    (U8, [0, 128, 255], b"00\n80\nff\n"),
    (S9, [-256, -1, 255], b"100\n1ff\n0ff\n"),
    (IntType(18), [-(1 << 17), -1, 70000], b"20000\n3ffff\n11170\n"),
    (IntType(32), [-(1 << 31), -411, 15947], b"80000000\nfffffe65\n00003e4b\n"),
    (IntType(64), [-(1 << 63), -1, (1 << 63) - 1], b"8000000000000000\nffffffffffffffff\n7fffffffffffffff\n"),
    (S8, [], b""),
])
def test_literal_words(kept: IntType, values: list[int], text: bytes) -> None:
    assert encode_hex(np.array(values, np.int64), kept) == text
    assert decode_hex(text, kept, len(values)).tolist() == values


@pytest.mark.parametrize(("kept", "packing", "values", "text"), [
    (IntType(4), Packing(4, 2), [1, 2, 3], b"21\n03\n"),
    (IntType(4), Packing(4, 2, "msb"), [1, 2, 3], b"12\n30\n"),
    (S8, Packing(8, 4), [1, -1, 127, -128], b"807fff01\n"),
    (S8, Packing(8, 3, "lsb", -1), [1], b"ffff01\n"),
    (IntType(3), Packing(3, 3), [-1, 0, 1], b"047\n"),  # 001 000 111 in 9 bits
    (IntType(3), Packing(3, 3, "msb"), [-1, 0, 1], b"1c1\n"),  # 111 000 001
    (IntType(1), Packing(1, 8), [-1, 0, 0, 0, 0, 0, 0, -1], b"81\n"),
])
def test_literal_lanes(kept: IntType, packing: Packing, values: list[int], text: bytes) -> None:
    assert encode_hex(np.array(values), kept, packing) == text
    assert decode_hex(text, kept, len(values), packing).tolist() == values


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("bits", [*range(1, 34), 48, 63])
def test_an_independent_reader_gets_the_same_numbers(bits: int, signed: bool) -> None:
    kept = IntType(bits, signed)
    values = corners(kept)
    text = encode_hex(np.array(values), kept)
    assert read_words(text, bits, signed=signed) == values
    assert decode_hex(text, kept, len(values)).tolist() == values


@pytest.mark.parametrize("lane0", ["lsb", "msb"])
@pytest.mark.parametrize("lanes", [2, 3, 8, 72])
@pytest.mark.parametrize("bits", [1, 3, 4, 8, 9, 32])
def test_lanes_are_the_words_that_shifting_gives(bits: int, lanes: int, lane0: str) -> None:
    kept = IntType(bits)
    values = corners(kept)
    padded = values + [kept.qmin] * (-len(values) % lanes)
    words = []
    for k in range(0, len(padded), lanes):
        group = padded[k : k + lanes] if lane0 == "lsb" else padded[k : k + lanes][::-1]
        words.append(sum((v & ((1 << bits) - 1)) << (bits * j) for j, v in enumerate(group)))
    packing = Packing(bits, lanes, lane0, kept.qmin)
    text = encode_hex(np.array(values), kept, packing)
    assert read_words(text, bits * lanes, signed=False) == words
    assert decode_hex(text, kept, len(values), packing).tolist() == values


def test_every_16_bit_value() -> None:
    values = np.arange(-(1 << 15), 1 << 15)
    text = encode_hex(values, IntType(16))
    assert read_words(text, 16, signed=True) == values.tolist()
    assert np.array_equal(decode_hex(text, IntType(16), values.size), values)


def test_more_words_than_one_chunk() -> None:
    values = np.arange(200_001) % 251 - 125
    text = encode_hex(values, S8, Packing(8, 2))
    assert np.array_equal(decode_hex(text, S8, values.size, Packing(8, 2)), values)


def test_a_value_outside_its_type_is_refused_not_masked() -> None:
    with pytest.raises(CodecError, match=r"fc.weight: value 128 at 2 does not fit s8 \(-128..127\)"):
        encode_hex(np.array([0, 1, 128]), S8, where="fc.weight")
    with pytest.raises(CodecError, match=r"value -1 at 0 does not fit u8"):
        encode_hex(np.array([-1]), U8)
    with pytest.raises(CodecError, match="expected integers, got float64"):
        encode_hex(np.array([1.0]), S8)
    with pytest.raises(CodecError, match="pad value: value 200 at 0 does not fit s8"):
        encode_hex(np.array([1]), S8, Packing(8, 2, "lsb", 200))


@pytest.mark.parametrize(("text", "fault"), [
    (b"00\n0g\n00\n", "m.hex line 2: 'g' is not a lower-case hexadecimal digit"),
    (b"00\nFF\n00\n", "m.hex line 2: 'F' is not a lower-case hexadecimal digit"),
    (b"00\nxx\n00\n", "m.hex line 2: the word is unknown (x): it was never written"),
    (b"00\n0\n000\n", "m.hex line 2: has 1 digits, expected 2 (8 bits)"),
    (b"00\n001\n00\n", "m.hex line 2: has 3 digits, expected 2 (8 bits)"),
    (b"00\n01\n", "m.hex: has 2 words, expected 3"),
    (b"00\n01\n02\n03\n", "m.hex: has 4 words, expected 3"),
    (b"00\n01\n02", "m.hex line 3: the final newline is missing"),
    (b"// a\n01\n02\n03\n", "m.hex line 1: '/' is not a lower-case hexadecimal digit"),
    (b"00\n\n02\n03\n", "m.hex line 2: has 0 digits, expected 2 (8 bits)"),
    (b"00\r\n01\r\n02\r\n", "m.hex line 1: '\\r' is not a lower-case hexadecimal digit"),
])
def test_faults_name_the_line(text: bytes, fault: str) -> None:
    with pytest.raises(CodecError) as caught:
        decode_hex(text, S8, 3, where="m.hex")
    assert str(caught.value) == fault


def test_over_wide_words_and_used_padding_are_faults() -> None:
    with pytest.raises(CodecError, match="line 2: 200 does not fit 9 bits"):
        decode_hex(b"1ff\n200\n", S9, 2)
    with pytest.raises(CodecError, match="line 2: an unused lane does not hold the pad value 0"):
        decode_hex(b"21\n13\n", IntType(4), 3, Packing(4, 2))


def test_lenient_reading_takes_what_simulators_write() -> None:
    text = b"// dump\r\nFF\r\n00 7f // two\n\n80"
    assert decode_hex(text, S8, 4, strict=False).tolist() == [-1, 0, 127, -128]
    assert decode_hex(b"@0\nff\n@00000001\n00\n", S8, 2, strict=False).tolist() == [-1, 0]
    with pytest.raises(CodecError, match="address @3 stands before word 1"):
        decode_hex(b"@0\nff\n@3\n00\n", S8, 2, strict=False)
    with pytest.raises(CodecError, match=r"line 2: the word is unknown \(x\)"):
        decode_hex(b"00\nxx\n", S8, 2, strict=False)


def test_packings_that_do_not_exist() -> None:
    with pytest.raises(InputError, match="lanes 0 is not a number from 1"):
        Packing(8, 0)
    with pytest.raises(InputError, match="lane0 'left' does not exist; use lsb or msb"):
        Packing(8, 2, "left")


@pytest.mark.parametrize(("text", "words"), [
    (b"", []), (b"\n \t\r\v\f", []), (b"// 00 @7\n// 11", []),
    (b"0a\n", [10]), (b"0A", [10]), (b"0a//0b\n0c", [10, 12]),
    (b"@0 0a @1 0b", [10, 11]), (b"@00000000\n0a", [10]), (b"@0// from here\n0a\r\n@0001\r\n", [10]), (b"0a /0b", None),
    (b"@1 0a", None), (b"0a @0 0b", None), (b"@", None), (b"@g", None), (b"@0x0 0a", None), (b"0a@1", None),
    (b"@0000000000000000 0a", [10]), (b"@00000000000000000 0a", None), (b"@ffffffffffffffff 0a", None),
    (b"@0/ 0a", None), (b"0 a", None), (b"\xff0", None)])
def test_texts_of_simulators(text: bytes, words: list[int] | None) -> None:
    if words is not None:
        assert decode_hex(text, U8, len(words), strict=False).tolist() == words
        return
    with pytest.raises(CodecError, match="m"):
        decode_hex(text, U8, 2, where="m", strict=False)


@pytest.mark.parametrize(("text", "said"), [
    (b"00\n@FF // a\n", "m: address @ff stands before word 1"), (b"@// a\n", "m: address @ stands before word 0"),
    (b"@" + b"1" * 99, "m: address @" + "1" * 39 + " stands before word 0")])
def test_addresses_that_do_not_ascend_are_named(text: bytes, said: str) -> None:
    with pytest.raises(CodecError) as caught:
        decode_hex(text, S8, 1, where="m", strict=False)
    assert str(caught.value) == said
