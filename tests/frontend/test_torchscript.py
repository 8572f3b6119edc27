"""Scripts: straight lines lower, branches are refused."""

from __future__ import annotations

import warnings

import pytest

import edgeq
from edgeq.errors import UnsupportedOpError
from tests.frontend.fx_models import engine, images, refused

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402


@pytest.fixture(autouse=True)
def _engine():
    with engine("x86"):
        yield


class Branches(nn.Module):
    """A result that depends on the numbers."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool(x.sum() > 0):
            return F.relu(x)
        return x


class Looks(nn.Module):
    """Asserts, sizes, a list, a tuple and a cast, all in a straight line."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        assert x.dim() == 4
        y = self.conv(x).to(torch.float32)
        a, b = F.relu(y), F.max_pool2d(y, [2, 2])
        return a.view(x.size(0), -1), b


def _script(model: nn.Module) -> torch.jit.ScriptModule:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(model.eval())


def test_scripts_that_branch_arerefused() -> None:
    refused(r"^prim::If \(File .*line [0-9]+.*\): it is no plain operator; export the model with torch.export.export",
             lambda: edgeq.lower(_script(Branches()), images(2).numpy()), UnsupportedOpError)


def test_a_script_in_a_straight_line() -> None:
    script = _script(Looks())
    graph = edgeq.lower(script, images(2).numpy(), images(8).numpy())
    expected = edgeq.lower(Looks().eval(), images(2).numpy(), images(8).numpy())
    assert [n.op.KIND for n in graph.nodes] == [n.op.KIND for n in expected.nodes]
    assert [graph.types[o.value].shape for o in graph.outputs] == [(784,), (4, 7, 7)]
    assert script.training is False
