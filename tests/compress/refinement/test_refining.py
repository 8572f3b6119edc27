"""Corrected biases and learned roundings of quantized models, down to their integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import edgeq
from edgeq import compress
from edgeq.agreement import agreement
from edgeq.errors import CalibrationError, InputError
from tests.compress.refinement.nets import images, spread
from tests.data import need_data
from tests.examples import example

PTQ: dict[str, Any] = {"mode": "ptq", "first_last_bits": None, "weights": {"bits": 4},
                       "activations": {"observer": "min_max"}}


class Net(nn.Module):
    """Batch norm, a depthwise layer that is called without a bias, an average, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.depth = nn.Conv2d(6, 6, 3, groups=6, padding=1, bias=False)
        self.point = nn.Conv2d(6, 8, 1)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.depth(F.relu(self.norm(self.conv(x)))))
        return self.fc(F.adaptive_avg_pool2d(F.relu(self.point(x)), 1).flatten(1))


def net() -> tuple[nn.Module, Tensor]:
    return spread(Net()).float(), images(2, count=24).float()


def outputs(model: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        found = model(x)
    return found[0] if isinstance(found, tuple) else found


def distance(model: nn.Module, wanted: Tensor, x: Tensor) -> float:
    return float((outputs(model, x) - wanted).square().sum() / wanted.square().sum())


def test_correction_gives_a_linear_layer_the_mean_of_its_float_outputs() -> None:
    model = nn.Sequential(nn.Linear(8, 5, bias=False))
    model[0].weight.data = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    x = torch.randn(64, 8, generator=torch.Generator().manual_seed(2)) + 1
    made = compress.quantize(model, {**PTQ, "weights": {"bits": 2}}, x, x)
    wanted = x.numpy() @ model[0].weight.detach().numpy().T
    before = outputs(made, x).numpy().mean(0) - wanted.mean(0)
    report = compress.refine(made, x)
    after = outputs(made, x).numpy().mean(0) - wanted.mean(0)
    span = max(float(x.max()), 0) - min(float(x.min()), 0)
    step = span / 255 * np.abs(model[0].weight.detach().numpy()).max(1)  # 2-bit weights are -1, 0, 1 times the largest
    assert np.abs(before).max() > 0.1
    assert (np.abs(after) <= 0.51 * step).all()
    assert report.layers[0].shift == pytest.approx(np.abs(before).max(), rel=1e-4)
    assert made.get_submodule("0").bias.shape == (5,)


@pytest.mark.parametrize("kept", ["fold", "keep"])
def test_each_refinement_comes_nearer_to_the_float_model(kept: str) -> None:
    model, x = net()
    wanted = outputs(model, x)
    errors = {}
    for name, refine in {
        "plain": {}, "bias": {"bias_correction": True},
        "both": {"bias_correction": True, "reconstruct": {"steps": 60, "batch": 256}},
    }.items():
        made = compress.quantize(model, {**PTQ, "batch_norm": kept, "refine": refine}, x, x)
        errors[name] = distance(made, wanted, x)
    assert errors["both"] < errors["bias"] < errors["plain"]
    assert torch.equal(outputs(model, x), wanted)


@pytest.mark.parametrize("kept", ["fold", "keep"])
def test_integers_are_those_of_the_refined_model(kept: str) -> None:
    model, x = net()
    refine = {"equalize": True, "bias_correction": True, "reconstruct": {"steps": 20, "batch": 256}}
    made = compress.quantize(model, {**PTQ, "batch_norm": kept, "refine": refine}, x, x)
    graph = edgeq.lower(compress.convert(made))
    found = {each.layer: each for each in agreement(made, graph, x.numpy())}
    assert {"conv", "depth", "point", "fc"} <= found.keys()
    assert max(each.largest for each in found.values()) <= 1
    assert sum(each.differing for each in found.values()) < 0.01 * sum(each.values for each in found.values())


def test_report_counts_codes_that_changed_and_pruned_weights_stay_zero() -> None:
    model, x = net()
    with torch.no_grad():
        model.point.weight[:, ::2] = 0
    plain = compress.quantize(model, PTQ, x, x)
    made = compress.quantize(model, PTQ, x, x)
    report = compress.refine(made, x, bias_correction=False, reconstruct=compress.Reconstruct(steps=40, batch=256))
    assert [row.layer for row in report.layers] == ["conv", "depth", "point", "fc"]
    for row in report.layers:
        layer, other = made.get_submodule(row.layer), plain.get_submodule(row.layer)
        if row.layer != "conv":
            ours, theirs = (each.weight_quantizer.codes(each.weight.detach().double()).codes for each in (layer, other))
            assert int((ours != theirs).sum()) == row.changed
        assert row.learned <= row.nearest
        assert row.shift is None
    codes = made.get_submodule("point").weight_quantizer.codes(model.point.weight).codes
    assert (codes[:, ::2] == 0).all()
    assert codes.abs().max() == 7
    head = "layer error, nearest learned codes changed largest correction"
    assert str(report).splitlines()[0].split() == head.split()


@pytest.mark.parametrize("kept", ["fold", "keep"])
def test_fine_codes_have_small_errors_whatever_holds_the_batch_norm(kept: str) -> None:
    model, x = net()
    config = {**PTQ, "batch_norm": kept, "weights": {"bits": 16}, "activations": {"observer": "min_max", "bits": 16}}
    made = compress.quantize(model, config, x, x)
    report = compress.refine(made, x, bias_correction=False, reconstruct=compress.Reconstruct(steps=1))
    assert max(row.nearest for row in report.layers) < 1e-6


class Twice(nn.Module):
    """A layer that is called twice, and one that is not."""

    def __init__(self) -> None:
        super().__init__()
        self.again, self.last = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.relu(self.again(F.relu(self.again(x)))))


def test_a_layer_called_twice_is_left_alone_and_modes_stay() -> None:
    torch.manual_seed(0)
    model, x = Twice(), torch.randn(32, 4)
    made = compress.quantize(model, PTQ, x, x).train()
    before = made.get_submodule("again").bias.clone()
    report = compress.refine(made, x, reconstruct=compress.Reconstruct(steps=5))
    assert [row.layer for row in report.layers] == ["last"]
    assert torch.equal(made.get_submodule("again").bias, before)
    assert made.training
    assert made.get_submodule("last").training


def test_refusals() -> None:
    model, x = net()
    with pytest.raises(InputError, match="the model is a Net, expected"):
        compress.refine(model, x)
    with pytest.raises(InputError, match="reconstruct fixes the codes that mode qat trains"):
        compress.quantize(model, {"refine": {"reconstruct": {}}}, x, x)
    with pytest.raises(CalibrationError, match="refine corrects biases and learns roundings on data"):
        compress.quantize(model, {"refine": {"bias_correction": True}}, x)
    with pytest.raises(InputError, match=r"reconstruct: batch is 1[.]5, expected a number above 0"):
        compress.quantize(model, {**PTQ, "refine": {"reconstruct": {"batch": 1.5}}}, x, x)
    made = compress.quantize(model, PTQ, x, x)
    with pytest.raises(CalibrationError, match="NaN"):
        compress.refine(made, x * float("nan"))
    with pytest.raises(InputError, match="2 arrays given, the model has 1 inputs"):
        compress.refine(made, (x, x))


@pytest.mark.judge
def test_four_bit_weights_of_resnet8_keep_their_answers() -> None:
    """Float gets 145 of these 200 images right; figures for all images are on the room's page."""
    model = example("resnet8/model.py").load_reference(need_data("resnet8_cifar10") / "weights_float32.npz")
    with np.load(need_data("resnet8_cifar10") / "cifar10_3000.npz") as stored:
        images, labels = stored["x"][:700].transpose(0, 3, 1, 2), torch.from_numpy(stored["y"][500:700])
    x = torch.from_numpy(np.ascontiguousarray(images)).float()
    config = {"mode": "ptq", "weights": {"bits": 4}, "activations": {"observer": "min_max"}}
    made = compress.quantize(model, config, x[:2], x[:64])
    assert int((outputs(made, x[500:]).argmax(1) == labels).sum()) <= 128
    compress.refine(made, x[:64], reconstruct=compress.Reconstruct(steps=30, lr=0.2, batch=256))
    assert int((outputs(made, x[500:]).argmax(1) == labels).sum()) >= 137
