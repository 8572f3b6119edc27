"""clamp, pad, flatten, reshape: values limited or moved; their constraints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, U8, Operand, graph_of, operand, random_operand, run
from tests.oracles import layers as oracle


def test_clamp_by_hand() -> None:
    x = operand([-128, -4, -3, 0, 5, 6, 127])
    assert run("clamp", [x], -3, 5).tolist() == [[-3, -3, -3, 0, 5, 5, 5]]
    assert run("clamp", [x], 0, 0).tolist() == [[0] * 7]


@pytest.mark.parametrize("kept", [S8, U8, IntType(64), IntType(63, signed=False)], ids=str)
def test_clamp_against_the_oracle(kept: IntType) -> None:
    x = random_operand(np.random.default_rng(1), (3, 5, 1, 3), kept)
    for lo, hi in ((kept.qmin, kept.qmax), (1, 1), (kept.qmin, kept.qmin + 9), (0, 100)):
        assert run("clamp", [x], lo, hi).tolist() == oracle.clamp(x.data, lo, hi).tolist()


def test_clamp_gives_limits_of_what_can_occur() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (1,), S8)
    twice = b.clamp(b.clamp(x, -3, 50), 0, 100)
    assert (twice.type.lo, twice.type.hi) == (0, 50)
    assert (b.clamp(b.clamp(x, -3, 5), 10, 20).type.limits) == (10, 10)


def test_pad_by_hand() -> None:
    x = operand([[1, 2], [3, 4]], S8, 9)
    assert run("pad", [x], (1, 0), (0, 2)).tolist() == [[[9] * 4, [1, 2, 9, 9], [3, 4, 9, 9]]]
    assert run("pad", [x], (0, 1), (0, 0), -128).tolist() == [[[-128, 1, 2], [-128, 3, 4]]]
    assert run("pad", [x], (0, 0), (0, 0), value=0).tolist() == [[[1, 2], [3, 4]]]


@pytest.mark.parametrize(("shape", "before", "after"), [((3,), (2,), (1,)), ((3, 5, 1), (1, 0, 2), (0, 3, 1)),
                                                       ((1, 1), (0, 0), (4, 0)), ((2, 1, 3, 2), (1,) * 4, (0, 1, 0, 2))])
def test_pad_against_the_oracle(shape: Any, before: Any, after: Any) -> None:
    x = random_operand(np.random.default_rng(2), (3, *shape), U8, 200)
    assert run("pad", [x], before, after).tolist() == oracle.pad(x.data, before, after, 200).tolist()
    assert run("pad", [x], before, after, 255).tolist() == oracle.pad(x.data, before, after, 255).tolist()


def test_pad_of_a_scalar_and_limits() -> None:
    assert run("pad", [Operand(np.array([5, 6]))], (), ()).tolist() == [5, 6]
    b = GraphBuilder("net")
    x = b.clamp(b.input("x", (1,), S8, zero_point=-2), 3, 4)
    assert b.pad(x, (1,), (0,)).type.limits == (-2, 4)
    assert b.pad(x, (1,), (0,), 100).type.limits == (3, 100)


def test_flatten_by_hand() -> None:
    x = operand([[[1, 2], [3, 4], [5, 6]], [[-1, -2], [-3, -4], [-5, -6]]])
    assert run("flatten", [x]).tolist() == [[1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6]]
    assert run("flatten", [x], "hwc").tolist() == [[1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6]]


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 4), (5, 1, 3), (1, 4, 3)])
@pytest.mark.parametrize("order", ["chw", "hwc"])
def test_flatten_against_the_oracle(shape: Any, order: str) -> None:
    x = random_operand(np.random.default_rng(3), (3, *shape), S16)
    assert run("flatten", [x], order).tolist() == oracle.flatten(x.data, order).tolist()


def test_flatten_of_other_ranks() -> None:
    assert run("flatten", [operand([[1, 2], [3, 4]])]).tolist() == [[1, 2, 3, 4]]
    assert run("flatten", [Operand(np.array([5, 6]))]).tolist() == [[5], [6]]


@pytest.mark.parametrize(("shape", "given", "expected"), [
    ((6,), (2, 3), (2, 3)), ((3, 5, 4), (5, -1), (5, 12)), ((3, 5, 4), (-1,), (60,)), ((1, 1), (), ()),
    ((), (1, 1), (1, 1)), ((4, 3), (-1, 12), (1, 12))])
def test_reshape_against_the_oracle(shape: Any, given: Any, expected: Any) -> None:
    x = Operand(np.arange(3 * int(np.prod(shape))).reshape(3, *shape) % 128)
    got = run("reshape", [x], given)
    assert got.shape == (3, *expected)
    assert got.tolist() == oracle.reshape(x.data, expected).tolist()


def test_moving_keeps_type_and_zero_point() -> None:
    for kind, arguments in (("flatten", ()), ("reshape", ((2, 2),)), ("pad", ((0, 0, 0), (1, 1, 1))), ("clamp", (0, 1))):
        kept = graph_of(kind, [operand([[[1, 2], [3, 4]]], U8, 7)], *arguments).types["op"]
        assert (kept.type, kept.zero_point) == (U8, 7)


@pytest.mark.parametrize(("kind", "pattern", "shape", "arguments"), [
    ("clamp", r"C1: 5\.\.4 is not a range inside s8", (2,), (5, 4)),
    ("clamp", r"C1: 0\.\.128 is not a range", (2,), (0, 128)),
    ("clamp", r"C1: -129\.\.0 is not a range", (2,), (-129, 0)),
    ("pad", r"C1: before \(1,\) and after \(0, 0\) need 2 entries", (2, 2), ((1,), (0, 0))),
    ("pad", "C1: before .* at least 0 each", (2, 2), ((0, -1), (0, 0))),
    ("pad", "C2: value 128 is outside s8", (2,), ((0,), (1,), 128)),
    ("flatten", r"C1: order hwc needs \(C, H, W\), got \[2, 2\]", (2, 2), ("hwc",)),
    ("reshape", r"C1: shape \(0, 4\) must hold positive numbers and at most one -1", (2, 2), ((0, 4),)),
    ("reshape", "C1: shape", (2, 2), ((-1, -1),)),
    ("reshape", "C1: shape", (2, 2), ((-2, -2),)),
    ("reshape", r"C2: \[2, 2\] has 4 values, which do not fill \(3,\)", (2, 2), ((3,),)),
    ("reshape", "C2: .* do not fill", (2, 2), ((3, -1),)),
])
def test_constraints_of_clamp_pad_flatten_reshape(kind: str, pattern: str, shape: Any, arguments: Any) -> None:
    with pytest.raises(GraphError, match=f"{kind} 'op' {pattern}"):
        run(kind, [Operand(np.zeros((1, *shape), int))], *arguments)


def test_constraints_flatten_c2_reshape_c3_one_scale() -> None:
    b = GraphBuilder("net")
    x = b.requantize(b.input("x", (2, 2), S8), 1, 0, scale=(0.5, 0.25))
    with pytest.raises(GraphError, match="flatten 'op' C2: x has one scale per channel"):
        b.flatten(x, name="op")
    with pytest.raises(GraphError, match="reshape 'op' C3: x has one scale per channel"):
        b.reshape(x, (4,), name="op")
