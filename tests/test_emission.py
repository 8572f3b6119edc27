"""Emitted folders: whole or absent, extended by the same graph, refused to any other."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from edgeq import Graph, GraphBuilder, IntType, emit, load
from edgeq.bundle import graph_digest
from edgeq.emission import formats
from edgeq.emitters.registry import EMITTERS, EmittedFile, Format
from edgeq.errors import ArtefactError, GraphError, InputError
from edgeq.vectors.write import write_vectors


def graph(weight: int = 3) -> Graph:
    b = GraphBuilder("net")
    x = b.input("x", (2, 2, 2), IntType(8), zero_point=1)
    b.output(b.requantize(b.conv2d(x, [[[[weight]], [[-1]]]], [5], name="conv"), 1, 2), "y")
    return b.build()


INPUTS = {"x": np.arange(24).reshape(3, 2, 2, 2)}


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def manifest(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((folder / "manifest.yaml").read_text())
    return read


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Register a format for one test."""
    formats()

    def add(name: str, write: Any, *, needs_vectors: bool = False) -> None:
        monkeypatch.setitem(EMITTERS, name, Format(name, "for a test", write, needs_vectors))

    return add


def test_the_formats() -> None:
    assert set(formats()) >= {"best", "c", "coo", "csr", "eqbin", "packed", "readmemh", "yaml", "yaml_coo"}
    assert [*formats()] == sorted(formats())
    assert all(line and not line.endswith(".") for line in formats().values())


def test_a_folder_holds_the_files_the_graph_and_a_manifest(tmp_path: Path) -> None:
    assert emit(graph(), "readmemh", tmp_path / "out", lanes=2) == tmp_path / "out"
    files = tree(tmp_path / "out")
    own = sorted(p for p in files if "/" not in p)
    assert own == sorted(["manifest.yaml", *(f"01_conv.{t}.hex" for t in (
        "weight", "bias", "weight_zero_point", "multiplier", "shift", "left_shift"))])
    assert files["01_conv.weight.hex"] == b"ff03\n"
    data = manifest(tmp_path / "out")
    assert data["graph"] == {"name": "net", "sha256": graph_digest(graph())}
    assert data["formats"] == {"readmemh": {"edgeq": "0.1.0", "options": {"lanes": 2}}}
    assert sorted(line["path"] for line in data["files"]) == sorted(set(files) - {"manifest.yaml"})
    assert graph_digest(load(tmp_path / "out" / "graph.edgeq")) == graph_digest(graph())
    assert "stimuli" not in data


def test_two_emissions_are_equal_byte_for_byte(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for kind in ("readmemh", "coo", "c", "best", "eqbin"):
            emit(graph(), kind, tmp_path / name)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_the_order_of_formats_does_not_show(tmp_path: Path) -> None:
    for name, kinds in (("a", ("coo", "readmemh")), ("b", ("readmemh", "coo"))):
        for kind in kinds:
            emit(graph(), kind, tmp_path / name)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_without_vectors_16_directed_and_random_inputs_are_recorded(tmp_path: Path) -> None:
    emit(graph(), "c", tmp_path / "out")
    assert manifest(tmp_path / "out")["stimuli"] == {
        "source": "generated", "seed": 0, "random": 9,
        "directed": ["zero_point", "smallest", "largest", "checkerboard", "checkerboard_inverse", "ramp", "one_hot"]}
    assert np.load(tmp_path / "out" / "stimuli" / "x.npy").shape == (16, 2, 2, 2)


def test_vectors_of_a_user_are_taken_and_recorded(tmp_path: Path) -> None:
    vectors = write_vectors(graph(), INPUTS, tmp_path / "v", source={"source": "given", "file": "mine.npy"})
    emit(graph(), "c", tmp_path / "out", vectors)
    assert manifest(tmp_path / "out")["stimuli"] == {"source": "given", "file": "mine.npy"}
    assert np.array_equal(np.load(tmp_path / "out" / "stimuli" / "x.npy"), INPUTS["x"])
    with pytest.raises(ArtefactError, match=r"vectors are of graph 'net' sha256 .*simulate them anew"):
        emit(graph(4), "c", tmp_path / "other", vectors)
    assert not (tmp_path / "other").exists()


def test_a_folder_of_the_same_graph_is_extended(tmp_path: Path) -> None:
    out = emit(graph(), "readmemh", tmp_path / "out")
    before = tree(out)
    emit(graph(), "coo", out)
    after = tree(out)
    assert {p: d for p, d in after.items() if p in before and p != "manifest.yaml"} == {
        p: d for p, d in before.items() if p != "manifest.yaml"}
    assert set(after) - set(before) >= {"01_conv.weight.coo.bin", "01_conv.bias.coo.bin"}
    assert sorted(manifest(out)["formats"]) == ["coo", "readmemh"]


def test_a_format_emitted_again_replaces_its_files(tmp_path: Path) -> None:
    out = emit(graph(), "readmemh", tmp_path / "out")
    emit(graph(), "readmemh", out, lanes=2)
    assert (out / "01_conv.weight.hex").read_bytes() == b"ff03\n"
    assert manifest(out)["formats"]["readmemh"]["options"] == {"lanes": 2}


def test_formats_with_vectors_share_them(tmp_path: Path, registered: Any) -> None:
    def write(graph: Graph, vectors: Any) -> Iterator[EmittedFile]:
        yield EmittedFile("sizes.txt", "".join(f"{n} {len(a)}\n" for n, a in sorted(vectors.items())).encode())

    registered("sizes", write, needs_vectors=True)
    vectors = write_vectors(graph(), INPUTS, tmp_path / "v")
    out = emit(graph(), "c", tmp_path / "out", vectors)
    emit(graph(), "sizes", out)
    assert (out / "sizes.txt").read_text() == "conv 3\nconv.acc 3\nx 3\n"
    emit(graph(), "sizes", out, vectors)
    other = write_vectors(graph(), {"x": INPUTS["x"][:2]}, tmp_path / "w")
    with pytest.raises(ArtefactError, match="holds format 'c' made with other vectors"):
        emit(graph(), "sizes", out, other)


def test_other_folders_are_refused_and_left_alone(tmp_path: Path) -> None:
    out = emit(graph(), "readmemh", tmp_path / "out")
    before = tree(out)
    with pytest.raises(ArtefactError, match=r"out: holds graph 'net' sha256 .* not 'net' sha256 .*choose another"):
        emit(graph(4), "readmemh", out)
    assert tree(out) == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("text")
    with pytest.raises(ArtefactError, match="mine: is not empty and was not written by edgeq emit"):
        emit(graph(), "readmemh", tmp_path / "mine")
    with pytest.raises(ArtefactError, match=r"thesis.txt: exists and is not a folder"):
        emit(graph(), "readmemh", tmp_path / "mine" / "thesis.txt")
    vectors = write_vectors(graph(), INPUTS, tmp_path / "v")
    with pytest.raises(ArtefactError, match="v: was not written by edgeq emit"):
        emit(graph(), "readmemh", vectors)
    (out / "01_conv.bias.hex").write_text("00000006\n")
    with pytest.raises(ArtefactError, match=r"01_conv.bias.hex: changed since it was written"):
        emit(graph(), "coo", out)
    (tmp_path / "empty").mkdir()
    emit(graph(), "readmemh", tmp_path / "empty")


def test_a_folder_that_another_program_extends_meanwhile_loses_nothing(tmp_path: Path, registered: Any) -> None:
    def meddle(graph: Graph, vectors: Any) -> list[EmittedFile]:
        emit(graph, "coo", tmp_path / "out")
        return [EmittedFile("mine.txt", b"")]

    registered("slow", meddle)
    for _ in range(2):  # a new folder, then an extended one
        with pytest.raises(ArtefactError, match="out: was changed while it was being written; run the command again"):
            emit(graph(), "slow", tmp_path / "out")
        assert list(manifest(tmp_path / "out")["formats"]) == ["coo"]
        assert [p.name for p in tmp_path.iterdir()] == ["out"]
        registered("slow", lambda graph, vectors: [
            EmittedFile("mine.txt", str(emit(graph, "coo", tmp_path / "out", layout="hwio")).encode())])


def test_two_programs_at_once_leave_what_they_say_they_wrote(tmp_path: Path) -> None:
    done: list[str] = []
    faults: list[str] = []

    def work(kind: str) -> None:
        try:
            emit(graph(), kind, tmp_path / "out")
            done.append(kind)
        except ArtefactError as error:
            faults.append(str(error))

    threads = [threading.Thread(target=work, args=(kind,)) for kind in ("coo", "readmemh", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert done
    assert len(done) + len(faults) == 3
    assert [f for f in faults if not f.endswith("was changed while it was being written; run the command again")] == []
    assert sorted(manifest(tmp_path / "out")["formats"]) == sorted(done)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


LONG = "n" * 201


@pytest.mark.parametrize(("place", "kinds"), [
    ("layer", ["c", "readmemh", "coo"]), ("input", ["c"]), ("graph", ["c", "eqbin", "yaml", "yaml_coo"])])
def test_names_too_long_for_files_are_refused(place: str, kinds: list[str], tmp_path: Path) -> None:
    b = GraphBuilder(LONG if place == "graph" else "net")
    x = b.input(LONG if place == "input" else "x", (2, 2, 2), IntType(8), scale=0.5)
    y = b.conv2d(x, [[[[3]], [[-1]]]], name=LONG if place == "layer" else "conv")
    b.output(b.requantize(y, 1, 12, rounding="floor", scale=0.5), "y")
    said = rf"name '{'n' * 60}\.\.' has \d+ characters; .* at most 200; give the layer, input or graph a shorter one"
    for kind in kinds:
        with pytest.raises(GraphError, match=said):
            emit(b.build(), kind, tmp_path / "out")
    if place != "graph":
        with pytest.raises(GraphError, match=said):
            write_vectors(b.build(), dict.fromkeys([LONG, "x"], INPUTS["x"]), tmp_path / "v")
    assert list(tmp_path.iterdir()) == []


def test_the_longest_names_fit(tmp_path: Path) -> None:
    b = GraphBuilder("net")
    b.output(b.linear(b.input("x" * 200, (2,), IntType(8)), [[1, 2]], name="y" * 180))
    out = emit(b.build(), "c", tmp_path / "out")
    assert (out / "vectors" / f"01_{'y' * 180}.out.bin").is_file()


def test_unknown_formats_and_options(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"format 'vhdl' does not exist; formats are ans, axis, "):
        emit(graph(), "vhdl", tmp_path / "out")
    with pytest.raises(InputError, match=r"'huffman' has no option 'lanes'; .* mode \(default auto\)"):
        emit(graph(), "huffman", tmp_path / "out", lanes=2)
    with pytest.raises(InputError, match=r"format 'coo' has no option 'lanes'; its options are: layout \(default"):
        emit(graph(), "coo", tmp_path / "out", lanes=2)
    with pytest.raises(InputError, match="layer 'conv'"):
        emit(graph(), "yaml", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [0, 5, 9])
def test_nothing_is_left_when_writing_stops(
    fault: BaseException, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = emit(graph(), "readmemh", tmp_path / "kept")
    before = tree(kept)
    true_write, calls = Path.write_bytes, []

    def fail(self: Path, data: Any) -> int:
        calls.append(self)
        if len(calls) > after:
            raise fault
        return true_write(self, data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    for target, kind in ((tmp_path / "new", "readmemh"), (kept, "readmemh"), (kept, "coo")):
        calls.clear()
        if after < 9 or target != kept:
            with pytest.raises(type(fault)):
                emit(graph(), kind, target)
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]
    assert tree(kept) == before


@pytest.mark.parametrize("path", ["../up.txt", "/up.txt", "graph.edgeq/graph.yaml", "stimuli/x.npy", "manifest.yaml"])
def test_an_emitter_may_not_write_elsewhere(path: str, tmp_path: Path, registered: Any) -> None:
    registered("bad", lambda graph, vectors: [EmittedFile(path, b"")])
    with pytest.raises(ArtefactError, match=r"format 'bad' gives the path '.*', which is reserved or given twice"):
        emit(graph(), "bad", tmp_path / "out")


def test_two_formats_may_not_write_one_file(tmp_path: Path, registered: Any) -> None:
    registered("bad", lambda graph, vectors: [EmittedFile("01_conv.bias.hex", b"")])
    out = emit(graph(), "readmemh", tmp_path / "out")
    with pytest.raises(ArtefactError, match=r"formats of this folder both write 01_conv.bias.hex"):
        emit(graph(), "bad", out)
