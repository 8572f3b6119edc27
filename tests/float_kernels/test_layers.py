"""What is read from a graph for a float32 kernel, and the layers that it cannot state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType, simulate
from edgeq.errors import InputError
from edgeq.float_kernels import rescale
from edgeq.float_kernels.layers import KERNELS, kernel_layers

U8 = IntType(8, signed=False)
WEIGHT = np.array([[3, -5, 7], [2, 2, -9]])


def dense(kind: str = "linear", scale: Any = 0.5, result: dict[str, Any] | None = None, **fields: Any) -> Graph:
    """Return a graph of one layer ``fc`` whose scales are recorded unless told otherwise."""
    b = GraphBuilder("net")
    x = b.input("x", (3,) if kind == "linear" else (3, 1, 1), U8, 4, scale)
    known: dict[str, Any] = {"bias": [11, -6], "weight_scale": 0.25, "bias_real": [1.4, -0.8]} | fields
    weight = WEIGHT if kind == "linear" else WEIGHT[:, :, None, None]
    acc = getattr(b, kind)(x, weight, **known, name="fc")
    b.output(b.requantize(acc, **({"multiplier": 1, "shift": 3, "scale": 1.0, "zero_point": 9, "type": U8}
                                  | (result or {}))), "y")
    return b.build()


def test_the_numbers_of_a_layer() -> None:
    (layer,), unstated = kernel_layers(dense(result={"clamp": (9, 200)}, weight_scale=[0.25, 0.5]), "fbgemm")
    kept = layer.rescale
    assert unstated == []
    assert (layer.name, layer.acc.name, layer.output, layer.rule) == ("fc", "fc.acc", "fc", rescale.fbgemm)
    assert (kept.input_scale, kept.output_scale, kept.zero_point, kept.lo, kept.hi) == (0.5, 1.0, 9, 9, 200)
    assert (kept.weight_scale.tolist(), kept.bias.tolist()) == ([0.25, 0.5], [1.4, -0.8])
    assert kept.bias_codes.tolist() == [11, -6]
    assert (kept.axis, kept.offset) == (1, 0)
    (signed,), _ = kernel_layers(dense(result={"type": IntType(8)}), "fbgemm")
    assert signed.rescale.offset == 128


@pytest.mark.parametrize("fraction_bits", [0, 3])
def test_the_sum_without_bias_is_recovered(fraction_bits: int) -> None:
    """x - 4 is (1, 0, -4): sums -25 and 38; / 8 with the real bias 1.4 and -0.8 they are -1.725 and 3.95."""
    bias = [round(v * 8 * 2**fraction_bits) for v in (1.4, -0.8)]
    graph = dense(bias=bias, bias_fraction_bits=fraction_bits, result={"shift": 3 + fraction_bits})
    (layer,), _ = kernel_layers(graph, "fbgemm")
    acc = simulate(graph, {"x": np.array([[5, 4, 0]])}).values["fc.acc"].astype(np.int64)
    assert acc.tolist() == [[-25 * 2**fraction_bits + bias[0], 38 * 2**fraction_bits + bias[1]]]
    assert layer.codes(acc).tolist() == [[7, 13]]


def test_rows_of_a_linear_layer_have_their_channels_last() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (4, 3), U8, 4, 0.5)
    acc = b.linear(x, WEIGHT, weight_scale=[0.25, 0.5], name="fc")
    b.output(b.requantize(acc, [1, 1], [3, 2], scale=1.0, type=IntType(8)), "y")
    (layer,), _ = kernel_layers(b.build(), "onednn")
    assert layer.rescale.axis == 2
    assert layer.codes(np.array([[[8, 8]] * 4])).tolist() == [[[1, 2]] * 4]


@pytest.mark.parametrize(("kind", "fields", "rule"), [
    ("conv2d", {}, rescale.onednn), ("linear", {}, rescale.fbgemm),
    ("conv2d", {"weight_zero_point": [0, 1]}, rescale.fbgemm)])
def test_x86_takes_the_kernel_of_another_engine(kind: str, fields: dict[str, Any], rule: rescale.Rule) -> None:
    assert kernel_layers(dense(kind, **fields), "x86")[0][0].rule is rule


def test_x86_takes_fbgemm_beyond_100_groups() -> None:
    for groups, rule in ((100, rescale.onednn), (101, rescale.fbgemm)):
        b = GraphBuilder("net")
        x = b.input("x", (groups, 1, 1), U8, 0, 0.5)
        acc = b.conv2d(x, np.ones((groups, 1, 1, 1), np.int64), groups=groups, weight_scale=0.25, name="dw")
        b.output(b.requantize(acc, 1, 3, scale=1.0, type=U8), "y")
        assert kernel_layers(b.build(), "x86")[0][0].rule is rule


@pytest.mark.parametrize(("kernel", "graph", "reason"), [
    ("fbgemm", dense(scale=None), "the scale of its operand is not recorded"),
    ("fbgemm", dense(scale=[0.5, 0.5, 0.25]), "the scale of its operand is not one number"),
    ("fbgemm", dense(result={"scale": None}), "the scale of its result is not recorded"),
    ("fbgemm", dense(result={"scale": (1.0, 2.0)}), "the scale of its result is not one number"),
    ("fbgemm", dense(weight_scale=None), "weight_scale is not recorded; lower the model again, or give it to the op"),
    ("fbgemm", dense(bias_real=None), "bias_real is not recorded; lower the model again, or give it to the op"),
    ("onnxruntime", dense(bias_fraction_bits=3), "its bias has 3 fraction bits, the bias of onnxruntime has none"),
    ("x86", dense(result={"type": IntType(16)}), "its results have 16 bits, the kernels give 8"),
    ("x86", dense(acc=IntType(10), acc_overflow="saturate"),
     "its accumulator may overflow or rounds its products, so sum and bias cannot be told apart"),
])
def test_a_layer_that_a_kernel_cannot_state(kernel: str, graph: Graph, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        kernel_layers(graph, kernel)
    assert str(caught.value) == f"kernel {kernel}: no layer of graph 'net' can be stated; layer 'fc': {reason}"


def test_what_other_kernels_do_without() -> None:
    assert kernel_layers(dense(bias_real=None), "onnxruntime")[0][0].rescale.bias_codes.tolist() == [11, -6]
    assert kernel_layers(dense(bias_real=None, bias=None), "fbgemm")[0][0].rescale.bias.tolist() == 0.0
    assert kernel_layers(dense(bias_fraction_bits=3), "onednn")[1] == []


def test_layers_that_are_not_sums_of_products() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (3,), U8, 4, 0.5)
    y = b.requantize(b.linear(x, WEIGHT, weight_scale=0.25, name="fc"), 1, 3, scale=1.0, type=U8)
    y = b.requantize(b.add(y, y, name="sum"), 1, 1, scale=2.0, type=U8)
    b.output(b.linear(b.clamp(y, 0, 9, name="relu"), [[1, 2]], name="last"), "y")
    stated, unstated = kernel_layers(b.build(), "qnnpack")
    assert [layer.name for layer in stated] == ["fc"]
    assert [(u.name, u.reason) for u in unstated] == [
        ("sum", "add: the kernels' rules are for conv2d and linear"),
        ("relu", "clamp: the kernels' rules are for conv2d and linear"),
        ("last", "its result is the accumulator, which is not rescaled")]


def test_every_layer_is_stated_or_named() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (3, 2, 2), U8, 4, 0.5)
    y = b.requantize(b.conv2d(x, WEIGHT[:, :, None, None], weight_scale=0.25, name="c"), 1, 3, scale=1.0, type=U8)
    y = b.concat([b.lut(y, list(range(256)), type=U8, name="t"), y], name="joined")
    y = b.requantize(b.avg_pool2d(b.max_pool2d(y, 1, name="most"), 2, name="mean"), 1, 2, type=U8)
    table = [1 << 24, *[0] * 255]
    b.output(b.softmax(b.flatten(y, name="flat"), 0, "table", table, name="share"), "y")
    graph = b.build()
    stated, unstated = kernel_layers(graph, "fbgemm")
    assert [layer.name for layer in stated] == ["c"]
    assert [(u.name, u.reason) for u in unstated] == [
        (name, f"{kind}: the kernels' rules are for conv2d and linear") for name, kind in (
            ("t", "lut"), ("joined", "concat"), ("most", "max_pool2d"), ("mean", "avg_pool2d"), ("flat", "flatten"),
            ("share", "softmax"))]


def test_a_graph_with_nothing_to_state_names_the_layer_nearest_to_it() -> None:
    b = GraphBuilder("net")
    x = b.clamp(b.input("x", (2,), U8), 0, 5, name="relu")
    b.output(b.requantize(b.add(x, x, name="sum"), 1, 1), "y")
    with pytest.raises(InputError, match="can be stated; layer 'sum': add: the kernels' rules are for"):
        kernel_layers(b.build(), "fbgemm")


def test_unknown_kernels_and_graphs_without_weights() -> None:
    names = ", ".join(KERNELS)
    with pytest.raises(InputError, match=f"kernel 'tflite' does not exist; use one of {names}$"):
        kernel_layers(dense(), "tflite")
    b = GraphBuilder("net")
    b.output(b.clamp(b.input("x", (2,), U8), 0, 5), "y")
    with pytest.raises(InputError, match="no layer of graph 'net' can be stated; it has no layer with weights"):
        kernel_layers(b.build(), "fbgemm")
