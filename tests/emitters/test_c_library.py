"""The C library as it is checked in: it compiles unedited and computes through the printed rules alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeq.artefacts.templates import template_folder
from tests.tools import C_FLAGS, need_tool, run


@pytest.mark.hardware
def test_every_library_file_compiles_unedited(tmp_path: Path) -> None:
    sources = sorted((template_folder() / "c").glob("*.[ch]"))
    assert len(sources) > 20
    for source in sources:
        lines = source.read_text(encoding="ascii").splitlines()
        assert "SPDX-License-Identifier: MIT" in "".join(lines[:3]), source.name
        assert max(map(len, lines)) <= 110, source.name
    unit = tmp_path / "all.c"
    headers = "".join(f'#include "{p.name}"\n' * 2 for p in sources if p.suffix == ".h")
    unit.write_text(headers + "typedef int edgeq_not_empty;\n")
    units = [unit, *(p for p in sources if p.suffix == ".c")]
    include = f"-I{template_folder() / 'c'}"
    # into objects: some warnings come from the passes of -O2 alone
    run([need_tool("gcc"), *C_FLAGS, "-O2", "-c", include, *map(str, units)], tmp_path)


def test_kernels_compute_through_the_printed_rules_alone() -> None:
    """What edgeq_get returns goes into rules of edgeq_arith.h, edgeq_put, or a name; never into an operator."""
    rules = set(re.findall(r"static inline int64_t (edgeq_\w+)", (template_folder() / "c/edgeq_arith.h").read_text()))
    assert {"edgeq_multiply", "edgeq_accumulate", "edgeq_requantize"} <= rules
    for source in sorted((template_folder() / "c").glob("edgeq_*.c")):
        for line in source.read_text().splitlines():
            assert not re.search(r"edgeq_(get|of_channel)\([^()]*(\([^()]*\))?[^()]*\)\s*[-+*/%&|^<>]", line), line
            assert not re.search(r"[-+*/%&|^<>]\s*edgeq_(get|load|of_channel)\(", line), line
