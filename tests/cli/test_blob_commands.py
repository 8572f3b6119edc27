"""pack and unpack; a container in place of a bundle."""

from __future__ import annotations

import json
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.codecs.choice import choices
from tests.cli.conftest import small_graph

VALUES = np.array([[0, 3, 0, 0], [-4, 0, 0, 0]], np.int16)


@dataclass(frozen=True)
class Files:
    """A bundle, and inputs and labels for it: five of twenty are wrong."""

    bundle: Path
    x: Path
    y: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Give the files; unlike those of the other commands they need no torch."""
    folder = tmp_path_factory.mktemp("files")
    edgeq.save(small_graph(), folder / "small.edgeq")
    x = np.random.default_rng(1).integers(-128, 128, (20, 1, 2, 2)).astype(np.int8)
    labels = edgeq.simulate(small_graph(), {"x": x}).outputs["fc"].argmax(1)
    labels[:5] = (labels[:5] + 1) % 3
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", labels)
    return Files(folder / "small.edgeq", folder / "x.npy", folder / "y.npy")


@pytest.fixture
def tensor(tmp_path: Path) -> Path:
    np.save(tmp_path / "t.npy", VALUES)
    return tmp_path / "t.npy"


def test_pack_and_unpack(run, tensor: Path, tmp_path: Path) -> None:
    blob, back = tmp_path / "t.bin", tmp_path / "back.npy"
    done = run("pack", tensor, "-o", blob, "--codec", "packed")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{blob}: packed, 20 bytes, 8 values s3 2x4\n"
    data = bytes.fromhex("45 51 42 01 01 83 02 02 04 00 08 01 03 0c 08 00")
    assert blob.read_bytes() == data + zlib.crc32(data).to_bytes(4, "little")
    done = run("unpack", blob, "-o", back, "--parts", tmp_path / "parts")
    assert (done.code, done.out) == (0, f"{back}: int8 2x4\n{tmp_path / 'parts'}: data.npy\n")
    assert np.load(back).tolist() == VALUES.tolist()
    assert np.load(tmp_path / "parts" / "data.npy").tolist() == VALUES.reshape(-1).tolist()
    assert run("unpack", blob, "--parts", tmp_path / "parts").code == 0  # is replaced


@pytest.mark.parametrize("codec", choices())
def test_every_codec(run, tensor: Path, tmp_path: Path, codec: str) -> None:
    done = run("pack", tensor, "-o", tmp_path / "t.bin", "--codec", codec, "--bits", 8, "--json")
    facts = json.loads(done.out)
    assert (facts["type"], facts["shape"], facts["fill_value"]) == ("s8", [2, 4], 0)
    assert facts["bytes"] == (tmp_path / "t.bin").stat().st_size
    assert (facts["codec"] == codec) or codec == "best"
    assert bool(facts["tried"]) == (codec == "best")
    assert run("unpack", tmp_path / "t.bin", "-o", tmp_path / "back.npy").code == 0
    assert np.load(tmp_path / "back.npy").tolist() == VALUES.tolist()


def test_types_and_fill_values(run, tmp_path: Path) -> None:
    for values, options, said in (
        ([1, 2, 3], (), "u2"), ([-1, 2, 3], (), "s3"), ([1, 2, 3], ("--signed",), "s3"), ([0, 0], (), "u1"),
        ([], (), "u1"),
        ([1], ("--fill-value", -3, "--bits", 3), "s3"), ([1, -4], ("--fill-value", 3), "s3"),
        ([1], ("--bits", 16), "u16"), ([1], ("--bits", 16, "--signed"), "s16"),
        ([7, 0], ("--fill-value", 7, "--codec", "coo"), "u3"),
    ):
        np.save(tmp_path / "t.npy", np.array(values, np.int64))
        done = run("pack", tmp_path / "t.npy", "-o", tmp_path / "t.bin", "--json", *options)
        assert json.loads(done.out)["type"] == said
        facts = json.loads(run("unpack", tmp_path / "t.bin", "--json").out)
        assert facts["type"] == said
    assert (facts["codec"], facts["fill_value"], facts["stored_values"]) == ("coo", 7, 1)


def test_options_of_codecs(run, tensor: Path, tmp_path: Path) -> None:
    sizes = []
    for bits in (2, 9):
        done = run("pack", tensor, "-o", tmp_path / "t.bin", "--codec", "zero_runs", "--option", f"run_bits={bits}")
        assert done.code == 0
        sizes.append((tmp_path / "t.bin").stat().st_size)
    assert sizes[0] < sizes[1]
    (tmp_path / "t.bin").unlink()
    for arguments, message in (
        (("--codec", "zip"), "codec 'zip' does not exist; codecs are packed, "),
        (("--codec", "packed", "--option", "run_bits=2"), "codec packed has no option 'run_bits'"),
        (("--codec", "best", "--option", "colour=2"), "codec best has no option 'colour'"),
        (("--codec", "zero_runs", "--option", "run_bits=99"), "run_bits 99"),
        (("--option", "run_bits"), "--option run_bits: write NAME=VALUE"),
        (("--bits", 2), "t.npy: value 3 at 1 does not fit s2 (-2..1)"),
        (("--bits", 8, "--unsigned"), "t.npy: value -4 at 4 does not fit u8"),
        (("--bits", 2, "--fill-value", 9), "does not fit s2"),
        (("--codec", "coo", "--bits", 20), "s20 has 20 bits, coo holds 1..16"),
        (("--fill-value", 10**30, "--bits", 64), "fill value 1000000000000000000000000000000 does not fit s64"),
        (("--fill-value", 4), "--fill-value 4: does not fit s3, the type of the values; give the type with --bits"),
        (("--fill-value", -5), "--fill-value -5: does not fit s3"),
    ):
        done = run("pack", tensor, "-o", tmp_path / "t.bin", *arguments)
        assert done.code == 2
        assert message in done.error
    assert [p.name for p in tmp_path.iterdir()] == ["t.npy"]


def test_best_of_some(run, tensor: Path, tmp_path: Path) -> None:
    arguments = ("pack", tensor, "-o", tmp_path / "t.bin", "--json")
    facts = json.loads(run(*arguments, "--option", "among=csr,coo").out)
    assert list(facts["tried"]) == ["coo", "csr"]
    assert facts["bytes"] == min(facts["tried"].values())
    assert "zip" in run(*arguments, "--option", "among=csr,zip").error


def test_a_codebook_is_a_list(run, tensor: Path, tmp_path: Path) -> None:
    for codebook, code in (("0,3,-4", 0), ("-4,3", 0), ("0,3", 2), ("3", 2), ("3,x", 2), ("3,3", 2)):
        done = run("pack", tensor, "-o", tmp_path / "t.bin", "--codec", "huffman", "--option", f"codebook={codebook}",
                   "--option", "mode=runs")
        assert done.code == code
        assert code == 0 or "codebook" in done.error


def test_pack_refuses(run, tensor: Path, tmp_path: Path, files) -> None:
    np.save(tmp_path / "f.npy", np.zeros(3, np.float32))
    (tmp_path / "x.txt").write_text("hello")
    for arguments, message in (
        ((tmp_path / "gone.npy", "-o", tmp_path / "t.bin"), "gone.npy: no such file"),
        ((tmp_path / "f.npy", "-o", tmp_path / "t.bin"), "f.npy: holds float32, expected integers; quantize"),
        ((tmp_path / "x.txt", "-o", tmp_path / "t.bin"), "not a .npy file"),
        ((tensor, "-o", files.bundle / "t.bin"), "small.edgeq, which edgeq wrote"),
    ):
        done = run("pack", *arguments)
        assert done.code == 2
        assert message in done.error
    assert not (tmp_path / "t.bin").exists()


def test_unpack_refuses(run, tensor: Path, tmp_path: Path) -> None:
    blob, out = tmp_path / "t.bin", tmp_path / "out.npy"
    run("pack", tensor, "-o", blob, "--codec", "packed")
    (tmp_path / "bad.bin").write_bytes(blob.read_bytes()[:-1])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    before = sorted(p.name for p in tmp_path.iterdir())
    for arguments, message in (
        ((tmp_path / "gone", "-o", out), "gone: no such file"),
        ((tmp_path / "mine", "-o", out), "mine: is a folder; unpack reads one file, a blob .bin or a container .eqbin"),
        ((tensor, "-o", out), "t.npy: header, byte 0: is no blob"),
        ((tmp_path / "bad.bin", "-o", out), "bad.bin: "), ((tmp_path / "bad.bin",), "bad.bin: "),
        ((blob, "-o", out, "--max-elements", 7), "has 8 elements, more than the 7 allowed"),
        ((blob, "-o", out, "--name", "w"), "is no container .eqbin; a blob holds one tensor without a name"),
        ((blob, "-o", out, "--parts", tmp_path / "mine"), "--parts " + str(tmp_path / "mine") + ": holds other files"),
        ((blob, "-o", out, "--parts", tensor), "exists and is not a folder"),
    ):
        done = run("unpack", *arguments)
        assert done.code == 2
        assert message in done.error
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("container") / "out"
    edgeq.emit(small_graph(), "eqbin", folder, codec="packed", inline=2)
    return Path(shutil.copy(folder / "small.eqbin", folder.parent / "small.eqbin"))


def test_a_container_is_listed_and_taken_apart(run, container: Path, tmp_path: Path) -> None:
    done = run("unpack", container)
    lines = done.out.splitlines()
    assert lines[0].split() == ["section", "kind", "offset", "B", "bytes", "codec", "type", "shape", "fill", "value"]
    assert [line.split()[:2] for line in lines[1:]] == [["graph", "graph"], ["fc.acc.weight", "tensor"]]
    assert lines[2].split()[4:] == ["packed", "s8", "3x8", "0"]
    listed = json.loads(run("unpack", container, "--json").out)["sections"]
    assert [s["section"] for s in listed] == ["graph", "fc.acc.weight"]
    assert listed[1]["offset"] % 16 == 0
    assert run("unpack", container, "--name", "fc.acc.weight", "-o", tmp_path / "w.npy").code == 0
    assert np.load(tmp_path / "w.npy").tolist() == np.arange(-12, 12).reshape(3, 8).tolist()
    assert run("unpack", container, "-o", tmp_path / "again.edgeq").code == 0
    assert edgeq.load(tmp_path / "again.edgeq") == small_graph()
    for arguments, message in (
        (("-o", tmp_path / "x.npy"), "x.npy: a container holds several tensors; give --name TENSOR"),
        (("-o", tmp_path / "x.NPY"), "or the name of a bundle, NAME.edgeq"),
        (("--name", "x"), "small.eqbin has no such tensor; it holds fc.acc.weight"),
        (("--parts", tmp_path / "p"), "holds several tensors; say which with --name"),
        (("--name", "fc.acc.weight", "-o", tmp_path / "k.npy", "--max-elements", 3), "section 'fc.acc.weight': shape"),
    ):
        done = run("unpack", container, *arguments)
        assert done.code == 2
        assert message in done.error
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.edgeq", "w.npy"]


def test_every_command_takes_a_container_in_place_of_a_bundle(run, files, container: Path, tmp_path: Path) -> None:
    for name in ("show", "size"):
        assert run(name, container).out == run(name, files.bundle).out
    done = run("simulate", container, "--input", files.x, "--labels", files.y)
    assert done.out.splitlines()[-1] == "accuracy: 15 of 20 (75.00 %)"
    assert run("emit", container, "--format", "readmemh", "-o", tmp_path / "o").code == 0
    assert run("verify", tmp_path / "o", "--bundle", container).code == 0
    data = bytearray(container.read_bytes())
    data[-1] ^= 1
    (tmp_path / "bad.eqbin").write_bytes(data)
    for name in ("show", "simulate", "size"):
        done = run(name, tmp_path / "bad.eqbin")
        assert done.code == 2
        assert "bad.eqbin: " in done.error


def test_parts_of_emit(run, files, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("emit", files.bundle, "--format", "coo", "--format", "csr", "--parts", "-o", out).code == 0
    assert (out / "03_fc.weight.csr.indptr.npy").is_file()
    assert np.load(out / "03_fc.weight.coo.data.npy").size == 23  # of 24 weights one is zero
    assert run("verify", out).code == 0
    (out / "03_fc.weight.csr.indptr.npy").write_bytes((out / "03_fc.weight.coo.data.npy").read_bytes())
    done = run("verify", out)
    assert done.code == 1
    assert "03_fc.weight.csr.indptr.npy" in done.out
    done = run("emit", files.bundle, "--format", "readmemh", "--parts", "-o", tmp_path / "o")
    assert (done.code, "format 'readmemh' has no option 'parts'" in done.error) == (2, True)
    done = run("emit", files.bundle, "--format", "coo", "--parts", "--option", "parts=false", "-o", tmp_path / "o")
    assert (done.code, done.error) == (2, "--option: parts is given twice")
