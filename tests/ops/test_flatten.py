"""flatten: both orders, constraints C1, C2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, U8, Operand, graph_of, operand, random_operand, run
from tests.oracles import layers as oracle


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


def test_type_and_zero_point_stay() -> None:
    kept = graph_of("flatten", [operand([[[1, 2], [3, 4]]], U8, 7)], "hwc").types["op"]
    assert (kept.shape, kept.type, kept.zero_point, kept.axis) == ((4,), U8, 7, 0)


def test_constraint_c1_hwc_needs_three_dimensions() -> None:
    with pytest.raises(GraphError, match=r"flatten 'op' C1: order hwc needs \(C, H, W\), got \[2, 2\]"):
        run("flatten", [operand([[1, 2], [3, 4]])], "hwc")
    with pytest.raises(GraphError, match="flatten 'op': order: 'whc' is not one of chw, hwc"):
        run("flatten", [operand([[1, 2], [3, 4]])], "whc")


def test_constraint_c2_one_scale() -> None:
    b = GraphBuilder("net")
    x = b.requantize(b.input("x", (2, 2), S8), 1, 0, scale=(0.5, 0.25))
    with pytest.raises(GraphError, match="flatten 'op' C2: x has one scale per channel"):
        b.flatten(x, name="op")
