"""Vector folders: names, literal bytes, the manifest, and that a folder is whole or absent."""

from __future__ import annotations

import errno
import hashlib
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from edgeq import Graph, GraphBuilder, IntType, save, simulate, verify
from edgeq.errors import ArtefactError, CodecError, InputError
from edgeq.ir.quantization import Table
from edgeq.ir.tensor import Constant
from edgeq.vectors import write as writing
from edgeq.vectors.plan import slots
from edgeq.vectors.read import read_vectors
from edgeq.vectors.stimuli import make_stimuli
from edgeq.vectors.write import write_vectors
from tests.emitters.graphs import GRAPHS


def tiny() -> Graph:
    """Two channels doubled, then added to the input: small enough to write every byte by hand."""
    b = GraphBuilder("tiny")
    x = b.input("x", (2, 1, 2), IntType(8))
    y = b.requantize(b.conv2d(x, [[[[2]], [[0]]], [[[0]], [[2]]]], acc=IntType(18), name="twice/1"), 1, 1)
    b.output(b.add(y, x, acc=IntType(9), name="sum"), "total")
    return b.build()


X = np.array([[[[1, 2]], [[-1, -2]]], [[[100, 0]], [[127, -128]]]], np.int8)


def test_files_and_their_literal_text(tmp_path: Path) -> None:
    folder = write_vectors(tiny(), {"x": X}, tmp_path / "v")
    stems = ["00_x.in", "01_twice_1.acc", "01_twice_1.in", "01_twice_1.out", "02_sum.in0", "02_sum.in1", "02_sum.out"]
    names = sorted([f"{s}.{e}" for s in stems for e in ("npy", "hex")] + ["manifest.yaml"])
    assert sorted(p.name for p in folder.iterdir()) == names
    assert (folder / "00_x.in.hex").read_text() == "01\nff\n02\nfe\n64\n7f\n00\n80\n"  # channel fastest
    assert (folder / "01_twice_1.acc.hex").read_text() == (
        "00002\n3fffe\n00004\n3fffc\n000c8\n000fe\n00000\n3ff00\n")
    assert (folder / "02_sum.out.hex").read_text() == "002\n1fe\n004\n1fc\n0c8\n0fe\n000\n100\n"
    array = np.load(folder / "02_sum.out.npy")
    assert array.dtype == np.int16
    assert array.tolist() == [[[[2, 4]], [[-2, -4]]], [[[200, 0]], [[254, -256]]]]


def test_channel_slowest_on_request(tmp_path: Path) -> None:
    folder = write_vectors(tiny(), {"x": X}, tmp_path / "v", layout="chw")
    assert (folder / "00_x.in.hex").read_text() == "01\n02\nff\nfe\n64\n00\n7f\n80\n"
    with pytest.raises(InputError, match="layout 'cwh' does not exist; vectors are written as one of hwc, chw"):
        write_vectors(tiny(), {"x": X}, tmp_path / "w", layout="cwh")


def test_the_manifest_has_the_form_of_the_design_page(tmp_path: Path) -> None:
    folder = write_vectors(tiny(), {"x": X}, tmp_path / "v", source={"source": "given", "file": "x.npy"})
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
    assert manifest["edgeq_manifest"] == 1
    assert manifest["contract"] == 1
    assert manifest["graph"]["name"] == "tiny"
    assert manifest["vectors"] == {"images": 2, "layout": "hwc", "stimuli": {"source": "given", "file": "x.npy"}}
    lines = {line["path"]: line for line in manifest["files"]}
    assert lines["01_twice_1.acc.hex"] == {
        "path": "01_twice_1.acc.hex",
        "sha256": hashlib.sha256((folder / "01_twice_1.acc.hex").read_bytes()).hexdigest(),
        "tensor": "twice/1.acc", "layer": "twice/1", "role": "acc", "shape": [2, 2, 1, 2], "axes": "chw",
        "type": {"bits": 18, "signed": True}, "layout": "nhwc",
        "packing": {"word_bits": 18, "lanes": 1, "lane0": "lsb", "pad_value": 0}, "depth": 8,
    }
    assert lines["02_sum.in0.npy"]["tensor"] == "twice/1"
    assert lines["02_sum.in0.npy"]["layout"] == "nchw"


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_op_is_written_and_read_back(name: str, tmp_path: Path) -> None:
    graph, inputs = GRAPHS[name]()
    read = read_vectors(write_vectors(graph, inputs, tmp_path / "v"), graph)
    run = simulate(graph, inputs)
    assert set(read.values) == {v for s in slots(graph) for v in [s.value]}
    for value, array in read.values.items():
        assert np.array_equal(array, run.values[value]), value
    for given, array in inputs.items():
        assert np.array_equal(read.inputs[given], array)


def test_a_user_s_pixels_are_kept_as_given(tmp_path: Path) -> None:
    b = GraphBuilder("net")
    x = b.input("x", (1, 2), IntType(4), quantization=Table(Constant(np.arange(256)[None] // 16 - 8)))
    b.output(b.clamp(x, 0, 7))
    graph = b.build()
    pixels = np.array([[[0, 255]], [[16, 128]]], np.uint8)
    folder = write_vectors(graph, {"x": pixels}, tmp_path / "v")
    assert np.load(folder / "00_x.raw.npy").tolist() == pixels.tolist()
    assert (folder / "00_x.in.hex").read_text() == "8\n7\n9\n0\n"
    assert (folder / "00_x.raw.hex").read_text() == "00\nff\n10\n80\n"
    lines = yaml.safe_load((folder / "manifest.yaml").read_text())["files"]
    (line,) = [n for n in lines if n["path"] == "00_x.raw.hex"]
    assert {k: v for k, v in line.items() if k != "sha256"} == {
        "path": "00_x.raw.hex", "tensor": "x", "layer": "x", "role": "raw", "shape": [2, 1, 2], "axes": "cw",
        "type": {"bits": 8, "signed": False}, "layout": "nwc",
        "packing": {"word_bits": 8, "lanes": 1, "lane0": "lsb", "pad_value": 0}, "depth": 4}
    assert read_vectors(folder, graph).inputs["x"].dtype == np.uint8


@pytest.mark.parametrize(("layout", "text"), [("hwc", "01\n03\n02\nff\n"), ("chw", "01\n02\n03\nff\n")])
def test_pixels_have_the_layout_of_the_other_hex(layout: str, text: str, tmp_path: Path) -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2, 1, 2), IntType(8), quantization=Table(Constant(np.arange(256)[None] - 128)))
    b.output(b.clamp(x, 0, 7, name="relu"))
    graph = b.build()
    folder = write_vectors(graph, {"x": np.array([[[[1, 2]], [[3, 255]]]])}, tmp_path / "v", layout=layout)
    assert (folder / "00_x.raw.hex").read_text() == text
    save(graph, tmp_path / "net.edgeq")
    assert verify(folder, tmp_path / "net.edgeq").ok
    (folder / "00_x.raw.hex").write_text(text.replace("03", "04"))
    said = {r.detail for r in verify(folder, tmp_path / "net.edgeq").failures}
    assert said == {"changed since it was written", "1 of 4 values differ from 00_x.raw.npy"}
    with pytest.raises(InputError, match="input 'x': value 256 at"):
        write_vectors(graph, {"x": np.array([[[[1, 2]], [[3, 256]]]])}, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_two_programs_that_write_one_folder_leave_a_whole_one(tmp_path: Path, monkeypatch: Any) -> None:
    counts, faults, true_rename = (2, 1, 2, 1), [], Path.rename

    def rename(self: Path, target: Path) -> Path:
        time.sleep(0.02)  # time for another to come between
        return true_rename(self, target)

    monkeypatch.setattr(Path, "rename", rename)

    def work(count: int) -> None:
        try:
            write_vectors(tiny(), {"x": X[:count]}, tmp_path / "v")
        except ArtefactError as error:
            faults.append(str(error))

    threads = [threading.Thread(target=work, args=(c,)) for c in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert read_vectors(tmp_path / "v", tiny()).images in (1, 2)
    assert [p.name for p in tmp_path.iterdir()] == ["v"]


def test_a_folder_that_is_someone_s_by_now_is_not_replaced(tmp_path: Path) -> None:
    def meddle(images: int) -> None:
        (tmp_path / "v").mkdir()
        (tmp_path / "v" / "thesis.txt").write_text("text")

    with pytest.raises(ArtefactError, match="v: exists and holds no vectors; it is left as it is"):
        write_vectors(tiny(), {"x": X}, tmp_path / "v", progress=meddle)
    assert (tmp_path / "v" / "thesis.txt").read_text() == "text"
    assert [p.name for p in tmp_path.iterdir()] == ["v"]


def test_blocks_jobs_and_count_do_not_show(tmp_path: Path) -> None:
    graph = tiny()
    inputs = make_stimuli(graph, 100).inputs
    told: list[int] = []
    one = write_vectors(graph, inputs, tmp_path / "1", None, progress=told.append)
    two = write_vectors(graph, inputs, tmp_path / "2", 100, jobs=2)
    assert sum(told) == 100
    for path in sorted(one.iterdir()):
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name
    few = write_vectors(graph, inputs, tmp_path / "3", 16)
    assert np.load(few / "00_x.in.npy").tolist() == inputs["x"][:16].tolist()
    with pytest.raises(InputError, match="count 0 must be at least 1"):
        write_vectors(graph, inputs, tmp_path / "4", 0)


def test_a_folder_of_vectors_is_replaced_and_no_other(tmp_path: Path) -> None:
    write_vectors(tiny(), {"x": X}, tmp_path / "v")
    write_vectors(tiny(), {"x": X[:1]}, tmp_path / "v")
    assert len(np.load(tmp_path / "v" / "00_x.in.npy")) == 1
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("text")
    with pytest.raises(ArtefactError, match="mine: exists and holds no vectors; it is left as it is"):
        write_vectors(tiny(), {"x": X}, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "text"
    with pytest.raises(ArtefactError, match=r"thesis.txt: exists and is not a folder"):
        write_vectors(tiny(), {"x": X}, tmp_path / "mine" / "thesis.txt")


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_when_writing_stops(fault: BaseException, tmp_path: Path, monkeypatch: Any) -> None:
    kept = write_vectors(tiny(), {"x": X}, tmp_path / "kept")
    before = {p.name: p.read_bytes() for p in kept.iterdir()}
    calls = []

    def fail(self: Any, data: bytes) -> None:
        calls.append(data)
        if len(calls) > 20:
            raise fault

    monkeypatch.setattr(writing._File, "add", fail)
    for target in (tmp_path / "new", kept):
        calls.clear()
        with pytest.raises(type(fault)):
            write_vectors(tiny(), {"x": X}, target)
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]
    assert {p.name: p.read_bytes() for p in kept.iterdir()} == before


def test_inputs_that_do_not_fit_leave_nothing(tmp_path: Path) -> None:
    for inputs, said in (({}, "input 'x' of graph 'tiny' is missing"), ({"x": X[:, :1]}, "expected"),
                         ({"x": X.astype(float)}, "expected integers"), ({"x": np.array(3)}, "single number")):
        with pytest.raises(InputError, match=said):
            write_vectors(tiny(), inputs, tmp_path / "v")
    assert list(tmp_path.iterdir()) == []


def test_reading_names_the_first_fault(tmp_path: Path) -> None:
    graph = tiny()
    folder = write_vectors(graph, {"x": X}, tmp_path / "v")
    other, _ = GRAPHS["small"]()
    with pytest.raises(ArtefactError, match=r"vectors are of graph 'tiny' sha256 .* expected '.*' sha256"):
        read_vectors(folder, other)
    (folder / "extra.txt").write_text("?")
    with pytest.raises(ArtefactError, match=r"extra.txt: not listed"):
        read_vectors(folder, graph)
    (folder / "extra.txt").unlink()
    path = folder / "02_sum.out.npy"
    good = path.read_bytes()
    path.write_bytes(good[:-1] + b"\x7f")
    with pytest.raises(ArtefactError, match=r"02_sum.out.npy: changed since it was written"):
        read_vectors(folder, graph)
    relist(folder, path)
    with pytest.raises(CodecError, match=r"02_sum.out.npy: value 32512 at 7 does not fit s9"):
        read_vectors(folder, graph)
    path.unlink()
    with pytest.raises(ArtefactError, match=r"02_sum.out.npy: listed in manifest.yaml but missing"):
        read_vectors(folder, graph)


def relist(folder: Path, path: Path) -> None:
    """Put the checksum of a changed file into the manifest, as someone would who means harm."""
    manifest = yaml.safe_load((folder / "manifest.yaml").read_text())
    for line in manifest["files"]:
        if line["path"] == path.name:
            line["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False))
