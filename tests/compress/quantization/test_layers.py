"""Layers and batch norms compute what torch's own compute, and integers are those worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from edgeq.arith.types import Rounding  # noqa: E402
from edgeq.compress.quantization.base import ActivationQuantizer, WeightCodes, WeightQuantizer  # noqa: E402
from edgeq.compress.quantization.layers import Average, Call, QuantizedLayer  # noqa: E402
from edgeq.compress.quantization.merging import codes_with_gain, values_of, with_gain  # noqa: E402
from edgeq.compress.quantization.norms import Norm  # noqa: E402
from edgeq.errors import InputError  # noqa: E402
from edgeq.scheme.activation_codes import ActivationCodes  # noqa: E402


class Fixed(ActivationQuantizer):
    """Codes as given."""

    def __init__(self, scale: float, zero_point: int, lo: int, hi: int) -> None:
        super().__init__()
        self.made = ActivationCodes(scale, zero_point, lo, hi)

    def forward(self, x: Any) -> Any:
        return x

    def codes(self) -> ActivationCodes:
        return self.made


class Halves(WeightQuantizer):
    """Multiples of 1/2."""

    def forward(self, weight: Any) -> Any:
        return weight + (torch.round(weight * 2) / 2 - weight).detach()

    def codes(self, weight: Any) -> WeightCodes:
        return WeightCodes(torch.round(weight * 2).long(), torch.tensor([0.5], dtype=torch.float64),
                           torch.tensor([0]), -8, 7)


class Exact(WeightQuantizer):
    """Weights as they are."""

    def forward(self, weight: Any) -> Any:
        return weight

    def codes(self, weight: Any) -> WeightCodes:
        raise AssertionError("a sum with a step has no need of codes")

    def scale(self, weight: Any) -> Any:
        return torch.tensor([2.0**-40], dtype=torch.float64)


def pair(momentum: float | None = 0.1) -> tuple[nn.BatchNorm2d, Norm]:
    """Return torch's batch norm and ours with equal numbers."""
    torch.manual_seed(3)
    theirs = nn.BatchNorm2d(4, momentum=momentum)
    for value in (theirs.weight, theirs.bias, theirs.running_mean):
        value.data.uniform_(-1, 1)
    stored = {name: value.detach().clone() for name, value in theirs.state_dict().items()}
    return theirs, Norm(stored, theirs.eps, momentum, "bn")


@pytest.mark.parametrize("momentum", [0.1, None])
def test_folded_training_is_batch_norm_after_convolution(momentum: float | None) -> None:
    theirs, norm = pair(momentum)
    conv = nn.Conv2d(2, 4, 3, padding=1)
    call = Call(torch.ops.aten.conv2d.default, ([1, 1], [1, 1]))
    layer = QuantizedLayer(call, nn.Parameter(conv.weight.detach().clone()), nn.Parameter(conv.bias.detach().clone()),
                           Exact(), "conv")
    source = Fixed(1.0, 0, -128, 127)
    for step in range(3):
        x = torch.randn(5, 2, 6, 6)
        expected = theirs(conv(x))
        found = layer(x, source, norm)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            torch.testing.assert_close(getattr(norm, name), getattr(theirs, name), msg=f"{name} at step {step}")
    (expected * x[:, :1]).sum().backward()
    (found * x[:, :1]).sum().backward()
    torch.testing.assert_close(layer.weight.grad, conv.weight.grad, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(norm.weight.grad, theirs.weight.grad, rtol=1e-3, atol=1e-4)
    norm.freeze()
    theirs.eval()
    before = norm.running_mean.clone()
    torch.testing.assert_close(layer(x, source, norm), theirs(conv(x)), rtol=1e-4, atol=1e-5)
    assert torch.equal(norm.running_mean, before)


def test_one_value_per_channel_is_no_batch() -> None:
    _, norm = pair()
    with pytest.raises(InputError, match=r"layer 'bn': batch norm trains on more than one value per channel, got \[1"):
        norm(torch.zeros(1, 4, 1, 1))


def test_a_gain_goes_into_scale_and_sign() -> None:
    made = WeightCodes(torch.tensor([[3, -2], [3, -2], [3, -2]]), torch.tensor([0.5], dtype=torch.float64),
                       torch.tensor([1]), -4, 3)
    found = codes_with_gain(made, torch.tensor([0.1, -3.0, 0.0], dtype=torch.float64))
    assert found.scale.tolist() == [0.05000000074505806, 1.5, 0.5]  # float32 of 0.5 * 0.1
    assert found.codes.tolist() == [[3, -2], [-4, 1], [1, 1]]
    assert found.zero_point.tolist() == [1, -2, 1]
    assert values_of(found).tolist() == [[0.10000000149011612, -0.15000000223517418], [-3.0, 4.5], [0.0, 0.0]]


def test_plain_codes_keep_their_zero_point_where_they_can() -> None:
    made = WeightCodes(torch.tensor([[-3, 2], [-4, 2]]), torch.ones(1, dtype=torch.float64), torch.tensor([0]), -4, 3)
    found = codes_with_gain(made, torch.tensor([-1.0, -1.0], dtype=torch.float64))
    assert (found.codes.tolist(), found.zero_point.tolist()) == ([[3, -2], [3, -3]], [0, -1])


def test_a_table_turns_around_with_its_codes() -> None:
    one = torch.tensor([1.0], dtype=torch.float64)
    made = WeightCodes(torch.tensor([[5], [-1]]), one, torch.tensor([0]), -7, 7,
                       codebook=torch.tensor([-1, 5]), indices=torch.tensor([[1], [0]]))
    found = codes_with_gain(made, torch.tensor([-2.0, 2.0], dtype=torch.float64))
    assert found.codes.tolist() == [[-5], [-1]]
    assert found.codebook.tolist() == [[1, -5], [-1, 5]]
    assert torch.gather(found.codebook, 1, found.indices).tolist() == [[-5], [-1]]


def test_a_gain_finds_the_outputs_of_a_transposed_convolution() -> None:
    conv = nn.ConvTranspose2d(4, 6, 2, groups=2, bias=False)
    gain, x = torch.arange(1.0, 7.0), torch.randn(1, 4, 3, 3)
    expected = conv(x) * gain.reshape(1, 6, 1, 1)
    conv.weight.data = with_gain(conv.weight.data, gain, 2)
    torch.testing.assert_close(conv(x), expected)


@pytest.mark.parametrize(("folds", "weight", "bias"), [
    (True, [[6, -4], [-2, 2]], [16, 0]),   # weight 2*w in halves; bias (0.3*2 + 1)/(0.2*0.5) and (0*-1 + 0)
    (False, [[3, -2], [-2, 2]], [8, 0]),   # weight in halves, then gain 2 in the scale: bias 1.6/(0.2*1)
])
def test_integers_of_a_layer_by_hand(folds: bool, weight: Any, bias: Any) -> None:
    zeros, ones = torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    norm = Norm({"weight": ones * torch.tensor([2.0, -1.0]), "bias": torch.tensor([1.0, 0.0], dtype=torch.float64),
                 "running_mean": zeros, "running_var": ones}, 0.0, 0.1, "bn").eval()
    w = torch.tensor([[1.5, -1.0], [1.0, -1.0]], dtype=torch.float64)
    layer = QuantizedLayer(Call(torch.ops.aten.linear.default), w, torch.tensor([0.3, 0.0], dtype=torch.float64),
                           Halves(), "fc", folds=folds)
    source = Fixed(0.2, 0, -8, 7)
    found = layer.codes(source, norm)
    assert (found.weight.codes.tolist(), found.bias.tolist()) == (weight, bias)
    x = torch.tensor([[0.4, -0.2]], dtype=torch.float64)
    y = layer(x, source, norm)
    torch.testing.assert_close(y, torch.tensor([[3.2, -0.6]], dtype=torch.float64))  # 2*(0.4*1.5+0.2+0.3)+1, -(0.4+0.2)


@pytest.mark.parametrize(("raw", "rounding", "expected"), [
    (False, Rounding.ties_even, [2, 2]), (False, Rounding.ties_away, [2, 3]), (True, Rounding.ties_even, [1, 3]),
])
def test_an_average_rounds_to_the_codes_that_it_reads(raw: bool, rounding: Rounding, expected: list[int]) -> None:
    source = Fixed(0.1, 1, -8, 7)
    layer = Average(Call(torch.ops.aten.avg_pool1d.default, ([2],)), rounding, "pool", raw=raw)
    x = torch.tensor([[[1.0, 2.0, 2.0, 3.0]]], dtype=torch.float64) * 0.1  # means of the steps: 1.5 and 2.5
    x.requires_grad_()
    found = layer(x, source)
    assert torch.round(found / 0.1).flatten().tolist() == expected
    found.sum().backward()
    assert x.grad.flatten().tolist() == [0.5, 0.5, 0.5, 0.5]
