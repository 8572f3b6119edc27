"""Values of options that no command can use: one line and exit code 2 each."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest


@pytest.mark.parametrize("command", [("simulate",), ("compare", "here", "--bundle")])
def test_an_input_that_is_a_single_number(run, files, tmp_path: Path, monkeypatch, command: tuple[str, ...]) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.int8(3))
    Path("here").mkdir()
    done = run(*command, files.bundle, "--input", "x.npy")
    assert done.code == 2
    assert done.error == "--input x.npy: holds a single number, expected an array with the leading axis N"


def test_calibration_that_is_a_single_number(run, files, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.float32(3))
    done = run("lower", files.model, "--calib", tmp_path / "x.npy", "-o", tmp_path / "n.edgeq")
    assert done.code == 2
    assert "holds a single number" in done.error


def test_a_path_may_hold_an_equals_sign(run, files, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a=b").mkdir()
    shutil.copy(files.x, "a=b/x.npy")
    for text in ("a=b/x.npy", "x=a=b/x.npy"):
        assert run("simulate", files.bundle, "--input", text, "--output", "out").code == 0
        assert np.load("out/fc.npy").shape == (20, 3)
        shutil.rmtree("out")
    Path("x=").mkdir()
    shutil.copy(files.x, "x=/x.npy")  # x is an input, so this names the file /x.npy
    assert run("simulate", files.bundle, "--input", "x=/x.npy").error == "/x.npy: no such file"
    shutil.copy(files.calib, "a=b/c.npy")
    assert run("lower", files.model, "--calib", "a=b/c.npy", "-o", "n.edgeq").code == 0


@pytest.mark.parametrize(("option", "said"), [
    ("graph=1", "--option graph=1: no format has an option 'graph'"),
    ("vectors=1", "--option vectors=1: no format has an option 'vectors'"),
    ("format=c", "--option format=c: no format has an option 'format'"),
    ("out_dir=x", "--option out_dir=x: no format has an option 'out_dir'"),
    ("=1", "--option =1: write NAME=VALUE"),
    ("lanes=" + "9" * 5000, "--option lanes: a number has at most 20 characters, got 5000"),
    ("lanes=--5", "lanes"), ("lanes=-", "lanes"), ("lanes=²", "lanes"), ("lanes=٣", "lanes"), ("lanes=-5", "lanes")])
def test_options_of_formats(run, files, tmp_path: Path, option: str, said: str) -> None:
    done = run("emit", files.bundle, "--format", "readmemh", "-o", tmp_path / "o", "--option", option)
    assert done.code == 2
    assert said in done.error
    assert list(tmp_path.iterdir()) == []


def test_an_option_given_twice(run, files, tmp_path: Path) -> None:
    done = run("emit", files.bundle, "--format", "readmemh", "-o", tmp_path / "o", "--option", "lanes=2", "--option",
               "lanes=4")
    assert (done.code, done.error) == (2, "--option: lanes is given twice")


@pytest.mark.parametrize(("bits", "shown"), [
    ("²", "'²'"), ("٣٢", "'٣٢'"), ("9" * 5000, "'99999999999999999999'"), ("-8", "'-8'"), ("", "''")])
def test_acc_bits(run, files, tmp_path: Path, bits: str, shown: str) -> None:
    done = run("lower", files.model, "--calib", files.calib, "-o", tmp_path / "n.edgeq", "--acc-bits", bits)
    assert (done.code, done.error) == (2, f"acc-bits must be auto or a number of bits, got {shown}")


@pytest.mark.parametrize("jobs", [0, 257, 99999999999999999999])
def test_jobs(run, files, jobs: int) -> None:
    for command in ("simulate", "verify"):
        done = run(command, files.bundle, "--jobs", jobs)
        assert done.code == 2
        assert f"{jobs} is not in the range 1<=x<=256" in done.err


@pytest.mark.parametrize(("place", "label"), [(0, -1), (7, 3), (19, 1 << 40)])
def test_labels_are_classes(run, files, tmp_path: Path, place: int, label: int) -> None:
    labels = np.load(files.y)
    labels[place] = label
    labels[19] = labels[19] if place == 19 else 9
    np.save(tmp_path / "y.npy", labels)
    done = run("simulate", files.bundle, "--input", files.x, "--labels", tmp_path / "y.npy", "--output",
               tmp_path / "o")
    assert done.code == 2
    assert done.error == (f"--labels {tmp_path / 'y.npy'}: label {label} of image {place} is outside 0..2, the classes "
                          "of output 'fc'")
    assert [p.name for p in tmp_path.iterdir()] == ["y.npy"]


def test_made_images_are_bounded(run, files) -> None:
    done = run("simulate", files.bundle, "--count", 10**9)
    assert (done.code, done.error) == (
        2, "--count 1000000000: at most 65536 images are made; give yours with --input")


def test_no_image_at_all(run, files, tmp_path: Path) -> None:
    none, labels = tmp_path / "none.npy", tmp_path / "labels.npy"
    np.save(none, np.load(files.x)[:0])
    np.save(labels, np.zeros(0, np.int64))
    done = run("simulate", files.bundle, "--input", none, "--labels", labels)
    assert (done.code, done.out.splitlines()[-1]) == (0, "accuracy: 0 of 0 (0.00 %)")
    done = run("simulate", files.bundle, "--input", none, "--vectors", tmp_path / "v")
    assert (done.code, done.error) == (2, "input 'x': holds no image; vectors need at least one")
    for options in ([tmp_path], ["--kernel", "fbgemm"], [tmp_path, "--kernel", "fbgemm"]):
        done = run("compare", *options, "--bundle", files.bundle, "--input", none)
        assert (done.code, done.error) == (2, "--input: input 'x' holds no image to compare; give at least one")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["labels.npy", "none.npy"]


def test_a_folder_without_a_value_of_the_graph(run, files, tmp_path: Path) -> None:
    done = run("compare", tmp_path, "--bundle", files.bundle, "--input", files.x)
    assert (done.code, done.error) == (
        2, f"{tmp_path}: holds none of the 18 files of the graph 'small', such as 00_x.in.hex")
