"""PyTorch as the device: a lowered network run in its engines, dumped, and judged by `edgeq compare --kernel`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq import Graph
from edgeq.float_kernels.compare import compare_kernel
from edgeq.ir.graph import Node
from edgeq.ops.requantize import Requantize
from tests.float_kernels.torch_kernels import ENGINES, missing, need_exact_products, quantized_engine

pytestmark = pytest.mark.judge
OFFSET = 128


def network(granularity: str) -> tuple[Graph, Any]:
    """Return a lowered convolution, depthwise convolution and linear layer of random weights, and images."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(4)
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, stride=2, groups=12),
                          nn.MaxPool2d(2), nn.Flatten(), nn.Linear(108, 10)).eval()
    images = torch.randn(200, 3, 14, 14)
    graph = edgeq.lower(model, (images[:2],), calibration=images.numpy(), weights=granularity, abits=8, out_bits=8)
    return graph, images.numpy()


def engine_codes(torch: Any, graph: Graph, node: Node, last: Requantize, x: Any) -> Any:
    """Return one layer's codes by the engine: the graph's weights, its recorded scales and real bias."""
    op, read, ops = node.op, graph.types[node.inputs[0]], torch.ops.quantized
    codes = torch.from_numpy((x + OFFSET).astype(np.uint8))
    x = torch._make_per_tensor_quantized_tensor(codes, read.scale, read.zero_point + OFFSET)
    weight = torch.from_numpy(op.weight.array.astype(np.int8))
    if isinstance(op.weight_scale, tuple):
        scales = torch.tensor(op.weight_scale, dtype=torch.float64)
        zeros = torch.zeros(len(scales), dtype=torch.long)
        weight = torch._make_per_channel_quantized_tensor(weight, scales, zeros, 0)
    else:
        weight = torch._make_per_tensor_quantized_tensor(weight, op.weight_scale, 0)
    bias, output = torch.tensor(op.bias_real, dtype=torch.float32), (last.scale, last.zero_point + OFFSET)
    relu = last.limits[0] == last.zero_point
    if op.KIND == "linear":
        y = (ops.linear_relu if relu else ops.linear)(x, ops.linear_prepack(weight, bias), *output)
    else:
        packed = ops.conv2d_prepack(weight, bias, list(op.stride), list(op.padding[:2]), list(op.dilation), op.groups)
        y = (ops.conv2d_relu if relu else ops.conv2d)(x, packed, *output)
    return y.int_repr().numpy().astype(np.int64) - OFFSET


def run_device(engine: str, graph: Graph, images: Any, folder: Path) -> None:
    """Write the codes that each weighted layer read and gave; pools and reshapes are the graph's own."""
    values = {graph.inputs[0].name: edgeq.simulate(graph, {graph.inputs[0].name: images}).values[graph.inputs[0].name]}
    folder.mkdir()
    with quantized_engine(engine) as torch:
        for number, layer in enumerate(graph.layers, 1):
            first, last = layer.nodes[0], layer.nodes[-1].op
            read = values[layer.inputs[0]].astype(np.int64)
            if isinstance(last, Requantize):
                values[layer.output] = engine_codes(torch, graph, first, last, read)
                np.save(folder / f"{number:02}_{layer.name}.in.npy", read)
                np.save(folder / f"{number:02}_{layer.name}.out.npy", values[layer.output])
            else:
                values[layer.output] = first.op.run([read], [graph.types[layer.inputs[0]]], reference=False)


@pytest.mark.parametrize("granularity", ["per_channel", "per_tensor"])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_engine_s_dumps_are_its_kernel_s(engine: str, granularity: str, tmp_path: Path) -> None:
    reason = missing(engine)
    if reason:
        pytest.skip(reason)
    need_exact_products(8)
    graph, images = network(granularity)
    run_device(engine, graph, images, tmp_path / "dump")
    result = compare_kernel(graph, engine, {graph.inputs[0].name: images}, folder=tmp_path / "dump")
    assert [(c.layer, c.dumped, c.dump_differing) for c in result.layers] == [
        ("0", 470_400, 0), ("2", 86_400, 0), ("5", 2_000, 0)]
    assert result.ok
    other = "qnnpack" if engine != "qnnpack" else "fbgemm"
    assert not compare_kernel(graph, other, {graph.inputs[0].name: images}, folder=tmp_path / "dump").ok
