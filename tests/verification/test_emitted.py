"""`verify` passes what emit wrote, and names the file of every fault put into it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import edgeq
from edgeq import emit, verify
from edgeq.checks import FAIL, NOT_RUN, PASS
from edgeq.emitters.registry import Check
from edgeq.errors import BundleError
from edgeq.project_run import run_project
from edgeq.vectors.write import write_vectors
from tests.emitters.graphs import GRAPHS
from tests.tools import need_tool
from tests.verification.folders import edit, failed, flip, graph, relist


def test_all_formats_of_one_folder_pass_and_the_c_project_runs(out: Path) -> None:
    need_tool("gcc")
    emit(graph(), "c", out)
    report = verify(out)
    assert report.ok, report.failures
    assert report.not_run == ()
    rows = {(r.check, r.subject): r for r in report.rows}
    assert rows["decode", "01_conv.weight.hex"].values == 4
    assert rows["decode", "03_fc.weight.coo.bin"].values == 16
    assert rows["decode", "net.eqbin"].values == 4 + 2 + 16 + 2 + 2 * 4
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
    for kind in ("readmemh", "coo", "eqbin"):
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
    "01_conv.weight.hex", "03_fc.bias.hex", "01_conv.multiplier.hex", "01_conv.weight.coo.bin",
    "03_fc.weight.csr.bin", "03_fc.bias.coo.bin", "net.eqbin", "net_int.yml", "net_int_coo.yml",
    "01_conv.weight.bits", "01_conv.weight.coe", "01_conv.weight.mif", "01_conv.weight.ihex", "01_conv.weight.b01.mem",
    "01_conv.weight.svh", "npy/01_conv.weight.npy", "net.npz", "net.bin", "net_bin.h", "01_conv.weight.axis",
    "01_conv.weight.txt", "c_arrays/net_arrays.c", "c_arrays/net_arrays.h", "hls/net_constants.h", "hls/net_values.txt",
    "hls/net_testbench.cpp", "net_int_csr.yml", "net_int_csc.yml",
]
PROJECT = ["net_params.c", "model.c", "edgeq_conv2d.c", "Makefile", "vectors/01_conv.acc.bin"]
COMMON = ["graph.edgeq/graph.yaml", "graph.edgeq/tensors/conv.acc.weight.npy", "stimuli/x.npy"]


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
    ("01_conv.weight.bits", b"0111\n", b"0110\n", "conv.weight: 1 of 4 values differ; at [1, 1, 0, 0] 6, expected 7"),
    ("01_conv.weight.coe", b"7;\n", b"7\n", "01_conv.weight.coe line 7: ends in '7', expected ','"),
    ("01_conv.weight.mif", b"2 : 0;\n", b"", "01_conv.weight.mif line 9: starts with '3 : ', expected '2 : '"),
    ("01_conv.weight.ihex", b"0007", b"0006", "01_conv.weight.ihex line 1: checksum is "),
    ("npy/01_conv.weight.npy", b"\x03\xff", b"\x02\xff", "conv.weight: 1 of 4 values differ; at [0, 0, 0, 0] 2"),
    ("net.npz", b"\x03\xff\x00\x07", b"\x02\xff\x00\x07", "net.npz: not a whole .npz file (Bad CRC-32"),
    ("net.bin", b"\x03\xff\x00\x07", b"\x08\xff\x00\x07", "net.bin offset 4, conv.weight: value 8 at 0 does not fit"),
    ("01_conv.weight.axis", b"0700ff03", b"0700ff04", "conv.weight: 1 of 4 values differ; at [0, 0, 0, 0] 4"),
    ("01_conv.weight.txt", b"3\n-1\n", b"3\n", "01_conv.weight.txt: has 3 values, conv.weight [2, 2, 1, 1] needs 4"),
    ("c_arrays/net_arrays.c", b"    3, -1, 0, 7", b"    3, -1, 1, 7", "conv.weight: 1 of 4 values differ; at [1, 0, "),
    ("hls/net_constants.h", b"    3, -1, 0, 7", b"    3, -1, 0", "hls/net_constants.h, net_01_conv_weight: has 3 "),
    ("hls/net_values.txt", b"\n3\n-1\n", b"\n3\n-2\n", "conv.weight: 1 of 4 values differ; at [0, 1, 0, 0] -2"),
    ("net_int_csr.yml", b"    - 0\n    - 2\n    - 3\n", b"    - 0\n    - 3\n    - 2\n", "net_int_csr.yml, layer "),
    ("net_int.yml", b"mqm0: 5", b"mqm0: 6", "fc.multiplier: 1 of 1 values differ; at [] 6, expected 5"),
    ("01_conv.weight.packed.bin", b"\x3f\x07", b"\x3f\x06", "01_conv.weight.packed.bin: crc, byte 17: is "),
    ("net.eqbin", b"sha256: ", b"sha257: ", "net.eqbin: entry 0 at byte 24: the crc of section 'graph' is not that"),
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


def test_a_number_past_64_bits_in_the_line_of_a_tensor_is_a_failure(out: Path) -> None:
    def change(data: dict[str, Any]) -> None:
        (line,) = (f for f in data["files"] if f["path"] == "net.npz")
        line["tensors"][0]["type"]["signed"] = -(10**30)

    edit(out, change)
    (row,) = (r for r in verify(out).failures if (r.check, r.subject) == ("decode", "net.npz"))
    assert row.detail.startswith("a field of its line in the manifest is missing or malformed")


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
    row = run_project("net", Check("EDGEQ_NET", ("cc",)), {"Makefile": f"check:\n\t{recipe}\n".encode()})
    assert row.status == status
    assert row.values == (7 if status == PASS else 0)
