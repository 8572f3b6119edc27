"""The training loop of the commands: files, mistakes, equal seeds, hooks."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from edgeq.compress.training import Examples, Recipe, check_fit, count_correct, load_examples, make_examples, train
from edgeq.errors import InputError


def examples(count: int = 65) -> Examples:
    """Return points labelled by the larger of two coordinates."""
    x = np.random.default_rng(3).standard_normal((count, 2)).astype(np.float32)
    return make_examples(x, x.argmax(1))


class Fails(nn.Module):
    """Fail as any code may."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Raise."""
        raise KeyError


def network() -> nn.Sequential:
    """Return a small classifier with batch norm and dropout, equal at every call."""
    torch.manual_seed(4)
    return nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_it_learns_and_equal_seeds_give_equal_weights(optimizer: str) -> None:
    recipe = Recipe(epochs=8, lr=0.05, batch=16, optimizer=optimizer, weight_decay=1e-4)
    runs, losses, begun = [], [], []
    for k in range(3):
        model = network()
        torch.manual_seed(100 + k)
        state = torch.get_rng_state()
        train(model, examples(), recipe if k < 2 else Recipe(8, 0.05, 16, optimizer, seed=1), begin=begun.append,
              done=lambda epoch, loss: losses.append(loss))
        assert torch.equal(state, torch.get_rng_state())
        assert not model.training
        runs.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])
    assert begun[:8] == list(range(8))
    assert losses[7] < losses[0] / 2
    assert count_correct(model, examples()) >= 60


def test_the_order_of_examples_does_not_depend_on_what_the_model_draws() -> None:
    def order(dropout: float) -> list[float]:
        seen: list[float] = []
        model = nn.Sequential(nn.Linear(2, 4), nn.Dropout(dropout), nn.Linear(4, 2))
        model.register_forward_pre_hook(lambda m, x: seen.extend(x[0][:, 0].tolist()) if m.training else None)
        train(model, examples(), Recipe(2, batch=32))
        return seen

    assert order(0.0) == order(0.5)
    assert len(order(0.0)) == 130


def test_a_teacher_pulls_towards_its_probabilities() -> None:
    """One step of plain descent on one example, against Hinton's formula in numpy: T = 4, both terms by half."""
    model, teacher = nn.Linear(2, 3, bias=False).double(), nn.Linear(2, 3, bias=False).double()
    weights = np.array([[0.5, -1.0], [0.25, 2.0], [-0.75, 1.5]]), np.array([[4.0, 1.0], [-2.0, 3.0], [1.0, -6.0]])
    for module, weight in zip((model, teacher), weights, strict=True):
        module.weight.data = torch.from_numpy(weight.copy())
    x = np.array([1.5, -0.5])
    one = Examples(torch.from_numpy(x[None]), torch.tensor([2]))
    told: list[float] = []
    train(model, one, Recipe(1, 0.1, 1, "sgd", momentum=0.0), teacher=teacher, done=lambda _, loss: told.append(loss))

    def softmax(scores: np.ndarray) -> np.ndarray:
        powers = np.exp(scores - scores.max())
        return powers / powers.sum()

    scores, wanted = weights[0] @ x, softmax(weights[1] @ x / 4)
    soft = softmax(scores / 4)
    loss = (-np.log(softmax(scores)[2]) + 16 * (wanted * np.log(wanted / soft)).sum()) / 2
    slope = (softmax(scores) - [0, 0, 1] + 4 * (soft - wanted)) / 2
    np.testing.assert_allclose(told, [loss], rtol=1e-12)
    np.testing.assert_allclose(model.weight.detach(), weights[0] - 0.1 * np.outer(slope, x), rtol=1e-12)
    assert torch.equal(teacher.weight.detach(), torch.from_numpy(weights[1]))


def test_count_correct_by_hand() -> None:
    model = nn.Sequential(nn.Identity(), nn.Dropout(1.0))
    data = make_examples([[1.0, 0.0], [0.0, 1.0], [3.0, 2.0]], [0, 0, 0])
    assert count_correct(model, data, batch=2) == 2
    assert model.training


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "train.npz"
    np.savez(path, x=np.ones((2, 3), np.float64), y=np.array([0, 1], np.uint8), more=np.zeros(1))
    data = load_examples(path)
    assert (data.x.dtype, data.y.dtype, data.x.tolist(), data.y.tolist()) == (
        torch.float32, torch.int64, [[1] * 3] * 2, [0, 1])
    np.savez(path, x=np.ones((2, 3)))
    with pytest.raises(InputError, match=r"train.npz: has no array 'y'; write it with np.savez"):
        load_examples(path)
    np.savez(path, x=np.array([object()]), y=np.ones(1))
    with pytest.raises(InputError, match=r"train.npz: cannot be read as .npz: Object arrays cannot be loaded"):
        load_examples(path)
    np.savez_compressed(path, x=np.ones((2, 3)), y=np.ones(2, np.int64))
    data = bytearray(path.read_bytes())
    start = 30 + data[26] + data[28]  # of the deflated bytes, behind the local header
    data[start] |= 0b110  # a block of a kind that does not exist
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"train.npz: cannot be read as .npz: Error -3 while decompressing data"):
        load_examples(path)
    path.write_bytes(b"PK")
    with pytest.raises(InputError, match=r"train.npz: is no .npz file; write it with np.savez\(path, x=x, y=y\)"):
        load_examples(path)
    with pytest.raises(InputError, match=r"none.npz: no such file of examples"):
        load_examples(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones(3), np.ones(3, int), r"x has shape \[3\], expected N examples"),
        (np.ones((0, 3)), np.ones(0, int), r"x has shape \[0, 3\], expected N examples"),
        (np.ones((2, 3), np.uint8), np.ones(2, int), r"x is uint8, expected floats .* pixels are scaled first, as in"),
        (np.ones((2, 3)), np.ones(2), r"y is float64 of shape \[2\], expected 2 integer labels"),
        (np.ones((2, 3)), np.ones(3, int), r"y is int64 of shape \[3\], expected 2 integer labels"),
        (np.ones((2, 3)), np.array([0, -1]), r"y\[1\] is -1, expected labels from 0 on"),
        (np.ones((2, 3)), np.array([0, 2**64 - 1], np.uint64), r"y\[1\] is 18446744073709551615, expected"),
        (np.array([[1, np.inf]]), np.array([0]), r"x\[0, 1\] is inf, not finite"),
        (np.array([[1, 1e300]]), np.array([0]), r"x\[0, 1\] is 1e\+300, not finite in float32"),
    ],
)
def test_wrong_examples_are_named(x, y, message: str) -> None:
    with pytest.raises(InputError, match=f"mine: {message}"):
        make_examples(x, y, "mine")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Linear(3, 2), r"the model cannot take x of shape \[N, 2\]: mat1 and mat2"),
        (Fails(), r"the model cannot take x of shape \[N, 2\]: KeyError$"),
        (nn.Unflatten(1, (2, 1)), r"the model gives \[1, 2, 1\], expected scores of shape \[N, classes\]"),
        (nn.Linear(2, 1), r"y holds label 1, the model has 1 classes, 0..0"),
    ],
)
def test_examples_that_do_not_fit_the_model_are_named(model: nn.Module, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_fit(model, examples())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"epochs": 0}, "epochs is 0, expected an integer from 1 on"),
        ({"batch": 0}, "batch is 0, expected"),
        ({"seed": -1}, "seed is -1, expected an integer from 0 on"),
        ({"seed": 2**63}, "seed is 9223372036854775808, expected an integer of at most 63 bits"),
        ({"batch": 10**25}, "batch is 10000000000000000000000000, expected"),
        ({"lr": 1e300}, "lr is 1e\\+300, expected a number above 0 and up to 1e\\+06"),
        ({"weight_decay": 1e300}, "weight_decay is 1e\\+300, expected a number from 0 to 1e\\+06"),
        ({"devices": ("meta",)}, "device 'meta' cannot be used: "),
        ({"devices": ("hpu",)}, "device 'hpu' cannot be used: "),
        ({"lr": 0.0}, "lr is 0.0, expected a number above 0"),
        ({"lr": float("nan")}, "lr is nan, expected"),
        ({"momentum": 1.0}, "momentum is 1.0, expected a number from 0 to below 1"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0, expected"),
        ({"optimizer": "lion"}, "optimizer is 'lion', expected adam, adamw, sgd"),
        ({"devices": ("nowhere",)}, "device 'nowhere' cannot be used: "),
        ({"devices": ("cpu", "cpu")}, "device cpu,cpu: several devices are GPUs with numbers: cuda:0,cuda:1"),
    ],
)
def test_wrong_recipes_are_named(fields: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Recipe(**fields)


def test_a_batch_that_cannot_be_trained_on() -> None:
    with pytest.raises(InputError, match=r"^examples: training on a batch of 1 failed: Expected more than 1 value per"):
        train(network(), examples(), Recipe(1, batch=1))


def test_a_loss_that_is_no_number_and_a_model_without_parameters() -> None:
    model = nn.Linear(2, 2)
    for value in (torch.nan, torch.inf):
        nn.init.constant_(model.weight, value)
        with pytest.raises(InputError, match=r"epoch 1: the loss is nan; use a smaller learning rate than 0.5"):
            train(model, examples(), Recipe(1, 0.5, 16, "sgd"))
    with pytest.raises(InputError, match="train: the model has no trainable parameters"):
        train(nn.Identity(), examples(), Recipe(1))


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
def test_it_goes_on_after_any_epoch_bit_for_bit(optimizer: str) -> None:
    recipe, model = Recipe(epochs=4, lr=0.05, batch=16, optimizer=optimizer, weight_decay=1e-4), network()
    states: list[dict[str, Any]] = []
    weights: list[dict[str, torch.Tensor]] = []
    losses: list[tuple[int, float]] = []

    def keep(state: dict[str, Any]) -> None:
        states.append(copy.deepcopy(state))
        weights.append(copy.deepcopy(model.state_dict()))

    train(model, examples(), recipe, done=lambda *told: losses.append(told), keep=keep)
    assert [state["epoch"] for state in states] == [1, 2, 3, 4]
    for first in range(3):
        other, again = network(), []
        other.load_state_dict(weights[first])
        torch.manual_seed(first)
        train(other, examples(), recipe, done=lambda *told, again=again: again.append(told), start=states[first])
        assert again == losses[first + 1 :]
        assert all(torch.equal(other.state_dict()[name], value) for name, value in weights[3].items())


def test_states_of_another_training_are_refused() -> None:
    states: list[dict[str, Any]] = []
    train(network(), examples(), Recipe(epochs=1), keep=states.append)
    good = states[0]
    moments = good["optimizer"]
    for changes, message in (
        ({"optimizer": {**moments, 9: {}}}, "state: has moments of parameter 9, the model has 6"),
        ({"optimizer": {"a": {}}}, "state: has moments of parameter 'a', the model has 6"),
        ({"optimizer": {0: {"exp_avg": torch.zeros(3)}}}, r"exp_avg of parameter 0 has shape \[3\], expected \[8, 2\]"),
        ({"generators": good["generators"] * 2}, "state: of a training on 1 GPUs, here are 0; give the same --device"),
        ({"generators": [torch.zeros(3)]}, "state: is not of this training: "),
        ({"order": torch.zeros(3, dtype=torch.uint8)}, "state: is not of this training: "),
        ({"order": 3}, "state: is not of this training: "),
        ({"optimizer": 3}, "state: is not of this training: "),
    ):
        with pytest.raises(InputError, match=message):
            train(network(), examples(), Recipe(epochs=2), start={**good, **changes})
    with pytest.raises(InputError, match="state: is not of this training: 'order'"):
        train(network(), examples(), Recipe(epochs=2), start={k: v for k, v in good.items() if k != "order"})
