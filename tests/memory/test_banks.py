"""Words dealt to banks: literals, the formulas word by word, and back."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.errors import CodecError, InputError
from edgeq.memory.banks import Banking

PAD = np.array([99], np.uint8)


def words(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.uint8).reshape(-1, 1)


@pytest.mark.parametrize(("banking", "rows", "expected"), [
    (Banking(2, "interleaved"), 1, [[0, 2, 4, 6], [1, 3, 5, 99]]),
    (Banking(2, "blocked"), 1, [[0, 1, 2, 3], [4, 5, 6, 99]]),
    (Banking(3, "blocked"), 1, [[0, 1, 2], [3, 4, 5], [6, 99, 99]]),
    (Banking(1, "blocked"), 1, [[0, 1, 2, 3, 4, 5, 6]]),
    (Banking(9, "interleaved"), 1, [[0], [1], [2], [3], [4], [5], [6], [99], [99]]),
])
def test_literal_banks(banking: Banking, rows: int, expected: list[list[int]]) -> None:
    assert [b.reshape(-1).tolist() for b in banking.deal(words(7), rows, PAD)] == expected


def test_channels_are_dealt_in_turn() -> None:
    """Three output channels of two words, two processing elements: channels 0 and 2, then 1 and none."""
    dealt = Banking(2, "channels").deal(words(6), 3, PAD)
    assert [b.reshape(-1).tolist() for b in dealt] == [[0, 1, 4, 5], [2, 3, 99, 99]]


@pytest.mark.parametrize("kind", ["interleaved", "blocked", "channels"])
@pytest.mark.parametrize("banks", [1, 2, 3, 4, 7, 16])
@pytest.mark.parametrize(("count", "rows"), [(12, 4), (12, 12), (35, 5), (1, 1)])
def test_every_word_is_where_the_formula_says(count: int, rows: int, banks: int, kind: str) -> None:
    banking = Banking(banks, kind)
    dealt = banking.deal(words(count), rows, PAD)
    depth = banking.depth(count, rows)
    assert [b.shape for b in dealt] == [(depth, 1)] * banks
    per_row = count // rows
    for i in range(count):
        bank, at = {
            "interleaved": (i % banks, i // banks),
            "blocked": (i // -(-count // banks), i % -(-count // banks)),
            "channels": (i // per_row % banks, i // per_row // banks * per_row + i % per_row),
        }[kind]
        assert dealt[bank][at, 0] == i
    assert sum(int((b == 99).sum()) for b in dealt) == banks * depth - count
    assert np.array_equal(banking.collect(dealt, count, rows, PAD, "m"), words(count))


def test_a_pad_word_that_is_none() -> None:
    dealt = Banking(3, "blocked").deal(words(7), 1, PAD)
    dealt[2][1] = 0
    with pytest.raises(CodecError, match="m: bank 2: a word after the tensor's last does not hold the pad value"):
        Banking(3, "blocked").collect(dealt, 7, 1, PAD, "m")


@pytest.mark.parametrize(("given", "said"), [
    ((0,), "banks 0 is not a number from 1 to 4096"), ((4097,), "banks 4097 is not a number from 1 to 4096"),
    (("2",), "banks '2' is not a number from 1 to 4096"), ((True,), "banks True is not a number from 1 to 4096"),
    ((2, "cyclic"), "banking 'cyclic' does not exist; use one of interleaved, blocked, channels"),
])
def test_bankings_that_do_not_exist(given: tuple[object, ...], said: str) -> None:
    with pytest.raises(InputError) as caught:
        Banking(*given)
    assert str(caught.value) == said
