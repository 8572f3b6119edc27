"""What cannot be removed is left alone with a reason, and a wrong request is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

from edgeq.compress.structured import prune_channels  # noqa: E402
from edgeq.compress.structured.counts import kept_count, kept_counts  # noqa: E402
from edgeq.compress.structured.groups import Group  # noqa: E402
from edgeq.compress.structured.removal import Removal  # noqa: E402
from edgeq.errors import CalibrationError, InputError, ModelError  # noqa: E402
from tests.compress.structured.nets import Chain, Residual, images, integers  # noqa: E402

X = images(2)


@pytest.fixture(scope="module")
def chain() -> list[Group]:
    """The groups of a network."""
    return Removal.of(Chain(), X).groups


FOLLOWED = {
    "offset": lambda net, x: x + net.offset,
    "gate": lambda net, x: x * x.abs().mean((2, 3), keepdim=True),
    "resize": lambda net, x: F.interpolate(x, scale_factor=2)[:, :, ::2, ::2],
    "squeeze": lambda net, x: x.unsqueeze(2).squeeze(2) ** 2,
    "pool": lambda net, x: F.avg_pool2d(F.pad(x, (1, 0, 1, 0)), 2, 1),
    "permute": lambda net, x: x.permute(0, 2, 3, 1).transpose(1, 3),
}  # fmt: skip
"""Operators within channels."""

FORWARD = "the model's forward"
NOT_FOLLOWED: dict[str, tuple[Any, str]] = {
    "norm": (lambda net, x: net.group_norm(x), "operator 'group_norm' at 'group_norm' is not followed"),
    "slice": (lambda net, x: torch.cat([x[:, 4:], x[:, :4]], 1), f"operator 'slice' at '{FORWARD}' is not followed"),
    "cumsum": (lambda net, x: torch.cumsum(x, 1), f"operator 'cumsum' at '{FORWARD}' is not followed"),
    "softmax": (lambda net, x: torch.softmax(x, 1), f"operator 'softmax' at '{FORWARD}' is not followed"),
    "constant": (lambda net, x: x + torch.arange(8.0).reshape(1, 8, 1, 1),
                 f"operator 'add' at '{FORWARD}' joins them with what is no channel"),
    "shuffle": (lambda net, x: x.view(x.size(0), 2, 4, 8, 8).transpose(1, 2).reshape(x.size(0), 8, 8, 8),
                f"operator 'view' at '{FORWARD}' is not followed"),
    "mean": (lambda net, x: x * x.mean((1, 2, 3), keepdim=True), f"operator 'mean' at '{FORWARD}' is not followed"),
}  # fmt: skip
"""Operators between channels, and the reasons that are given."""


class Branches(nn.Module):
    """A sum of branches, each with an operator between two convolutions."""

    def __init__(self, operators: dict[str, Any]) -> None:
        super().__init__()
        self.second = nn.ModuleDict({name: nn.Conv2d(8, 2, 1) for name in operators})
        self.first = nn.ModuleDict({name: nn.Conv2d(1, 8, 1) for name in operators})
        self.group_norm = nn.GroupNorm(2, 8)
        self.register_buffer("offset", torch.ones(8, 1, 1))
        self.operators = operators

    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(())
        for name, between in self.operators.items():
            total = total + self.second[name](between(self, self.first[name](x)))
        return total


def test_an_operator_without_a_rule_keeps_its_channels() -> None:
    operators = {name: between for name, (between, _) in NOT_FOLLOWED.items()} | {"free": FOLLOWED["offset"]}
    net = Branches(operators)
    result = prune_channels(net, X, 0.5, "l1")
    assert result.model(X).shape == net(X).shape
    found = {group.layers[0].removeprefix("first."): group.reason for group in result.report.groups}
    last = found.pop("second.norm")
    assert last == "they leave the model"
    assert found == {name: reason for name, (_, reason) in NOT_FOLLOWED.items()} | {"free": None}
    assert [len(group.kept) for group in result.report.groups if group.reason is None] == [4]


def test_an_operator_within_channels_lets_them_go() -> None:
    net = integers(Branches(FOLLOWED))
    for name in FOLLOWED:
        net.second[name].weight.data[:, ::2] = 0
        net.first[name].weight.data[::2] = 0
        net.first[name].weight.data[1::2] = 1
    result = prune_channels(net, X, {"first.*": 0.5}, "l1")
    found = {group.layers[0]: group.kept for group in result.report.groups if group.reason is None}
    assert found == {f"first.{name}": (1, 3, 5, 7) for name in FOLLOWED}
    assert torch.equal(result.model(X), net(X))


class Literal(nn.Module):
    """A depthwise convolution whose group count is in the code."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)
        self.kernel = nn.Parameter(torch.ones(8, 1, 3, 3))
        self.last = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.conv2d(self.conv(x), self.kernel, groups=8))


class Deciding(Chain):
    """A forward that does something else for fewer channels."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.conv1(x))
        x = self.conv2(F.relu(x) if x.shape[1] > 4 else x)
        return self.fc(torch.flatten(F.max_pool2d(x, 2), 1))


def test_a_forward_that_decides_by_the_number_of_channels_is_refused() -> None:
    assert prune_channels(Deciding(), X, {"conv1": 1}, "l1").model(X).shape == (2, 3)
    with pytest.raises(ModelError, match=r"'conv2d' at 'conv2' gives \[2, 5, 4, 4\], expected relu of \[2, 4, 6, 6\]"):
        prune_channels(Deciding(), X, {"conv1": 2}, "l1")


def test_a_number_of_channels_in_the_code_is_refused() -> None:
    with pytest.raises(ModelError, match=r"its forward states a number of channels .*; write torch.flatten\(x, 1\)"):
        prune_channels(Literal(), X, 0.5, "l1")


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ({"convol*": 0.5}, r"'convol\*' matches no layer; the layers with channels to remove are conv1, conv2"),
        ({"fc": 1}, r"'fc' matches only layers that are left alone; 'fc': they leave the model"),
        ({"conv1": 6}, r"6 channels cannot be removed from 'conv1', which has 6 and keeps at least one"),
        ({"conv1": -1}, r"-1 channels cannot be removed"),
        ({"conv1": 1.0}, r"amount 1.0 is not in \[0, 1\); a layer keeps at least one channel"),
        ({"conv1": "half"}, r"amount must be a fraction or a number of channels, got 'half'"),
        ({"conv*": 1, "conv2": 2}, r"'conv\*' and 'conv2' ask different amounts of 'conv2'"),
    ],
)
def test_wrong_amounts(amount: Any, message: str, chain: list[Group]) -> None:
    with pytest.raises(InputError, match=message):
        kept_counts(chain, amount, 1)


def test_wrong_choices() -> None:
    with pytest.raises(InputError, match=r"method must be one of greedy, lasso, random, l1, l2, got 'best'"):
        prune_channels(Chain(), X, 0.5, "best")
    with pytest.raises(CalibrationError, match=r"method greedy measures outputs: give calibration inputs, or use l1"):
        prune_channels(Chain(), X, 0.5)
    with pytest.raises(InputError, match=r"regular must be a whole number from 1 on, got 0"):
        prune_channels(Chain(), X, 0.5, "l1", regular=0)
    with pytest.raises(InputError, match=r"2 arrays given, the model has 1 inputs"):
        prune_channels(Chain(), X, 0.5, "l1", (X, X))
    with pytest.raises(InputError, match=r"example input 0 is str"):
        prune_channels(Chain(), "x", 0.5, "l1")


def test_conv3d_is_pruned_by_norm_but_not_measured() -> None:
    net = nn.Sequential(nn.Conv3d(1, 4, 1), nn.Conv3d(4, 2, 1))
    x = torch.ones(2, 1, 2, 2, 2)
    assert list(prune_channels(net, x, 0.5, "l2").model[1].weight.shape) == [2, 2, 1, 1, 1]
    with pytest.raises(InputError, match=r"'1' is a conv3d, whose output error is not measured; .* l1, l2 or random"):
        prune_channels(net, x, 0.5, "greedy", x)


def test_masks_of_torch_are_multiplied_in_and_the_model_is_left_masked() -> None:
    net = integers(Residual())
    prune.custom_from_mask(net.conv2, "weight", torch.tensor([1.0, 0, 1, 1]).reshape(4, 1, 1, 1).expand(4, 6, 3, 3))
    net.conv2.bias.data[1] = 0
    net(X).sum().backward()
    result = prune_channels(net, X, {"conv2": 1}, "l1")
    assert result.report.groups[1].kept == (0, 2, 3)
    assert torch.equal(result.model(X), net(X))
    assert prune.is_pruned(net)
    assert not prune.is_pruned(result.model)


@pytest.mark.parametrize(
    ("channels", "removed", "base", "regular", "kept"),
    [(16, 0, 1, 1, 16), (16, 16, 1, 1, 1), (16, 7, 1, 8, 8), (16, 4, 1, 8, 16), (16, 5, 1, 8, 8), (16, 16, 1, 8, 8),
     (6, 3, 1, 8, 6), (20, 0, 1, 8, 16), (12, 5, 4, 1, 8), (12, 6, 4, 1, 8), (12, 7, 4, 1, 4), (12, 1, 4, 6, 12),
     (1, 0, 1, 1, 1), (1, 1, 1, 1, 1)],
)  # fmt: skip
def test_kept_counts(channels: int, removed: int, base: int, regular: int, kept: int) -> None:
    assert kept_count(channels, removed, base, regular) == kept
