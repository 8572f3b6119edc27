"""The wheel, installed where PyTorch is not: everything but `lower` works, and the templates come along."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import edgeq
from tests.tools import need_tool

pytestmark = pytest.mark.judge
ROOT = Path(__file__).parent.parent
TAKEN = ("tests/tools.py", "tests/data.py", "tests/emitters", "tests/codecs", "tests/oracles")
"""What the installed package is tested with; copied, so that the checkout cannot be imported."""


@dataclass(frozen=True)
class Installed:
    """A folder outside the checkout and the virtual environment in it."""

    folder: Path
    python: Path

    def run(self, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment in its folder; it has to end with ``code``."""
        done = subprocess.run([str(self.python.parent / str(arguments[0])), *map(str, arguments[1:])], text=True,
                              cwd=self.folder, capture_output=True, check=False)
        assert done.returncode == code, done.stdout[-3000:] + done.stderr[-3000:]
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel and install it with its core dependencies, and pytest, as constraints.txt pins them."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    skipped = shutil.ignore_patterns(".git", ".venv*", ".*_cache", "__pycache__", "demo_out")
    shutil.copytree(ROOT, source, ignore=skipped)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run([*pip, "wheel", str(source), "--no-deps", "--wheel-dir", str(folder)])
    (wheel,) = folder.glob("*.whl")
    shutil.rmtree(source)
    run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")])
    python = folder / "venv" / "bin" / "python"
    run([*pip, "--python", str(python), "install", "--no-compile", "--constraint", str(ROOT / "constraints.txt"),
         str(wheel), "pytest"])
    return Installed(folder, python)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by its path there."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="session")
def bundle(installed: Installed) -> Path:
    """Give a bundle, lowered here where PyTorch is, and images beside it."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(48, 4))
    calib = np.random.default_rng(0).standard_normal((20, 1, 6, 6)).astype(np.float32)
    graph = edgeq.lower(model, (torch.zeros(2, 1, 6, 6),), calib)
    edgeq.save(graph, installed.folder / "net.edgeq")
    np.save(installed.folder / "x.npy", calib)
    np.save(installed.folder / "expected.npy", edgeq.simulate(graph, {graph.inputs[0].name: calib}).outputs["3"])
    return installed.folder / "net.edgeq"


def test_torch_is_absent_and_the_checkout_is_not_used(installed: Installed) -> None:
    code = ("import importlib.util as u, edgeq; assert u.find_spec('torch') is None; print(edgeq.__file__); "
            "from edgeq.artefacts.templates import template_folder; print(template_folder())")
    package, templates = installed.run("python", "-c", code).stdout.split()
    inside = next((installed.folder / "venv").rglob("site-packages"))
    assert Path(package).is_relative_to(inside)
    assert Path(templates).is_relative_to(inside)
    assert contents(Path(templates)) == contents(ROOT / "hw_templates")


def test_commands_work_without_torch(installed: Installed, bundle: Path) -> None:
    assert "lower" in installed.run("edgeq", "--help").stdout
    assert "3 layers, 226 parameters" in installed.run("edgeq", "show", bundle).stdout.splitlines()[-1]
    installed.run("edgeq", "simulate", bundle, "--input", "x.npy", "--output", "out")
    assert (np.load(installed.folder / "out" / "3.npy") == np.load(installed.folder / "expected.npy")).all()
    installed.run("edgeq", "simulate", bundle, "--input", "x.npy", "--vectors", "vectors", "--count", "4")
    need_tool("gcc")
    installed.run("edgeq", "emit", bundle, "--format", "c", "--vectors", "vectors", "-o", "c")
    verified = installed.run("edgeq", "verify", "c", "--bundle", bundle).stdout
    assert "EDGEQ_C PASS" in verified
    assert "EDGEQ_VERIFY PASS" in verified.splitlines()[-1]
    assert "EDGEQ_COMPARE PASS" in installed.run("edgeq", "compare", "vectors", "--vectors", "vectors").stdout


def test_lower_says_what_to_install(installed: Installed, bundle: Path) -> None:
    done = installed.run("edgeq", "lower", "model.pt2", "-o", "other.edgeq", code=2)
    assert done.stderr == "edgeq: error: edgeq lower needs PyTorch; install it with: pip install torch\n"
    assert bundle.exists()
    assert not (installed.folder / "other.edgeq").exists()


def test_graphs_by_hand_and_the_tests_pass_from_the_wheel(installed: Installed) -> None:
    copied = installed.folder / "checked"
    for name in TAKEN:
        place = copied / name
        place.parent.mkdir(parents=True, exist_ok=True)
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copyfile(source, place)
    shutil.copyfile(ROOT / "pyproject.toml", copied / "pyproject.toml")
    done = installed.run("python", "-m", "pytest", "-q", "-m", "not hardware", "-p", "no:cacheprovider",
                         "--rootdir", copied,
                         "-c", copied / "pyproject.toml", copied / "tests" / "codecs",
                         copied / "tests" / "emitters" / "test_readmemh.py")
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"[0-9]{2,} passed(, [0-9]+ (skipped|deselected))* in .*", last), done.stdout[-2000:]
