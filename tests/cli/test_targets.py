"""Where commands may write: never over, into or beside files that are not theirs to replace."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, and folders as empty bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def test_output_replaces_only_its_own_files(run, files, tmp_path: Path) -> None:
    out = tmp_path / "data"
    out.mkdir()
    shutil.copy(files.x, out / "train.npy")
    before = snapshot(tmp_path)
    done = run("simulate", files.bundle, "--input", files.x, "--output", out)
    assert (done.code, done.error) == (2, f"--output {out}: holds other files (train.npy); choose another folder")
    assert snapshot(tmp_path) == before
    (out / "train.npy").unlink()
    np.save(out / "fc.npy", np.zeros(1))
    assert run("simulate", files.bundle, "--input", files.x, "--output", out).code == 0
    assert [p.name for p in out.iterdir()] == ["fc.npy"]
    assert np.load(out / "fc.npy").shape == (20, 3)


def test_output_keeps_what_is_read(run, files, tmp_path: Path) -> None:
    out = tmp_path / "data"
    out.mkdir()
    shutil.copy(files.x, out / "fc.npy")
    before = snapshot(tmp_path)
    done = run("simulate", files.bundle, "--input", out / "fc.npy", "--output", out)
    assert (done.code, done.error) == (2, f"--output {out}: holds what is read; choose another folder")
    shutil.copy(files.y, out / "fc.npy")
    done = run("simulate", files.bundle, "--input", files.x, "--labels", out / "fc.npy", "--output", out)
    assert (done.code, done.error) == (2, f"--output {out}: holds what is read; choose another folder")
    assert snapshot(tmp_path).keys() == before.keys()


def test_output_through_a_link(run, files, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    done = run("simulate", files.bundle, "--output", tmp_path / "out")
    assert done.code == 2
    assert "out: exists and is not a folder; it is left as it is" in done.error
    assert (tmp_path / "out").is_symlink()


@pytest.mark.parametrize(("output", "vectors"), [("a", "a"), ("a/b", "a"), ("a", "a/b")])
def test_output_and_vectors_lie_apart(run, files, tmp_path: Path, output: str, vectors: str) -> None:
    done = run("simulate", files.bundle, "--output", tmp_path / output, "--vectors", tmp_path / vectors)
    assert done.code == 2
    assert "are one folder or lie in each other; choose two" in done.error
    assert list(tmp_path.iterdir()) == []


def test_save_ranges_replaces_only_range_files(run, files, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    assert torch
    out, name = tmp_path / "n.edgeq", tmp_path / "r.yaml"
    arguments = ("lower", files.model, "--calib", files.calib, "-o", out, "--save-ranges")
    for data in (b"notes of mine", b"layers: {}\n", b"[edgeq_ranges]", b"\x93NUMPY\x00", b"", b"a: [\n"):
        name.write_bytes(data)
        done = run(*arguments, name)
        assert done.code == 2
        assert done.error == f"{name}: exists and is not a range file; it is left as it is. Choose another name"
        assert snapshot(tmp_path) == {"r.yaml": data}
    name.unlink()
    name.mkdir()
    assert "exists and is not a range file" in run(*arguments, name).error
    name.rmdir()
    name.write_text("# mine, edited\nedgeq_ranges: 1\nranges: {}\n")
    assert run(*arguments, name).code == 0
    assert name.read_text().startswith("edgeq_ranges: 1\nranges:\n")


def test_targets_of_lower_are_refused_before_the_work(run, files, tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr("edgeq.frontend.lower.read_model", lambda *_, **__: pytest.fail("the work was begun"))
    (tmp_path / "file").write_text("mine")
    arguments = ("lower", files.model, "--calib", files.calib)
    for more, said in (
        (["-o", tmp_path / "file"], "file: exists and is not a bundle; it is left as it is"),
        (["-o", tmp_path / "n", "--save-ranges", tmp_path / "file"], "file: exists and is not a range file"),
        (["-o", tmp_path / "n", "--save-ranges", tmp_path / "n" / "r.yaml"], "r.yaml: lies inside the bundle"),
        (["-o", tmp_path / "n", "--save-ranges", tmp_path / "n"], "n: lies inside the bundle"),
        (["-o", tmp_path / "n", "--save-ranges", files.bundle / "r.yaml"], "small.edgeq, which edgeq wrote"),
    ):
        done = run(*arguments, *more)
        assert done.code == 2
        assert said in done.error
    assert snapshot(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize("place", ["b.edgeq", "b.edgeq/tensors", "b.edgeq/new/deeper", "emitted", "vectors"])
def test_nothing_is_written_inside_what_edgeq_wrote(run, files, tmp_path: Path, place: str) -> None:
    bundle = tmp_path / "b.edgeq"
    shutil.copytree(files.bundle, bundle)
    assert run("emit", bundle, "--format", "coo", "-o", tmp_path / "emitted").code == 0
    assert run("simulate", bundle, "--vectors", tmp_path / "vectors", "--count", 1).code == 0
    (tmp_path / "link").symlink_to(bundle)
    before = snapshot(tmp_path)
    target = tmp_path / place / "out"
    commands = [("emit", bundle, "--format", "coo", "-o", target), ("simulate", bundle, "--vectors", target),
                ("simulate", bundle, "--output", target), ("simulate", bundle, "--output", tmp_path / "link" / "out"),
                ("lower", files.model, "--calib", files.calib, "-o", target)]
    for command in commands:
        done = run(*command)
        assert done.code == 2
        assert "which edgeq wrote; choose a place outside it" in done.error
    assert snapshot(tmp_path) == before


def test_a_manifest_of_another_program_is_no_obstacle(run, files, tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_text("version: 3\n")
    assert run("simulate", files.bundle, "--output", tmp_path / "out").code == 0
