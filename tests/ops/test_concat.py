"""concat: any number of operands, any axis, scales per channel, constraints C1 to C4, how a list is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq import GraphBuilder
from edgeq.errors import GraphError
from edgeq.ir.text import graph_text
from tests.ops.one_op import S8, S16, U8, Operand, operand, random_operand, run
from tests.oracles import elementwise as oracle


def test_by_hand() -> None:
    x1, x2 = operand([[1, 2], [3, 4]], S8, 5), operand([[-5, 6]], S8, 5)
    assert run("concat", [x1, x2, x1]).tolist() == [[[1, 2], [3, 4], [-5, 6], [1, 2], [3, 4]]]
    assert run("concat", [x1, x1], 1).tolist() == [[[1, 2, 1, 2], [3, 4, 3, 4]]]
    assert run("concat", [x1, x1], axis=-1).tolist() == [[[1, 2, 1, 2], [3, 4, 3, 4]]]
    assert run("concat", [x2]).tolist() == [[[-5, 6]]]


@pytest.mark.parametrize(("shapes", "axis"), [
    ([(3,), (1,), (5,)], 0), ([(2, 3), (2, 1)], 1), ([(2, 3, 4), (1, 3, 4), (3, 3, 4)], 0),
    ([(2, 3, 4), (2, 2, 4)], 1), ([(2, 1, 2, 3, 1), (2, 1, 2, 1, 1), (2, 1, 2, 2, 1)], 3), ([(1, 2)] * 20, 0)])
def test_against_the_oracle(shapes: Any, axis: int) -> None:
    rng = np.random.default_rng(9)
    xs = [random_operand(rng, (2, *shape), U8, 200) for shape in shapes]
    want = oracle.concat([x.data for x in xs], axis).tolist()
    assert run("concat", xs, axis).tolist() == want
    assert run("concat", xs, axis - len(shapes[0])).tolist() == want


def test_limits_scale_and_axis() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2, 3), S8, scale=0.5)
    low, high = b.clamp(x, -9, 2), b.clamp(x, 1, 7)
    assert b.concat([low, high]).type.limits == (-9, 7)
    assert (b.concat([low, high]).type.scale, b.concat([low, b.input("y", (2, 3), S8)]).type.scale) == (0.5, None)
    first, other = b.input("f", (2, 3), S8, scale=(1, 2)), b.input("o", (1, 3), S8, scale=(3,))
    assert b.concat([first, other, first]).type.scale == (1, 2, 3, 1, 2)
    assert b.concat([first, first], 1).type.scale == (1, 2)
    turned = b.concat([b.transpose(first, (1, 0)), b.transpose(other, (1, 0))], 1)
    assert (turned.type.scale, turned.type.axis, turned.shape) == ((1, 2, 3), 1, (3, 3))


@pytest.mark.parametrize(("pattern", "xs", "axis"), [
    ("C1: axis 2 is not an axis of", [operand([[0]])], 2),
    ("C1: axis -3 is not an axis of", [operand([[0]])], -3),
    ("C1: axis 0 is not an axis of s8", [Operand(np.array([5]))], 0),
    (r"C2: operand 1 is s8\[1,2\], which differs from s8\[1,1\] elsewhere than along axis 0",
     [operand([[0]]), operand([[0, 1]])], 0),
    (r"C2: operand 2 is s8\[1\], which differs", [operand([[0]]), operand([[0]]), operand([0])], 0),
    ("C3: operand 1 is s16.*; requantize them to one type and zero point", [operand([0]), operand([0], S16)], 0),
    ("C3: operand 1 is .* zp 1, the first", [operand([0]), operand([0], S8, 1)], 0)])
def test_constraints_c1_c2_c3(pattern: str, xs: Any, axis: int) -> None:
    with pytest.raises(GraphError, match=f"concat 'op' {pattern}"):
        run("concat", xs, axis)


def test_constraint_c4_operands_stand_at_one_scale() -> None:
    b = GraphBuilder()
    x1, x2 = b.input("a", (2, 2), S8, scale=0.1), b.input("b", (2, 2), S8, scale=0.2)
    each, other = b.input("c", (2, 2), S8, scale=(0.1, 0.1)), b.input("d", (2, 2), S8, scale=(0.1, 0.2))
    for operands, axis in (([x1, x1, x2], 0), ([x1, each], 0), ([each, other], 1)):
        with pytest.raises(GraphError, match=r"concat 'op' C4: operand [12] stands at the scale .*; requantize"):
            b.concat(operands, axis, name="op")


def test_operands_are_a_list_of_one_or_more_values_of_the_graph() -> None:
    b = GraphBuilder()
    x = b.input("x", (2,), S8)
    with pytest.raises(GraphError, match="concat 'op': xs must be a list of values, got Value"):
        b.concat(x, name="op")
    with pytest.raises(GraphError, match="concat 'op': takes at least 1 operand, got 0"):
        b.concat([], name="op")
    with pytest.raises(GraphError, match="concat 'op': operand 3 is not a value of this graph"):
        b.concat([x, 3], name="op")
    with pytest.raises(GraphError, match="concat 'op': takes at least 1 operand, got 0"):
        b.concat(name="op")
    assert b.concat(xs=(x, x)).shape == (4,)


def test_a_node_without_operands_is_refused() -> None:
    b = GraphBuilder()
    b.output(b.concat([b.input("x", (2,), S8)], name="all"))
    graph = b.build()
    with pytest.raises(GraphError, match="concat 'all': takes at least 1 operand, got 0"):
        replace(graph, nodes=(replace(graph.node("all"), inputs=()),))


def test_text_and_bundle_keep_the_list(tmp_path: Path) -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2,), S8)
    b.output(b.concat([x, b.clamp(x, 0, 3, name="low"), x], name="all"), name="y")
    graph = b.build()
    assert "%all = concat(%x, %low, %x) {} : s8[6]" in graph_text(graph)
    edgeq.save(graph, tmp_path / "net.edgeq")
    back = edgeq.load(tmp_path / "net.edgeq")
    assert back == graph
    assert back.node("all").inputs == ("x", "low", "x")
    assert edgeq.simulate(back, {"x": [[-1, 5]]}).outputs["y"].tolist() == [[-1, 5, 0, 3, -1, 5]]
