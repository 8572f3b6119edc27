"""The parts of the C emitter that need no compiler: the arena, refusals, numbers and names."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import edgeq
import edgeq.emitters
from edgeq.arith.types import IntType
from edgeq.emitters import c_text
from edgeq.emitters.c_arena import plan
from edgeq.emitters.glue import comment
from edgeq.emitters.registry import EMITTERS
from edgeq.errors import ArtefactError, GraphError, InputError
from edgeq.ir.quantization import Table
from edgeq.ir.tensor import Constant
from tests.emitters.graphs import GRAPHS, small

C = EMITTERS["c"]


def test_the_arena_never_shares_bytes_between_live_values() -> None:
    for make in GRAPHS.values():
        graph, _ = make()
        arena = plan(graph)
        sizes = {n: t.size * t.type.dtype.itemsize for n, t in graph.types.items()}
        for step, node in enumerate(graph.nodes):
            later = {v for n in graph.nodes[step:] for v in n.inputs} | {o.value for o in graph.outputs}
            made = {i.name for i in graph.inputs} | {n.name for n in graph.nodes[:step]}
            live = sorted((arena.offsets[v], arena.offsets[v] + sizes[v]) for v in (made & later) | {node.name})
            assert all(a[1] <= b[0] for a, b in pairwise(live))
            assert live[-1][1] <= arena.size
    graph, _ = small()
    assert plan(graph).size < sum(t.size * t.type.dtype.itemsize for t in graph.types.values())


def test_vectors_must_be_whole() -> None:
    graph, inputs = small()
    values = dict(edgeq.simulate(graph, inputs).values)
    with pytest.raises(ArtefactError, match="lack value 'fc'"):
        list(C.write(graph, {k: v for k, v in values.items() if k != "fc"}))
    with pytest.raises(ArtefactError, match=r"images, not one count"):
        list(C.write(graph, {k: v[:0] for k, v in values.items()}))
    with pytest.raises(ArtefactError, match=r"'fc' have shape \[3, 2\]"):
        list(C.write(graph, {**values, "fc": values["fc"][:, :2]}))


def test_codes_that_no_pixel_gives_are_refused() -> None:
    b = edgeq.GraphBuilder("dark")
    x = b.input("x", (1, 2), IntType(8), quantization=Table(Constant(np.zeros((1, 256), np.int64))))
    b.output(b.clamp(x, 0, 5))
    graph = b.build()
    values = {name: np.ones((1, 1, 2), np.int8) for name in graph.types}
    with pytest.raises(InputError, match="codes of channel 0 that no pixel gives"):
        list(C.write(graph, values))


def test_more_dimensions_than_c_has_are_refused() -> None:
    b = edgeq.GraphBuilder("deep")
    b.output(b.clamp(b.input("x", (1,) * 9, IntType(8)), 0, 5))
    graph = b.build()
    with pytest.raises(GraphError, match="at most 8 dimensions"):
        list(C.write(graph, edgeq.simulate(graph, {"x": np.zeros((1, *(1,) * 9), np.int64)}).values))


def test_an_op_without_a_kernel_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, inputs = small()
    values = edgeq.simulate(graph, inputs).values
    node = graph.nodes[0]
    monkeypatch.setattr(type(node.op), "KIND", "spline")
    with pytest.raises(GraphError, match=r"no kernel for spline; write hw_templates/c/edgeq_spline\.c"):
        list(C.write(replace(graph), values))


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (-128, "-128"), (2**31 - 1, "2147483647"), (2**31, "INT64_C(2147483648)"),
    (-(2**31), "-INT64_C(2147483648)"), (2**63 - 1, "INT64_C(9223372036854775807)"), (-(2**63), "INT64_MIN"),
])
def test_integers(value: int, text: str) -> None:
    assert c_text.integer(value) == text
    assert c_text.parse_integers(text) == [value]


def test_names_are_quoted() -> None:
    assert c_text.string('a"\\\n??/é%s') == '"a\\042\\134\\012\\077\\077/\\303\\251\\045s"'


@pytest.mark.parametrize(("text", "said"), [
    ("a??/b", "a? ?/b"), ("????", "? ? ? ?"), ("éé=", "? ?="), ("*\\", "* /"), ("/*/", "/ * /"), ("a?b", "a?b"),
])
def test_comments_end_nowhere_and_hold_no_trigraph(text: str, said: str) -> None:
    assert comment(text) == said


def test_the_header_says_the_scale_of_each_value_where_known() -> None:
    b = edgeq.GraphBuilder("net")
    x = b.input("x", (2, 1, 1), IntType(8), zero_point=-3, scale=0.1)
    y = b.conv2d(x, [[[[1]], [[2]]], [[[3]], [[4]]]], acc=IntType(20), name="conv")
    b.output(b.requantize(y, 1, 4, zero_point=5, scale=(0.5, 0.25)))
    graph = b.build()
    values = edgeq.simulate(graph, {"x": np.zeros((1, 2, 1, 1), np.int64)}).values
    (text,) = [f.data.decode() for f in C.write(graph, values) if f.path == "model.h"]
    assert "/* x: s8[2,1,1] zp -3 scale 0.1 */" in text
    assert "/* conv.acc: s20[2,1,1] */" in text
    assert "/* conv: s8[2,1,1] zp 5 scales 0.25 to 0.5 along axis 0 */" in text
