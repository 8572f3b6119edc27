"""Tiled layouts: literals written out by hand, loops in Python, and back."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.errors import CodecError, InputError
from edgeq.memory.tiles import Tiling, parse_layout, parse_notation
from tests.oracles.memories import tiled

PAD = -9


def test_two_by_two_tiles_of_a_matrix() -> None:
    matrix = np.array([[11, 12, 13], [21, 22, 23], [31, 32, 33]])  # rows o, columns i
    kept = parse_notation("OI2i2o", "oi")
    assert kept.apply(matrix, "oi", PAD).tolist() == [
        11, 21, 12, 22, 13, 23, PAD, PAD, 31, PAD, 32, PAD, 33, PAD, PAD, PAD]
    assert parse_notation("IO2o2i", "oi").apply(matrix, "oi", 0).tolist() == [
        11, 12, 21, 22, 31, 32, 0, 0, 13, 0, 23, 0, 33, 0, 0, 0]


def test_blocks_of_one_axis_twice() -> None:
    """OI4i2o2i: the 8 inputs of a tile are 4 pairs, outputs between them, as in oneDNN's OIhw4i16o4i."""
    matrix = np.arange(16).reshape(2, 8) + np.array([[100], [192]])  # 100.. and 200..
    assert parse_notation("OI4i2o2i", "oi").apply(matrix, "oi", 0).tolist() == [
        100, 101, 200, 201, 102, 103, 202, 203, 104, 105, 204, 205, 106, 107, 206, 207]


@pytest.mark.parametrize("layout", [
    "OIhw16i16o", "OIhw4i16o4i", "OhwI8i4o", "OhwI4o8i", "hwIO2o3i", "Oihw5o", "ohWI2w3i", "OIHW2o2i2h2w", "oihw",
    "ihwo"])
@pytest.mark.parametrize("shape", [(6, 16, 5, 5), (3, 2, 1, 4), (1, 1, 1, 1)])
def test_values_go_where_nested_loops_put_them(layout: str, shape: tuple[int, ...]) -> None:
    weight = np.arange(np.prod(shape)).reshape(shape)
    kept = parse_layout(layout)
    flat = kept.apply(weight, "oihw", PAD)
    size = dict(zip("oihw", shape, strict=True))
    expected = [PAD if at is None else int(weight[tuple(at[axis] for axis in "oihw")])
                for at in tiled(kept.order, kept.blocks, size)]
    assert flat.tolist() == expected
    assert len(expected) == np.prod(kept.padded("oihw", shape))
    assert np.array_equal(kept.undo(flat, "oihw", shape, PAD, "w"), weight)
    assert str(kept) == layout


def test_axes_that_a_tensor_lacks_are_left_out() -> None:
    kept = parse_layout("OIhw4i16o4i")
    assert [str(kept.restricted(axes)) for axes in ("oi", "oiw", "o", "")] == ["OI4i16o4i", "OIw4i16o4i", "O16o", ""]
    assert Tiling("").apply(np.array(7), "", 0).tolist() == [7]
    assert Tiling("").undo(np.array([7]), "", (), 0, "w").shape == ()


def test_a_tile_that_sticks_out_has_to_hold_the_pad_value() -> None:
    kept = parse_notation("O4o", "o")
    assert kept.undo(np.array([1, 2, 3, 0]), "o", (3,), 0, "w").tolist() == [1, 2, 3]
    with pytest.raises(CodecError, match=r"w: a tile that sticks out of \[3\] does not hold the pad value 0"):
        kept.undo(np.array([1, 2, 3, 4]), "o", (3,), 0, "w")


@pytest.mark.parametrize(("layout", "said"), [
    ("iohw", "weights are written as one of ohwi, oihw, hwio, ihwo, or in tiles such as OIhw16i16o"),
    ("", "does not exist"), (3, "layout 3 does not exist"), ("OHWI", "does not exist"),
    ("OIhw16i", "each of o, i, h, w stands once before the blocks, in upper case where it has a block"),
    ("oihw16i", "in upper case where it has a block"), ("OIhw0i16o", "does not exist"), ("Oihh4o", "stands once"),
    ("Oihw4O", "does not exist"), ("OIhw99999i4o", "does not exist"), ("Oihw4o;", "does not exist"),
    ("Oihw1025o", "layout 'Oihw1025o': a tile of 1025 along o is more than 1024"),
    ("Oihw64o64o", "a tile of 4096 along o is more than 1024"), ("Oihw٤o", "does not exist"),
])
def test_layouts_that_do_not_exist(layout: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_layout(layout)
    assert said in str(caught.value)
