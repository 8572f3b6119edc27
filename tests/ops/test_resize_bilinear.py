"""resize_bilinear: positions, weights, the scale of the result, TOSA's parameters, constraints C1 to C5, A1, A2."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from edgeq.ops import sampling
from edgeq.ops.resize_bilinear import ResizeBilinear
from tests.ops.one_op import S8, S16, S32, U8, Operand, graph_of, operand, random_operand, run, stopped
from tests.oracles import elementwise as oracle

MODES = ("half_pixel", "align_corners", "asymmetric")


def made(x: Operand, *arguments: Any, **attributes: Any) -> ResizeBilinear:
    """Return the op that the builder makes."""
    op = graph_of("resize_bilinear", [x], *arguments, **attributes).node("op").op
    assert isinstance(op, ResizeBilinear)
    return op


def axes(op: ResizeBilinear) -> list[tuple[int, int, int]]:
    """Return numerator, denominator and offset of rows and of columns."""
    return list(zip(op.numerator, op.denominator, op.offset, strict=True))


def test_doctests() -> None:
    assert doctest.testmod(sampling) == doctest.TestResults(failed=0, attempted=4)


def test_by_hand() -> None:
    """From two pixels to four at half-pixel centres: positions -1/4, 1/4, 3/4, 5/4."""
    x = operand([[[10, 20]]], S8, 2)
    assert made(x, (1, 4)).numerator == (1, 4)
    assert run("resize_bilinear", [x], (1, 4)).tolist() == [[[[4 * 8, 3 * 8 + 18, 8 + 3 * 18, 4 * 18]]]]
    assert run("resize_bilinear", [x], (1, 3), "align_corners").tolist() == [[[[16, 26, 36]]]]
    assert run("resize_bilinear", [x], (1, 4), "asymmetric").tolist() == [[[[16, 26, 36, 36]]]]
    square = operand([[[0, 4], [8, 100]]])
    assert run("resize_bilinear", [square], (3, 3), "align_corners").tolist() == [
        [[[0, 8, 16], [16, 112, 208], [32, 216, 400]]]]


@pytest.mark.parametrize(("sizes", "mode", "expected"), [
    (((4, 4), (8, 8)), "half_pixel", [(4, 2, -1), (4, 2, -1)]),
    (((4, 4), (16, 4)), "half_pixel", [(8, 2, -3), (1, 1, 0)]),
    (((9, 6), (3, 4)), "half_pixel", [(1, 3, 1), (4, 6, 1)]),
    (((5, 3), (9, 5)), "align_corners", [(2, 1, 0), (2, 1, 0)]),
    (((5, 1), (1, 5)), "align_corners", [(1, 1, 0), (1, 1, 0)]),
    (((4, 6), (6, 3)), "asymmetric", [(3, 2, 0), (1, 2, 0)]),
])
def test_named_modes_in_lowest_terms(sizes: Any, mode: str, expected: Any) -> None:
    """The first two are the examples of the TOSA specification: n = 2 << k, d = 2, offset = 1 - (1 << k)."""
    op = made(Operand(np.zeros((1, 1, *sizes[0]), int)), sizes[1], mode)
    assert axes(op) == expected


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_tosa_scale_offset_and_border_give_its_output_size(k: int) -> None:
    """The specification's upscale by 2**k about pixel centres, and its upscale between the corners."""
    x = Operand(np.zeros((1, 1, 3, 5), int))
    about = {"scale": [2 << k, 2, 2 << k, 2], "offset": [1 - (1 << k)] * 2, "border": [(1 << k) - 1] * 2}
    op = made(x, **about)
    assert op.size == (3 << k, 5 << k)
    assert op == made(x, (3 << k, 5 << k), "half_pixel")
    between = made(x, scale=((1 << k, 1), (1 << k, 1)), border=0)
    assert between.size == ((2 << k) + 1, (4 << k) + 1)
    assert between == made(x, between.size, "align_corners")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (3, 4), (5, 2), (7, 9), (6, 8), (2, 13)])
def test_against_the_oracle(mode: str, size: Any) -> None:
    x = random_operand(np.random.default_rng(15), (2, 3, 3, 4), U8, 131)
    want = oracle.resize_bilinear(x.data, 131, size, axes(made(x, size, mode)), (S32.qmin, S32.qmax), "wrap")
    assert run("resize_bilinear", [x], size, mode).tolist() == want.tolist()


@pytest.mark.parametrize(("acc", "overflow"), [(S8, "saturate"), (S8, "wrap"), (IntType(9, signed=False), "wrap"),
                                               (IntType(63, signed=False), "wrap"), (IntType(64), "wrap"),
                                               (IntType(62), "error")])
@pytest.mark.parametrize(("shape", "scale", "offset"), [
    ((1, 3, 4), ((3, 2), (5, 7)), (-40, 30)), ((1, 3, 4), ((3, 2), (5, 7)), (-20, -9)),
    ((2, 1, 1), ((7, 1), (2, 3)), (3, -5)), ((1, 2, 5), ((1, 1), (4, 4)), 0)])
def test_given_positions_against_the_oracle(acc: IntType, overflow: str, shape: Any, scale: Any, offset: Any) -> None:
    x = random_operand(np.random.default_rng(16), (2, *shape), S16, -7)
    given = {"scale": scale, "offset": offset, "acc": acc, "acc_overflow": overflow}
    places = axes(made(x, (29, 11), **given))
    want = oracle.resize_bilinear(x.data, -7, (29, 11), places, (acc.qmin, acc.qmax), overflow)
    assert run("resize_bilinear", [x], (29, 11), **given).tolist() == want.tolist()


@pytest.mark.judge
@pytest.mark.parametrize(("mode", "corners"), [("half_pixel", False), ("align_corners", True)])
@pytest.mark.parametrize("size", [(3, 5), (6, 10), (7, 4), (2, 11), (1, 1), (9, 15)])
def test_torch_gives_the_same(mode: str, corners: bool, size: Any) -> None:
    """torch's float64 result times both numerators is the integer, to a rounding error far below one half."""
    torch = pytest.importorskip("torch")
    x = random_operand(np.random.default_rng(17), (2, 2, 3, 5))
    floats = torch.nn.functional.interpolate(torch.tensor(x.data, dtype=torch.float64), size, mode="bilinear",
                                             align_corners=corners)
    op = made(x, size, mode)
    want = (floats * (op.numerator[0] * op.numerator[1])).round().to(torch.int64)
    assert run("resize_bilinear", [x], size, mode).tolist() == want.tolist()


def test_ends_of_wide_codes() -> None:
    x = operand([[[-(2**31), 2**31 - 1]]], S32)
    got = run("resize_bilinear", [x], (1, 3), scale=((1, 1), (1 << 16, 1 << 15)), acc=IntType(64))
    assert got.tolist() == [[[[-(2**47), -(2**15), (2**31 - 1) << 16]]]]


def test_error_names_place_and_value() -> None:
    x = Operand(np.array([[[[1, 2]]], [[[1, 40]]]]))
    said = stopped("resize_bilinear", [x], (1, 4), acc=S8, acc_overflow="error")
    assert said.startswith("resize_bilinear 'op': value 160 at image 1, index [0, 0, 3] is outside s8;")


def test_bounds_and_scale() -> None:
    b = GraphBuilder("net")
    x = b.clamp(b.input("x", (2, 4, 4), U8, zero_point=9, scale=(0.5, 2.0)), 3, 19)
    y = b.resize_bilinear(x, (8, 16), acc=IntType(20), name="op")
    b.output(y)
    assert (y.type.scale, y.type.axis, y.shape) == ((0.5 / 32, 2.0 / 32), 0, (2, 8, 16))
    assert (str(y.type.type), y.type.zero_point) == ("s20", 0)
    bounds = b.build().node("op").op.bounds(x.type)
    assert bounds is not None
    assert (bounds.lo.tolist(), bounds.hi.tolist()) == ([-6 * 32], [10 * 32])
    assert b.resize_bilinear(b.input("z", (1, 2, 2), S8, scale=0.5), (4, 4)).type.scale == 0.5 / 16


@pytest.mark.parametrize(("label", "pattern", "x", "arguments", "attributes"), [
    ("C1", r"x s33\[1,1,1\] must be \(C, H, W\) of at most 32 bits", operand([[[0]]], IntType(33)), ((1, 1),), {}),
    ("C2", r"size \(0, 1\) must be 1\.\.2\^31-1", operand([[[0]]]), ((0, 1),), {"scale": ((1, 1), (1, 1))}),
    ("C3", r"numerator \(1, 65537\) must be 1\.\.2\^16", operand([[[0]]]), (1,), {"scale": ((1, 1), (65537, 1))}),
    ("C3", r"numerator \(0, 1\) must be", operand([[[0]]]), (1,), {"scale": ((0, 1), (1, 1))}),
    ("C3", r"denominator \(1, 0\) must be", operand([[[0]]]), (1,), {"scale": ((1, 1), (1, 0))}),
    ("C3", r"offset \(0, 2147483648\) must fit 32", operand([[[0]]]), (1,), {"scale": (1, 1, 1, 1),
                                                                             "offset": (0, 1 << 31)}),
    ("C4", r"interpolating s32\[1,1,1\] by numerators \(65536, 65536\) passes 64", operand([[[0]]], S32), (1,),
     {"scale": ((1 << 16, 1), (1 << 16, 1))}),
    ("A1", "acc_overflow zero is not a rule", operand([[[0]]]), ((1, 1),), {"acc_overflow": "zero"}),
    ("A2", r"acc s7 must have 8\.\.64 bits to wrap", operand([[[0]]]), ((1, 1),), {"acc": IntType(7)}),
])
def test_constraints_c1_to_c4_a1_a2(label: str, pattern: str, x: Operand, arguments: Any, attributes: Any) -> None:
    with pytest.raises(GraphError, match=f"resize_bilinear 'op' {label}: {pattern}"):
        run("resize_bilinear", [x], *arguments, **attributes)


def test_constraint_c5_scales_are_those_of_the_channels() -> None:
    b = GraphBuilder()
    x = b.transpose(b.input("x", (2, 1, 1), S8, scale=(1, 2)), (1, 0, 2))
    with pytest.raises(GraphError, match="resize_bilinear 'op' C5: x has one scale per index of axis 1"):
        b.resize_bilinear(x, (2, 2), name="op")


@pytest.mark.parametrize(("said", "arguments", "attributes"), [
    ("mode 'nearest' is not one of half_pixel, align_corners, asymmetric", ((1, 1), "nearest"), {}),
    ("a mode needs size and neither offset nor border", (), {}),
    ("a mode needs size and neither offset nor border", ((1, 1),), {"offset": 1}),
    ("C2: size .* must be at least 1", ((0, 1),), {}),
    ("scale goes without mode, and with either size or border", ((1, 1), "half_pixel"), {"scale": (1, 1, 1, 1)}),
    ("scale goes without mode, and with either size or border", (), {"scale": (1, 1, 1, 1)}),
    ("scale goes without mode, and with either size or border", (1,), {"scale": (1, 1, 1, 1), "border": 0}),
    ("scale: 3 is not two ratios", (1,), {"scale": 3}),
    ("size: 'a' is not an integer or two of them", ("a",), {}),
    ("scale 2/3, offset 0 and border 0 do not give 2 pixels a whole number of samples", (),
     {"scale": (2, 3, 2, 3), "border": 0}),
])
def test_what_does_not_say_one_thing_is_refused(said: str, arguments: Any, attributes: Any) -> None:
    with pytest.raises(GraphError, match=f"resize_bilinear 'op': {said}"):
        run("resize_bilinear", [operand([[[0, 1], [2, 3]]])], *arguments, **attributes)
    with pytest.raises(GraphError, match=r"resize_bilinear 'op': x s8\[1\] must be \(C, H, W\)"):
        run("resize_bilinear", [operand([0])], (1, 1))


def test_an_integer_past_64_bits_is_named_with_its_place() -> None:
    b = GraphBuilder()
    x = b.input("x", (1, 2, 3), S8)
    with pytest.raises(GraphError, match="resize_bilinear 'r': size: an integer here has at most 64 bits"):
        b.resize_bilinear(x, (1, 1 << 63), name="r")
    with pytest.raises(GraphError, match="resize_bilinear 'r': scale: an integer here has at most 64 bits"):
        b.resize_bilinear(x, (1, 1), scale=((1, 1 << 63), (1, 1)), name="r")


@pytest.mark.parametrize("mode", [np.array([1, 2]), np.array([]), ["half_pixel"], 1], ids=["two", "no", "list", "1"])
def test_a_mode_is_a_name(mode: Any) -> None:
    b = GraphBuilder()
    with pytest.raises(GraphError, match=r"resize_bilinear 'r': mode .* is not one of half_pixel, align_corners"):
        b.resize_bilinear(b.input("x", (1, 2, 3), S8), (2, 2), mode, name="r")
