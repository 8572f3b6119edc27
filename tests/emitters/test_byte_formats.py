"""Raw binary, AXI-Stream beats, decimal text of a graph: literals, read back, faults, what C and Verilog load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.emitters import axis, decimal_text, raw_bin
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EmittedFile
from edgeq.errors import ArtefactError, CodecError, InputError
from tests.emitters.graphs import GRAPHS, built
from tests.tools import C_FLAGS, need_tool, run, simulate_iverilog

FORMATS = {"bin": raw_bin, "axis": axis, "decimal": decimal_text}


def graph() -> Graph:
    """A convolution of 4 bits, a bias of 9; a linear layer after a flatten."""
    b = GraphBuilder("net")
    weight = np.array([[[[1, 2]], [[3, 4]]], [[[-1, -2]], [[-3, -8]]]])  # (2, 2, 1, 2)
    y = b.conv2d(b.input("x", (2, 1, 3), IntType(7)), weight, [-1, 255], weight_type=IntType(4), acc=IntType(18),
                 bias_type=IntType(9), name="conv")
    y = b.requantize(y, [3, 200], 17)
    b.output(b.linear(b.flatten(y), np.arange(4).reshape(1, 4) - 2, acc=IntType(20), name="fc"))
    return b.build()


def files(kind: str, net: Graph | None = None, **options: Any) -> dict[str, EmittedFile]:
    return {f.path: f for f in FORMATS[kind].write(net or graph(), {}, **options)}


def read_back(kind: str, made: dict[str, EmittedFile]) -> dict[str, Any]:
    held = {path: f.data for path, f in made.items()}
    got: dict[str, Any] = {}
    for path, file in made.items():
        got |= FORMATS[kind].read(held, {"path": path, **file.holds})
    return got


@pytest.mark.parametrize(("kind", "options"), [
    ("bin", {"pack": "lsb", "align": 64, "layout": "hwio"}), ("bin", {"word_bits": 64, "endian": "big"}),
    ("axis", {"pack": "msb", "tdata_bits": 24, "layout": "ihwo"}), ("decimal", {}),
])
@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_constant_of_every_op_comes_back(name: str, kind: str, options: dict[str, Any]) -> None:
    net = built(name)
    expected = {p.name: p.array for p in parameters(net)}
    got = read_back(kind, files(kind, net, **options))
    assert sorted(got) == sorted(expected)
    for tensor, array in expected.items():
        assert got[tensor].shape == array.shape
        assert np.array_equal(got[tensor], array), tensor


def test_literal_bytes() -> None:
    made = files("bin")
    assert sorted(made) == ["net.bin", "net_bin.h"]
    data = made["net.bin"].data
    assert data[:20].hex() == "00000000" "01030204fffdfef8" "ffffff00" "03c80000"  # zero point to multiplier
    lines = {line["tensor"]: line for line in made["net.bin"].holds["tensors"]}
    assert {name: (line["offset"], line["bytes"]) for name, line in lines.items()} == {
        "conv.weight_zero_point": (0, 1), "conv.weight": (4, 8), "conv.bias": (12, 4), "conv.multiplier": (16, 2),
        "conv.shift": (20, 1), "conv.left_shift": (24, 1), "fc.weight_zero_point": (28, 1), "fc.weight": (32, 4),
        "fc.bias": (36, 4)}
    assert lines["conv.bias"] == {
        "tensor": "conv.bias", "layer": "conv", "shape": [2], "axes": "o", "layout": "o",
        "type": {"bits": 9, "signed": True}, "packing": {"word_bits": 16, "lanes": 1}, "endian": "little",
        "offset": 12, "bytes": 4}
    assert len(data) == 40
    header = made["net_bin.h"].data.decode()
    assert ("#define NET_BIN_BYTES 40u\n#define NET_BIN_ALIGN 4\n") in header
    assert ("/* conv.bias: s9, o */\n#define NET_01_CONV_BIAS_OFFSET 12u\n#define NET_01_CONV_BIAS_BYTES 4u\n"
            "#define NET_01_CONV_BIAS_COUNT 2u\n#define NET_01_CONV_BIAS_BITS 16\n") in header


@pytest.mark.parametrize(("options", "weight", "bias"), [
    ({"pack": "lsb"}, "3142df8e", "ffffff00"),
    ({"pack": "msb"}, "1324fde8", "ffffff00"),
    ({"endian": "big"}, "01030204fffdfef8", "ffff00ff"),
    ({"word_bits": 32, "layout": "oihw"}, "01000000020000000300000004000000" "fffffffffefffffffdfffffff8ffffff",
     "ffffffffff000000"),
    ({"word_bits": 16, "endian": "big"}, "0001000300020004fffffffdfffefff8", "ffff00ff"),
])
def test_literal_options(options: dict[str, Any], weight: str, bias: str) -> None:
    file = files("bin", b_without_wide(), **options)["net.bin"]
    for tensor, expected in (("conv.weight", weight), ("conv.bias", bias)):
        line = next(v for v in file.holds["tensors"] if v["tensor"] == tensor)
        assert file.data[line["offset"] : line["offset"] + line["bytes"]].hex() == expected


def b_without_wide() -> Graph:
    """The convolution alone: nothing of it passes 16 bits."""
    b = GraphBuilder("net")
    weight = np.array([[[[1, 2]], [[3, 4]]], [[[-1, -2]], [[-3, -8]]]])
    y = b.conv2d(b.input("x", (2, 1, 3), IntType(7)), weight, [-1, 255], weight_type=IntType(4), acc=IntType(18),
                 bias_type=IntType(9), name="conv")
    b.output(b.requantize(y, [3, 200], 17))
    return b.build()


def test_columns_after_a_flatten_go_channel_last() -> None:
    for kind, path in (("decimal", "03_fc.weight.txt"), ("axis", "03_fc.weight.axis")):
        made = files(kind, flatten="hwc")
        text = {"decimal": "-2\n0\n-1\n1\n", "axis": "01ff00fe f 1\n"}[kind]
        assert made[path].data.decode() == text
        assert read_back(kind, made)["fc.weight"].tolist() == [[-2, -1, 0, 1]]


def test_literal_beats_and_lines() -> None:
    made = files("axis", tdata_bits=48)
    assert made["01_conv.weight.axis"].data == b"fdff04020301 3f 0\n00000000f8fe 03 1\n"
    assert made["01_conv.bias.axis"].data == b"000000ffffff 0f 1\n"
    assert made["01_conv.weight.axis"].holds["tdata_bits"] == 48
    assert made["01_conv.weight.axis"].holds["beats"] == 2
    assert files("axis", pack="lsb", tdata_bits=8)["01_conv.weight.axis"].data == b"31 1 0\n42 1 0\ndf 1 0\n8e 1 1\n"
    text = files("decimal", layout="oihw")
    assert text["01_conv.weight.txt"].data == b"1\n2\n3\n4\n-1\n-2\n-3\n-8\n"
    assert text["01_conv.bias.txt"].data == b"-1\n255\n"


@pytest.mark.parametrize(("kind", "options", "fault"), [
    ("bin", {"align": 8}, "align 8 is not one of 4, 16, 64"),
    ("bin", {"align": True}, "align True is not one of 4, 16, 64"),
    ("bin", {"word_bits": 24}, "word_bits 24 is not auto or one of 8, 16, 32, 64"),
    ("bin", {"word_bits": "wide"}, "word_bits 'wide' is not auto or one of"),
    ("bin", {"word_bits": 8}, "conv.bias: word_bits 8 do not hold s9; use 16 or more"),
    ("bin", {"endian": "middle"}, "endian 'middle' does not exist; use one of little, big"),
    ("bin", {"pack": "yes"}, "pack 'yes' does not exist; use one of none, lsb, msb"),
    ("bin", {"layout": "iohw"}, "layout 'iohw' does not exist"),
    ("bin", {"flatten": "whc"}, "flatten 'whc' does not exist; use one of chw, hwc"),
    ("axis", {"tdata_bits": 12}, "tdata_bits 12 is not a multiple of 8 from 8 to 1024"),
    ("axis", {"pack": 1}, "pack 1 does not exist"),
    ("decimal", {"layout": 3}, "layout 3 does not exist"),
])
def test_options_that_do_not_exist(kind: str, options: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError, match=f"^{fault}"):
        files(kind, **options)


def test_reading_the_raw_file_names_what_is_wrong() -> None:
    file = files("bin")["net.bin"]
    holds = {"path": "net.bin", **file.holds}
    data = file.data

    def put(at: int, *values: int) -> bytes:
        return data[:at] + bytes(values) + data[at + len(values) :]

    for changed, fault in (
        (data[:-1], "net.bin offset 36, fc.bias: ends at 40, the file has 39 bytes"),
        (data[:8], "net.bin offset 4, conv.weight: ends at 12, the file has 8 bytes"),
        (data + b"\0", "net.bin offset 40: 1 bytes stand after the last tensor"),
        (put(1, 7), "net.bin offset 1: the bytes before conv.weight are not 0"),
        (put(5, 8), "net.bin offset 4, conv.weight: value 8 at 1 does not fit s4"),
        (put(12, 0, 2), r"net.bin offset 12, conv.bias: value 512 at 0 does not fit s9"),
    ):
        with pytest.raises(CodecError, match=f"^{fault}"):
            raw_bin.read({"net.bin": changed}, holds)
    bias = holds["tensors"][2]
    for change, fault in (
        ({"offset": -1}, "net.bin: manifest says offset -1 after 0 bytes"),
        ({"offset": "0"}, "net.bin: manifest says offset '0' after 0 bytes"),
        ({"endian": "mixed"}, "net.bin: manifest: endian 'mixed' does not exist"),
        ({"packing": {"word_bits": 7}}, "net.bin: manifest: word_bits 7 is not one of"),
        ({"packing": {"lane0": "lsb"}}, "net.bin: manifest: pack lsb is for values of less than 8 bits"),
    ):
        with pytest.raises(ArtefactError, match=f"^{fault}"):
            raw_bin.read({"net.bin": data}, {**holds, "tensors": [{**bias, **change}]})


@pytest.mark.parametrize(("kind", "path", "data", "fault"), [
    ("axis", "01_conv.bias.axis", b"0000ffff f 1\n", None),
    ("axis", "01_conv.bias.axis", b"0000ffff f 0\n0000ffff f 1\n", "01_conv.bias.axis: has 8 bytes, 2 values take 4"),
    ("axis", "01_conv.bias.axis", b"", "01_conv.bias.axis: has 0 bytes, 2 values take 4"),
    ("axis", "01_conv.bias.axis", b"01000000 f 1\n", "01_conv.bias.axis: value 256 at 1 does not fit s9"),
    ("axis", "01_conv.bias.axis", b"0000ffff f 1", "01_conv.bias.axis line 1: the final newline is missing"),
    ("decimal", "01_conv.bias.txt", b"0\n-256\n", None),
    ("decimal", "01_conv.bias.txt", b"0\n", r"01_conv.bias.txt: has 1 values, conv.bias \[2\] needs 2"),
    ("decimal", "01_conv.bias.txt", b"0\n1\n2\n", r"01_conv.bias.txt: has 3 values, conv.bias \[2\] needs 2"),
    ("decimal", "01_conv.bias.txt", b"0\n256\n", "01_conv.bias.txt: value 256 at 1 does not fit s9"),
    ("decimal", "01_conv.bias.txt", b"0\n1.5\n", "01_conv.bias.txt line 2: '1.5' is not a decimal integer"),
])
def test_reading_text_names_what_is_wrong(kind: str, path: str, data: bytes, fault: str | None) -> None:
    holds = {"path": path, **files(kind)[path].holds}
    if fault is None:
        FORMATS[kind].read({path: data}, holds)
        return
    with pytest.raises(CodecError, match=f"^{fault}"):
        FORMATS[kind].read({path: data}, holds)


@pytest.mark.hardware
def test_a_program_finds_the_tensors_by_the_header(tmp_path: Path) -> None:
    for path, file in files("bin", align=64).items():
        (tmp_path / path).write_bytes(file.data)
    (tmp_path / "main.c").write_text("""\
#include <stdint.h>
#include <stdio.h>
#include "net_bin.h"
static unsigned char data[NET_BIN_BYTES];
int main(void) {
    FILE *file = fopen("net.bin", "rb");
    const size_t held = file == NULL ? 0 : fread(data, 1, sizeof data, file);
    if (file != NULL) {
        fclose(file);
    }
    printf("%d", held == sizeof data && NET_01_CONV_BIAS_OFFSET % NET_BIN_ALIGN == 0);
    for (unsigned k = 0; k < NET_01_CONV_WEIGHT_COUNT; k++) {
        printf(" %d", (int8_t)data[NET_01_CONV_WEIGHT_OFFSET + k]);
    }
    for (unsigned k = 0; k < NET_01_CONV_BIAS_BYTES; k += 2) {
        printf(" %d", (int16_t)(data[NET_01_CONV_BIAS_OFFSET + k] | data[NET_01_CONV_BIAS_OFFSET + k + 1] << 8));
    }
    return 0;
}
""")
    run([need_tool("gcc"), *C_FLAGS, "main.c", "-o", "main"], tmp_path)
    assert run([str(tmp_path / "main")], tmp_path) == b"1 1 3 2 4 -1 -3 -2 -8 -1 255"


@pytest.mark.hardware
def test_verilog_plays_the_beats(tmp_path: Path) -> None:
    (tmp_path / "weight.axis").write_bytes(files("axis")["01_conv.weight.axis"].data)
    bench = tmp_path / "bench.v"
    bench.write_text("""\
module bench;
    reg [31:0] tdata;
    reg [3:0] tkeep;
    reg tlast;
    integer file, k, found;
    initial begin
        file = $fopen("weight.axis", "r");
        tlast = 0;
        while (!tlast) begin
            found = $fscanf(file, "%h %h %b\\n", tdata, tkeep, tlast);
            for (k = 0; k < 4; k = k + 1) if (tkeep[k]) $display("%0d", $signed(tdata[8*k +: 8]));
        end
        $finish;
    end
endmodule
""")
    assert [int(v) for v in simulate_iverilog([bench], tmp_path)] == [1, 3, 2, 4, -1, -3, -2, -8]
