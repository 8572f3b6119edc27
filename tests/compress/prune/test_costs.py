"""Parameters, zeros and multiply-accumulates: counts worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import prune as torch_prune

from edgeq.compress import prune, report
from edgeq.errors import InputError
from tests.examples import example


def test_lenet5_as_published() -> None:
    model = example("lenet5/model.py").LeNet5()
    prune(model, [{"pattern": "conv3.weight", "sparsity": 0.9}, {"pattern": "fc2.weight", "sparsity": 1}])
    found = report(model, np.zeros((3, 1, 28, 28), np.float32))
    assert [(w.name, w.shape, w.parameters, w.nonzero, w.macs, w.macs_left) for w in found.weights] == [
        ("conv1.weight", (6, 1, 5, 5), 150, 150, 117600, 117600),
        ("conv2.weight", (16, 6, 5, 5), 2400, 2400, 240000, 240000),
        ("conv3.weight", (120, 16, 5, 5), 48000, 4800, 48000, 4800),
        ("fc1.weight", (84, 120), 10080, 10080, 10080, 10080),
        ("fc2.weight", (10, 84), 840, 0, 840, 0),
    ]
    assert (found.total.parameters, found.vectors, found.parameters, found.total.macs) == (61470, 236, 61706, 416520)
    assert found.weights[2].sparsity == 0.9
    assert found.as_dict()["weights"][4] == {
        "name": "fc2.weight", "shape": [10, 84], "parameters": 840, "nonzero": 0, "macs": 840, "macs_left": 0,
        "sparsity": 1.0}
    assert str(found).splitlines()[3].split() == ["conv3.weight", "120x16x5x5", "48000", "4800", "0.9", "48000", "4800"]


class Functions(nn.Module):
    """Use each parameter by a function."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.ones(2, 3, 3, 3))
        self.right = nn.Parameter(torch.ones(3, 4))
        self.left = nn.Parameter(torch.ones(5, 3))
        self.twice = nn.Linear(4, 4, bias=False)
        self.up = nn.ConvTranspose2d(2, 6, 2, 2, groups=2, bias=False)
        self.table = nn.Embedding(7, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, 3, 8, 8) to one number."""
        y = self.up(functional.conv2d(input=x, weight=self.kernel))
        rows = y.transpose(1, -1)[..., :3] @ self.right
        columns = torch.matmul(self.left, y[:, :3, :, 0])
        return self.twice(self.twice(rows)).sum() + columns.sum() + self.table.weight.sum()


def test_functions_are_seen_and_what_is_not_known_is_none() -> None:
    found = report(Functions(), torch.zeros(2, 3, 8, 8))
    assert {w.name: w.macs for w in found.weights} == {
        "kernel": 54 * 6 * 6,  # 6x6 positions
        "right": 12 * 12 * 12,  # 12x12 rows
        "left": 15 * 12,  # 12 columns
        "twice.weight": 16 * 2 * 12 * 12,
        "up.weight": 24 * 6 * 6,  # every input position
        "table.weight": None,
    }
    assert found.total.macs == 1944 + 1728 + 180 + 4608 + 864
    assert all(w.macs is None for w in report(Functions()).rows)


@pytest.mark.parametrize(
    ("module", "shape", "macs"),
    [
        (nn.Conv2d(4, 8, 3, stride=2, padding=1, groups=4, bias=False), (4, 9, 9), 8 * 9 * 25),
        (nn.Conv2d(4, 8, (3, 1), dilation=2), (4, 9, 5), 8 * 4 * 3 * 5 * 5),
        (nn.Conv1d(2, 3, 4), (2, 10), 24 * 7),
        (nn.Conv3d(1, 2, 2), (1, 3, 3, 3), 16 * 8),
        (nn.Linear(5, 7), (6, 5), 35 * 6),
    ],
)
def test_kinds_of_layers(module: nn.Module, shape: tuple[int, ...], macs: int) -> None:
    assert report(module, torch.zeros(2, *shape)).total.macs == macs


def test_the_model_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5))
    model[2].eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    report(model, torch.ones(2, 1, 5, 5))
    assert [m.training for m in model] == [True, True, False]
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())


def test_masks_of_torch_count_as_zeros() -> None:
    model = nn.Sequential(nn.Linear(4, 2))
    torch_prune.l1_unstructured(model[0], "weight", 3)
    (found,) = report(model, torch.zeros(1, 4)).weights
    assert (found.name, found.nonzero, found.macs, found.macs_left) == ("0.weight", 5, 8, 5)


def test_before_and_after() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 2, bias=False))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([1.0, 2, 3, 4, 5, 6, 7, 0]).reshape(2, 1, 2, 2))
    done = prune(model, {"pattern": "*.weight", "sparsity": 0.25}, torch.zeros(1, 1, 3, 3))
    assert (done.before.total.macs_left, done.after.total.macs_left) == (28, 24)
    assert str(done).splitlines()[1].split() == ["0.weight", "2x1x2x2", "8", "7", "6", "0.25", "32", "24"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (torch.zeros(1, 5), r"example_inputs: the model cannot take \[1, 5\]: "),
        (3, "example_inputs: expected an array or tensor with N first"),
        ((), "example_inputs: expected an array or tensor with N first"),
    ],
)
def test_wrong_example_inputs_are_named(inputs, message: str) -> None:
    model = nn.Sequential(nn.Linear(4, 2))
    before = model[0].weight.clone()
    with pytest.raises(InputError, match=message):
        prune(model, {"pattern": "*.weight", "sparsity": 0.5}, inputs)
    assert torch.equal(model[0].weight, before)
    assert model.training
