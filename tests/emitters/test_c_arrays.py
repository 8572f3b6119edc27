"""Constants as C: literal text in every flavour, read back, what a flavour cannot express, every fault named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.emitters.c_arrays import read, write
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EmittedFile
from edgeq.errors import CodecError, InputError
from tests.emitters.graphs import GRAPHS, built

S8, S4 = IntType(8), IntType(4)
Q31 = {"rounding": "two_stage", "zero_point": -7}


def files(net: Graph, **options: Any) -> dict[str, EmittedFile]:
    return {f.path.removeprefix("c_arrays/"): f for f in write(net, {}, **options)}


def text(net: Graph, name: str, **options: Any) -> str:
    return files(net, **options)[name].data.decode()


def values_of(source: str, symbol: str) -> list[int]:
    """Return the numbers of an array, by splitting the text alone."""
    body = source.split(f" {symbol}[", 1)[1].split("{", 1)[1].split(";", 1)[0]
    return [int(v) for v in body.replace("\n", " ").replace("{", "").replace("}", "").split(",")]


def read_back(net: Graph, **options: Any) -> dict[str, Any]:
    made = list(write(net, {}, **options))
    held = {f.path: f.data for f in made}
    got: dict[str, Any] = {}
    for file in made:
        got |= read(held, {"path": file.path, **file.holds})
    return got


def kernels() -> Graph:
    """A convolution, a depthwise one of 4 bits with two outputs a channel, a linear layer after a flatten."""
    b = GraphBuilder("net")
    x = b.input("x", (2, 3, 4), S8, zero_point=5)
    y = b.conv2d(x, np.arange(8).reshape(2, 2, 1, 2) - 3, [100, -200], padding=(1, 0, 0, 2), stride=(1, 2), name="conv")
    y = b.requantize(y, [1 << 30, (1 << 31) - 1], [33, 31], **Q31, clamp=(-7, 90))
    weight = np.arange(12).reshape(4, 1, 1, 3) - 6
    y = b.conv2d(y, weight, groups=2, weight_type=S4, dilation=(1, 1), name="deep")
    y = b.requantize(y, 3 << 29, 35, rounding="two_stage", overflow="saturate_symmetric")
    y = b.linear(b.flatten(y), np.arange(16).reshape(1, 16), weight_zero_point=3, name="fc")
    b.output(b.requantize(y, 1 << 30, 40, rounding="two_stage"))
    return b.build()


def systolic() -> Graph:
    """A convolution with ReLU and a pool, a depthwise one, a linear layer after a flatten: no zero points."""
    b = GraphBuilder("net")
    y = b.conv2d(b.input("x", (2, 4, 4), S8), np.arange(24).reshape(3, 2, 2, 2) - 12, [1, -2, 3], padding=1,
                 name="conv")
    y = b.max_pool2d(b.requantize(y, 3, 6, rounding="ties_even", clamp=(0, 127)), 2, 2)
    y = b.requantize(b.conv2d(y, np.arange(3).reshape(3, 1, 1, 1) - 1, groups=3, name="deep"), 1, 0,
                     rounding="ties_even")
    y = b.linear(b.flatten(y), np.arange(24).reshape(2, 12), name="fc")
    b.output(b.requantize(y, 5, 7, rounding="ties_even"))
    return b.build()


def test_plain_literal() -> None:
    b = GraphBuilder("a/net")
    y = b.conv2d(b.input("x", (2, 3, 3), S8, zero_point=-3), [[[[1, 2]], [[3, -4]]]], [1 << 40], weight_type=S4,
                 acc=IntType(48), name="0.conv")
    b.output(b.requantize(y, 7, 3, zero_point=9))
    made = files(b.build(), align=64, section=".weights")
    assert sorted(made) == ["a_net_arrays.c", "a_net_arrays.h", "edgeq_platform.h"]
    source, header = (made[f"a_net_arrays.{end}"].data.decode() for end in "ch")
    place = 'EDGEQ_SECTION(".weights") EDGEQ_ALIGN(64)'
    assert f"\n{place} const int8_t a_net_01_0_conv_weight[4] = {{\n    1, 3, 2, -4\n}};\n" in source
    assert f"\n{place} const int64_t a_net_01_0_conv_bias[1] = {{\n    INT64_C(1099511627776)\n}};\n" in source
    assert ("/* 0.conv.weight: s4[1, 1, 2, 2], ohwi */\n#define A_NET_01_0_CONV_WEIGHT_SIZE 4\n"
            "#define A_NET_01_0_CONV_WEIGHT_DIMS {1, 1, 2, 2}\nextern const int8_t a_net_01_0_conv_weight[4];\n"
            ) in header
    assert header.endswith("#define A_NET_00_X_ZERO_POINT (-3)\n#define A_NET_01_0_CONV_ZERO_POINT 9\n\n#endif\n")
    assert "EDGEQ_CONSTANT_PLACEMENT EDGEQ_ALIGN(4) const" in text(b.build(), "a_net_arrays.c", align=4, layout="hwio")


@pytest.mark.parametrize("layout", ["ohwi", "ihwo"])
@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_constant_of_every_op_comes_back(name: str, layout: str) -> None:
    net = built(name)
    got = read_back(net, layout=layout)
    expected = {p.name: p.array for p in parameters(net)}
    assert sorted(got) == sorted(expected)
    for tensor, array in expected.items():
        assert got[tensor].shape == array.shape
        assert np.array_equal(got[tensor], array), tensor


def test_cmsis_nn_literal() -> None:
    made = files(kernels(), flavour="cmsis_nn")
    source, header = (made[f"net_arrays.{end}"].data.decode() for end in "ch")
    assert ('#include "arm_nn_types.h"\n#include "edgeq_platform.h"\n\n#if defined(CMSIS_NN_USE_SINGLE_ROUNDING)\n'
            '#error "these multipliers are for CMSIS-NN without CMSIS_NN_USE_SINGLE_ROUNDING"\n#endif\n') in header
    assert values_of(source, "net_01_conv_weight") == [-3, -1, -2, 0, 1, 3, 2, 4]  # o, h, w, i
    assert values_of(source, "net_01_conv_bias") == [100, -200]
    assert values_of(source, "net_01_conv_multiplier") == [1 << 30, (1 << 31) - 1]
    assert values_of(source, "net_01_conv_shift") == [-2, 0]
    for line in (
        "const cmsis_nn_conv_params net_01_conv_params = {.input_offset = -5, .stride = {.w = 2, .h = 1}, "
        ".padding = {.w = 0, .h = 1}, .dilation = {.w = 1, .h = 1}, .output_offset = -7, "
        ".activation = {.min = -7, .max = 90}};",
        "const cmsis_nn_per_channel_quant_params net_01_conv_quant_params = {.multiplier = "
        "(int32_t *)net_01_conv_multiplier, .shift = (int32_t *)net_01_conv_shift};",
        "const cmsis_nn_dims net_01_conv_input_dims = {.n = 1, .h = 3, .w = 4, .c = 2};",
        "const cmsis_nn_dims net_01_conv_filter_dims = {.n = 2, .h = 1, .w = 2, .c = 2};",
        "const cmsis_nn_dims net_01_conv_output_dims = {.n = 1, .h = 4, .w = 3, .c = 2};",
        "const cmsis_nn_dw_conv_params net_02_deep_params = {.input_offset = 7, .ch_mult = 2, .stride = {.w = 1, "
        ".h = 1}, .padding = {.w = 0, .h = 0}, .dilation = {.w = 1, .h = 1}, .output_offset = 0, "
        ".activation = {.min = -127, .max = 127}};",
        "const cmsis_nn_dims net_02_deep_filter_dims = {.n = 1, .h = 1, .w = 3, .c = 4};",
        "const cmsis_nn_fc_params net_04_fc_params = {.input_offset = 0, .filter_offset = -3, .output_offset = 0, "
        ".activation = {.min = -128, .max = 127}};",
        "const cmsis_nn_quant_params net_04_fc_quant_params = {.multiplier = (int32_t *)net_04_fc_multiplier, "
        ".shift = (int32_t *)net_04_fc_shift, .is_per_channel = 0};",
        "const cmsis_nn_dims net_04_fc_filter_dims = {.n = 16, .h = 1, .w = 1, .c = 1};",
    ):
        assert line in source, line
    # 1, h, w, o: -6 -3 0 3, -5 -2 1 4, -4 -1 2 5; low nibble first
    assert values_of(source, "net_02_deep_weight") == [-38, 48, -21, 65, -4, 82]
    # h, w, c of the columns c*4 + h: 4 channels of 4 rows
    assert values_of(source, "net_04_fc_weight") == [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]
    assert "/* deep: arm_depthwise_conv_wrapper_s4 */" in source


def test_cmsis_nn_sums_are_rescaled_by_macros() -> None:
    b = GraphBuilder("net")
    x, y = (b.input(n, (2, 3), S8, zero_point=z) for n, z in (("x", 3), ("y", -4)))
    common = {"left_shift": 20, "rounding": "two_stage", "type": IntType(32)}
    total = b.add(b.requantize(x, 1 << 30, 31, **common, name="a"), b.requantize(y, 5 << 28, 32, **common, name="b"))
    b.output(b.requantize(total, 3 << 29, 49, rounding="two_stage", zero_point=11, clamp=(11, 127)))
    made = files(b.build(), flavour="cmsis_nn")
    source, header = (made[f"net_arrays.{end}"].data.decode() for end in "ch")
    assert values_of(source, "net_02_b_multiplier") == [5 << 28]
    assert values_of(source, "net_02_b_shift") == [-1]
    assert ("#define NET_02_B_INPUT_OFFSET 4\n#define NET_02_B_LEFT_SHIFT 20\n#define NET_02_B_OUTPUT_OFFSET 0\n"
            "#define NET_02_B_ACTIVATION_MIN (-INT64_C(2147483648))\n") in header
    assert ("#define NET_03_ADD_0_OUTPUT_OFFSET 11\n#define NET_03_ADD_0_ACTIVATION_MIN 11\n"
            "#define NET_03_ADD_0_ACTIVATION_MAX 127\n") in header


def test_cmsis_nn_with_one_rounding_says_so() -> None:
    b = GraphBuilder("net")
    y = b.conv1d(b.input("x", (2, 5), S8), np.arange(6).reshape(1, 2, 3), padding=(1, 0), stride=2, name="line")
    b.output(b.requantize(y, 1 << 30, 36, rounding="ties_up"))
    made = files(b.build(), flavour="cmsis_nn")
    assert "#if !defined(CMSIS_NN_USE_SINGLE_ROUNDING)\n#error" in made["net_arrays.h"].data.decode()
    source = made["net_arrays.c"].data.decode()
    assert values_of(source, "net_01_line_weight") == [0, 3, 1, 4, 2, 5]
    assert "net_01_line_input_dims = {.n = 1, .h = 1, .w = 5, .c = 2};" in source
    assert "net_01_line_filter_dims = {.n = 1, .h = 1, .w = 3, .c = 2};" in source
    assert ".stride = {.w = 2, .h = 1}, .padding = {.w = 1, .h = 0}" in source


def test_gemmini_literal() -> None:
    header = text(systolic(), "net_params.h", flavour="gemmini", align=64)
    assert header.split("\n")[1:7] == ["#ifndef NET_PARAMS_H", "#define NET_PARAMS_H", "", "#include <stdbool.h>", "",
                                       '#include "include/gemmini_nn.h"']
    assert "\nstatic EDGEQ_CONSTANT_PLACEMENT EDGEQ_ALIGN(64) const elem_t net_01_conv_w[8][3] row_align(1) = {" in (
        header)
    assert values_of(header, "net_01_conv_w")[:6] == [-12, -4, 4, -8, 0, 8]  # rows kh, kw, i; columns o
    assert " const acc_t net_01_conv_b[3] row_align_acc(1) = {\n    1, -2, 3\n};" in header
    assert (
        "static const struct ConvParams net_01_conv_params = {.batch_size = 1, .in_row_dim = 4, .in_col_dim = 4, "
        ".out_row_dim = 5, .out_col_dim = 5, .kernel_size = 2, .in_channels = 2, .out_channels = 3, .stride = 1, "
        ".padding = 1, .bias = true, .depthwise = false, .n_patches = 25, .patch_size = 8, "
        ".output_scale = 0x1.8000000000000p-5, .res_scale = MVIN_SCALE_IDENTITY, .pool_size = 2, .pool_stride = 2, "
        ".pool_padding = 0, .out_dim_pooled = 2, .I = 25, .J = 3, .K = 8};\n#define NET_01_CONV_ACT RELU\n") in header
    assert "const elem_t net_03_deep_w[3][1][1] row_align(1) = {\n    {{-1}},\n    {{0}},\n    {{1}}\n};" in header
    assert ".bias = false, .depthwise = true" in header
    assert values_of(header, "net_05_fc_w") == [  # rows h, w, c; columns o
        0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23]
    assert ("static const struct FcParams net_05_fc_params = {.batch_size = 1, .in_features = 12, .out_features = 2, "
            ".output_scale = 0x1.4000000000000p-5, .bias = false, .I = 1, .J = 2, .K = 12};\n"
            "#define NET_05_FC_ACT NO_ACTIVATION\n") in header
    assert "/* fc: output_scale 0.0390625 gives the graph's integers */" in header


@pytest.mark.parametrize(("net", "flavour"), [(kernels, "cmsis_nn"), (systolic, "gemmini")])
def test_flavours_are_read_back(net: Any, flavour: str) -> None:
    made = net()
    got = read_back(made, flavour=flavour)
    expected = {p.name: p.array for p in parameters(made)}
    assert len(got) == {"cmsis_nn": 12, "gemmini": 9}[flavour]
    for tensor, array in got.items():
        assert np.array_equal(array.reshape(-1), expected[tensor].reshape(-1)), tensor
        assert array.shape == expected[tensor].shape


def test_a_scale_that_float32_rounds_is_written_when_asked_and_said() -> None:
    net = inexact()
    with pytest.raises(InputError, match="layer 'conv': its float32 scale"):
        files(net, flavour="gemmini")
    made = files(net, flavour="gemmini", exact=False)["net_params.h"]
    assert (b"/* conv: output_scale 0.5 gives NOT the graph's integers: 64 of the 256 sums -128..127 differ */"
            ) in made.data
    assert [line["tensor"] for line in made.holds["tensors"]] == ["conv.weight", "conv.bias"]


def inexact() -> Graph:
    b = GraphBuilder("net")
    b.output(b.requantize(b.conv2d(b.input("x", (1, 2, 2), S8), [[[[1]]]], name="conv"), (1 << 30) - 1, 31))
    return b.build()


def test_cmsis_nn_has_one_rounding() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2,), S8)
    b.output(b.requantize(x, 1 << 30, 31, rounding="two_stage", name="a"))
    b.output(b.requantize(x, 1 << 30, 31, rounding="ties_up", name="b"))
    with pytest.raises(InputError, match="layer 'b': rounding ties_up, others have two_stage, and the library is"):
        files(b.build(), flavour="cmsis_nn")


def test_options_that_do_not_exist() -> None:
    for options, fault in (
        ({"flavour": "tvm"}, "flavour 'tvm' does not exist; flavours are plain, cmsis_nn, gemmini"),
        ({"layout": "iohw"}, "layout 'iohw' does not exist"),
        ({"align": 8}, "align 8 is not one of 4, 16, 64"),
        ({"align": "16"}, "align '16' is not one of 4, 16, 64"),
        ({"align": [4]}, r"align \[4\] is not one of 4, 16, 64"),
        ({"section": 'a"b'}, "section 'a\"b' is not a section's name"),
        ({"section": 7}, "section 7 is not a section's name"),
        ({"exact": "no"}, "exact 'no' is neither true nor false"),
    ):
        with pytest.raises(InputError, match=fault):
            files(systolic(), **options)


@pytest.mark.parametrize(("flavour", "old", "new", "fault"), [
    ("cmsis_nn", "net_01_conv_bias[2]", "net_01_bias[2]", "net_01_conv_bias: the file has no such array"),
    ("cmsis_nn", "    100, -200", "    100, -200, 3", "net_01_conv_bias: has 3 values, declares 2"),
    ("cmsis_nn", "    100, -200", "    100, 0x1", "net_01_conv_bias: '0x1' is not an integer of 64 bits"),
    ("cmsis_nn", "    100, -200", "    100, 18446744073709551616", "net_01_conv_bias: .* is not an integer of 64"),
    ("cmsis_nn", "    100, -200", "    100, 2147483648", "net_01_conv_bias: value 2147483648 at 1 does not fit s32"),
    ("cmsis_nn", "    -38, 48", "    -38, 480", "net_02_deep_weight: 6 bytes do not hold 12 values of 4 bits"),
    ("cmsis_nn", "deep_weight[6] = {\n    -38, ", "deep_weight[5] = {\n    ",
     "net_02_deep_weight: 5 bytes do not hold 12 values"),
    ("cmsis_nn", "deep_shift[4] = {\n    -4, -4", "deep_shift[4] = {\n    -4, -5",
     "net_02_deep_shift: its values differ"),
    ("gemmini", "0x1.8000000000000p-5", "0x1.9000000000000p-5", "net_01_conv_params.output_scale: .* is not a whole"),
    ("gemmini", "0x1.8000000000000p-5", "1e5x", "net_01_conv_params.output_scale: '1e5x' is not a float"),
    ("gemmini", ".output_scale = 0x1.8", ".scale = 0x1.8",
     "net_01_conv_params.output_scale: the file has no such field"),
    ("gemmini", "    {-12, ", "    {-129, ", "net_01_conv_w: value -129 at 0 does not fit s8"),
    ("gemmini", "/* Written", "/* \x80", "is not ASCII"),
])
def test_reading_names_what_is_wrong(flavour: str, old: str, new: str, fault: str) -> None:
    name = "net_arrays.c" if flavour == "cmsis_nn" else "net_params.h"
    file = files(kernels() if flavour == "cmsis_nn" else systolic(), flavour=flavour)[name]
    assert old in file.data.decode()
    data = file.data.decode().replace(old, new, 1).encode("latin-1")
    with pytest.raises(CodecError, match=f"{file.path}[,:] {fault}"):
        read({file.path: data}, {"path": file.path, **file.holds})
