"""``edgeq lower``: every option, and what it prints."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import yaml

import edgeq
from edgeq.bundle import graph_digest
from edgeq.ir.quantization import Codes, Table


def test_the_happy_path(run, files, tmp_path: Path) -> None:
    done = run("lower", files.model, "--calib", files.calib, "-o", tmp_path / "net.edgeq")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["value", "SQNR", "dB"]
    errors = [float(line.split()[-1]) for line in lines[1:-1]]
    assert errors == sorted(errors)
    assert len(errors) == 4
    assert lines[-1] == f"{tmp_path / 'net.edgeq'}: 3 layers, 67 parameters"
    graph = edgeq.load(tmp_path / "net.edgeq")
    assert graph.name == "net"
    assert [layer.name for layer in graph.layers] == ["0", "2", "3"]


def test_options_reach_the_graph(run, files, tmp_path: Path) -> None:
    out = tmp_path / "net.edgeq"
    done = run("lower", files.model, "--calib", files.calib, "-o", out, "--wbits", 4, "--abits", 6, "--weights",
               "per_tensor", "--preset", "tflite", "--acc-bits", 30, "--out-bits", 16, "--input-type", "uint8",
               "--mean", "0.5", "--std", "1/2", "--name", "other")
    note = "input 'input' spans -3.08..3.1 in calibration, pixels reach -1..1: check --mean and --std"
    assert (done.code, done.err) == (0, f"note: {note}\n")
    graph = edgeq.load(out)
    assert graph.name == "other"
    assert isinstance(graph.inputs[0].quantization, Table)
    assert graph.node("0.acc").op.weight_type.bits == 4
    assert graph.node("0.acc").op.acc.bits == 30
    assert graph.node("0").op.multiplier.shape == ()
    assert graph.node("0").op.rounding.name == "two_stage"
    assert [graph.types[n].type.bits for n in (graph.inputs[0].name, "0", "3")] == [6, 6, 16]
    done = run("lower", files.model, "--calib", f"input={files.calib}", "-o", out, "--input-type", "int8")
    assert done.code == 0, done.err
    assert isinstance(edgeq.load(out).inputs[0].quantization, Codes)


def test_ranges_are_saved_and_used(run, files, tmp_path: Path) -> None:
    ranges, first = tmp_path / "r.yaml", tmp_path / "first.edgeq"
    done = run("lower", files.model, "--calib", files.calib, "-o", first, "--save-ranges", ranges, "--name", "n")
    assert done.code == 0
    calib = np.load(files.calib)
    assert yaml.safe_load(ranges.read_text())["ranges"]["input"] == [float(calib.min()), float(calib.max())]
    folders = [tmp_path / f"{k}.edgeq" for k in range(2)]
    for folder in folders:
        assert run("lower", files.model, "--ranges", ranges, "-o", folder, "--name", "n").code == 0
    names = [{p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()} for f in folders]
    assert names[0] == names[1]
    assert graph_digest(edgeq.load(first)) == graph_digest(edgeq.load(folders[0]))
    again = tmp_path / "again.yaml"
    run("lower", files.model, "--calib", files.calib, "-o", first, "--save-ranges", again)
    assert again.read_bytes() == ranges.read_bytes()


def test_config(run, files, tmp_path: Path) -> None:
    config = tmp_path / "lower.yaml"
    config.write_text("layers:\n  '3': {wbits: 3, acc: 10, acc_overflow: saturate}\n")
    done = run("lower", files.model, "--calib", files.calib, "-o", tmp_path / "n.edgeq", "--config", config)
    assert done.code == 0
    assert re.fullmatch(r"note: layer '3': accumulator has 10 bits, its proof needs \d+; overflow saturate\n", done.err)
    assert edgeq.load(tmp_path / "n.edgeq").node("3.acc").op.weight_type.bits == 3


def test_a_state_dict_with_its_architecture(run, files, tmp_path: Path) -> None:
    done = run("lower", files.folder / "state.pt", "--arch", f"{files.folder / 'arch.py'}:net", "--calib", files.calib,
               "-o", tmp_path / "s.edgeq", "--name", "n")
    assert (done.code, done.err) == (0, "")
    run("lower", files.model, "--calib", files.calib, "-o", tmp_path / "m.edgeq", "--name", "n")
    ours, theirs = edgeq.load(tmp_path / "s.edgeq"), edgeq.load(tmp_path / "m.edgeq")
    assert graph_digest(ours) == graph_digest(theirs)
    done = run("lower", files.folder / "state.pt", "--arch", f"{files.folder / 'arch.py'}:net",
               "-o", tmp_path / "t.edgeq")
    assert (done.code, done.error[-40:]) == (2, "needed to trace the model; give --calib X.npy"[-40:])


def test_allow_code_loads_what_torch_loads(run, files, tmp_path: Path) -> None:
    done = run("lower", files.model, "--allow-code", "--calib", files.calib, "-o", tmp_path / "a.edgeq", "--name", "n")
    assert done.code == 0, done.err
    run("lower", files.model, "--calib", files.calib, "-o", tmp_path / "b.edgeq", "--name", "n")
    graphs = [edgeq.load(tmp_path / f"{n}.edgeq") for n in "ab"]
    assert graph_digest(graphs[0]) == graph_digest(graphs[1])


def test_a_bundle_is_replaced_and_nothing_else_is(run, files, tmp_path: Path) -> None:
    out = tmp_path / "net.edgeq"
    for wbits in (8, 4):
        assert run("lower", files.model, "--calib", files.calib, "-o", out, "--wbits", wbits).code == 0
    assert edgeq.load(out).node("0.acc").op.weight_type.bits == 4
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("x")
    done = run("lower", files.model, "--calib", files.calib, "-o", tmp_path / "mine")
    assert done.code == 2
    assert "exists and is not a bundle; it is left as it is" in done.error
    assert (tmp_path / "mine" / "file").read_text() == "x"


def test_save_ranges_needs_something_to_save(run, files, tmp_path: Path) -> None:
    done = run("lower", files.model, "-o", tmp_path / "n.edgeq", "--save-ranges", tmp_path / "r.yaml")
    assert (done.code, done.error) == (2, "--save-ranges writes what calibration finds; give --calib X.npy")
    assert list(tmp_path.iterdir()) == []


def test_an_overflow_in_calibration_is_a_note(run, files, tmp_path: Path) -> None:
    done = run("lower", files.model, "--calib", files.calib, "-o", tmp_path / "n.edgeq", "--acc-bits", 15)
    assert done.code == 0
    assert [line.startswith("note: ") for line in done.err.splitlines()] == [True] * len(done.err.splitlines())
    assert "accumulator has 15 bits" in done.err


def test_names_of_calibration_inputs(run, files, tmp_path: Path) -> None:
    for text, message in ((f"other={files.calib}", "calibration data: 'other' is no input; inputs are input"),
                          ("nowhere.npy", "nowhere.npy: no such file")):
        done = run("lower", files.model, "--calib", text, "-o", tmp_path / "n.edgeq")
        assert (done.code, done.error) == (2, message)
    done = run("lower", files.model, "--calib", files.calib, "--calib", files.calib, "-o", tmp_path / "n.edgeq")
    assert (done.code, done.error) == (
        2, f"--calib: write --calib NAME={files.calib}, a name for each input")
    assert list(tmp_path.iterdir()) == []


def test_without_torch(run, files, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("edgeq.cli.lower.find_spec", lambda name: None)
    done = run("lower", files.model, "-o", tmp_path / "n.edgeq")
    assert (done.code, done.error) == (2, "edgeq lower needs PyTorch; install it with: pip install torch")


def test_usage(run, files) -> None:
    for arguments in (["lower"], ["lower", files.model], ["lower", files.model, "-o", "x", "--wbits", "many"],
                      ["nothing"], ["--nothing"], ["lower", files.model, "-o", "x", "--weights", "none"]):
        done = run(*arguments)
        assert done.code == 2
        assert "Usage: " in done.err
        assert "Traceback" not in done.err
    assert not Path("x").exists()
