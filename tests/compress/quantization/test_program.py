"""Quantizers stand where lowering would put them, and the program holds the integers under the user's names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

import edgeq  # noqa: E402
from edgeq import compress  # noqa: E402
from edgeq.compress.quantization.base import ActivationQuantizer  # noqa: E402
from edgeq.errors import ModelError  # noqa: E402
from edgeq.frontend.capture import capture  # noqa: E402
from edgeq.frontend.lower import lower_program, make_options  # noqa: E402
from edgeq.simulator import simulate  # noqa: E402
from tests.compress.quantization.nets import Branches, Line, Plain, Twice, images, seeded  # noqa: E402

SHAPES = {Plain: (2, 8, 8), Branches: (2, 8, 8), Twice: (4, 8, 8), Line: (2, 16)}


def made(net: nn.Module, config: Any = None, *shape: int) -> Any:
    """Return a calibrated network."""
    x = images(8, *shape)
    return compress.quantize(net, {"mode": "ptq", **(config or {})}, x[:1], calibration=x)


def quantized(model: Any) -> list[str]:
    """Return the layers whose results are quantized, in order."""
    modules = dict(model.named_modules())
    return [node.meta["layer"] for node in model.graph.nodes
            if node.op == "call_module" and isinstance(modules[node.target], ActivationQuantizer)]


@pytest.mark.parametrize(("kind", "expected"), [
    (Plain, ["x", "conv1", "conv2"]),
    (Branches, ["x", "kernel", "block.depthwise", "block.pointwise", "add", "cat"]),
    (Twice, ["x", "first", "conv", "conv_1", "norm", "add", "last", "fc", "tanh"]),
    (Line, ["x", "conv", "up", "sigmoid"]),
])
def test_quantizers_stand_where_lowering_puts_them_into_the_float_model(
    kind: type[nn.Module], expected: list[str]
) -> None:
    x, net = images(8, *SHAPES[kind]), seeded(kind)
    assert quantized(made(net, None, *SHAPES[kind])) == expected
    found = lower_program(capture(net, x[:1]), make_options(), x.numpy())
    theirs = ["kernel" if layer == "conv2d" else layer for layer in found.ranges]  # a parameter names its layer here
    assert theirs == expected


def test_inputs_results_and_tables_have_their_own_roundings() -> None:
    model = made(seeded(Line), {"preset": "onnx_qlinear"}, 2, 16)
    assert {name: model.get_submodule(f"activations.{name}").rounding.name for name in ("x", "conv", "sigmoid")} == {
        "x": "ties_even", "conv": "ties_even", "sigmoid": "ties_even"}
    model = made(seeded(Line), None, 2, 16)
    assert {name: model.get_submodule(f"activations.{name}").rounding.name for name in ("x", "conv", "sigmoid")} == {
        "x": "ties_even", "conv": "ties_up", "sigmoid": "ties_even"}


def test_outputs_are_quantized_where_their_layer_asks() -> None:
    pattern, name = ({"layers": {each: {"activations": {"bits": 4}}}} for each in ("*", "fc"))
    assert quantized(made(seeded(Plain), pattern)) == ["x", "conv1", "conv2"]
    assert quantized(made(seeded(Plain), name)) == ["x", "conv1", "conv2", "fc"]


class Small(nn.Module):
    """One linear layer and a ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 1)
        self.fc.weight.data = torch.tensor([[0.25, -1.0]])
        self.fc.bias.data = torch.tensor([0.1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.fc(x))


def test_integers_by_hand(tmp_path: Path) -> None:
    model = compress.quantize(Small(), {
        "mode": "ptq", "layers": {"x": {"activations": {"range": [0.0, 2.55]}},
                                  "fc": {"activations": {"range": [0.0, 5.1]}}}}, torch.zeros(1, 2),
        calibration=torch.ones(1, 2))
    program = compress.convert(model)
    assert program.state_dict["fc.weight"].dtype == torch.int8
    assert program.state_dict["fc.weight"].tolist() == [[32, -127]]  # 0.25 * 127 = 31.75
    assert program.state_dict["fc.bias"].tolist() == [1270]          # 0.1 / (0.01 / 127)
    torch.export.save(program, tmp_path / "net.pt2")
    graph = edgeq.lower(tmp_path / "net.pt2")
    sums = simulate(graph, {"x": np.array([[2.0, 0.1]])}).values["fc.acc"]
    assert sums.tolist() == [[200 * 32 - 10 * 127 + 1270]]
    assert program.module()(torch.tensor([[2.0, 0.1], [0.0, 2.0]])).tolist() == [
        [pytest.approx(25 * 0.02)], [0.0]]  # 0.504 - 0.1 + 0.1 = 0.504


@pytest.mark.parametrize(("bits", "kept"), [(2, torch.int8), (8, torch.int8), (9, torch.int16), (16, torch.int16)])
def test_codes_are_stored_in_the_smallest_type(bits: int, kept: Any) -> None:
    config = {"first_last_bits": None, "weights": {"bits": bits}, "activations": {"bits": bits}}
    program = compress.convert(made(Small(), config, 2))
    assert program.state_dict["fc.weight"].dtype == kept
    codes = [node.args[-1] for node in program.graph.nodes if "quantize_per_tensor" in str(node.target)]
    assert codes == [kept] * 2
    edgeq.lower(program)


class Functional(nn.Module):
    """Weights that no module owns, one of them computed."""

    def __init__(self, computed: bool) -> None:
        super().__init__()
        self.computed = computed
        self.matrix = nn.Parameter(torch.randn(2, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, self.matrix * 2) if self.computed else x @ self.matrix


class Pair(nn.Module):
    """Two results, or a mapping of them."""

    def __init__(self, mapping: bool) -> None:
        super().__init__()
        self.mapping, self.fc, self.head = mapping, nn.Linear(2, 2), nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> Any:
        y = functional.relu(self.fc(x))
        return {"a": y} if self.mapping else (y, self.head(y))


def test_what_has_no_integers_is_refused_by_name() -> None:
    x = images(4, 2)
    with pytest.raises(ModelError, match=r"layer 'linear': its weight is computed while the model runs"):
        compress.quantize(Functional(True), {}, x)
    with pytest.raises(ModelError, match=r"layer 'matmul': it multiplies by a stored matrix; write it as nn.Linear"):
        compress.quantize(Functional(False), {}, x)
    with pytest.raises(ModelError, match="neither a tensor nor a tuple of tensors"):
        compress.quantize(Pair(True), {}, x)
    with pytest.raises(ModelError, match="layer '0': batch norm without running statistics"):
        compress.quantize(nn.Sequential(nn.BatchNorm1d(2, track_running_stats=False)).eval(), {}, x)


def test_several_results_stay_several() -> None:
    model = made(Pair(False), None, 2)
    found = model(images(3, 2))
    assert [tuple(each.shape) for each in found] == [(3, 2), (3, 1)]
    assert [output.name for output in edgeq.lower(compress.convert(model)).outputs] == ["fc", "head"]
