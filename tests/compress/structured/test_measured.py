"""The errors that are reported are those of the smaller model's own layers."""

from __future__ import annotations

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from edgeq.compress.structured import prune_channels  # noqa: E402
from tests.compress.structured.nets import Concat, Residual  # noqa: E402


def made(net: nn.Module, x: Tensor, layer: str) -> Tensor:
    """Return the outputs of a layer while a network runs."""
    seen: list[Tensor] = []
    handle = net.get_submodule(layer).register_forward_hook(lambda module, args, output: seen.append(output.clone()))
    with torch.no_grad():
        net(x)
    handle.remove()
    return seen[0]


def check_errors(net: nn.Module, x: Tensor, amount: Any) -> list[str]:
    """Compare reported errors with those measured on the layers; return the layers' names."""
    result = prune_channels(net, x[:2], amount, "l2", x, positions=10_000)
    for error in result.report.errors:
        wanted = made(net, x, error.layer)
        measured = float((made(result.model, x, error.layer) - wanted).norm() / wanted.norm())
        assert math.isclose(error.refitted, measured, rel_tol=1e-9), error
        assert 1e-3 < error.refitted < error.removed
    return [error.layer for error in result.report.errors]


@pytest.mark.parametrize(
    "reader",
    [nn.Conv2d(4, 3, 2, padding="same"), nn.Conv2d(4, 2, 3, stride=2, dilation=2, padding=(1, 2), bias=False),
     nn.Conv2d(4, 2, (2, 1), padding="valid"), nn.Conv2d(4, 6, 2, groups=2, padding=1),
     nn.Conv2d(4, 2, 3, padding=1, padding_mode="circular")],
)  # fmt: skip
def test_inputs_of_convolutions_are_taken_as_they_are_read(reader: nn.Module) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), reader, nn.ReLU(inplace=True)).double().eval()
    assert check_errors(net, torch.randn(70, 1, 8, 9, dtype=torch.float64), {"0": 2}) == ["2"]


def test_inputs_of_one_dimensional_convolutions_and_of_linear_layers_along_a_sequence() -> None:
    torch.manual_seed(0)

    class Sequence(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv1d(2, 4, 3), nn.Conv1d(4, 6, 2, padding="same")
            self.third = nn.Linear(6, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.third(self.second(self.first(x).tanh()).relu().transpose(1, 2))

    net, x = Sequence().double().eval(), torch.randn(70, 2, 12, dtype=torch.float64)
    assert check_errors(net, x, {"first": 2}) == ["second"]
    assert check_errors(net, x, {"second": 2}) == ["third"]


def test_a_layer_refitted_early_is_refitted_for_the_inputs_of_the_end() -> None:
    torch.manual_seed(0)
    net = Residual().double().eval()
    assert check_errors(net, torch.randn(40, 1, 8, 8, dtype=torch.float64), {"conv1": 3}) == ["conv2", "fc", "conv4"]


def test_what_other_channels_give_is_no_reason_to_keep_one() -> None:
    net = Concat().double().eval()
    for parameter in net.parameters():
        parameter.data.zero_()
    net.left.weight.data[:, 0, 0] = torch.eye(4, 3, dtype=torch.float64)  # three pixels of a row, then nothing
    net.right.weight.data[:, 0, 0, 0] = 1  # the first pixel again
    net.joint.weight.data[0, :4, 0, 0] = torch.tensor([1.0, 1.5, 2.0, 0.0])
    net.joint.weight.data[0, 4:, 0, 0] = 3
    torch.manual_seed(0)
    x = torch.randn(60, 1, 8, 8, dtype=torch.float64).abs()
    x -= x.mean()
    result = prune_channels(net, x[:2], {"left": 2}, "greedy", x, reconstruct=False)
    assert result.report.groups[0].kept == (1, 2)
