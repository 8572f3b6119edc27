"""A channel whose outgoing weights are zero can leave every tensor that holds it, and no output changes."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from edgeq.compress.structured import Pruned, prune_channels  # noqa: E402
from tests.compress.structured.nets import (  # noqa: E402
    Chain,
    Concat,
    Depthwise,
    Grouped,
    Residual,
    SharedFlatten,
    Stated,
    images,
    integers,
)

X = images()


def silence(weight: Tensor, columns: list[int]) -> None:
    """Set the weights that read these inputs to zero."""
    weight.data[:, columns] = 0


def removed(net: nn.Module, amount: Any, **options: Any) -> Pruned:
    """Remove channels by greedy choice, without refit; the smaller model must give the same outputs, bit for bit."""
    wanted = net(X)
    result = prune_channels(net, X[:1], amount, "greedy", X, reconstruct=False, positions=1000, **options)
    assert torch.equal(result.model(X), wanted)
    assert torch.equal(net(X), wanted)
    return result


def shapes(result: Pruned) -> dict[str, list[int]]:
    """Return the shape of every weight, bias and statistic but the counters."""
    return {name: list(t.shape) for name, t in result.model.state_dict().items() if t.ndim}


def kept(result: Pruned) -> dict[str, list[int]]:
    """Return the positions kept, by layers."""
    return {" + ".join(group.layers): list(group.kept) for group in result.report.groups}


CHAIN_SHAPES = {
    "conv1.weight": [4, 1, 3, 3], "conv1.bias": [4], "norm.weight": [4], "norm.bias": [4], "norm.running_mean": [4],
    "norm.running_var": [4], "conv2.weight": [3, 4, 3, 3], "conv2.bias": [3], "fc.weight": [3, 12], "fc.bias": [3],
}  # fmt: skip


@pytest.mark.parametrize("kind", [Chain, Stated])
def test_flatten_repeats_each_channel_over_its_pixels(kind: type[Chain]) -> None:
    net = integers(kind())
    silence(net.conv2.weight, [1, 4])
    silence(net.fc.weight, [0, 1, 2, 3, 12, 13, 14, 15])
    result = removed(net, {"conv1": 2, "conv2.weight": 2})
    assert kept(result) == {"conv1": [0, 2, 3, 5], "conv2": [1, 2, 4], "fc": [0, 1, 2]}
    assert shapes(result) == CHAIN_SHAPES
    assert result.report.parameters == (6 * 9 + 6 + 12 + 5 * 6 * 9 + 5 + 60 + 3, 4 * 9 + 4 + 8 + 3 * 4 * 9 + 3 + 36 + 3)
    assert result.report.macs == (36 * 6 * 9 + 16 * 5 * 54 + 60, 36 * 4 * 9 + 16 * 3 * 36 + 36)
    assert result.model.get_submodule("conv2").in_channels == 4
    assert result.model.get_submodule("norm").num_features == 4
    assert result.model.get_submodule("fc").in_features == 12


def test_a_sum_joins_the_channels_of_its_terms() -> None:
    net = integers(Residual())
    for reader in (net.fc, net.conv4, net.conv2):
        silence(reader.weight, [0, 3, 5])
    silence(net.conv3.weight, [2])
    result = removed(net, {"conv1": 3, "conv2": 1})
    assert kept(result) == {"conv1 + conv3": [1, 2, 4], "conv2": [0, 1, 3], "fc + conv4": [0, 1]}
    assert shapes(result) == {
        "fc.weight": [2, 3], "fc.bias": [2], "conv4.weight": [2, 3, 3, 3], "conv3.weight": [3, 3, 3, 3],
        "conv3.bias": [3], "conv2.weight": [3, 3, 3, 3], "conv2.bias": [3], "conv1.weight": [3, 1, 3, 3],
        "conv1.bias": [3]}  # fmt: skip


def test_concat_moves_the_channels_of_its_second_operand() -> None:
    net = integers(Concat())
    silence(net.joint.weight, [2, 5])
    silence(net.alone.weight, [1])
    result = removed(net, {"left": 1, "right": 1})
    assert kept(result) == {"left": [0, 1, 3], "right": [0, 2], "joint + alone": [0, 1]}
    assert list(result.model.joint.weight.shape) == [2, 5, 3, 3]
    assert torch.equal(result.model.joint.weight, net.joint.weight[:, [0, 1, 3, 4, 6]])


def test_a_depthwise_convolution_loses_groups() -> None:
    net = integers(Depthwise())
    silence(net.point.weight, [2, 3])
    result = removed(net, {"conv": 1})
    assert kept(result) == {"conv": [0, 2, 3], "point": [0, 1]}
    depth = result.model.get_submodule("depth")
    assert (depth.groups, depth.in_channels, depth.out_channels) == (3, 3, 6)
    assert torch.equal(depth.weight, net.depth.weight[[0, 1, 4, 5, 6, 7]])
    assert result.model.slope.num_parameters == 6
    assert list(result.model.factor.shape) == [1, 6, 1, 1]


def test_groups_of_a_convolution_lose_equally_many() -> None:
    net = integers(Grouped())
    net.two.weight.data[:4, 1] = 0  # channel 1, of the first of two groups
    net.two.weight.data[4:, 3] = 0  # channel 7
    net.four.weight.data[0:4, 0] = 0  # channels 0 and 2
    net.four.weight.data[4:8, 1] = 0  # channels 5 and 7
    silence(net.last.weight, [1, 2, 4, 7])
    result = removed(net, {"first": 2, "two": 4, "four": 4})
    assert kept(result) == {"first": [0, 2, 3, 4, 5, 6], "two": [1, 3, 4, 6], "four": [0, 3, 5, 6], "last": [0, 1]}
    assert list(result.model.two.weight.shape) == [4, 3, 3, 3]
    assert list(result.model.four.weight.shape) == [4, 1, 3, 3]
    assert (result.model.two.groups, result.model.four.groups) == (2, 4)
    assert torch.equal(result.model.four.weight[:, 0], net.four.weight[[0, 3, 5, 6], [1, 1, 0, 0]])


@pytest.mark.parametrize("groups", [(4, 2), (2, 4)])
def test_neighbouring_group_counts_are_both_kept(groups: tuple[int, int]) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 8, 1), nn.Conv2d(8, 8, 1, groups=groups[0]), nn.Conv2d(8, 8, 1, groups=groups[1]),
                        nn.Conv2d(8, 2, 1))
    result = prune_channels(net, X[:1], {"1": 3}, "l1")
    assert [len(group.kept) for group in result.report.groups] == [8, 4, 8, 2]
    assert all(sum(c // 2 == quarter for c in result.report.groups[1].kept) == 1 for quarter in range(4))
    assert result.model(X).shape == net(X).shape


def test_a_flattened_tensor_may_be_read_twice_and_a_weight_used_twice() -> None:
    net = integers(SharedFlatten())
    for reader in (net.a, net.b):
        silence(reader.weight, list(range(36, 72)))
    result = removed(net, {"conv": 1})
    assert kept(result) == {"conv": [0, 2, 3], "a + b + again": [0, 1, 2, 3, 4]}
    assert list(result.model.a.weight.shape) == [5, 108]


def test_a_model_in_training_stays_in_training() -> None:
    net = integers(Stated()).train()
    net.norm.eval()
    result = prune_channels(net, X[:1], 0.5, "l1")
    modes = {name: module.training for name, module in result.model.named_modules()}
    assert modes == {"": True, "fc": True, "conv2": True, "norm": False, "conv1": True, "dropout": True}
    assert net.training
    torch.manual_seed(0)
    loss = result.model(X).square().sum()
    loss.backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in result.model.parameters())
