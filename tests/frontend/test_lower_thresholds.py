"""Signs and comparisons become integer thresholds: exact, with bias and batch norm inside them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import edgeq
from edgeq.errors import UnsupportedOpError
from tests.frontend.lowering import OneInput, batch_norm, codes, conv, layers, linear, lower, noise, op, zeros

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402
from torch.ao.quantization.fx import _decomposed  # noqa: E402, F401 - registers quantized_decomposed

qd = torch.ops.quantized_decomposed


class Coded(nn.Module):
    """A convolution whose integer weights are dequantized per channel, then a function of its sums."""

    def __init__(self, rows, scale, after, bias=None, limits=(-127, 127), zero_point=None, norm=None) -> None:
        super().__init__()
        self.register_buffer("weight", torch.tensor(np.array(rows), dtype=torch.int16))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float32))
        self.register_buffer("zero_point", torch.tensor(zero_point or [0] * len(scale)))
        self.bias = None if bias is None else nn.Parameter(torch.tensor(bias, dtype=torch.float64).float())
        self.after, self.limits, self.norm = after, limits, norm

    def forward(self, x):
        weight = qd.dequantize_per_channel(self.weight, self.scale, self.zero_point, 0, *self.limits, torch.int16)
        x = qd.quantize_per_tensor(x, 0.25, 0, -128, 127, torch.int8)
        x = qd.dequantize_per_tensor(x, 0.25, 0, -128, 127, torch.int8)
        x = F.conv2d(x, weight, self.bias)
        return self.after(x if self.norm is None else self.norm(x))


def sign(x):
    return torch.where(x >= 0, 1.0, -1.0)


def row(graph, name):
    """Return the thresholds and directions of a value, one per channel."""
    made = op(graph, name)
    return made.thresholds.array.reshape(-1).tolist(), made.direction.array.reshape(-1).tolist()


def test_the_bias_is_not_rounded() -> None:
    """Steps of the sum are 0.125: biases 0.3 and -0.3 are not whole steps; -0.25 is 2 of them, where x == 0 counts."""
    graph = lower(Coded([[[[1]]]] * 3, [0.5] * 3, sign, [0.3, -0.3, -0.25]), (1, 2, 2))
    assert layers(graph) == [("conv2d", "conv2d+threshold")]
    assert op(graph, "conv2d.acc").bias is None
    assert row(graph, "conv2d") == ([-2, 3, 2], [1, 1, 1])
    made = op(graph, "conv2d")
    assert (made.start, made.step, str(made.type), made.zero_point, made.scale) == (-1, 2, "s2", 0, 1.0)


SPELLINGS = {  # name: function, thresholds, direction, start, step for x at steps of 0.125
    "ge": (lambda x: torch.where(x >= 0.5, 1.0, -1.0), [4], 1, -1, 2),
    "gt": (lambda x: torch.where(x > 0.5, 1.0, -1.0), [5], 1, -1, 2),
    "le": (lambda x: torch.where(x <= 0.5, 1.0, -1.0), [4], -1, -1, 2),
    "lt": (lambda x: torch.where(x < 0.5, 1.0, -1.0), [3], -1, -1, 2),
    "swapped": (lambda x: torch.where(x >= 0.5, -1.0, 1.0), [3], -1, -1, 2),
    "swapped lt": (lambda x: torch.where(x < 0.5, -1.0, 1.0), [4], 1, -1, 2),
    "number first": (lambda x: torch.where(torch.tensor(0.5) > x, 1.0, -1.0), [3], -1, -1, 2),
    "between steps": (lambda x: torch.where(x >= 0.51, 1.0, -1.0), [5], 1, -1, 2),
    "zero and one": (lambda x: torch.where(x > 0, 1.0, 0.0), [1], 1, 0, 1),
    "bool": (lambda x: (x > 0).float(), [1], 1, 0, 1),
    "sign": (torch.sign, [0, 1], 1, -1, 1),
    "tensors": (lambda x: torch.where(x >= 0, torch.tensor(1.0), torch.tensor(-1.0)), [0], 1, -1, 2),
    "likes": (lambda x: torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x)), [0], 1, -1, 2),
    "full": (lambda x: torch.where(x >= 0, torch.full_like(x, 3.0), -3.0), [0], 1, -1, 2),
    "limit above": (lambda x: torch.where(F.hardtanh(x) >= 0.5, 1.0, -1.0), [4], 1, -1, 2),
    "limit reached": (lambda x: torch.where(F.relu6(x) >= 6.0, 1.0, -1.0), [48], 1, -1, 2),
    "negated": (lambda x: sign(x * -2.0), [0], -1, -1, 2),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings(name) -> None:
    function, thresholds, direction, start, step = SPELLINGS[name]
    graph = lower(Coded([[[[1]]]], [0.5], function), (1, 2, 2))
    made = op(graph, "conv2d")
    assert (made.thresholds.array.tolist(), made.direction.array.tolist(), made.start, made.step) == (
        thresholds, direction, start, step)


def test_units_of_other_levels() -> None:
    graph = lower(Coded([[[[1]]]], [0.5], lambda x: torch.where(x >= 0, 0.75, -0.5)), (1, 2, 2))
    made = op(graph, "conv2d")
    assert (made.start, made.step, made.scale) == (-2, 5, 0.25)


def test_limits_that_decide() -> None:
    """relu(x) >= 0 always, relu(x) > 0 as x > 0, hardtanh(x) > 1 never: outside the type of the sum."""
    for function, expected in ((lambda x: sign(F.relu(x)), "always"), (lambda x: torch.sign(F.relu(x)), "both"),
                               (lambda x: torch.where(F.hardtanh(x) > 1, 1.0, -1.0), "never")):
        graph = lower(Coded([[[[1]]]], [0.5], function), (1, 2, 2))
        kept, made = graph.types["conv2d.acc"].type, op(graph, "conv2d").thresholds.array.tolist()
        assert made == {"always": [kept.qmin - 1], "both": [kept.qmin - 1, 1], "never": [kept.qmax + 1]}[expected]


def test_limits_that_decide_against_the_direction() -> None:
    """-relu(x): at least 0 where x <= 0, above 0 never; -min(x, 0): at least 0 always, above 0 where x <= -1 step."""
    for function, expected in ((lambda x: torch.sign(F.relu(x) * -1.0), [0, -129]),
                               (lambda x: torch.sign(torch.clamp(x, max=0.0) * -1.0), [128, -1])):
        made = op(lower(Coded([[[[1]]]], [0.5], function), (1, 2, 2)), "conv2d")
        assert (made.thresholds.array.tolist(), made.direction.array.tolist()) == (expected, -1)


def test_batch_norm_becomes_the_thresholds() -> None:
    """Gains of both signs and 0 with both offsets; by hand: 0.125 * acc - mean >= -beta * sqrt(var) / gamma."""
    norm = batch_norm([2.0, -2.0, 0.0, 0.0, 1.0], [1.0, 1.0, 0.5, -0.5, 0.0], [0.0, 0.0, 3.0, 3.0, 100.0], [4.0] * 5)
    norm.eps = 0.0
    graph = lower(Coded([[[[1]]]] * 5, [0.5] * 5, sign, norm=norm), (1, 2, 2))
    kept = graph.types["conv2d.acc"].type
    assert str(kept) == "s8"
    assert row(graph, "conv2d") == ([-8, 8, -129, 128, 128], [1, -1, 1, 1, 1])
    assert layers(graph) == [("conv2d", "conv2d+threshold")]


def test_a_gain_of_zero_counts_an_offset_of_zero() -> None:
    norm = batch_norm([0.0, 0.0], [0.0, 0.0], [1.0, -1.0], [1.0, 1.0])
    graph = lower(Coded([[[[1]]]] * 2, [0.5] * 2, sign, norm=norm), (1, 2, 2))
    assert row(graph, "conv2d") == ([-129], [1])
    graph = lower(Coded([[[[1]]]] * 2, [0.5] * 2, torch.sign, norm=norm), (1, 2, 2))
    assert op(graph, "conv2d").thresholds.array.tolist() == [-129, 128]


def test_random_thresholds_in_fractions() -> None:
    """Every code of an 8-bit operand: the sign of the real number, in rationals of the numbers that torch stores."""
    generator = np.random.default_rng(5)
    channels = 40
    norm = batch_norm(generator.normal(size=channels), generator.normal(size=channels), generator.normal(size=channels),
                      generator.uniform(0.5, 2, channels))
    scale, bias = generator.uniform(0.01, 1, channels).astype(np.float32), generator.normal(size=channels)
    model = Coded(generator.integers(-1, 2, (channels, 1, 1, 1)), scale, sign, bias, norm=norm)
    graph = lower(model, (1, 16, 16))
    data = (np.arange(256).reshape(1, 1, 16, 16) - 128) * np.float32(0.25)
    got = codes(graph, data)
    stored = {n: getattr(norm, n).detach().double().numpy() for n in ("weight", "bias", "running_mean", "running_var")}
    for c in range(channels):
        gain = float(stored["weight"][c] / np.sqrt(stored["running_var"][c] + norm.eps))
        offset = float(stored["bias"][c] - stored["running_mean"][c] * gain)
        step = Fraction(float(scale[c])) / 4
        for acc, y in zip(got["conv2d.acc"][0, c].flat, got["conv2d"][0, c].flat, strict=True):
            real = (int(acc) * step + Fraction(float(model.bias[c].detach()))) * Fraction(gain) + Fraction(offset)
            assert y == (1 if real >= 0 else -1)


def test_thresholds_of_codes() -> None:
    """A sign right after a quantizer compares codes with the zero point; batch norm per channel goes in too."""
    def function(m, x):
        x = qd.quantize_per_tensor(x, 0.1, 7, -128, 127, torch.int8)
        return sign(m.norm(qd.dequantize_per_tensor(x, 0.1, 7, -128, 127, torch.int8)))

    norm = batch_norm([1.0, -1.0], [-0.25, 0.0], [0.0, 0.5], [1.0, 1.0])
    norm.eps = 0.0
    graph = lower(OneInput(function, norm=norm), (2, 2, 2))
    assert layers(graph) == [("where", "threshold")]
    assert row(graph, "where") == ([10, 11], [1, -1])  # 0.1 is above 1/10: 0.5 is 4.99.. steps of it, cut to 4


def test_a_pool_between_keeps_the_scales_of_channels() -> None:
    """conv, max pool, batch norm, sign: nothing rounds between the sum and the threshold."""
    norm = batch_norm([1.0, -1.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0])
    model = Coded([[[[1]]]] * 2, [0.5, 0.1], lambda x: sign(norm(F.max_pool2d(x, 2))), [0.3, -0.3])
    model.norm_after = norm
    graph = lower(model, (1, 4, 4))
    assert layers(graph) == [("conv2d", "conv2d"), ("max_pool2d", "max_pool2d"), ("where", "threshold")]
    assert op(graph, "conv2d").bias is None
    assert row(graph, "where") == ([-2, 12], [1, -1])  # -0.3 / 0.125; 0.3 / 0.025, float32 numbers a little above 12


def test_padded_pools_and_convolutions_of_signs() -> None:
    """A padded tap never wins in a pool of signs, and adds 0 in a convolution."""
    def function(m, x):
        return m.fc(F.max_pool2d(sign(x), 3, 2, 1))

    graph = lower(OneInput(function, fc=conv(np.ones((1, 1, 3, 3)), padding=1)), (1, 4, 4), ranges={
        "x": (-1.0, 1.0), "fc": (-1.0, 1.0)})
    data = -np.ones((1, 1, 4, 4), np.float32)
    got = codes(graph, data)
    assert (got["where"] == -1).all()
    assert (got["max_pool2d"] == -1).all()
    assert (got["fc"] // got["fc"][0, 0, 0, 0]).reshape(-1).tolist() == [1, 1, 1, 1]
    assert graph.types["where"].type == edgeq.IntType(2)


def test_a_step_before_a_move_is_the_same() -> None:
    """conv, flatten, sign: the step works on the sums of the channels, then moves."""
    graph = lower(Coded([[[[1]]]] * 2, [0.5, 0.25], lambda x: sign(torch.flatten(x, 1)), [0.3, 0.3]), (1, 2, 2))
    assert layers(graph) == [("conv2d", "conv2d+threshold"), ("flatten", "flatten")]
    assert row(graph, "conv2d") == ([-2, -4], [1, 1])


def test_linear_layers_of_rows() -> None:
    """A matrix product of rank 2 has its channels last; its bias follows them."""
    fc = linear([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0.5, -0.5, 0.0])
    graph = lower(OneInput(lambda m, x: sign(m.fc(x)), fc=fc), (4, 2), ranges={"x": (-1.0, 1.0)})
    data = noise(20, 4, 2)
    got = codes(graph, data)
    x = got["x"] - graph.types["x"].zero_point
    real = graph.types["x"].scale * np.stack([x[..., 0], x[..., 1], x[..., 0] + x[..., 1]], -1) + [0.5, -0.5, 0.0]
    assert (got["fc"] == np.where(real >= 0, 1, -1)).mean() > 0.99  # weights of 127 steps are 1 up to 2^-24


def test_float_weights_need_no_quantizer_before_a_sign() -> None:
    norm = batch_norm([1.0, -1.0], [0.1, 0.2], [0.0, 0.1], [1.0, 1.0])
    model = OneInput(lambda m, x: m.fc(sign(m.bn(F.max_pool2d(m.conv(x), 2)))), conv=conv(noise(2, 1, 3, 3)), bn=norm,
                     fc=conv(noise(1, 2, 1, 1)))
    graph = lower(model, (1, 6, 6), calibration=noise(4, 1, 6, 6))
    assert layers(graph)[:3] == [("conv", "conv2d"), ("max_pool2d", "max_pool2d"), ("where", "threshold")]
    assert op(graph, "fc.acc").KIND == "conv2d"


NORMED = {
    "linear": (lambda m, x: sign(m.bn(m.layer(x))), nn.Linear(6, 4), (6,)),
    "conv1d": (lambda m, x: sign(m.bn(m.layer(x))), nn.Conv1d(2, 4, 3), (2, 7)),
}


@pytest.mark.parametrize("name", NORMED)
def test_batch_norm_of_vectors_and_lines(name) -> None:
    """Each threshold is that of torch in float64, but for sums within the error of the weights."""
    function, layer, shape = NORMED[name]
    norm = batch_norm([1.0, -1.0, 2.0, -0.5], [0.1, 0.2, -0.3, 0.4], [0.1, 0.0, 0.2, 0.3], [1.0, 2.0, 0.5, 1.0],
                      nn.BatchNorm1d)
    model = OneInput(function, layer=layer, bn=norm)
    data = noise(300, *shape)
    graph = lower(model, shape, calibration=data, wbits=16, abits=16)
    assert [kind for _, kind in layers(graph)] == [f"{name}+threshold"]
    with torch.no_grad():
        real = model.double()(torch.from_numpy(data).double()).numpy()
    assert (codes(graph, data)[graph.outputs[0].value] == real).mean() > 0.999


def test_a_mean_of_signs_is_not_rounded_to_a_sign() -> None:
    model = OneInput(lambda m, x: m.fc(F.adaptive_avg_pool2d(sign(x), 1)), fc=conv([[[[1.0]]]]))
    graph = lower(model, (1, 2, 2), ranges={"x": (-1.0, 1.0), "fc": (-1.0, 1.0)})
    data = np.array([1, 1, 1, -1, 1, 1, -1, -1], np.float32).reshape(2, 1, 2, 2)
    got, kept = codes(graph, data)["fc"].reshape(-1), graph.types["fc"]
    assert np.allclose((got - kept.zero_point) * kept.scale, [0.5, 0.0], atol=1e-6)


REFUSED = {
    "values": (lambda x: torch.where(x >= 0, x, 0.0), "both results are finite numbers"),
    "two values": (lambda x: torch.where(x >= F.relu(x), 1.0, -1.0), "two computed values are compared"),
    "no comparison": (lambda x: torch.where((x > 0) & (x < 1), 1.0, -1.0), "and"),
    "no unit": (lambda x: torch.where(x > 0, 1.0, 0.1), "no common unit"),
    "infinity": (lambda x: torch.where(x > float("inf"), 1.0, 0.1), "infin|finite|unit"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name) -> None:
    function, message = REFUSED[name]
    with pytest.raises(UnsupportedOpError, match=message):
        edgeq.lower(Coded([[[[1]]]], [0.5], function).eval(), (zeros(1, 2, 2),))
