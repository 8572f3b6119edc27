"""Rules of a whole graph: names are text and stay apart as files, layers are what the builder makes, sizes end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.errors import GraphError
from edgeq.ir.graph import GraphInput, GraphOutput, Node
from edgeq.ir.op import OPS
from edgeq.ir.tensor import TensorType

S8 = IntType(8)
LINEAR, REQUANTIZE = OPS["linear"]([[1]]), OPS["requantize"](1, 0)


def started(shape: tuple[int, ...] = (1,)) -> tuple[GraphBuilder, Any]:
    """Return a builder with one input called x."""
    b = GraphBuilder("net")
    return b, b.input("x", shape, S8)


@pytest.mark.parametrize(("first", "second", "said"), [
    ("a/b", "a_b", "names 'a/b' and 'a_b' both become the output file 'a_b'; rename one"),
    ("Y", "y", "names 'Y' and 'y' both become the output file 'y'; rename one")])
def test_outputs_of_one_file_name(first: str, second: str, said: str) -> None:
    b, x = started()
    b.output(x, first)
    b.output(b.clamp(x, 0, 1), second)
    with pytest.raises(GraphError, match=said):
        b.build()


@pytest.mark.parametrize(("name", "shown"), [
    (5, "5"), (None, "None"), (b"n", "b'n'"), ("", "''"), ("a\nb", r"'a\\nb'"), ("\ud800", r"'\\ud800'"),
    ("a\x00", r"'a\\x00'"), ("\u202e", r"'\\u202e'")])
def test_names_are_text(name: Any, shown: str) -> None:
    said = f"{shown}: its name must be text, not empty, without control characters"
    b = GraphBuilder(name)
    b.output(b.input("x", (1,), S8), "y")
    with pytest.raises(GraphError, match=f"graph {said}"):
        b.build()
    kept = (GraphInput("x", TensorType((1,), S8)),)
    with pytest.raises(GraphError, match=f"output {said}"):
        Graph("net", kept, (), (GraphOutput(name, "x"),))
    with pytest.raises(GraphError, match=f"linear {said}"):
        Graph("net", kept, (Node(name, LINEAR, ("x",), "a"),), (GraphOutput("y", "x"),))
    with pytest.raises(GraphError, match=f"layer {said}"):
        Graph("net", kept, (Node("a", LINEAR, ("x",), name),), (GraphOutput("y", "x"),))
    with pytest.raises(GraphError, match=f"input {said}"):
        GraphBuilder("net").input(name, (1,), S8)


def test_names_may_hold_any_letters() -> None:
    b = GraphBuilder("nétwork 1/2:ß")
    b.output(b.input("x", (1,), S8), "výstup")
    assert b.build().name == "nétwork 1/2:ß"


def graph(*nodes: Node) -> Graph:
    """Return a graph of these nodes; the last one's value leaves it."""
    return Graph("net", (GraphInput("x", TensorType((1,), S8)),), nodes, (GraphOutput("y", nodes[-1].name),))


def test_the_two_kinds_of_layers() -> None:
    made = graph(Node("a.acc", LINEAR, ("x",), "a"), Node("b", LINEAR, ("x",), "b"),
                 Node("a", REQUANTIZE, ("a.acc",), "a"))
    assert [(v.name, v.acc, v.output) for v in made.layers] == [("a", "a.acc", "a"), ("b", None, "b")]


@pytest.mark.parametrize("nodes", [
    [Node("a", LINEAR, ("x",), "L"), Node("b", LINEAR, ("x",), "L")],
    [Node("a", LINEAR, ("x",), "L")],
    [Node("L.acc", LINEAR, ("x",), "L")],
    [Node("L.acc", LINEAR, ("x",), "L"), Node("L", REQUANTIZE, ("x",), "L")],
    [Node("L.acc", REQUANTIZE, ("x",), "L"), Node("L", REQUANTIZE, ("L.acc",), "L")],
    [Node("L.acc", LINEAR, ("x",), "L"), Node("L", OPS["flatten"](), ("L.acc",), "L")],
    [Node("L.acc", LINEAR, ("x",), "L"), Node("L", REQUANTIZE, ("L.acc",), "L"),
     Node("b", REQUANTIZE, ("L.acc",), "b")],
    [Node("L", LINEAR, ("x",), "L"), Node("L.acc", REQUANTIZE, ("L",), "L")],
    [Node("L.acc", LINEAR, ("x",), "L"), Node("L", REQUANTIZE, ("L.acc",), "L"), Node("c", REQUANTIZE, ("L",), "L")]])
def test_other_layers_are_refused(nodes: list[Node]) -> None:
    held = ", ".join(n.name for n in nodes if n.layer == "L")
    said = f"layer 'L': holds {held}; a layer is one value of its own name, or an arithmetic op 'L.acc' and the "
    with pytest.raises(GraphError, match=said):
        graph(*nodes)


def test_axes_end_at_31() -> None:
    b, x = started((1,) * 31)
    b.output(x)
    assert len(b.build().types["x"].shape) == 31
    with pytest.raises(GraphError, match="input 'y': a sample has 32 axes, at most 31 are allowed"):
        b.input("y", (1,) * 32, S8)
    with pytest.raises(GraphError, match="reshape 'r': a sample has 32 axes, at most 31 are allowed"):
        b.reshape(x, (1,) * 32, name="r")


def test_values_end_at_two_to_the_forty() -> None:
    b, x = started((1,))
    assert b.pad(x, (0,), ((1 << 31) - 1,)).shape == (1 << 31,)
    assert b.input("most", ((1 << 40) - 1,), S8).type.size == 1099511627775
    with pytest.raises(GraphError, match=r"input 'y': a sample \[1048576,1048576\] must have fewer than 2\^40 values"):
        b.input("y", (1 << 20, 1 << 20), S8)
    y = b.input("z", (512, 1), S8)
    with pytest.raises(GraphError, match=r"pad 'p': a sample \[512,2147483648\] must have fewer than 2\^40 values"):
        b.pad(y, (0, 0), (0, (1 << 31) - 1), name="p")


@pytest.mark.parametrize("amount", [1 << 31, 1 << 62])
def test_amounts_of_padding_end(amount: int) -> None:
    b, x = started((1, 1, 1))
    with pytest.raises(GraphError, match=r"pad 'p' C1: .* need 3 entries of at least 0 each, below 2\^31"):
        b.pad(x, (0, 0, amount), (0, 0, 0), name="p")
    with pytest.raises(GraphError, match=r"conv2d 'c' C4: .* all below 2\^31"):
        b.conv2d(x, [[[[1]]]], padding=(0, 0, 0, amount), name="c")


def test_a_padded_input_has_an_end_even_where_the_result_is_small() -> None:
    b, x = started((1, 1, 1))
    steps = {"stride": (1 << 20, 1 << 20), "padding": ((1 << 20) - 1, (1 << 20) - 1, 0, 0)}
    with pytest.raises(GraphError, match=r"conv2d 'c' C5: x \[1, 1, 1\] padded by .* has 2\^40 values or more"):
        b.conv2d(x, [[[[1]]]], **steps, name="c")


@pytest.mark.parametrize("quantization", [1.5, "a", [1, 2], 0, b"", S8])
def test_a_quantization_is_one_of_three(quantization: Any) -> None:
    said = f"input 'x': its quantization must be Codes, Table or Affine, got {type(quantization).__name__}"
    with pytest.raises(GraphError, match=said):
        GraphBuilder().input("x", (1,), S8, quantization=quantization)


def test_an_array_is_no_quantization() -> None:
    with pytest.raises(GraphError, match="must be Codes, Table or Affine, got ndarray"):
        GraphBuilder().input("x", (1,), S8, quantization=np.zeros(3))
