"""Ranges: found, saved, edited, given back, refused. Given ranges decide every byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

import edgeq
from edgeq.bundle import bundle_files, graph_digest
from edgeq.errors import CalibrationError, InputError
from edgeq.frontend.capture import capture
from edgeq.frontend.lower import lower_program, make_options
from edgeq.frontend.ranges import load_ranges, save_ranges
from tests.oracles import lowering as oracle

torch = pytest.importorskip("torch")

from tests.frontend.lowering import OneInput, conv, linear, noise, op, zeros  # noqa: E402


def program():
    torch.manual_seed(2)
    parts = {"conv": conv(noise(4, 2, 3, 3).tolist(), [0.1, 0.2, -0.3, 0.0]), "fc": linear(noise(3, 16).tolist())}
    model = OneInput(lambda m, x: m.fc(torch.relu(m.conv(x)).flatten(1)), **parts)
    return capture(model.eval(), (zeros(2, 4, 4),))


@pytest.fixture(scope="module")
def model():
    return program()


def test_ranges_are_the_extremes_of_all_batches(model) -> None:
    data = noise(200, 2, 4, 4)
    found = lower_program(model, make_options(), {"x": data}).ranges
    net = torch.nn.functional.conv2d(torch.from_numpy(data), torch.from_numpy(noise(4, 2, 3, 3)),
                                     torch.tensor([0.1, 0.2, -0.3, 0.0])).relu()
    assert list(found) == ["x", "conv"]
    assert found["x"] == (float(data.min()), float(data.max()))
    # the reference is float32 too, but may add in another order
    assert found["conv"] == (0.0, pytest.approx(float(net.max()), rel=1e-6))


def test_saved_ranges_give_the_same_bytes_whatever_the_threads(model, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    data = {"x": noise(64, 2, 4, 4)}
    calibrated = lower_program(model, make_options(), data)
    save_ranges(tmp_path / "r.yaml", calibrated.ranges)
    files = []
    try:
        for count in (1, 2, threads):
            torch.set_num_threads(count)
            files.append(bundle_files(lower_program(program(), make_options(), ranges=tmp_path / "r.yaml").graph))
    finally:
        torch.set_num_threads(threads)
    with_data = lower_program(model, make_options(), data, ranges=tmp_path / "r.yaml")
    assert files[0] == files[1] == files[2] == bundle_files(with_data.graph)
    assert with_data.errors  # measured and printed, yet not stored: float sums differ between machines
    assert graph_digest(calibrated.graph) == graph_digest(with_data.graph)
    written = dict(files[0])
    for k in range(2):
        edgeq.save(with_data.graph, tmp_path / f"{k}.edgeq")
        assert {n: (tmp_path / f"{k}.edgeq" / n).read_bytes() for n in written} == written
    save_ranges(tmp_path / "again.yaml", load_ranges(tmp_path / "r.yaml", ["x", "conv"]))
    assert (tmp_path / "again.yaml").read_bytes() == (tmp_path / "r.yaml").read_bytes()


def test_edited_ranges_change_scales(model, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("edgeq_ranges: 1\nranges:\n  conv: [0, 6]\n  x: [-3.5, 2]\n")
    graph = lower_program(model, make_options(), ranges=path).graph
    for name, pair in {"x": (-3.5, 2.0), "conv": (0.0, 6.0)}.items():
        code = oracle.activation(*pair, 8)
        assert (graph.types[name].scale, graph.types[name].zero_point) == (code.scale, code.zero_point)
    mapping = lower_program(model, make_options(), ranges={"x": (-3.5, 2.0), "conv": (0.0, 6.0)}).graph
    assert bundle_files(mapping) == bundle_files(graph)
    assert op(graph, "conv").clamp is None


def test_a_range_that_excludes_zero_is_widened(model) -> None:
    graph = lower_program(model, make_options(), ranges={"x": (1.0, 2.0), "conv": (-5.0, -1.0)}).graph
    assert (graph.types["x"].zero_point, graph.types["x"].scale) == (-128, oracle.float32(2 / 255))
    assert (graph.types["conv"].zero_point, graph.types["conv"].scale) == (127, oracle.float32(5 / 255))


@pytest.mark.parametrize(("text", "message"), [
    ("edgeq_ranges: 1\nranges: {x: [-1, 1]}", r"r\.yaml: no range for 'conv'; write the file with --save-ranges"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [0, 1], fc: [0, 1]}", "'fc' is no value of this model"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [2, 1]}", r"range of 'conv' must be \[lo, hi\] with lo <= hi"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: 3}", r"range of 'conv' must be \[lo, hi\]"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [a, b]}", r"range of 'conv' must be \[lo, hi\]"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [0, .inf]}", r"range of 'conv' must be \[lo, hi\]"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [.nan, 1]}", r"range of 'conv' must be \[lo, hi\]"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [false, 1]}", r"range of 'conv' must be \[lo, hi\]"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [0, 1" + 400 * "0" + "]}", r"range of 'conv' must be \[lo, hi\]"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [0, 0]}", r"'conv': its range is \[0, 0\], so its scale would be"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [0, 1.0e-46]}", "gives the scale 0.0, which float32 cannot hold"),
    ("edgeq_ranges: 1\nranges: {x: [-1, 1], conv: [0, 1.0e+300]}", "gives the scale inf, which float32 cannot hold"),
    ("edgeq_ranges: 2\nranges: {x: [-1, 1], conv: [0, 1]}", "not a range file; it starts with 'edgeq_ranges: 1'"),
    ("x: [-1, 1]", "not a range file"),
    ("- 1", "not a range file"),
    ("edgeq_ranges: 1\nranges: [", "not valid YAML at line"),
])  # fmt: skip
def test_a_bad_range_file_is_named(model, text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(CalibrationError, match=message):
        lower_program(model, make_options(), ranges=path)


def test_missing_ranges(model, tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match=r"this is a float model: its activations need ranges. Give calibration"):
        lower_program(model, make_options())
    with pytest.raises(CalibrationError, match="ranges: none for 'conv'"):
        lower_program(model, make_options(), ranges={"x": (0.0, 1.0)})
    with pytest.raises(CalibrationError, match=r"nowhere\.yaml: no such file"):
        lower_program(model, make_options(), ranges=tmp_path / "nowhere.yaml")


CALIBRATION = {
    "nan": (lambda a: np.where(np.arange(a.size).reshape(a.shape) == 35, np.nan, a),
            r"calibration data for 'x': value at \[1, 0, 0, 3\] is nan, not finite"),
    "inf": (lambda a: np.where(a == a[2, 1, 0, 0], -np.inf, a), r"value at \[2, 1, 0, 0\] is -inf, not finite"),
    "shape": (lambda a: a[:, :, :3], r"'x': shape is \[8, 2, 3, 4\], the model takes \[N, 2, 4, 4\]"),
    "rank": (lambda a: a[0], r"shape is \[2, 4, 4\], the model takes \[N, 2, 4, 4\]"),
    "empty": (lambda a: a[:0], "calibration data for 'x' hold no sample"),
    "bool": (lambda a: a > 0, "calibration data for 'x' are bool; give what the network sees, as float32"),
    "complex": (lambda a: a.astype(complex), "calibration data for 'x' are complex128; give"),
    "pixels": (lambda a: (a * 10).astype(np.uint8), "are uint8; give what the network sees, as float32, or uint8"),
    "zeros": (lambda a: a * 0, r"layer 'x': its range is \[0, 0\], so its scale would be zero; calibrate on data"),
    "large": (lambda a: a.astype(np.float64) * 1e300, "value 'x' is not finite on the calibration data"),
}


@pytest.mark.parametrize("name", CALIBRATION)
def test_bad_calibration_data(model, name: str) -> None:
    change, message = CALIBRATION[name]
    with pytest.raises(CalibrationError, match=message):
        lower_program(model, make_options(), {"x": change(noise(8, 2, 4, 4))})


def test_calibration_by_name(model) -> None:
    data = noise(8, 2, 4, 4)
    whole = lower_program(model, make_options(), data)
    assert graph_digest(whole.graph) == graph_digest(lower_program(model, make_options(), {"x": data}).graph)
    assert whole.ranges == lower_program(model, make_options(), data.astype(np.float64)).ranges
    with pytest.raises(CalibrationError, match="calibration data: 'y' is no input; inputs are x"):
        lower_program(model, make_options(), {"y": data})
    with pytest.raises(CalibrationError, match="calibration data: none for 'x'; inputs are x"):
        lower_program(model, make_options(), {})


def test_quantized_models_take_no_ranges(quantized) -> None:
    held = capture(quantized.exported)
    for options, message in ((make_options(), "ranges do not"), (make_options(out_bits=8), "out-bits do not")):
        ranges = {"x": (0.0, 1.0)} if options.out_bits is None else None
        with pytest.raises(InputError, match=f"the model carries its own quantizers; {message} apply to it"):
            lower_program(held, options, ranges=ranges)


def test_the_range_file_is_plain(model, tmp_path: Path) -> None:
    save_ranges(tmp_path / "r.yaml", {"x": (-1.0, 1e-05), "layer1.0": (0.0, 6.0)})
    assert yaml.safe_load((tmp_path / "r.yaml").read_text()) == {
        "edgeq_ranges": 1, "ranges": {"x": [-1.0, 1e-05], "layer1.0": [0.0, 6.0]}}
