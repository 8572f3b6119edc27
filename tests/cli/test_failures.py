"""Every way out: ten bad inputs, overflow, interruption, a reader that leaves. One line each, nothing left behind."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

import edgeq
from edgeq.cli.failures import Stopped, stoppable
from edgeq.errors import GraphError


def refused(done, message: str, folder: Path, *kept: str) -> None:
    """Check one clear line, exit code 2, and a folder that holds nothing new."""
    assert done.code == 2
    assert message in done.error
    assert done.out == ""
    assert sorted(p.name for p in folder.iterdir()) == sorted(kept)


def test_missing_file(run, files, tmp_path: Path) -> None:
    gone, out = tmp_path / "gone", tmp_path / "out"
    for arguments in (("show", gone), ("simulate", gone, "--output", out), ("emit", gone, "--format", "c", "-o", out),
                      ("verify", gone), ("lower", gone, "-o", out), ("compare", gone, "--vectors", gone),
                      ("simulate", files.bundle, "--input", gone, "--output", out),
                      ("lower", files.model, "--calib", gone, "-o", out),
                      ("lower", files.model, "--ranges", gone, "-o", out),
                      ("lower", files.model, "--calib", files.calib, "--config", gone, "-o", out)):
        refused(run(*arguments), str(gone), tmp_path)


def test_corrupt_bundle(run, files, tmp_path: Path) -> None:
    bundle = tmp_path / "b.edgeq"
    shutil.copytree(files.bundle, bundle)
    tensor = sorted((bundle / "tensors").iterdir())[0]
    data = bytearray(tensor.read_bytes())
    data[-1] ^= 1
    tensor.write_bytes(bytes(data))
    out = tmp_path / "o"
    for arguments in (("show",), ("simulate", "--output", out), ("emit", "--format", "coo", "-o", out)):
        done = run(arguments[0], bundle, *arguments[1:])
        refused(done, "changed since it was written (its sha256 is not the one in manifest.yaml)", tmp_path, "b.edgeq")
    (bundle / "graph.yaml").unlink()
    refused(run("show", bundle), "missing", tmp_path, "b.edgeq")


def test_float_graph_without_calibration(run, files, tmp_path: Path) -> None:
    done = run("lower", files.model, "-o", tmp_path / "n.edgeq")
    refused(done, "this is a float model: its activations need ranges. Give calibration inputs", tmp_path)


def test_nan_in_calibration(run, files, tmp_path: Path) -> None:
    array = np.load(files.calib)
    array[3, 0, 1, 2] = np.nan
    np.save(tmp_path / "c.npy", array)
    done = run("lower", files.model, "--calib", tmp_path / "c.npy", "-o", tmp_path / "n.edgeq")
    refused(done, "calibration data for 'input': value at [3, 0, 1, 2] is nan, not finite", tmp_path, "c.npy")


def test_wrong_shape(run, files, tmp_path: Path) -> None:
    np.save(tmp_path / "c.npy", np.zeros((4, 1, 4, 5), np.float32))
    done = run("lower", files.model, "--calib", tmp_path / "c.npy", "-o", tmp_path / "n.edgeq")
    refused(done, "shape is [4, 1, 4, 5], the model takes [N, 1, 4, 4]", tmp_path, "c.npy")


def test_unsupported_operator(run, files, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.LogSigmoid())
    exported = torch.export.export(model, (torch.zeros(2, 4),))
    torch.export.save(exported, tmp_path / "m.pt2")
    np.save(tmp_path / "c.npy", np.ones((4, 4), np.float32))
    done = run("lower", tmp_path / "m.pt2", "--calib", tmp_path / "c.npy", "-o", tmp_path / "n.edgeq")
    refused(done, "operator aten.log_sigmoid.default has no integer lowering", tmp_path, "c.npy", "m.pt2")


def test_negative_shift(run, files, tmp_path: Path) -> None:
    """By hand it is an exception that names the rule; in a bundle it is an error of the bundle."""
    b = edgeq.GraphBuilder("n")
    x = b.input("x", shape=(2,), type=edgeq.IntType(8, signed=True))
    with pytest.raises(GraphError, match=r"C3: shift \(-1, -1\) must be in 0..\d+; a left shift goes into left_shift"):
        b.requantize(x, 1, -1)
    bundle = tmp_path / "b.edgeq"
    shutil.copytree(files.bundle, bundle)
    text = (bundle / "graph.yaml").read_text()
    assert text.count("shift: 31") == 1
    (bundle / "graph.yaml").write_text(text.replace("shift: 31", "shift: -1"))
    manifest = yaml.safe_load((bundle / "manifest.yaml").read_text())
    for entry in manifest["files"]:
        entry["sha256"] = hashlib.sha256((bundle / entry["path"]).read_bytes()).hexdigest()
    (bundle / "manifest.yaml").write_text(yaml.safe_dump(manifest))
    refused(run("show", bundle), "C3: shift (-1, -1) must be in 0..", tmp_path, "b.edgeq")


def test_zero_scale(run, files, tmp_path: Path) -> None:
    np.save(tmp_path / "c.npy", np.zeros((4, 1, 4, 4), np.float32))
    done = run("lower", files.model, "--calib", tmp_path / "c.npy", "-o", tmp_path / "n.edgeq")
    refused(done, "layer 'input': its range is [0, 0], so its scale would be zero", tmp_path, "c.npy")


def test_hostile_archive(run, files, tmp_path: Path) -> None:
    model = tmp_path / "m.pt2"
    shutil.copy(files.model, model)
    with zipfile.ZipFile(model, "a") as archive:
        archive.writestr("model/data/weights/model.pt", b"cposix\nsystem\n(S'touch x'\ntR.")
    done = run("lower", model, "--calib", files.calib, "-o", tmp_path / "n.edgeq")
    refused(done, "m.pt2", tmp_path, "m.pt2")
    model.write_bytes(b"\x80\x04cposix\nsystem\n(S'touch x'\ntR.")
    refused(run("lower", model, "--calib", files.calib, "-o", tmp_path / "n.edgeq"), "m.pt2", tmp_path, "m.pt2")


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("command", ["lower", "simulate", "vectors", "emit", "ranges"])
def test_full_disk(run, files, tmp_path: Path, monkeypatch, command: str) -> None:
    """The third write fails; what was there stays, what was begun vanishes."""
    writes = []

    def write_bytes(self: Path, data: bytes) -> int:
        writes.append(self)
        if len(writes) >= 3:
            raise FULL
        with self.open("wb") as stream:
            return stream.write(data)

    def replace(self: Path, target: Path) -> Path:
        raise FULL

    if command == "ranges":
        monkeypatch.setattr(Path, "replace", replace)
    else:
        monkeypatch.setattr(Path, "write_bytes", write_bytes)
    arguments = {
        "lower": ("lower", files.model, "--calib", files.calib, "-o", tmp_path / "out"),
        "ranges": ("lower", files.model, "--calib", files.calib, "-o", tmp_path / "out", "--save-ranges",
                   tmp_path / "r.yaml"),
        "simulate": ("simulate", files.bundle, "--output", tmp_path / "out"),
        "vectors": ("simulate", files.bundle, "--vectors", tmp_path / "out"),
        "emit": ("emit", files.bundle, "--format", "coo", "-o", tmp_path / "out"),
    }[command]
    if command == "simulate":
        writes += [tmp_path, tmp_path]
    done = run(*arguments)
    refused(done, "the disk is full; nothing was left half written. Free some space and run the command", tmp_path)


@pytest.mark.parametrize("arguments", [
    ("simulate", "--vectors"), ("simulate", "--output"), ("emit", "--format=coo", "-o")])
def test_interruption_leaves_nothing(run, files, tmp_path: Path, monkeypatch, arguments) -> None:
    def stop(*_args, **_options):
        assert any(p.name.startswith(".out.") for p in tmp_path.iterdir())
        raise KeyboardInterrupt

    if arguments[0] == "emit":
        monkeypatch.setattr("edgeq.emission._write_common", stop)
    elif arguments[1] == "--vectors":
        monkeypatch.setattr("edgeq.vectors.write.encode_hex", stop)
    else:
        monkeypatch.setattr("edgeq.cli.simulate.npy_bytes", stop)
    done = run(arguments[0], files.bundle, *arguments[1:], tmp_path / "out")
    assert done.code == 130
    assert done.err.strip() == "edgeq: error: interrupted; nothing was left half written"
    assert list(tmp_path.iterdir()) == []


def heed_signals() -> None:
    """Undo what a caller in the background, or nohup, makes its children ignore."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize(("number", "code", "said"), [
    (signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "stopped by SIGTERM"),
    (signal.SIGHUP, 129, "stopped by SIGHUP")])
def test_a_real_interrupt(files, tmp_path: Path, number: int, code: int, said: str) -> None:
    """A signal while vectors of a million images are under way."""
    np.save(tmp_path / "x.npy", np.zeros((1_000_000, 1, 2, 2), np.int8))
    command = [sys.executable, "-m", "edgeq", "simulate", str(files.bundle), "--input", str(tmp_path / "x.npy"),
               "--vectors", str(tmp_path / "out"), "--count", "1000000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=heed_signals)
    deadline = time.monotonic() + 60
    while not any(p.name.startswith(".out.") for p in tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert (out, err.strip()) == ("", f"edgeq: error: {said}; nothing was left half written")
    assert [p.name for p in tmp_path.iterdir()] == ["x.npy"]


@pytest.mark.parametrize("arguments", [["show"], ["show", "--widths"], ["show", "--text"]])
def test_a_reader_that_leaves(files, arguments: list[str]) -> None:
    """What reads our output is gone: no traceback, no message, no failure."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "edgeq", arguments[0], str(files.bundle), *arguments[1:]]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 0


def test_permissions_and_folders_in_the_way(run, files, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = run("lower", files.model, "--calib", files.calib, "-o", tmp_path / "file" / "n.edgeq")
    refused(done, "file", tmp_path, "file")
    done = run("lower", files.model, "--calib", tmp_path, "-o", tmp_path / "n.edgeq")
    refused(done, f"{tmp_path}: no such file", tmp_path, "file")
    done = run("lower", files.model, "--calib", files.calib, "--config", tmp_path, "-o", tmp_path / "n.edgeq")
    refused(done, "irectory", tmp_path, "file")


def test_an_ignored_signal_stays_ignored_and_handlers_are_put_back() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stoppable():
            os.kill(os.getpid(), signal.SIGHUP)
            with pytest.raises(Stopped, match="stopped by SIGTERM"):
                os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)  # a second one does not stop the clearing
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGTERM, Stopped), (signal.SIGINT, KeyboardInterrupt)])
def test_a_signal_that_a_compiler_loses(number: int, kind: type[BaseException], capsys) -> None:
    called_back = ctypes.CFUNCTYPE(None)(lambda: os.kill(os.getpid(), number))
    hook = sys.unraisablehook

    def compile_something() -> None:
        called_back()
        raise RuntimeError("no compiled object yet")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where pytest runs in the background
    try:
        with pytest.raises(kind), stoppable():
            compile_something()
    finally:
        signal.signal(signal.SIGINT, before)
    with pytest.raises(RuntimeError, match="a fault of ours"), stoppable():
        raise RuntimeError("a fault of ours")
    assert sys.unraisablehook is hook
    assert capsys.readouterr().err == ""


def test_not_enough_memory(run, files, tmp_path: Path, monkeypatch) -> None:
    def full(*_args, **_options):
        return np.empty(1 << 57, np.int64)

    monkeypatch.setattr("edgeq.cli.simulate.simulate", full)
    done = run("simulate", files.bundle, "--output", tmp_path / "o")
    refused(done, "not enough memory (Unable to allocate 1.00 EiB for an array with shape (144115188075855872,) and "
            "data type int64); use fewer images, or a smaller network", tmp_path)


def test_what_is_not_expected_is_not_hidden(run, files, monkeypatch) -> None:
    def broken(*_):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("edgeq.cli.show.load", broken)
    monkeypatch.setattr(sys, "argv", ["edgeq", "show", str(files.bundle)])
    from edgeq.cli import main

    with pytest.raises(RuntimeError, match="a fault of ours"):
        main()
