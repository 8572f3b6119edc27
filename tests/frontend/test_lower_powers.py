"""Scales that are powers of two: real arithmetic, then one rounding. Averages that a model rounds to its own codes."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest

from tests.frontend.lowering import OneInput, codes, lower, op

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch.ao.quantization.fx import _decomposed  # noqa: E402, F401 - registers quantized_decomposed

qd = torch.ops.quantized_decomposed


def quantized(x, scale, zero_point=0):
    x = qd.quantize_per_tensor(x, scale, zero_point, -128, 127, torch.int8)
    return qd.dequantize_per_tensor(x, scale, zero_point, -128, 127, torch.int8)


def weights(codes_, scales):
    zero_points = torch.zeros(len(scales), dtype=torch.int64)
    return qd.dequantize_per_channel(codes_, scales, zero_points, 0, -127, 127, torch.int8)


class Residual(torch.nn.Module):
    """x -> quantize -> conv with scales per channel, plus x, then a quantizer."""

    def __init__(self, scales, out_scale, zero_point=0) -> None:
        super().__init__()
        generator = np.random.default_rng(3)
        self.register_buffer("weight", torch.tensor(8 * generator.integers(-15, 16, (2, 2, 3, 3)), dtype=torch.int8))
        self.register_buffer("scales", torch.tensor(scales, dtype=torch.float64))
        self.bias = torch.nn.Parameter(torch.tensor([0.5, -0.25]))
        self.out_scale, self.zero_point = out_scale, zero_point

    def forward(self, x):
        x = quantized(x, 2.0**-5)
        y = F.conv2d(x, weights(self.weight, self.scales), self.bias, padding=1)
        return quantized(y + x, self.out_scale, self.zero_point)


@pytest.mark.parametrize("scales", [[2.0**-7, 2.0**-9], [2.0**-12, 2.0**-3]])
def test_a_residual_sum_is_rounded_once(scales) -> None:
    model = Residual(scales, 2.0**-3, 5)
    graph = lower(model, (2, 4, 4))
    data = (np.random.default_rng(4).integers(-140, 140, (60, 2, 4, 4)) / 32).astype(np.float32)
    got = codes(graph, data)
    out = got[graph.outputs[0].value]
    acc = got["conv2d.acc"] if "conv2d.acc" in got else got["conv2d"]
    ties = 0
    for n, c, h, w in np.ndindex(*out.shape):
        real = int(acc[n, c, h, w]) * Fraction(scales[c]) / 32 + Fraction(int(got["x"][n, c, h, w]), 32)
        step = real / Fraction(1, 8)
        ties += step.denominator == 2
        assert out[n, c, h, w] == min(max(floor(step + Fraction(1, 2)) + 5, -128), 127)
    assert ties > 0
    assert graph.types["add.acc"].scale <= 2.0**-5 * min(scales)


def test_a_requantize_by_a_power_of_two_is_a_shift() -> None:
    """Every sum that a 1x1 layer of one 8-bit operand can have, ties included."""
    model = OneInput(lambda m, x: quantized(F.conv2d(quantized(x, 2.0**-4, 3), weights(m.w, m.s)), 2.0**-2, -1))
    model.register_buffer("w", torch.tensor([[[[5]]]], dtype=torch.int8))
    model.register_buffer("s", torch.tensor([2.0**-3]))
    graph = lower(model, (1, 16, 16))
    data = ((np.arange(256).reshape(1, 1, 16, 16) - 131) / 16).astype(np.float32)
    got = codes(graph, data)
    assert sorted(got["x"].reshape(-1).tolist()) == list(range(-128, 128))
    rounded = [floor(Fraction((q - 3) * 5, 32) + Fraction(1, 2)) for q in got["x"].reshape(-1).tolist()]
    expected = [min(max(y - 1, -128), 127) for y in rounded]
    assert got["conv2d"].reshape(-1).tolist() == expected


def test_parts_that_are_joined_without_a_quantizer_stay_exact() -> None:
    def function(m, x):
        x = quantized(x, 2.0**-4)
        return torch.cat([F.conv2d(x, weights(m.w, m.s)), x], 1)

    model = OneInput(function)
    model.register_buffer("w", torch.tensor([[[[5]]], [[[-3]]]], dtype=torch.int8))
    model.register_buffer("s", torch.tensor([2.0**-3, 2.0**-11]))
    graph = lower(model, (1, 2, 2))
    data = np.array([[[[1.0, -2.5], [0.0625, 3.0]]]], np.float32)
    y = codes(graph, data)["cat"]
    gains = Fraction(5, 8), Fraction(-3, 2**11), Fraction(1)
    real = [[Fraction(float(v)) * gain for v in data.reshape(-1)] for gain in gains]
    assert [[int(v) * Fraction(graph.types["cat"].scale) for v in row] for row in y[0].reshape(3, -1)] == real


@pytest.mark.parametrize(("scale", "zero_point"), [(2.0**-3, 0), (0.1, -37), (0.1, 6)])
@pytest.mark.parametrize("spelling", ["avg_pool2d", "mean"])
def test_an_average_at_its_operands_codes(scale, zero_point, spelling) -> None:
    """Ties to even of the mean without the zero point, as quantize(mean(dequantize)) has it in real numbers."""
    pool = (lambda x: F.avg_pool2d(x, 2)) if spelling == "avg_pool2d" else (lambda x: x.mean((2, 3)))
    graph = lower(OneInput(lambda m, x: quantized(pool(quantized(x, scale, zero_point)), scale, zero_point)), (3, 2, 2))
    data = (np.random.default_rng(7).integers(-90, 90, (200, 3, 2, 2)) * scale).astype(np.float32)
    got = codes(graph, data)
    y = got[graph.outputs[0].value].reshape(200, 3)
    ties = 0
    for n, c in np.ndindex(200, 3):
        mean = Fraction(sum(int(v) - zero_point for v in got["x"][n, c].reshape(-1)), 4)
        ties += mean.denominator == 2
        assert y[n, c] == round(mean) + zero_point
    assert ties > 50
    assert op(graph, graph.outputs[0].value).KIND in ("avg_pool2d", "flatten")
