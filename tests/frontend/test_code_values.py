"""Which operators keep, round or leave the codes of a quantized tensor, in the program of an FX model."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import edgeq
from edgeq.frontend.capture import capture
from edgeq.frontend.program import Program, Ref
from tests.frontend.fx_models import engine, images, quantize, varied

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402


class Between(nn.Module):
    """A function of codes between two convolutions."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor], channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3)
        self.last = nn.Conv2d(channels, 2, 1)
        self.function = function

    def forward(self, x):
        return self.last(self.function(self.first(x)))


def program(function: Callable[[torch.Tensor], torch.Tensor], channels: int = 4) -> Program:
    """Return the program of an FX model."""
    torch.manual_seed(0)
    return capture(quantize(Between(function, channels).eval(), images(8), "x86"), images(2))


def codes_after(made: Program, op: str) -> tuple[object, ...] | None:
    """Return scale and zero point of the quantizer that reads an operator's result right away."""
    source = next(c.name for c in made.calls if c.op == op)
    reader = next(c for c in made.calls if c.args[:1] == (Ref(source),))
    return reader.args[1:3] if reader.op == "quantize_per_tensor" else None


def codes_of(made: Program, layer: str) -> tuple[object, ...]:
    """Return scale and zero point of a layer's result."""
    return next(c.args[1:3] for c in made.calls if c.op == "quantize_per_tensor" and c.module == layer)


@pytest.mark.parametrize(
    ("function", "op"),
    [
        (lambda x: F.avg_pool2d(x, 2), "avg_pool2d"),
        (lambda x: F.adaptive_avg_pool2d(x, 2), "adaptive_avg_pool2d"),
        (lambda x: x.mean((2, 3), keepdim=True), "mean"),
        (F.relu6, "relu6"),
        (lambda x: F.hardtanh(x, -0.5, 0.75), "hardtanh"),
        (lambda x: torch.clamp(x, -0.5, 0.75), "clamp"),
    ],
)
def test_what_rounds_to_the_codes_it_reads(function, op: str) -> None:
    made = program(function)
    assert codes_after(made, op) == codes_of(made, "first")


@pytest.mark.parametrize(
    ("function", "op", "channels"),
    [
        (lambda x: F.max_pool2d(x, 2), "max_pool2d", 4),
        (lambda x: x.reshape(x.size(0), 2, -1, 14), "reshape", 2),
        (lambda x: torch.cat([x, x], 1), "cat", 8),
        (lambda x: F.dropout(x, 0.5, False), "alias", 4),
    ],
)
def test_what_only_moves_codes(function, op: str, channels: int) -> None:
    made = program(function, channels)
    assert [c.op for c in made.calls].count("quantize_per_tensor") == 3
    assert codes_after(made, op) is None


@pytest.mark.parametrize(
    ("function", "op", "code"),
    [(torch.sigmoid, "sigmoid", (1 / 256, 0)), (F.hardsigmoid, "hardsigmoid", (1 / 256, 0)),
     (torch.tanh, "tanh", (1 / 128, 128))],
)
def test_what_has_codes_of_its_own(function, op: str, code: tuple[float, int]) -> None:
    assert codes_after(program(function), op) == code


def test_a_function_with_its_own_scale() -> None:
    made = program(F.hardswish)
    reader = codes_after(made, "hardswish")
    assert reader is not None
    assert reader != codes_of(made, "first")


def test_operators_behind_dequantize_are_float() -> None:
    """What FX left in float is not rounded: its pool goes to the next quantizer in full."""
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    class Partly(Between):
        def __init__(self) -> None:
            super().__init__(lambda x: x, 4)
            self.pool, self.end = nn.AvgPool2d(2), nn.AvgPool2d(2)

        def forward(self, x):
            return self.end(self.last(self.pool(self.first(x))))

    torch.manual_seed(0)
    with engine("x86"):
        config = get_default_qconfig_mapping("x86").set_module_name("last", None).set_module_name("end", None)
        prepared = prepare_fx(Partly().eval(), config, (images(2),))
        prepared(images(8))
        made = capture(convert_fx(prepared), images(2))
    pools = [c.name for c in made.calls if c.op == "avg_pool2d"]
    readers = [[c.op for c in made.calls if c.args[:1] == (Ref(pool),)] for pool in pools]
    assert readers == [["quantize_per_tensor"], []]
    assert made.outputs == (pools[1],)


def test_a_reference_model_gives_the_same_integers() -> None:
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, convert_to_reference_fx, prepare_fx

    def prepared() -> nn.Module:
        torch.manual_seed(0)
        made = prepare_fx(Between(F.relu, 4).eval(), get_default_qconfig_mapping("x86"), (images(2),))
        made(images(32))
        return made

    with engine("x86"):
        native, reference = convert_fx(prepared()), convert_to_reference_fx(prepared())
    graphs = [edgeq.lower(m, images(2).numpy()) for m in (native, reference)]
    assert [n.op for n in graphs[0].nodes] == [n.op for n in graphs[1].nodes]


def test_signed_activations() -> None:
    from torch.ao import quantization as q
    from torch.ao.quantization.backend_config import get_qnnpack_backend_config
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    with engine("qnnpack"):
        config = q.QConfigMapping().set_global(q.qconfig.default_symmetric_qnnpack_qconfig)
        prepared = prepare_fx(varied(), config, (images(2),), backend_config=get_qnnpack_backend_config())
        prepared(images(32))
        model = convert_fx(prepared, backend_config=get_qnnpack_backend_config())
    graph = edgeq.lower(model, images(2).numpy())
    assert {str(t.type) for t in graph.types.values() if t.type.bits == 8} == {"s8"}
    assert graph.types["fc2"].scale == model.fc2.scale
