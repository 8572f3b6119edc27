"""Functions between quantized layers that have no lowering: each is named."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest

import edgeq
from edgeq.errors import UnsupportedOpError
from edgeq.ir.graph import Graph
from tests.frontend.fx_models import engine, images, quantize, refused

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402


@pytest.fixture(autouse=True)
def _engine():
    with engine("x86"):
        yield


class Calls(nn.Module):
    """One function between two layers."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.last = nn.Conv2d(4, 2, 1)
        self.function = function

    def forward(self, x):
        return self.last(self.function(self.first(x)))


def _calls(function: Callable[[torch.Tensor], torch.Tensor]) -> Graph:
    torch.manual_seed(0)
    return edgeq.lower(quantize(Calls(function).eval(), images(8), "x86"), images(2).numpy())


def test_operators_without_a_rule_are_named() -> None:
    refused(r"quantized.instance_norm '\w+': function quantized.instance_norm has no integer lowering; use conv",
             lambda: _calls(lambda x: F.instance_norm(x)), UnsupportedOpError)
    refused("'add_1': an operand is a number; only two computed values are lowered", lambda: _calls(lambda x: x + 1.0),
             UnsupportedOpError)


def test_an_operator_that_reads_codes_and_has_no_rule() -> None:
    """Eager code may apply what torch has quantized kernels for and no scale of its own."""
    from torch.ao import quantization as q

    class Eager(Calls):
        def __init__(self) -> None:
            super().__init__(F.celu)
            self.quant, self.dequant = q.QuantStub(), q.DeQuantStub()

        def forward(self, x):
            return self.dequant(super().forward(self.quant(x)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Eager().eval()
        model.qconfig = q.get_default_qconfig("x86")
        model = q.prepare(model)
        model(images(4))
        model = q.convert(model)
    refused(r"aten.celu.default 'celu'.*reads quantized values .* dequantize before it",
             lambda: edgeq.lower(model, images(2).numpy()), UnsupportedOpError)
