"""The C reader of blobs in an emitted folder: byte for byte the library's, whole, and verified with the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

import edgeq
from edgeq.artefacts.templates import template_folder
from edgeq.emission import emit
from edgeq.emitters.c_blobs import write
from edgeq.errors import InputError
from edgeq.verification import verify
from tests.emitters.graphs import small


def names(codec: str) -> set[str]:
    return {file.path for file in write(small()[0], {}, codec=codec)}


def test_files_are_the_library_s() -> None:
    for file in write(small()[0], {}):
        assert file.data == (template_folder() / "c" / file.path).read_bytes()
        assert file.holds == {"content": "library"}


def test_all_codecs_or_one() -> None:
    assert {"edgeq_blob.h", "edgeq_plain.c", "edgeq_sparse.c", "edgeq_huffman.c", "edgeq_tans.c"} < names("all")
    assert {"edgeq_huffman.c", "edgeq_symbols.c", "edgeq_bits.h"} < names("huffman") < names("all")
    assert not {"edgeq_tans.c", "edgeq_blob.c", "edgeq_arith.h"} & names("huffman")
    assert {"edgeq_tans.c"} == names("ans") - names("huffman") - {"edgeq_tans.h"}
    with pytest.raises(InputError, match="the C reader has no codec 'gzip'; it has packed, fixed_point, "):
        names("gzip")
    with pytest.raises(InputError, match=r"the C reader has no codec \['coo'\]"):
        names(["coo"])


def test_a_folder_with_it_is_verified(tmp_path: Path) -> None:
    graph: edgeq.Graph = small()[0]
    folder = tmp_path / "out"
    emit(graph, "readmemh", folder)
    emit(graph, "c_blobs", folder, codec="huffman")
    assert {row.status for row in verify(folder).rows} == {"PASS"}
    (folder / "edgeq_huffman.c").write_text("int main;\n")
    assert "edgeq_huffman.c" in {row.subject for row in verify(folder).rows if row.status == "FAIL"}
