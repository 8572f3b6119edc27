"""Softmax by the rules of contract section 8, from the stored scale of its operand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from edgeq.errors import ModelError

torch = pytest.importorskip("torch")

from tests.frontend.lowering import OneInput, codes, lower, noise, op  # noqa: E402

X = (-4.0, 3.0)


def net(bits: int = 8, preset: str = "edgeq", axis: int = -1, out_bits: int | None = None) -> edgeq.Graph:
    return lower(OneInput(lambda m, x: torch.softmax(x, axis)), (3, 5), ranges={"x": X}, abits=bits, preset=preset,
                 out_bits=out_bits)


@pytest.mark.parametrize("bits", [4, 8, 10, 12])
@pytest.mark.parametrize("axis", [1, 2, -1])
def test_table(bits: int, axis: int) -> None:
    graph = net(bits, axis=axis)
    made, x, kept = op(graph, "softmax"), graph.types["x"], graph.types["softmax"]
    entries = [math.exp(-d * x.scale) * 2**24 for d in range(2**bits)]
    assert max(abs(int(t) - e) for t, e in zip(made.table.array, entries, strict=True)) <= 0.5 + 1e-6
    assert (made.rule, made.axis) == ("table", axis % 3 - 1)
    width = max(bits, 8)
    assert (kept.type, kept.scale, kept.zero_point) == (IntType(width), 2.0**-width, -(2 ** (width - 1)))
    values = codes(graph, noise(6, 3, 5))
    rows = np.moveaxis(values["x"], axis, -1).reshape(-1, 3 if axis == 1 else 5)
    got = np.moveaxis(values["softmax"], axis, -1).reshape(rows.shape)
    for row, result in zip(rows.tolist(), got.tolist(), strict=True):
        e = [int(made.table.array[max(row) - v]) for v in row]
        total = sum(e)
        shares = [math.floor(Fraction(2 ** (width + 1) * v + total, 2 * total)) for v in e]
        assert result == [min(s, 2**width - 1) + kept.zero_point for s in shares]


@pytest.mark.parametrize("preset", ["tflite", "cmsis_nn"])
def test_tflite_has_gemmlowps_exponential_at_8_bits(preset: str) -> None:
    graph = net(8, preset)
    made, x, kept = op(graph, "softmax"), graph.types["x"], graph.types["softmax"]
    assert (made.rule, kept.scale, kept.zero_point) == ("gemmlowp", 2.0**-8, -128)
    # the exponential is that of real numbers to 5 digits, on all distances that TFLite's radius holds
    errors = [abs(int(t) / 2**31 - math.exp(-d * x.scale)) for d, t in enumerate(made.table.array)]
    assert max(errors) < 1e-5
    values = codes(graph, noise(4, 3, 5))
    assert np.abs((values["softmax"] + 128) / 256 - torch.softmax(
        torch.from_numpy((values["x"] - x.zero_point) * x.scale), -1).numpy()).max() <= 1.01 / 256


@pytest.mark.parametrize("bits", [13, 16])
@pytest.mark.parametrize("preset", ["edgeq", "tflite"])
def test_past_12_bits_it_is_tflites_of_16(bits: int, preset: str) -> None:
    graph = net(bits, preset)
    made, kept = op(graph, "softmax"), graph.types["softmax"]
    assert (made.rule, kept.type, kept.scale, kept.zero_point) == ("tflite_s16", IntType(16), 2.0**-15, 0)
    values, x = codes(graph, noise(4, 3, 5)), graph.types["x"]
    real = torch.softmax(torch.from_numpy((values["x"] - x.zero_point) * x.scale), -1).numpy()
    assert np.abs(values["softmax"] / 2**15 - real).max() < 2.0**-12  # a line of 1/512 of exp on [-10, 0]


@pytest.mark.parametrize("preset", ["edgeq", "tflite", "ap_fixed"])
@pytest.mark.parametrize("bits", [2, 8, 15])
def test_fewer_output_bits_than_16(bits: int, preset: str) -> None:
    """Units of 2^-15 in units of 2^-bits, ties up, 1 saturates; ap_fixed rounds down, TFLite rounds a half first."""
    graph = net(16, preset, out_bits=bits)
    kept = graph.types[graph.outputs[0].value]
    assert (kept.type, kept.scale, kept.zero_point) == (IntType(bits), 2.0**-bits, -(2 ** (bits - 1)))
    data = noise(64, 3, 5)
    data[0, 0] = [1000.0, *[-1000.0] * 4]
    values = codes(graph, data)
    wide, got = values["softmax.table"].ravel().tolist(), values["softmax"].ravel().tolist()
    unit = 2 ** (15 - bits)
    if preset == "tflite" and unit > 1:
        wide, unit = [(w + 1) // 2 for w in wide], unit // 2
    half = 0 if preset == "ap_fixed" else unit // 2
    assert got == [min((w + half) // unit, 2**bits - 1) - 2 ** (bits - 1) for w in wide]
    assert max(got) == 1 or bits > 2


def test_more_output_bits_than_softmax_makes_are_noted() -> None:
    for bits, scale in ((8, 2.0**-16), (16, 2.0**-15)):
        graph = net(bits, out_bits=32)
        kept = graph.types["softmax"]
        assert (kept.type, kept.scale) == (IntType(16), scale)
        note = "layer 'softmax': softmax gives 16 bits; 32 output bits have no effect on it"
        assert graph.metadata["lowering"]["notes"] == [note]


def test_the_scale_of_16_bits_is_that_of_the_operand() -> None:
    """Multiplier and shifts bring a distance to the table of exp on [-10, 0]: scale * 65535 / 10."""
    made, x = op(net(16), "softmax"), net(16).types["x"]
    ratio = Fraction(made.multiplier) * 2**made.left_shift / 2**made.shift
    exact = Fraction(x.scale) * 65535 / 10
    assert abs(ratio / exact - 1) < Fraction(1, 2**30)


def test_it_reads_codes() -> None:
    """A sum without a quantizer has no scale that a table could take."""
    from edgeq.frontend.lower import lower_program, make_options
    from edgeq.frontend.program import Call, Program, ProgramInput, Ref, ValueType

    kind = ValueType((None, 2), "float32")
    q = (0.1, 0, -128, 127, "int8")
    calls = (
        Call("quantized_decomposed.quantize_per_tensor.default", (Ref("x"), *q), {}, "q"),
        Call("quantized_decomposed.dequantize_per_tensor.default", (Ref("q"), *q), {}, "d"),
        Call("aten.linear.default", (Ref("d"), Ref("w")), {}, "fc"),
        Call("aten.softmax.int", (Ref("fc"), -1), {}, "softmax"),
    )
    types = dict.fromkeys(("x", "q", "d", "fc", "softmax"), kind) | {"w": ValueType((2, 2), "float32")}
    program = Program((ProgramInput("x", (None, 2), "float32"),), {"w": np.eye(2, dtype=np.float32)}, calls,
                      ("softmax",), {}, types)
    message = "softmax reads codes, and 'fc' gives it a sum without a quantizer; give calibration data"
    with pytest.raises(ModelError, match=message):
        lower_program(program, make_options())
