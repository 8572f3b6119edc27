"""Coordinate form: literal coordinates, fill values, every fault named."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgeq.codecs.coo import Coo, decode_coo, encode_coo
from edgeq.errors import CodecError

DENSE = np.array([[120, 0, 120], [7, 120, -3]])
COO = encode_coo(DENSE, np.array(120))


def test_values_other_than_the_fill_value_in_row_major_order() -> None:
    assert COO.coords.tolist() == [[0, 1, 1], [1, 0, 2]]
    assert COO.data.tolist() == [0, 7, -3]
    assert COO.coord_bits == (1, 2)
    assert COO.coords.dtype == np.uint8
    assert np.array_equal(decode_coo(COO), DENSE)


def test_one_fill_value_per_row() -> None:
    coo = encode_coo(DENSE, np.array([120, 7]))
    assert coo.coords.tolist() == [[0, 1, 1], [1, 1, 2]]
    assert coo.data.tolist() == [0, 120, -3]
    assert np.array_equal(decode_coo(coo), DENSE)


def test_nothing_kept_and_everything_kept() -> None:
    empty = encode_coo(np.full((2, 2), 5), np.array(5))
    assert empty.coords.shape == (2, 0)
    assert decode_coo(empty).tolist() == [[5, 5], [5, 5]]
    assert encode_coo(DENSE, np.array(1)).data.size == 6


@pytest.mark.parametrize(("change", "fault"), [
    ({"coords": np.array([[0, 1], [1, 0]])}, r"coords \[2, 2\] and data \[3\] do not fit 2 axes"),
    ({"coords": np.array([[0, 1, 2], [1, 0, 2]])}, r"coordinate 2 of value 2 is outside axis 0 of \[2, 3\]"),
    ({"coords": np.array([[0, 1, -1], [1, 0, 2]])}, "coordinate -1 of value 2 is outside axis 0"),
    ({"coords": np.array([[0, 1, 1], [1, 2, 0]])}, "value 2 is not after the one before it"),
    ({"coords": np.array([[0, 1, 1], [1, 0, 0]])}, "value 2 is not after the one before it"),
    ({"coords": np.array([[0.0, 1, 1], [1, 0, 2]])}, "must be integers, got float64"),
    ({"fill_value": np.array([1, 2, 3])}, r"fill_value has shape \[3\], expected \[\] or \[2\]"),
])
def test_faults(change: dict[str, np.ndarray], fault: str) -> None:
    with pytest.raises(CodecError, match=fault):
        decode_coo(dataclasses.replace(COO, **change))


def test_random_tensors_come_back() -> None:
    rng = np.random.default_rng(0)
    for shape in ((7,), (3, 5), (4, 3, 2, 5)):
        dense = rng.integers(-2, 3, shape)
        for fill in (np.array(0), np.array(2), rng.integers(-2, 3, shape[0])):
            coo = encode_coo(dense, fill)
            assert np.array_equal(decode_coo(Coo(coo.coords, coo.data, shape, fill)), dense)
