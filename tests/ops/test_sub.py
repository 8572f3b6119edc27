"""sub: zero points, broadcasting, overflow, constraints C1 to C3, A1, A2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, operand, random_operand, run, stopped
from tests.oracles import elementwise as oracle

SHAPES = [((3, 5, 4), (3, 5, 4)), ((3, 5, 4), (3, 1, 1)), ((1, 1, 1), (5, 1, 3)), ((4,), (3, 5, 4)), ((5, 1), (4,)),
          ((), (2, 3)), ((), ()), ((2, 1, 3, 1, 2), (1, 2, 1, 2, 1))]


def test_by_hand() -> None:
    assert run("sub", [operand([5, -6], S8, 1), operand([200, 7], U8, 100)]).tolist() == [[-96, 86]]
    assert run("sub", [operand([100, -100]), operand([-28, 29])], S8).tolist() == [[-128, 127]]
    assert run("sub", [operand([100, -100]), operand([-28, 29])], S8, "saturate").tolist() == [[127, -128]]


def test_ends_of_32_bits() -> None:
    x1, x2 = operand([2**31 - 1, -(2**31)], S32, -(2**31)), operand([-(2**31), 2**31 - 1], S32, 2**31 - 1)
    assert run("sub", [x1, x2], IntType(64)).tolist() == [[2 * (2**32 - 1), 0]]
    assert run("sub", [x1, x1], IntType(34)).tolist() == [[0, 0]]
    assert run("sub", [x1, x2]).tolist() == [[-2, 0]]


@pytest.mark.parametrize(("first", "second"), SHAPES)
@pytest.mark.parametrize(("acc", "overflow"), [(S32, "wrap"), (S8, "saturate"), (IntType(9, signed=False), "wrap")])
def test_broadcasting_against_the_oracle(first: Any, second: Any, acc: IntType, overflow: str) -> None:
    rng = np.random.default_rng(4)
    x1 = random_operand(rng, (3, *first), S8, -7)
    x2 = random_operand(rng, (3, *second), U8, 131)
    want = oracle.pairs(x1.data, x2.data, lambda a, b: oracle.subtract(a, -7, b, 131, acc.qmin, acc.qmax, overflow))
    assert run("sub", [x1, x2], acc, overflow).tolist() == want.tolist()


def test_error_names_place_and_value() -> None:
    x1 = Operand(np.array([[[1, 2, 3]], [[4, 5, 100]]]))
    x2 = Operand(np.array([[[-1], [-2]], [[-27], [-28]]]))
    said = stopped("sub", [x1, x2], S8, "error")
    assert said.startswith("sub 'op': value 128 at image 1, index [1, 2] is outside s8;")


def test_bounds_scale_and_axis() -> None:
    b = GraphBuilder("net")
    x, y = b.clamp(b.input("x", (2, 3), S8, zero_point=2), -3, 7), b.input("y", (3,), U8, zero_point=1, scale=0.5)
    node = b.sub(x, y, name="op")
    b.output(node)
    bounds = b.build().node("op").op.bounds(x.type, y.type)
    assert bounds is not None
    assert (bounds.lo.tolist(), bounds.hi.tolist()) == ([-5 - 254], [5 + 1])
    assert node.type.scale is None
    assert b.sub(y, y).type.scale == 0.5
    rows = b.transpose(b.input("rows", (2, 3), S8, scale=(0.5, 0.25)), (1, 0))
    assert (b.sub(rows, rows).type.scale, b.sub(rows, rows).type.axis) == ((0.5, 0.25), 1)
    assert b.sub(b.input("one", (), S8), rows).type.axis == 1


@pytest.mark.parametrize(("label", "pattern", "types", "shape", "arguments"), [
    ("C1", r"shapes \(2,\) and \(3,\) do not broadcast", (S8, S8), (3,), ()),
    ("C2", "operands s8 and s33 must have at most 32 bits", (S8, IntType(33)), (2,), ()),
    ("A1", "acc_overflow zero is not a rule", (S8, S8), (2,), (S32, "zero")),
    ("A2", r"acc s7 must have 8\.\.64 bits to wrap", (S8, S8), (2,), (IntType(7),)),
    ("A2", r"acc s63 must have 8\.\.62 bits to error", (S16, S8), (2,), (IntType(63), "error")),
])
def test_constraints_c1_c2_a1_a2(label: str, pattern: str, types: Any, shape: Any, arguments: Any) -> None:
    xs = [Operand(np.zeros((1, 2), int), types[0]), Operand(np.zeros((1, *shape), int), types[1])]
    with pytest.raises(GraphError, match=f"sub 'op' {label}: {pattern}"):
        run("sub", xs, *arguments)


def test_constraint_c3_operands_stand_at_one_scale() -> None:
    b = GraphBuilder()
    x1, x2 = b.input("a", (2,), S8, scale=0.1), b.input("b", (2,), S8, scale=0.2)
    with pytest.raises(GraphError, match=r"sub 'op' C3: operands stand at the scales 0\.1 and 0\.2; requantize"):
        b.sub(x1, x2, name="op")
