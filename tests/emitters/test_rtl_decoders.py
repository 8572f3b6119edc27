"""The Verilog decoders: two simulators give the tensors of the oracle's streams, and every damaged bit is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq.arith.types import IntType
from edgeq.emitters.csr_rtl import Rows
from edgeq.emitters.huffman_image import make_image
from edgeq.emitters.huffman_read import decode_image
from tests.emitters.huffman_streams import Case, cases
from tests.emitters.rtl import RUNS, figures, simulate, sparse, write_csr, write_huffman, write_project
from tests.tools import lint_verilog, run_yosys

CASES = {case.name: case for case in cases()}
S8, U4 = IntType(8), IntType(4, signed=False)
SPARSE = {
    "csr": Rows(sparse(9, 20, 0.2, 1), S8, 0, "csr"),
    "csr_full": Rows(sparse(4, 8, 1.0, 2, 1, 5), U4, 0, "csr_full"),
    "csr_fill": Rows(np.full((3, 5), -7), S8, -7, "csr_fill"),
    "csr_gaps": Rows(np.array([[0] * 6, [0, 0, 0, 0, 0, 9], [0] * 6, [9, 0, 0, 0, 0, 0], [0] * 6]), U4, 0, "csr_gaps"),
    "csr_column": Rows(sparse(12, 1, 0.5, 3), S8, 0, "csr_column"),
    "csr_one": Rows(np.array([[3]]), U4, 0, "csr_one"),
}
MODULES = sorted(p for p in (Path(__file__).parents[2] / "hw_templates" / "rtl").glob("*.v")
                 if not p.name.startswith("edgeq_arith_"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every tensor in one project."""
    return tmp_path_factory.mktemp("decoders")


@pytest.fixture(scope="module")
def sources(folder: Path) -> list[str]:
    tensors = [write_huffman(case, folder) for case in CASES.values()]
    tensors += [write_csr(rows, folder, name) for name, rows in SPARSE.items()]
    return write_project(tensors, folder)


@pytest.fixture(scope="module")
def simulated(folder: Path, sources: list[str]) -> list[list[str]]:
    """The lines of every run in iverilog."""
    return simulate(sources, folder, RUNS, "iverilog")


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_reader_gives_the_tensor_of_the_oracle(name: str) -> None:
    case = CASES[name]
    assert np.array_equal(decode_image(make_image(case.coded, name), name), case.array)


@pytest.mark.hardware
@pytest.mark.parametrize("number", range(len(RUNS)))
def test_iverilog_gives_every_element_under_stalls(simulated: list[list[str]], number: int) -> None:
    values = sum(c.array.size for c in CASES.values()) + sum(r.array.size for r in SPARSE.values())
    assert simulated[number][-1] == f"EDGEQ_RTL PASS tensors={len(CASES) + len(SPARSE)} values={values}"
    assert not [line for line in simulated[number] if "WARNING" in line.upper()]


@pytest.mark.hardware
def test_verilator_says_the_same_to_the_clock(folder: Path, sources: list[str], simulated: list[list[str]]) -> None:
    assert simulate(sources, folder, RUNS, "verilator") == simulated


LATE = {"long_codes": 2, "values_low_15": 256, "joint_short_tail": 1, "all_fill_channels": 1}
"""Clocks lost to words of 8 bits that bring less than a code a clock, and to pairs of segments without values."""
RUN_CLOCKS = {"runs_8": 196, "runs_escape": 183, "runs_low": 218, "runs_book": 135, "runs_long": 82}
"""Between the elements, which the expander gives, and the codes, which come two for a value."""


@pytest.mark.hardware
def test_a_code_a_clock_without_stalls(simulated: list[list[str]]) -> None:
    """Values and joint: an element a clock, one clock a segment, five from the first word to the first element."""
    for name, case in CASES.items():
        if case.options.get("mode", 0) != 1:
            expected = case.array.size + 5 + len(case.stream.restart) + LATE.get(name, 0)
            assert figures(simulated[0], name)["clocks"] == expected, name
    assert {name: figures(simulated[0], name)["clocks"] for name in RUN_CLOCKS} == RUN_CLOCKS
    assert figures(simulated[0], "csr_full")["clocks"] == 32 + 4 + 3


DAMAGE = [
    *(("values_8", "words", k, 7 - k % 8) for k in range(0, 56, 5)),
    *(("values_32", "words", 0, b) for b in (31, 16, 0)),
    ("values_low", "words", 0, 3), ("values_low_15", "words", 5, 0),
    *(("runs_escape", "words", k, k % 8) for k in range(6)),
    ("runs_low", "words", 0, 31), ("joint_escape", "words", 0, 31), ("joint_low", "words", 0, 15),
    ("one_value", "words", 0, 7), ("one_value", "words", 1, 7), ("one_value_64", "words", 0, 63),
    ("values_8", "values", 3, 1), ("joint_8", "values", 0, 4), ("runs_8", "values", 0, 0),
    ("runs_8", "runs", 0, 0), ("runs_escape", "runs", 0, 1),
    ("values_16", "restart", 1, 0), ("runs_8", "restart", 0, 32), ("joint_64", "restart", 1, 32),
    ("runs_8", "expected", 149, 3),
]


@pytest.mark.hardware
def test_every_damaged_bit_is_seen(tmp_path: Path) -> None:
    """In ascending order segments follow each other, so that a wrong first word shows in descending order alone."""
    tensors = [write_huffman(CASES[name], tmp_path, f"t{k}", {part: (line, bit)})
               for k, (name, part, line, bit) in enumerate(DAMAGE)]
    sparse_damage = [("csr", "entries", 0, 0), ("csr", "entries", 3, 8), ("csr", "indptr", 1, 0),
                     ("csr", "indptr", 9, 0), ("csr_gaps", "entries", 1, 4), ("csr", "expected", 20, 7)]
    tensors += [write_csr(SPARSE[name], tmp_path, f"s{k}", {part: (line, bit)})
                for k, (name, part, line, bit) in enumerate(sparse_damage)]
    tensors.append(write_huffman(CASES["values_8"], tmp_path, "whole"))
    said = simulate(write_project(tensors, tmp_path), tmp_path, ("1,0,0,0", "1,0,0,1"), "iverilog")
    unseen = [t.stem for t in tensors if not any(figures(lines, t.stem)["errors"] for lines in said)]
    assert unseen == ["whole"], [DAMAGE[int(u[1:])] for u in unseen if u[0] == "t"]
    assert all(lines[-1].startswith("EDGEQ_RTL FAIL errors=") for lines in said)


@pytest.mark.hardware
@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_module_is_lint_clean(path: Path) -> None:
    lint_verilog(path)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_text_keeps_the_rules_of_the_template_folder(path: Path) -> None:
    text = path.read_text(encoding="ascii")
    lines = text.split("\n")
    assert lines[0] == "// SPDX-License-Identifier: MIT"
    assert text.count("\nmodule ") == 1
    assert f"\nmodule {path.stem} #(" in text
    assert "\n`default_nettype none\n" in text
    assert text.endswith("endmodule\n\n`default_nettype wire\n")
    assert "\t" not in text
    assert max(map(len, lines)) <= 110
    assert all(line == line.rstrip() for line in lines)


TOP = """\
module top_{k} (
    input wire clk, input wire rst, input wire c_valid, output wire c_ready, input wire [15:0] c_count,
    input wire s_valid, output wire s_ready, input wire [{word}:0] s_data, output wire m_valid, input wire m_ready,
    output wire [{value}:0] m_data, output wire m_last, output wire [1:0] fault
);
`include "{name}.vh"
    wire valid, ready, has_value, last;
    wire [{run}:0] run;
    wire [{value}:0] pair;
    edgeq_huffman_decoder #(
        .COUNT_BITS(16), {given}
    ) u_decoder (
        .clk(clk), .rst(rst), .c_valid(c_valid), .c_ready(c_ready), .c_count(c_count), .s_valid(s_valid),
        .s_ready(s_ready), .s_data(s_data), .m_valid(valid), .m_ready(ready), .m_run(run), .m_value(pair),
        .m_has_value(has_value), .m_last(last), .fault(fault[0])
    );
    edgeq_run_expander #(.BITS(BITS), .RUN_BITS(RUN_BITS), .COUNT_BITS(16), .FILL(FILL)) u_expander (
        .clk(clk), .rst(rst), .c_valid(c_valid), .c_ready(), .c_count(c_count), .s_valid(valid), .s_ready(ready),
        .s_run(run), .s_value(pair), .s_has_value(has_value), .s_last(last), .m_valid(m_valid), .m_ready(m_ready),
        .m_data(m_data), .m_last(m_last), .fault(fault[1])
    );
endmodule
"""
NAMES = ("MODE", "WORD_BITS", "LOW_BITS", "BITS", "RUN_BITS", "ESCAPE_LENGTH", "ESCAPE_CODE", "VALUE_LONGEST",
         "VALUE_ENTRIES", "VALUE_COUNTS", "VALUE_FILE", "RUN_LONGEST", "RUN_ENTRIES", "RUN_COUNTS", "RUN_FILE")


def top(case: Case, folder: Path, k: int) -> str:
    """Write decoder and expander of one tensor as a user would put them together; return the file's name."""
    image = make_image(case.coded, case.name)
    mode = case.options.get("mode", 0)
    given = ", ".join(f".{n}({n})" for n in NAMES if n != "RUN_FILE" or mode == 1)
    text = TOP.format(k=k, name=case.name, given=given, word=image.word_bits - 1, value=image.type.bits - 1,
                      run=image.run_bits - 1)
    (folder / f"top_{k}.v").write_text(text)
    return f"top_{k}.v"


@pytest.mark.hardware
def test_yosys_finds_no_latch_and_no_loop(folder: Path, sources: list[str]) -> None:
    chosen = ["values_8", "long_codes_16", "runs_low", "runs_book", "joint_low", "one_value_64"]
    tops = [top(CASES[name], folder, k) for k, name in enumerate(chosen)]
    modules = "edgeq_huffman_decoder.v edgeq_huffman_table.v edgeq_run_expander.v"
    script = [f"read_verilog {modules} edgeq_csr_decoder.v edgeq_memory_stream.v; design -save read"]
    for k, name in enumerate(tops):
        script.append(f"design -load read; read_verilog {name}; hierarchy -check -top top_{k}; proc; flatten; opt; "
                      "check -assert; select -assert-none t:$dlatch t:$adlatch t:$dlatchsr")
    for name in ("edgeq_csr_decoder", "edgeq_memory_stream"):
        script.append(f"design -load read; hierarchy -check -top {name}; proc; opt; check -assert; "
                      "select -assert-none t:$dlatch t:$adlatch t:$dlatchsr")
    assert run_yosys("; ".join(script), folder) == ""


@pytest.mark.hardware
def test_the_netlist_of_yosys_decodes_the_same(tmp_path: Path) -> None:
    """The decoder as gates takes the place of its text in the same testbench.

    The bound on its tables of four inputs is a quarter over the 525 of yosys 0.70.
    """
    case = CASES["runs_low"]
    sources = write_project([write_huffman(case, tmp_path)], tmp_path)
    before = simulate(sources, tmp_path, RUNS[:2], "iverilog")
    text = (tmp_path / "edgeq_huffman_decoder.v").read_text()
    head, rest = text.split(") (", 1)
    ports = rest.split(");", 1)[0]
    names = [line.split()[-1].rstrip(",") for line in ports.strip().splitlines()]
    given = ", ".join(f".{n}({n})" for n in NAMES)
    wires = ports.replace("output reg ", "output wire")
    for bits, width in (("COUNT_BITS", 32), ("WORD_BITS", 32), ("RUN_BITS", 4), ("BITS", 8)):
        wires = wires.replace(f"[{bits}-1:0]", f"[{width - 1}:0]")
    joined = ", ".join(f".{n}({n})" for n in names)
    (tmp_path / "gates.v").write_text(
        f'module gates ({wires});\n`include "{case.name}.vh"\n'
        f"    edgeq_huffman_decoder #(.COUNT_BITS(32), {given}) dut ({joined});\nendmodule\n")
    script = ["read_verilog gates.v edgeq_huffman_decoder.v edgeq_huffman_table.v", "synth -flatten -top gates",
              "check -assert", "select -assert-none t:$_DLATCH* t:$mul", "write_verilog -noattr netlist.v",
              "abc -lut 4", "select -assert-max 656 t:$lut"]
    assert run_yosys("; ".join(script), tmp_path) == ""
    (tmp_path / "edgeq_huffman_decoder.v").write_text(
        f"{head}) ({ports.replace('output reg ', 'output wire')});\n    gates u_gates ({joined});\nendmodule\n")
    assert simulate([*sources, "netlist.v"], tmp_path, RUNS[:2], "iverilog") == before
