"""Cases of CONV2D, DEPTHWISE_CONV2D, MAX_POOL2D and AVG_POOL2D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq import GraphBuilder, IntType, simulate
from tests.judges.tosa_model import Case, Tensor, number

S8, S16, S32, S48 = IntType(8), IntType(16), IntType(32), IntType(48)
Sides = tuple[int, int, int, int]
Pair = tuple[int, int]


def codes(rng: np.random.Generator, shape: tuple[int, ...], type: IntType, zero_point: int = 0) -> np.ndarray:
    """Return random codes, one in eight an end, a zero point or beside it; the first sample has one end alone."""
    corners = np.clip([type.qmin, type.qmax, zero_point, zero_point - 1, zero_point + 1], type.qmin, type.qmax)
    x = rng.integers(type.qmin, type.qmax, shape, endpoint=True)
    x = np.where(rng.random(shape) < 1 / 8, rng.choice(corners, shape), x)
    x[0] = type.qmin
    return x


def channels_first(x: np.ndarray) -> np.ndarray:
    """Return (N, C, H, W) of TOSA's (N, H, W, C)."""
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def channels_last(x: np.ndarray) -> np.ndarray:
    """Return (N, H, W, C) of ours."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1))


@dataclass(frozen=True)
class Numbers:
    """Types of a product: operand, weights and accumulator; zero points of the first two; shift of what is seen."""

    x: IntType = S8
    weight: IntType = S8
    acc: IntType = S32
    x_zero_point: int = 0
    weight_zero_point: int = 0
    reveal: int = 2

    @property
    def names(self) -> tuple[str, str, str]:
        """TOSA's names of the types."""
        return f"INT{self.x.bits}", f"INT{self.weight.bits}", f"INT{self.acc.bits}"

    @property
    def zero_points(self) -> tuple[Tensor, Tensor]:
        """TOSA's operands."""
        return number(self.x_zero_point, self.names[0]), number(self.weight_zero_point, self.names[1])

    @property
    def text(self) -> str:
        """Types in the names of cases."""
        return f"s{self.x.bits} x s{self.weight.bits} to s{self.acc.bits}"

    def weights(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return weights; TOSA's INT4 has no -8."""
        drawn = codes(rng, shape, self.weight, self.weight_zero_point)
        return np.maximum(drawn, -7) if self.weight.bits == 4 else drawn

    def finish(self, b: GraphBuilder, acc: object) -> object:
        """Add what the model does to an INT48 before it can be seen."""
        return acc if self.acc.bits == 32 else b.requantize(acc, 4, self.reveal, type=S32)


KINDS = (
    Numbers(), Numbers(x_zero_point=-128, weight_zero_point=127), Numbers(x_zero_point=17, weight_zero_point=-5),
    Numbers(weight=IntType(4), x_zero_point=-3), Numbers(S16, S8, S48), Numbers(S16, S8, S48, reveal=12),
)


@dataclass(frozen=True)
class Geometry:
    """Operand (H, W, C), output channels (or the depth multiplier), kernel, stride, padding as ours, dilation."""

    x: tuple[int, int, int]
    out: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Sides = (0, 0, 0, 0)
    dilation: Pair = (1, 1)

    @property
    def size(self) -> Pair:
        """Rows and columns of the result; TOSA takes those windows alone that end at the border."""
        top, left, bottom, right = self.padding
        rows = self.x[0] - 1 + top + bottom - (self.kernel[0] - 1) * self.dilation[0]
        columns = self.x[1] - 1 + left + right - (self.kernel[1] - 1) * self.dilation[1]
        assert rows % self.stride[0] == columns % self.stride[1] == 0, f"{self} leaves a rest"
        return rows // self.stride[0] + 1, columns // self.stride[1] + 1

    @property
    def pad(self) -> tuple[int, int, int, int]:
        """TOSA's order: top, bottom, left, right."""
        top, left, bottom, right = self.padding
        return top, bottom, left, right

    def batch(self, values: int, channels: int) -> int:
        """Return how many samples give so many values."""
        return max(-(-values // (self.size[0] * self.size[1] * channels)), 2)


GEOMETRIES = (
    Geometry((11, 13, 5), 7, (3, 3), padding=(1, 1, 1, 1)),
    Geometry((9, 8, 3), 6, (5, 2), (2, 1), (2, 0, 2, 1)),
    Geometry((7, 15, 9), 11, (1, 1), (3, 2)),
    Geometry((13, 11, 4), 5, (3, 2), padding=(4, 0, 0, 3), dilation=(2, 3)),
    Geometry((6, 5, 1), 3, (6, 5), padding=(0, 4, 5, 0)),
)


def _conv_case(rng: np.random.Generator, g: Geometry, kind: Numbers, values: int, depthwise: bool) -> Case:
    channels = g.x[2]
    out = channels * g.out if depthwise else g.out
    n = g.batch(values, out)
    x = codes(rng, (n, *g.x), kind.x, kind.x_zero_point)
    weight = kind.weights(rng, (*g.kernel, channels, g.out) if depthwise else (g.out, *g.kernel, channels))
    bias = rng.integers(-1 << 20, 1 << 20, out)
    inputs = (Tensor(x, kind.names[0]), Tensor(weight, kind.names[1]), Tensor(bias, kind.names[2]), *kind.zero_points)

    def ours() -> np.ndarray:
        b = GraphBuilder()
        value = b.input("x", (channels, *g.x[:2]), kind.x, kind.x_zero_point)
        w = weight.transpose(2, 3, 0, 1).reshape(out, 1, *g.kernel) if depthwise else weight.transpose(0, 3, 1, 2)
        acc = b.conv2d(value, w, bias, g.stride, g.padding, g.dilation, channels if depthwise else 1,
                       weight_type=kind.weight, weight_zero_point=kind.weight_zero_point, acc=kind.acc)
        b.output(kind.finish(b, acc), "y")
        return channels_last(simulate(b.build(), {"x": channels_first(x)}).outputs["y"])

    operator = "DEPTHWISE_CONV2D" if depthwise else "CONV2D"
    arguments = (g.pad, g.stride, g.dilation, True, f"DType.{kind.names[2]}")
    return Case(f"{operator} {kind.text} {g} {kind.x_zero_point} {kind.reveal}", operator, inputs, (n, *g.size, out),
                kind.names[2], ours, "DepthwiseConv2dAttribute" if depthwise else "Conv2dAttribute", arguments,
                kind.reveal)


def _conv_cases(values: int, seed: int, depthwise: bool) -> list[Case]:
    rng = np.random.default_rng(seed)
    plans = [(g, GEOMETRIES[k]) for g in KINDS for k in range(len(GEOMETRIES))]
    return [_conv_case(rng, g, kind, values // len(plans) + 1, depthwise) for kind, g in plans]


def conv2d(values: int) -> list[Case]:
    """8-bit and 4-bit weights, 16-bit operands with 48-bit accumulators."""
    return _conv_cases(values, 4, depthwise=False)


def depthwise_conv2d(values: int) -> list[Case]:
    """The same, one to eleven outputs for each channel."""
    return _conv_cases(values, 5, depthwise=True)


def near_ties(side: int) -> Case:
    """Return means of 16-bit windows of side x side values, each within two of a tie."""
    rng = np.random.default_rng(side)
    size, channels = side * side, 64
    totals = rng.integers(-32768, 32767, channels) * size + size // 2 + rng.integers(-2, 3, channels)
    x = totals // size + (np.arange(size)[:, None] < totals % size)
    return _mean(x.reshape(1, side, side, channels), Geometry((side, side, channels), 0, (side, side)), S16, 0)


POOLS = (
    Geometry((11, 13, 5), 0, (3, 3), padding=(1, 1, 1, 1)), Geometry((9, 8, 3), 0, (5, 2), (2, 1), (2, 0, 2, 1)),
    Geometry((8, 16, 9), 0, (2, 2), (2, 2)), Geometry((7, 7, 6), 0, (4, 6), (3, 4), (3, 0, 3, 3)),
    Geometry((15, 17, 2), 0, (15, 17)), Geometry((1, 40, 3), 0, (1, 7), (1, 3), (0, 6, 0, 0)),
)


def _pooled(x: np.ndarray, g: Geometry, type: IntType, zero_point: int, kind: str, **rule: str) -> np.ndarray:
    """Return what our pool gives, channels last."""
    b = GraphBuilder()
    value = b.input("x", (g.x[2], *g.x[:2]), type, zero_point)
    b.output(getattr(b, kind)(value, g.kernel, g.stride, g.padding, **rule), "y")
    return channels_last(simulate(b.build(), {"x": channels_first(x)}).outputs["y"])


def _largest(x: np.ndarray, g: Geometry, type: IntType) -> Case:
    dtype = f"INT{type.bits}"
    return Case(f"MAX_POOL2D s{type.bits} {g}", "MAX_POOL2D", (Tensor(x, dtype),), (len(x), *g.size, g.x[2]), dtype,
                lambda: _pooled(x, g, type, 0, "max_pool2d"), "MaxPool2dAttribute",
                (g.kernel, g.stride, g.pad, "NanPropagationMode.PROPAGATE"))


def _mean(x: np.ndarray, g: Geometry, type: IntType, zero_point: int) -> Case:
    dtype = f"INT{type.bits}"
    inputs = (Tensor(x, dtype), number(zero_point, dtype), number(zero_point, dtype))
    rule = {"rounding": "ties_away", "domain": "centered"}
    return Case(f"AVG_POOL2D s{type.bits} {zero_point} {g}", "AVG_POOL2D", inputs, (len(x), *g.size, g.x[2]), dtype,
                lambda: _pooled(x, g, type, zero_point, "avg_pool2d", **rule), "AvgPool2dAttribute",
                (g.kernel, g.stride, g.pad, "DType.INT32"))


def max_pool2d(values: int) -> list[Case]:
    """Padding is the type's minimum."""
    rng = np.random.default_rng(6)
    plans = [(g, type) for g in POOLS for type in (S8, S16)]
    n = values // len(plans) + 1
    return [_largest(codes(rng, (g.batch(n, g.x[2]), *g.x), type), g, type) for g, type in plans]


def avg_pool2d(values: int) -> list[Case]:
    """Zero points leave before the division, padding is not counted."""
    rng = np.random.default_rng(7)
    kinds = ((S8, 0), (S8, -128), (S8, 127), (S8, 5), (S16, 0))
    plans = [(g, *kind) for g in POOLS for kind in kinds]
    n = values // len(plans) + 1
    return [_mean(codes(rng, (g.batch(n, g.x[2]), *g.x), type, zero), g, type, zero) for g, type, zero in plans]
