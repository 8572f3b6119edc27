"""Which channels stay, by what the next layer makes of them, and what a refit recovers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from edgeq.compress.structured import prune_channels  # noqa: E402
from tests.compress.structured.nets import Grouped, Residual, images, integers  # noqa: E402


class Two(nn.Module):
    """A 1x1 convolution, and one that reads it."""

    def __init__(self, channels: int, bias: bool = True) -> None:
        super().__init__()
        self.second = nn.Conv2d(channels, 2, 3, padding=1, stride=2, bias=bias)
        self.first = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


def noise(count: int, channels: int, seed: int = 0) -> Tensor:
    """Return standard normal images of 6 by 6."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, channels, 6, 6, generator=generator, dtype=torch.float64)


def graded(sizes: list[float]) -> Two:
    """Return a net whose channel c adds noise of this size to the output, independent of the others."""
    net = Two(len(sizes)).double().eval()
    torch.manual_seed(1)
    net.first.weight.data = torch.diag(torch.tensor(sizes, dtype=torch.float64))[:, :, None, None]
    net.second.weight.data = torch.randn_like(net.second.weight[:, :1]).repeat(1, len(sizes), 1, 1)
    return net


@pytest.mark.parametrize("method", ["greedy", "lasso", "l1", "l2"])
def test_the_channels_that_matter_stay(method: str) -> None:
    net = graded([2, 0.5, 8, 1, 4, 0.25])
    result = prune_channels(net, noise(2, 6), {"first": 3}, method, noise(40, 6))
    assert result.report.groups[0].kept == (0, 2, 4)


@pytest.mark.parametrize("method", ["greedy", "lasso"])
def test_the_next_layer_decides_not_the_size_of_the_weights(method: str) -> None:
    net = graded([1, 1, 1, 1])
    net.first.weight.data *= 10
    for channel, factor in enumerate([1e-3, 3.0, 1e-2, 2.0]):
        net.second.weight.data[:, channel] *= factor
        net.first.weight.data[channel] /= factor ** 0.5
    result = prune_channels(net, noise(2, 4), {"first": 2}, method, noise(40, 4))
    assert result.report.groups[0].kept == (1, 3)
    by_size = prune_channels(net, noise(2, 4), {"first": 2}, "l2")
    assert by_size.report.groups[0].kept == (0, 2)


def test_greedy_sees_that_two_channels_say_the_same() -> None:
    net = graded([1, 1, 1.2, 5])
    net.first.weight.data[1] = net.first.weight[0]
    net.first.bias.data[:] = 0
    net.second.weight.data[:, 1] = net.second.weight[:, 0]
    x = noise(40, 4)
    found, by_size = (prune_channels(net, x[:2], {"first": 2}, m, x, reconstruct=False) for m in ("greedy", "l2"))
    assert found.report.groups[0].kept == (0, 3)
    assert by_size.report.groups[0].kept == (2, 3)
    assert (found.model(x) - net(x)).norm() < (by_size.model(x) - net(x)).norm()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_channel_that_depends_on_others_is_recovered(gone: int, bias: bool) -> None:
    net = Two(3, bias).double().eval()
    torch.manual_seed(3)
    for parameter in net.parameters():
        parameter.data = torch.randn_like(parameter)
    net.first.weight.data[2] = 2 * net.first.weight[0] - net.first.weight[1]
    net.first.bias.data[:] = torch.tensor([1.0, 2.0, 0.0])
    net.first.weight.data[gone] *= 1e-3  # the one that the norm chooses; dependent all the same
    net.first.bias.data[gone] *= 1e-3
    result = prune_channels(net, noise(2, 3), {"first": 1}, "l1", noise(30, 3))
    assert gone not in result.report.groups[0].kept
    (error,) = result.report.errors
    assert (error.layer, error.rows, error.unknowns) == ("second", 270, 18 + bias)
    assert error.removed > 1e-4
    assert error.refitted < 1e-12
    unseen = noise(5, 3, seed=9)
    assert torch.allclose(result.model(unseen), net(unseen), rtol=0, atol=1e-10)


def test_a_refit_makes_up_for_inputs_that_changed_before_it() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3))
    x = torch.randn(300, 1, 6, 6)
    refitted, plain = (prune_channels(net, x[:1], 0.5, "random", x, reconstruct=r).model(x) for r in (True, False))
    assert (refitted - net(x)).norm() < 0.7 * (plain - net(x)).norm()


def test_the_same_seed_gives_the_same_choice_and_no_other_matters() -> None:
    net = integers(Residual())
    runs = [prune_channels(net, images(1), 0.5, "random", seed=s).report.groups for s in (4, 4, 5)]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("method", ["greedy", "lasso", "random", "l1", "l2"])
def test_every_method_keeps_equally_many_of_each_group(method: str) -> None:
    x = images(30)
    result = prune_channels(integers(Grouped()), x[:1], {"t*": 3, "first": 4}, method, x)
    first, two, four, last = result.report.groups
    assert [sum(c // 4 == half for c in first.kept) for half in (0, 1)] == [2, 2]
    assert [sum(c // 2 == quarter for c in two.kept) for quarter in range(4)] == [1, 1, 1, 1]
    assert (len(four.kept), len(last.kept)) == (8, 2)
    assert result.model(x).shape == (30, 2, 2, 2)


def test_lasso_recovers_the_channels_that_a_penalty_leaves() -> None:
    net = graded([1, 1, 1, 1])
    net.second.weight.data[:, 3] = 0
    result = prune_channels(net, noise(2, 4), {"first": 1}, "lasso", noise(40, 4))
    assert result.report.groups[0].kept == (0, 1, 2)
    assert result.report.errors[0].removed < 1e-15
