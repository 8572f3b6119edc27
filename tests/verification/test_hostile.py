"""`verify` neither hangs on nor passes a folder that was prepared to deceive it."""

from __future__ import annotations

import dataclasses
import os
import socket
from pathlib import Path
from typing import Any

import pytest

import edgeq
from edgeq import emit, verify
from edgeq.artefacts.files import sha256
from edgeq.artefacts.manifest import dump_yaml, parse_yaml
from edgeq.checks import PASS, Report, Row
from edgeq.emission import formats
from edgeq.emitters.registry import EMITTERS
from edgeq.errors import ArtefactError
from edgeq.vectors.write import write_vectors
from tests.emitters.graphs import small

GRAPH, INPUTS = small()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return emit(GRAPH, "readmemh", tmp_path / "out")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return emit(GRAPH, "c", tmp_path / "project")


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    return write_vectors(GRAPH, INPUTS, tmp_path / "vectors")


def edit(folder: Path, change: Any) -> None:
    """Change the plain data of a manifest."""
    data = parse_yaml((folder / "manifest.yaml").read_bytes(), "manifest")
    change(data)
    (folder / "manifest.yaml").write_bytes(dump_yaml(data))


def test_a_folder_without_a_format_does_not_pass(out: Path) -> None:
    edit(out, lambda data: data.update(formats={}, files=[f for f in data["files"] if "format" not in f]))
    for path in out.rglob("*"):
        if path.is_file() and path.name != "manifest.yaml" and path.parent.name in ("out", "npy", "c_arrays", "hls"):
            path.unlink()
    report = verify(out)
    assert not report.ok
    assert [(r.check, r.subject, r.detail) for r in report.failures] == [("format", "manifest.yaml", "lists no format")]
    assert not Report("out", (Row("checksum", "manifest.yaml", 0, PASS), Row("graph", "graph.edgeq", 0, PASS))).ok


def test_a_format_of_which_nothing_could_be_checked_does_not_pass(project: Path, monkeypatch: Any) -> None:
    formats()
    monkeypatch.setitem(EMITTERS, "c", dataclasses.replace(EMITTERS["c"], read=None))
    (project / "model.c").write_bytes(b"")

    def change(data: dict[str, Any]) -> None:
        data["formats"]["c"]["edgeq"] = "0.0.9"  # what differs is another version's, then
        next(line for line in data["files"] if line["path"] == "model.c")["sha256"] = sha256(b"")

    edit(project, change)
    report = verify(project)
    assert not report.ok
    assert [(r.subject, r.detail) for r in report.failures] == [("c", "none of its files could be checked")]


@pytest.mark.parametrize("change", [{5: {}}, {"zz": None}])
def test_malformed_formats_are_refused(change: Any, out: Path) -> None:
    edit(out, lambda data: data.update(formats=change))
    with pytest.raises(ArtefactError, match=r"manifest.yaml: a field is missing or malformed \(format"):
        verify(out)


@pytest.mark.parametrize(("which", "path"), [
    ("out", "01_conv.bias.hex"), ("project", "stimuli/x.npy"), ("project", "graph.edgeq/graph.yaml"),
    ("project", "net_params.c"), ("vectors", "00_x.in.hex"), ("vectors", "00_x.in.npy"),
    ("vectors", "01_conv.out.npy")])
@pytest.mark.parametrize("kind", ["pipe", "link", "socket"])
def test_what_stands_in_place_of_a_file_is_not_read(
    which: str, path: str, kind: str, request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Path = request.getfixturevalue(which)
    edgeq.save(GRAPH, tmp_path / "net.edgeq")
    place = folder / path
    whole = place.read_bytes()
    place.unlink()
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "link":
            (folder.parent / "elsewhere").write_bytes(whole)
            place.symlink_to(folder.parent / "elsewhere")
        case _:
            monkeypatch.chdir(place.parent)  # addresses of sockets are short
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(place.name)
    report = verify(folder, tmp_path / "net.edgeq")
    assert ("checksum", path, "listed in the manifest but missing") in {
        (r.check, r.subject, r.detail) for r in report.failures}
    assert not [r for r in report.rows if r.subject == path and r.status == PASS]


def test_a_pipe_that_is_not_listed_is_named(out: Path) -> None:
    os.mkfifo(out / "extra")
    assert ("extra", "not listed in the manifest") in {(r.subject, r.detail) for r in verify(out).failures}
