"""Zeros stay zero with any optimizer, through skipped steps, resumption and a change of type."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

from edgeq.compress import MaskKeeper, prune
from edgeq.errors import InputError

OPTIMIZERS = {
    "sgd momentum decay": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.1),
    "sgd nesterov foreach": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, foreach=True),
    "sgd fused": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, fused=True),
    "adam": lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.1),
    "adam foreach": lambda p: torch.optim.Adam(p, 0.1, amsgrad=True, foreach=True),
    "adam fused": lambda p: torch.optim.Adam(p, 0.1, fused=True),
    "adamw": lambda p: torch.optim.AdamW(p, 0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.1, momentum=0.5),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.1),
    "lbfgs": lambda p: torch.optim.LBFGS(p, max_iter=3),
}


def network() -> nn.Sequential:
    """Return a small network of two weights, equal at every call."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


def steps(model: nn.Module, optimizer: torch.optim.Optimizer, count: int = 3) -> None:
    """Train a few steps on random data."""
    generator = torch.Generator().manual_seed(5)
    for _ in range(count):
        x = torch.randn(16, 6, generator=generator)

        def loss(x: torch.Tensor = x) -> torch.Tensor:
            optimizer.zero_grad()
            value = model(x).square().mean()
            value.backward()
            return value

        optimizer.step(loss)


def zeros(model: nn.Module) -> list[list]:
    """Return where each weight is zero."""
    return [(p == 0).tolist() for p in model.parameters() if p.ndim > 1]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_zeros_stay_and_the_rest_is_trained(name: str) -> None:
    model = network()
    prune(model, {"pattern": "*.weight", "sparsity": 0.5})
    pruned, before = zeros(model), model[0].weight.detach().clone()
    optimizer = OPTIMIZERS[name](model.parameters())
    keeper = MaskKeeper(model).attach(optimizer)
    steps(model, optimizer)
    assert zeros(model) == pruned
    moved = model[0].weight.detach() != before
    assert int(moved.sum()) >= 20  # of 24 that are left: a dead ReLU may keep a row
    keeper.detach()
    steps(model, optimizer)
    assert zeros(model) != pruned


def test_zeros_of_vectors_are_trained() -> None:
    model = network()
    nn.init.zeros_(model[0].bias)
    optimizer = torch.optim.Adam(model.parameters(), 0.1)
    keeper = MaskKeeper(model).attach(optimizer)
    steps(model, optimizer)
    assert keeper.masks == {}
    assert int((model[0].bias != 0).sum()) >= 6


def test_momentum_from_before_the_pruning_does_not_revive() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.99)
    steps(model, optimizer)
    prune(model, {"pattern": "*.weight", "sparsity": 1.0})
    MaskKeeper(model).attach(optimizer)
    steps(model, optimizer)
    assert all(not p.any() for p in model.parameters() if p.ndim > 1)


def test_a_step_that_the_grad_scaler_skips_and_those_it_takes() -> None:
    model = network()
    prune(model, {"pattern": "*.weight", "sparsity": 0.5})
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=0.1)
    MaskKeeper(model).attach(optimizer)
    pruned, scaler = zeros(model), torch.amp.GradScaler("cpu", init_scale=2.0**10)
    for k in range(4):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(torch.ones(4, 6)).square().mean()
        scaler.scale(loss).backward()
        before = model[0].weight.detach().clone()
        if k == 1:
            model[0].weight.grad[0, 0] = torch.inf
        scaler.step(optimizer)
        scaler.update()
        assert torch.equal(before, model[0].weight) == (k == 1)
        assert zeros(model) == pruned
    assert scaler.get_scale() == 2.0**9


def test_infinite_and_no_numbers_are_set_to_zero_too() -> None:
    model = network()
    prune(model, {"pattern": "*.weight", "sparsity": 1.0})
    keeper = MaskKeeper(model)
    with torch.no_grad():
        model[0].weight.fill_(torch.inf)
        model[2].weight.fill_(torch.nan)
    keeper.apply()
    assert all(not p.any() for p in model.parameters() if p.ndim > 1)


def test_several_optimizers_and_parameter_groups() -> None:
    model = network()
    prune(model, {"pattern": "*.weight", "sparsity": 0.5})
    pruned = zeros(model)
    first = torch.optim.SGD([{"params": [model[0].weight], "lr": 0.5}, {"params": [model[0].bias]}], 0.1, momentum=0.9)
    second = torch.optim.Adam(model[2].parameters(), 0.1, weight_decay=1)
    MaskKeeper(model).attach(first).attach(second)
    steps(model, first)
    steps(model, second)
    assert zeros(model) == pruned


def test_a_mask_of_torch_is_kept_masked_and_baked() -> None:
    model = network()
    torch_prune.l1_unstructured(model[0], "weight", 0.5)
    keeper = MaskKeeper(model)
    assert list(keeper.masks) == ["0.weight"]
    expected = (model[0].weight_mask == 0).tolist()
    optimizer = torch.optim.AdamW(model.parameters(), 0.1)
    keeper.attach(optimizer)
    steps(model, optimizer)
    assert (model[0].weight_orig == 0).tolist() == expected
    torch_prune.remove(model[0], "weight")
    steps(model, optimizer)
    assert (model[0].weight == 0).tolist() == expected


def test_training_is_resumed_with_the_stored_masks() -> None:
    model = network()
    prune(model, {"pattern": "*.weight", "sparsity": 0.5})
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    keeper = MaskKeeper(model).attach(optimizer)
    steps(model, optimizer, 1)
    stream = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "masks": keeper.state_dict()}, stream)
    steps(model, optimizer)
    stream.seek(0)
    stored = torch.load(stream, weights_only=True)
    other = network()
    again = torch.optim.SGD(other.parameters(), 0.1, momentum=0.9)
    kept = MaskKeeper(other).attach(again)
    other.load_state_dict(stored["model"], assign=True)
    again = torch.optim.SGD(other.parameters(), 0.1, momentum=0.9)
    kept.attach(again)
    again.load_state_dict(stored["optimizer"])
    kept.load_state_dict(stored["masks"])
    generator_steps = zeros(model)
    steps(other, again)
    assert zeros(other) == generator_steps
    assert all(map(torch.equal, model.parameters(), other.parameters()))


def test_types_and_copies() -> None:
    model = network().double()
    prune(model, {"pattern": "*.weight", "sparsity": 0.5})
    keeper = MaskKeeper(model)
    model.half()
    keeper.apply()
    assert model[0].weight.dtype == torch.float16
    state = keeper.state_dict()
    state["0.weight"].fill_(False)
    assert keeper.masks["0.weight"].any()


def test_masks_given_by_name_are_joined() -> None:
    model = network()
    keeper = MaskKeeper(model, {"2.weight": torch.ones(3, 8)})
    assert keeper.masks["2.weight"].all()
    half = torch.ones(3, 8)
    half[:, :4] = 0
    keeper.update({"2.weight": half})
    keeper.update({"2.weight": 1 - half})
    assert not keeper.masks["2.weight"].any()
    nn.init.ones_(model[2].weight)
    keeper.apply()
    assert not model[2].weight.any()


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"1.weight": torch.ones(1)}, "mask '1.weight': the model has no such parameter; it has 0.weight, 0.bias"),
        ({"0.weight": torch.ones(1)}, r"mask '0.weight' has shape \[1\], the weight \[8, 6\]"),
        ({"0.weight": 5}, "mask '0.weight' is 5, expected a tensor"),
    ],
)
def test_wrong_masks_are_named_and_change_nothing(masks: dict, message: str) -> None:
    model = network()
    prune(model, {"pattern": "*.weight", "sparsity": 0.5})
    keeper = MaskKeeper(model)
    before = keeper.state_dict()
    with pytest.raises(InputError, match=message):
        keeper.load_state_dict(masks)
    assert list(keeper.masks) == list(before) == ["0.weight", "2.weight"]
    assert all(torch.equal(before[name], mask) for name, mask in keeper.masks.items())


def test_wrong_optimizers_are_named() -> None:
    model = network()
    keeper = MaskKeeper(model)
    with pytest.raises(InputError, match="the optimizer holds no parameter of the model; make it from the parameters"):
        keeper.attach(torch.optim.SGD(copy.deepcopy(model).parameters(), 0.1))
    with pytest.raises(InputError, match=r"attach: got str, expected a torch.optim.Optimizer"):
        keeper.attach("adam")


def test_a_parameter_that_left_the_model_is_named() -> None:
    model = network()
    prune(model, {"pattern": "*.weight", "sparsity": 0.5})
    keeper = MaskKeeper(model)
    model[0] = nn.Identity()
    with pytest.raises(InputError, match=r"mask '0.weight': the model has no such parameter any more"):
        keeper.apply()
