"""argmax: ties, axes, the type of the indices, constraints C1, C2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, U8, Operand, operand, random_operand, run
from tests.oracles import elementwise as oracle


def test_by_hand() -> None:
    assert run("argmax", [operand([3, 7, -1, 7])]).tolist() == [1]
    assert run("argmax", [operand([-128, -128])]).tolist() == [0]
    assert run("argmax", [operand([-128, 127])]).tolist() == [1]
    assert run("argmax", [operand([5])]).tolist() == [0]
    x = operand([[1, 9, 9], [4, 2, 9]])
    assert run("argmax", [x]).tolist() == [[1, 0, 0]]
    assert run("argmax", [x], -1).tolist() == [[1, 2]]
    assert run("argmax", [x], 1, keepdims=True).tolist() == [[[1], [2]]]
    ends = operand([-(2**63), 2**63 - 1, 2**63 - 1], IntType(64))
    assert run("argmax", [ends]).tolist() == [1]


@pytest.mark.parametrize(("shape", "axis"), [((7,), 0), ((3, 5), 0), ((3, 5), 1), ((2, 3, 4), 1), ((2, 3, 4), 2),
                                             ((2, 1, 3, 2, 4), 2), ((1, 1), 0)])
@pytest.mark.parametrize("kept", [IntType(2), S8, U8])
def test_against_the_oracle(shape: Any, axis: int, kept: IntType) -> None:
    x = random_operand(np.random.default_rng(14), (4, *shape), kept)
    for keepdims in (False, True):
        want = oracle.argmax(x.data, axis, keepdims=keepdims).tolist()
        assert run("argmax", [x], axis, keepdims).tolist() == want
        assert run("argmax", [x], axis - len(shape), keepdims).tolist() == want


@pytest.mark.parametrize(("length", "held"), [(1, "u1"), (2, "u1"), (3, "u2"), (4, "u2"), (5, "u3"), (256, "u8"),
                                              (257, "u9"), (1000, "u10")])
def test_the_smallest_unsigned_type_holds_the_indices(length: int, held: str) -> None:
    b = GraphBuilder("net")
    y = b.argmax(b.input("x", (length, 2), S8, zero_point=5, scale=0.5))
    assert (str(y.type.type), y.type.limits, y.shape) == (held, (0, length - 1), (2,))
    assert (y.type.scale, y.type.zero_point) == (None, 0)


def test_constraint_c1() -> None:
    for x, axis in ((operand([1]), 1), (operand([1]), -2), (Operand(np.array([5])), 0)):
        with pytest.raises(GraphError, match=f"argmax 'op' C1: axis {axis} is not an axis of s8"):
            run("argmax", [x], axis)


def test_constraint_c2_codes_of_several_scales_do_not_compare() -> None:
    b = GraphBuilder()
    x = b.input("x", (2, 3), S8, scale=(0.5, 0.25))
    with pytest.raises(GraphError, match="argmax 'op' C2: x has one scale per index of axis 0"):
        b.argmax(x, -2, name="op")
    assert b.argmax(x, 1).shape == (2,)
