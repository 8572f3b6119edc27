"""Functions of one value: tables against float64 formulas, and against lines between them for 16-bit codes."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from edgeq.errors import ModelError

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from tests.frontend.lowering import OneInput, centred, codes, layers, linear, lower, noise, op  # noqa: E402

X, Y = (-6.0, 5.0), (-2.5, 5.0)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x: float) -> float:
    return math.log1p(math.exp(-abs(x))) + max(x, 0.0)


FORMULAS: dict[str, tuple[Callable, Callable[[float], float]]] = {
    "sigmoid": (torch.sigmoid, sigmoid),
    "tanh": (torch.tanh, math.tanh),
    "silu": (F.silu, lambda x: x * sigmoid(x)),
    "gelu": (F.gelu, lambda x: x * 0.5 * math.erfc(-x / math.sqrt(2))),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"),
                  lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    "hardswish": (F.hardswish, lambda x: x * min(max(x + 3, 0), 6) / 6),
    "hardsigmoid": (F.hardsigmoid, lambda x: min(max(x + 3, 0), 6) / 6),
    "elu": (F.elu, lambda x: x if x > 0 else math.expm1(x)),
    "elu alpha": (lambda x: F.elu(x, 0.7), lambda x: x if x > 0 else 0.7 * math.expm1(x)),
    "celu": (lambda x: F.celu(x, 2.0), lambda x: x if x > 0 else 2 * math.expm1(x / 2)),
    "selu": (F.selu, lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x))),
    "softplus": (F.softplus, softplus),
    "softplus beta": (lambda x: F.softplus(x, 2.0, 3.0), lambda x: x if 2 * x > 3 else softplus(2 * x) / 2),
    "exp": (torch.exp, math.exp),
    "mish": (F.mish, lambda x: x * math.tanh(softplus(x))),
}


def model(function: Callable) -> OneInput:
    return OneInput(lambda m, x: m.fc(function(x)), fc=linear(np.eye(2)))


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("bits", [4, 8, 12])
def test_a_table_has_the_formula_at_every_code(name: str, bits: int) -> None:
    """Entries are the nearest code; float64 cannot tell a tie apart: within 1e-9 of one an entry may go either way."""
    function, formula = FORMULAS[name]
    layer = next(n for n in layers(edgeq.lower(model(function).eval(), (torch.zeros(2, 2),), noise(8, 2))))[0]
    graph = lower(model(function), (2,), ranges={"x": X, layer: Y, "fc": Y}, abits=bits)
    assert layers(graph)[0] == (layer, "lut")
    x, y = graph.types["x"], graph.types[layer]
    table = op(graph, layer).table.array.tolist()
    assert len(table) == 2**bits
    for code, entry in zip(range(x.type.qmin, x.type.qmax + 1), table, strict=True):
        exact = formula((code - x.zero_point) * x.scale) / y.scale + y.zero_point
        limited = min(max(exact, y.type.qmin), y.type.qmax)
        assert abs(entry - limited) <= 0.5 + 1e-9


def test_a_run_reads_the_table() -> None:
    graph = lower(model(torch.sigmoid), (2,), ranges={"x": X, "sigmoid": (0.0, 1.0), "fc": Y})
    values = codes(graph, noise(8, 2))
    assert values["sigmoid"].tolist() == op(graph, "sigmoid").table.array[values["x"] + 128].tolist()


@pytest.mark.parametrize("preset", ["tflite", "tflite_single", "cmsis_nn"])
def test_tflite_fixes_the_scales_of_sigmoid_and_tanh(preset: str) -> None:
    ranges = {"x": X, "sigmoid": (0.0, 0.5), "fc": Y}
    for bits, scale, zero_point in ((8, 2.0**-8, -128), (16, 2.0**-15, 0)):
        kept = lower(model(torch.sigmoid), (2,), ranges=ranges, preset=preset, abits=bits).types["sigmoid"]
        assert (kept.scale, kept.zero_point, kept.type) == (scale, zero_point, IntType(bits))
    ranges = {"x": X, "tanh": (0.0, 0.5), "fc": Y}
    for bits, scale in ((8, 2.0**-7), (16, 2.0**-15)):
        kept = lower(model(torch.tanh), (2,), ranges=ranges, preset=preset, abits=bits).types["tanh"]
        assert (kept.scale, kept.zero_point) == (scale, 0)
    free = lower(model(torch.sigmoid), (2,), ranges={"x": X, "sigmoid": (0.0, 0.5), "fc": Y}).types["sigmoid"]
    assert free.scale == float(np.float32(0.5 / 255))


def test_a_range_of_a_fixed_scale_has_no_effect() -> None:
    with pytest.raises(edgeq.errors.InputError, match="config: range has no effect on 'sigmoid'"):
        lower(model(torch.sigmoid), (2,), ranges={"x": X, "sigmoid": (0.0, 1.0), "fc": Y}, preset="tflite",
              config={"layers": {"sigmoid": {"range": [0.0, 1.0]}}})


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "silu", "gelu", "hardswish"])
@pytest.mark.parametrize("preset", ["edgeq", "tflite"])
def test_16_bits_are_lines_between_513_entries(name: str, preset: str) -> None:
    """A line of 1/512 of the range misses a curve by h^2/8 times its second derivative, below 1 for all of these."""
    function, formula = FORMULAS[name]
    graph = lower(model(function), (2,), ranges={"x": X, name: Y, "fc": Y}, abits=16, preset=preset)
    table_op = next(n for n in graph.nodes if n.op.KIND == "lut")
    x, made = graph.types["x"], graph.types[table_op.name]
    assert (table_op.op.interpolation, table_op.op.table.shape, made.zero_point) == ("tflite", (513,), 0)
    values = codes(graph, noise(256, 2))
    step = x.scale * 128
    for code, got in zip(centred(graph, values, "x").ravel(), values[table_op.name].ravel(), strict=True):
        exact = formula(float(code) * x.scale) / made.scale
        missed = step**2 / 8 * 1.1 / made.scale
        limited = min(max(exact, -32768), 32767)
        assert abs(got - limited) <= missed + 2  # entries are rounded, so is the line
    last = "requantize" if preset == "edgeq" and made.scale != graph.types[name].scale else "lut"
    assert last == op(graph, name).KIND


@pytest.mark.parametrize("bits", [8, 16])
def test_an_output_without_a_quantizer(bits: int) -> None:
    graph = lower(OneInput(lambda m, x: F.silu(x)), (2,), ranges={"x": X}, abits=bits)
    (output,) = graph.outputs
    assert output.name == "silu"
    kept = graph.types[output.value]
    assert kept.type == IntType(32 if bits == 8 else 16)
    values = codes(graph, noise(64, 2))
    reals = [(c * graph.types["x"].scale) for c in centred(graph, values, "x").ravel()]
    got = values[output.value].ravel() * kept.scale
    # 2**-24 of the reach where entries have 32 bits; with lines, what they miss: h^2/8, and two codes of rounding
    near = 1e-6 if bits == 8 else (graph.types["x"].scale * 128) ** 2 / 8 + 2 * kept.scale
    assert max(abs(g - r * sigmoid(r)) for g, r in zip(got, reals, strict=True)) <= near


def test_a_limit_behind_a_function() -> None:
    graph = lower(OneInput(lambda m, x: m.fc(torch.clamp(F.silu(x), 0.0, 1.0)), fc=linear(np.eye(2))), (2,),
                  ranges={"x": X, "silu": (0.0, 1.0), "fc": Y})
    assert layers(graph)[:2] == [("silu.table", "lut"), ("silu", "requantize")]
    values, x = codes(graph, noise(64, 2)), graph.types["x"]
    for code, got in zip(centred(graph, values, "x").ravel(), values["silu"].ravel(), strict=True):
        real = float(code) * x.scale
        exact = min(max(real * sigmoid(real), 0.0), 1.0) / graph.types["silu"].scale + graph.types["silu"].zero_point
        assert abs(got - exact) <= 0.5 + 1e-4  # rounded at 32 bits first


def test_a_function_that_leaves_the_numbers() -> None:
    with pytest.raises(ModelError, match=r"aten\.exp.*its results pass 2\^41 on the codes of its operand"):
        lower(OneInput(lambda m, x: torch.exp(x)), (2,), ranges={"x": (-1.0, 200.0)})


SLOPES = {"leaky": ([0.01], "edgeq"), "negative": ([-0.5], "edgeq"), "steep": ([3.0], "tflite"),
          "channels": ([0.25, 0.0, -0.75], "edgeq"), "channels tflite": ([0.25, 1.5, 0.1], "tflite_single")}


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("from_sum", [True, False])
def test_slopes(name: str, from_sum: bool) -> None:
    """Each side is the exact product rounded once; two roundings (tflite) move some by one."""
    slopes, preset = SLOPES[name]
    weight = torch.tensor(slopes)
    rows = np.array([[0.5, -0.25, 0.125], [1.0, 0.5, -1.0], [0.25, 0.25, 0.25]])

    def function(m, x):
        x = m.fc(x) if from_sum else x.flatten(1)
        return m.last(F.prelu(x, weight) if len(slopes) > 1 else F.leaky_relu(x, slopes[0]))

    net = OneInput(function, fc=linear(rows), last=linear(np.ones((1, 3))))
    source = "fc" if from_sum else "x"
    named = "fc" if from_sum else ("prelu" if len(slopes) > 1 else "leaky_relu")
    graph = lower(net, (3,), ranges={"x": X, named: Y, "last": Y}, preset=preset)
    assert op(graph, named).KIND == "leaky_relu"
    values = codes(graph, noise(32, 3) * 3)
    acc = values["fc.acc"] if from_sum else centred(graph, values, "x")
    product = op(graph, "fc.acc") if from_sum else None
    scales = np.broadcast_to(np.array(product.weight_scale) * graph.types["x"].scale if product else
                             graph.types[source].scale, (3,))
    kept = graph.types[named]
    for place in np.ndindex(*acc.shape):
        channel, value = place[1], int(acc[place])
        real = Fraction(value) * Fraction(float(scales[channel]))
        slope = Fraction(float(weight[channel % len(slopes)])) if value < 0 else 1
        exact = real * slope / Fraction(kept.scale) + kept.zero_point
        low, high = kept.type.qmin, kept.type.qmax
        limited = min(max(exact, low), high)
        most = 1 if preset == "tflite" else Fraction(1, 2)
        assert abs(int(values[named][place]) - limited) <= most + Fraction(1, 10**6)


def joined(function: Callable) -> OneInput:
    """Return a network whose concat reads a function and a sum, at one scale for both."""
    return OneInput(lambda m, x: torch.cat([function(m.a(x)), m.b(x)], 1), a=linear(np.eye(2)), b=linear(np.eye(2)))


@pytest.mark.parametrize(
    ("preset", "name", "scale"),
    [("ap_fixed", "sigmoid", 2.0**-14), ("ap_fixed", "hardswish", 2.0**-10), ("ai8x", "sigmoid", 2.0**-15),
     ("ai8x", "hardswish", 2.0**-12)],
)  # fmt: skip
def test_lines_that_a_concat_reads_stand_at_a_power_of_two(preset: str, name: str, scale: float) -> None:
    """Codes reach 32 under ap_fixed, where a sigmoid is 1 and needs 2^-14, and 8 under ai8x, where it is below."""
    graph = lower(joined(FORMULAS[name][0]), (2,), ranges={"x": X, "a": X, "cat": X}, abits=16, wbits=16,
                  preset=preset, out_bits=16)
    (table,) = [n.name for n in graph.nodes if n.op.KIND == "lut"]
    assert (graph.types[table].scale, graph.types[table].zero_point) == (scale, 0)
    assert graph.types["cat"].scale == {"ap_fixed": 2.0**-10, "ai8x": 2.0**-12}[preset]


@pytest.mark.parametrize("preset", ["tflite", "tflite_single", "cmsis_nn"])
@pytest.mark.parametrize(
    ("name", "bits", "scale", "zero_point"),
    [("sigmoid", 8, 2.0**-8, -128), ("sigmoid", 16, 2.0**-15, 0), ("tanh", 8, 2.0**-7, 0), ("tanh", 16, 2.0**-15, 0)],
)  # fmt: skip
def test_fixed_scales_stay_fixed_where_a_concat_reads_them(
    preset: str, name: str, bits: int, scale: float, zero_point: int
) -> None:
    graph = lower(joined(FORMULAS[name][0]), (2,), ranges={"x": X, "a": X, name: Y, "cat": X}, abits=bits,
                  preset=preset, out_bits=bits)
    kept, cat = graph.types[name], graph.types["cat"]
    assert (op(graph, name).KIND, kept.type, kept.scale, kept.zero_point) == ("lut", IntType(bits), scale, zero_point)
    assert (cat.type, cat.scale) == (IntType(bits), float(np.float32(11 / 255 if bits == 8 else 6 / 32767)))
    assert [graph.node(v).op.KIND for v in graph.node("cat").inputs] == ["requantize", "requantize"]


def test_a_limit_behind_a_fixed_scale_is_a_layer_of_its_own() -> None:
    graph = lower(model(lambda x: F.relu(torch.tanh(x))), (2,),
                  ranges={"x": X, "tanh": Y, "relu": (0.0, 1.0), "fc": Y}, preset="tflite")
    assert layers(graph)[:2] == [("tanh", "lut"), ("relu", "requantize")]
    assert [graph.types[n].scale for n in ("tanh", "relu")] == [2.0**-7, float(np.float32(1 / 255))]
