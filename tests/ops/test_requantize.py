"""requantize: every rounding and overflow, plain and wide, channel axes, the place where it stops, C1 to C9."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType, simulate
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, graph_of, operand, random_operand, run, stopped
from tests.oracles import layers as oracle
from tests.oracles.rounding import ONE_STAGE, OVERFLOWS, ROUNDINGS

S48, S64, MOST = IntType(48), IntType(64), (1 << 31) - 1


def limits(kept: IntType) -> tuple[int, int]:
    """Return both ends of a type."""
    return kept.qmin, kept.qmax


def one(code: int, *arguments: Any, kept: IntType = S32, zero_point: int = 0, **attributes: Any) -> int:
    """Return one requantized code."""
    return int(run("requantize", [operand([code], kept, zero_point)], *arguments, **attributes).item())


def test_order_of_the_steps_by_hand() -> None:
    """(7 - 4) * 2**3 * 5 = 120; / 2**4 = 7.5, up to 8; + 100 = 108."""
    x = operand([7], S8, 4)
    assert run("requantize", [x], 5, 4, left_shift=3, zero_point=100).item() == 108
    assert run("requantize", [x], 5, 4, 3, "floor", 100).item() == 107
    assert run("requantize", [x], 5, 4, left_shift=3, zero_point=100, clamp=(-5, 50)).item() == 50
    assert run("requantize", [x], 5, 4, left_shift=3, zero_point=-100, clamp=(-80, 50)).item() == -80


@pytest.mark.parametrize(("overflow", "expected"), [
    ("saturate", [-128, -128, -127, 127, 127]), ("saturate_symmetric", [-127, -127, -127, 127, 127]),
    ("zero", [0, -128, -127, 127, 0]), ("wrap", [127, -128, -127, 127, -128])])
def test_overflow_by_hand(overflow: str, expected: list[int]) -> None:
    got = run("requantize", [operand([-129, -128, -127, 127, 128], S16)], 1, 0, overflow=overflow)
    assert got.tolist() == [expected]


def test_overflow_comes_before_the_clamp() -> None:
    assert one(200, 1, 0, overflow="wrap", clamp=(-10, 10)) == -10  # 200 is -56
    assert one(200, 1, 0, overflow="zero", clamp=(5, 10)) == 5
    assert one(200, 1, 0, overflow="saturate", clamp=(0, 0)) == 0


@pytest.mark.parametrize(("rounding", "expected"), [
    ("floor", [-3, -2, -1, 0, 1, 2]), ("to_zero", [-2, -1, 0, 0, 1, 2]), ("ties_up", [-2, -1, 0, 1, 2, 3]),
    ("ties_away", [-3, -2, -1, 1, 2, 3]), ("ties_even", [-2, -2, 0, 0, 2, 2]), ("ties_to_zero", [-2, -1, 0, 0, 1, 2]),
    ("ties_down", [-3, -2, -1, 0, 1, 2])])
def test_ties_by_hand_then_zero_point(rounding: str, expected: list[int]) -> None:
    got = run("requantize", [operand([-5, -3, -1, 1, 3, 5])], 1, 1, rounding=rounding, zero_point=7)
    assert got.tolist() == [[v + 7 for v in expected]]
    wide = run("requantize", [operand([v << 40 for v in (-5, -3, -1, 1, 3, 5)], S48)], 1 << 30, 71, rounding=rounding)
    assert wide.tolist() == [expected]


@pytest.mark.parametrize(("rounding", "overflow"), list(product(ROUNDINGS, OVERFLOWS[:4])))
def test_plain_against_the_oracle(rounding: str, overflow: str) -> None:
    rng = np.random.default_rng([len(rounding), len(overflow)])
    scale = rng.integers(1 << 30, 1 << 31, 3) if rounding in ROUNDINGS[7:] else rng.integers(0, 1 << 12, 3)
    for kept, to, zero_point in ((S8, U8, 9), (S16, S8, -128), (U8, IntType(1), -1)):
        x = random_operand(rng, (2, 3, 5, 1), kept, 3)
        shift = rng.integers(29, 42, 3) if rounding in ROUNDINGS[7:] else rng.integers(0, 18, 3)
        left = rng.integers(0, 4, 3)
        kind = {"left_shift": left, "zero_point": zero_point, "overflow": overflow}
        got = run("requantize", [x], scale, shift, **kind, rounding=rounding, type=to)
        want = oracle.requantize(x.data, 3, scale, shift, limits(to), rounding_rule=rounding, **kind)
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("rounding", "overflow"), list(product(ROUNDINGS, ("saturate", "saturate_symmetric", "zero"))))
def test_wide_against_the_oracle(rounding: str, overflow: str) -> None:
    """A 48-bit accumulator times a 31-bit multiplier: 79 bits."""
    rng = np.random.default_rng([len(rounding), len(overflow), 1])
    two = rounding in ROUNDINGS[7:]
    x = random_operand(rng, (2, 5, 3, 4), S32 if two else S48)
    x.data[1] >>= rng.integers(0, 40, x.data[1].shape)
    scale, shift = rng.integers(1 << 30, 1 << 31, 5), np.array([34, 45, 55, 66, 94])
    kind = {"zero_point": -3, "overflow": overflow, "left_shift": 0 if two else 7}
    graph = graph_of("requantize", [x], scale, shift, rounding=rounding, type=S16, **kind)
    assert graph.node("op").op.proofs(graph.types["x0"])["wide"]
    got = run("requantize", [x], scale, shift, rounding=rounding, type=S16, **kind)
    want = oracle.requantize(x.data, 0, scale, shift, limits(S16), rounding_rule=rounding, **kind)
    assert got.tolist() == want.tolist()


@pytest.mark.parametrize("rounding", ONE_STAGE)
def test_64_bit_operands_at_every_shift(rounding: str) -> None:
    codes = [-(2**63), -(2**63) + 1, -(2**62), -1, 0, 1, 2**31, 2**62 - 1, 2**62, 2**63 - 1]
    x = Operand(np.array([[[c] * 95 for c in codes]]), S64)
    shift = np.arange(95)
    for scale in (1, 3, MOST, 1 << 31, (1 << 32) - 1):
        got = run("requantize", [x], scale, shift, rounding=rounding, type=S32, axis=1)
        want = oracle.requantize(x.data, 0, scale, shift, limits(S32), rounding_rule=rounding, axis=1)
        assert got.tolist() == want.tolist()


def test_wrap_of_a_wide_product_by_hand() -> None:
    """2**46 * 2**30 / 2**40 = 2**36 wraps to 0 in 32 bits; one more is 2**30 / 2**40 more, which floors away."""
    assert one(2**46, 1 << 30, 40, kept=S48, overflow="wrap", type=S32, rounding="floor") == 0
    assert one(2**46 + 1024, 1 << 30, 40, kept=S48, overflow="wrap", type=S32, rounding="floor") == 1


@pytest.mark.parametrize(("shape", "axis", "channels"), [
    ((3, 4, 5), None, 3), ((3, 4, 5), 0, 3), ((3, 4, 5), 1, 4), ((3, 4, 5), 2, 5), ((3, 4, 5), -1, 5),
    ((3,), 0, 3), ((1, 4), 1, 4), ((5, 1), None, 5)])
def test_axis(shape: tuple[int, ...], axis: int | None, channels: int) -> None:
    rng = np.random.default_rng(5)
    x = random_operand(rng, (3, *shape), S16)
    scale, shift = np.arange(1, channels + 1), np.arange(channels)
    got = run("requantize", [x], scale, shift, type=S32, axis=axis)
    want = oracle.requantize(x.data, 0, scale, shift, limits(S32), axis=axis or 0)
    assert got.tolist() == want.tolist()


def test_axis_of_linear_results_is_the_last_unless_given() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2, 1), S8)
    y = b.linear(x, [[1], [1]], name="fc")
    b.output(b.requantize(y, [1, 10], 0, name="last"))
    b.output(b.requantize(y, [1, 10], 0, axis=0, name="first"))
    last_again = b.requantize(b.requantize(y, [1, 2], 0), [1, 10], 0, name="again")
    b.output(last_again)
    run = simulate(b.build(), {"x": np.array([[[1], [2]]])}).outputs
    assert run["last"].tolist() == [[[1, 10], [2, 20]]]
    assert run["first"].tolist() == [[[1, 1], [20, 20]]]
    assert run["again"].tolist() == [[[1, 20], [2, 40]]]


def test_scalar_sample() -> None:
    x = Operand(np.array([5, -7]), S8)
    assert run("requantize", [x], 3, 1).tolist() == [8, -10]


def test_error_names_place_and_value() -> None:
    x = Operand(np.zeros((3, 2, 2, 2), np.int64), S16)
    x.data[2, 1, 0, 1] = 300
    said = stopped("requantize", [x], [1, 2], [0, 1], overflow="error", zero_point=-1, clamp=(0, 5))
    assert said == ("requantize 'op': value 299 at image 2, index [1, 0, 1] is outside s8; "
                    "widen the type or choose another overflow rule")
    x.data[2] = 128
    assert run("requantize", [x], 1, 0, overflow="error", zero_point=-1, clamp=(0, 5))[2].ravel().tolist() == [5] * 8


def test_error_says_where_the_wide_form_keeps_sign_and_size_alone() -> None:
    x = Operand(np.array([[[0, 0, 0], [0, 0, 2**47 - 1]]]), S48, 0)
    said = stopped("requantize", [x], [1, MOST], [40, 5], overflow="error", zero_point=9, rounding="floor")
    assert said.startswith("requantize 'op': value above 2^43 at image 0, index [1, 2] is outside s8;")
    x.data[0, 0, 0], x.data[0, 1, 2] = 0, 0
    x.data[0, 1, 0] = -(2**47)
    said = stopped("requantize", [x], [1, MOST], [40, 5], overflow="error", zero_point=9, rounding="floor")
    assert said.startswith("requantize 'op': value below -2^43 at image 0, index [1, 0] is outside s8;")
    said = stopped("requantize", [x], [1, MOST], [40, 47], overflow="error", zero_point=9, rounding="floor")
    assert said.startswith(f"requantize 'op': value {9 - MOST} at image 0, index [1, 0] is outside s8;")


def test_clamp_becomes_the_limits_of_the_result() -> None:
    kept = graph_of("requantize", [operand([1])], 1, 0, clamp=(-3, 5), scale=0.5).types["op"]
    assert (kept.lo, kept.hi, kept.scale, kept.zero_point) == (-3, 5, 0.5, 0)


@pytest.mark.parametrize(("label", "pattern", "arguments", "attributes"), [
    ("C9", "axis 1 is not an axis", (1, 1), {"axis": 1}),
    ("C9", "axis -2 is not an axis", (1, 1), {"axis": -2}),
    ("C1", r"multiplier has shape \(3,\), expected a scalar or \(2,\)", ([1, 2, 3], 1), {}),
    ("C1", r"shift has shape \(1,\)", (1, [1]), {}),
    ("C1", "left_shift has shape", (1, 1, [1, 2, 3]), {}),
    ("C1", "scale has 3 values, expected one or 2", (1, 1), {"scale": (0.5, 1.0, 2.0)}),
    ("C2", r"multipliers -1\.\.1 must be in 0\.\.2\^32-1", ([-1, 1], 1), {}),
    ("C2", "multipliers", (1 << 32, 1), {}),
    ("C3", "shift .* a left shift goes into left_shift", (1, -1), {}),
    ("C3", r"shift \(95, 95\) must be in 0\.\.94", (1, 95), {}),
    ("C3", r"left_shift \(32, 32\) must be in 0\.\.31", (1, 1, 32), {}),
    ("C3", "left_shift", (1, 1, -1), {}),
    ("C4", "output type s33 must have at most 32 bits", (1, 1), {"type": IntType(33)}),
    ("C4", "output type s8 .* hold zero point 128", (1, 1), {"zero_point": 128}),
    ("C5", r"clamp \(5, 4\) is not a range inside s8", (1, 1), {"clamp": (5, 4)}),
    ("C5", r"clamp \(0, 128\) is not a range", (1, 1), {"clamp": (0, 128)}),
    ("C6", r"two_stage needs multipliers below 2\^31", (1 << 31, 31), {"rounding": "two_stage"}),
    ("C6", "two_stage_up needs multipliers", ([0, 1 << 31], 31), {"rounding": "two_stage_up"}),
])
def test_constraints_c1_to_c6_and_c9(label: str, pattern: str, arguments: Any, attributes: Any) -> None:
    with pytest.raises(GraphError, match=f"requantize 'op' {label}: {pattern}"):
        run("requantize", [operand([1, 2])], *arguments, **attributes)


def test_constraint_c7_every_intermediate_in_64_bits() -> None:
    with pytest.raises(GraphError, match="'op' C7: s48 << 31 needs more than 64 bits"):
        one(0, 1, 0, left_shift=31, kept=S48)
    with pytest.raises(GraphError, match="'op' C7: s64 << 0 needs"):
        run("requantize", [operand([0], S64, 1)], 1, 0)
    assert one(2**47 - 1, 1, 16 + 40, left_shift=16, kept=S48, rounding="floor") == 127


def test_constraint_c8_the_wide_form_wraps_only_what_is_exact() -> None:
    with pytest.raises(GraphError, match=r"'op' C8: ties_up with overflow wrap on s48 passes 2\^44"):
        one(0, MOST, 33, kept=S48, overflow="wrap")
    with pytest.raises(GraphError, match="'op' C8: two_stage with overflow saturate on s32"):
        one(0, MOST, 60, left_shift=20, kept=IntType(32), rounding="two_stage")


def test_two_stage_with_a_multiplier_that_is_not_normalised_by_hand() -> None:
    """5 * 3 * 2**28 / 2**31 is 1.875, so 2; the two bits left of 33 make that 0.5, which goes away from 0."""
    assert one(5, 3 << 28, 31, rounding="two_stage") == 2
    assert one(5, 3 << 28, 33, rounding="two_stage") == 1
    assert one(5, 3 << 28, 33, rounding="ties_up") == 0


def test_constraint_c6_two_stage_takes_32_bits() -> None:
    with pytest.raises(GraphError, match="'op' C6: two_stage needs x within 32 bits, got s33"):
        one(0, MOST, 60, kept=IntType(33), rounding="two_stage")


def test_wrapping_what_is_exact() -> None:
    exact = (2**47 - 1) * MOST >> 36
    assert one(2**47 - 1, MOST, 36, kept=S48, overflow="wrap", rounding="floor") == exact % 256 - 256


def test_a_value_that_cannot_vary_takes_the_wide_form_where_its_product_passes_63_bits() -> None:
    """-2**31 * 2**31 * (2**32 - 1) / 2**62 is about -2**32, outside u2; modulo 2**64 the product would give 1."""
    b = GraphBuilder()
    x = b.clamp(b.input("x", (1,), S32), -MOST - 1, -MOST - 1)
    b.output(b.requantize(x, 2**32 - 1, 62, 31, "floor", type=IntType(2, signed=False), overflow="zero"), name="y")
    graph = b.build()
    assert graph.nodes[-1].op.proofs(graph.types["clamp_0"]) == {"wide": True}
    for kernel in ("auto", "reference"):
        assert simulate(graph, {"x": np.array([[5]])}, kernel=kernel).outputs["y"].item() == 0
