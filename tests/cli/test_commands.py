"""show, simulate, emit, verify, compare: the happy path of each and every option."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq import __version__
from tests.cli.conftest import small_graph
from tests.tools import need_tool


def test_help_and_version(run) -> None:
    done = run("--help")
    assert done.code == 0
    for name in ("lower", "show", "simulate", "emit", "verify", "compare"):
        assert f"  {name} " in done.out
        assert "Usage: edgeq" in run(name, "-h").out
    assert run("--version").out == f"edgeq, version {__version__}\n"
    assert run("emit", "--help").out.count("readmemh") >= 1


def test_help_is_fast() -> None:
    """Under 0.3 s; the best of a few, since the machine may be busy with other tests."""
    times = []
    for _ in range(8):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "edgeq", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.3


def test_help_imports_neither_torch_nor_numba_nor_numpy() -> None:
    code = "import sys; sys.argv = ['edgeq', '--help']\nfrom edgeq.cli import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "print(sorted({'torch', 'numba', 'numpy', 'yaml', 'jinja2'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_show(run, files) -> None:
    done = run("show", files.bundle)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == ["layer", "x", "conv", "flat", "fc", "small:"]
    assert lines[-1] == "small: 3 layers, 28 parameters, outputs fc s32[3]"
    rows = json.loads(run("show", files.bundle, "--json").out)
    assert rows["graph"] == "small"
    assert rows["rows"][0]["ops"].startswith("input ")
    conv = rows["rows"][1]
    assert (conv["layer"], conv["ops"], conv["shape"], conv["parameters"]) == ("conv", "conv2d+requantize", "2x2x2", 4)
    assert (conv["acc"], conv["proven_bits"]) == ("s32", 10)  # 3 + -128..127 and -4 + -2 * -128..127


def test_show_views(run, files) -> None:
    acc = run("show", files.bundle, "--acc").out.splitlines()
    assert acc[1].split()[:6] == ["conv", "s32", "wrap", "10", "-258", "252"]
    widths = json.loads(run("show", files.bundle, "--widths", "--json").out)["rows"]
    assert {r["layer"] for r in widths} == {"conv", "fc"}
    assert all(r["bits"] >= 1 for r in widths)
    assert run("show", files.bundle, "--error").out.startswith("no errors are recorded: ")
    text = run("show", files.bundle, "--text").out
    assert "conv2d" in text
    assert json.loads(run("show", files.bundle, "--text", "--json").out)["text"] == text


def test_simulate(run, files, tmp_path: Path) -> None:
    done = run("simulate", files.bundle, "--input", files.x, "--labels", files.y, "--output", tmp_path / "out",
               "--jobs", 2, "--kernel", "reference")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "accuracy: 15 of 20 (75.00 %)"
    expected = edgeq.simulate(small_graph(), {"x": np.load(files.x)}).outputs["fc"]
    assert (np.load(tmp_path / "out" / "fc.npy") == expected).all()
    assert f"{expected.min()}" in done.out
    assert run("simulate", files.bundle, "--input", f"x={files.x}", "--output", tmp_path / "out").code == 0
    assert run("simulate", files.bundle).code == 0  # makes inputs of its own


def test_simulate_writes_vectors(run, files, tmp_path: Path) -> None:
    done = run("simulate", files.bundle, "--input", files.x, "--vectors", tmp_path / "v", "--count", 3,
               "--layout", "chw")
    assert (done.code, done.out) == (0, f"{tmp_path / 'v'}: vectors of 3 images\n")
    names = sorted(p.name for p in (tmp_path / "v").iterdir())
    assert [n for n in names if n.endswith((".acc.npy", ".out.npy"))] == [
        "01_conv.acc.npy", "01_conv.out.npy", "02_flat.out.npy", "03_fc.acc.npy", "03_fc.out.npy"]
    run("simulate", files.bundle, "--vectors", tmp_path / "w", "--count", 2)
    assert len(list((tmp_path / "w").iterdir())) == len(names)
    hexes = [next((tmp_path / f).glob("*conv.out.hex")).read_text() for f in "vw"]
    assert hexes[0] != hexes[1]


def test_simulate_refuses(run, files, tmp_path: Path) -> None:
    np.save(tmp_path / "wrong.npy", np.zeros((2, 3, 2, 2), np.int8))
    np.save(tmp_path / "labels.npy", np.zeros(3, np.int64))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    (tmp_path / "text.npy").write_text("hello")
    for arguments, message in (
        (["--input", tmp_path / "wrong.npy"], "input 'x': shape is [2, 3, 2, 2], expected [N, 1, 2, 2]"),
        (["--input", f"y={files.x}"], "'y' is not an input of graph 'small'; inputs are x"),
        (["--input", files.x, "--input", files.x], "--input: input 'x' is given twice"),
        (["--input", tmp_path / "text.npy"], "not a .npy file"),
        (["--labels", files.y], "--labels needs --input"),
        (["--input", files.x, "--labels", tmp_path / "labels.npy"], "expected 20 integers, one per image, got int64"),
        (["--input", files.x, "--output", tmp_path / "mine"], "mine: holds other files (notes.txt)"),
        (["--input", files.x, "--vectors", tmp_path / "mine"], "mine: exists and holds no vectors"),
    ):
        done = run("simulate", files.bundle, *arguments)
        assert done.code == 2
        assert message in done.error
    assert sorted(p.name for p in tmp_path.iterdir()) == ["labels.npy", "mine", "text.npy", "wrong.npy"]
    assert run("simulate", files.bundle, "--count", 0).code == 2


def test_simulate_stops_at_an_overflow(run, tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("narrow")
    x = b.input("x", shape=(2,), type=edgeq.IntType(8, signed=True))
    b.output(b.linear(x, [[127, 127]], acc=edgeq.IntType(12), acc_overflow="error", name="fc"))
    edgeq.save(b.build(), tmp_path / "n.edgeq")
    np.save(tmp_path / "x.npy", np.full((1, 2), 100, np.int8))
    for extra in ([], ["--output", tmp_path / "out"], ["--vectors", tmp_path / "v"]):
        done = run("simulate", tmp_path / "n.edgeq", "--input", tmp_path / "x.npy", *extra)
        assert done.code == 1
        assert done.error.startswith("linear 'fc': value 12700 at image 0, index [0] is outside s12")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["n.edgeq", "x.npy"]


def test_emit_verify_compare(run, files, tmp_path: Path) -> None:
    vectors, out = tmp_path / "v", tmp_path / "out"
    assert run("simulate", files.bundle, "--input", files.x, "--vectors", vectors, "--count", 4).code == 0
    done = run("emit", files.bundle, "--format", "readmemh", "--format", "coo", "--vectors", vectors, "-o", out)
    assert (done.code, done.out, done.err) == (0, f"{out}: readmemh\n{out}: coo\n", "")
    done = run("verify", out, "--jobs", 2)
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("EDGEQ_VERIFY PASS checks=")
    report = json.loads(run("verify", out, "--bundle", files.bundle, "--json").out)
    assert report["ok"] is True
    assert run("verify", vectors, "--bundle", files.bundle).code == 0

    done = run("compare", vectors, "--vectors", vectors)
    assert (done.code, "EDGEQ_COMPARE PASS" in done.out) == (0, True)
    np.save(tmp_path / "four.npy", np.load(files.x)[:4])
    done = run("compare", vectors, "--bundle", files.bundle, "--input", tmp_path / "four.npy")
    assert (done.code, "EDGEQ_COMPARE PASS" in done.out) == (0, True)
    device = tmp_path / "device"
    shutil.copytree(vectors, device)
    file = next(device.glob("*fc.out.npy"))
    values = np.load(file)
    values.flat[0] += 1
    np.save(file, values)
    done = run("compare", device, "--vectors", vectors)
    assert done.code == 1
    assert "EDGEQ_COMPARE FAIL" in done.out
    assert "fc" in done.out.splitlines()[0]
    assert json.loads(run("compare", device, "--vectors", vectors, "--json").out)["ok"] is False
    for extra in ([], ["--vectors", vectors, "--bundle", files.bundle]):
        done = run("compare", device, *extra)
        assert (done.code, done.error[:31]) == (2, "give the expected values: --vec")


def test_a_changed_file_fails_verification(run, files, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("emit", files.bundle, "--format", "readmemh", "-o", out)
    changed = sorted(p for p in out.rglob("*") if p.suffix in (".hex", ".mem"))[0]
    changed.write_text(changed.read_text().replace("0", "1", 1))
    done = run("verify", out)
    assert done.code == 1
    assert "EDGEQ_VERIFY FAIL" in done.out
    assert json.loads(run("verify", out, "--json").out)["ok"] is False


def test_emit_refuses(run, files, tmp_path: Path) -> None:
    for arguments, message in (
        (["--format", "rust", "-o", tmp_path / "o"], "format 'rust'"),
        (["--format", "coo", "-o", tmp_path / "o", "--option", "lanes"], "--option lanes: write NAME=VALUE"),
        (["--format", "coo", "-o", tmp_path / "o", "--option", "colour=4"], "has no option 'colour'"),
        (["--format", "coo", "-o", tmp_path / "o", "--vectors", tmp_path / "none"], "no such folder"),
        (["--format", "coo", "-o", files.x], "exists and is not a folder"),
    ):
        done = run("emit", files.bundle, *arguments)
        assert done.code == 2
        assert message in done.error
    assert list(tmp_path.iterdir()) == []
    assert run("emit", files.bundle, "-o", tmp_path / "o").code == 2


@pytest.mark.hardware
def test_emitted_c_is_verified_by_running_it(run, files, tmp_path: Path) -> None:
    need_tool("gcc")
    need_tool("make")
    assert run("emit", files.bundle, "--format", "c", "-o", tmp_path / "c").code == 0
    report = json.loads(run("verify", tmp_path / "c", "--json").out)
    row = next(r for r in report["rows"] if r["check"] == "make check")
    assert row["status"] == "PASS"
    graph = small_graph()
    values = 16 * sum(int(np.prod(t.shape)) for t in graph.types.values())
    assert f"EDGEQ_C PASS layers=3 images=16 values={values}" in row["detail"]
