"""Cases of TRANSPOSE_CONV2D and MATMUL, and of sums that leave 32 bits."""

from __future__ import annotations

import numpy as np

from edgeq import Graph, GraphBuilder, IntType, simulate
from tests.judges.tosa_layers import KINDS, S8, S16, S48, Geometry, Numbers, channels_first, channels_last, codes
from tests.judges.tosa_model import Case, Tensor, number

TRANSPOSED = (  # padding cuts where positive, as edgeq has it, and adds where negative
    Geometry((6, 5, 3), 4, (3, 3)), Geometry((5, 7, 4), 5, (4, 2), (2, 3), (1, 0, 3, 1)),
    Geometry((3, 4, 2), 6, (2, 5), (3, 1), (-1, -2, -3, 4)), Geometry((1, 6, 5), 3, (1, 1), (2, 4), (0, -1, -2, 0)),
    Geometry((7, 1, 1), 2, (5, 3), (1, 2), (4, 2, 0, -1)),
)


def _transposed_case(rng: np.random.Generator, g: Geometry, kind: Numbers, values: int) -> Case:
    top, left, bottom, right = g.padding
    size = ((g.x[0] - 1) * g.stride[0] - top - bottom + g.kernel[0],
            (g.x[1] - 1) * g.stride[1] - left - right + g.kernel[1])
    n = max(-(-values // (size[0] * size[1] * g.out)), 2)
    x = codes(rng, (n, *g.x), kind.x, kind.x_zero_point)
    weight, bias = kind.weights(rng, (g.out, *g.kernel, g.x[2])), rng.integers(-1 << 20, 1 << 20, g.out)
    inputs = (Tensor(x, kind.names[0]), Tensor(weight, kind.names[1]), Tensor(bias, kind.names[2]), *kind.zero_points)

    def ours() -> np.ndarray:
        b = GraphBuilder()
        value = b.input("x", (g.x[2], *g.x[:2]), kind.x, kind.x_zero_point)
        acc = b.conv_transpose2d(value, weight.transpose(0, 3, 1, 2), bias, g.stride, g.padding, acc=kind.acc,
                                 weight_type=kind.weight, weight_zero_point=kind.weight_zero_point)
        b.output(kind.finish(b, acc), "y")
        return channels_last(simulate(b.build(), {"x": channels_first(x)}).outputs["y"])

    arguments = ([-p for p in g.pad], g.stride, True, f"DType.{kind.names[2]}")
    return Case(f"TRANSPOSE_CONV2D {kind.text} {g} {kind.x_zero_point} {kind.reveal}", "TRANSPOSE_CONV2D", inputs,
                (n, *size, g.out), kind.names[2], ours, "TransposeConv2dAttribute", arguments, kind.reveal)


def transpose_conv2d(values: int) -> list[Case]:
    """Strides, rows and columns cut and added."""
    rng = np.random.default_rng(8)
    plans = [(g, kind) for kind in KINDS for g in TRANSPOSED]
    return [_transposed_case(rng, *plan, values // len(plans) + 1) for plan in plans]


MATRICES = ((3, 1, 7), (5, 9, 4), (13, 64, 11), (1, 200, 6))
MATMUL_KINDS = (
    Numbers(), Numbers(x_zero_point=-128, weight_zero_point=127), Numbers(x_zero_point=5, weight_zero_point=-77),
    Numbers(S16, S16, S48, reveal=18),  # sums of 48 bits, rounded to their upper bits
)


def _matmul_case(rng: np.random.Generator, size: tuple[int, int, int], kind: Numbers, values: int) -> Case:
    rows, taps, columns = size
    n = max(-(-values // (rows * columns)), 2)
    x1, x2 = codes(rng, (n, rows, taps), kind.x, kind.x_zero_point), kind.weights(rng, (n, taps, columns))
    inputs = (Tensor(x1, kind.names[0]), Tensor(x2, kind.names[1]), *kind.zero_points)

    def ours() -> np.ndarray:
        b = GraphBuilder()
        a = b.input("a", (rows, taps), kind.x, kind.x_zero_point)
        c = b.input("c", (taps, columns), kind.weight, kind.weight_zero_point)
        b.output(kind.finish(b, b.matmul(a, c, acc=kind.acc)), "y")
        return simulate(b.build(), {"a": x1, "c": x2}).outputs["y"]

    return Case(f"MATMUL {kind.text} {size} {kind.x_zero_point} {kind.reveal}", "MATMUL", inputs, (n, rows, columns),
                kind.names[2], ours, "MatMulAttribute", (), kind.reveal)


def matmul(values: int) -> list[Case]:
    """8 bits with both zero points; 16 bits, in full where one product is the sum."""
    rng = np.random.default_rng(9)
    plans = [(size, kind) for kind in MATMUL_KINDS for size in MATRICES]
    plans += [((3, 1, 7), Numbers(S16, S16, S48)), ((9, 1, 5), Numbers(S16, S16, S48))]
    return [_matmul_case(rng, *plan, values // len(plans) + 1) for plan in plans]


SUMMED = 9
"""Channels of the convolution whose sums leave 32 bits."""


class Overflowing:
    """A 1x1 convolution of one output channel and a bias near an end of 32 bits: about half of its sums leave them."""

    def __init__(self, high: bool) -> None:
        rng = np.random.default_rng(10 + high)
        self.x = rng.integers(-128, 127, (200, SUMMED), endpoint=True)
        self.weight = rng.integers(-128, 127, SUMMED, endpoint=True)
        self.bias = (1 << 31) - 1 - 4_000 if high else -(1 << 31) + 4_000

    def exact(self) -> np.ndarray:
        """Return every partial sum (sample, step) on wide integers, the bias first."""
        return self.bias + np.cumsum(self.x * self.weight, axis=1)

    def graph(self, acc_overflow: str) -> Graph:
        """Return the layer under a rule for its accumulator."""
        b = GraphBuilder()
        x = b.input("x", (SUMMED, 1, 1), S8)
        b.output(b.conv2d(x, self.weight[None, :, None, None], self.bias, acc_overflow=acc_overflow, name="sum"), "y")
        return b.build()

    def case(self) -> Case:
        """Return the layer in TOSA's words, with sums that wrap."""
        inputs = (Tensor(self.x[:, None, None], "INT8"), Tensor(self.weight[None, None, None], "INT8"),
                  number(self.bias, "INT32"), number(0, "INT8"), number(0, "INT8"))
        arguments = ((0, 0, 0, 0), (1, 1), (1, 1), True, "DType.INT32")

        def ours() -> np.ndarray:
            return simulate(self.graph("wrap"), {"x": self.x[..., None, None]}).outputs["y"]

        return Case(f"CONV2D {self.bias}", "CONV2D", inputs, (len(self.x), 1, 1, 1), "INT32", ours, "Conv2dAttribute",
                    arguments)


LONG = 140_000
"""Terms of a product whose sum of 128 * 128 leaves 32 bits."""


def long_matmul(acc_overflow: str = "wrap") -> tuple[Graph, dict[str, np.ndarray], Case]:
    """Return a product of one row and two columns, its operands and the case; the first sum leaves 32 bits."""
    row, columns = np.full((1, 1, LONG), -128), np.full((1, LONG, 2), -128)
    columns[0, ::2, 1] = 127
    b = GraphBuilder()
    a, c = b.input("a", (1, LONG), S8), b.input("c", (LONG, 2), S8)
    b.output(b.matmul(a, c, acc=IntType(32), acc_overflow=acc_overflow, name="product"), "y")
    graph, data = b.build(), {"a": row, "c": columns}
    inputs = (Tensor(row, "INT8"), Tensor(columns, "INT8"), number(0, "INT8"), number(0, "INT8"))
    case = Case("MATMUL overflow", "MATMUL", inputs, (1, 1, 2), "INT32",
                lambda: simulate(graph, data).outputs["y"], "MatMulAttribute")
    return graph, data, case
