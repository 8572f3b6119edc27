"""A binary network, lowered and simulated, against torch in float64: the sign of every value of every layer."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from tests.data import need_data
from tests.frontend.lowering import batch_norm, codes, layers, lower, op

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402
from torch.ao.quantization.fx import _decomposed  # noqa: E402, F401 - registers quantized_decomposed

qd = torch.ops.quantized_decomposed
INPUT_SCALE = float(np.float32(2 / 255))


class Weight(nn.Module):
    """Integer weights and a float32 scale per channel; in double they are their product."""

    def __init__(self, values, scale, limit, bias=None) -> None:
        super().__init__()
        self.register_buffer("weight", torch.tensor(values, dtype=torch.int8))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))
        self.register_buffer("zero_point", torch.zeros(len(scale), dtype=torch.int64))
        self.bias = None if bias is None else nn.Parameter(torch.tensor(bias, dtype=torch.float32))
        self.limit = limit

    def real(self):
        if self.scale.dtype == torch.float64:
            return self.weight.double() * self.scale.reshape(-1, *(1,) * (self.weight.ndim - 1))
        return qd.dequantize_per_channel(self.weight, self.scale, self.zero_point, 0, -self.limit, self.limit,
                                         torch.int8)


class Sign(nn.Module):
    def forward(self, x):
        y = torch.where(x >= 0, 1.0, -1.0)
        return y if x.dtype == torch.float32 else y.double()


class Binary(nn.Module):
    """8-bit conv, sign; binary conv, sign, pool; binary conv, pool, sign; 8-bit linear: batch norms before signs."""

    def __init__(self, channels: int, size: int, classes: int) -> None:
        super().__init__()
        draw = np.random.default_rng(11)
        c = channels
        first = draw.integers(-127, 128, (c, 1, 3, 3))
        self.conv1 = Weight(first, draw.uniform(1e-3, 1e-2, c), 127, draw.normal(size=c))
        self.conv2 = Weight(draw.choice([-1, 1], (c, c, 3, 3)), draw.uniform(0.01, 0.1, c), 1)
        self.conv3 = Weight(draw.choice([-1, 0, 1], (c, c, 3, 3)), draw.uniform(0.01, 0.1, c), 1, draw.normal(size=c))
        rest = size // 4
        self.fc = Weight(draw.integers(-127, 128, (classes, c * rest * rest)), draw.uniform(1e-3, 1e-2, classes), 127,
                         draw.normal(size=classes))
        for k in (1, 2, 3):
            gamma, beta = draw.normal(size=c), draw.normal(size=c) * 0.5
            mean = draw.normal(size=c) * 0.1
            gamma[:2], beta[:3], mean[2] = 0.0, [0.0, -0.5, 0.0], 0.0  # gain 0 twice; a channel whose 0 stays 0
            setattr(self, f"norm{k}", batch_norm(gamma, beta, mean, draw.uniform(0.1, 2, c)))
            setattr(self, f"sign{k}", Sign())

    def forward(self, x):
        if x.dtype == torch.float32:
            x = qd.quantize_per_tensor(x, INPUT_SCALE, 0, -128, 127, torch.int8)
            x = qd.dequantize_per_tensor(x, INPUT_SCALE, 0, -128, 127, torch.int8)
        x = self.sign1(self.norm1(F.conv2d(x, self.conv1.real(), self.conv1.bias, padding=1)))
        x = self.sign2(self.norm2(F.conv2d(x, self.conv2.real(), padding=1)))
        x = F.max_pool2d(x, 2)
        x = F.conv2d(x, self.conv3.real(), self.conv3.bias, padding=1)
        x = self.sign3(self.norm3(F.max_pool2d(x, 3, 2, 1)))
        return F.linear(torch.flatten(x, 1), self.fc.real(), self.fc.bias)


def compare(model: Binary, images: np.ndarray) -> dict[str, np.ndarray]:
    """Lower, simulate, and compare every sign and the last sums with the same network in float64."""
    graph = lower(model, images.shape[1:])
    assert layers(graph) == [
        ("conv1", "conv2d+threshold"), ("conv2", "conv2d+threshold"), ("max_pool2d", "max_pool2d"), ("conv3", "conv2d"),
        ("max_pool2d_1", "max_pool2d"), ("sign3", "threshold"), ("flatten", "flatten"), ("fc", "linear+requantize")]
    assert [op(graph, n).weight_encoding for n in ("conv1.acc", "conv2.acc", "conv3", "fc.acc")] == [
        "int", "bipolar", "ternary", "int"]
    got = codes(graph, images)
    real: dict[str, np.ndarray] = {}
    double = model.double()
    for name in ("sign1", "sign2", "sign3"):
        getattr(double, name).register_forward_hook(lambda _m, _i, y, name=name: real.update({name: y.numpy()}))
    with torch.no_grad():
        logits = double(torch.from_numpy(got["x"].astype(np.float64) * INPUT_SCALE)).numpy()
    for value, name in (("conv1", "sign1"), ("conv2", "sign2"), ("sign3", "sign3")):
        assert real[name].shape == got[value].shape
        assert np.array_equal(real[name], got[value]), name
        assert 0.05 < (real[name] > 0).mean() < 0.95
        assert (real[name][:, 0] == 1).all()  # gain 0 and offset 0: zero counts as positive
        assert (real[name][:, 1] == -1).all()
    steps = np.abs(got["fc.acc"] * np.float64(op(graph, "fc.acc").weight_scale) - logits)
    assert (steps <= 0.5000001 * np.float64(op(graph, "fc.acc").weight_scale)).all()  # its bias alone is rounded
    return got


def test_every_sign_is_that_of_float64() -> None:
    images = np.random.default_rng(2).uniform(-1, 1, (12, 1, 12, 12)).astype(np.float32)
    got = compare(Binary(8, 12, 5), images)
    assert (got["conv2.acc"][:, 2] == 0).any()  # sums of 0 in the channel that keeps 0 where it is


@pytest.mark.judge
def test_every_sign_on_mnist() -> None:
    data = gzip.decompress((need_data("mnist") / "t10k-images-idx3-ubyte.gz").read_bytes())
    pixels = np.frombuffer(data, np.uint8, 200 * 784, 16).reshape(200, 1, 28, 28)
    compare(Binary(16, 28, 10), (pixels.astype(np.float32) / 255 - np.float32(0.5)) / np.float32(0.5))
