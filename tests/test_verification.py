"""`verify` passes what emit and simulate wrote, and names the file of every fault put into it."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import edgeq
from edgeq import Graph, GraphBuilder, IntType, emit, verify
from edgeq.artefacts.manifest import dump_yaml
from edgeq.checks import FAIL, NOT_RUN, PASS, Report
from edgeq.emission import formats
from edgeq.errors import ArtefactError, BundleError
from edgeq.project_run import run_project
from edgeq.vectors.write import write_vectors
from tests.emitters.graphs import GRAPHS
from tests.tools import need_tool


def graph(weight: int = 3) -> Graph:
    """A network that every format can hold."""
    b = GraphBuilder("net")
    x = b.input("x", (2, 2, 2), IntType(8), zero_point=1, scale=0.5)
    y = b.conv2d(x, [[[[weight]], [[-1]]], [[[0]], [[7]]]], [5, 6], weight_type=IntType(4), name="conv")
    y = b.requantize(y, 3, 6, rounding="floor", scale=0.25)
    y = b.linear(b.flatten(y), np.arange(16).reshape(2, 8) - 8, name="fc")
    b.output(b.requantize(y, 5, 9, rounding="floor", scale=0.5), "y")
    return b.build()


INPUTS = {"x": np.arange(-12, 12).reshape(3, 2, 2, 2)}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders with the data formats, with the C project, of vectors, and a bundle; tests copy what they change."""
    root = tmp_path_factory.mktemp("written")
    for name in formats():
        emit(graph(), name, root / ("project" if name == "c" else "out"))
    edgeq.save(graph(), root / "net.edgeq")
    write_vectors(graph(), INPUTS, root / "vectors")
    return root


@pytest.fixture
def out(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written / "out", tmp_path / "out"))


@pytest.fixture
def project(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written / "project", tmp_path / "project"))


@pytest.fixture
def vectors(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written / "vectors", tmp_path / "vectors"))


def failed(report: Report) -> set[str]:
    return {row.subject for row in report.failures}


def relist(folder: Path, path: str) -> None:
    """Put the checksum of a changed file into the manifest, as someone would who means harm."""
    text = (folder / "manifest.yaml").read_text()
    data = yaml.safe_load(text)
    for line in data["files"]:
        if line["path"] == path:
            line["sha256"] = hashlib.sha256((folder / path).read_bytes()).hexdigest()
    (folder / "manifest.yaml").write_bytes(dump_yaml(data))


def edit(folder: Path, change: Any) -> None:
    data = yaml.safe_load((folder / "manifest.yaml").read_text())
    change(data)
    (folder / "manifest.yaml").write_bytes(dump_yaml(data))


def test_all_formats_of_one_folder_pass_and_the_c_project_runs(out: Path) -> None:
    need_tool("gcc")
    emit(graph(), "c", out)
    report = verify(out)
    assert report.ok, report.failures
    assert report.not_run == ()
    rows = {(r.check, r.subject): r for r in report.rows}
    assert rows["decode", "01_conv.weight.hex"].values == 4
    assert rows["decode", "03_fc.weight.coo.yaml"].values == 16
    assert rows["decode", "net_int.yml"].values == 4 + 2 + 16 + 2 + 2 * 3
    assert rows["decode", "vectors/01_conv.acc.bin"].values == 16 * 8
    run = rows["make check", "c"]
    assert run.status == PASS
    assert run.values == 16 * (8 + 8 + 8 + 8 + 2 + 2)
    assert run.detail.startswith("EDGEQ_C PASS")
    assert report.as_dict()["counts"] == {"PASS": len(report.rows), "FAIL": 0, "NOT RUN": 0}


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_op_passes(name: str, tmp_path: Path) -> None:
    made, inputs = GRAPHS[name]()
    for kind in ("readmemh", "coo"):
        emit(made, kind, tmp_path / "out")
    assert verify(tmp_path / "out").failures == ()
    edgeq.save(made, tmp_path / "net.edgeq")
    vectors = write_vectors(made, inputs, tmp_path / "v", layout="chw")
    assert verify(vectors, tmp_path / "net.edgeq").failures == ()


def test_a_bundle_of_the_user_is_believed_instead(out: Path, written: Path, tmp_path: Path) -> None:
    assert verify(out, written / "net.edgeq").ok
    edgeq.save(graph(4), tmp_path / "other.edgeq")
    report = verify(out, tmp_path / "other.edgeq")
    assert failed(report) == {"manifest.yaml"}
    assert "is of graph sha256" in report.failures[0].detail
    with pytest.raises(BundleError, match=r"none.edgeq: no such bundle"):
        verify(out, tmp_path / "none.edgeq")


DATA = [
    "01_conv.weight.hex", "03_fc.bias.hex", "01_conv.multiplier.hex", "01_conv.weight.coords.npy",
    "01_conv.weight.data.npy", "01_conv.weight.coo.yaml", "03_fc.bias.npy", "net_int.yml", "net_int_coo.yml",
]
PROJECT = ["net_params.c", "model.c", "edgeq_conv2d.c", "Makefile", "vectors/01_conv.acc.bin"]
COMMON = ["graph.edgeq/graph.yaml", "graph.edgeq/tensors/conv.acc.weight.npy", "stimuli/x.npy"]


def flip(path: Path) -> None:
    """Flip the lowest bit of a byte near the end: a value, a digit or a character."""
    data = bytearray(path.read_bytes())
    data[-2 if len(data) > 1 else -1] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("path", [*DATA, *PROJECT, *COMMON])
def test_a_flipped_bit_is_found_by_its_checksum(path: str, out: Path, project: Path) -> None:
    folder = out if path in DATA else project
    flip(folder / path)
    report = verify(folder)
    assert not report.ok
    assert ("checksum", path, "changed since it was written") in {
        (r.check, r.subject, r.detail) for r in report.failures}


@pytest.mark.parametrize("path", DATA)
def test_a_flipped_bit_is_found_though_the_manifest_was_changed_too(path: str, out: Path) -> None:
    flip(out / path)
    relist(out, path)
    assert {"rewrite"} <= {r.check for r in verify(out).failures if r.subject == path}


@pytest.mark.parametrize("path", PROJECT)
def test_a_changed_project_is_found_and_not_run(path: str, project: Path) -> None:
    flip(project / path)
    relist(project, path)
    report = verify(project)
    assert path in failed(report)
    assert [(r.check, r.detail) for r in report.not_run] == [
        ("make check", "its files are not those that edgeq writes, so none of them is run")]


@pytest.mark.parametrize(("path", "old", "new", "said"), [
    ("01_conv.weight.hex", b"3\n", b"2\n", "conv.weight: 1 of 4 values differ; at [0, 0, 0, 0] 2, expected 3"),
    ("01_conv.weight.hex", b"3\n", b"g\n", "01_conv.weight.hex line 1: 'g' is not a lower-case hexadecimal digit"),
    ("net_int.yml", b"mqm0: 5", b"mqm0: 6", "fc.multiplier: 1 of 1 values differ; at [] 6, expected 5"),
    ("01_conv.weight.coo.yaml", b"fill_value: 0", b"fill_value: 1", "conv.weight: 1 of 4 values differ"),
])
def test_a_wrong_value_is_named_with_its_place(path: str, old: bytes, new: bytes, said: str, out: Path) -> None:
    data = (out / path).read_bytes()
    assert old in data
    (out / path).write_bytes(data.replace(old, new, 1))
    relist(out, path)
    details = [r.detail for r in verify(out).failures if (r.check, r.subject) == ("decode", path)]
    assert len(details) == 1
    assert details[0].startswith(said)


def test_a_consistent_lie_in_the_embedded_graph_needs_the_bundle(out: Path, written: Path, tmp_path: Path) -> None:
    lie = tmp_path / "lie"
    emit(graph(4), "readmemh", lie)
    assert verify(lie).ok
    assert not verify(lie, written / "net.edgeq").ok


def test_missing_extra_and_doubled_files(out: Path) -> None:
    (out / "01_conv.bias.hex").unlink()
    (out / "extra.hex").write_text("00\n")
    (out / "graph.edgeq" / "more.npy").write_bytes(b"")
    edit(out, lambda data: data["files"].append(next(f for f in data["files"] if f["path"] == "03_fc.bias.hex")))
    said = {(r.subject, r.detail) for r in verify(out).failures if r.check == "checksum"}
    assert said == {
        ("01_conv.bias.hex", "listed in the manifest but missing"), ("extra.hex", "not listed in the manifest"),
        ("graph.edgeq/more.npy", "not listed in the manifest"), ("03_fc.bias.hex", "listed twice in the manifest")}


def test_a_file_dropped_from_folder_and_manifest_is_missed(out: Path) -> None:
    (out / "01_conv.bias.hex").unlink()
    edit(out, lambda data: data.update(files=[f for f in data["files"] if f["path"] != "01_conv.bias.hex"]))
    (row,) = verify(out).failures
    assert (row.subject, row.detail) == ("01_conv.bias.hex", "belongs to this format but is not in the manifest")


def test_changed_lines_of_the_manifest(out: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        lines = {f["path"]: f for f in data["files"]}
        lines["01_conv.weight.hex"]["type"]["bits"] = 3
        lines["03_fc.weight.hex"]["layout"] = "io"
        del lines["03_fc.bias.hex"]["packing"]
        lines["01_conv.shift.hex"]["layer"] = "fc"

    edit(out, change)
    assert failed(verify(out)) == {"01_conv.weight.hex", "03_fc.weight.hex", "03_fc.bias.hex", "01_conv.shift.hex"}


def test_another_version_of_edgeq_and_unknown_formats_are_said(project: Path) -> None:
    out = emit(graph(), "readmemh", project)

    def change(data: dict[str, Any]) -> None:
        data["formats"]["c"]["edgeq"] = "0.0.9"
        data["formats"]["readmemh"]["edgeq"] = "0.0.9"
        data["formats"]["vhdl"] = {"edgeq": "9", "options": {}}

    edit(out, change)
    flip(out / "model.c")
    relist(out, "model.c")
    report = verify(out)
    assert [(r.check, r.subject, r.detail) for r in report.failures] == [
        ("format", "vhdl", "this edgeq has no format 'vhdl'")]
    assert [(r.check, r.subject) for r in report.not_run] == [("rewrite", "c"), ("make check", "c")]
    assert report.not_run[0].detail == (
        "written by edgeq 0.0.9, this is 0.1.0; model.c differs from what edgeq writes for this graph")


def test_a_missing_compiler_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.delenv("CC", raising=False)
    report = verify(project)
    assert report.ok
    assert [(r.check, r.status, r.detail) for r in report.not_run] == [("make check", NOT_RUN, "make is not installed")]


@pytest.mark.parametrize(("recipe", "status"), [
    ("@echo EDGEQ_NET PASS values=7", PASS),
    ("@echo EDGEQ_NET FAIL values=7", FAIL),
    ("@echo EDGEQ_NET PASS values=7; exit 1", FAIL),
    ("@echo EDGEQ_NET PASS values=7; echo more", FAIL),
    ("@echo EDGEQ_NET PASS values=3; echo EDGEQ_NET PASS values=4", FAIL),
    ("@echo warning >&2; echo EDGEQ_NET PASS values=7", FAIL),
    ("@echo done", FAIL),
])
@pytest.mark.hardware
def test_only_one_last_line_that_says_pass_is_believed(recipe: str, status: str) -> None:
    need_tool("gcc")
    row = run_project("net", {"Makefile": f"check:\n\t{recipe}\n".encode()})
    assert row.status == status
    assert row.values == (7 if status == PASS else 0)


def test_vector_folders_are_simulated_again(vectors: Path, written: Path) -> None:
    report = verify(vectors, written / "net.edgeq")
    assert report.ok, report.failures
    assert {r.subject for r in report.rows if r.check == "decode"} == {
        p.name for p in vectors.iterdir() if p.name != "manifest.yaml"}
    with pytest.raises(ArtefactError, match=r"is a vector folder, which holds no graph; say which with --bundle"):
        verify(vectors)


@pytest.mark.parametrize("path", ["01_conv.acc.npy", "01_conv.out.hex", "00_x.in.hex", "03_fc.out.npy"])
@pytest.mark.parametrize("hide", [False, True])
def test_a_flipped_bit_in_a_vector(path: str, hide: bool, vectors: Path, written: Path) -> None:
    flip(vectors / path)
    if hide:
        relist(vectors, path)
    assert path in failed(verify(vectors, written / "net.edgeq"))


def test_faults_of_hex_name_the_line_of_the_file(written: Path, tmp_path: Path) -> None:
    many = write_vectors(graph(), {"x": np.zeros((200, 2, 2, 2), np.int8)}, tmp_path / "v", None)
    path = many / "03_fc.out.hex"
    text = path.read_text()
    for changed, said in ((text[:900] + "z" + text[901:], "line 301: the word is unknown (z)"),
                          (text[:-3], "has 399 words, expected 400"), (text + "00\n", "has 401 words, expected 400")):
        path.write_text(changed)
        (row,) = [r for r in verify(many, written / "net.edgeq").failures if r.check == "decode"]
        assert row.subject == "03_fc.out.hex"
        assert row.detail.startswith("03_fc.out.hex")
        assert said in row.detail


def test_vectors_of_another_graph(vectors: Path, tmp_path: Path) -> None:
    edgeq.save(graph(4), tmp_path / "other.edgeq")
    report = verify(vectors, tmp_path / "other.edgeq")
    assert failed(report) == {"manifest.yaml"}


def test_vectors_with_a_missing_file_or_field(vectors: Path, written: Path) -> None:
    (vectors / "03_fc.out.hex").unlink()
    (vectors / "03_fc.in.npy").write_bytes(b"no")
    assert failed(verify(vectors, written / "net.edgeq")) == {"03_fc.out.hex", "03_fc.in.npy"}
    edit(vectors, lambda data: data["vectors"].pop("images"))
    with pytest.raises(ArtefactError, match=r"manifest.yaml: .*\(images of vectors must be a number from 1 up\)"):
        verify(vectors, written / "net.edgeq")


def test_what_is_no_folder_of_edgeq(tmp_path: Path, written: Path) -> None:
    with pytest.raises(ArtefactError, match="absent: no such folder"):
        verify(tmp_path / "absent")
    with pytest.raises(ArtefactError, match=r"has no manifest.yaml"):
        verify(tmp_path)
    with pytest.raises(ArtefactError, match="was written neither by edgeq emit nor by edgeq simulate"):
        verify(written / "net.edgeq")
