"""The checked-in C and Verilog are what `edgeq.arith.library` prints, and every tool reads them in silence."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgeq.arith.library import library, write
from tests.tools import compile_c, lint_verilog, need_tool, run, run_yosys

TEMPLATES = Path(__file__).parents[2] / "hw_templates"
PRINTED = library()
MODULES = sorted(name for name in PRINTED if name.endswith(".v"))


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_checked_in_bytes_are_what_is_printed(name: str) -> None:
    assert (TEMPLATES / name).read_bytes() == PRINTED[name].encode(), "run `make arith`"


def test_nothing_else_claims_to_be_printed() -> None:
    found = {f"{p.parent.name}/{p.name}" for p in TEMPLATES.glob("*/edgeq_arith*")}
    assert found == set(PRINTED)


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_text_keeps_the_rules_of_the_template_folder(name: str) -> None:
    text = PRINTED[name]
    lines = text.split("\n")
    said = re.fullmatch(r"(?:/\*|//) Printed by edgeq from (edgeq/arith(?:/\w+\.py)?); do not edit\.", lines[0])
    assert said is not None
    assert (TEMPLATES.parent / said[1]).exists()
    assert lines[1].endswith("SPDX-License-Identifier: MIT")
    assert text.isascii()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\t" not in text
    assert max(map(len, lines)) <= 110
    assert all(line == line.rstrip() for line in lines)


def test_writing_twice_gives_the_same_bytes_and_leaves_nothing_behind(tmp_path: Path) -> None:
    write(tmp_path)
    subprocess.run([sys.executable, "-m", "edgeq.arith.library", str(tmp_path)], check=True,
                   cwd=TEMPLATES.parent)
    found = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {name: text.encode() for name, text in PRINTED.items()}


@pytest.mark.hardware
def test_header_compiles_as_c99_with_every_warning(tmp_path: Path) -> None:
    main = '#include "edgeq_arith.h"\n#include "edgeq_arith.h"\n'
    main += "int main(void) { return (int)edgeq_round_shift(5, 1, EDGEQ_ROUNDING_TIES_EVEN) - 2; }\n"
    run([str(compile_c(main, tmp_path / "use", [TEMPLATES / "c"], ["-O2", "-Wshadow", "-Wcast-qual"]))], tmp_path)


@pytest.mark.hardware
def test_header_compiles_as_cpp(tmp_path: Path) -> None:
    (tmp_path / "use.cpp").write_text(
        '#include "edgeq_arith.h"\n'
        "int main() { return static_cast<int>(edgeq_narrow(300, -128, 127, EDGEQ_OVERFLOW_SATURATE)) - 127; }\n"
    )
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion"]
    run([need_tool("g++"), *flags, f"-I{TEMPLATES / 'c'}", "use.cpp", "-o", "use"], tmp_path)
    run([str(tmp_path / "use")], tmp_path)


@pytest.mark.hardware
@pytest.mark.parametrize("name", MODULES)
def test_module_is_lint_clean(name: str) -> None:
    lint_verilog(TEMPLATES / name)


@pytest.mark.hardware
def test_yosys_reads_every_module() -> None:
    names = [Path(name).name for name in MODULES]
    script = f"read_verilog {' '.join(names)}; hierarchy -check; proc; check -assert"
    assert run_yosys(script, TEMPLATES / "rtl") == ""
