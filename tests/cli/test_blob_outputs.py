"""Where pack, unpack and emit write: what is in the way stays as it is, and nothing is half written."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import edgeq
from tests.cli.conftest import small_graph


@pytest.fixture
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "small.edgeq"
    edgeq.save(small_graph(), folder)
    return folder


@pytest.fixture
def tensor(tmp_path: Path) -> Path:
    np.save(tmp_path / "t.npy", np.array([[0, 3, 0, 0], [-4, 0, 0, 0]], np.int16))
    return tmp_path / "t.npy"


def test_no_format_is_written_when_one_lacks_an_option(run, bundle: Path, tmp_path: Path) -> None:
    for other, message in (("eqbin", "format 'eqbin' has no option 'parts'"), ("zip", "zip")):
        done = run("emit", bundle, "--format", "packed", "--format", other, "--parts", "-o", tmp_path / "out")
        assert (done.code, message in done.error, done.out) == (2, True, "")
        assert not (tmp_path / "out").exists()


def test_what_is_no_file_is_left_as_it_is(run, tensor: Path, tmp_path: Path) -> None:
    blob, folder, link, pipe = (tmp_path / name for name in ("t.bin", "folder", "link", "pipe"))
    assert run("pack", tensor, "-o", blob).code == 0
    folder.mkdir()
    link.symlink_to(folder)
    os.mkfifo(pipe)
    for output in (folder, link, pipe, "", ".", "/"):
        for arguments in (("pack", tensor), ("unpack", blob)):
            assert "is a folder or a device, not a file" in run(*arguments, "-o", output).error
    assert link.is_symlink()
    assert pipe.is_fifo()


def test_folders_without_end(run, tensor: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("pack", tensor, "-o", "a/" * 1200 + "t.bin").code == 0
    subprocess.run(["rm", "-r", "a"], check=True)  # pytest's own clearing recurses


def test_unpack_writes_both_or_none(run, tensor: Path, tmp_path: Path, bundle: Path) -> None:
    blob, output = tmp_path / "t.bin", tmp_path / "t.new.npy"
    assert run("pack", tensor, "-o", blob).code == 0
    for parts in (blob / "parts", bundle / "parts"):
        assert run("unpack", blob, "-o", output, "--parts", parts).code == 2
        assert not output.exists()
    assert run("unpack", blob, "-o", blob / "t.npy", "--parts", tmp_path / "parts").code == 2
    assert not (tmp_path / "parts").exists()
    for output, parts in (("x", "x"), ("x/t.npy", "x"), ("x", "x/y"), ("x/../y", "y")):
        done = run("unpack", blob, "-o", tmp_path / output, "--parts", tmp_path / parts)
        assert "lies in the same place as --parts" in done.error
        assert not (tmp_path / "x").exists()


def test_an_option_called_name(run, tensor: Path, tmp_path: Path) -> None:
    done = run("pack", tensor, "-o", tmp_path / "t.bin", "--option", "name=3")
    assert "codec best has no option 'name'" in done.error
