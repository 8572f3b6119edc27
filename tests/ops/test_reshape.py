"""reshape: row-major order stays, one entry may be -1, constraints C1 to C3."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder
from edgeq.errors import GraphError
from tests.ops.one_op import S8, U8, Operand, graph_of, operand, run
from tests.oracles import layers as oracle


@pytest.mark.parametrize(("shape", "given", "expected"), [
    ((6,), (2, 3), (2, 3)), ((3, 5, 4), (5, -1), (5, 12)), ((3, 5, 4), (-1,), (60,)), ((1, 1), (), ()),
    ((), (1, 1), (1, 1)), ((4, 3), (-1, 12), (1, 12))])
def test_reshape_against_the_oracle(shape: Any, given: Any, expected: Any) -> None:
    x = Operand(np.arange(3 * int(np.prod(shape))).reshape(3, *shape) % 128)
    got = run("reshape", [x], given)
    assert got.shape == (3, *expected)
    assert got.tolist() == oracle.reshape(x.data, expected).tolist()


def test_type_and_zero_point_stay() -> None:
    kept = graph_of("reshape", [operand([[[1, 2], [3, 4]]], U8, 7)], (2, 2)).types["op"]
    assert (kept.shape, kept.type, kept.zero_point, kept.axis) == ((2, 2), U8, 7, 0)


@pytest.mark.parametrize(("pattern", "shape"), [
    (r"C1: shape \(0, 4\) must hold positive numbers and at most one -1", (0, 4)), ("C1: shape", (-1, -1)),
    ("C1: shape", (-2, -2)), (r"C2: \[2, 2\] has 4 values, which do not fill \(3,\)", (3,)),
    ("C2: .* do not fill", (3, -1))])
def test_constraints_c1_c2(pattern: str, shape: Any) -> None:
    with pytest.raises(GraphError, match=f"reshape 'op' {pattern}"):
        run("reshape", [operand([[1, 2], [3, 4]])], shape)


def test_constraint_c3_one_scale() -> None:
    b = GraphBuilder("net")
    x = b.requantize(b.input("x", (2, 2), S8), 1, 0, scale=(0.5, 0.25))
    with pytest.raises(GraphError, match="reshape 'op' C3: x has one scale per channel"):
        b.reshape(x, (4,), name="op")
