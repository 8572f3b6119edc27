"""Functions, slopes, concat and products in models that torchao's pt2e flow or FX graph mode quantized."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq.errors import InputError, ModelError

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from tests.frontend.lowering import codes, layers  # noqa: E402


class Parts(nn.Module):
    """Three convolutions and a function of them."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(8, 4, 1)
        self.function = function

    def forward(self, x):
        return self.function(self, x)


def images(count: int = 16) -> Any:
    return torch.randn(count, 3, 6, 6, generator=torch.Generator().manual_seed(4))


def parts(function: Any) -> nn.Module:
    torch.manual_seed(2)
    return Parts(function).eval()


def pt2e(function: Any) -> Any:
    """Quantize as torchao does for x86: convolutions, concat and pools; a function between stays in float."""
    pytest.importorskip("torchao")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
        from torchao.quantization.pt2e.quantizer.x86_inductor_quantizer import (
            X86InductorQuantizer,
            get_default_x86_inductor_quantization_config,
        )

        exported = torch.export.export(parts(function), (images(),))
        quantizer = X86InductorQuantizer().set_global(get_default_x86_inductor_quantization_config())
        prepared = prepare_pt2e(exported.module(), quantizer)
        prepared(images())
        return convert_pt2e(prepared)


def fx(function: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.ao.quantization import get_default_qconfig_mapping
        from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

        prepared = prepare_fx(parts(function), get_default_qconfig_mapping("fbgemm"), (images(),))
        prepared(images())
        return convert_fx(prepared)


def far(graph: edgeq.Graph, model: Any) -> float:
    """Return the largest difference of the outputs from torch's, in steps of the output; 32-bit ones in 1/255 of it."""
    (output,) = graph.outputs
    kept, real = graph.types[output.value], model(images()).detach().numpy()
    got = (codes(graph, images().numpy())[output.value] - kept.zero_point) * kept.scale
    step = kept.scale if kept.type.bits == 8 else (real.max() - real.min()) / 255
    return float(np.abs(got - real).max() / step)


def test_pt2e_concat_takes_torchaos_codes() -> None:
    model = pt2e(lambda m, x: (lambda y: m.c(torch.cat([y, F.relu(m.b(y))], 1)))(F.relu(m.a(x))))
    graph = edgeq.lower(model, (images(),))
    assert "concat" in {n.op.KIND for n in graph.nodes}
    assert far(graph, model) <= 2  # a step of an inner layer moves the sum of the last


def test_pt2e_needs_a_range_where_a_table_reads_a_sum() -> None:
    model = pt2e(lambda m, x: m.b(F.hardswish(m.a(x))))
    with pytest.raises(ModelError, match="hardswish reads codes, and 'a' gives it a sum without a quantizer; give cal"):
        edgeq.lower(model, (images(),))
    graph = edgeq.lower(model, (images(),), images().numpy())
    assert [k for _, k in layers(graph)] == ["conv2d+requantize", "lut", "conv2d+requantize"]
    assert graph.types["a"].type.bits == 8
    assert far(graph, model) <= 4  # the sum is rounded once more than in torch
    fine = edgeq.lower(model, (images(),), images().numpy(), abits=12)
    assert fine.types["a"].type.bits == 12
    assert far(fine, model) <= 2
    low, high = (float(v) for v in (-3.0, 3.0))
    fixed = edgeq.lower(model, (images(),), ranges={"a": (low, high)})
    assert fixed.types["a"].scale == float(np.float32((high - low) / 255))


def test_pt2e_ranges_without_such_a_sum_are_refused() -> None:
    model = pt2e(lambda m, x: m.b(F.relu(m.a(x))))
    with pytest.raises(InputError, match="the model carries its own quantizers; ranges do not apply to it"):
        edgeq.lower(model, (images(),), ranges={"a": (-1.0, 1.0)})


FX = {
    "hardswish": lambda m, x: m.b(F.hardswish(m.a(x))),
    "leaky_relu": lambda m, x: m.b(F.leaky_relu(m.a(x), 0.1)),
    "concat": lambda m, x: m.c(torch.cat([m.a(x), F.relu(m.b(m.a(x)))], 1)),
    "sigmoid and product": lambda m, x: (lambda y: y * torch.sigmoid(y))(m.a(x)),
    "hardsigmoid": lambda m, x: F.hardsigmoid(m.a(x)),
    "tanh": lambda m, x: m.b(torch.tanh(m.a(x))),
}


@pytest.mark.parametrize("name", FX)
def test_fx(name: str) -> None:
    model = fx(FX[name])
    graph = edgeq.lower(model, (images(),))
    found = far(graph, model)
    print(f"{name}: {found:.2f} steps")  # noqa: T201
    assert found <= 2 + 1e-3  # torch rounds codes in float32; one step inside moves a sum by as much
