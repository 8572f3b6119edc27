"""What cannot be lowered is named with its place and what to do; nothing unexpected escapes."""

from __future__ import annotations

import dataclasses
import math
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.errors import InputError, ModelError, UnsupportedOpError
from edgeq.frontend.program import Call, Program, ProgramInput, Ref, ValueType

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from edgeq.frontend.capture import capture  # noqa: E402
from edgeq.frontend.lower import lower_program, make_options  # noqa: E402
from edgeq.frontend.translate import translate  # noqa: E402
from edgeq.frontend.weights import Weights  # noqa: E402
from tests.frontend.lowering import OneInput, conv, linear, lower, noise, op, zeros  # noqa: E402


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = linear(noise(2, 2).tolist())

    def forward(self, x):
        return self.fc(x) * torch.floor(x)  # the line that is named


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()

    def forward(self, x):
        return self.gate(x)


def test_an_unsupported_operator_is_named_with_module_and_line() -> None:
    with pytest.raises(UnsupportedOpError) as caught:
        lower(Outer(), (2,), ranges={"x": (0.0, 1.0)})
    lines = Path(__file__).read_text().splitlines()
    line = next(k for k, text in enumerate(lines, 1) if "the line that is named" in text)
    message = str(caught.value)
    assert re.search(rf"aten\.floor\.default 'floor' in module 'gate' \(.*test_lower_refused\.py:{line} in forward",
                     message)
    assert "operator aten.floor.default has no integer lowering; use convolution, linear" in message


CASES = {
    "conv3d": (lambda m, x: F.conv3d(x.unsqueeze(1), torch.ones(1, 1, 1, 1, 1)), "no integer lowering"),
    "log softmax": (lambda m, x: F.log_softmax(x, 1), "leave it out and take the logits"),
    "quotient": (lambda m, x: x / (x * x), "a quotient of two computed values has no lowering"),
    "reciprocal": (lambda m, x: x.reciprocal(), "operator aten.reciprocal.default has no integer lowering"),
    "constant over value": (lambda m, x: torch.ones(1, 2, 4, 4) / x, "a constant divided by a computed value"),
    "factor per column": (lambda m, x: x * torch.ones(4), r"a constant factor of shape \[1, 1, 1, 4\]|shape \[4\]"),
    "factor 1/0": (lambda m, x: x / 0.0, "a constant factor of shape"),
    "stack": (lambda m, x: torch.stack([x, x], 1), "operator aten.stack.default has no integer lowering"),
    "cat of a constant": (lambda m, x: torch.cat([x, torch.ones(2, 1, 4, 4)], 1), "it joins"),
    "uneven nearest": (lambda m, x: F.interpolate(x, size=(6, 4)), "from 4x4 to 6x4 is no whole factor"),
    "uneven bilinear": (lambda m, x: F.interpolate(x, scale_factor=1.3, mode="bilinear"),
                        "scale factor of 1.3 does not make 5 of 4 exactly; give interpolate a size"),
    "argmax inside": (lambda m, x: x.argmax(1, keepdim=True).relu(), "argmax is lowered as the last operator"),
    "split the batch": (lambda m, x: x.chunk(2, 0)[0], "it works along dimension 0, the batch"),
    "move the batch": (lambda m, x: x.transpose(0, 1), "it moves dimension 0 of .*, the batch"),
    "add constant": (lambda m, x: x + torch.ones(1, 2, 1, 1), "argument 'other' is a constant"),
    "add number": (lambda m, x: x + 1.0, "argument 'other' is a constant"),
    "add alpha": (lambda m, x: torch.add(x, x, alpha=2), "add with alpha other than 1"),
    "dilated pool": (lambda m, x: F.max_pool2d(x, 2, dilation=2), "dilated max pooling has no lowering"),
    "divisor": (lambda m, x: F.avg_pool2d(x, 2, divisor_override=3), "divisor_override has no lowering"),
    "uneven": (lambda m, x: F.adaptive_avg_pool2d(x, 3), "adaptive pooling of 4x4 to 3x3 has uneven windows"),
    "reflect": (lambda m, x: F.pad(x, (1, 1, 1, 1), mode="reflect"), "reflect|no integer lowering|not supported"),
    "crop": (lambda m, x: F.pad(x, (-1, 0)), "padding must not be negative"),
    "pad by nan": (lambda m, x: F.pad(x, (1, 0), value=math.nan), "padding value nan"),
    "pad by inf": (lambda m, x: F.pad(x, (1, 0), value=math.inf), "padding value inf"),
    "matmul": (lambda m, x: torch.matmul(x, torch.ones(2, 4, 4)), "the product mixes samples of the batch"),
    "clamp by tensors": (lambda m, x: torch.clamp(x, x * 0, None), "no integer lowering|must be numbers"),
    "cast": (lambda m, x: x.to(torch.int32), "a cast to int32 has no lowering"),
    "batch norm": (lambda m, x: F.batch_norm(x, None, None, training=True), "batch_norm"),
    "clamp of nan": (lambda m, x: torch.clamp(x, math.nan, 1.0), "limits must be numbers"),
}


@pytest.mark.parametrize("name", CASES)
def test_refusals(name: str) -> None:
    function, message = CASES[name]
    with pytest.raises(ModelError, match=message) as caught:
        edgeq.lower(OneInput(function).eval(), (zeros(2, 4, 4),), noise(4, 2, 4, 4))
    assert "aten." in str(caught.value)
    assert re.search(r"\(lowering\.py:\d+ in forward: return self\.function\(self, x\)\)", str(caught.value))


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("where", ["weight", "bias"])
def test_weights_that_are_not_finite(where: str, value: float) -> None:
    layer = linear(noise(2, 2).tolist(), [0.0, 0.0])
    getattr(layer, where).data.view(-1)[1] = value
    with pytest.raises(ModelError, match=rf"constant '.*fc_{where}' holds NaN or infinity; the model is not usable"):
        lower(OneInput(lambda m, x: m.fc(x), fc=layer), (2,), ranges={"x": (0.0, 1.0)})


def test_other_open_dimensions() -> None:
    model = OneInput(lambda m, x: m.conv(x), conv=conv(noise(2, 2, 1, 1).tolist())).eval()
    shapes = ({0: torch.export.Dim.AUTO, 2: torch.export.Dim.AUTO},)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(model, (zeros(2, 4, 4),), dynamic_shapes=shapes)
    with pytest.raises(ModelError, match="input 'x': dimension 2 was exported with an open size; only dimension 0"):
        edgeq.lower(exported, ranges={"x": (0.0, 1.0)})


def test_outputs_without_the_input() -> None:
    with pytest.raises(ModelError, match="does not depend on the input"):
        lower(OneInput(lambda m, x: (m.fc(x), torch.ones(2, 2))[1], fc=linear(noise(2, 2).tolist())), (2,),
              ranges={"x": (0.0, 1.0)})


def program(*calls: Call, constants: dict | None = None) -> Program:
    """Return a program by hand: input x (N, 2), the last call's result leaves."""
    kind = ValueType((None, 2), "float32")
    return Program((ProgramInput("x", (None, 2), "float32"),), constants or {}, calls, (calls[-1].name,),
                   {}, {c.name: kind for c in calls} | {"x": kind})


def quantize(name: str, source: str, scale: object = 0.5, zero: object = 0, kind: str = "quantize") -> Call:
    target = f"quantized_decomposed.{kind}_per_tensor.default"
    return Call(target, (Ref(source), scale, zero, -128, 127, "int8"), {}, name)


def run(*calls: Call, constants: dict | None = None):
    return lower_program(program(*calls, constants=constants), make_options())


def test_quantizers_without_a_scale() -> None:
    for scale in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ModelError, match=rf"'q'.*scale {scale} must be positive and finite; calibrate the"):
            run(quantize("q", "x", scale), quantize("d", "q", scale, kind="dequantize"))
        with pytest.raises(ModelError, match=rf"'d'.*scale {scale} must be positive and finite"):
            run(quantize("q", "x"), quantize("d", "q", scale, kind="dequantize"))


def test_dequantize_must_undo_its_quantize() -> None:
    assert run(quantize("q", "x"), quantize("d", "q", kind="dequantize")).graph.types["x"].scale == 0.5
    for change in ({"scale": 0.25}, {"zero": 1}):
        with pytest.raises(UnsupportedOpError, match="must come from a quantize operator of the same scale"):
            run(quantize("q", "x"), quantize("d", "q", kind="dequantize", **change))
    with pytest.raises(UnsupportedOpError, match="must come from a quantize operator"):
        run(quantize("d", "x", kind="dequantize"))


def test_a_float_value_between_quantizers_and_an_input_without_one() -> None:
    relu = Call("aten.relu.default", (Ref("x"),), {}, "r")
    with pytest.raises(ModelError, match="input 'x' is read without a quantizer; give calibration data"):
        run(relu, quantize("q", "r"), quantize("d", "q", kind="dequantize"))
    for zero in (200, -129):
        with pytest.raises((ModelError, edgeq.errors.GraphError), match="zero point"):
            run(quantize("q", "x", zero=zero), quantize("d", "q", zero=zero, kind="dequantize"))


def test_weights_quantized_with_a_zero_scale_or_along_another_axis() -> None:
    def weighted(scale: list[float], axis: int) -> tuple[Call, ...]:
        call = Call("quantized_decomposed.dequantize_per_channel.default",
                    (Ref("w"), Ref("s"), Ref("z"), axis, -128, 127, "int8"), {}, "dw")
        product = Call("aten.linear.default", (Ref("d"), Ref("dw"), None), {}, "y")
        return quantize("q", "x"), quantize("d", "q", kind="dequantize"), call, product

    constants = {"w": np.array([[1, 2], [3, 4]], np.int8), "z": np.zeros(2, np.int64)}
    for scale, axis, message in (([1.0, 0.0], 0, "a scale is zero, negative or not finite"),
                                 ([1.0, math.nan], 0, "a scale is zero, negative or not finite"),
                                 ([1.0, 2.0], 1, "weights quantized along axis 1; only axis 0")):
        with pytest.raises(ModelError, match=message):
            run(*weighted(scale, axis), constants=constants | {"s": np.array(scale)})
    with pytest.raises(ModelError, match="a zero point is no integer"):
        run(*weighted([1.0, 2.0], 0), constants=constants | {"s": np.ones(2), "z": np.array([0.5, 0.0], np.float32)})
    done = run(*weighted([1.0, 0.25], 0), constants=constants | {"s": np.array([1.0, 0.25])})
    assert op(done.graph, "linear.acc" if "linear.acc" in done.graph.types else "y.acc").weight.array.tolist() == [
        [1, 2], [3, 4]]


def test_batch_norm_with_a_variance_below_zero() -> None:
    values = [np.array([value], np.float32) for value in (1.0, 0.0, 0.0, -1.0)]
    constants = dict(zip("gbmv", values, strict=True))
    call = Call("aten.batch_norm.default", (Ref("x"), *map(Ref, "gbmv"), False, 0.1, 1e-5, True), {}, "n")
    with pytest.raises(ModelError, match=r"its running variance plus eps is -0.99999, expected more than 0"):
        run(call, constants=constants)


def test_constants_that_torch_cannot_compute() -> None:
    call = Call("aten.reshape.default", (Ref("w"), (7, 3)), {}, "shaped")
    product = Call("aten.linear.default", (Ref("x"), Ref("shaped"), None), {}, "y")
    with pytest.raises(ModelError, match=r"aten\.reshape\.default 'shaped'"):
        run(call, product, constants={"w": np.ones((2, 2), np.float32)})


def test_strings_among_arguments_of_constants_are_strings() -> None:
    model = OneInput(lambda m, x: F.linear(x, F.gelu(m.fc.weight, approximate="tanh")), fc=linear(noise(2, 2).tolist()))
    graph = lower(model, (2,), ranges={"x": (0.0, 1.0)})
    assert [n.op.KIND for n in graph.nodes] == ["linear", "requantize"]


def test_names_of_inputs_are_checked_by_the_simulator() -> None:
    graph = lower(OneInput(lambda m, x: m.fc(x), fc=linear(noise(2, 2).tolist())), (2,), ranges={"x": (0.0, 1.0)})
    with pytest.raises(InputError, match="'y' is not an input of graph 'net'; inputs are x"):
        edgeq.simulate(graph, {"y": noise(1, 2)})


@pytest.mark.parametrize("stride", ["x", (1.5, "y"), float("inf"), (None, None)])
def test_a_malformed_argument_is_named(stride: object) -> None:
    program = capture(OneInput(lambda m, x: m.c(x), c=conv([[[[1.0]]]])).eval(), (zeros(1, 2, 2),))
    (call,) = program.calls
    broken = dataclasses.replace(program, calls=(dataclasses.replace(call, args=(*call.args[:2], None, stride)),))
    with pytest.raises(ModelError, match=r"aten\.conv2d\.default .*: an argument is malformed"):
        translate(broken, Weights(broken))
