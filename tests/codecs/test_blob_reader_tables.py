"""The independent reader of blobs: tables, weights and codes by their numbers."""

from __future__ import annotations

import pytest

from tests.codecs.blob_parts import HALVES, stream, varint
from tests.oracles.blob_bytes import Bytes
from tests.oracles.blob_tables import (
    Alphabet,
    ans_frequencies,
    ans_table,
    canonical_codes,
    coarse_weights,
    frequencies_of_weights,
    huffman_lengths,
    lengths_of_weights,
    model_weights,
)


def test_model_weights_of_straight_and_bent_decay() -> None:
    def of(slope: int, curve: int, runs: int) -> list[int]:
        code = slope.to_bytes(2, "little") + curve.to_bytes(2, "little") + varint(0)
        return model_weights(Bytes(code, "run table"), Alphabet("run table", runs, None, None))

    assert of(0x0000, 0x0000, 18) == [2**k for k in range(15, -1, -1)] + [1, 1]
    assert of(0x0000, 0x8100, 6) == [32768, 16384, 10240, 8000, 7812, 9536]  # 1/2, 5/8, 25/32, 125/128, 625/512
    assert of(0x0000, 0x0100, 4) == [32768, 16384, 6144, 1728]  # ratios 1/2, 3/8, 9/32
    assert of(0x00FF, 0x0000, 2) == [32768, 64]  # 1 - 511/512 = 1/512
    assert of(0x0F00, 0x0000, 2) == [32768, 32767]  # 1 - 256/2**24: 32767.5
    assert of(0x0000, 0x8000, 3) == [32768, 16384, 8192]
    assert of(0x0000, 0x0001, 3) == [32768, 16384, 4080]  # ratios 1/2, 255/1024
    assert of(0x1000, 0x0000, 14) == [3**d << 15 - d for d in range(12)] + [2**22] * 2  # 3/2, up to 2**38
    assert of(0x1F00, 0x0000, 2) == [32768, 32768]  # 1 + 256/2**24: 32768.5
    assert of(0x1000, 0x8100, 5) == [32768, 49152, 92160, 184319, 368639]  # 3/2, 15/8, then 2 - 2**-24
    for slope, curve in ((0x2000, 0), (0x8000, 0), (0, 0x0F00), (0, 0xFF00)):
        with pytest.raises(ValueError, match="code"):
            of(slope, curve, 2)


@pytest.mark.parametrize(("low_bits", "below", "above", "z", "expected"), [
    (0, 0, 0, 5, [8192, 16384, 5, 16384, 8192]),
    (0, 2, 3, 5, [32768, 0, 5, 0, 0]),
    (0, 3, 0, 0, [0, 0, 0, 16384, 8192]),
    (1, 0, 0, 5, [16384, 32768, 5, 16384, 8192]),
    (1, 1, 1, 5, [32768, 0, 5, 32768, 16384]),
    (0, 1, 2, 0, [16384, 32768, 0, 0, 16384]),
    (0, 65536, 65536, 2**28, [0, 0, 2**28, 0, 0]),
])
def test_model_gaps_and_special_entry(low_bits: int, below: int, above: int, z: int, expected: list[int]) -> None:
    code = Bytes(HALVES + varint(below) + varint(above) + varint(z), "value table")
    assert model_weights(code, Alphabet("value table", 5, lambda i: i - 2, 2, low_bits)) == expected


@pytest.mark.parametrize(("special", "numbers", "fault"), [
    (2, (65537, 0, 1), "gap over 65536"),
    (2, (0, 65537, 1), "gap over 65536"),
    (2, (0, 0, 2**28 + 1), "special weight over"),
    (None, (0, 0, 1), "without a special entry"),
    (2, (9, 9, 0), "no entry occurs"),
])
def test_model_refused(special: int | None, numbers: tuple[int, ...], fault: str) -> None:
    code = Bytes(HALVES + b"".join(varint(x) for x in numbers), "value table")
    with pytest.raises(ValueError, match=fault):
        model_weights(code, Alphabet("value table", 5, lambda i: i - 2, special))


def test_symbol_0_is_not_special_in_runs() -> None:
    code = Bytes(HALVES + bytes(3), "value table")
    assert model_weights(code, Alphabet("value table", 3, lambda i: i - 1, None)) == [16384, 32768, 16384]


@pytest.mark.parametrize(("p", "text", "weights"), [
    (0b0010, "0000 00  0000 11  0001 00  0010 01  1111 11", [0, 3, 4, 10, 114688]),  # x = 4, m = 2; 7 << 14
    (0b1000, "000 001 010 111", [0, 1, 2, 64]),  # x = 3, m = 0
    (0b0000, "0000 0001 1111", [0, 1, 16384]),
    (0b1111, "000 1111111  001 0000000  111 1111111", [127, 128, 255 << 6]),
])
def test_coarse_weights(p: int, text: str, weights: list[int]) -> None:
    section = Bytes(stream(text) + b"\x77", "tables")
    assert coarse_weights(section, Alphabet("run table", len(weights), None, None), p) == weights
    assert section.rest() == b"\x77"


def test_coarse_frequencies() -> None:
    # weights 8, 4, 0, 4 of X = 16: 16, 24 - 16 and 32 - 24
    table = Bytes(b"\x83" + stream("100 011 000 011"), "tables")
    assert ans_frequencies(table, Alphabet("run table", 4, None, None), 5) == [16, 8, 0, 8]
    with pytest.raises(ValueError, match="no entry occurs"):
        ans_frequencies(Bytes(b"\x83" + bytes(2), "tables"), Alphabet("run table", 4, None, None), 5)


@pytest.mark.parametrize("first", [0x12, 0xF2, 0x04, 0x0F])
def test_kinds_that_the_page_does_not_name(first: int) -> None:
    for read in (huffman_lengths, lambda table, alphabet: ans_frequencies(table, alphabet, 5)):
        with pytest.raises(ValueError, match="kind"):
            read(Bytes(bytes([first]) + HALVES + b"\0", "tables"), Alphabet("run table", 4, None, None))


def test_lengths_of_weights() -> None:
    assert lengths_of_weights([7]) == [1]
    assert lengths_of_weights([0, 7, 0]) == [0, 1, 0]
    assert lengths_of_weights([1, 1, 2, 2]) == [2, 2, 2, 2]  # of equal weights the leaf first; else 3, 3, 2, 1
    assert lengths_of_weights([1, 1, 1]) == [2, 2, 1]
    powers = [1] + [2**k for k in range(16)]  # 16, 16, 15 .. 1 at first; then 1, 1, 1, 2, 4 .. 2**14
    assert lengths_of_weights(powers) == [15, 15, 15, 15, *range(13, 0, -1)]
    assert lengths_of_weights(powers[:-1]) == [15, *range(15, 0, -1)]


def test_frequencies_of_weights() -> None:
    assert frequencies_of_weights([0, 7, 0], 5) == [0, 32, 0]
    assert frequencies_of_weights([100, 0, 1, 1], 5) == [30, 0, 1, 1]
    assert frequencies_of_weights([5, 3, 2], 5) == [16, 9, 7]  # 16, 25.6 and 32 up to and with each
    assert frequencies_of_weights([3, 3, 3], 5) == [10, 11, 11]  # 10.7, 21.3, 32
    # 32 * 32 = X: not rare, less than 1 each (17 / 31.5): what they got comes off the last, 17 - 10
    assert frequencies_of_weights([1] * 15 + [32] * 10 + [689], 5) == [1] * 25 + [7]
    # the same with the 689 ahead: it gets 11, and 1 ten times makes 36, 4 too many
    assert frequencies_of_weights([1] * 15 + [689] + [32] * 10, 5) == [1] * 15 + [7] + [1] * 10
    # the same bound, X1 = 1016: 720 * 24 / 1016 is 17, less 10. As rare ones the 32s would leave 8 and 6
    assert frequencies_of_weights([1] * 8 + [32] * 10 + [400, 296], 5) == [1] * 18 + [7, 7]
    # X1 = 1014: 427 * 22 / 1014 is 9, twice that 18, then 1 five times: one too many, off the first 9
    assert frequencies_of_weights([1] * 10 + [427] * 2 + [32] * 5, 5) == [1] * 10 + [8, 9] + [1] * 5
    with pytest.raises(ValueError, match="more entries"):
        frequencies_of_weights([1] * 33, 5)


def test_largest_frequency_below_one() -> None:
    # X = 1023, X1 = 1007: 16 rare ones; 229 * 16 / 1007 is 3, then 7 - 3 and 10 - 7; 1 ten times: 36, and 4 less 4 is 0
    with pytest.raises(ValueError, match="below 1"):
        frequencies_of_weights([1] * 16 + [229] * 3 + [32] * 10, 5)
    # the 229s last: 8, 12 and 16, and 10 are gone
    assert frequencies_of_weights([1] * 16 + [32] * 10 + [229] * 3, 5) == [1] * 26 + [1, 1, 4]


def test_canonical_codes_as_in_rfc_1951() -> None:
    codes = canonical_codes([3, 3, 3, 3, 3, 2, 4, 4], "table")  # A..H of RFC 1951, 3.2.2
    assert codes == {"010": 0, "011": 1, "100": 2, "101": 3, "110": 4, "00": 5, "1110": 6, "1111": 7}


def test_states_of_31_and_1() -> None:
    # The last place of the spread is 31 * 23 mod 32 = 9: entry 1. x of entry 0 is 31 at 0, 32 at 1 .. 61 at 31.
    table = ans_table([31, 1], 5, "table")
    assert [p for p in range(32) if table.entries[p] == 1] == [9]
    assert (table.bits[0], table.bases[0]) == (1, 30)
    assert (table.bits[9], table.bases[9]) == (5, 0)
    assert [table.bases[p] for p in (1, 2, 8, 10, 31)] == [0, 1, 7, 8, 29]
    assert table.bits[1:9] + table.bits[10:] == [0] * 30
    whole = ans_table([0, 32], 5, "table")
    assert (whole.entries, whole.bits, whole.bases) == ([1] * 32, [0] * 32, list(range(32)))
