"""Compile the constants: every op's, and those for CMSIS-NN and Gemmini, of which kernels make the graph's integers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType, simulate
from edgeq.emitters.c_arrays import write
from tests.emitters.graphs import GRAPHS
from tests.emitters.libraries import ARM_NN_TYPES, CMSIS_NN_KERNELS, GEMMINI_KERNELS, GEMMINI_NN
from tests.emitters.made import codes
from tests.tools import C_FLAGS, SANITIZE, need_tool, run

pytestmark = pytest.mark.hardware
S8, S4 = IntType(8), IntType(4)
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")


def put(net: Graph, folder: Path, **options: object) -> list[str]:
    """Write a graph's files; return the paths of its sources."""
    made = list(write(net, {}, **options))
    for file in made:
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.data)
    return [f.path for f in made if f.path.endswith(".c")]


def test_constants_of_every_op_compile(tmp_path: Path) -> None:
    gcc = need_tool("gcc")
    sources = []
    for name in GRAPHS:
        net, _ = GRAPHS[name]()
        made = put(net, tmp_path / name, section=".weights" if name == "small" else "")
        sources += [f"{name}/{path}" for path in made]
    run([gcc, *STRICT, "-fsyntax-only", *sources], tmp_path)
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "small/c_arrays/net_arrays.h"\n'
        "int main(void) {\n    const int dims[] = NET_01_CONV_WEIGHT_DIMS;\n"
        '    printf("%d %d %d %d ", dims[0], dims[3], NET_01_CONV_WEIGHT_SIZE, NET_00_X_ZERO_POINT);\n'
        '    printf("%d\\n", (int)((unsigned long)(const void *)net_01_conv_weight % 16u));\n    return 0;\n}\n')
    run([gcc, *STRICT, "main.c", "small/c_arrays/net_arrays.c", "-o", "main"], tmp_path)
    assert run([str(tmp_path / "main")], tmp_path) == b"3 2 54 -3 0\n"


def mixed() -> Graph:
    """Layers of every kernel of CMSIS-NN: padding on four sides, groups, 4 bits, two outputs a channel, offsets."""
    rng = np.random.default_rng(7)
    b = GraphBuilder("net")
    x = b.input("x", (3, 7, 6), S8, zero_point=-9)

    def scaled(acc: object, channels: int, zero_point: int, **more: object) -> object:
        shift = rng.integers(36, 40, channels) if channels > 1 else 37
        multiplier = rng.integers(1 << 30, 1 << 31, channels) if channels > 1 else (1 << 31) - 5
        return b.requantize(acc, multiplier, shift, rounding="two_stage", zero_point=zero_point, **more)

    y = b.conv2d(x, rng.integers(-127, 128, (4, 3, 3, 2)), rng.integers(-3000, 3000, 4), padding=(1, 2, 0, 1),
                 stride=(1, 2), name="conv")
    y = scaled(y, 4, 5, clamp=(5, 127))
    y = b.conv2d(y, rng.integers(-8, 8, (8, 1, 2, 3)), rng.integers(-99, 99, 8), groups=4, weight_type=S4,
                 padding=(0, 1, 1, 1), dilation=(2, 1), name="deep")
    y = scaled(y, 8, -3)
    y = b.conv2d(y, rng.integers(-8, 8, (3, 8, 1, 1)), weight_type=S4, name="point")
    y = scaled(y, 3, 1)
    y = b.conv2d(y, rng.integers(-127, 128, (3, 1, 3, 3)), groups=3, padding=1, name="own")
    y = scaled(y, 3, 2)
    y = b.conv2d(b.concat([y, y]), rng.integers(-127, 128, (4, 3, 2, 2)), groups=2, name="two")
    y = scaled(y, 4, -1)
    y = b.linear(b.flatten(y), rng.integers(-127, 128, (5, 4 * y.type.shape[1] * y.type.shape[2])), 77,
                 weight_zero_point=6, name="fc")
    b.output(scaled(y, 1, -20))
    return b.build()


LAYERS = {  # kernel and operand
    "conv": ("convolve", "x"), "deep": ("depthwise", "conv"), "point": ("convolve", "deep"),
    "own": ("depthwise", "point"), "two": ("convolve", "concat_0"), "fc": ("fully_connected", "two"),
}


def test_cmsis_nn_kernels_compute_the_graphs_integers(tmp_path: Path) -> None:
    """Each layer is computed from the simulator's operand by its arrays and structs alone."""
    gcc, net = need_tool("gcc"), mixed()
    (tmp_path / "arm_nn_types.h").write_text(ARM_NN_TYPES)
    sources = put(net, tmp_path, flavour="cmsis_nn", section=".weights")
    values = simulate(net, {"x": codes(np.random.default_rng(8), S8, (3, 7, 6), 3)}).values
    stems = {layer.name: f"net_{k:02d}_{layer.name}" for k, layer in enumerate(net.layers, 1)}
    calls, stdin, expected = [], b"", b""
    for name, (kernel, operand) in LAYERS.items():
        calls.append(call(kernel, stems[name], ", true" if name in ("deep", "point") else
                          "" if kernel == "fully_connected" else ", false"))
        stdin += last(values[operand])
        expected += last(values[name])
    main = "int main(void)\n{\n" + "".join(calls) + "    return 0;\n}\n"
    (tmp_path / "main.c").write_text(CMSIS_NN_KERNELS + '\n#include "c_arrays/net_arrays.h"\n\n' + main)
    flags = [f for f in C_FLAGS if f != "-Wconversion"]
    run([gcc, *flags, *SANITIZE, "-I.", "main.c", *sources, "-o", "main"], tmp_path)
    got = run([str(tmp_path / "main")], tmp_path, stdin)
    assert len(got) == len(expected)
    wrong = np.flatnonzero(np.frombuffer(got, np.int8) != np.frombuffer(expected, np.int8))
    assert wrong.size == 0, f"{wrong.size} of {len(got)} values differ, the first at {wrong[0]}"
    done = run_fails([gcc, "-fsyntax-only", "-DCMSIS_NN_USE_SINGLE_ROUNDING", "-I.", *sources], tmp_path)
    assert "these multipliers are for CMSIS-NN without CMSIS_NN_USE_SINGLE_ROUNDING" in done


def call(kernel: str, base: str, packed: str) -> str:
    """Return C that runs one layer on three images of standard input."""
    size = {side: f"{base}_{side}_dims.n * {base}_{side}_dims.h * {base}_{side}_dims.w * {base}_{side}_dims.c"
            for side in ("input", "output")}
    arrays = ", ".join((f"&{base}_params, &{base}_quant_params, &{base}_input_dims, x, &{base}_filter_dims",
                        f"{base}_weight, {base}_bias, &{base}_output_dims, y{packed}"))
    return (f"    for (int image = 0; image < 3; image++) {{\n        static int8_t x[4096], y[4096];\n"
            f"        if (fread(x, 1, (size_t)({size['input']}), stdin) == 0) {{\n            return 1;\n        }}\n"
            f"        {kernel}({arrays});\n        fwrite(y, 1, (size_t)({size['output']}), stdout);\n    }}\n")


def last(values: np.ndarray) -> bytes:
    """Return images with the channel last."""
    return np.moveaxis(values, 1, -1).astype(np.int8).tobytes()


def run_fails(command: list[str], folder: Path) -> str:
    """Return what a program says that has to fail."""
    with pytest.raises(AssertionError) as caught:
        run(command, folder)
    return str(caught.value)


def systolic() -> Graph:
    """Convolutions with and without pool, ReLU, bias; a depthwise one; a linear layer after a flatten."""
    rng = np.random.default_rng(9)
    b = GraphBuilder("net")
    even = {"rounding": "ties_even"}
    y = b.conv2d(b.input("x", (3, 6, 6), S8), rng.integers(-127, 128, (4, 3, 3, 3)), rng.integers(-999, 999, 4),
                 padding=1, name="conv")
    y = b.max_pool2d(b.requantize(y, 3, 11, **even, clamp=(0, 127)), 3, 2, 1)
    y = b.requantize(b.conv2d(y, rng.integers(-127, 128, (4, 1, 2, 2)), groups=4, name="deep"), 1, 7, **even)
    y = b.requantize(b.conv2d(y, rng.integers(-127, 128, (5, 4, 1, 1)), [1, 2, 3, 4, 5], stride=2, name="point"), 5, 11,
                     **even)
    y = b.requantize(b.linear(b.flatten(y), rng.integers(-127, 128, (3, 5)), name="fc"), 7, 12, **even)
    b.output(y)
    return b.build()


def test_gemmini_kernels_compute_the_graphs_integers(tmp_path: Path) -> None:
    gcc, net = need_tool("gcc"), systolic()
    put(net, tmp_path, flavour="gemmini")
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "gemmini_nn.h").write_text(GEMMINI_NN)
    images = 64
    inputs = codes(np.random.default_rng(10), S8, (3, 6, 6), images)
    values = simulate(net, {"x": inputs}).values
    main = "int main(void)\n{\n    static elem_t x[108], a[256], b[256];\n"
    main += "    while (fread(x, 1, 108, stdin) == 108) {\n"
    for name, x, y, size in (("01_conv", "x", "a", 0), ("03_deep", "b", "a", 16), ("04_point", "a", "b", 5)):
        main += f"        conv(&net_{name}_params, {x}, &net_{name}_w[0][0]{'[0]' if 'deep' in name else ''}, " \
                f"net_{name}_b, NET_{name.upper()}_ACT, {y});\n"
        main += f"        fwrite({y}, 1, {size}, stdout);\n" if size else (
            "        pool(&net_01_conv_params, a, b);\n        fwrite(b, 1, 36, stdout);\n")
    main += ("        linear(&net_05_fc_params, b, &net_06_fc_w[0][0], net_06_fc_b, NET_06_FC_ACT, a);\n"
             "        fwrite(a, 1, 3, stdout);\n    }\n    return 0;\n}\n").replace("net_05", "net_06")
    (tmp_path / "main.c").write_text(GEMMINI_KERNELS + '\n#include "c_arrays/net_params.h"\n\n' + main)
    flags = [f for f in C_FLAGS if not f.endswith("onversion")]
    run([gcc, *flags, *SANITIZE, "-I.", "main.c", "-lm", "-o", "main"], tmp_path)
    got = np.frombuffer(run([str(tmp_path / "main")], tmp_path, last(inputs)), np.int8).reshape(images, -1)
    named = ["max_pool2d_0", "deep", "point", "fc"]
    expected = np.concatenate([np.frombuffer(last(values[n]), np.int8).reshape(images, -1) for n in named], axis=1)
    assert np.array_equal(got, expected)
