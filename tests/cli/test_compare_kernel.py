"""edgeq compare --kernel: the report, the verdict on dumps, and every mistake."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq.float_kernels.layers import kernel_layers


@pytest.fixture(scope="module")
def lowered(files, tmp_path_factory) -> Path:
    """Give a folder with a lowered bundle, its outputs of 8 bits."""
    torch = pytest.importorskip("torch")
    assert torch
    folder = tmp_path_factory.mktemp("kernel")
    calib = np.load(files.calib)
    graph = edgeq.lower(str(files.model), calibration=calib, out_bits=8)
    edgeq.save(graph, folder / "net.edgeq")
    np.save(folder / "x.npy", calib)
    return folder


def rows(text: str) -> list[list[str]]:
    """Return the cells of the table and the last line."""
    return [line.split() for line in text.splitlines()]


def test_a_lowered_model_is_reported_layer_by_layer(run, lowered: Path) -> None:
    done = run("compare", "--kernel", "fbgemm", "--bundle", lowered / "net.edgeq", "--input", lowered / "x.npy")
    assert (done.code, done.err) == (0, "")
    head, first, second, unstated, last = rows(done.out)
    assert head == "layer outputs fbgemm differs rate largest".split()
    assert [first[:2], second[:2]] == [["0", "720"], ["3", "120"]]
    assert " ".join(unstated) == "not stated: 2: flatten: the kernels' rules are for conv2d and linear"
    assert last[:4] == ["EDGEQ_KERNEL", "kernel=fbgemm", "layers=2", "outputs=840"]
    data = json.loads(run("compare", "--kernel", "fbgemm", "--bundle", lowered / "net.edgeq", "--input",
                          lowered / "x.npy", "--count", 3, "--json").out)
    assert [(c["layer"], c["outputs"]) for c in data["layers"]] == [("0", 54), ("3", 9)]


def test_a_hand_made_graph_says_what_is_missing(run, files) -> None:
    done = run("compare", "--kernel", "qnnpack", "--bundle", files.bundle, "--input", files.x)
    assert done.code == 2
    assert done.error == ("kernel qnnpack: no layer of graph 'small' can be stated; layer 'conv': weight_scale is not "
                          "recorded; lower the model again, or give it to the op")


def test_layers_without_8_bit_outputs_are_named(run, files, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    calib = np.load(files.calib)
    edgeq.save(edgeq.lower(str(files.model), calibration=calib), tmp_path / "net.edgeq")
    done = run("compare", "--kernel", "x86", "--bundle", tmp_path / "net.edgeq", "--input", files.calib)
    assert done.code == 0
    assert done.out.splitlines()[-3:-1] == [
        "not stated: 2: flatten: the kernels' rules are for conv2d and linear",
        "not stated: 3: its results have 32 bits, the kernels give 8"]
    assert done.out.splitlines()[-1].endswith(" unstated=2")


def dump(lowered: Path, folder: Path, kernel: str) -> None:
    """Write the first layer's outputs as a device with the kernel gives them."""
    graph = edgeq.load(lowered / "net.edgeq")
    first = kernel_layers(graph, kernel)[0][0]
    acc = edgeq.simulate(graph, {graph.inputs[0].name: np.load(lowered / "x.npy")}).values[first.acc.name]
    folder.mkdir()
    np.save(folder / "01_0.out.npy", first.codes(acc.astype(np.int64)))


def test_dumps_are_judged_by_the_kernel(run, lowered: Path, tmp_path: Path) -> None:
    dump(lowered, tmp_path / "d", "onednn")
    arguments: tuple[Any, ...] = ("--kernel", "onednn", "--bundle", lowered / "net.edgeq")
    given = (*arguments, "--input", lowered / "x.npy")
    done = run("compare", tmp_path / "d", *given)
    assert done.code == 0
    assert rows(done.out)[0][-3:] == ["dumped", "not", "onednn's"]
    assert rows(done.out)[1][-2:] == ["720", "0"]
    assert rows(done.out)[2][-2:] == ["-", "-"]
    assert rows(done.out)[-1][:2] == ["EDGEQ_COMPARE", "PASS"]
    codes = np.load(tmp_path / "d/01_0.out.npy")
    codes[7, 1, 2, 0] -= 1
    np.save(tmp_path / "d/01_0.out.npy", codes)
    done = run("compare", tmp_path / "d", *given)
    assert done.code == 1
    assert done.out.splitlines()[-1].startswith("EDGEQ_COMPARE FAIL kernel=onednn layers=2 outputs=840 differing=")
    assert done.out.splitlines()[-1].endswith(" dumped=720 not_the_kernel=1")
    done = run("compare", tmp_path / "d", *given, "--json")
    assert (done.code, json.loads(done.out)["ok"]) == (1, False)

    assert run("simulate", lowered / "net.edgeq", "--input", lowered / "x.npy", "--vectors", tmp_path / "v",
               "--count", 40).code == 0
    assert run("compare", tmp_path / "d", *arguments, "--vectors", tmp_path / "v").code == 1
    shutil.rmtree(tmp_path / "d")
    done = run("compare", tmp_path / "d", *arguments, "--vectors", tmp_path / "v")
    assert (done.code, done.error) == (2, f"{tmp_path / 'd'}: no such folder")


@pytest.mark.parametrize("ending", ["hex", "npy"])
def test_dumps_of_another_number_of_images(run, lowered: Path, tmp_path: Path, ending: str) -> None:
    """The input has 40 images, one image of the layer 18 codes."""
    path, bundle = tmp_path / f"d/01_0.out.{ending}", lowered / "net.edgeq"
    path.parent.mkdir()

    def write(images: int) -> None:
        if ending == "hex":
            path.write_text("00\n" * 18 * images)
        else:
            np.save(path, np.zeros((images, 2, 3, 3), np.int8))

    given = ("compare", path.parent, "--kernel", "onednn", "--bundle", bundle, "--input", lowered / "x.npy")
    plain = ("compare", path.parent, "--bundle", bundle, "--input", lowered / "x.npy")
    write(16)
    done = run(*given)
    assert (done.code, done.error) == (2, f"{path}: holds 16 images, --input has 40; use --count 16")
    assert run(*given, "--count", 16).code == 1
    told = "holds 16 images, expected 40" if ending == "hex" else "shape is [16, 2, 3, 3], expected [40, 2, 3, 3]"
    done = run(*plain)
    assert done.code == 1
    assert f"{told}; --count says how many images to compare" in done.out
    done = run(*given, "--count", 15)
    assert done.error == f"{path}: holds 16 images, --input has 15; use the same images"
    assert run("simulate", bundle, "--input", lowered / "x.npy", "--vectors", tmp_path / "v", "--count", 20).code == 0
    done = run(*given[:-2], "--vectors", tmp_path / "v")
    assert (done.code, done.error) == (2, f"{path}: holds 16 images, the vectors hold 20; use the same images")
    write(1)
    assert run(*given).error == f"{path}: holds 1 image, --input has 40; use --count 1"
    if ending == "hex":
        for text in ("00\n" * 19, ""):
            path.write_text(text)
            assert run(*given).error == f"01_0.out.hex: has {len(text) // 3} words, expected 720"


@pytest.mark.parametrize(("arguments", "message"), [
    (["--kernel", "cudnn", "--bundle", "B", "--input", "X"],
     "kernel 'cudnn' does not exist; use one of fbgemm, x86, onednn, qnnpack, onnxruntime, xnnpack"),
    (["--kernel", "fbgemm", "--input", "X"], "--kernel needs --bundle NAME.edgeq, where the scales are"),
    (["--kernel", "fbgemm", "--vectors", "X"], "--kernel needs --bundle NAME.edgeq, where the scales are"),
    (["--kernel", "fbgemm", "--bundle", "B"], "--kernel: give the integers either by --input X.npy, simulated, or by"),
    (["--kernel", "fbgemm", "--bundle", "B", "--input", "X", "--vectors", "X"], "--kernel: give the integers either"),
    (["--kernel", "fbgemm", "--bundle", "B", "--vectors", "X", "--count", "3"], "--count is for --input; the vectors"),
    (["--bundle", "B", "--input", "X"], "give FOLDER, what the device dumped; only --kernel does without"),
    (["--kernel", "fbgemm", "--bundle", "missing.edgeq", "--input", "X"], "missing.edgeq: no such bundle"),
])
def test_mistakes(run, lowered: Path, arguments: list[str], message: str) -> None:
    known = {"B": lowered / "net.edgeq", "X": lowered / "x.npy"}
    done = run("compare", *(known.get(a, a) for a in arguments))
    assert done.code == 2
    assert message in done.error


def test_the_presets_of_float_kernels_point_here(run, files, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    done = run("lower", files.model, "--calib", files.calib, "--preset", "fbgemm", "-o", tmp_path / "n.edgeq")
    assert done.code == 2
    assert done.error.endswith("edgeq compare --kernel fbgemm")
    assert list(tmp_path.iterdir()) == []
