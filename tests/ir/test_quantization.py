"""How a user's data become codes: as they are, by a table, by an exact affine rule."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType, simulate
from edgeq.arith.types import Rounding
from edgeq.errors import GraphError, InputError
from edgeq.ir.quantization import Affine, Codes, Table
from edgeq.ir.tensor import Constant, TensorType
from tests.oracles.rounding import round_fraction

S8, S16 = IntType(8), IntType(16)


def codes_of(quantization: Any, data: Any, kept: IntType = S8, shape: tuple[int, ...] = (3,), zero: int = 0) -> Any:
    """Return the codes that a graph's input gets."""
    b = GraphBuilder("net")
    b.output(b.input("x", shape, kept, zero, quantization=quantization), "y")
    return simulate(b.build(), {"x": data}).outputs["y"]


def test_codes_pass_in_any_integer_dtype() -> None:
    for dtype in ("i1", "u1", ">i2", "<i8", "u8"):
        got = codes_of(Codes(), np.array([[0, 5, 127]], dtype))
        assert (got.tolist(), got.dtype) == ([[0, 5, 127]], np.int8)


@pytest.mark.parametrize(("data", "pattern"), [
    ([[0, 128, -300]], r"input 'x': value 128 at \[0, 1\] is outside s8 \(-128..127\)"),
    ([[0, 0, 0], [0, 0, -129]], r"input 'x': value -129 at \[1, 2\]"),
    (np.array([[0, 0, 2**64 - 1]], np.uint64), r"value 18446744073709551615 at \[0, 2\]"),
    ([[0.0, 1.0, 2.0]], "input 'x': expected integers, got float64; quantize the array first"),
    ([[True, False, True]], "expected integers, got bool"),
    ([["a", "b", "c"]], "expected integers, got <U1"),
])
def test_codes_refused(data: Any, pattern: str) -> None:
    with pytest.raises(InputError, match=pattern):
        codes_of(Codes(), np.asarray(data))


def test_codes_out_of_range_are_named_by_the_number_of_the_image() -> None:
    data = np.zeros((70, 3), int)
    data[69, 1] = 200
    with pytest.raises(InputError, match=r"value 200 at \[69, 1\]"):
        codes_of(Codes(), data)


def test_table_of_each_channel() -> None:
    table = Table(Constant(np.stack([np.arange(256) - 128, 127 - np.arange(256)])))
    pixels = np.array([[[[0, 255]], [[0, 255]]], [[[1, 2]], [[3, 4]]]], np.uint8)
    got = codes_of(table, pixels, shape=(2, 1, 2))
    assert got.tolist() == [[[[-128, 127]], [[127, -128]]], [[[-127, -126]], [[124, 123]]]]


def test_table_for_all_channels_of_any_rank() -> None:
    table = Table(Constant(2 * np.arange(256)[None] - 256))
    assert codes_of(table, np.array([[0, 128, 255]]), S16).tolist() == [[-256, 0, 254]]
    assert codes_of(table, np.arange(2), S16, ()).tolist() == [-256, -254]
    with pytest.raises(InputError, match=r"input 'x': value 256 at \[0, 0\] is outside u8"):
        codes_of(table, np.array([[256, 0, 0]]), S16)


@pytest.mark.parametrize(("table", "pattern"), [
    (np.zeros((2, 256), int), r"input 'x': table has shape \(2, 256\), expected one of"),
    (np.zeros((3, 255), int), "table has shape"), (np.zeros(256, int), "table has shape"),
    (np.full((1, 256), 128), r"input 'x': table holds \(128, 128\), outside s8")])
def test_table_refused(table: Any, pattern: str) -> None:
    with pytest.raises(GraphError, match=pattern):
        codes_of(Table(Constant(table)), np.zeros((1, 3), np.uint8))


@pytest.mark.parametrize(("rule", "expected"), [
    (Rounding.ties_even, [-2, -2, 0, 0, 2, 2]), (Rounding.ties_away, [-3, -2, -1, 1, 2, 3]),
    (Rounding.ties_up, [-2, -1, 0, 1, 2, 3]), (Rounding.floor, [-3, -2, -1, 0, 1, 2])])
def test_affine_ties_by_hand(rule: Rounding, expected: list[int]) -> None:
    halves = np.array([[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]])
    assert codes_of(Affine(Fraction(1), rule), halves, shape=(6,)).tolist() == [expected]
    shifted = codes_of(Affine(Fraction(1, 4), rule), halves / 4, shape=(6,), zero=7)
    assert shifted.tolist() == [[v + 7 for v in expected]]
    pixels = Affine(Fraction(2, 255), rule)  # (x / 255 - 1/2) / (1/2) in float64 is near the tie x - 127.5, not on it
    near = (np.array([[0, 127, 128]]) / 255 - 0.5) / 0.5
    exact = [round_fraction(Fraction(v) * 255 / 2, rule.name) for v in near[0].tolist()]
    assert codes_of(pixels, near).tolist() == [exact]


@pytest.mark.parametrize("rule", [Rounding.ties_even, Rounding.ties_away, Rounding.ties_up])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_affine_is_exact_next_to_ties(rule: Rounding, dtype: str) -> None:
    """The numbers next to every tie, on both sides, for scales that float64 does not hold exactly in the quotient."""
    for scale in (0.1, 1 / 3, 0.0078125, 2 / 255):
        ties = ((np.arange(-40, 40) + 0.5) * scale).astype(dtype)
        data = np.concatenate([ties, np.nextafter(ties, np.array(9, dtype)), np.nextafter(ties, np.array(-9, dtype))])
        want = [round_fraction(Fraction(v) / Fraction(scale), rule.name) + 3 for v in data.tolist()]
        assert codes_of(Affine(Fraction(scale), rule), data[None], shape=data.shape, zero=3).tolist() == [want]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_affine_floor_is_exact_next_to_integers(dtype: str) -> None:
    """The numbers on and next to every integer, 0 and the smallest of each dtype included."""
    for scale in (0.1, 1 / 3, 0.0078125, 2 / 255, 2.0**-10):
        whole = (np.arange(-40, 41) * scale).astype(dtype)
        beside = [np.nextafter(whole, np.array(to, dtype)) for to in (9, -9)]
        data = np.concatenate([whole, *beside])
        want = [round_fraction(Fraction(v) / Fraction(scale), "floor") + 3 for v in data.tolist()]
        affine = Affine(Fraction(scale), Rounding.floor)
        assert codes_of(affine, data[None], shape=data.shape, zero=3).tolist() == [want]
    tiny = Affine(Fraction(1 << 60), Rounding.floor)  # the quotient vanishes in float64
    assert codes_of(tiny, np.array([[-5e-324, 0.0, 5e-324]])).tolist() == [[-1, 0, 0]]


def test_affine_clamps_what_is_far() -> None:
    data = np.array([[1e308, -1e308, 3e9]])
    assert codes_of(Affine(Fraction(1, 1 << 900)), data, S16).tolist() == [[32767, -32768, 32767]]
    assert codes_of(Affine(Fraction(2)), np.array([[7.0, -5.0, 300.0]])).tolist() == [[4, -2, 127]]


@pytest.mark.parametrize(("data", "pattern"), [
    (np.array([[0.0, np.nan, 1.0]]), r"input 'x': value at \[0, 1\] is nan, not finite"),
    (np.array([[0.0, 0.0, 0.0], [0.0, 0.0, -np.inf]]), r"value at \[1, 2\] is -inf, not finite"),
    (np.array([[1j, 0, 0]]), "as a float array, got complex128"),
    (np.zeros((1, 3), np.longdouble), "as a float array, got"),
    (np.zeros((1, 3), np.uint8), "as a float array, got uint8; normalise it, or lower with --input-type uint8"),
])
def test_affine_refuses_data(data: Any, pattern: str) -> None:
    with pytest.raises(InputError, match=pattern):
        codes_of(Affine(Fraction(1)), data)


@pytest.mark.parametrize(("quantization", "kept", "pattern"), [
    (Affine(Fraction(0)), S8, "affine scale must be positive"), (Affine(Fraction(-1, 3)), S8, "affine scale must be"),
    (Affine(Fraction(1, 1 << 1001)), S8, "affine scale must be"), (Affine(Fraction(1 << 1001)), S8, "affine scale"),
    (Affine(Fraction(1), Rounding.to_zero), S8, "affine rounding to_zero is not one of ties_even, ties_away, ties_up"),
    (Affine(Fraction(1)), IntType(33), "affine codes have at most 32 bits, got s33")])
def test_affine_refused(quantization: Affine, kept: IntType, pattern: str) -> None:
    with pytest.raises(GraphError, match=f"input 'x': {pattern}"):
        quantization.check("x", TensorType((3,), kept))


@pytest.mark.parametrize(("quantization", "pattern"), [
    (Affine(0.5), "affine scale must be a Fraction, its rounding a Rounding; got 0.5 and"),  # type: ignore[arg-type]
    (Affine("x"), "affine scale must be a Fraction.* got 'x' and"),  # type: ignore[arg-type]
    (Affine(Fraction(1, 2), "floor"), "affine scale must .* a Rounding; got .* and 'floor'"),  # type: ignore[arg-type]
    (Table(5), "a table must be a Constant, its rounding a Rounding; got 5 and"),  # type: ignore[arg-type]
    (Table(Constant([[0] * 256]), "floor"), "a table must .* a Rounding; got .* and 'floor'"),  # type: ignore[arg-type]
])
def test_fields_of_other_kinds_refused(quantization: Any, pattern: str) -> None:
    with pytest.raises(GraphError, match=f"input 'x': {pattern}"):
        codes_of(quantization, [[0, 0, 0]])
