"""FX models of other shapes: layers called twice, batch norm alone, limits between adds, rows, QAT, two inputs."""

from __future__ import annotations

import numpy as np
import pytest

import edgeq
from tests.frontend.fx_models import engine, images, layer_by_layer, quantize, record, varied

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402


class Twice(nn.Module):
    """One convolution called twice, and batch norm behind a ReLU, where it cannot be folded."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.norm(F.relu(self.conv(self.conv(x))))


class Limits(nn.Module):
    """A limit of a value that is read elsewhere too, and an add in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1, bias=False)

    def forward(self, x):
        x = self.conv(x)
        y = F.hardtanh(x, -0.25, 0.5) + x
        y += x
        return F.relu(y)


class Rows(nn.Module):
    """A linear layer of every row of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Linear(16, 8)
        self.last = nn.Linear(8 * 48, 4)

    def forward(self, x):
        return self.last(F.relu(self.rows(x)).flatten(1))


class Moved(nn.Module):
    """A pool, a view and a flatten of the input, which FX graph mode leaves in float."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * 64, 4)

    def forward(self, x):
        return self.fc(F.max_pool2d(x, 2).reshape(x.size(0), 3, 64).flatten(1))


@pytest.mark.parametrize(
    ("make", "layers"),
    [
        (Twice, ["conv", "conv_1", "norm"]),
        (Limits, ["conv", "hardtanh_codes", "add.x1", "add.x2", "add", "add_1.x1", "add_1.x2", "add_1"]),
        (Rows, ["rows", "flatten", "last"]),
    ],
)
def test_every_layer_on_torchs_codes(make, layers: list[str]) -> None:
    torch.manual_seed(0)
    model = quantize(make().eval(), images(16), "x86")
    graph = edgeq.lower(model, images(2).numpy())
    assert [layer.name for layer in graph.layers] == layers
    _compare(model, graph, 5e-3)


def _compare(model, graph, most: float) -> None:
    found = record(model, images(50, seed=2), "x86")
    differences = layer_by_layer(graph, found, found["quantize_per_tensor"].codes)
    assert graph.outputs[0].value in differences
    assert max(d.max() for d in differences.values()) <= 1
    assert max((d != 0).mean() for d in differences.values()) <= most


def test_quantization_aware_training() -> None:
    from torch.ao.quantization import get_default_qat_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_qat_fx

    with engine("x86"):
        config = get_default_qat_qconfig_mapping("x86")
        prepared = prepare_qat_fx(varied().train(), config, (images(2),))
        with torch.enable_grad():
            prepared(images(16)).square().sum().backward()
        model = convert_fx(prepared.eval())
    graph = edgeq.lower(model, images(2).numpy())
    assert (graph.node("conv1.acc").op.weight.array == model.conv1.weight().int_repr().numpy()).all()
    _compare(model, graph, 5e-3)


def test_two_inputs_and_two_outputs() -> None:
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Conv2d(3, 4, 1)
            self.b = nn.Conv2d(3, 4, 1)

        def forward(self, left, right):
            left = self.a(left)
            return left + self.b(right), left

    with engine("x86"):
        prepared = prepare_fx(Two().eval(), get_default_qconfig_mapping("x86"), (images(2), images(2)))
        prepared(images(8), images(8, seed=3))
        graph = edgeq.lower(convert_fx(prepared), (images(2), images(2)))
    assert [i.name for i in graph.inputs] == ["left", "right"]
    assert [o.name for o in graph.outputs] == ["add", "a"]


@pytest.mark.parametrize(("make", "layers"), [
    (lambda: nn.Sequential(nn.Flatten(), nn.Linear(768, 8), nn.ReLU(), nn.Linear(8, 4)), ["0", "1", "3"]),
    (Moved, ["max_pool2d", "reshape", "flatten", "quantize_per_tensor_1", "fc"]),
])
def test_an_input_that_is_moved_before_it_is_quantized(make, layers: list[str]) -> None:
    torch.manual_seed(0)
    model = quantize(make().eval(), images(16), "qnnpack")
    graph = edgeq.lower(model, images(2).numpy())
    assert [layer.name for layer in graph.layers] == layers
    data = images(50, seed=2)
    with engine("qnnpack"):
        real = model(data).numpy()
    kept = graph.types[graph.outputs[0].value]
    codes = next(iter(edgeq.simulate(graph, {graph.inputs[0].name: data.numpy()}).outputs.values()))
    expected = np.rint(real.astype(np.float64) / kept.scale).astype(np.int64) + kept.zero_point
    assert expected.min() < expected.max()
    assert np.array_equal(codes, expected)
