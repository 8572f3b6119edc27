"""The four forms of a scalar rule behind one call: Python integers, Numba, printed C, printed Verilog.

A block is one rule and its arguments, each an int64 column or one integer for all rows. Programs read
blocks as int64 words: rule, rows, number of arguments, then per argument 1 and its rows or 0 and its
one value; they answer with one int64 word per row.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

from edgeq.arith.library import C_RANGES, C_RULES, RTL_RANGES, RTL_RULES, traced
from edgeq.arith.print_verilog import print_verilog
from edgeq.arith.trace import Trace, trace
from tests.tools import compile_c, run, simulate_iverilog, verilate

TEMPLATES = Path(__file__).parents[2] / "hw_templates"
RULES: dict[str, Callable[..., Any]] = {rule.__name__: rule for rule, _ in C_RULES}
Column = np.ndarray | int
Block = tuple[str, dict[str, Column]]

READER = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
static int64_t evaluate(int64_t rule, const int64_t *a);
static int64_t *take(int64_t n) {
    int64_t *p = (int64_t *)malloc((size_t)n * 8);
    if (p == NULL || fread(p, 8, (size_t)n, stdin) != (size_t)n) { exit(3); }
    return p;
}
int main(void) {
    int64_t head[3];
    while (fread(head, 8, 3, stdin) == 3) {
        int64_t *columns[12], *out = (int64_t *)malloc((size_t)head[1] * 8), step[12], a[12];
        if (out == NULL || head[2] > 12) { return 3; }
        for (int64_t k = 0; k < head[2]; k++) {
            int64_t *flag = take(1);
            step[k] = *flag;
            free(flag);
            columns[k] = take(step[k] ? head[1] : 1);
        }
        for (int64_t i = 0; i < head[1]; i++) {
            for (int64_t k = 0; k < head[2]; k++) { a[k] = columns[k][i * step[k]]; }
            out[i] = evaluate(head[0], a);
        }
        if (fwrite(out, 8, (size_t)head[1], stdout) != (size_t)head[1]) { return 3; }
        for (int64_t k = 0; k < head[2]; k++) { free(columns[k]); }
        free(out);
    }
    return 0;
}
"""


def rows(columns: Mapping[str, Column]) -> int:
    """Return the number of rows of a block."""
    return max(len(c) for c in columns.values() if isinstance(c, np.ndarray))


def full(columns: Mapping[str, Column], n: int) -> list[np.ndarray]:
    """Return every argument as a column."""
    return [np.broadcast_to(np.asarray(c, np.int64), (n,)) for c in columns.values()]


def stream(program: Path, blocks: Sequence[tuple[int, dict[str, Column]]]) -> list[np.ndarray]:
    """Send blocks to a compiled program and return its columns of results."""
    parts: list[bytes] = []
    for rule, columns in blocks:
        head = [rule, rows(columns), len(columns)]
        parts.append(np.array(head, np.int64).tobytes())
        for c in columns.values():
            parts.append(np.array([int(isinstance(c, np.ndarray))], np.int64).tobytes())
            parts.append(np.asarray(c, np.int64).tobytes())
    answer = np.frombuffer(run([str(program)], program.parent, b"".join(parts)), np.int64)
    ends = np.cumsum([rows(columns) for _, columns in blocks])
    assert len(answer) == ends[-1]
    return np.split(answer, ends[:-1])


def run_python(block: Block) -> np.ndarray:
    """Run a rule on Python integers, row by row."""
    rule, columns = block
    lists = [c.tolist() for c in full(columns, rows(columns))]
    return np.array([RULES[rule](*row) for row in zip(*lists, strict=True)], np.int64)


_compiled: dict[str, Any] = {}


def run_numba(block: Block) -> np.ndarray:
    """Run a rule inlined into a compiled loop."""
    rule, columns = block
    if rule not in _compiled:
        names = list(inspect.signature(RULES[rule]).parameters)
        text = f"def loop({', '.join(names)}, out):\n    for i in range(len(out)):\n"
        text += f"        out[i] = rule({', '.join(f'{name}[i]' for name in names)})\n"
        scope: dict[str, Any] = {"rule": RULES[rule]}
        exec(text, scope)
        _compiled[rule] = numba.njit(scope["loop"])
    out = np.empty(rows(columns), np.int64)
    _compiled[rule](*(np.ascontiguousarray(c) for c in full(columns, len(out))), out)
    return out


def build_c(folder: Path, header: Path = TEMPLATES / "c") -> Path:
    """Compile the printed header with a program that answers blocks, sanitizers on."""
    cases = [
        f"    case {k}: return edgeq_{name}({', '.join(f'a[{i}]' for i in range(len(_names(rule))))});"
        for k, (name, rule) in enumerate(RULES.items())
    ]
    evaluate = "static int64_t evaluate(int64_t rule, const int64_t *a) {\n    switch (rule) {\n"
    source = '#include "edgeq_arith.h"\n' + READER + evaluate + "\n".join(cases) + "\n    default: exit(4);\n    }\n}\n"
    return compile_c(source, folder / "c_form", [header])


def _names(rule: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(rule).parameters)


def run_c(program: Path, blocks: Sequence[Block]) -> list[np.ndarray]:
    """Run blocks through the compiled C, every argument checked against the range the header names."""
    for rule, columns in blocks:
        own = next(ranges for r, ranges in C_RULES if r.__name__ == rule)
        assert fits(columns, {**C_RANGES, **own}), f"{rule}: an argument leaves the header's range"
    return stream(program, [(list(RULES).index(rule), columns) for rule, columns in blocks])


def fits(columns: Mapping[str, Column], ranges: Mapping[str, tuple[int, int]]) -> bool:
    """Tell whether every argument is in the range that a form was printed for."""
    return all(
        ranges[name][0] <= int(np.min(c)) and int(np.max(c)) <= ranges[name][1] for name, c in columns.items()
    )


@dataclass(frozen=True)
class Module:
    """One Verilog module: its text's place, its trace, and the range of each argument of its rule."""

    path: Path
    trace: Trace
    ranges: dict[str, tuple[int, int]]

    @property
    def rule(self) -> str:
        return self.trace.name


def library_modules() -> list[Module]:
    """Return the checked-in modules."""
    found = []
    for rule, own in RTL_RULES:
        ranges = {name: {**RTL_RANGES, **own}[name] for name in _names(rule)}
        path = TEMPLATES / "rtl" / f"edgeq_arith_{rule.__name__}.v"
        found.append(Module(path, traced(rule, RTL_RANGES, own), ranges))
    return found


def printed_module(rule: str, stem: str, ranges: dict[str, tuple[int, int]], folder: Path) -> Module:
    """Print one rule for other ranges, as an emitter does per layer."""
    found = trace(rule, RULES[rule], ranges)
    path = folder / f"{stem}_{rule}.v"
    path.write_text(print_verilog(found, "A test's own ranges.", module=path.stem))
    return Module(path, found, ranges)


SMALL = {"x": (-128, 127), "x_zero_point": (0, 0), "multiplier": (-128, 255), "left_shift": (0, 24),
         "shift": (0, 48), "rounding": (0, 8), "zero_point": (0, 0)}


def all_modules(folder: Path) -> list[Module]:
    """Return the checked-in modules, every rule at the wide ranges of C, and one at exactly 8 bits."""
    wide = [
        printed_module(rule.__name__, "edgeq_wide", {n: {**C_RANGES, **own}[n] for n in _names(rule)}, folder)
        for rule, own in C_RULES
    ]
    return [*library_modules(), *wide, printed_module("rescale", "edgeq_small", SMALL, folder)]


def _port(module: Module) -> str:
    lines = [
        f"        m.{a.name} = (uint64_t)a[{k}] & UINT64_C({(1 << a.bits) - 1});"
        for k, name in enumerate(module.ranges) for a in module.trace.arguments if a.name == name
    ]
    spare = 64 - _result_bits(module)
    return "\n".join([*lines, "        m.eval();",
                      f"        return (int64_t)((uint64_t)m.y << {spare}) >> {spare};"])


def _result_bits(module: Module) -> int:
    lo, hi = module.trace.result_intervals[0]
    return max((-lo - 1).bit_length() if lo < 0 else 0, hi.bit_length()) + 1


def build_verilated(modules: Sequence[Module], folder: Path) -> Path:
    """Compile modules with verilator into one program that answers blocks; the rule is a module's place."""
    classes = [f"V{m.path.stem}" for m in modules]
    cases = [
        f"    case {k}: {{\n        static {name} m;\n{_port(m)}\n    }}"
        for k, (name, m) in enumerate(zip(classes, modules, strict=True))
    ]
    main = '#include "verilated.h"\n' + READER
    main += "double sc_time_stamp() { return 0; }\nstatic int64_t evaluate(int64_t rule, const int64_t *a) {\n"
    main += "    switch (rule) {\n" + "\n".join(cases) + "\n    default: exit(4);\n    }\n}\n"
    return verilate([m.path for m in modules], main, folder)


def check_iverilog(module: Module, columns: dict[str, Column], expected: np.ndarray, folder: Path) -> list[str]:
    """Let iverilog compare every row with the expected column; return the testbench's lines."""
    n, given = len(expected), [*full(columns, len(expected)), np.asarray(expected, np.int64)]
    words = np.stack(given, axis=1).astype(np.int64).view(np.uint64)
    (folder / "rows.hex").write_text("\n".join(f"{w:016x}" for w in words.ravel().tolist()) + "\n")
    wires, ports = [], []
    for k, name in enumerate(module.ranges):
        bits = [a.bits for a in module.trace.arguments if a.name == name]
        if bits:
            wires.append(f"    wire [63:0] a{k} = row[64 * {k} +: 64];")
            ports.append(f".{name}(a{k}[{bits[0] - 1}:0])")
    width, last = _result_bits(module), len(module.ranges)
    each = len(given)
    gather = [f"            row[64 * {k} +: 64] = memory[i * {each} + {k}];" for k in range(each)]
    bench = _TESTBENCH.format(
        words=n * each, each=each, n=n, wires="\n".join(wires), ports=", ".join(ports), gather="\n".join(gather),
        module=module.path.stem, width=width, last=last,
    )
    path = folder / "testbench.v"
    path.write_text(bench)
    return simulate_iverilog([path, module.path], folder)


_TESTBENCH = """\
module testbench;
    reg [63:0] memory [0:{words} - 1];
    reg [64 * {each} - 1:0] row;
    integer i, wrong;
{wires}
    wire signed [{width} - 1:0] y;
    wire signed [63:0] wide = y;
    {module} dut ({ports}, .y(y));
    initial begin
        $readmemh("rows.hex", memory);
        wrong = 0;
        for (i = 0; i < {n}; i = i + 1) begin
{gather}
            #1;
            if (wide !== row[64 * {last} +: 64]) begin
                wrong = wrong + 1;
                if (wrong <= 10) $display("row %0d: y=%0d expected=%0d", i, wide, $signed(row[64 * {last} +: 64]));
            end
        end
        if (wrong == 0) $display("EDGEQ_TB PASS outputs=%0d", i);
        else $display("EDGEQ_TB FAIL wrong=%0d", wrong);
    end
endmodule
"""
