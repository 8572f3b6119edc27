"""The rooms import each other in one direction only, and torch lives in the frontend alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import edgeq

PACKAGE = Path(edgeq.__file__).parent
ALLOWED = {
    "errors": set(),
    "arith": {"errors"},
    "artefacts": {"errors"},
    "table": set(),
    "report": {"errors", "artefacts", "table"},
    "scheme": {"errors", "arith"},
    "compress": {"errors", "arith", "artefacts", "table", "scheme"},
    "ir": {"errors", "arith", "artefacts"},
    "ops": {"errors", "arith", "ir"},
    "passes": {"errors", "arith", "ir", "ops"},
    "bundle": {"errors", "arith", "artefacts", "ir", "ops", "codecs"},
    "simulator": {"errors", "arith", "ir", "ops"},
    "codecs": {"errors", "arith", "artefacts"},
    "memory": {"errors", "arith"},
    "vectors": {"errors", "arith", "artefacts", "ir", "ops", "bundle", "simulator", "memory", "checks"},
    "emitters": {"errors", "arith", "artefacts", "ir", "ops", "bundle", "codecs", "memory"},
    "frontend": {"errors", "arith", "artefacts", "ir", "ops", "scheme", "simulator"},
    "checks": {"errors"},
    "float_kernels": {"errors", "arith", "artefacts", "ir", "ops", "bundle", "simulator", "vectors"},
}
"""What each room may import beside itself. The rooms that are not named sit on top and may import all of these."""

ENTERED_BY = {"float_kernels": {"cli"}}
"""Rooms that a few may import, whatever sits on top: nothing but a report may read what a float32 kernel gives."""


def modules() -> Iterator[tuple[str, Path]]:
    """Yield (room, file) of every module of the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield parts[0], path


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [alias.name for alias in node.names]
            yield from (f"{node.module}.{name}" for name in names) if node.module == "edgeq" else (node.module or "",)


def violations(files: list[tuple[str, Path]]) -> list[str]:
    """Return every import that goes against the direction."""
    found = []
    for room, path in files:
        for name in imported(path):
            parts = name.split(".")
            other = parts[1] if len(parts) > 1 else ""
            if parts[0] == "torch" and room not in ("frontend", "compress"):
                found.append(f"{path.name} imports torch")
            if parts[0] == "edgeq" and other != room and room not in ENTERED_BY.get(other, {room}):
                found.append(f"{room}/{path.name} imports {name}")
                continue
            if parts[0] != "edgeq" or room not in ALLOWED or other in ("", room, "__version__"):
                continue
            if other not in ALLOWED[room]:
                found.append(f"{room}/{path.name} imports {name}")
    return found


def test_imports_go_one_way() -> None:
    files = list(modules())
    assert len(files) > 60
    assert violations(files) == []


def test_a_wrong_import_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import torch\nfrom edgeq.simulator import simulate\n")
    assert violations([("ir", wrong)]) == ["wrong.py imports torch", "ir/wrong.py imports edgeq.simulator"]
    wrong.write_text("import edgeq.float_kernels.rescale\nfrom edgeq import float_kernels\n")
    assert violations([("emission.py", wrong)]) == [
        "emission.py/wrong.py imports edgeq.float_kernels.rescale", "emission.py/wrong.py imports edgeq.float_kernels"]
    assert violations([("cli", wrong), ("float_kernels", wrong)]) == []


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import edgeq.cli", ("numpy", "numba", "torch", "yaml", "jinja2")),
        ("import edgeq", ("numpy", "numba", "torch", "click")),
        ("import edgeq.cli.simulate, edgeq.cli.emit, edgeq.cli.verify, edgeq.cli.show, edgeq.cli.compare", ("torch",)),
        ("import edgeq.cli.size", ("torch",)),
        ("import edgeq.cli.pack, edgeq.cli.unpack", ("torch", "numba")),
        ("import edgeq.cli.lower", ("torch",)),
        ("import edgeq.cli.prune, edgeq.cli.quantize", ("torch", "numpy")),
        ("import edgeq.cli.train_report", ("torch", "numpy")),
        ("import edgeq.compress; dir(edgeq.compress)", ("numpy", "numba", "torch", "click")),
    ],
)
def test_start_up_imports_little(code: str, absent: tuple[str, ...]) -> None:
    check = f"{code}; import sys; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
