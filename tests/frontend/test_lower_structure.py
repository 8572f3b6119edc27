"""What becomes of a model's structure: layers and their names, several inputs and outputs, 32-bit values."""

from __future__ import annotations

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from tests.oracles import lowering as oracle

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from tests.frontend.lowering import (  # noqa: E402
    OneInput,
    TwoInputs,
    conv,
    layers,
    linear,
    lower,
    noise,
    op,
    restored,
    zeros,
)

X = (-1.3, 2.1)
ROWS = [[0.5, -0.25], [0.125, 1.0]]


def sqnr(graph: edgeq.Graph, model: nn.Module, data: dict[str, np.ndarray]) -> list[float]:
    """Return dB of integer against float outputs, in the order of the outputs."""
    with torch.no_grad():
        reals = model(*(torch.from_numpy(a) for a in data.values()))
    reals = reals if isinstance(reals, tuple) else (reals,)
    gots = restored(graph, data)
    return [10 * np.log10((r.numpy() ** 2).mean() / (((g.reshape(r.shape) - r.numpy()) ** 2).mean() + 1e-30))
            for g, r in zip(gots.values(), reals, strict=True)]


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv(np.eye(2).reshape(2, 2, 1, 1)), conv(np.eye(2).reshape(2, 2, 1, 1))
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.conv2(self.relu(self.conv1(x))) + x)


class Nested(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(Block(), Block())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = linear(ROWS)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.layer1(x), 2))
        return self.fc(torch.flatten(self.pool(x), 1))


def test_names_are_module_paths_and_counters() -> None:
    """A module used once names its call; one used twice, and functional calls, are named op and counter."""
    graph = edgeq.lower(Nested().eval(), (zeros(2, 4, 4),), noise(8, 2, 4, 4))
    assert [n for n, _ in layers(graph)] == [
        "layer1.0.conv1", "layer1.0.conv2", "add.x1", "add.x2", "add",
        "layer1.1.conv1", "layer1.1.conv2", "add_1.x1", "add_1.x2", "add_1",
        "max_pool2d", "pool", "flatten", "fc",  # the ReLU of what is positive is nothing
    ]  # fmt: skip
    assert graph.outputs[0].name == "fc"


def test_a_relu_that_ends_a_shared_layer_keeps_its_own_name() -> None:
    def function(m, x):
        y = m.conv(x)
        return m.act(y), y

    graph = lower(OneInput(function, conv=conv(np.eye(2).reshape(2, 2, 1, 1)), act=nn.ReLU()), (2, 3, 3),
                  ranges={"x": X, "conv": X, "act": X}, out_bits=8)
    assert [o.name for o in graph.outputs] == ["act", "conv"]


def test_shared_modules_and_names_that_look_numbered_stay_unique() -> None:
    model = OneInput(lambda m, x: m.fc_1(m.fc(F.relu(m.fc(x)))), fc=linear(ROWS), fc_1=linear(ROWS))
    graph = edgeq.lower(model.eval(), (zeros(2),), noise(4, 2))
    assert [n for n, _ in layers(graph)] == ["fc", "fc_2", "fc_1"]
    model = OneInput(lambda m, x: getattr(m, "x")(x), x=linear(ROWS))  # noqa: B009 - the name is the point
    graph = lower(model, (2,), ranges={"x": X})
    assert [i.name for i in graph.inputs] + [n for n, _ in layers(graph)] == ["x", "x_1"]


def test_two_outputs_that_are_one_value() -> None:
    model = OneInput(lambda m, x: (lambda y: (y, F.dropout(y, training=False)))(m.fc(x)), fc=linear(ROWS))
    graph = lower(model, (2,), ranges={"x": X})
    assert [(o.name, o.value) for o in graph.outputs] == [("fc", "fc"), ("fc_1", "fc")]
    assert layers(graph) == [("fc", "linear+requantize")]


def test_an_output_that_is_also_used_inside() -> None:
    def function(m, x):
        y = torch.relu(m.a(x))
        return m.b(y), y

    model = OneInput(function, a=linear(ROWS, [0.5, 0.5]), b=linear(ROWS)).eval()
    data = {"x": noise(64, 2)}
    graph = edgeq.lower(model, (zeros(2),), data["x"])
    assert [(o.name, o.value) for o in graph.outputs] == [("b", "b"), ("a", "a")]
    assert min(sqnr(graph, model, data)) > 30  # dB that 8 bits give


def test_two_inputs_two_outputs() -> None:
    model = TwoInputs(lambda m, a, b: (m.fc(a) + b, torch.relu(m.fc(b))), fc=linear(ROWS)).eval()
    data = {"left": noise(64, 2), "right": noise(64, 2, seed=1)}
    graph = edgeq.lower(model, (zeros(2), zeros(2)), data)
    assert [i.name for i in graph.inputs] == ["left", "right"]
    assert [o.name for o in graph.outputs] == ["add", "fc_1"]
    assert min(sqnr(graph, model, data)) > 30  # dB that 8 bits give


def test_add_of_a_value_with_itself_and_broadcast() -> None:
    model = OneInput(lambda m, x: x + x).eval()
    data = {"x": noise(64, 2)}
    graph = edgeq.lower(model, (zeros(2),), data["x"])
    assert [n for n, _ in layers(graph)] == ["add.x1", "add.x2", "add"]
    assert min(sqnr(graph, model, data)) > 30
    model = TwoInputs(lambda m, a, b: a + b).eval()
    data = {"left": noise(64, 2, 3, 4), "right": noise(64, 2, 1, 1, seed=1)}
    graph = edgeq.lower(model, (zeros(2, 3, 4), zeros(2, 1, 1)), data)
    assert graph.types["add"].shape == (2, 3, 4)
    assert min(sqnr(graph, model, data)) > 30


def test_residual_add_of_quantized_operands() -> None:
    """Both operands come to one scale: the larger reach at 2**24, 32 bits, zero point 0."""
    model = OneInput(lambda m, x: m.flat(m.fc(x) + x), fc=linear(ROWS), flat=nn.Flatten(1))
    graph = lower(model, (2,), ranges={"x": X, "fc": (-2.0, 0.5), "add": (-3.0, 3.0)})
    x, fc, y = (oracle.activation(*r, 8) for r in (X, (-2.0, 0.5), (-3.0, 3.0)))
    reach = max(max(abs(c.lo - c.zero_point), abs(c.hi - c.zero_point)) * c.scale for c in (x, fc))
    common = reach / 2**24
    for name, code in {"add.x1": fc, "add.x2": x}.items():
        kept = graph.types[name]
        assert (kept.type, kept.zero_point, kept.scale) == (IntType(32), 0, common)
        found = op(graph, name)
        net = int(found.shift.array) - int(found.left_shift.array)
        assert (int(found.multiplier.array), net) == oracle.multiplier(code.scale / common)
    last = op(graph, "add")
    assert (int(last.multiplier.array), int(last.shift.array)) == oracle.multiplier(common / y.scale)
    assert graph.types["add.acc"].type == IntType(32)


@pytest.mark.parametrize("weights", ["per_channel", "per_tensor"])
def test_what_has_no_quantizer_has_32_bits_at_one_scale(weights: str) -> None:
    graph = lower(OneInput(lambda m, x: m.fc(x), fc=linear([[1.0, -0.5], [300.0, 1.0]], [0.1, 0.2])), (2,),
                  ranges={"x": X}, weights=weights)
    kept = graph.types["fc"]
    assert (kept.type, kept.zero_point) == (IntType(32), 0)
    assert isinstance(kept.scale, float)
    if weights == "per_tensor":  # the accumulator's own scale is one already
        x = oracle.activation(*X, 8)
        assert kept.scale == oracle.float32(300.0 / 127) * x.scale
        assert (int(op(graph, "fc").multiplier.array), int(op(graph, "fc").shift.array)) == (1, 0)


def test_out_bits() -> None:
    for bits in (2, 8, 16, 32):
        graph = lower(OneInput(lambda m, x: m.fc(x), fc=linear(ROWS)), (2,), ranges={"x": X, "fc": X}, out_bits=bits)
        y = oracle.activation(*X, bits)
        kept = graph.types["fc"]
        assert (kept.type, kept.zero_point, kept.scale) == (IntType(bits), y.zero_point, y.scale)


def test_mean_adaptive_and_average_pool() -> None:
    data = {"x": noise(32, 2, 4, 6)}
    cases = {
        "mean": (lambda m, x: x.mean((2, 3)), (2,), (4, 6)),
        "mean keepdim": (lambda m, x: x.mean((-1, -2), keepdim=True), (2, 1, 1), (4, 6)),
        "adaptive": (lambda m, x: F.adaptive_avg_pool2d(x, (2, 3)), (2, 2, 3), (2, 2)),
        "average": (lambda m, x: F.avg_pool2d(x, (2, 3), stride=1, padding=(1, 0)), (2, 5, 4), (2, 3)),
    }
    for name, (function, shape, kernel) in cases.items():
        model = OneInput(function).eval()
        graph = edgeq.lower(model, (zeros(2, 4, 6),), data["x"])
        assert graph.types[graph.outputs[0].value].shape == shape, name
        assert [n.op.kernel for n in graph.nodes if n.op.KIND == "avg_pool2d"] == [kernel], name
        assert min(sqnr(graph, model, data)) > 20, name  # a mean is smaller than its operands, whose step it keeps


def test_an_average_that_is_rescaled_keeps_fraction_bits() -> None:
    """The mean is rounded once, to its reader's scale, not to its operand's first."""
    model = OneInput(lambda m, x: torch.relu(F.adaptive_avg_pool2d(x, 1)).flatten(1)).eval()
    data = noise(64, 2, 8, 8)
    graph = edgeq.lower(model, (zeros(2, 8, 8),), data)
    means = np.maximum(data.mean((2, 3), dtype=np.float64), 0)
    name = graph.outputs[0].name
    error = np.abs(restored(graph, {"x": data})[name] - means)
    step = graph.types[graph.outputs[0].value].scale
    # half a step of the result, and the mean of the input's own rounding errors (at most half its step each)
    assert error.max() < 0.5 * step + 0.25 * graph.types["x"].scale


def test_moves() -> None:
    data = noise(8, 2, 3, 4)
    cases = {
        "flatten": (lambda m, x: torch.flatten(x, 1), "flatten", (24,)),
        "view": (lambda m, x: x.view(x.shape[0], -1), "flatten", (24,)),
        "reshape": (lambda m, x: x.reshape(-1, 6, 4), "reshape", (6, 4)),
        "flatten some": (lambda m, x: x.flatten(2), "reshape", (2, 12)),
        "unsqueeze": (lambda m, x: x.unsqueeze(1), "reshape", (1, 2, 3, 4)),
    }
    for name, (function, kind, shape) in cases.items():
        graph = edgeq.lower(OneInput(function).eval(), (zeros(2, 3, 4),), data)
        assert [n.op.KIND for n in graph.nodes] == [kind], name
        run = edgeq.simulate(graph, {"x": data})
        assert (next(iter(run.outputs.values())).reshape(8, -1) == run.values["x"].reshape(8, -1)).all(), name
        assert graph.types[graph.outputs[0].value].shape == shape, name


def test_a_score_of_one_number() -> None:
    model = OneInput(lambda m, x: m.fc(x).squeeze(-1), fc=linear([ROWS[0]])).eval()
    data = {"x": noise(64, 2)}
    graph = edgeq.lower(model, (zeros(2),), data["x"])
    assert graph.types[graph.outputs[0].value].shape == ()
    assert min(sqnr(graph, model, data)) > 30


def test_channels_at_very_different_scales_are_compared_at_one() -> None:
    """Weights of one channel are 1024 times those of the other, yet the biases make the two compete.

    Every number is a multiple of a power of two, so float32 is exact, and the samples are no closer than one step
    of the common scale: the argmax must agree on all. Accumulators at their own scales would often disagree.
    """
    fc = linear([[127 * 1024.0, 64 * 1024.0], [127.0, -3.0]], [0.0, 5000.0])
    model = OneInput(lambda m, x: m.fc(x), fc=fc).eval()
    rng = np.random.default_rng(5)
    x = (rng.integers(-128, 128, (4000, 2)) / 64).astype(np.float32)
    exact = x.astype(np.float64) @ np.array([[127 * 1024.0, 127.0], [64 * 1024.0, -3.0]]) + [0.0, 5000.0]
    x, exact = x[np.abs(exact[:, 0] - exact[:, 1]) > 1.0], exact[np.abs(exact[:, 0] - exact[:, 1]) > 1.0]
    graph = edgeq.lower(model, (zeros(2),), ranges={"x": (-2.0, 127 / 64)})
    run = edgeq.simulate(graph, {"x": x})
    with torch.no_grad():
        assert (model(torch.from_numpy(x)).numpy().argmax(1) == exact.argmax(1)).all()
    assert len(x) > 3900
    assert (run.outputs["fc"].argmax(1) == exact.argmax(1)).all()
    assert (run.values["fc.acc"].argmax(1) != exact.argmax(1)).mean() > 0.25
