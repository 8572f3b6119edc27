"""A manifest's structure is checked where it is read; each fault is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType, emit
from edgeq.artefacts.manifest import dump_yaml, read_manifest
from edgeq.errors import ArtefactError
from edgeq.vectors.compare import compare
from edgeq.vectors.write import write_vectors

SHA = "0" * 64
EMITTED: dict[str, Any] = {
    "edgeq_manifest": 1, "contract": 1, "graph": {"name": "net", "sha256": SHA},
    "formats": {"coo": {"edgeq": "0.1.0", "options": {}}}, "stimuli": {"source": "given"},
    "files": [{"path": "a.npy", "sha256": SHA, "format": "coo", "tensor": "a.weight", "shape": [2], "bytes": 0,
               "type": {"bits": 8, "signed": True}},
              {"path": "stimuli/x.npy", "sha256": SHA, "part": "stimuli", "tensor": "x"}],
}
VECTORS: dict[str, Any] = {
    "edgeq_manifest": 1, "contract": 1, "graph": {"name": "net", "sha256": SHA},
    "vectors": {"images": 4, "layout": "hwc", "stimuli": {}},
    "files": [{"path": "00_x.in.npy", "sha256": SHA, "tensor": "x", "layer": "x", "role": "in", "shape": [4, 2],
               "axes": "c", "layout": "nc", "type": {"bits": 8, "signed": True}}],
}


def put(folder: Path, data: Any) -> Path:
    (folder / "manifest.yaml").write_bytes(dump_yaml(data))
    return folder


@pytest.mark.parametrize("data", [EMITTED, VECTORS])
def test_what_is_written_is_read(data: Any, tmp_path: Path) -> None:
    assert read_manifest(put(tmp_path, data)).digest == SHA


@pytest.mark.parametrize(("base", "place", "value", "said"), [
    (EMITTED, ("graph",), 5, "graph must be a mapping and files a list"),
    (EMITTED, ("graph", "sha256"), 5, "graph must have name and sha256"),
    (EMITTED, ("files",), {}, "graph must be a mapping and files a list"),
    (EMITTED, ("files", 0), "a.npy", "each of files must be a mapping by name"),
    (EMITTED, ("files", 0, 5), 1, "each of files must be a mapping by name"),
    (EMITTED, ("files", 0, "path"), ["a"], r"\['a'\]: path must be text"),
    (EMITTED, ("files", 0, "sha256"), 5, "a.npy: sha256 must be text"),
    (EMITTED, ("files", 0, "format"), ["coo"], "a.npy: format must be text"),
    (EMITTED, ("files", 0, "format"), "zz", "a.npy: is of format zz, which is not among formats"),
    (EMITTED, ("files", 0, "shape"), "x", "a.npy: shape must be a list of numbers from 0 up"),
    (EMITTED, ("files", 0, "shape"), [-1], "a.npy: shape must be a list of numbers from 0 up"),
    (EMITTED, ("files", 0, "type"), {"bits": 0, "signed": True}, "a.npy: type must be bits from 1 to 64 and signed"),
    (EMITTED, ("files", 0, "type"), 8, "a.npy: type must be bits from 1 to 64 and signed"),
    (EMITTED, ("files", 0, "bytes"), True, "a.npy: bytes must be a number from 0 up"),
    (EMITTED, ("files", 1, "tensor"), None, "stimuli/x.npy: tensor must be text"),
    (EMITTED, ("formats",), [], "formats must be a mapping by name"),
    (EMITTED, ("formats",), {}, "a.npy: is of format coo, which is not among formats"),
    (EMITTED, ("formats",), {5: {}}, "formats must be a mapping by name"),
    (EMITTED, ("formats", "coo"), {}, "format coo must have edgeq and options"),
    (EMITTED, ("formats", "zz"), None, "format zz must have edgeq and options"),
    (EMITTED, ("formats", "coo", "options"), {5: 1}, "format coo must have edgeq and options"),
    (EMITTED, ("stimuli",), 5, "stimuli must be a mapping by name"),
    (VECTORS, ("vectors",), 5, "vectors must be a mapping by name"),
    (VECTORS, ("vectors", "images"), 0, "images of vectors must be a number from 1 up"),
    (VECTORS, ("vectors", "images"), -1, "images of vectors must be a number from 1 up"),
    (VECTORS, ("vectors", "images"), True, "images of vectors must be a number from 1 up"),
    (VECTORS, ("vectors", "images"), 10**12, r"00_x.in.npy: shape \[4, 2\] is not of 1000000000000 images"),
    (VECTORS, ("vectors", "stimuli"), 5, "stimuli of vectors must be a mapping by name"),
    (VECTORS, ("vectors", "layout"), None, "layout of vectors must be text"),
    (VECTORS, ("files", 0, "shape"), [], r"00_x.in.npy: shape \[\] is not of 4 images"),
])
def test_each_fault_is_named(base: Any, place: tuple[Any, ...], value: Any, said: str, tmp_path: Path) -> None:
    data = copy.deepcopy(base)
    part = data
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    with pytest.raises(ArtefactError, match=rf"manifest.yaml: a field is missing or malformed \({said}"):
        read_manifest(put(tmp_path, data))


@pytest.mark.parametrize(("base", "index", "field", "said"), [
    (EMITTED, 0, "path", "None: has no path"), (EMITTED, 0, "sha256", "a.npy: has no sha256"),
    (EMITTED, 1, "tensor", "stimuli/x.npy: has no tensor"),
    *((VECTORS, 0, f, f"00_x.in.npy: has no {f}") for f in (
        "tensor", "layer", "role", "shape", "axes", "layout", "type")),
])
def test_each_missing_field_is_named(base: Any, index: int, field: str, said: str, tmp_path: Path) -> None:
    data = copy.deepcopy(base)
    del data["files"][index][field]
    with pytest.raises(ArtefactError, match=rf"manifest.yaml: a field is missing or malformed \({said}"):
        read_manifest(put(tmp_path, data))


@pytest.mark.parametrize("make", [lambda p: p.symlink_to("real.yaml"), lambda p: p.mkdir()])
def test_a_manifest_is_a_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_bytes(dump_yaml(EMITTED))
    make(tmp_path / "manifest.yaml")
    with pytest.raises(ArtefactError, match=r"manifest.yaml: is not a regular file"):
        read_manifest(tmp_path)


def graph() -> Graph:
    b = GraphBuilder("net")
    b.output(b.clamp(b.input("x", (2,), IntType(8)), 0, 5, name="relu"))
    return b.build()


def change(folder: Path, **fields: Any) -> Path:
    """Set top-level fields of a manifest."""
    manifest = read_manifest(folder)
    files = [{"path": e.path, "sha256": e.sha256, **e.holds} for e in manifest.files]
    data = {"edgeq_manifest": 1, "contract": 1, "graph": {"name": manifest.graph, "sha256": manifest.digest}}
    return put(folder, data | dict(manifest.details) | {"files": files} | fields)


def test_emit_refuses_a_malformed_folder_and_malformed_vectors(tmp_path: Path) -> None:
    out = emit(graph(), "coo", tmp_path / "out")
    change(out, formats={5: {}}, files=[])
    with pytest.raises(ArtefactError, match="formats must be a mapping by name"):
        emit(graph(), "readmemh", out)
    vectors = write_vectors(graph(), {"x": np.zeros((4, 2), np.int8)}, tmp_path / "v")
    change(vectors, vectors={"images": 4, "layout": "hwc", "stimuli": 5})
    with pytest.raises(ArtefactError, match="stimuli of vectors must be a mapping by name"):
        emit(graph(), "c", tmp_path / "new", vectors)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "v"]


def test_compare_refuses_a_count_of_images_that_the_files_do_not_have(tmp_path: Path) -> None:
    reference = write_vectors(graph(), {"x": np.zeros((4, 2), np.int8)}, tmp_path / "v")
    dump = write_vectors(graph(), {"x": np.zeros((4, 2), np.int8)}, tmp_path / "d")
    assert compare(reference, dump).ok
    files = read_manifest(reference).files
    lines = [{"path": e.path, "sha256": e.sha256, **e.holds, "shape": [10**12, 2]} for e in files]
    change(reference, vectors={"images": 10**12, "layout": "hwc", "stimuli": {}}, files=lines)
    with pytest.raises(ArtefactError, match=r"shape is \[4, 2\], the manifest says \[1000000000000, 2\]"):
        compare(reference, dump)
