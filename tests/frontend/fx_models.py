"""Models that torch's FX graph mode quantized, and what torch's own integer kernels give for them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from edgeq.errors import ModelError

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

ENGINES = ("fbgemm", "x86", "onednn", "qnnpack")


class Varied(nn.Module):
    """Batch norm, two residual adds, functional calls, depthwise, pools, dropout, linear; input (N, 3, 16, 16)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.conv1 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.depth = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
        self.point = nn.Conv2d(8, 16, 1)
        self.drop = nn.Dropout(0.2)
        self.fc1 = nn.Linear(16, 16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x):
        x = F.avg_pool2d(self.stem(x), 2)
        y = self.conv2(F.relu(self.bn1(self.conv1(x))))
        x = F.relu(x + y)
        x = F.max_pool2d(x + y, 2)
        x = F.relu(self.point(F.relu6(self.depth(x))))
        x = torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)
        return self.fc2(F.relu(self.fc1(self.drop(x))))


def varied() -> nn.Module:
    """Return the model with weights and statistics that are not the usual ones."""
    torch.manual_seed(5)
    model = Varied().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
            with torch.no_grad():
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.5, 0.5)
    return model


def images(count: int, *shape: int, seed: int = 1) -> torch.Tensor:
    """Return normal images."""
    return torch.randn(count, *(shape or (3, 16, 16)), generator=torch.Generator().manual_seed(seed))


@contextmanager
def engine(name: str) -> Iterator[None]:
    """Run torch's quantized kernels of one engine, without the notes on their deprecation."""
    if name not in torch.backends.quantized.supported_engines:
        pytest.skip(f"torch has no {name} kernels here")
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = name
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.quantized.engine = before


def quantize(
    model: nn.Module, calib: torch.Tensor | None, name: str, granularity: str = "per_channel",
    change: Callable[[nn.Module], None] = lambda _: None,
) -> torch.fx.GraphModule:
    """Return the converted model; ``change`` edits the prepared one."""
    from torch.ao import quantization as q
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    weight = {
        "per_channel": q.default_per_channel_weight_observer, "per_tensor": q.default_weight_observer}[granularity]
    config = q.QConfig(activation=q.get_default_qconfig(name).activation, weight=weight)
    example = images(2) if calib is None else calib[:2]
    with engine(name):
        prepared = prepare_fx(model, q.QConfigMapping().set_global(config), (example,))
        if calib is not None:
            prepared(calib)
        change(prepared)
        return convert_fx(prepared)


@dataclass(frozen=True)
class Codes:
    """The quantized tensor that a node of torch's graph gave."""

    scale: float
    zero_point: int
    codes: np.ndarray


def _relu6(call: Callable[..., torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Run ReLU6 in plain memory order: qnnpack's clamp mixes up channels-last memory, see test_fx_torch.py."""
    return call(x.contiguous()).contiguous(memory_format=torch.channels_last)


class Recorder(torch.fx.Interpreter):
    """Run a converted graph on torch's own kernels and keep every quantized tensor by its node's name or path."""

    def __init__(self, module: torch.fx.GraphModule) -> None:
        super().__init__(module)
        self.found: dict[str, Codes] = {}

    def call_function(self, target, args, kwargs):
        return _relu6(target, args[0]) if target is F.relu6 else super().call_function(target, args, kwargs)

    def call_module(self, target, args, kwargs):
        module = self.fetch_attr(target)
        return _relu6(module, args[0]) if isinstance(module, nn.ReLU6) else super().call_module(target, args, kwargs)

    def run_node(self, n: torch.fx.Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, torch.Tensor) and result.is_quantized:
            codes = np.ascontiguousarray(result.int_repr().numpy(), np.int64)
            name = str(n.target) if n.op == "call_module" and str(n.target) not in self.found else n.name
            self.found[name] = Codes(result.q_scale(), result.q_zero_point(), codes)
        return result


def record(model: torch.fx.GraphModule, data: torch.Tensor, name: str) -> dict[str, Codes]:
    """Return the codes of every node of a converted model."""
    recorder = Recorder(model)
    with engine(name):
        recorder.run(data)
    return recorder.found


def matching(found: dict[str, Codes], kept: Any) -> list[np.ndarray]:
    """Return torch's codes of a value's scale, zero point and shape."""
    return [
        c.codes for c in found.values()
        if (c.scale, c.zero_point, c.codes.shape[1:]) == (kept.scale, kept.zero_point, kept.shape)
    ]


def layer_by_layer(graph: Any, found: dict[str, Codes], start: np.ndarray) -> dict[str, np.ndarray]:
    """Return |simulated - torch| of each quantized value, every layer fed with torch's own codes."""
    live = {graph.inputs[0].name: start}
    differences: dict[str, np.ndarray] = {}
    for node in graph.nodes:
        value = node.op.run([live[v] for v in node.inputs], [graph.types[v] for v in node.inputs], reference=False)
        candidates = matching(found, graph.types[node.name]) if graph.types[node.name].type.bits <= 8 else []
        if candidates:
            torchs = min(candidates, key=lambda c: int(np.abs(c - value).sum()))
            differences[node.name] = np.abs(torchs - value)
            value = torchs
        live[node.name] = value
    return differences


def refused(match: str, call: Callable[[], object], kind: type[ModelError] = ModelError) -> None:
    """Check that a call raises one line."""
    with pytest.raises(kind, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)
