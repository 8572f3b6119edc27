"""Slimming by the factors of batch norms."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from edgeq.compress.structured import Pruned, add_slimming_gradient, slim  # noqa: E402
from edgeq.errors import InputError  # noqa: E402
from tests.compress.structured.nets import images, integers  # noqa: E402

X = images(4)


class Normed(nn.Module):
    """Convolutions with batch norm: two in a row, the second in groups; a residual sum; a linear layer."""

    def __init__(self, groups: int = 1) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 3)
        self.norm3 = nn.BatchNorm2d(8)
        self.norm2 = nn.BatchNorm2d(8)
        self.norm1 = nn.BatchNorm2d(8)
        self.conv3 = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1, bias=False, groups=groups)
        self.conv1 = nn.Conv2d(1, 8, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        a = self.norm1(self.conv1(x))
        b = self.norm2(self.conv2(torch.relu(a)))
        y = torch.relu(self.norm3(self.conv3(torch.relu(b))) + a)
        return self.fc(y.sum((2, 3)))


def net(gammas: dict[str, list[float]], groups: int = 1) -> nn.Module:
    """Return a network of integers with these factors; the shift of a channel with factor 0 is 0."""
    model = integers(Normed(groups))
    for name, values in gammas.items():
        norm = model.get_submodule(name)
        norm.weight.data = torch.tensor(values, dtype=torch.float32)
        norm.bias.data[norm.weight == 0] = 0
    return model


def kept(result: Pruned) -> list[tuple[int, ...]]:
    """Return the positions kept of the residual channels and of conv2's."""
    return [group.kept for group in result.report.groups[:2]]


RISING = [1.0, -2, 3, -4, 5, -6, 7, -8]


def test_channels_of_factor_zero_leave_without_a_trace() -> None:
    model = net({"norm1": [0, 1, 0, 2, 3, 0, 1, 2], "norm3": [0, 1, 0, 0, 2, 1, 1, 1],
                 "norm2": [1, 1, 0, 1, 0, 0, 0, 1]})
    result = slim(model, X[:1], 6 / 16)
    assert kept(result) == [(1, 3, 4, 5, 6, 7), (0, 1, 3, 7)]
    assert torch.equal(result.model(X), model(X))
    assert result.report.groups[0].layers == ("conv1", "conv3")


def test_one_threshold_holds_for_the_whole_network() -> None:
    model = net({"norm1": RISING, "norm3": [0.5] * 8, "norm2": [10.0 * g for g in RISING]})
    assert kept(slim(model, X[:1], 0.25)) == [(4, 5, 6, 7), (0, 1, 2, 3, 4, 5, 6, 7)]
    assert kept(slim(model, X[:1], 0.5)) == [(7,), (0, 1, 2, 3, 4, 5, 6, 7)]


@pytest.mark.parametrize(("amount", "counts"), [(0.0, [8, 8]), (0.2, [5, 8]), (0.75, [1, 4])])
def test_ties_are_broken_so_the_count_is_exact(amount: float, counts: list[int]) -> None:
    model = net({"norm1": [1.0] * 8, "norm3": [1.0] * 8, "norm2": [1.0] * 8})
    assert [len(k) for k in kept(slim(model, X[:1], amount))] == counts


def test_no_layer_becomes_empty() -> None:
    model = net({"norm1": [1.0] * 8, "norm3": [1.0] * 8, "norm2": [100 + g for g in RISING]})
    assert [len(k) for k in kept(slim(model, X[:1], 0.5))] == [1, 8]
    most = slim(model, X[:1], 0.999)
    assert [len(k) for k in kept(most)] == [1, 1]
    assert kept(most)[1] == (6,)
    assert most.model(X).shape == (4, 3)


@pytest.mark.parametrize(("amount", "counts"), [(0.2, [8, 8]), (0.25, [4, 8]), (0.6, [4, 4]), (0.95, [4, 4])])
def test_kept_counts_are_multiples(amount: float, counts: list[int]) -> None:
    model = net({"norm1": RISING, "norm3": [0.5] * 8, "norm2": [2 * g for g in RISING]})
    assert [len(k) for k in kept(slim(model, X[:1], amount, regular=4))] == counts


def test_groups_of_a_convolution_are_kept() -> None:
    model = net({"norm1": RISING, "norm3": [0.5] * 8, "norm2": [10.0 * g for g in RISING]}, groups=2)
    result = slim(model, X[:1], 0.25)
    assert kept(result) == [(2, 3, 6, 7), (0, 1, 2, 3, 4, 5, 6, 7)]
    assert (result.model.conv2.groups, list(result.model.conv2.weight.shape)) == (2, [8, 2, 3, 3])
    assert result.model(X).shape == (4, 3)


def test_calibration_refits_what_a_constant_channel_gave() -> None:
    model = net({"norm1": RISING, "norm3": RISING, "norm2": [0, 1, 1, 1, 1, 1, 1, 1]})
    model.norm2.bias.data[0] = 3  # with factor 0: the constant 3, also where the next convolution pads zeros
    x = images(60)
    plain, refitted = (slim(model, x[:1], 1 / 16, calibration=c) for c in (None, x))
    assert kept(plain) == kept(refitted) == [tuple(range(8)), (1, 2, 3, 4, 5, 6, 7)]
    assert (refitted.model(x) - model(x)).norm() < (plain.model(x) - model(x)).norm()
    assert refitted.report.errors[0].refitted < refitted.report.errors[0].removed


def test_the_sparse_training_term() -> None:
    model = net({"norm1": [2.0, -3, 0, 1, 1, 1, 1, 1]}).train()
    with pytest.raises(InputError, match=r"no batch norm has a gradient of gamma; call .* after loss.backward"):
        add_slimming_gradient(model, 0.1)
    for norm in (model.norm1, model.norm2, model.norm3):
        norm.eps = 1e-5
    model(X).square().sum().backward()
    before = model.norm1.weight.grad.clone()
    other = model.conv1.weight.grad.clone()
    add_slimming_gradient(model, 0.25)
    torch.testing.assert_close(model.norm1.weight.grad[:3], before[:3] + torch.tensor([0.25, -0.25, 0.0]))
    assert torch.equal(model.conv1.weight.grad, other)


def test_refusals() -> None:
    plain = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3))
    with pytest.raises(InputError, match=r"no channels .* can be removed; '0': no batch norm scales them; '2'"):
        slim(plain, X[:1], 0.5)
    for amount in (1.0, -0.1, True):
        with pytest.raises(InputError, match=r"amount must be in \[0, 1\), got"):
            slim(plain, X[:1], amount)
    with pytest.raises(InputError, match=r"regular must be a whole number from 1 on, got 0"):
        slim(plain, X[:1], 0.5, regular=0)
