"""A layer lowered with each preset equals what its system's own formulas give, integer by integer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq.arith.multiplier import quantize_multiplier
from edgeq.arith.types import IntType, Overflow
from edgeq.errors import CalibrationError, InputError, ModelError
from edgeq.ir.graph import Graph
from edgeq.scheme.presets import PRESETS
from tests.oracles import presets as oracle

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.frontend.lowering import OneInput, linear, lower, op, stored  # noqa: E402

ROWS = [[0.83, -0.31, 0.02, 0.4, -0.9, 0.11], [0.013, 0.5, -0.02, 0.007, 0.0045, -0.7],
        [-0.25, 0.5, -0.125, 0.75, 0.99, 0.3]]
BIAS = [0.25, -0.0031, -0.6]
ONE, SIGNED, POSITIVE = (-1.0, 1.0), (-2.3, 3.1), (0.0, 3.1)

SYSTEMS: dict[str, tuple[str, Any, Any, Any, dict[str, Any]]] = {
    "onnx_qlinear": ("onnx_qlinear", oracle.onnx_qlinear, SIGNED, SIGNED, {}),
    "cnn_compress": ("cnn_compress", oracle.cnn_compress, ONE, SIGNED, {}),
    "ai8x": ("ai8x", oracle.ai8x, ONE, ONE, {}),
    "pulp": ("pulp", oracle.pulp, POSITIVE, (0.0, 5.3), {}),
    "nngen": ("nngen", oracle.nngen, SIGNED, SIGNED, {}),
    "ap_fixed": ("ap_fixed", oracle.ap_fixed, ONE, ONE, {}),
    "tflite 16": ("tflite", oracle.tflite16, SIGNED, SIGNED, {"abits": 16}),
    "cmsis_nn 16": ("cmsis_nn", oracle.tflite16, SIGNED, SIGNED, {"abits": 16}),
    "tflite_single 16": ("tflite_single", oracle.tflite16, SIGNED, SIGNED, {"abits": 16}),
}
CASES = [(name, relu) for name in SYSTEMS for relu in (True, False) if relu or name != "pulp"]


def lowered(name: str, *, relu: bool, bias: list[float] = BIAS) -> tuple[Graph, oracle.Layer]:
    """Return the graph of one layer, and the layer as its system has it."""
    preset, system, x, y, options = SYSTEMS[name]
    layer = linear(ROWS, bias)
    act: nn.Module = nn.ReLU() if relu else nn.Identity()
    model = OneInput(lambda m, v: m.last(m.act(m.fc(v))), fc=layer, act=act, last=nn.Flatten(1))
    graph = lower(model, (6,), preset=preset, ranges={"x": x, "fc": y}, input_type="int8", **options)
    return graph, system(stored(layer, "weight"), stored(layer, "bias"), x, y, relu)


def inputs(kept: IntType, zero: int) -> np.ndarray:
    """Return every corner and many random codes, the zero point among them."""
    rng = np.random.default_rng(7)
    rows = [np.full(6, v) for v in (kept.qmin, kept.qmax, zero)] + [np.where(np.eye(6)[k], kept.qmax, zero)
                                                                   for k in range(6)]
    return np.concatenate([rows, rng.integers(kept.qmin, kept.qmax + 1, (500, 6)), rng.integers(-9, 10, (500, 6)) + 9])


@pytest.mark.parametrize(("name", "relu"), CASES)
def test_a_layer_is_that_of_its_system(name: str, relu: bool) -> None:
    graph, made = lowered(name, relu=relu)
    product, last = op(graph, "fc.acc"), op(graph, "fc")
    kept = graph.types["x"]
    assert (kept.scale, kept.zero_point) == made.x
    assert (last.scale, last.zero_point) == made.y
    assert product.weight.array.tolist() == made.weights
    shift = 0 if product.acc_product is None else 10  # a product's scale, which the bias is cast from
    assert product.bias.array.tolist() == [b << shift for b in made.bias]
    net = last.shift.per_channel(3) - last.left_shift.per_channel(3)
    got_rescale = list(zip(last.multiplier.per_channel(3).tolist(), net.tolist(), strict=True))
    if name == "pulp":  # NEMO leaves 64 / 2**13 as it is, here it is 32 / 2**12
        assert [Fraction(m, 1 << s) for m, s in got_rescale] == [Fraction(m, 1 << s) for m, s in made.rescale]
    else:
        assert got_rescale == made.rescale
    codes = np.clip(inputs(kept.type, kept.zero_point), kept.type.qmin, kept.type.qmax)
    got = edgeq.simulate(graph, {"x": codes}).values["fc"]
    assert got.tolist() == [made.run(row) for row in codes.tolist()]


def test_types_and_overflow() -> None:
    expected = {
        "onnx_qlinear": ("s8", "s8", "s8", "saturate"), "cnn_compress": ("u8", "u8", "s10", "error"),
        "ai8x": ("s8", "s8", "s8", "saturate"), "pulp": ("u8", "s8", "u8", "saturate"),
        "nngen": ("s8", "s8", "s8", "saturate_symmetric"), "ap_fixed": ("s16", "s16", "s16", "wrap"),
        "tflite 16": ("s16", "s8", "s16", "saturate"),
    }  # fmt: skip
    for name, row in expected.items():
        graph, _ = lowered(name, relu=True)
        got = (graph.types["x"].type, op(graph, "fc.acc").weight_type, graph.types["fc"].type)
        assert (*map(str, got), op(graph, "fc").overflow.name) == row, name


def test_a_bias_past_32_bits_lowers_with_16_bit_activations() -> None:
    """More than 2**32 steps of the accumulator: the multiplier of 16 bits takes them, the two-stage rule would not."""
    layer = linear([[1e-4, -1e-4]], [40.0])
    model = OneInput(lambda m, v: m.last(m.fc(v)), fc=layer, last=nn.Flatten(1))
    graph = lower(model, (2,), preset="tflite", abits=16, ranges={"x": ONE, "fc": (-50.0, 50.0)}, input_type="int8")
    made = oracle.tflite16(stored(layer, "weight"), stored(layer, "bias"), ONE, (-50.0, 50.0), False)
    assert made.bias[0] > 1 << 32
    assert op(graph, "fc.acc").bias.array.tolist() == made.bias
    assert edgeq.simulate(graph, {"x": [[5, -7]]}).values["fc"].tolist() == [made.run([5, -7])] == [[26213]]


def test_qlinear_matmul_of_the_onnx_test_suite() -> None:
    """ONNX backend test qlinearmatmul_2D_uint8_float32: inputs and outputs are its own."""
    rule = PRESETS["onnx_qlinear"].rescale
    a = [[208, 236, 0, 238], [3, 214, 255, 29]]
    b = np.array([[152, 51, 244], [60, 26, 255], [0, 127, 246], [127, 254, 247]])
    u8 = IntType(8, signed=False)
    builder = edgeq.GraphBuilder()
    x = builder.input("x", (4,), u8, zero_point=113)
    acc = builder.linear(x, b.T, weight_type=u8, weight_zero_point=114)
    scale = float(np.float32(0.0066)) * float(np.float32(0.00705)) / float(np.float32(0.0107))
    m = quantize_multiplier(scale, rule.bits or 0, rounding=rule.made)
    builder.output(builder.requantize(acc, m.multiplier, m.shift, rounding=rule.rounding, zero_point=118, type=u8))
    (got,) = edgeq.simulate(builder.build(), {"x": a}).outputs.values()
    assert got.tolist() == [[168, 115, 255], [1, 66, 151]]


TIES = {"onnx_qlinear": [-2, 0, 0, 2, 2], "ai8x": [-1, 0, 1, 2, 3], "nngen": [-2, -1, 1, 2, 3]}


@pytest.mark.parametrize("name", TIES)
def test_ties_by_hand(name: str) -> None:
    """Weight 64 by codes -6, -2, 2, 6, 10 is -384 to 640; over 256 that is -1.5, -0.5, 0.5, 1.5, 2.5."""
    layer = linear([[0.5, 127 / 128]])
    model = OneInput(lambda m, v: m.last(m.fc(v)), fc=layer, last=nn.Flatten(1))
    x, y = {"onnx_qlinear": ((-1.0, 127 / 128), (-2.0, 127 / 64)), "ai8x": (ONE, (-2.0, 2.0)),
            "nngen": ((-1.0, 127 / 128), (-127 / 64, 127 / 64))}[name]
    x = (-127 / 128, 127 / 128) if name == "nngen" else x
    graph = lower(model, (2,), preset=name, ranges={"x": x, "fc": y}, input_type="int8")
    assert (op(graph, "fc").multiplier.array.tolist(), op(graph, "fc.acc").weight.array.tolist()[0][0]) in [
        (1, 64), (64, 64), (1 << 30, 64)]
    codes = np.array([[k, 0] for k in (-6, -2, 2, 6, 10)])
    assert edgeq.simulate(graph, {"x": codes}).values["fc"].ravel().tolist() == TIES[name]


def test_cnn_compress_values_leave_8_bits_and_stop_past_10() -> None:
    graph, made = lowered("cnn_compress", relu=False)
    scale, zero = made.y
    assert max(made.run([255] * 6) + made.run([0] * 6)) <= 511
    wide, _ = lowered("cnn_compress", relu=False, bias=[0.25, 40.0, 0.0])
    with pytest.raises(edgeq.errors.OverflowDetected, match=r"requantize 'fc': value .* is outside s10"):
        edgeq.simulate(wide, {"x": [[128] * 6]})
    beyond = edgeq.simulate(graph, {"x": [[255, 0, 255, 255, 0, 255]]}).values["fc"]
    assert scale > 0
    assert zero == 109
    assert beyond.tolist() == [made.run([255, 0, 255, 255, 0, 255])]


def test_ap_fixed_wraps_weights_and_says_so() -> None:
    layer = linear([[40.0, -32.0]], [31.99])
    model = OneInput(lambda m, v: m.fc(v), fc=layer)
    graph = lower(model, (2,), preset="ap_fixed")  # no ranges: its scale is fixed
    assert op(graph, "fc.acc").weight.array.tolist() == [[(40 - 64) * 1024, -32 * 1024]]
    assert graph.metadata["lowering"]["notes"][0] == "layer 'fc': 1 weights or biases do not fit and wrap"
    assert "accumulator has 16 bits" in graph.metadata["lowering"]["notes"][1]
    real = np.array([[0.0009, -0.0009], [0.0, 31.9999]])
    codes = edgeq.simulate(graph, {"x": real}).values["x"]
    assert codes.tolist() == [[0, -1], [0, 32767]]  # AP_TRN of the input, too


def test_ap_fixed_saturates_where_the_user_says() -> None:
    config = {"layers": {"fc": {"acc_overflow": "saturate", "acc": 20}}}
    model = OneInput(lambda m, v: m.fc(v), fc=linear([[1.0, 1.0]], [0.5]))
    graph = lower(model, (2,), preset="ap_fixed", config=config)
    product = op(graph, "fc.acc")
    assert (product.acc, product.acc_overflow) == (IntType(20), Overflow.saturate)
    assert (product.acc_product.type, product.acc_product.overflow.name) == (IntType(20), "saturate")


@pytest.mark.parametrize(("options", "message"), [
    ({"preset": "cnn_compress", "wbits": 6}, "lower: preset cnn_compress: wbits 6 and abits 8 must be equal"),
    ({"preset": "cnn_compress", "weights": "per_channel"}, "weights per_channel does not apply: it has per_tensor"),
    ({"preset": "ai8x", "weights": "per_channel"}, "preset ai8x: weights per_channel does not apply"),
    ({"preset": "ap_fixed", "abits": 6}, "wbits 16 and abits 6 must be more than its 6 integer bits"),
    ({"preset": "ai8x", "bias_fraction_bits": 8}, "preset ai8x: bias_fraction_bits 8 does not apply"),
    ({"preset": "cnn_compress", "bias_fraction_bits": 1}, "the scale of its bias is fixed"),
    ({"bias_fraction_bits": 31}, "lower: bias_fraction_bits must be 0..30, got 31"),
    ({"config": {"layers": {"fc": {"preset": "ai8x", "weights": "per_channel"}}}}, "layer 'fc': preset ai8x: weights"),
    ({"preset": "fbgemm"}, "lower with another preset and compare with: edgeq compare --kernel fbgemm"),
])  # fmt: skip
def test_choices_that_a_system_cannot_have(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        lower(OneInput(lambda m, v: m.fc(v), fc=linear(ROWS)), (6,), ranges={"x": ONE}, **options)


def test_a_shift_needs_powers_of_two_on_both_sides() -> None:
    config = {"layers": {"fc": {"preset": "ai8x"}}}
    with pytest.raises(ModelError, match=r"layer 'fc'.* is not a power of two, so a shift alone cannot change it"):
        lower(OneInput(lambda m, v: m.last(m.fc(v)), fc=linear(ROWS), last=nn.Flatten(1)), (6,),
              ranges={"x": SIGNED, "fc": ONE}, config=config)


def test_cnn_compress_keeps_a_range_that_excludes_0_while_its_zero_point_fits() -> None:
    model = OneInput(lambda m, v: m.fc(v), fc=linear(ROWS))
    graph = lower(model, (6,), preset="cnn_compress", ranges={"x": ONE, "fc": (1.0, 2.0)})
    assert (graph.types["fc"].zero_point, graph.types["fc"].scale) == (-255, oracle.float32(1 / 255))
    with pytest.raises(CalibrationError, match=r"gives the zero point -2295, outside -512\.\.511"):
        lower(model, (6,), preset="cnn_compress", ranges={"x": ONE, "fc": (9.0, 10.0)})
    with pytest.raises(CalibrationError, match=r"gives the zero point -255, outside 0\.\.255"):
        lower(model, (6,), preset="cnn_compress", ranges={"x": (1.0, 2.0), "fc": ONE})


def test_cnn_compress_refuses_weights_that_it_cannot_hold() -> None:
    for rows, message in [([[0.5, 0.5]], "module 'fc'.*every weight is 0.5, so preset cnn_compress gives"),
                          ([[0.5, 1.0]], r"linear 'fc' W4: weight_zero_point \(-255, -255\) is outside weight_type")]:
        with pytest.raises(ModelError, match=message):
            lower(OneInput(lambda m, v: m.fc(v), fc=linear(rows)), (2,), preset="cnn_compress",
                  ranges={"x": ONE, "fc": SIGNED})
    graph = lower(OneInput(lambda m, v: m.fc(v), fc=linear([[0.0, 0.0]])), (2,), preset="cnn_compress",
                  ranges={"x": ONE, "fc": SIGNED})
    assert op(graph, "fc.acc").weight.array.tolist() == [[0, 0]]
