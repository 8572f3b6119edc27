"""maximum and minimum: broadcasting, types, limits, constraints C1 to C3."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, U8, Operand, operand, random_operand, run
from tests.ops.test_sub import SHAPES
from tests.oracles import elementwise as oracle

BOTH = pytest.mark.parametrize("kind", ["maximum", "minimum"])


def test_by_hand() -> None:
    x1, x2 = operand([-128, 127, -1, 0], S8, 5), operand([127, -128, 0, 0], S8, 5)
    assert run("maximum", [x1, x2]).tolist() == [[127, 127, 0, 0]]
    assert run("minimum", [x1, x2]).tolist() == [[-128, -128, -1, 0]]


@BOTH
@pytest.mark.parametrize(("first", "second"), SHAPES)
def test_broadcasting_against_the_oracle(kind: str, first: Any, second: Any) -> None:
    rng = np.random.default_rng(6)
    x1, x2 = random_operand(rng, (3, *first), S8, 3), random_operand(rng, (3, *second), U8, 3)
    rule = {"maximum": oracle.larger, "minimum": oracle.smaller}[kind]
    assert run(kind, [x1, x2]).tolist() == oracle.pairs(x1.data, x2.data, rule).tolist()


@BOTH
def test_ends_of_64_bits(kind: str) -> None:
    u63, s64 = IntType(63, signed=False), IntType(64)
    lo, hi = -(2**63), 2**63 - 1
    got = run(kind, [operand([hi, 0], u63), operand([lo, hi], s64)]).tolist()
    assert got == [[hi, hi]] if kind == "maximum" else [[lo, 0]]


@pytest.mark.parametrize(("first", "second", "held"), [(S8, S8, "s8"), (S8, S16, "s16"), (S16, U8, "s16"),
                                                       (S8, U8, "s9"), (U8, IntType(4, signed=False), "u8")])
def test_the_result_holds_both_types_and_keeps_tight_limits(first: IntType, second: IntType, held: str) -> None:
    b = GraphBuilder("net")
    x1, x2 = b.input("x1", (2,), first, zero_point=1), b.input("x2", (2,), second, zero_point=1)
    for kind in ("maximum", "minimum"):
        assert str(getattr(b, kind)(x1, x2).type.type) == held
    small, mixed = b.clamp(x1, 2, 5), b.clamp(x2, 1, 9)
    assert b.maximum(small, mixed).type.limits == (2, 9)
    assert b.minimum(small, mixed).type.limits == (1, 5)
    assert b.maximum(small, mixed).type.zero_point == 1


def test_scale_and_axis() -> None:
    b = GraphBuilder("net")
    x, y = (b.input(name, (2, 3), S8, scale=scale) for name, scale in (("x", (0.5, 0.25)), ("y", 0.5)))
    flat, free = b.input("flat", (1, 2, 1), S8, scale=0.5), b.input("free", (3,), S8)
    assert b.maximum(x, x).type.scale == (0.5, 0.25)
    assert b.minimum(y, b.reshape(flat, (2, 1))).type.scale == 0.5
    assert b.maximum(y, free).type.scale is None
    turned = b.transpose(x, (1, 0))
    assert (b.maximum(turned, turned).type.scale, b.maximum(turned, turned).type.axis) == ((0.5, 0.25), 1)


@BOTH
def test_constraints_c1_c2(kind: str) -> None:
    with pytest.raises(GraphError, match=rf"{kind} 'op' C1: shapes \(2,\) and \(3,\) do not broadcast"):
        run(kind, [Operand(np.zeros((1, 2), int)), Operand(np.zeros((1, 3), int))])
    with pytest.raises(GraphError, match=f"{kind} 'op' C2: operands have the zero points 1 and 2; requantize"):
        run(kind, [operand([0], S8, 1), operand([0], S8, 2)])


@BOTH
def test_constraint_c3_operands_stand_at_one_scale(kind: str) -> None:
    b = GraphBuilder()
    x1, x2 = b.input("a", (2, 2), S8, scale=0.1), b.input("b", (2, 2), S8, scale=0.2)
    each, other = b.input("c", (2, 2), S8, scale=(0.1, 0.1)), b.input("d", (2, 2), S8, scale=(0.1, 0.2))
    for first, second in ((x1, x2), (x1, each), (each, other), (each, b.transpose(each, (1, 0)))):
        with pytest.raises(GraphError, match=f"{kind} 'op' C3: operands stand at the scales .*; requantize them"):
            getattr(b, kind)(first, second, name="op")
