"""transpose: order of axes, the channel axis, constraint C1."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder
from edgeq.errors import GraphError
from tests.ops.one_op import S8, U8, Operand, operand, random_operand, run
from tests.oracles import elementwise as oracle


def test_by_hand() -> None:
    assert run("transpose", [operand([[1, 2, 3], [4, 5, 6]])], (1, 0)).tolist() == [[[1, 4], [2, 5], [3, 6]]]
    assert run("transpose", [Operand(np.array([5, -6]))], ()).tolist() == [5, -6]
    assert run("transpose", [operand([7, 8])], (0,)).tolist() == [[7, 8]]


@pytest.mark.parametrize("shape", [(2, 3), (3, 1, 4), (2, 3, 1, 5)])
def test_every_order_against_the_oracle(shape: Any) -> None:
    x = random_operand(np.random.default_rng(7), (2, *shape), U8, 9)
    for perm in permutations(range(len(shape))):
        assert run("transpose", [x], perm).tolist() == oracle.transpose(x.data, perm).tolist()


def test_rank_five() -> None:
    x = random_operand(np.random.default_rng(8), (1, 2, 3, 1, 2, 3))
    assert run("transpose", [x], (4, 0, 2, 3, 1)).tolist() == oracle.transpose(x.data, (4, 0, 2, 3, 1)).tolist()


def test_the_channel_axis_moves_along() -> None:
    b = GraphBuilder("net")
    x = b.clamp(b.input("x", (2, 3, 4), S8, zero_point=-2, scale=(0.5, 0.25)), 0, 9)
    y = b.transpose(x, (2, 0, 1))
    assert (y.shape, y.type.axis, y.type.scale, y.type.channels) == ((4, 2, 3), 1, (0.5, 0.25), 2)
    assert (y.type.zero_point, y.type.limits) == (-2, (0, 9))
    back = b.transpose(y, (1, 2, 0))
    assert back.type == x.type


def test_requantize_per_channel_follows_the_moved_axis() -> None:
    b = GraphBuilder("net")
    x = b.transpose(b.input("x", (2, 3), S8), (1, 0))
    assert b.requantize(x, [1, 2], 0).type.axis == 1
    with pytest.raises(GraphError, match=r"C1: multiplier has shape \(3,\), expected a scalar or \(2,\)"):
        b.requantize(x, [1, 2, 3], 0)


@pytest.mark.parametrize("perm", [(0,), (0, 0), (0, 2), (-1, 0), (0, 1, 2)])
def test_constraint_c1(perm: Any) -> None:
    with pytest.raises(GraphError, match=r"transpose 'op' C1: perm \(.*\) must hold each of the axes 0\.\.1 of"):
        run("transpose", [Operand(np.zeros((1, 2, 2), int))], perm)
