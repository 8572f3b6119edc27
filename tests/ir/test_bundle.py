"""The bundle: what is saved is loaded, byte for byte; every damage is one clear error."""

from __future__ import annotations

import hashlib
import io
import pickle
import shutil
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import edgeq
from edgeq import Graph, GraphBuilder, IntType
from edgeq.arith.types import Rounding
from edgeq.bundle import graph_digest
from edgeq.errors import BundleError
from edgeq.ir.quantization import Affine, Table
from edgeq.ir.tensor import Constant

S8 = IntType(8)


def network(bias: int = 7) -> Graph:
    """Return a graph with every kind of field."""
    b = GraphBuilder("net é")
    x = b.input("x", (2, 3, 3), S8, -3, 0.1, Table(Constant(np.arange(512).reshape(2, 256) % 128)))
    f = b.input("f", (5,), IntType(16), quantization=Affine(Fraction(0.1), Rounding.ties_up))
    part = {"shift": 1, "rounding": "floor", "overflow": "wrap", "type": IntType(20)}
    y = b.conv2d(x, np.arange(18).reshape(1, 2, 3, 3) - 9, [bias], acc_product=part, weight_zero_point=[2], padding=1,
                 name="layer1/conv:0")
    y = b.requantize(y, [77], [9], scale=(0.25,), clamp=(-3, 100), axis=0)
    b.output(b.avg_pool2d(y, 3, rounding="ties_even", domain="centered"), "out")
    b.output(b.linear(f, [[300, -300, 1, 2, 3]], -5, weight_type=IntType(10), name="fc"))
    b.metadata["note"] = {"by": "hand", "list": [1, 2.5, None]}
    return b.build()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "net.edgeq"
    edgeq.save(network(), path)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def sign(folder: Path) -> None:
    """Write the checksums of a manifest anew, as an attacker would; files that are gone leave it."""
    path = folder / "manifest.yaml"
    data = yaml.safe_load(path.read_text())
    files = {e["path"]: e for e in data["files"]}
    present = set(contents(folder)) - {"manifest.yaml"}
    data["files"] = [{**files.get(name, {}), "path": name,
                      "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()} for name in sorted(present)]
    path.write_text(yaml.safe_dump(data, sort_keys=False))


def edit(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the graph's text and sign it."""
    path = folder / "graph.yaml"
    data = yaml.safe_load(path.read_text())
    change(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    sign(folder)


def refused(folder: Path, pattern: str) -> None:
    """Expect one clear error of one line."""
    with pytest.raises(BundleError, match=pattern) as caught:
        edgeq.load(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_round_trip(bundle: Path) -> None:
    graph = network()
    loaded = edgeq.load(bundle)
    assert loaded == graph
    assert loaded.types == graph.types
    assert graph_digest(loaded) == graph_digest(graph)


def test_bytes_do_not_depend_on_the_run(bundle: Path, tmp_path: Path) -> None:
    edgeq.save(edgeq.load(bundle), tmp_path / "again.edgeq")
    assert contents(bundle) == contents(tmp_path / "again.edgeq")
    first = (bundle / "graph.yaml").read_text().splitlines()[0]
    assert first == "edgeq: 1"


def test_tensors_are_plain_and_of_the_smallest_dtype(bundle: Path) -> None:
    found = {name: np.load(bundle / name, allow_pickle=False) for name in contents(bundle) if name.endswith(".npy")}
    assert {name: (str(a.dtype), a.shape) for name, a in found.items()} == {
        "tensors/x.table.npy": ("uint8", (2, 256)), "tensors/fc.weight.npy": ("int16", (1, 5)),
        "tensors/layer1_conv_0.acc.weight.npy": ("int8", (1, 2, 3, 3)),
        "tensors/layer1_conv_0.acc.bias.npy": ("uint8", (1,)),
        "tensors/layer1_conv_0.acc.weight_zero_point.npy": ("uint8", (1,)),
        "tensors/layer1_conv_0.multiplier.npy": ("uint8", (1,)), "tensors/layer1_conv_0.shift.npy": ("uint8", (1,))}


def test_results_alone_decide_the_digest() -> None:
    one, other = network(), network(8)
    relabelled = Graph(one.name, one.inputs, one.nodes, one.outputs, {"note": "other"})
    assert graph_digest(one) == graph_digest(relabelled) != graph_digest(other)


def test_every_changed_byte_is_found(bundle: Path) -> None:
    for name, data in contents(bundle).items():
        if name == "manifest.yaml":
            continue
        (bundle / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        refused(bundle, f"{name}: changed since it was written")
        (bundle / name).write_bytes(data)
    edgeq.load(bundle)


def test_missing_and_unlisted_files(bundle: Path, tmp_path: Path) -> None:
    (bundle / "notes.txt").write_text("mine")
    refused(bundle, r"notes.txt: not listed in manifest.yaml; remove it")
    (bundle / "notes.txt").unlink()
    (bundle / "tensors/fc.weight.npy").rename(tmp_path / "kept")
    refused(bundle, "fc.weight.npy: listed in manifest.yaml but missing")
    (bundle / "tensors/fc.weight.npy").symlink_to(tmp_path / "kept")
    refused(bundle, "fc.weight.npy: listed in manifest.yaml but missing")
    (bundle / "manifest.yaml").unlink()
    refused(bundle, "has no manifest.yaml")
    refused(tmp_path / "nothing", "no such bundle")
    refused(tmp_path / "kept", "is a file; a bundle is a folder")


def test_a_manifest_without_the_graph(bundle: Path) -> None:
    (bundle / "graph.yaml").unlink()
    sign(bundle)
    refused(bundle, "manifest.yaml does not list graph.yaml")


def test_a_signed_change_of_the_graph_is_found_by_its_digest(bundle: Path) -> None:
    edit(bundle, lambda d: d["nodes"][1]["attributes"].update(zero_point=1))
    refused(bundle, "the graph is not the one that manifest.yaml describes")


def test_versions(bundle: Path) -> None:
    edit(bundle, lambda d: d.update(edgeq=2))
    refused(bundle, "graph.yaml: version 2 is unknown; this edgeq reads version 1")
    manifest = (bundle / "manifest.yaml").read_text()
    (bundle / "manifest.yaml").write_text(manifest.replace("edgeq_manifest: 1", "edgeq_manifest: 9"))
    refused(bundle, "manifest.yaml: version 9 is unknown")
    (bundle / "manifest.yaml").write_text(manifest.replace("contract: 1", "contract: 2"))
    refused(bundle, "manifest.yaml: contract 2 is unknown; this edgeq computes by contract 1")
    (bundle / "manifest.yaml").write_text(manifest.replace("contract: 1\n", ""))
    refused(bundle, "manifest.yaml: contract None is unknown")


@pytest.mark.parametrize(("change", "pattern"), [
    (lambda d: d["nodes"][0].update(op="conv9d"), "op 'conv9d' is unknown to this edgeq; ops are add"),
    (lambda d: d["nodes"][0].update(op=["conv2d"]), "missing or malformed"),
    (lambda d: d["nodes"][0]["attributes"].update(colour=1), "conv2d: field 'colour' is unknown"),
    (lambda d: d["nodes"][0]["attributes"].update(acc_overflow="maybe"), "'maybe' is not a rule"),
    (lambda d: d["nodes"][0]["attributes"].update(groups=0), "C2: groups must divide"),
    (lambda d: d["nodes"][0]["attributes"].update(weight=[[1]], bias=None), "C1: x must be|belongs to no op"),
    (lambda d: d["nodes"][0]["attributes"].update(weight={"tensor": "../../etc/passwd"}), "not a file of the bundle"),
    (lambda d: d["nodes"][0]["attributes"].update(weight={"tensor": "manifest.yaml"}), "is not a file of the bundle"),
    (lambda d: d["nodes"][1]["attributes"].update(type="float"), "'float' is not an integer type"),
    (lambda d: d["nodes"][1]["attributes"].update(shift=10**30), "does not fit 64 signed bits"),
    (lambda d: d["nodes"][1].update(inputs=["nowhere"]), "operand 'nowhere' is not computed before it"),
    (lambda d: d["nodes"].pop(0), "is not computed before it|belongs to no op"),
    (lambda d: d["outputs"].clear(), "has no output"),
    (lambda d: d["outputs"][0].update(value="nowhere"), "value 'nowhere' does not exist"),
    (lambda d: d.pop("inputs"), r"a field is missing or malformed \('inputs'\)"),
    (lambda d: d["inputs"][0].update(zero_point=0.5), "missing or malformed"),
    (lambda d: d["inputs"][0].update(shape=[2, 3.0, 3]), "missing or malformed"),
    (lambda d: d["inputs"][0].update(type="s99"), "use 1..64"),
    (lambda d: d["inputs"][0]["quantization"].update(kind="guess"), "input quantization 'guess' is unknown"),
    (lambda d: d["inputs"][1]["quantization"].update(scale="1/0"), "'1/0' is not a positive fraction p/q"),
    (lambda d: d["inputs"][1]["quantization"].update(scale="1e999999999"), "'1e999999999' is not a positive fraction"),
    (lambda d: d.update(metadata=[1]), "missing or malformed"),
    (lambda d: d.update(nodes=5), "missing or malformed"),
])
def test_a_graph_that_makes_no_sense(bundle: Path, change: Any, pattern: str) -> None:
    edit(bundle, change)
    started = time.monotonic()
    refused(bundle, pattern)
    assert time.monotonic() - started < 5


def header(shape: str, dtype: str = "'<i8'") -> bytes:
    """Return the start of a .npy file with any header."""
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def pickled() -> bytes:
    """Return a .npy file of objects."""
    stream = io.BytesIO()
    np.save(stream, np.array([[{}]], object), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(("data", "pattern"), [
    (header("(4611686018427387904, 1024)") + bytes(8), "does not match 8 bytes of data"),
    (header("(1, 5)") + bytes(8), r"header says \[1, 5\] of int64, which does not match 8 bytes"),
    (header("(-1, -5)") + bytes(40), "which no array has"), (header("(1, 5)", "'|V0'"), "which no array has"),
    (header("(((((("), "not a .npy file"), (header("(1,", "[]"), "not a .npy file"), (b"", "not a .npy file"),
    (b"\x93NUMPY\x01\x00\xff\xff{", "not a .npy file"), (pickle.dumps([1]), "not a .npy file"),
    (pickled(), "holds pickled objects, which are never read"),
    (header("(1, 5)", "'<f8'") + bytes(40), "constants are integers, got float64"),
    (header("(1, 5)", "'<u8'") + b"\xff" * 40, "does not fit 64 signed bits"),
    (header("(1, 4)") + bytes(32), "C2: weight has 4 columns, the last axis of x has 5"),
    (header("(1, 5)") + bytes(40), "the graph is not the one that manifest.yaml describes"),
])
def test_hostile_tensors(bundle: Path, data: bytes, pattern: str) -> None:
    (bundle / "tensors/fc.weight.npy").write_bytes(data)
    sign(bundle)
    refused(bundle, pattern)


@pytest.mark.parametrize("path", ["../outside.npy", "/etc/passwd", "tensors/../../outside.npy", "", "."])
def test_a_manifest_path_cannot_leave_the_folder(bundle: Path, path: str) -> None:
    (bundle.parent / "outside.npy").write_bytes(b"secret")
    data = yaml.safe_load((bundle / "manifest.yaml").read_text())
    data["files"][0].update(path=path, sha256=hashlib.sha256(b"secret").hexdigest())
    (bundle / "manifest.yaml").write_text(yaml.safe_dump(data))
    refused(bundle, "manifest.yaml: a field is missing or malformed|manifest.yaml but missing")


@pytest.mark.parametrize("text", [b"[1, 2", b"- 5", b"\xff\xfe\xfa", b"!!python/object/apply:os.system ['true']",
                                  b"[" * 50_000])
def test_yaml_that_is_none_of_ours(bundle: Path, text: bytes) -> None:
    (bundle / "graph.yaml").write_bytes(text)
    sign(bundle)
    refused(bundle, "graph.yaml: not ")
    (bundle / "manifest.yaml").write_bytes(text)
    refused(bundle, "manifest.yaml: not ")


def test_saving_replaces_a_bundle_as_a_whole(bundle: Path, tmp_path: Path) -> None:
    b = GraphBuilder("small")
    b.output(b.input("x", (1,), S8), "y")
    edgeq.save(b.build(), bundle)
    assert sorted(contents(bundle)) == ["graph.yaml", "manifest.yaml"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.edgeq"]


def test_saving_over_anything_else_is_refused(bundle: Path, tmp_path: Path) -> None:
    folder, link, file = tmp_path / "folder", tmp_path / "link", tmp_path / "file"
    folder.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    file.write_text("mine")
    link.symlink_to(bundle)
    (bundle / "notes.txt").write_text("mine too")
    before = contents(tmp_path)
    for target in (folder, link, file, bundle):
        with pytest.raises(BundleError, match="exists and is not a bundle; it is left as it is"):
            edgeq.save(network(8), target)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("cause", [KeyboardInterrupt, OSError])
def test_an_interrupted_save_leaves_what_was_there(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: type[BaseException]
) -> None:
    before, write, calls = contents(tmp_path), Path.write_bytes, []

    def stop(self: Path, data: bytes) -> int:
        calls.append(self)
        if len(calls) == 3:
            raise cause
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", stop)
    for target in (bundle, tmp_path / "fresh.edgeq"):
        calls.clear()
        with pytest.raises(cause):
            edgeq.save(network(8), target)
    assert contents(tmp_path) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.edgeq"]
    shutil.rmtree(bundle)
