"""reduce_sum: axes, zero points, accumulators, scale, the mean of TensorFlow Lite, constraints."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType, simulate
from edgeq.arith.multiplier import mean_multiplier, quantize_multiplier
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, accumulator, graph_of, operand, random_operand, run, stopped
from tests.oracles import products as oracle


def test_by_hand() -> None:
    x = operand([[1, 2, 3], [4, 5, 6]], U8, 1)
    assert run("reduce_sum", [x], (1,)).tolist() == [[3, 12]]
    assert run("reduce_sum", [x], (-2,)).tolist() == [[3, 5, 7]]
    assert run("reduce_sum", [x], (0, 1)).tolist() == [15]
    assert run("reduce_sum", [x], (0, 1), keepdims=True).tolist() == [[[15]]]
    assert run("reduce_sum", [x], ()).tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert run("reduce_sum", [operand(7, U8, 1)], ()).tolist() == [6]


@pytest.mark.parametrize("axes", [axes for n in range(5) for axes in combinations(range(4), n)], ids=str)
@pytest.mark.parametrize("declared", [{}, {"acc": IntType(9)}, {"acc": S8, "acc_overflow": "saturate"}], ids=str)
def test_axes_against_the_oracle(axes: tuple[int, ...], declared: dict[str, Any]) -> None:
    rng = np.random.default_rng([*axes])
    x = random_operand(rng, (2, 3, 1, 4, 5), S8, -7)
    for keepdims in (False, True):
        got = run("reduce_sum", [x], tuple(a - 4 for a in reversed(axes)), keepdims=keepdims, **declared)
        want = oracle.reduce_sum(x.data, -7, axes, accumulator(declared), keepdims=keepdims)
        assert got.tolist() == want.tolist()


def test_saturation_in_row_major_order_by_hand() -> None:
    """Rows first: 100, 200 becomes 127, 27, -73. Columns first would be 100, 0, 100, 0."""
    x = operand([[100, 100], [-100, -100]])
    narrow = {"acc": S8, "acc_overflow": "saturate"}
    assert run("reduce_sum", [x], (0, 1), **narrow).tolist() == [-73]
    assert run("reduce_sum", [x], (1, 0), **narrow).tolist() == [-73]
    assert run("reduce_sum", [x], (0, 1), acc=S8).tolist() == [0]
    assert run("reduce_sum", [x], (0,), **narrow).tolist() == [[0, 0]]


@pytest.mark.parametrize("bits", [32, 33, 62, 63, 64])
def test_ends_of_32_bits(bits: int) -> None:
    x = operand([2**31 - 1, 2**31 - 1, -(2**31)], S32, -(2**31))
    total = 2 * (2**32 - 1)
    assert run("reduce_sum", [x], (0,), acc=IntType(bits)).item() == (total if bits > 33 else -2)


def test_bounds_are_the_limits_times_the_count_and_zero() -> None:
    graph = graph_of("reduce_sum", [operand([[0] * 3] * 2, U8, 5)], (0,))
    bounds = graph.nodes[0].op.bounds(graph.types["x0"])
    assert bounds is not None
    assert (bounds.lo.tolist(), bounds.hi.tolist()) == ([-10], [500])


def test_error_names_the_place_and_the_partial_sum() -> None:
    x = Operand(np.array([[[1, 2, 3]], [[100, 50, -100]]]))
    said = stopped("reduce_sum", [x], (-1,), acc=S8, acc_overflow="error", keepdims=True)
    assert said.startswith("reduce_sum 'op': value 150 at image 1, index [0, 0] is outside s8;")
    x = Operand(np.array([[[1, 100, 3], [4, 28, 6]]]))
    assert "value 128 at image 0, index [1] is" in stopped("reduce_sum", [x], (0,), acc=S8, acc_overflow="error")


def test_scale_stays_with_its_channels() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2, 3, 4), S8, scale=(0.5, 0.25))
    kept, left = b.reduce_sum(x, (1, 2), keepdims=True).type, b.reduce_sum(x, (2,)).type
    assert (kept.shape, kept.scale, kept.axis) == ((2, 1, 1), (0.5, 0.25), 0)
    assert (left.shape, left.scale, left.axis, left.zero_point) == ((2, 3), (0.5, 0.25), 0, 0)
    last = b.reduce_sum(b.requantize(b.linear(x, [[1] * 4] * 5), 1, 1, scale=(1.0, 2.0, 3.0, 4.0, 5.0)), (0,)).type
    assert (last.shape, last.scale, last.axis) == ((3, 5), (1.0, 2.0, 3.0, 4.0, 5.0), 1)
    with pytest.raises(GraphError, match="reduce_sum 'op' C3: x has one scale per channel along a summed axis"):
        b.reduce_sum(x, (0,), name="op")


@pytest.mark.parametrize(("pattern", "axes", "kept", "declared"), [
    (r"C1: axes \(2,\) must be different axes of s8\[2,3\]", (2,), S8, {}),
    ("C1: axes", (-3,), S8, {}),
    ("C1: axes", (0, -2), S8, {}),
    ("C2: operand type s33 is wider than 32 bits", (0,), IntType(33), {}),
    ("A1: acc_overflow zero", (0,), S8, {"acc_overflow": "zero"}),
    ("A2: acc s7 must have", (0,), S8, {"acc": IntType(7)}),
])
def test_constraints_c1_c2_a1_a2(pattern: str, axes: Any, kept: IntType, declared: dict[str, Any]) -> None:
    with pytest.raises(GraphError, match=f"reduce_sum 'op' {pattern}"):
        run("reduce_sum", [Operand(np.zeros((1, 2, 3), int), kept)], axes, **declared)
    with pytest.raises(GraphError, match="reduce_sum 'op' C1: axes"):
        run("reduce_sum", [operand(0)], (0,))


@pytest.mark.parametrize(("given", "expected"), [
    ((1 << 30, 31, 1), (1 << 30, 31)),
    ((1 << 30, 31, 2), (1 << 30, 32)),
    ((1 << 30, 31, 3), (715827882, 32)),  # 2**31 / 3
    ((1 << 30, 31, 49), (701219150, 36)),  # 2**35 / 49
    ((2147483647, 31, 64), (2147483647, 37)),
    ((2147483647, 31, 63), (1090785344, 36)),  # 32 (2**31 - 1) / 63, not brought back to 31 bits
    ((1500000000, 59, 100), (120000000, 62)),  # k is 3, not 6: the shift stops at 62
    ((1500000000, 62, 100), (15000000, 62)),
    ((1 << 30, 0, 1 << 40), (1 << 22, 32)),  # k is 32, not 40
    ((0, 0, 7), (0, 2)),
])
def test_mean_multiplier_by_hand(given: tuple[int, int, int], expected: tuple[int, int]) -> None:
    assert mean_multiplier(*given) == expected


@pytest.mark.parametrize("given", [(1, 0, 0), (1, 63, 2), (1, -1, 2), (1 << 31, 0, 2), (-1, 0, 2)])
def test_mean_multiplier_refuses_what_has_no_mean(given: tuple[int, int, int]) -> None:
    with pytest.raises(GraphError, match=r"a mean needs n >= 1, a multiplier of 0\.\.2\^31-1 and a shift of 0\.\.62"):
        mean_multiplier(*given)


def test_a_mean_by_hand() -> None:
    """One scale in and out, 7 values: the multiplier is 2**32 / 7.

    11 / 7 is 1.57, so 2. -10 / 7 is -1.43, so -1 when rounded once; two_stage has -2.86, so -3, halved away to -2.
    """
    one = quantize_multiplier(1.0)
    multiplier, shift = mean_multiplier(one.multiplier, one.shift, 7)
    assert (multiplier, shift) == (613566756, 32)
    codes = np.array([[[100 + 11, *[100] * 6], [100 - 10, *[100] * 6]]])
    for rounding, expected in (("ties_up", [102, 99]), ("two_stage", [102, 98])):
        b = GraphBuilder("net")
        x = b.input("x", (2, 7), S16, zero_point=100)
        kept = {"rounding": rounding, "zero_point": 100, "type": S16}
        b.output(b.requantize(b.reduce_sum(x, (1,)), multiplier, shift, **kept), "y")
        assert simulate(b.build(), {"x": codes}).outputs["y"].tolist() == [expected]
