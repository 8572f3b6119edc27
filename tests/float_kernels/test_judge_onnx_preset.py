"""A network lowered with preset onnx_qlinear, each layer beside ONNX Runtime's QLinearConv on the same codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq import Graph
from edgeq.ir.graph import Layer
from edgeq.ops.requantize import Requantize
from tests.float_kernels.onnx_kernels import run_operator
from tests.float_kernels.torch_kernels import need_exact_products

pytestmark = pytest.mark.judge


def network() -> tuple[Graph, Any]:
    """Return a lowered convolution, depthwise convolution and linear layer of random weights, and images."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(6)
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, stride=2, groups=12),
                          nn.Flatten(), nn.Linear(432, 10)).eval()
    images = torch.randn(200, 3, 14, 14)
    graph = edgeq.lower(model, (images[:2],), calibration=images.numpy(), preset="onnx_qlinear")
    return graph, images.numpy()


def runtime_codes(graph: Graph, layer: Layer, x: Any) -> Any:
    """Return a layer's codes by QLinearConv: a fully connected layer is a convolution of one pixel."""
    op, last = layer.nodes[0].op, layer.nodes[-1].op
    read = graph.types[layer.inputs[0]]
    dense = op.KIND == "linear"
    weight = op.weight.array.reshape(*op.weight.shape, 1, 1) if dense else op.weight.array
    window = {} if dense else {"pads": list(op.padding), "strides": list(op.stride), "group": op.groups}
    constants = {
        "1_sx": np.float32(read.scale), "2_zx": np.int8(read.zero_point), "3_w": weight.astype(np.int8),
        "4_sw": np.float32(op.weight_scale), "5_zw": np.zeros(np.shape(op.weight_scale), np.int8),
        "6_sy": np.float32(last.scale), "7_zy": np.int8(last.zero_point), "8_b": op.bias.array.astype(np.int32),
    }
    pixels = x.reshape(*x.shape, 1, 1) if dense else x
    y = run_operator("QLinearConv", {"0_x": pixels}, {k: np.asarray(v) for k, v in constants.items()}, **window)
    return np.maximum(y.reshape(len(y), -1), last.limits[0])


def test_the_integers_of_the_preset_part_from_the_runtime_on_few_outputs_and_by_one_step() -> None:
    """6 of 558,800 on one machine; the calibrated scales may differ in their last bit on another."""
    need_exact_products(8)
    graph, images = network()
    values = edgeq.simulate(graph, {graph.inputs[0].name: images}).values
    outputs = differing = 0
    for layer in graph.layers:
        if isinstance(layer.nodes[-1].op, Requantize):
            ours = values[layer.output].reshape(len(images), -1).astype(np.int64)
            theirs = runtime_codes(graph, layer, values[layer.inputs[0]])
            assert np.abs(ours - theirs).max() <= 1
            outputs, differing = outputs + ours.size, differing + int(np.count_nonzero(ours != theirs))
    assert outputs == 558_800
    assert differing <= 2e-5 * outputs
