"""Memory files of a graph: literal bytes in every layout, read back, loaded by a simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.emitters.parameters import parameters
from edgeq.emitters.readmemh import read, write
from edgeq.emitters.registry import EmittedFile
from edgeq.errors import ArtefactError, CodecError, InputError
from edgeq.ir.quantization import Table
from edgeq.ir.tensor import Constant
from tests.emitters.graphs import GRAPHS
from tests.tools import simulate_iverilog

WEIGHT = np.array([[[[1, 2]], [[3, 4]]], [[[-1, -2]], [[-3, -4]]], [[[5, 6]], [[7, -8]]]])  # (3, 2, 1, 2)


def graph() -> Graph:
    b = GraphBuilder("net")
    table = Table(Constant(np.arange(256)[None] // 2 - 64))
    x = b.input("x", (2, 3, 3), IntType(7), quantization=table)
    y = b.conv2d(x, WEIGHT, [-1, 0, 255], weight_type=IntType(4), acc=IntType(18), bias_type=IntType(9), name="a/conv")
    y = b.requantize(y, [3, 200, 7], 17, type=IntType(8))
    b.output(b.linear(b.flatten(y), np.arange(36).reshape(2, 18) - 18, name="fc"))
    return b.build()


def files(**options: Any) -> dict[str, EmittedFile]:
    return {f.path: f for f in write(graph(), {}, **options)}


def test_one_file_per_constant_numbered_by_layer() -> None:
    assert sorted(files()) == [
        "00_x.table.hex", "01_a_conv.bias.hex", "01_a_conv.left_shift.hex", "01_a_conv.multiplier.hex",
        "01_a_conv.shift.hex", "01_a_conv.weight.hex", "01_a_conv.weight_zero_point.hex", "03_fc.bias.hex",
        "03_fc.weight.hex", "03_fc.weight_zero_point.hex"]


def test_literal_words() -> None:
    made = {path: f.data.decode().split("\n")[:-1] for path, f in files().items()}
    assert made["01_a_conv.weight.hex"] == ["1", "3", "2", "4", "f", "d", "e", "c", "5", "7", "6", "8"]  # o, kh, kw, i
    assert made["01_a_conv.bias.hex"] == ["1ff", "000", "0ff"]
    assert made["01_a_conv.multiplier.hex"] == ["03", "c8", "07"]
    assert made["01_a_conv.shift.hex"] == ["11"]
    assert made["03_fc.bias.hex"] == ["00000000", "00000000"]
    assert made["03_fc.weight.hex"][:3] == ["ee", "ef", "f0"]
    assert made["00_x.table.hex"][:3] == ["40", "40", "41"]  # -64 in 7 bits
    assert len(made["00_x.table.hex"]) == 256


@pytest.mark.parametrize(("options", "words"), [
    ({"layout": "oihw"}, "1 2 3 4 f e d c 5 6 7 8"),
    ({"layout": "hwio"}, "1 f 5 3 d 7 2 e 6 4 c 8"),
    ({"lanes": 2}, "31 42 df ce 75 86"),
    ({"lanes": 2, "lane0": "msb"}, "13 24 fd ec 57 68"),
    ({"lanes": 5, "pad_value": -1}, "f4231 75ced fff86"),
])
def test_literal_layouts_and_lanes(options: dict[str, Any], words: str) -> None:
    assert files(**options)["01_a_conv.weight.hex"].data.decode().split() == words.split()


def test_the_manifest_line() -> None:
    assert files(lanes=8)["01_a_conv.weight.hex"].holds == {
        "tensor": "a/conv.weight", "layer": "a/conv", "shape": [3, 2, 1, 2], "axes": "oihw", "layout": "ohwi",
        "type": {"bits": 4, "signed": True},
        "packing": {"word_bits": 32, "lanes": 8, "lane0": "lsb", "pad_value": 0}, "depth": 2,
    }
    assert files(lanes=8)["01_a_conv.bias.hex"].holds["packing"]["lanes"] == 1


@pytest.mark.parametrize("options", [{}, {"layout": "hwio", "lanes": 3}, {"lanes": 64, "lane0": "msb"}])
@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_constant_of_every_op_comes_back(name: str, options: dict[str, Any]) -> None:
    net, _ = GRAPHS[name]()
    made = list(write(net, {}, **options))
    held = {f.path: f.data for f in made}
    got: dict[str, Any] = {}
    for file in made:
        got |= read(held, {"path": file.path, **file.holds})
    expected = {p.name: p.array for p in parameters(net)}
    assert sorted(got) == sorted(expected)
    for tensor, array in expected.items():
        assert got[tensor].shape == array.shape
        assert np.array_equal(got[tensor], array), tensor


def test_reading_names_what_is_wrong() -> None:
    path = "01_a_conv.weight.hex"
    file = files()[path]
    with pytest.raises(CodecError, match=r"01_a_conv.weight.hex: has 11 words, expected 12"):
        read({path: file.data[:-2]}, {"path": path, **file.holds})
    with pytest.raises(CodecError, match=r"01_a_conv.weight.hex line 1: has 1 digits, expected 2"):
        read({path: file.data}, {"path": path, **file.holds, "type": {"bits": 8, "signed": True},
                                 "packing": {"word_bits": 8, "lanes": 1, "lane0": "lsb", "pad_value": 0}})
    with pytest.raises(ArtefactError, match="manifest says depth 13, not 12"):
        read({path: file.data}, {"path": path, **file.holds, "depth": 13})


def test_options_that_do_not_exist() -> None:
    with pytest.raises(InputError, match="layout 'iohw' does not exist; weights are written as one of ohwi, oihw"):
        files(layout="iohw")
    with pytest.raises(InputError, match="lanes 0 is not a number"):
        files(lanes=0)
    with pytest.raises(CodecError, match="pad value: value 9 at 0 does not fit s4"):
        files(lanes=5, pad_value=9)


@pytest.mark.hardware
def test_iverilog_reads_weights_of_two_lanes(tmp_path: Path) -> None:
    for path, file in files(lanes=2).items():
        (tmp_path / path).write_bytes(file.data)
    bench = tmp_path / "bench.v"
    bench.write_text("""\
module bench;
    reg [7:0] weight [0:5];
    integer i;
    initial begin
        $readmemh("01_a_conv.weight.hex", weight);
        for (i = 0; i < 6; i = i + 1) $display("%0d %0d", $signed(weight[i][3:0]), $signed(weight[i][7:4]));
        $finish;
    end
endmodule
""")
    got = [int(v) for line in simulate_iverilog([bench], tmp_path) for v in line.split()]
    assert got == [1, 3, 2, 4, -1, -3, -2, -4, 5, 7, 6, -8]
