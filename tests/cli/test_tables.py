"""presets, ops, the table in README.md, and the accumulators that a simulation saw."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.cli.ops import labels, markdown
from edgeq.ir.op import OPS
from edgeq.ops.conv2d import Conv2d
from edgeq.ops.requantize import Requantize
from edgeq.scheme.presets import FLOAT_KERNELS, PRESETS

ROOT = Path(__file__).parents[2]


def test_presets(run) -> None:
    done = run("presets")
    assert (done.code, done.err) == (0, "")
    for name in PRESETS:
        assert done.out.count(f"\n{name} ") == 4, name
    assert done.out.splitlines()[-1] == (
        "float32 kernels, for edgeq compare --kernel: fbgemm, x86, onednn, qnnpack, onnxruntime, xnnpack")
    rows = json.loads(run("presets", "--json").out)
    assert [r["preset"] for r in rows["presets"]] == [
        "edgeq", "tflite", "tflite_single", "cmsis_nn", "tosa", "onnx_qlinear", "cnn_compress", "ai8x", "pulp", "nngen",
        "ap_fixed"]
    assert all(all(r.values()) for r in rows["presets"])
    by_name = {r["preset"]: r for r in rows["presets"]}
    assert by_name["cnn_compress"] == {
        "preset": "cnn_compress", "bits": "8, one width", "multiplier": "as weights, ties_even", "rounding": "floor",
        "overflow": "error", "weights": "unsigned, zero point, per tensor, ties_even", "bias": "accumulator steps",
        "activations": "unsigned, zero point, stored signed with 2 bits more, cover 0.75, range before ReLU",
        "outputs": "quantized", "average": "floor, raw", "accumulator": "proven width",
        "source": "CNN_Compress, quantize.py and utils.py (XiaogegeChen/CNN_Compress)"}
    assert by_name["ap_fixed"]["accumulator"] == "activation bits, wrap, products floor"
    assert by_name["tflite"]["multiplier"] == "31 bits, ties_away; 16 bits ties_up past 8-bit operands"
    assert "onnx_qlinear, cnn_compress, ai8x, pulp, nngen, ap_fixed." in " ".join(run("lower", "--help").out.split())


@pytest.mark.parametrize("name", FLOAT_KERNELS)
def test_a_float_kernel_is_no_preset(name: str, run, files, tmp_path: Path) -> None:
    done = run("lower", files.model, "--calib", files.calib, "--preset", name, "-o", tmp_path / "n.edgeq")
    assert done.code == 2
    assert done.error == (
        f"lower: preset '{name}': this kernel rescales in float32, so no integer lowering equals it; lower with "
        f"another preset and compare with: edgeq compare --kernel {name}")
    assert not (tmp_path / "n.edgeq").exists()


def test_lowering_with_a_preset(run, files, tmp_path: Path) -> None:
    out = tmp_path / "n.edgeq"
    done = run("lower", files.model, "--calib", files.calib, "--preset", "ai8x", "-o", out)
    assert (done.code, done.err) == (0, "")
    assert edgeq.load(out).metadata["lowering"]["weights"] == "per_tensor"
    done = run("lower", files.model, "--preset", "ap_fixed", "-o", out)  # needs no calibration
    assert done.code == 0
    done = run("lower", files.model, "--calib", files.calib, "--bias-fraction-bits", 8, "-o", out)
    assert (done.code, edgeq.load(out).node("0.acc").op.bias_fraction_bits) == (0, 8)
    done = run("lower", files.model, "--calib", files.calib, "--preset", "cnn_compress", "--wbits", 6, "-o", out)
    assert done.code == 2
    assert done.error == ("lower: preset cnn_compress: wbits 6 and abits 8 must be equal: it has one number of bits")
    done = run("lower", files.model, "--calib", files.calib, "--bias-fraction-bits", 31, "-o", out)
    assert (done.code, done.error) == (2, "lower: bias_fraction_bits must be 0..30, got 31")


def test_emitting_where_made_inputs_overflow(run, tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("narrow")
    x = b.input("x", (2,), edgeq.IntType(8))
    b.output(b.requantize(b.linear(x, [[1, 1]], name="fc"), 1, 0, overflow="error"))
    edgeq.save(b.build(), tmp_path / "n.edgeq")
    done = run("emit", tmp_path / "n.edgeq", "--format", "c", "-o", tmp_path / "c")
    assert done.code == 1
    assert "is outside s8" in done.error
    assert done.error.endswith("made, not yours: edgeq simulate --input X.npy --vectors DIR, then emit --vectors DIR")
    np.save(tmp_path / "x.npy", np.array([[3, -4]], np.int8))
    run("simulate", tmp_path / "n.edgeq", "--input", tmp_path / "x.npy", "--vectors", tmp_path / "v")
    done = run("emit", tmp_path / "n.edgeq", "--format", "c", "--vectors", tmp_path / "v", "-o", tmp_path / "c")
    assert done.code == 0


def test_ops(run) -> None:
    done = run("ops")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == ["op", *sorted(OPS)]
    assert run("ops", "--markdown").out == markdown() + "\n"
    assert labels(Requantize) == "C1 to C9"
    assert labels(Conv2d) == "C1 to C5, W1.., A1.."
    assert "| `clamp` | x | Limit `x` to `[lo, hi]`; ReLU is `lo` at the zero point | C1 |" in markdown().splitlines()
    assert all(line.count("|") == 5 for line in markdown().splitlines())


def test_page_of_an_op(run) -> None:
    done = run("ops", "clamp")
    assert (done.code, done.err) == (0, "")
    assert done.out == """\
b.clamp(x, lo, hi, name)

Limit ``x`` to ``[lo, hi]``; ReLU is ``lo`` at the zero point.

Semantics: ``y = saturate(x, lo, hi)``

Operands: x of any shape.

Constraints:
    C1: lo <= hi, both inside x's type

Hardware: two comparisons.

attribute  default   takes
lo         required  an integer
hi         required  an integer
"""
    lines = run("ops", "conv2d").out.splitlines()
    assert lines[0].startswith("b.conv2d(x, weight, bias, stride, ")
    for words in ("weight required an integer or an array of integers", "acc 's32' an IntType",
                  "bias None an integer or an array of integers, or None",
                  "acc_overflow 'wrap' one of wrap, saturate, error",
                  "A1, A2: acc_overflow is wrap (acc of 8..64 bits), saturate or error (8..62 bits)"):
        assert [line.split() for line in lines].count(words.split()) == 1, words
    assert "mode          None     see above" in run("ops", "resize_bilinear").out


def test_every_op_has_a_page(run) -> None:
    for kind in OPS:
        done = run("ops", kind)
        assert (done.code, done.err) == (0, ""), kind
        assert all(f"\n{field.name} " in done.out for field in dataclasses.fields(OPS[kind])) or "see above" in done.out


def test_page_of_no_op(run) -> None:
    done = run("ops", "conv3d")
    assert (done.code, done.out) == (2, "")
    assert done.error == f"there is no op 'conv3d'; ops are {', '.join(sorted(OPS))}"
    done = run("ops", "conv2d", "--markdown")
    assert (done.code, done.error) == (2, "--markdown is for the table of all ops; leave it out, or NAME")


def readme_script():
    spec = importlib.util.spec_from_file_location("readme", ROOT / "scripts" / "readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_the_readme_is_that_of_the_registry() -> None:
    """If not: make readme."""
    text = (ROOT / "README.md").read_text()
    table = text.split("<!-- ops -->\n")[1].split("\n<!-- /ops -->")[0]
    assert table == markdown()
    script = readme_script()
    assert script.with_table(text) == text
    assert script.with_table(text.replace("| `add` |", "| `sum` |")) == text
    with pytest.raises(ValueError, match="no markers"):
        script.with_table(text.replace("<!-- /ops -->", ""))


def sums(x: np.ndarray) -> dict[str, np.ndarray]:
    """Return the accumulators of the small graph of the fixtures, channel first, in numpy."""
    real = x.astype(np.int64).reshape(len(x), 4)
    first = np.stack([3 + real, -4 - 2 * real], 1)
    codes = np.clip((first + 1) >> 1, -128, 127).reshape(len(x), 8)
    return {"conv": first.transpose(1, 0, 2).reshape(2, -1), "fc": (codes @ np.arange(-12, 12).reshape(3, 8).T).T}


@pytest.mark.parametrize("options", [(), ("--kernel", "reference"), ("--jobs", 2)])
def test_acc_stats(options: tuple[object, ...], run, files, tmp_path: Path) -> None:
    expected = sums(np.load(files.x))
    done = run("simulate", files.bundle, "--input", files.x, "--labels", files.y, "--acc-stats", *options)
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[3] == ["layer", "declared", "overflow", "proven", "bits", "observed", "bits", "lowest", "seen",
                        "highest", "seen"]
    for line, (name, seen) in zip(lines[4:], expected.items(), strict=True):
        assert line[:3] == [name, "s32", "wrap"]
        assert [int(v.replace(",", "")) for v in line[5:]] == [int(seen.min()), int(seen.max())]
    text = run("simulate", files.bundle, "--input", files.x, "--labels", files.y, "--acc-stats", "--json", *options).out
    data = json.loads(text)
    assert data["accuracy"] == {"right": 15, "images": 20}
    assert data["outputs"][0]["output"] == "fc"
    proven = {"conv": 10, "fc": 15}  # 68 * 128, the first row of weights
    for row, (name, seen) in zip(data["accumulators"], expected.items(), strict=True):
        lo, hi = int(seen.min()), int(seen.max())
        bits = max((-lo - 1).bit_length() if lo < 0 else 0, hi.bit_length()) + 1
        assert (row["layer"], row["proven_bits"], row["observed_bits"]) == (name, proven[name], bits)
        assert [(c["channel"], c["lowest"], c["highest"]) for c in row["channels"]] == [
            (k, int(v.min()), int(v.max())) for k, v in enumerate(seen)]


def test_acc_stats_by_hand(run, files, tmp_path: Path) -> None:
    """One image: 3 + x and -4 - 2x of x = -128, 0, 1, 127; 9 bits hold -125..130 less one, 260 needs 10."""
    np.save(tmp_path / "x.npy", np.array([[[[-128, 0], [1, 127]]]], np.int8))
    data = json.loads(run("simulate", files.bundle, "--input", tmp_path / "x.npy", "--acc-stats", "--json").out)
    assert data["accumulators"][0]["channels"] == [
        {"channel": 0, "lowest": -125, "highest": 130, "bits": 9},
        {"channel": 1, "lowest": -258, "highest": 252, "bits": 10}]
    assert data["accumulators"][0]["observed_bits"] == 10


def test_acc_stats_of_no_image_and_beside_vectors(run, files, tmp_path: Path) -> None:
    np.save(tmp_path / "none.npy", np.zeros((0, 1, 2, 2), np.int8))
    done = run("simulate", files.bundle, "--input", tmp_path / "none.npy", "--acc-stats")
    assert done.code == 0
    assert done.out.splitlines()[-1].split() == ["fc", "s32", "wrap", "15", "-", "-", "-"]
    done = run("simulate", files.bundle, "--vectors", tmp_path / "v", "--acc-stats", "--json")
    assert done.err == f"{tmp_path / 'v'}: vectors of 16 images\n"
    assert json.loads(done.out)["outputs"][0]["images"] == 16
    plain = json.loads(run("simulate", files.bundle, "--input", files.x, "--json").out)
    assert set(plain) == {"graph", "outputs"}


def test_acc_stats_run_along_the_last_axis_of_a_matrix_product(run, tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("rows")
    x = b.input("x", (2, 3), edgeq.IntType(8))
    b.output(b.linear(x, [[1, 0, 0], [0, 2, 0], [0, 0, -3], [1, 1, 1]], name="fc"))
    edgeq.save(b.build(), tmp_path / "rows.edgeq")
    np.save(tmp_path / "x.npy", np.array([[[1, 2, 3], [4, 5, 6]], [[-7, 8, 9], [10, 11, 12]]], np.int8))
    out = run("simulate", tmp_path / "rows.edgeq", "--input", tmp_path / "x.npy", "--acc-stats", "--json").out
    (found,) = json.loads(out)["accumulators"]
    assert [(c["lowest"], c["highest"]) for c in found["channels"]] == [(-7, 10), (4, 22), (-36, -9), (6, 33)]


@pytest.mark.parametrize("bad", ["missing", "shape"])
def test_bad_input(bad: str, run, files, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    if bad == "shape":
        np.save(path, np.zeros((3, 1, 2, 3), np.int8))
    done = run("simulate", files.bundle, "--input", path, "--acc-stats")
    assert done.code == 2
    assert ("no such file" if bad == "missing" else "expected [N, 1, 2, 2]") in done.error
