"""Equalization leaves what a model computes, and brings both sides of each channel to one range."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from edgeq import compress
from tests.compress.refinement.nets import Branches, Chain, Mobile, Stopped, images, spread

EXPECTED = {
    Chain: [("conv1", "conv2"), ("conv2", "fc")],
    Mobile: [("stem", "depth"), ("depth", "point"), ("point", "grouped")],
    Branches: [("outer", "inner"), ("left", "last"), ("right", "last")],
}
CHANNELS = {Chain: 1, Mobile: 2, Branches: 2, Stopped: 2}


def folded(model: nn.Module, conv: str, norm: str | None) -> Tensor:
    """Return the magnitudes of a weight with its batch norm, written for this test."""
    weight = model.get_submodule(conv).weight.detach().abs()
    if norm is None:
        return weight
    bn = model.get_submodule(norm)
    return weight * (bn.weight / torch.sqrt(bn.running_var + bn.eps)).detach().abs().view(-1, 1, 1, 1)


@pytest.mark.parametrize("kind", EXPECTED)
def test_outputs_stay_and_pairs_are_found(kind: type[nn.Module]) -> None:
    model, x = spread(kind().double()), images(CHANNELS[kind])
    before, names = model(x), list(model.state_dict())
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    report = compress.equalize(model, x)
    assert [(pair.first, pair.second) for pair in report.pairs] == EXPECTED[kind]
    assert (model(x) - before).abs().max() <= 1e-12 * before.abs().max()
    assert list(model.state_dict()) == names
    assert not all(torch.equal(weights[name], value) for name, value in model.state_dict().items())
    for pair in report.pairs:
        assert pair.made[1] == pytest.approx(pair.read[1], rel=1e-4)
        assert pair.made[1] * pair.read[1] < pair.made[0] * pair.read[0]
    kind().double().load_state_dict(model.state_dict())


def test_a_chain_has_equal_ranges_with_its_batch_norm_folded() -> None:
    model, x = spread(Chain().double()), images(1)
    compress.equalize(model, x)
    made = folded(model, "conv1", "norm").amax((1, 2, 3))
    torch.testing.assert_close(made, folded(model, "conv2", None).amax((0, 2, 3)), rtol=1e-5, atol=0)
    made = folded(model, "conv2", None).amax((1, 2, 3))
    torch.testing.assert_close(made, model.fc.weight.detach().abs().view(3, 5, 4).amax((0, 2)), rtol=1e-5, atol=0)


def test_grouped_and_depthwise_readers_have_equal_ranges() -> None:
    model, x = spread(Mobile().double()), images(2)
    compress.equalize(model, x)
    stem, depth = folded(model, "stem", None), folded(model, "depth", "norm1")
    torch.testing.assert_close(stem.amax((1, 2, 3)), depth.view(4, -1).amax(1), rtol=1e-5, atol=0)
    point = folded(model, "point", "norm2")
    torch.testing.assert_close(depth.amax((1, 2, 3)), point.amax((0, 2, 3)), rtol=1e-5, atol=0)
    grouped = folded(model, "grouped", None).amax((2, 3)).view(2, 2, 3).amax(1).flatten()
    torch.testing.assert_close(point.amax((1, 2, 3)), grouped, rtol=1e-5, atol=0)


def two_layers() -> nn.Sequential:
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    model[0].weight.data = torch.tensor([[8.0, -1], [0.25, -0.5], [0, 0], [3, 3]], dtype=torch.float64)
    model[0].bias.data = torch.tensor([4.0, 1, 5, 6], dtype=torch.float64)
    model[2].weight.data = torch.tensor([[0.5, -2, 7, 0], [0.25, 1, 0, 0]], dtype=torch.float64)
    return model


def test_published_formula_on_two_layers_and_dead_channels_alone() -> None:
    model = two_layers()
    report = compress.equalize(model, torch.ones(1, 2))
    # r1 = 8, 0.5; r2 = 0.5, 2; s = sqrt(r1 r2) / r2 = 4, 0.5; the third is not made, the fourth not read
    torch.testing.assert_close(model[0].weight.detach(), torch.tensor([[2, -0.25], [0.5, -1], [0, 0], [3, 3]]).double())
    torch.testing.assert_close(model[0].bias.detach(), torch.tensor([1.0, 2, 5, 6]).double())
    torch.testing.assert_close(model[2].weight.detach(), torch.tensor([[2, -1, 7, 0], [1, 0.5, 0, 0]]).double())
    assert (report.pairs[0].made, report.pairs[0].read) == ((16.0, 2.0), (4.0, 2.0))
    assert str(report).splitlines()[1].split() == ["0", "2", "4", "16", "2", "4", "2"]
    assert str(report).splitlines()[2] == "2: its result leaves the model"


def test_reasons() -> None:
    model, x = spread(Stopped().double()), images(2)
    before = copy.deepcopy(model.state_dict())
    report = compress.equalize(model, x)
    assert report.pairs == ()
    assert report.reasons == {
        "conv1": "operator 'relu6' at 'the model's forward' does not scale with what it reads",
        "conv2": "the batch norm after it has no factors",
        "conv3": "operator 'pad' at 'the model's forward' does not scale with what it reads",
        "conv4": "'conv5', which reads its result, is called more than once",
        "conv5": "it is called more than once",
    }
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_residual_reasons() -> None:
    report = compress.equalize(spread(Branches().double()), images(2))
    assert report.reasons == {
        "stem": "its result has 2 readers",
        "inner": "operator 'add' at 'the model's forward' does not scale with what it reads",
        "last": "its result leaves the model",
    }


def test_tied_weights_are_left_alone() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3)).double()
    model[2].weight = model[0].weight
    assert compress.equalize(model, torch.ones(2, 3)).pairs == ()


def test_masked_weights_keep_mask_and_function() -> None:
    model, x = spread(Chain().double()), images(1)
    prune.l1_unstructured(model.conv2, "weight", 0.5)
    mask, before = model.conv2.weight_mask.clone(), model(x)
    assert len(compress.equalize(model, x).pairs) == 2
    assert (model(x) - before).abs().max() <= 1e-12 * before.abs().max()
    assert torch.equal(model.conv2.weight == 0, mask == 0)
