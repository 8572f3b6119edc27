"""Each decoder alone, fed by hand: what comes out of right streams, and that nothing follows a wrong item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools import simulate_iverilog

RTL = Path(__file__).parents[2] / "hw_templates" / "rtl"
LENGTH = 8
CLOCKS = 60

BENCH = """\
module testbench;
    reg clk, rst;
    reg [15:0] first [0:{size} - 1];
    reg [15:0] second [0:{size} - 1];
    integer variant, i, j, t;
    reg [1:0] take;
    wire first_valid = !rst && i < {length} && first[variant * {length} + i] != 16'hffff;
    wire second_valid = !rst && j < {length} && second[variant * {length} + j] != 16'hffff;
    wire [15:0] a = first[variant * {length} + i];
    wire [15:0] b = second[variant * {length} + j];
    wire first_ready, second_ready, valid, fault;
    wire [31:0] said;
    {instance}
    initial begin
        $readmemh("first.hex", first);
        $readmemh("second.hex", second);
        clk = 0;
        for (variant = 0; variant < {variants}; variant = variant + 1) begin
            rst = 1;
            i = 0;
            j = 0;
            #1 clk = 1; #1 clk = 0;
            rst = 0;
            for (t = 0; t < {clocks}; t = t + 1) begin
                #1;
                if (valid) $display("%0d %h", variant, said);
                take = {{first_valid && first_ready, second_valid && second_ready}};
                clk = 1;
                #1;
                if (take[1]) i = i + 1;
                if (take[0]) j = j + 1;
                clk = 0;
            end
            $display("%0d fault %b", variant, fault);
        end
    end
endmodule
"""


@dataclass(frozen=True)
class Variant:
    """What goes into the two inputs, what comes out, and whether it ends in a fault."""

    first: Sequence[int]
    second: Sequence[int]
    out: Sequence[str]
    fault: bool = False


def check(module: str, instance: str, variants: Sequence[Variant], folder: Path) -> None:
    for name, lists in (("first", [v.first for v in variants]), ("second", [v.second for v in variants])):
        words = [w for items in lists for w in [*items, *[0xFFFF] * (LENGTH - len(items))]]
        (folder / f"{name}.hex").write_text("".join(f"{w:04x}\n" for w in words))
    bench = folder / "bench.v"
    bench.write_text(BENCH.format(size=LENGTH * len(variants), length=LENGTH, variants=len(variants), clocks=CLOCKS,
                                  instance=instance))
    sources = [bench, RTL / f"{module}.v"] + ([RTL / "edgeq_huffman_table.v"] if "huffman" in module else [])
    lines = simulate_iverilog(sources, folder)
    for k, variant in enumerate(variants):
        own = [line.split(" ", 1)[1] for line in lines if line.startswith(f"{k} ")]
        assert own == [*variant.out, f"fault {int(variant.fault)}"], k


@pytest.mark.hardware
def test_sparse_rows(tmp_path: Path) -> None:
    """Three rows of five columns; an item is column and value, out come row, column, run, value and flags."""
    instance = """edgeq_csr_decoder #(
        .ROWS(3), .COLUMNS(5), .BITS(4), .ROW_BITS(4), .COLUMN_BITS(4), .COUNT_BITS(16)
    ) dut (
        .clk(clk), .rst(rst), .p_valid(first_valid), .p_ready(first_ready), .p_end(a), .s_valid(second_valid),
        .s_ready(second_ready), .s_column(b[7:4]), .s_value(b[3:0]), .m_valid(valid), .m_ready(1'b1),
        .m_row(said[23:20]), .m_column(said[19:16]), .m_run(said[15:12]), .m_value(said[11:8]),
        .m_has_value(said[4]), .m_last(said[0]), .fault(fault)
    );
    assign {said[31:24], said[7:5], said[3:1]} = 14'd0;"""
    tensor = ["00000510", "00043611", "00100001", "00211711"]
    check("edgeq_csr_decoder", instance, [
        Variant([2, 2, 3, 2, 2, 3], [0x05, 0x46, 0x17] * 2, tensor * 2),
        Variant([2, 1, 3], [0x05, 0x46, 0x17], tensor[:2], fault=True),
        Variant([2, 2, 3], [0x15, 0x16, 0x17], ["00011510"], fault=True),
        Variant([2, 2, 3], [0x25, 0x16, 0x17], ["00022510"], fault=True),
        Variant([2, 2, 3], [0x05, 0x56, 0x17], ["00000510"], fault=True),
    ], tmp_path)


@pytest.mark.hardware
def test_expander(tmp_path: Path) -> None:
    """An input is run, value, has_value and last; out come value and last; 9 is the fill value."""
    instance = """edgeq_run_expander #(.BITS(4), .RUN_BITS(4), .COUNT_BITS(16), .FILL(4'd9)) dut (
        .clk(clk), .rst(rst), .c_valid(first_valid), .c_ready(first_ready), .c_count(a), .s_valid(second_valid),
        .s_ready(second_ready), .s_run(b[15:12]), .s_value(b[11:8]), .s_has_value(b[4]), .s_last(b[0]),
        .m_valid(valid), .m_ready(1'b1), .m_data(said[7:4]), .m_last(said[0]), .fault(fault)
    );
    assign {said[31:8], said[3:1]} = 27'd0;"""
    fill, end = "00000090", "00000091"
    check("edgeq_run_expander", instance, [
        Variant([4, 2, 3], [0x1210, 0x0311, 0x0001, 0x2411], [fill, "00000020", "00000030", end, fill, end, fill, fill,
                                                            "00000041"]),
        Variant([5], [0x2000, 0x2000, 0x0711], [fill] * 4 + ["00000071"]),
        Variant([3, 3], [0x2210, 0x1311, 0x0211], [fill, fill, "00000021"], fault=True),
        Variant([3, 3], [0x2210, 0x0311, 0x0211], [fill, fill, "00000021"], fault=True),
        Variant([3, 3], [0x4000, 0x0311, 0x0211], [fill, fill, end], fault=True),
    ], tmp_path)


@pytest.mark.hardware
def test_the_only_code_is_0(tmp_path: Path) -> None:
    """A table of one code, words of 8 bits; out come value, has_value and last."""
    (tmp_path / "one.hex").write_text("5\n")
    instance = """edgeq_huffman_decoder #(.BITS(4), .RUN_BITS(1), .COUNT_BITS(16), .VALUE_FILE("one.hex")) dut (
        .clk(clk), .rst(rst), .c_valid(first_valid), .c_ready(first_ready), .c_count(a), .s_valid(second_valid),
        .s_ready(second_ready), .s_data(b[7:0]), .m_valid(valid), .m_ready(1'b1), .m_run(said[12]),
        .m_value(said[11:8]), .m_has_value(said[4]), .m_last(said[0]), .fault(fault)
    );
    assign {said[31:13], said[7:5], said[3:1]} = 25'd0;"""
    value, end = "00000510", "00000511"
    check("edgeq_huffman_decoder", instance, [
        Variant([2, 9], [0x00, 0x00, 0x00], [value, end, *[value] * 8, end]),
        Variant([3, 1], [0x20, 0x00], [value, value], fault=True),
        Variant([9, 1], [0x20, 0x00], [value, value], fault=True),
        Variant([1, 2], [0x00, 0x80, 0x00], [end], fault=True),
    ], tmp_path)
