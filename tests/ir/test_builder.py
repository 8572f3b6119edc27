"""The builder: names of layers, defaults, refusals; the text form of what it builds."""

from __future__ import annotations

import pydoc
from typing import Any

import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.errors import GraphError
from edgeq.ir.op import OPS
from edgeq.ir.text import graph_text

S8 = IntType(8)


def started(shape: tuple[int, ...] = (1,)) -> tuple[GraphBuilder, Any]:
    """Return a builder with one input called x."""
    b = GraphBuilder("net")
    return b, b.input("x", shape, S8)


def names(graph: Graph) -> list[tuple[str, str]]:
    """Return (value, layer) of every node."""
    return [(n.name, n.layer) for n in graph.nodes]


def test_layer_of_two_ops_named_at_either() -> None:
    for first, second in (("fc", None), (None, "fc"), ("fc", "act"), ("fc", "fc")):
        b, x = started()
        b.output(b.requantize(b.linear(x, [[1]], name=first), 1, 0, name=second))
        assert names(b.build()) == [("fc.acc", "fc"), ("fc", "fc")]


def test_output_is_called_like_its_layer_unless_named() -> None:
    b, x = started()
    y = b.requantize(b.linear(x, [[1]], name="fc"), 1, 0, name="act")
    b.output(y)
    b.output(y, "again")
    b.output(x)
    assert [(o.name, o.value) for o in b.build().outputs] == [("act", "fc"), ("again", "fc"), ("x", "x")]


def test_unnamed_layers_are_counted_per_op() -> None:
    b, x = started()
    y = b.requantize(b.linear(x, [[1]]), 1, 0)
    y = b.requantize(b.linear(y, [[1]]), 1, 0)
    b.output(b.clamp(b.clamp(y, 0, 1), 0, 1, name="clamp_0"))
    assert names(b.build()) == [("linear_0.acc", "linear_0"), ("linear_0", "linear_0"), ("linear_1.acc", "linear_1"),
                                ("linear_1", "linear_1"), ("clamp_1", "clamp_1"), ("clamp_0", "clamp_0")]


def test_two_readers_keep_their_own_layers() -> None:
    b, x = started()
    acc = b.linear(x, [[1]], name="fc")
    b.output(b.requantize(acc, 1, 0, name="one"))
    b.output(b.requantize(acc, 1, 1, name="two"))
    graph = b.build()
    assert names(graph) == [("fc", "fc"), ("one", "one"), ("two", "two")]
    assert [layer.acc for layer in graph.layers] == [None, None, None]


def test_an_accumulator_may_also_be_an_output() -> None:
    b, x = started()
    acc = b.linear(x, [[1]], name="fc")
    b.output(b.clamp(acc, 0, 9))
    b.output(acc, "acc")
    graph = b.build()
    assert names(graph) == [("fc.acc", "fc"), ("fc", "fc")]
    assert [(o.name, o.value) for o in graph.outputs] == [("fc", "fc"), ("acc", "fc.acc")]
    (layer,) = graph.layers
    assert (layer.inputs, layer.acc, layer.output) == (("x",), "fc.acc", "fc")


def test_a_requantize_of_what_is_not_arithmetic_is_its_own_layer() -> None:
    b, x = started((1, 2, 2))
    y = b.requantize(b.max_pool2d(x, 2), 1, 0)
    b.output(b.requantize(y, 1, 0))
    assert names(b.build()) == [("max_pool2d_0", "max_pool2d_0"), ("requantize_0", "requantize_0"),
                                ("requantize_1", "requantize_1")]


def test_average_starts_a_layer() -> None:
    b, x = started((1, 2, 2))
    b.output(b.requantize(b.avg_pool2d(x, 2, name="mean"), 1, 0))
    assert names(b.build()) == [("mean.acc", "mean"), ("mean", "mean")]


def test_operands_by_name_and_value_names() -> None:
    b, x = started()
    y = b.add(x2=x, x1=b.linear(x=x, weight=[[1]], name="fc"), name="sum")
    assert (b.name_of(x), b.name_of(y)) == ("x", "sum")
    b.output(y)
    assert b.build().node("sum").inputs == ("fc", "x")
    assert [n.name for n in b.build().consumers("x")] == ["fc", "sum"]
    assert "conv2d" in dir(b)


def test_the_ops_are_listed_and_explained() -> None:
    b, _ = started()
    assert set(OPS) <= set(dir(b))
    assert "help(b.conv2d)" in (GraphBuilder.__doc__ or "")
    assert "edgeq ops conv2d" in (GraphBuilder.__doc__ or "")
    page = pydoc.plain(pydoc.render_doc(b.clamp))
    assert "clamp(x, lo, hi, *, name=None)" in page
    assert "C1: lo <= hi, both inside x's type" in page


def duplicate(b: GraphBuilder, x: Any) -> None:
    b.output(b.clamp(b.clamp(x, 0, 1, name="a"), 0, 1, name="a"))


def second_input(b: GraphBuilder, x: Any) -> None:
    b.output(b.input("x", (1,), S8))


def identifiers(b: GraphBuilder, x: Any) -> None:
    b.output(b.clamp(b.clamp(x, 0, 1, name="a.b"), 0, 1, name="a_b"))


def files(b: GraphBuilder, x: Any) -> None:
    b.output(b.clamp(b.clamp(x, 0, 1, name="Layer"), 0, 1, name="layer"))


def keyword(b: GraphBuilder, x: Any) -> None:
    b.output(b.clamp(b.clamp(x, 0, 1, name="case"), 0, 1, name="edgeq_case"))


def accumulator_name(b: GraphBuilder, x: Any) -> None:
    y = b.requantize(b.linear(x, [[1]], name="fc"), 1, 0)
    b.output(b.clamp(y, 0, 1, name="fc.acc"))


def no_output(b: GraphBuilder, x: Any) -> None:
    b.clamp(x, 0, 1)


def two_outputs(b: GraphBuilder, x: Any) -> None:
    b.output(x, "y")
    b.output(b.clamp(x, 0, 1), "y")


@pytest.mark.parametrize(("make", "pattern"), [
    (duplicate, "the name 'a' is given to two values"), (second_input, "the name 'x' is given to two values"),
    (identifiers, "names 'a.b' and 'a_b' both become the identifier 'a_b'"),
    (files, "names 'Layer' and 'layer' both become the identifier 'layer'"),
    (keyword, "names 'case' and 'edgeq_case' both become"),
    (accumulator_name, "the name 'fc.acc' is given to two values"),
    (no_output, "graph 'net' has no output"), (two_outputs, "two outputs are called 'y'")])
def test_build_refuses(make: Any, pattern: str) -> None:
    b, x = started()
    make(b, x)
    with pytest.raises(GraphError, match=pattern):
        b.build()


def test_a_graph_needs_an_input() -> None:
    with pytest.raises(GraphError, match="graph 'net' has no input"):
        GraphBuilder("net").build()


@pytest.mark.parametrize(("call", "pattern"), [
    (lambda b, x: b.add(x), "add 'add_0': takes 2 operands, got 1"),
    (lambda b, x: b.clamp(x, 0), "clamp 'clamp_0': .*missing 1 required positional argument: 'hi'"),
    (lambda b, x: b.clamp([1], 0, 1, name="c"), r"clamp 'c': operand \[1\] is not a value of this graph"),
    (lambda b, x: b.clamp(GraphBuilder().input("x", (1,), S8), 0, 1), "clamp 'clamp_0': operand .* not a value"),
    (lambda b, x: b.output(GraphBuilder().input("x", (1,), S8)), "output: .* is not a value of this graph"),
    (lambda b, x: b.clamp(x, 0, 1, low=3, name="c"), "clamp 'c': .*unexpected keyword argument 'low'"),
    (lambda b, x: b.clamp(x, 0, 1.0), "clamp 'clamp_0': hi: 1.0 is not an integer"),
    (lambda b, x: b.clamp(x, 0, 1, name=5), "clamp: the name 5 is not text"),
    (lambda b, x: b.requantize(x, 1, 0, rounding="up", name="q"),
     "requantize 'q': .*'up' is not a rule; use one of floor, to_zero"),
    (lambda b, x: b.requantize(x, 1, 0, overflow=3), "requantize 'requantize_0': .*3 is not a rule; use one of"),
    (lambda b, x: b.requantize(x, 1, 0, scale=0.0), "a scale must be positive and finite"),
    (lambda b, x: b.requantize(x, 1, 0, scale=float("nan")), "a scale must be positive and finite"),
    (lambda b, x: b.requantize(x, 1.5, 0), "constants are integers, got float64"),
    (lambda b, x: b.reshape(x, 3), "shape: 3 is not a list of integers"),
    (lambda b, x: b.max_pool2d(x, 2, ceil_mode=1), "ceil_mode: 1 is not True or False"),
    (lambda b, x: b.input("y", (2,), 8), "input 'y': .* type 8 an IntType"),
    (lambda b, x: b.input("y", 3, S8), "input 'y': shape 3 .* must be integers"),
    (lambda b, x: b.input("y", (0, 2), S8), r"input 'y': shape \(0, 2\) must hold positive integers"),
    (lambda b, x: b.input("y", (2,), S8, 128), "input 'y': zero point 128 is outside s8"),
    (lambda b, x: b.input("y", (2,), S8, 0.5), "zero_point 0.5 must be integers"),
    (lambda b, x: b.output(x, 5), "output: the name 5 is not text"),
    (lambda b, x: b.input("y", (2, 3), S8, scale=(0.5, 1.0, 2.0)), "input 'y': has 3 scales for 2 channels"),
    (lambda b, x: b.input("", (2,), S8), "input '': its name must be text"),
    (lambda b, x: b.input("y", (2,), S8, scale=-1.0), "a scale must be positive and finite"),
])
def test_calls_refused(call: Any, pattern: str) -> None:
    b, x = started()
    with pytest.raises(GraphError, match=pattern):
        call(b, x)


def test_an_op_without_a_name_is_refused_under_the_one_it_would_get() -> None:
    b, x = started()
    b.clamp(x, 0, 1, name="clamp_0")
    b.clamp(x, 0, 1)
    acc = b.linear(x, [[1]])
    for call, said in (
        (lambda: b.clamp(x, 2, 1), "clamp 'clamp_2' C1: 2..1 is not a range inside s8"),
        (lambda: b.lut(x, [0], name="t"), "lut 't' C1: "),
        (lambda: b.lut(x, [0]), "lut 'lut_0' C1: "),
        (lambda: b.lut(x, None), "lut 'lut_0': table: it is missing"),
        (lambda: b.linear(x, [[1, 2]]), "linear 'linear_1' C"),
        (lambda: b.requantize(acc, 1, -1), "requantize 'linear_0' C"),
        (lambda: b.concat(x), "concat 'concat_0': xs must be a list of values"),
        (lambda: b.concat([]), "concat 'concat_0': takes at least 1 operand"),
        (lambda: b.clamp(), "clamp 'clamp_2': takes 1 operands, got 0"),
        (lambda: b.clamp(7, 0, 1), "clamp 'clamp_2': operand 7 is not a value of this graph"),
        (lambda: b.clamp(x, 0), "clamp 'clamp_2': missing 1 required"),
        (lambda: b.clamp(x, 2, 1, name=""), "clamp 'clamp_2' C1: "),
    ):
        with pytest.raises(GraphError) as caught:
            call()
        assert str(caught.value)[:len(said)] == said
    b.requantize(acc, 1, 1, name="fc")
    with pytest.raises(GraphError, match="requantize 'requantize_0' C"):
        b.requantize(acc, 1, -1)


def test_unknown_op_is_an_attribute_error_that_lists_ops() -> None:
    b, _ = started()
    with pytest.raises(AttributeError, match=r"there is no op 'conv3d'; ops are add, .*avg_pool2d, clamp, .*conv2d"):
        b.conv3d  # noqa: B018
    with pytest.raises(AttributeError):
        b._hidden  # noqa: B018


TEXT = """\
graph net {
  %x = input {codes} : s8[1,3,3] zp -1 scale 0.5
  %conv.acc = conv2d(%x) {weight_type=s4, acc_overflow=wrap, weight=s4[2,1,2,2], bias=u3[2], \
padding=(1, 0, 1, 0)} : s32[2,4,2]
  %conv = requantize(%conv.acc) {multiplier=u5[2], shift=4, rounding=ties_up, zero_point=3, type=u8, \
overflow=saturate, clamp=(3, 255)} : u8[2,4,2] zp 3
  %flat = flatten(%conv) {order=hwc} : u8[16] zp 3
  output y = %flat
}
"""


def test_text_form() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (1, 3, 3), S8, -1, 0.5)
    w = [[[[1, -8], [0, 7]]], [[[1, 1], [1, 1]]]]
    y = b.conv2d(x, w, [5, 7], padding=(1, 0, 1, 0), weight_type=IntType(4), name="conv")
    y = b.requantize(y, [17, 31], 4, zero_point=3, type=IntType(8, signed=False), clamp=(3, 255))
    b.output(b.flatten(y, "hwc", name="flat"), "y")
    assert graph_text(b.build()) == TEXT
