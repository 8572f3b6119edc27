"""`verify` passes the vectors that simulate wrote, and names the file of every fault put into them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq import verify
from edgeq.errors import ArtefactError
from edgeq.vectors.write import write_vectors
from tests.verification.folders import edit, failed, flip, graph, relist


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
