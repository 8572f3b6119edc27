"""Words of every width against Python's own shifts, there and back."""

from __future__ import annotations

import random

import numpy as np
import pytest

from edgeq.arith.types import IntType
from edgeq.errors import CodecError, InputError
from edgeq.memory.packing import Packing, WordCountError, pack_words, unpack_words
from tests.oracles.memories import values_of, words_of

SHAPES = [
    (1, 1, None), (1, 8, None), (1, 100, None), (1, 1024, None), (3, 1, None), (3, 3, None), (3, 24, None),
    (3, 5, 16), (3, 30, 100), (3, 341, 1024), (4, 18, None), (8, 1, 9), (8, 9, None), (8, 12, 100), (8, 128, None),
    (9, 1, None), (9, 2, None), (9, 8, None), (9, 8, 100), (12, 1, None), (18, 1, None), (18, 4, None), (24, 3, None),
    (25, 4, None), (31, 33, 1024), (32, 3, 100), (33, 3, 100), (36, 2, None), (48, 1, 72), (63, 1, None),
    (63, 16, 1024), (64, 1, None), (64, 1, 72), (64, 16, None),
]


def corners(kept: IntType, count: int) -> list[int]:
    rng = random.Random(kept.bits)
    fixed = [v for v in (0, 1, -1, kept.qmin, kept.qmax, kept.qmin + 1, kept.qmax - 1) if kept.holds(v, v)]
    return [*fixed, *(rng.randint(kept.qmin, kept.qmax) for _ in range(count))]


@pytest.mark.parametrize("lane0", ["lsb", "msb"])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(("bits", "lanes", "width"), SHAPES)
def test_words_are_those_that_shifting_gives(
    bits: int, lanes: int, width: int | None, signed: bool, lane0: str
) -> None:
    kept = IntType(bits, signed) if bits < 64 else IntType(64)
    values = corners(kept, 2 * lanes + 3)
    packing = Packing(bits, lanes, lane0, kept.qmin, width)
    rows = pack_words(np.array(values, np.int64), kept, packing, "w")
    assert rows.shape == (-(-len(values) // lanes), -(-(width or bits * lanes) // 8))
    words = [int.from_bytes(row.tobytes(), "little") for row in rows]
    assert words == words_of(values, bits, lanes, lane0, kept.qmin)
    assert values_of(words, bits, lanes, lane0, signed=kept.signed)[: len(values)] == values
    back = unpack_words(rows, kept, len(values), packing, "w")
    assert back.tolist() == values
    assert back.dtype == kept.dtype


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64, np.uint8])
def test_every_integer_dtype_gives_the_same_words(dtype: type) -> None:
    values = np.arange(100).astype(dtype)
    for packing in (Packing(7), Packing(7, 3), Packing(7, 9, "msb")):
        rows = pack_words(values, IntType(7, signed=False), packing, "w")
        assert np.array_equal(rows, pack_words(np.arange(100), IntType(7, signed=False), packing, "w"))


def test_more_words_than_one_piece() -> None:
    values = np.arange(50_001) % 511 - 255
    rows = pack_words(values, IntType(9), Packing(9, 7), "w")
    assert np.array_equal(unpack_words(rows, IntType(9), values.size, Packing(9, 7), "w"), values)


def test_nothing_takes_no_word() -> None:
    rows = pack_words(np.zeros((0, 3), np.int64), IntType(9), Packing(9, 2), "w")
    assert rows.shape == (0, 3)
    assert unpack_words(rows, IntType(9), 0, Packing(9, 2), "w").shape == (0,)


def test_a_word_wider_than_its_lanes_is_zero_above_them() -> None:
    packing = Packing(3, 2, "lsb", 0, 9)
    rows = pack_words(np.array([-1, 3, 1]), IntType(3), packing, "w")
    assert rows.tolist() == [[0b011111, 0], [0b000001, 0]]
    rows[1, 1] = 1
    with pytest.raises(CodecError, match=r"w line 8: a bit above the lanes is set \(2 lanes of 3 bits in a wor"):
        unpack_words(rows, IntType(3), 3, packing, "w", first_line=7)
    rows[1] = [0b001001, 0]
    with pytest.raises(CodecError, match=r"w word 1: an unused lane does not hold the pad value 0"):
        unpack_words(rows, IntType(3), 3, packing, "w", None)


@pytest.mark.parametrize(("packing", "row"), [
    (Packing(3), [8]), (Packing(12), [0, 16]), (Packing(63), [0] * 7 + [128]), (Packing(24), None),
    (Packing(3, 3), [0, 2]), (Packing(9, 2), [0, 0, 4]), (Packing(8, 1, "lsb", 0, 9), [0, 2])])
def test_a_bit_above_the_word_is_found(packing: Packing, row: list[int] | None) -> None:
    rows = np.zeros((3, packing.word_bytes), np.uint8)
    kept, count = IntType(packing.bits), 3 * packing.lanes
    assert not unpack_words(rows, kept, count, packing, "w").any()
    if row is not None:  # a word of whole bytes has no bit above
        rows[1] = row
        with pytest.raises(CodecError, match="w line 2: a bit above the lanes is set"):
            unpack_words(rows, kept, count, packing, "w")


def test_another_number_of_words_is_said_before_any_memory_is_taken() -> None:
    with pytest.raises(WordCountError, match="w: has 2 words, expected 250000000000"):
        unpack_words(np.zeros((2, 1), np.uint8), IntType(2), 10**12, Packing(2, 4), "w")


@pytest.mark.parametrize(("given", "said"), [
    ({"lanes": 0}, "lanes 0 is not a number from 1 to 4096"),
    ({"lanes": 4097}, "lanes 4097 is not a number from 1 to 4096"),
    ({"lanes": True}, "lanes True is not a number from 1 to 4096"),
    ({"lanes": "2"}, "lanes '2' is not a number from 1 to 4096"),
    ({"lane0": "left"}, "lane0 'left' does not exist; use lsb or msb"),
    ({"pad_value": "0"}, "pad_value '0' is not an integer"),
    ({"width": 0}, "word_bits 0 is not a number from 1 to 1024"),
    ({"width": 1025}, "word_bits 1025 is not a number from 1 to 1024"),
    ({"lanes": 3, "width": 23}, "word_bits 23 is too few for 3 lanes of 8 bits; use 24 or more"),
])
def test_packings_that_do_not_exist(given: dict[str, int], said: str) -> None:
    with pytest.raises(InputError) as caught:
        Packing(8, **given)
    assert str(caught.value) == said
