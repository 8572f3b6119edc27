"""Orders of axes, on tensors whose values are their own places."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.errors import InputError
from edgeq.memory.layout import from_layout, permutation, restrict, to_layout, value_axes, weight_axes

CHW = np.array([[[111, 112], [121, 122]], [[211, 212], [221, 222]]])  # digits: channel, row, column
OIHW = np.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2)


def test_hwc_has_the_channel_fastest() -> None:
    assert to_layout(CHW, "chw", "hwc").reshape(-1).tolist() == [111, 211, 112, 212, 121, 221, 122, 222]


@pytest.mark.parametrize("layout", ["ohwi", "oihw", "hwio", "ihwo"])
def test_weights_go_where_nested_loops_put_them(layout: str) -> None:
    size = dict(zip("oihw", OIHW.shape, strict=True))
    expected = []
    for index in np.ndindex(*(size[letter] for letter in layout)):
        at = dict(zip(layout, index, strict=True))
        expected.append(int(OIHW[at["o"], at["i"], at["h"], at["w"]]))
    flat = to_layout(OIHW, "oihw", layout).reshape(-1)
    assert flat.tolist() == expected
    assert np.array_equal(from_layout(flat, "oihw", layout, OIHW.shape), OIHW)


def test_leading_axis_stays_first() -> None:
    images = np.stack([CHW, CHW + 1000])
    flat = to_layout(images, "chw", "hwc").reshape(-1)
    assert flat[:3].tolist() == [111, 211, 112]
    assert flat[8:11].tolist() == [1111, 1211, 1112]
    assert np.array_equal(from_layout(flat, "chw", "hwc", images.shape), images)


def test_scalars_stay_scalars() -> None:
    assert to_layout(np.array(7), "", "").shape == ()
    assert from_layout(np.array([7]), "", "", ()).shape == ()


def test_axes_by_rank() -> None:
    assert [value_axes(r) for r in range(5)] == ["", "c", "cw", "chw", "cdhw"]
    assert value_axes(3, channel_axis=2) == "hwc"
    assert [weight_axes(r) for r in (1, 2, 3, 4)] == ["o", "oi", "oiw", "oihw"]
    assert len(set(value_axes(7))) == 7


@pytest.mark.parametrize(("layout", "axes", "expected"), [
    ("ohwi", "oi", "oi"), ("hwio", "oi", "io"), ("hwc", "c", "c"), ("hwc", "cw", "wc"), ("chw", "wc", "cw"),
    ("hwc", "cdhw", "dhwc"), ("chw", "cdhw", "cdhw"), ("hwc", "", ""),
])
def test_layouts_of_tensors_with_other_axes(layout: str, axes: str, expected: str) -> None:
    assert restrict(layout, axes) == expected


def test_orders_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="layout 'oixy' is not an order of the axes 'oihw'"):
        permutation("oihw", "oixy")
    with pytest.raises(InputError, match="7 values do not fill"):
        from_layout(np.arange(7), "chw", "hwc", (2, 2, 2))
