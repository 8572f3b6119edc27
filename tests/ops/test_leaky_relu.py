"""leaky_relu: both sides by hand and against the oracle, TFLite's rule, plain and wide, C1 to C9."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, graph_of, operand, random_operand, run, stopped
from tests.oracles import nonlinear as oracle
from tests.oracles.rounding import OVERFLOWS, ROUNDINGS, clamp, round_fraction

S48 = IntType(48)
MOST = (1 << 31) - 1


def limits(kept: IntType) -> tuple[int, int]:
    """Return both ends of a type."""
    return kept.qmin, kept.qmax


def test_by_hand() -> None:
    """Above: (x - 2) * 3 / 2; below: (x - 2) / 4; + 10."""
    x = operand([2, 3, 4, 1, 0, -2, -128, 127], S8, 2)
    got = run("leaky_relu", [x], 3, 1, 1, 2, zero_point=10)
    assert got.tolist() == [[10, 12, 13, 10, 10, 9, -22, 127]]  # -1/4 -> 0, -2/4 -> 0 (ties up), -4/4, -130/4 = -32.5


def test_the_zero_point_itself_is_on_the_positive_side() -> None:
    assert run("leaky_relu", [operand([5, 4], S8, 5)], 0, 0, 0, 0, zero_point=7).tolist() == [[7, 7]]
    assert run("leaky_relu", [operand([5, 4, 6], S8, 5)], 0, 0, 1, 0, zero_point=7).tolist() == [[7, 6, 7]]


def test_a_negative_slope_turns_values_up() -> None:
    assert run("leaky_relu", [operand([-8, -1, 0, 4])], 1, 0, -1, 1).tolist() == [[4, 1, 0, 4]]
    assert run("leaky_relu", [operand([-8, -1, 0, 4])], 1, 0, -3, 2, rounding="floor").tolist() == [[6, 0, 0, 4]]
    assert run("leaky_relu", [operand([-3])], 1, 0, -(1 << 31), 31).tolist() == [[3]]


def test_left_shifts_are_each_sides_own() -> None:
    got = run("leaky_relu", [operand([-3, 3])], 1, 1, 1, 1, left_shift=3, negative_left_shift=2)
    assert got.tolist() == [[-6, 12]]


@pytest.mark.parametrize(("rounding", "overflow"), list(product(ROUNDINGS, OVERFLOWS[:4])))
def test_plain_against_the_oracle(rounding: str, overflow: str) -> None:
    rng = np.random.default_rng([len(rounding), len(overflow)])
    two = rounding in ROUNDINGS[7:]
    for kept, to, zero_point in ((S8, U8, 9), (S16, S8, -128), (U8, IntType(1), -1)):
        x = random_operand(rng, (2, 3, 5, 1), kept, 3)
        sides = []
        for sign in (1, rng.choice([-1, 1])):
            scale = sign * (rng.integers(1 << 30, 1 << 31, 3) if two else rng.integers(0, 1 << 12, 3))
            sides.append((scale, rng.integers(29, 42, 3) if two else rng.integers(0, 18, 3), rng.integers(0, 4, 3)))
        (m, s, left), (nm, ns, negative_left) = sides
        kind = {"zero_point": zero_point, "overflow": overflow, "rounding": rounding}
        got = run("leaky_relu", [x], m, s, nm, ns, left, negative_left, **kind, type=to)
        want = oracle.sided(x.data, 3, sides[0], sides[1], limits(to), **kind)
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize("rounding", ROUNDINGS[:7])
def test_wide_on_either_side_against_the_oracle(rounding: str) -> None:
    rng = np.random.default_rng(len(rounding))
    x = random_operand(rng, (4, 3, 40), S48)
    x.data[1:] >>= rng.integers(0, 40, x.data[1:].shape)
    above = (np.array([MOST, 3, 1 << 31]), np.array([60, 5, 94]), 0)
    below = (np.array([5, -(1 << 31), -MOST]), np.array([40, 62, 55]), 7)
    for sides in ((above, below), (below, above)):
        (m, s, left), (nm, ns, negative_left) = sides
        if m.min() < 0:
            m = abs(m)
        got = run("leaky_relu", [x], m, s, nm, ns, left, negative_left, rounding=rounding, type=S16, zero_point=5)
        want = oracle.sided(x.data, 0, (m, s, left), sides[1], limits(S16), rounding=rounding, zero_point=5)
        assert got.tolist() == want.tolist()


def test_each_side_has_its_own_proof() -> None:
    x = operand([0], S48)
    for multipliers, wide in (((3, MOST), (False, True)), ((MOST, 3), (True, False)), ((3, -3), (False, False))):
        graph = graph_of("leaky_relu", [x], multipliers[0], 40, multipliers[1], 40)
        assert graph.node("op").op.proofs(graph.types["x0"]) == {"positive_wide": wide[0], "negative_wide": wide[1]}


def tflite(value: int, multiplier: int, shift: int) -> int:
    """Return TFLite's MultiplyByQuantizedMultiplier: gemmlowp's high product, then a rounding division."""
    high = oracle.high_multiply(value * 2 ** max(shift, 0), multiplier)
    return round_fraction(Fraction(high, 2 ** max(-shift, 0)), "ties_away")


@pytest.mark.parametrize(("identity", "alpha"), [
    ((1 << 30, 1), (1374389535, -6)), ((1717986918, -1), (-1717986918, -2)), ((MOST, 0), (-(1 << 31), 0)),
    ((1 << 30, 4), (-(1 << 30), 3)), ((1374389535, -9), (-1374389535, -11))])
def test_two_stage_is_tflite_s_rule_with_either_sign(identity: tuple[int, int], alpha: tuple[int, int]) -> None:
    for kept, x_zero_point in ((S8, -3), (S16, 0)):
        data = np.arange(kept.qmin, kept.qmax + 1)
        expected = [clamp(4 + tflite(q - x_zero_point, *(identity if q >= x_zero_point else alpha)), *limits(kept))
                    for q in data.tolist()]
        shifts = [31 + max(-side[1], 0) for side in (identity, alpha)]
        left = [max(side[1], 0) for side in (identity, alpha)]
        got = run("leaky_relu", [Operand(data[None], kept, x_zero_point)], identity[0], shifts[0], alpha[0], shifts[1],
                  *left, rounding="two_stage", zero_point=4, type=kept)
        assert got[0].tolist() == expected


@pytest.mark.parametrize(("shape", "axis"), [((3, 4, 5), None), ((3, 4, 5), 1), ((4, 3), -1), ((3,), 0), ((), None)])
def test_axis(shape: tuple[int, ...], axis: int | None) -> None:
    x = random_operand(np.random.default_rng(5), (3, *shape), S16)
    channels = shape[axis or 0] if shape else 1
    m, s = np.arange(1, channels + 1), np.arange(channels)
    got = run("leaky_relu", [x], m, s, -m, s[::-1], type=S32, axis=axis)
    assert got.tolist() == oracle.sided(x.data, 0, (m, s, 0), (-m, s[::-1], 0), limits(S32), axis=axis or 0).tolist()


def test_result_type_and_layer() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2,), S8)
    y = b.leaky_relu(b.linear(x, [[1, 2], [3, 4]], name="fc"), 1, 0, 1, 3, clamp=(-5, 9), scale=0.5, zero_point=-1)
    assert (y.type.lo, y.type.hi, y.type.scale, y.type.zero_point) == (-5, 9, 0.5, -1)
    b.output(y)
    assert sorted(b.build().types) == ["fc", "fc.acc", "x"]


def test_error_names_place_and_value() -> None:
    x = Operand(np.zeros((2, 2, 2), np.int64), S16)
    x.data[1, 1, 0] = -300
    said = stopped("leaky_relu", [x], 1, 0, [1, 3], [1, 1], overflow="error", zero_point=2)
    assert said.startswith("leaky_relu 'op': value -448 at image 1, index [1, 0] is outside s8;")
    x.data[1, 1, 0] = 0
    x.data[1, 0, 1] = 126
    assert "value 128 at image 1, index [0, 1]" in stopped("leaky_relu", [x], 1, 0, 1, 1, overflow="error",
                                                           zero_point=2)


@pytest.mark.parametrize(("label", "pattern", "arguments", "attributes"), [
    ("C9", "positive side: axis 1 is not an axis", (1, 1, 1, 1), {"axis": 1}),
    ("C1", r"negative side: multiplier has shape \(3,\)", (1, 1, [1, 2, 3], 1), {}),
    ("C1", r"positive side: left_shift has shape \(1,\)", (1, 1, 1, 1, [1]), {}),
    ("C2", r"negative side: multipliers -2147483649\.\.1 must be in -2\^31\.\.2\^32-1", (1, 1, [-(1 << 31) - 1, 1], 1),
     {}),
    ("C2", "positive side: multipliers", (1 << 32, 1, 1, 1), {}),
    ("C3", "negative side: shift", (1, 1, 1, 95), {}),
    ("C3", "negative side: left_shift", (1, 1, 1, 1, 0, 32), {}),
    ("C4", "positive side: output type s33", (1, 1, 1, 1), {"type": IntType(33)}),
    ("C5", "positive side: clamp", (1, 1, 1, 1), {"clamp": (5, 4)}),
    ("C6", r"negative side: two_stage needs multipliers below 2\^31", (1 << 30, 31, 1 << 31, 31),
     {"rounding": "two_stage"}),
])
def test_constraints_c1_to_c6_and_c9(label: str, pattern: str, arguments: Any, attributes: Any) -> None:
    with pytest.raises(GraphError, match=f"leaky_relu 'op' {label}: {pattern}"):
        run("leaky_relu", [operand([1, 2])], *arguments, **attributes)


def test_constraints_c7_and_c8_of_the_side_that_breaks_them() -> None:
    x = operand([0], S48)
    with pytest.raises(GraphError, match="'op' C7: negative side: s48 << 31 needs more than 64 bits"):
        run("leaky_relu", [x], 1, 0, 1, 0, negative_left_shift=31)
    with pytest.raises(GraphError, match="'op' C8: negative side: ties_up with overflow wrap on s48"):
        run("leaky_relu", [x], 1, 0, -MOST, 33, overflow="wrap")
