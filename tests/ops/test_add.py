"""add: zero points, broadcasting, overflow, constraints C1 to C3, A1, A2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, operand, random_operand, run, stopped
from tests.oracles import layers as oracle


def test_by_hand() -> None:
    assert run("add", [operand([5, -6], S8, 1), operand([200, 7], U8, 100)]).tolist() == [[104, -100]]
    assert run("add", [operand([100, -100]), operand([28, -29])], S8).tolist() == [[-128, 127]]
    assert run("add", [operand([100, -100]), operand([28, -29])], S8, "saturate").tolist() == [[127, -128]]


def test_ends_of_32_bits() -> None:
    x1, x2 = operand([2**31 - 1, -(2**31)], S32, -(2**31)), operand([2**31 - 1, -(2**31)], S32, 2**31 - 1)
    assert run("add", [x1, x1], IntType(64)).tolist() == [[2 * (2**32 - 1), 0]]
    assert run("add", [x1, x2], IntType(34)).tolist() == [[2**32 - 1, -(2**32) + 1]]
    assert run("add", [x1, x1]).tolist() == [[-2, 0]]


@pytest.mark.parametrize(("first", "second"), [((3, 5, 4), (3, 5, 4)), ((3, 5, 4), (3, 1, 1)), ((1, 1, 1), (5, 1, 3)),
                                               ((4,), (3, 5, 4)), ((5, 1), (4,)), ((), (2, 3)), ((), ())])
@pytest.mark.parametrize(("acc", "overflow"), [(S32, "wrap"), (S8, "saturate"), (IntType(9, signed=False), "wrap")])
def test_broadcasting_against_the_oracle(first: Any, second: Any, acc: IntType, overflow: str) -> None:
    rng = np.random.default_rng(4)
    x1 = random_operand(rng, (3, *first), S8, -7)
    x2 = random_operand(rng, (3, *second), U8, 131)
    got = run("add", [x1, x2], acc, overflow)
    want = oracle.add(x1.data, -7, x2.data, 131, (acc.qmin, acc.qmax), overflow)
    assert got.tolist() == want.tolist()


def test_error_names_place_and_value() -> None:
    x1 = Operand(np.array([[[1, 2, 3]], [[4, 5, 100]]]))
    x2 = Operand(np.array([[[1], [2]], [[27], [28]]]))
    said = stopped("add", [x1, x2], S8, "error")
    assert said.startswith("add 'op': value 128 at image 1, index [1, 2] is outside s8;")


def test_scale_stays_only_when_both_have_it_along_one_axis() -> None:
    b = GraphBuilder("net")
    x, y = (b.input(name, (2, 2), S8, scale=scale) for name, scale in (("x", (0.5, 0.25)), ("y", 0.5)))
    flat = b.input("flat", (2,), S8, scale=(0.5, 0.25))
    assert b.add(x, x).type.scale == (0.5, 0.25)
    assert b.add(y, y).type.scale == 0.5
    assert b.add(x, y).type.scale is None
    assert b.add(x, flat).type.scale is None


@pytest.mark.parametrize(("label", "pattern", "types", "shape", "arguments"), [
    ("C1", r"shapes \(2,\) and \(3,\) do not broadcast", (S8, S8), (3,), ()),
    ("C2", "operands s8 and s33 must have at most 32 bits", (S8, IntType(33)), (2,), ()),
    ("A1", "acc_overflow zero is not a rule", (S8, S8), (2,), (S32, "zero")),
    ("A2", r"acc s7 must have 8\.\.64 bits to wrap", (S8, S8), (2,), (IntType(7),)),
    ("A2", r"acc s63 must have 8\.\.62 bits to error", (S16, S8), (2,), (IntType(63), "error")),
])
def test_constraints_c1_c2_a1_a2(label: str, pattern: str, types: Any, shape: Any, arguments: Any) -> None:
    xs = [Operand(np.zeros((1, 2), int), types[0]), Operand(np.zeros((1, *shape), int), types[1])]
    with pytest.raises(GraphError, match=f"add 'op' {label}: {pattern}"):
        run("add", xs, *arguments)


def test_constraint_c3_operands_stand_at_one_scale() -> None:
    b = GraphBuilder()
    x1, x2, free = b.input("a", (2,), S8, scale=0.1), b.input("b", (2,), S8, scale=0.2), b.input("c", (2,), S8)
    with pytest.raises(GraphError, match=r"add 'sum' C3: operands stand at the scales 0\.1 and 0\.2; requantize"):
        b.add(x1, x2, name="sum")
    assert b.add(x1, free).shape == (2,)
    assert b.add(x1, b.input("d", (2,), S8, scale=0.1)).type.scale == 0.1
