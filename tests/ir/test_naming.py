"""Names of files and identifiers."""

from __future__ import annotations

import doctest
import importlib

import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from edgeq.ir.naming import file_name, identifier, refuse_collisions
from edgeq.ir.stems import layer_stems

VERILOG_2005 = """
always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign default defparam design
disable edge else end endcase endconfig endfunction endgenerate endmodule endprimitive endspecify endtable endtask
event for force forever fork function generate genvar highz0 highz1 if ifnone incdir include initial inout input
instance integer join large liblist library localparam macromodule medium module nand negedge nmos nor noshowcancelled
not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup pulsestyle_onevent
pulsestyle_ondetect rcmos real realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled
signed small specify specparam strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1
triand trior trireg unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor
""".split()
C99 = """
auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
""".split()


@pytest.mark.parametrize("module", ["naming", "builder", "tensor", "stems"])
def test_doctests(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"edgeq.ir.{module}")).failed == 0


@pytest.mark.parametrize(("name", "file", "made"), [
    ("layer1.0.conv1", "layer1.0.conv1", "layer1_0_conv1"), ("a/b:c d", "a_b_c_d", "a_b_c_d"),
    ("0", "0", "edgeq_0"), ("é", "_", "_"), ("..", "..", "__"), ("../x", ".._x", "___x"), ("", "", "edgeq_"),
    ("x\n", "x_", "x_")])
def test_names_by_hand(name: str, file: str, made: str) -> None:
    assert (file_name(name), identifier(name)) == (file, made)


@pytest.mark.parametrize("word", sorted({*VERILOG_2005, *C99, "main", "logic", "bit"}))
def test_keywords_get_a_prefix(word: str) -> None:
    assert identifier(word) == f"edgeq_{word}"
    assert identifier(f"{word}_0") == f"{word}_0"


def test_collisions() -> None:
    refuse_collisions(["a", "a", "b.c", "b.d"])
    for pair in (["a.b", "a_b"], ["0", "edgeq_0"], ["a/b", "a:b"], ["A", "a"]):
        with pytest.raises(GraphError, match="both become the file"):
            refuse_collisions(pair, "file")


def test_stems_number_the_layers() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (1,), IntType(8))
    for k in range(101):
        x = b.clamp(x, 0, 1, name=f"c{k}")
    b.output(x)
    stems = layer_stems(b.build())
    assert (stems["x"], stems["c0"], stems["c100"]) == ("000_x", "001_c0", "101_c100")
