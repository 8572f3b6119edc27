"""The emitted C project: compiled with every warning an error and the sanitizers, equal to the simulator, telling."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeq
import edgeq.emitters
from edgeq.arith.types import IntType
from edgeq.artefacts.templates import template_folder
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EMITTERS, EmittedFile
from edgeq.ir.op import OPS
from edgeq.ir.quantization import Table
from tests.emitters.graphs import GRAPHS, small
from tests.tools import C_FLAGS, need_tool, run

pytestmark = pytest.mark.hardware
C = EMITTERS["c"]


def written(graph: edgeq.Graph, inputs: dict[str, Any]) -> list[EmittedFile]:
    """Return the project of a graph with the vectors of one simulation."""
    return list(C.write(graph, edgeq.simulate(graph, inputs).values))


def put(files: Iterable[EmittedFile], folder: Path) -> Path:
    """Write a project."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    return folder


def make_check(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run make check; return its exit code and what it printed."""
    need_tool("gcc")
    command = [need_tool("make"), "-s", "check", "CC=gcc", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "warning" not in done.stderr, done.stderr
    assert "error:" not in done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def compiled(folder: Path) -> Path:
    """Compile a project without optimizing; its check has to pass."""
    run([need_tool("make"), "-s", "all", f"CC={need_tool('gcc')}", "CFLAGS=-std=c99"], folder)
    assert run(["./edgeq_check"], folder).startswith(b"EDGEQ_C PASS ")
    return folder


def rerun(folder: Path) -> list[str]:
    """Run the compiled check; it has to fail."""
    done = subprocess.run(["./edgeq_check"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", GRAPHS)
def test_equals_the_simulator(name: str, tmp_path: Path) -> None:
    graph, inputs = GRAPHS[name]()
    images = len(next(iter(inputs.values())))
    values = images * sum(kept.size for kept in graph.types.values())
    folder = put(written(graph, inputs), tmp_path)
    code, lines = make_check(folder, f"CFLAGS={' '.join(C_FLAGS)}", "SANITIZE=1")
    assert lines == [f"EDGEQ_C PASS layers={len(graph.layers)} images={images} values={values}"]
    assert code == 0


@pytest.mark.parametrize("name", GRAPHS)
def test_is_deterministic_and_read_back(name: str) -> None:
    graph, inputs = GRAPHS[name]()
    again, _ = GRAPHS[name]()
    files = written(graph, inputs)
    assert [(f.path, f.data, f.holds) for f in files] == [(f.path, f.data, f.holds) for f in written(again, inputs)]
    contents = {f.path: f.data for f in files}
    assert len(contents) == len(files)
    found: dict[str, Any] = {}
    for file in files:
        found |= C.read(contents, {"path": file.path, **file.holds})
    for parameter in parameters(graph):
        np.testing.assert_array_equal(found[parameter.name], parameter.array)
    for value, golden in edgeq.simulate(graph, inputs).values.items():
        np.testing.assert_array_equal(found[value], golden)
        assert found[value].dtype == golden.dtype
    for item in graph.inputs:
        if isinstance(item.quantization, Table):
            pixels = found[f"{item.name}.pixels"]
            np.testing.assert_array_equal(item.quantization.encode(pixels, item.type, item.name), found[item.name])


def test_text_files_are_ascii_with_line_feeds() -> None:
    for make in GRAPHS.values():
        for file in written(*make()):
            if file.holds["content"] == "vectors":
                continue
            text = file.data.decode("ascii")
            assert text.endswith("\n")
            assert "\r" not in text
            assert not re.search(r"[ \t]$", text, re.MULTILINE), file.path
            if file.holds["content"] == "library":
                assert file.data == (template_folder() / "c" / file.path).read_bytes()
            else:
                assert text.splitlines()[0].strip("/*# ").startswith("Written by edgeq ")


ALONE: dict[str, Any] = {
    "conv2d": lambda b, x: b.conv2d(x, [[[[1]], [[-2]]]]),
    "conv1d": lambda b, x: b.conv1d(b.reshape(x, (2, 4)), [[[1, 2]], [[-3, 1]]], groups=2),
    "conv_transpose2d": lambda b, x: b.conv_transpose2d(x, [[[[1, 2]], [[-3, 1]]]], stride=2),
    "linear": lambda b, x: b.linear(x, [[1, -2]]),
    "matmul": lambda b, x: b.matmul(x, x, transpose2=True),
    "reduce_sum": lambda b, x: b.reduce_sum(x, (0, -1)),
    "requantize": lambda b, x: b.requantize(x, 3, 2),
    "add": lambda b, x: b.add(x, x),
    "max_pool2d": lambda b, x: b.max_pool2d(x, 2),
    "avg_pool2d": lambda b, x: b.avg_pool2d(x, 2, rounding="floor"),
    "clamp": lambda b, x: b.clamp(x, 0, 5),
    "pad": lambda b, x: b.pad(x, (0, 1, 0), (0, 0, 1)),
    "flatten": lambda b, x: b.flatten(x),
    "reshape": lambda b, x: b.reshape(x, (8,)),
    "sub": lambda b, x: b.sub(x, x),
    "mul": lambda b, x: b.mul(x, x),
    "maximum": lambda b, x: b.maximum(x, x),
    "minimum": lambda b, x: b.minimum(x, x),
    "concat": lambda b, x: b.concat([x, x], 1),
    "slice": lambda b, x: b.slice(x, 1),
    "upsample": lambda b, x: b.upsample(x, 2),
    "pixel_shuffle": lambda b, x: b.pixel_shuffle(x, 1),
    "resize_bilinear": lambda b, x: b.resize_bilinear(x, (3, 5)),
    "argmax": lambda b, x: b.argmax(x),
    "transpose": lambda b, x: b.transpose(x, (2, 0, 1)),
    "lut": lambda b, x: b.lut(x, np.arange(-128, 128)[::-1]),
    "softmax": lambda b, x: b.softmax(x, 0, "gemmlowp", (np.arange(1, 257)[::-1] << 23) - 1),
    "leaky_relu": lambda b, x: b.leaky_relu(x, 3, 2, -3, 4),
    "threshold": lambda b, x: b.threshold(x, [[0, 2], [-3, 9]], [1, -1]),
    "prelu": lambda b, x: b.prelu(x, [3, -3], 1, 3, 2, 3, 4),
}


def test_every_op_has_its_turn_alone() -> None:
    assert sorted(ALONE) == sorted(OPS)


@pytest.mark.parametrize("op", ALONE)
def test_every_op_alone_compiles_and_passes(op: str, tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("n")
    b.output(ALONE[op](b, b.input("x", (2, 2, 2), IntType(8))), name="o")
    folder = put(written(b.build(), {"x": np.arange(-4, 4).reshape(1, 2, 2, 2)}), tmp_path)
    code, lines = make_check(folder, f"CFLAGS={' '.join(C_FLAGS)} -O0")
    assert (code, len(lines)) == (0, 1)
    assert re.match(r"EDGEQ_C PASS layers=[12] images=1 values=", lines[0])


def test_names_with_trigraphs_draw_no_warning(tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("??/net???=")
    b.output(b.clamp(b.input("éé/x", (2,), IntType(8)), 0, 5, name="a??/"), "*\\")
    folder = put(written(b.build(), {"éé/x": np.array([[-4, 4]])}), tmp_path)
    assert make_check(folder, f"CFLAGS={' '.join(C_FLAGS)} -Wtrigraphs -O0")[0] == 0


# Negative controls: each fault has to make the check fail and name the layer.


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small network, compiled and passing."""
    return compiled(put(written(*small()), tmp_path_factory.mktemp("small")))


@pytest.fixture
def faulty(project: Path, tmp_path: Path) -> Path:
    """A copy of the compiled project to be broken."""
    return Path(shutil.copytree(project, tmp_path / "faulty"))


@pytest.mark.parametrize(("file", "place"), [
    ("00_x.in.bin", "layer conv acc, image 2, index [0, 3, 2]"),
    ("01_conv.acc.bin", "layer conv acc, image 2, index [2, 4, 3]"),
    ("04_fc.out.bin", "layer fc out, image 2, index [3]"),
])
def test_a_flipped_golden_value_fails(file: str, place: str, faulty: Path) -> None:
    path = faulty / "vectors" / file
    data = bytearray(path.read_bytes())
    last = -4 if file.endswith("acc.bin") else -1
    data[last] ^= 1
    path.write_bytes(data)
    lines = rerun(faulty)
    assert lines[0].startswith(f"{place}: got ")
    assert lines[-1].startswith("EDGEQ_C FAIL layers=4 images=3 values=576 mismatches=")
    assert len(lines) <= 11


@pytest.mark.parametrize(("file", "array", "layer"), [
    ("net_params.c", "net_01_conv_weight", "conv acc"),
    ("net_params.c", "net_01_conv_bias", "conv acc"),
    ("net_params.c", "net_01_conv_multiplier", "conv out"),
    ("net_params.c", "net_04_fc_weight", "fc acc"),
    ("net_params.c", "net_04_fc_shift", "fc out"),
])
def test_a_flipped_parameter_fails(file: str, array: str, layer: str, faulty: Path) -> None:
    path = faulty / file
    text = path.read_text()
    start = text.index(f"{array}[")
    place = re.compile(r"-?\d+").search(text, text.index("{", start))
    assert place is not None
    value = int(place[0])
    path.write_text(text[: place.start()] + str(value ^ (1 << 29 if "multiplier" in array else 1)) + text[place.end():])
    code, lines = make_check(faulty, "CFLAGS=-std=c99")
    assert code == 2  # make's own code for a failed command
    assert lines[0].startswith(f"layer {layer}, image ")
    assert lines[-1].startswith("EDGEQ_C FAIL ")


@pytest.mark.parametrize(("was", "becomes", "layer"), [
    (".padding = {1, 1, 1, 1}", ".padding = {1, 0, 1, 1}", "conv acc"),
    (".clamp = {5, 127}", ".clamp = {6, 127}", "conv out"),
    (".rounding = EDGEQ_ROUNDING_TIES_UP", ".rounding = EDGEQ_ROUNDING_FLOOR", "conv out"),
])
def test_a_changed_field_fails(was: str, becomes: str, layer: str, faulty: Path) -> None:
    path = faulty / "net_params.c"
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, becomes, 1))
    _, lines = make_check(faulty, "CFLAGS=-std=c99")
    assert lines[0].startswith(f"layer {layer}, image ")
    assert lines[-1].startswith("EDGEQ_C FAIL ")


def test_make_check_leaves_no_file_and_places_weights(tmp_path: Path) -> None:
    folder = put(written(*small()), tmp_path)
    before = sorted(folder.rglob("*"))
    flags = "CFLAGS=-std=c99 -D'EDGEQ_CONSTANT_PLACEMENT=EDGEQ_SECTION(\".weights\")'"
    assert make_check(folder, flags)[0] == 0
    assert sorted(folder.rglob("*")) == before


def test_make_check_compiles_anew(project: Path) -> None:
    compiled(project)
    assert make_check(project)[0] == 0
    done = subprocess.run([need_tool("make"), "-s", "check", "CC=false"], cwd=project, capture_output=True, text=True,
                          check=False)
    assert done.returncode != 0
    assert "PASS" not in done.stdout


def test_missing_short_and_long_vectors_fail(faulty: Path) -> None:
    vectors = faulty / "vectors"
    whole = (vectors / "04_fc.out.bin").read_bytes()
    (vectors / "04_fc.out.bin").write_bytes(whole[:-1])
    assert rerun(faulty) == ["vectors/04_fc.out.bin: has 11 bytes, expected 12",
                             "EDGEQ_C FAIL layers=4 images=3 values=0 mismatches=0"]
    (vectors / "04_fc.out.bin").write_bytes(whole + b"\0")
    assert "has 13 bytes, expected 12" in rerun(faulty)[0]
    (vectors / "04_fc.out.bin").unlink()
    assert rerun(faulty)[0] == "vectors/04_fc.out.bin: cannot be opened"


ERRING: dict[str, Any] = {
    "conv": lambda b, x, acc: b.conv2d(x, [[[[0]], [[3]]]], name="layer", **acc),
    "scatter": lambda b, x, acc: b.conv_transpose2d(x, [[[[0]], [[3]]]], stride=2, name="layer", **acc),
    "row": lambda b, x, acc: b.conv1d(b.reshape(x, (2, 3)), [[[0], [0]], [[0], [3]]], name="layer", **acc),
    "lines": lambda b, x, acc: b.linear(x, [[0, 0, 0], [0, 3, 0]], name="layer", **acc),
    "pairs": lambda b, x, acc: b.matmul(x, x, True, name="layer", **acc),
    "total": lambda b, x, acc: b.reduce_sum(b.requantize(x, 2, 0, type=IntType(16)), (1,), name="layer", **acc),
    "sum": lambda b, x, acc: b.add(x, x, name="layer", **acc),
    "product": lambda b, x, acc: b.mul(x, x, name="layer", **acc),
    "resized": lambda b, x, acc: b.resize_bilinear(x, (1, 5), "align_corners", name="layer", **acc),
    "scale": lambda b, x, acc: b.requantize(x, 3, 1, overflow="error", name="layer"),
}


@pytest.mark.parametrize("stage", ERRING)
def test_an_overflow_declared_an_error_is_reported(stage: str, tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("erring")
    x = b.input("x", (2, 1, 3), IntType(8))
    b.output(ERRING[stage](b, x, {"acc": IntType(8), "acc_overflow": "error"}))
    graph = b.build()
    folder = compiled(put(written(graph, {"x": np.zeros((2, 2, 1, 3), np.int64)}), tmp_path))
    inputs = np.zeros((2, 2, 1, 3), np.int8)
    inputs[1, 1, 0, 1] = 100
    (folder / "vectors" / "00_x.in.bin").write_bytes(inputs.tobytes())
    with pytest.raises(edgeq.errors.OverflowDetected) as simulated:
        edgeq.simulate(graph, {"x": inputs})
    value, index = re.search(r"value (\d+) at image 1, index (\[.*\]) is", str(simulated.value)).groups()  # type: ignore[union-attr]
    lines = rerun(folder)
    assert lines[-2] == f"layer layer out, image 1, index {index}: overflow, {value} is outside the declared type"
    assert lines[-1].startswith("EDGEQ_C FAIL ")
