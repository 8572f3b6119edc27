"""The C reader of blobs in an emitted folder: byte for byte the library's, whole, and verified with the rest."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.artefacts.templates import template_folder
from edgeq.codecs import get
from edgeq.emission import emit
from edgeq.emitters.c_blobs import write
from edgeq.errors import InputError
from edgeq.verification import verify
from tests.emitters.graphs import small
from tests.tools import C_FLAGS, SANITIZE, need_tool, run


def names(codec: str) -> set[str]:
    return {file.path for file in write(small()[0], {}, codec=codec)}


def test_files_are_the_library_s() -> None:
    for file in write(small()[0], {}):
        assert file.data == (template_folder() / "c" / file.path).read_bytes()
        assert file.holds == {"content": "library"}


def test_all_codecs_or_one() -> None:
    assert {"edgeq_blob.h", "edgeq_plain.c", "edgeq_sparse.c", "edgeq_huffman.c", "edgeq_tans.c"} < names("all")
    assert {"edgeq_huffman.c", "edgeq_symbols.c", "edgeq_bits.h", "edgeq_blob.h"} < names("huffman") < names("all")
    assert not {"edgeq_tans.c", "edgeq_plain.c", "edgeq_arith.h"} & names("huffman")
    assert {"edgeq_tans.c"} == names("ans") - names("huffman") - {"edgeq_tans.h"}
    with pytest.raises(InputError, match="the C reader has no codec 'gzip'; it has packed, fixed_point, "):
        names("gzip")
    with pytest.raises(InputError, match=r"the C reader has no codec \['coo'\]"):
        names(["coo"])


def test_some_codecs() -> None:
    assert names("packed,huffman") == names("huffman") | names("packed")
    for wrong in ("gzip", ""):
        with pytest.raises(InputError, match=f"the C reader has no codec '{wrong}'; it has packed, fixed_point, "):
            names(f"huffman,{wrong}")


@pytest.mark.hardware
def test_the_example_of_the_readme_with_some_codecs(tmp_path: Path) -> None:
    """It reads blobs of these codecs, and refuses others by name."""
    text = (template_folder() / "README.md").read_text(encoding="utf-8")
    (tmp_path / "example.c").write_text(re.findall(r"```c\n(.*?)```", text, re.DOTALL)[0])
    for file in write(small()[0], {}, codec="packed,huffman"):
        (tmp_path / file.path).write_bytes(file.data)
    sources = sorted(p.name for p in tmp_path.glob("*.c"))
    run([need_tool("gcc"), *C_FLAGS, *SANITIZE, *sources, "-o", "example"], tmp_path)
    values = np.arange(-9, 9)
    for codec in ("huffman", "packed"):
        blob = get(codec).encode(values, type=edgeq.IntType(8))
        assert run([str(tmp_path / "example")], tmp_path, blob).decode().split() == [str(v) for v in values]
    other = get("vanilla").encode(values, type=edgeq.IntType(8))
    ended = subprocess.run([tmp_path / "example"], input=other, capture_output=True, check=False)
    assert ended.stdout == b"section header, byte 4: its codec is unknown\n"


def test_a_folder_with_it_is_verified(tmp_path: Path) -> None:
    graph: edgeq.Graph = small()[0]
    folder = tmp_path / "out"
    emit(graph, "readmemh", folder)
    emit(graph, "c_blobs", folder, codec="huffman")
    assert {row.status for row in verify(folder).rows} == {"PASS"}
    (folder / "edgeq_huffman.c").write_text("int main;\n")
    assert "edgeq_huffman.c" in {row.subject for row in verify(folder).rows if row.status == "FAIL"}
