"""A quantized model trains, stops, resumes and moves like any module, and zeros stay the code of zero."""

from __future__ import annotations

import copy
import io
from functools import cache
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

import edgeq  # noqa: E402
from edgeq import compress  # noqa: E402
from edgeq.agreement import agreement  # noqa: E402
from edgeq.compress.training import Recipe, make_examples, train  # noqa: E402
from tests.compress.quantization.nets import Branches, Plain, images, seeded  # noqa: E402

X = images(16)
Y = (X[:, 0].mean((1, 2)) > 0).long() + (X[:, 1].mean((1, 2)) > 0).long()


@cache
def _made(batch_norm: str) -> Any:
    return compress.quantize(seeded(Plain).train(), {"weights": {"bits": 4}, "batch_norm": batch_norm}, X[:1])


def made(batch_norm: str = "fold") -> Any:
    """Return a network that is quantized and in training mode."""
    return copy.deepcopy(_made(batch_norm))


def step(model: nn.Module, optimizer: Any, x: Any = X, y: Any = Y) -> float:
    """Train one step; return the loss."""
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def test_every_weight_and_batch_norm_gets_a_gradient_and_the_loss_falls() -> None:
    model = made()
    assert model.training
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    losses = [step(model, optimizer) for _ in range(12)]
    assert losses[-1] < losses[0] - 0.2
    names = {name for name, parameter in model.named_parameters() if parameter.grad is None or not parameter.grad.any()}
    assert names == {"conv1.bias"}  # batch norm takes it away again
    assert {name for name, _ in model.named_parameters()} == {name for name, _ in Plain().named_parameters()}


@pytest.mark.parametrize("batch_norm", ["fold", "keep"])
def test_a_trained_model_agrees_with_its_integers(batch_norm: str) -> None:
    model = made(batch_norm)
    train(model, make_examples(X.numpy(), Y.numpy()), Recipe(epochs=3, batch=8, lr=0.01))
    assert not model.training
    found = agreement(model, edgeq.lower(compress.convert(model)), X)
    assert sum(each.differing for each in found[:-1]) == 0


def test_the_callers_model_is_left_alone() -> None:
    net = seeded(Plain)
    prune.l1_unstructured(net.fc, "weight", amount=0.5)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    model = compress.quantize(net, {}, X[:1]).train()
    step(model, torch.optim.SGD(model.parameters(), lr=0.1))
    assert {name: torch.equal(value, before[name]) for name, value in net.state_dict().items()} == dict.fromkeys(
        before, True)
    assert "fc.weight" in dict(model.named_parameters())


def test_a_resumed_model_goes_on_as_it_would_have() -> None:
    first, second = made(), made()
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9) for model in (first, second)]
    step(first, optimizers[0])
    compress.freeze(first, observers=False)
    stream = io.BytesIO()
    torch.save({"model": first.state_dict(), "optimizer": optimizers[0].state_dict()}, stream)
    stored = torch.load(io.BytesIO(stream.getvalue()), weights_only=True)
    second.load_state_dict(stored["model"])
    optimizers[1].load_state_dict(stored["optimizer"])
    torch.manual_seed(1)
    step(first, optimizers[0])
    torch.manual_seed(1)
    step(second, optimizers[1])
    assert bool(second.bn1.frozen)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name


def test_frozen_ranges_and_statistics_stay() -> None:
    model = made()
    model(X)
    compress.freeze(model)
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    step(model, optimizer, 3 * X)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {name for name, _ in model.named_parameters()}


def test_copies_and_float64_compute_the_same() -> None:
    model = made()
    model(X)
    model.eval()
    expected = model(X)
    copied = copy.deepcopy(model)
    with torch.no_grad():
        copied.conv1.weight += 1
    assert torch.equal(model(X), expected)
    exact = copy.deepcopy(model).double()
    assert exact(X.double()).dtype == torch.float64
    torch.testing.assert_close(exact(X.double()).float(), expected, rtol=1e-3, atol=1e-3)


def test_autocast_leaves_scales_in_float32() -> None:
    plain, cast = made(), made()
    torch.manual_seed(2)
    plain(X)
    torch.manual_seed(2)
    with torch.autocast("cpu", torch.bfloat16):
        loss = nn.functional.cross_entropy(cast(X), Y)
    loss.backward()
    assert cast.conv2.weight.grad.dtype == torch.float32
    codes = [model.get_submodule("activations.x").codes() for model in (plain, cast)]
    assert codes[0] == codes[1]
    assert {value.dtype for value in cast.state_dict().values() if value.is_floating_point()} <= {
        torch.float32, torch.float64}
    weights = [model.fc.weight_quantizer.codes(model.fc.weight).codes for model in (plain, cast)]
    assert torch.equal(*weights)


def test_dropout_drops_while_training_only() -> None:
    model = made()
    model(X)
    assert isinstance(model.drop, nn.Dropout)
    assert model.drop.p == 0.3
    assert not torch.equal(model(X), model(X))
    model.eval()
    assert torch.equal(model(X), model(X))


def test_pruned_weights_stay_the_code_of_zero() -> None:
    net = seeded(Plain).train()
    compress.prune(net, {"pattern": "conv2.weight", "sparsity": 0.75})
    model = compress.quantize(net, {"weights": {"bits": 4}}, X[:1])
    keeper, optimizer = compress.MaskKeeper(model), torch.optim.Adam(model.parameters(), lr=0.05)
    keeper.attach(optimizer)
    for _ in range(3):
        step(model, optimizer)
    assert (model.conv2.weight == 0).float().mean() == 0.75
    found = model.conv2.codes(model.get_submodule("activations.conv1"), model.bn2)
    assert torch.equal(found.weight.codes == 0, model.conv2.weight == 0) or (found.weight.codes == 0).sum() > 324
    assert (found.weight.codes[model.conv2.weight == 0] == 0).all()


def test_any_batch_and_any_order_of_layers() -> None:
    model = compress.quantize(seeded(Branches), {}, X[:1], calibration=X)
    assert [len(model(X[:count])) for count in (1, 2, 6)] == [1, 2, 6]
    torch.testing.assert_close(model(X[:2]), model(X)[:2])


def test_calibration_observes_the_float_model() -> None:
    net = seeded(Plain)
    model = compress.quantize(net, {"mode": "ptq", "weights": {"bits": 2}, "activations": {"observer": "min_max"}},
                              X[:1], calibration=X)
    with torch.no_grad():
        seen = torch.relu(net.bn1(net.conv1(X)))
    codes = model.get_submodule("activations.conv1").codes()
    assert codes.scale == pytest.approx(float(seen.max()) / 255, rel=1e-6)
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not model.training
