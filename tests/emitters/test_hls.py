"""C++ for high-level synthesis: literal text, read back, faults; compiled against both vendors' headers and run."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.emitters.hls import read, write
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EmittedFile
from edgeq.errors import CodecError, InputError
from edgeq.ir.quantization import Table
from edgeq.ir.tensor import Constant
from tests.emitters.graphs import GRAPHS, built
from tests.tools import need_tool, run

HEADERS = {"ap_int": "ap_fixed", "ac_int": "ac_int"}
"""The judge whose headers declare a type."""


def graph() -> Graph:
    """Weights of 1, 2, 4 and 16 bits, biases of 9 to 64 with both ends, a table of pixels."""
    b = GraphBuilder("a/net")
    table = Table(Constant(np.arange(256)[None] // 2 - 64))
    x = b.input("x", (2, 3, 3), IntType(7), zero_point=-5, quantization=table)
    y = b.conv2d(x, [[[[1, 2]], [[3, -8]]], [[[0, -1]], [[7, 5]]]], [-256, 255], weight_type=IntType(4),
                 acc=IntType(18), bias_type=IntType(9), name="0.conv")
    y = b.requantize(y, [3, (1 << 32) - 1], [17, 40])
    flat = b.flatten(y)
    ends = [(1 << 62) - 1, -(1 << 62)]
    b.output(b.linear(flat, np.arange(24).reshape(2, 12) * 2000 - 32768, ends, weight_type=IntType(16),
                      acc=IntType(64), name="wide"))
    bits = np.arange(12).reshape(1, 12) % 2
    b.output(b.linear(flat, bits, [1 << 31], weight_type=IntType(1, signed=False), acc=IntType(33), name="bit"))
    b.output(b.linear(flat, bits * 2 - 1, -(1 << 31), weight_type=IntType(2), name="sign"))
    return b.build()


def files(net: Graph | None = None, **options: Any) -> dict[str, EmittedFile]:
    return {f.path.removeprefix("hls/"): f for f in write(net or graph(), {}, **options)}


def read_back(made: dict[str, EmittedFile]) -> list[dict[str, Any]]:
    held = {f.path: f.data for f in made.values()}
    return [dict(found) for f in made.values() if (found := read(held, {"path": f.path, **f.holds}))]


def test_literal_header() -> None:
    made = files()
    assert sorted(made) == ["a_net_constants.h", "a_net_testbench.cpp", "a_net_values.txt", "edgeq_values.h"]
    text = made["a_net_constants.h"].data.decode()
    assert "#include <cstdint>\n\n#include <ap_int.h>\n" in text
    assert (
        "// 0.conv.weight: s4[2, 1, 2, 2], ohwi\n"
        "typedef ap_int<4> a_net_01_0_conv_weight_t;\n"
        "static const unsigned a_net_01_0_conv_weight_o = 2;\n"
        "static const unsigned a_net_01_0_conv_weight_h = 1;\n"
        "static const unsigned a_net_01_0_conv_weight_w = 2;\n"
        "static const unsigned a_net_01_0_conv_weight_i = 2;\n"
        "static const unsigned a_net_01_0_conv_weight_size = 8;\n"
        "static const a_net_01_0_conv_weight_t a_net_01_0_conv_weight[8] = {\n    1, 3, 2, -8, 0, 7, -1, 5\n};\n"
        'static_assert(a_net_01_0_conv_weight_t::width == 4, "a_net_01_0_conv_weight: width");\n'
        "static_assert(a_net_01_0_conv_weight_o * a_net_01_0_conv_weight_h * a_net_01_0_conv_weight_w * "
        'a_net_01_0_conv_weight_i == a_net_01_0_conv_weight_size, "a_net_01_0_conv_weight: dimensions");\n') in text
    assert "typedef ap_uint<32> a_net_01_0_conv_multiplier_t;" in text
    assert "    3, INT64_C(4294967295)\n};" in text
    assert "static const int a_net_00_x_zero_point = -5;\n" in text
    other = files(types="ac_int", layout="oihw")["a_net_constants.h"].data.decode()
    assert "#include <ac_int.h>\n" in other
    assert "typedef ac_int<4, true> a_net_01_0_conv_weight_t;" in other
    assert "typedef ac_int<1, false> a_net_04_bit_weight_t;" in other
    assert "    1, 2, 3, -8, 0, -1, 7, 5\n" in other


def test_literal_values_and_testbench() -> None:
    made = files()
    values = made["a_net_values.txt"].data.decode()
    assert "a_net_01_0_conv_weight 8\n1\n3\n2\n-8\n0\n7\n-1\n5\na_net_01_0_conv_bias 2\n-256\n255\n" in values
    bench = made["a_net_testbench.cpp"].data.decode()
    assert '    values.compare("a_net_01_0_conv_bias", a_net_01_0_conv_bias);\n' in bench
    assert '#include "a_net_constants.h"\n' in bench


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_constant_of_every_op_comes_back_twice(name: str) -> None:
    net = built(name)
    expected = {p.name: p.array for p in parameters(net)}
    header, values = read_back(files(net))
    for got in (header, values):
        assert sorted(got) == sorted(expected)
        for tensor, array in expected.items():
            assert got[tensor].shape == array.shape
            assert np.array_equal(got[tensor], array), tensor


def test_columns_after_a_flatten() -> None:
    for got in read_back(files(flatten="hwc")):
        assert got["sign.weight"].tolist() == [[-1, 1] * 6]
    assert "-1, -1, 1, 1, -1, -1" in files(flatten="hwc")["a_net_constants.h"].data.decode()


def test_options_that_do_not_exist() -> None:
    for options, fault in (
        ({"types": "int"}, "types 'int' does not exist; use one of ap_int, ac_int"), ({"types": 3}, "types 3 does not"),
        ({"types": ["ap_int"]}, r"types \['ap_int'\] does not exist"),
        ({"layout": "iohw"}, "layout 'iohw' does not exist"), ({"flatten": 0}, "flatten 0 does not exist"),
    ):
        with pytest.raises(InputError, match=fault):
            files(**options)


@pytest.mark.parametrize(("name", "old", "new", "fault"), [
    ("constants.h", "a_net_01_0_conv_bias[2]", "conv_bias[2]", r"hls/.*, a_net_01_0_conv_bias: the file has no"),
    ("constants.h", "    -256, 255", "    -257, 255", "value -257 at 0 does not fit s9"),
    ("constants.h", "    -256, 255", "    -256", "has 1 values, declares 2"),
    ("constants.h", "    -256, 255", "    -256, x", "'x' is not an integer of 64 bits"),
    ("values.txt", "conv_bias 2\n", "conv_bias 1\n", r"line \d+, a_net_01_0_conv_bias: has 1 values, "),
    ("values.txt", "conv_bias 2\n", "bias 2\n", r"line \d+: is not the name a_net_01_0_conv_bias and its number"),
    ("values.txt", "-256\n255\n", "-256\n", r"line \d+: .* is not a decimal integer"),
    ("values.txt", "-256\n", "-257\n", "value -257 at 0 does not fit s9"),
    ("values.txt", "conv_bias 2\n", "conv_bias 999999999999\n", r"line \d+: .* is not a decimal integer"),
])
def test_reading_names_what_is_wrong(name: str, old: str, new: str, fault: str) -> None:
    file = files()[f"a_net_{name}"]
    text = file.data.decode()
    assert old in text
    with pytest.raises(CodecError, match=fault):
        read({file.path: text.replace(old, new, 1).encode()}, {"path": file.path, **file.holds})
    for data in (file.data[:-40], file.data + b"1\n") if name == "values.txt" else (b"\xff" + file.data,):
        with pytest.raises(CodecError, match=file.path):
            read({file.path: data}, {"path": file.path, **file.holds})


@pytest.mark.hardware
@pytest.mark.parametrize("types", HEADERS)
def test_vendors_headers_hold_every_value(types: str, tmp_path: Path) -> None:
    compiler, headers = need_tool("g++"), need_tool(HEADERS[types])
    made = files(types=types)
    for name, file in made.items():
        (tmp_path / name).write_bytes(file.data)
    warnings = ["-Wall", "-Wextra", "-Werror", "-isystem", headers]
    run([compiler, "-std=c++11", "-O0", *warnings, "a_net_testbench.cpp", "-o", "testbench"], tmp_path)
    count = sum(p.array.size for p in parameters(graph()))
    arrays = len([*parameters(graph())])
    assert run(["./testbench"], tmp_path) == f"EDGEQ_HLS PASS: {arrays} arrays, {count} values\n".encode()
    values = made["a_net_values.txt"].data
    for changed, said in (
        (values.replace(b"-256\n", b"-255\n"), b"EDGEQ_HLS FAIL: a_net_01_0_conv_bias differs at 0\n"),
        (values[:-2], b"EDGEQ_HLS FAIL: a_net_05_sign_bias differs at 0\n"),
        (values + b"more 1\n", b"EDGEQ_HLS FAIL: other.txt holds more than the header\n"),
        (b"", b"EDGEQ_HLS FAIL: a_net_00_x_table is not in other.txt with its number of values\n"),
    ):
        (tmp_path / "other.txt").write_bytes(changed)
        done = subprocess.run(["./testbench", "other.txt"], cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (1, said)
