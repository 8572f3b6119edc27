"""Accumulators, configuration per layer, presets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from edgeq.errors import InputError, OverflowDetected
from edgeq.frontend.capture import capture
from edgeq.frontend.lower import lower_program, make_options
from edgeq.scheme.presets import PRESETS
from tests.oracles import lowering as oracle

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.frontend.lowering import OneInput, conv, layers, linear, lower, noise, op, stored, zeros  # noqa: E402

X, H = (-2.0, 127 / 64), (-4.0, 4.0)
ROWS = [[0.5, -0.25, 1.0, 0.75]] * 3
RANGES = {"x": X, "a": H, "b": H, "c": H}


def chain() -> nn.Module:
    return OneInput(lambda m, x: m.c(m.b(m.a(x))), a=linear([*ROWS, ROWS[0]], [0.1] * 4),
                    b=linear([*ROWS, ROWS[0]]), c=linear([*ROWS, ROWS[0]], [0.3] * 4))


def lowered(**options):
    return lower(chain(), (4,), ranges=RANGES, **options)


def test_auto_is_the_proven_width() -> None:
    """127*(1/2+1/4+1+3/4) by 128 steps of the input and the bias: one bit less would not do."""
    graph = lowered()
    model = chain()
    x = oracle.activation(*X, 8)
    made = oracle.weights(stored(model.a, "weight"), stored(model.a, "bias"), x, 8)
    lo, hi = oracle.acc_limits(made, x)
    bits = oracle.signed_bits(lo, hi)
    assert op(graph, "a.acc").acc == IntType(bits)
    assert not -(2 ** (bits - 2)) <= lo <= hi < 2 ** (bits - 2)
    assert op(graph, "a.acc").acc_overflow.name == "wrap"
    assert op(lowered(acc_bits=32), "a.acc").acc == IntType(32)
    assert op(lowered(acc_bits="32"), "a.acc").acc_overflow.name == "wrap"


def test_a_narrow_accumulator_stops_the_run_unless_the_user_chose() -> None:
    program = capture(chain().eval(), (zeros(4),))
    large = np.full((1, 4), 1.9, np.float32) * np.array([1, -1, 1, 1], np.float32)
    graphs = {}
    for rule in ("error", "saturate", "wrap"):
        config = {"layers": {"a": {"acc": 14} | ({} if rule == "error" else {"acc_overflow": rule})}}
        done = lower_program(program, make_options(config=config), ranges=RANGES)
        graphs[rule] = done.graph
        assert op(done.graph, "a.acc").acc == IntType(14)
        assert op(done.graph, "a.acc").acc_overflow.name == rule
        needed = op(lowered(), "a.acc").acc.bits
        note = f"layer 'a': accumulator has 14 bits, its proof needs {needed}; overflow {rule}"
        assert done.notes == (note,)
        assert done.graph.metadata["lowering"]["notes"] == [note]
    exact = edgeq.simulate(lowered(), {"x": large}).values["a.acc"]
    assert exact.min() > 2**13
    with pytest.raises(OverflowDetected, match=r"linear 'a.acc': value \d+ at image 0, index \[0\] is outside s14"):
        edgeq.simulate(graphs["error"], {"x": large})
    assert edgeq.simulate(graphs["saturate"], {"x": large}).values["a.acc"].tolist() == [[2**13 - 1] * 4]
    wrapped = (exact.astype(int) + 2**13) % 2**14 - 2**13
    assert edgeq.simulate(graphs["wrap"], {"x": large}).values["a.acc"].tolist() == wrapped.tolist()


def test_calibration_data_that_overflow_are_noted_not_fatal() -> None:
    data = np.full((4, 4), 1.9, np.float32) * np.array([1, -1, 1, 1], np.float32)
    done = lower_program(capture(chain().eval(), (zeros(4),)), make_options(acc_bits=14), {"x": data})
    assert done.errors == ()
    assert "the calibration data overflow an accumulator, so no error is measured: linear '" in done.notes[-1]


def test_every_key_of_a_configuration_file(tmp_path: Path) -> None:
    """A later pattern overrides an earlier one; what is not said stays."""
    path = tmp_path / "lower.yaml"
    path.write_text(
        "layers:\n"
        '  "[ab]": {wbits: 4, abits: 6, weights: per_tensor}\n'
        "  b: {wbits: 5, acc: 30, acc_overflow: saturate, preset: tflite, range: [-1, 3.5]}\n"
        "  x: {abits: 12, range: [-1.0, 1.0]}\n"
    )
    graph = lowered(config=path, out_bits=8)
    assert [op(graph, f"{n}.acc").weight_type.bits for n in "abc"] == [4, 5, 8]
    assert [graph.types[n].type.bits for n in "xabc"] == [12, 6, 6, 8]
    x, b = oracle.activation(-1.0, 1.0, 12), oracle.activation(-1.0, 3.5, 6)
    assert (graph.types["x"].scale, graph.types["x"].zero_point) == (x.scale, x.zero_point)
    assert (graph.types["b"].scale, graph.types["b"].zero_point) == (b.scale, b.zero_point)
    assert (op(graph, "b.acc").acc, op(graph, "b.acc").acc_overflow.name) == (IntType(30), "saturate")
    assert [op(graph, n).rounding.name for n in "abc"] == ["ties_up", "two_stage", "ties_up"]
    assert [op(graph, n).multiplier.shape for n in "ab"] == [(), ()]


BAD = {
    "wbits: 1": "'a': wbits must be 2..16, got 1",
    "wbits: 17": "wbits must be 2..16, got 17",
    "abits: true": "abits must be 2..16, got True",
    "abits: 8.0": r"abits must be 2..16, got 8\.0",
    "acc: 7": "acc must be auto or 8..62 bits, got 7",
    "acc: 63": "acc must be auto or 8..62 bits, got 63",
    "acc_overflow: zero": "acc_overflow must be wrap, saturate or error, got 'zero'",
    "acc_overflow: [wrap]": "acc_overflow must be wrap, saturate or error",
    "weights: per_row": "weights must be per_channel or per_tensor, got 'per_row'",
    "range: [1, 1]": r"range must be \[lo, hi\] with lo < hi",
    "range: [0, 1, 2]": r"range must be \[lo, hi\] with lo < hi",
    "range: [.nan, 1]": r"range must be \[lo, hi\] with lo < hi",
    "range: [-.inf, 1]": r"range must be \[lo, hi\] with lo < hi",
    "range: [true, 2]": r"range must be \[lo, hi\] with lo < hi",
    "range: [0, 1" + "0" * 400 + "]": r"range must be \[lo, hi\] with lo < hi",
    "preset: nope": r"lower.yaml: 'a': preset 'nope' does not exist; use one of edgeq, tflite",
    "preset: [tflite]": "does not exist; use one of",
    "bits: 8": "'bits' is not a setting; settings are wbits, abits, preset, weights, acc, acc_overflow, range, "
               "bias_fraction_bits",
    "1: 2": "1 is not a setting",
}


@pytest.mark.parametrize("text", BAD, ids=lambda t: t[:20])
def test_a_bad_setting_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "lower.yaml"
    path.write_text(f"layers:\n  a: {{{text}}}\n")
    with pytest.raises(InputError, match=BAD[text]):
        lowered(config=path)


@pytest.mark.parametrize(("text", "message"), [
    ("layers: [", r"lower.yaml: not valid YAML at line"),
    ("layers: {a: 3}", "'a' must map names to values"),
    ("layers: [a]", "must hold one mapping 'layers'"),
    ("", "must hold one mapping 'layers'"),
    ("- 1", "must hold one mapping 'layers'"),
    ("layers: {}\nmore: 1", "must hold one mapping 'layers'"),
    ("layers: {'d*': {wbits: 4}}", r"config: pattern 'd\*' matches no layer; layers are x, a, b, c"),
    ("layers: !!python/object/apply:os.system [ls]", "not valid YAML"),
])  # fmt: skip
def test_a_bad_file_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "lower.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        lowered(config=path)


@pytest.mark.parametrize(("options", "message"), [
    ({"wbits": 1}, "lower: wbits must be 2..16, got 1"),
    ({"abits": 17}, "lower: abits must be 2..16, got 17"),
    ({"weights": "per_row"}, "lower: weights must be per_channel or per_tensor"),
    ({"acc_bits": "many"}, "acc-bits must be auto or a number of bits, got 'many'"),
    ({"acc_bits": 7}, "lower: acc must be auto or 8..62 bits, got 7"),
    ({"out_bits": 1}, "out-bits must be 2..32, got 1"),
    ({"out_bits": 33}, "out-bits must be 2..32, got 33"),
    ({"preset": "fbgemm"}, "preset 'fbgemm': this kernel rescales in float32, so no integer lowering equals it"),
    ({"preset": "qnnpack"}, "lower with another preset and compare with: edgeq compare --kernel qnnpack$"),
    ({"config": "nowhere.yaml"}, "nowhere.yaml: no such file"),
])  # fmt: skip
def test_a_bad_option_is_named(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        lowered(**options)


@pytest.mark.parametrize("name", PRESETS)
def test_presets(name: str) -> None:
    """Rounding of requantize, and of averages with their domain; the multipliers' bits."""
    expected = {
        "edgeq": ("ties_up", "ties_away", "raw"), "tflite": ("two_stage", "ties_away", "raw"),
        "tflite_single": ("ties_up", "ties_away", "raw"), "cmsis_nn": ("two_stage", "ties_away", "raw"),
        "tosa": ("ties_up", "ties_away", "centered"), "onnx_qlinear": ("ties_even", "ties_even", "centered"),
        "cnn_compress": ("floor", "floor", "raw"), "ai8x": ("ties_up", "to_zero", "raw"),
        "pulp": ("floor", "floor", "raw"), "nngen": ("ties_away", "ties_away", "raw"),
        "ap_fixed": ("floor", "to_zero", "raw"),
    }[name]  # fmt: skip
    lo, hi = {"cnn_compress": (128, 255), "ai8x": (1, 1), "ap_fixed": (1, 1), "pulp": (32, 63), "nngen": (64, 127)}.get(
        name, (2**30, 2**31 - 1))
    model = OneInput(lambda m, x: m.pool(m.conv(x)), conv=conv(noise(3, 2, 1, 1).tolist()), pool=nn.AvgPool2d(2))
    graph = lower(model, (2, 4, 4), ranges={"x": X, "conv": H}, preset=name)
    pool, last = op(graph, "pool"), op(graph, "conv")
    assert (last.rounding.name, pool.rounding.name, pool.domain) == expected
    assert all(lo <= m <= hi for m in last.multiplier.array.ravel().tolist())
    assert graph.metadata["lowering"]["preset"] == name
    assert layers(graph) == [("conv", "conv2d+requantize"), ("pool", "avg_pool2d")]


def test_a_scale_too_small_is_reported() -> None:
    """A channel 2**-40 of the other leaves nothing at 8 bits: shift 62 is the most."""
    model = OneInput(lambda m, x: m.last(m.a(x)), a=linear([[1.0, 1.0], [2.0**-40, 0.0]]), last=nn.Flatten(1))
    done = lower_program(capture(model.eval(), (zeros(2),)), make_options(), ranges={"x": X, "a": (-4.0, 4.0)})
    assert done.notes == ("layer 'a': scale of channel 1 is too small and became 0",)
    assert op(done.graph, "a").multiplier.array.tolist()[1] == 0


@pytest.mark.parametrize(("layers_", "message"), [
    ({"a": {"wbits": 4}, "x": {"wbits": 4}}, "config: wbits has no effect on 'x'; it has on: a, b, c"),
    ({"c": {"abits": 4}}, "config: abits has no effect on 'c'; it has on: x, a, b"),
    ({"c": {"range": [0, 1]}}, "config: range has no effect on 'c'"),
])
def test_a_setting_without_effect_is_an_error(layers_: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        lowered(config={"layers": layers_})


def test_acc_auto_in_a_configuration() -> None:
    graph = lowered(acc_bits=30, config={"layers": {"a": {"acc": "auto"}}})
    assert op(graph, "a.acc").acc == op(lowered(), "a.acc").acc
    assert op(graph, "b.acc").acc == IntType(30)
