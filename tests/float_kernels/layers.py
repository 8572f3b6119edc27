"""Quantized layers with seeded numbers, as an integer graph; the judges run the same layers in their own kernels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from edgeq import Graph, GraphBuilder, IntType, simulate
from edgeq.arith.multiplier import quantize_multiplier
from edgeq.arith.types import Rounding

IMAGES = 200
U8, S8 = IntType(8, signed=False), IntType(8)


@dataclass(frozen=True)
class Case:
    """A layer to make: kind, one weight scale per channel or one, bits of activations, a fused ReLU, its geometry."""

    kind: str
    per_channel: bool
    bits: int
    relu: bool
    seed: int
    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    groups: int = 1
    size: int = 9

    @property
    def name(self) -> str:
        """Kind, granularity and bits: the row of a table."""
        return f"{self.kind} {'per channel' if self.per_channel else 'per tensor'} {self.bits} bit"


@dataclass(frozen=True, eq=False)
class Made:
    """A layer's integers and float32 numbers; ``x`` (N, ...) are unsigned codes."""

    case: Case
    x: Any
    weight: Any
    bias: Any
    input_scale: Any
    input_zero_point: int
    weight_scale: Any
    output_scale: Any
    zero_point: int

    @property
    def padding(self) -> int:
        """Padding on every side that keeps the size at stride 1."""
        return self.case.dilation * (self.case.kernel // 2)


def cases() -> Iterator[Case]:
    """Yield 30 layers, 15 with 7-bit and 15 with 8-bit activations: conv, depthwise, linear, and some geometries."""
    variants = list(product((False, True), (7, 8), (False, True)))
    for k, (per_channel, bits, relu) in enumerate(variants):
        yield Case("conv", per_channel, bits, relu, 100 + k, 16 + 3 * k, 24 + k)
        channels = 16 + k
        yield Case("depthwise", per_channel, bits, relu, 200 + k, channels, channels, groups=channels)
        yield Case("linear", per_channel, bits, relu, 300 + k, 64 + 37 * k, 40 + 9 * k)
    yield Case("conv", True, 8, False, 401, 48, 33, kernel=1)
    yield Case("conv", False, 7, True, 402, 8, 20, kernel=5, stride=2, size=15)
    yield Case("conv", True, 8, True, 403, 24, 24, groups=3)
    yield Case("conv", False, 8, False, 404, 12, 17, dilation=2, size=12)
    yield Case("depthwise", True, 7, True, 405, 16, 16, kernel=5, groups=16, size=12)
    yield Case("depthwise", False, 7, False, 406, 32, 32, stride=2, groups=32, size=12)


def make(case: Case) -> Made:
    """Return the layer: normal weights, channels of different size, outputs that reach both ends of their type."""
    rng = np.random.default_rng(case.seed)
    dense = case.kind == "linear"
    kernel = () if dense else (case.kernel, case.kernel)
    real = rng.normal(size=(case.outputs, case.inputs // case.groups, *kernel))
    real *= rng.uniform(0.3, 2, case.outputs).reshape(-1, *(1,) * (real.ndim - 1))
    largest = np.abs(real).reshape(case.outputs, -1).max(axis=1)
    weight_scale = np.float32((largest if case.per_channel else largest.max()) / 127)
    columns = weight_scale.reshape(-1, *(1,) * (real.ndim - 1))
    weight = np.rint(real / columns).astype(np.int8)
    shape = (case.inputs,) if dense else (case.inputs, case.size, case.size)
    x = rng.integers(0, 1 << case.bits, (IMAGES, *shape)).astype(np.uint8)
    input_scale, input_zero_point = np.float32(rng.uniform(0.005, 0.05)), int(rng.integers(0, 1 << case.bits))
    power = np.square(x.astype(np.float64) - input_zero_point).mean() * weight[0].size
    spread = float(input_scale) * float(real.std()) * np.sqrt(power)
    bias = (rng.normal(size=case.outputs) * 0.3 * spread).astype(np.float32)
    zero_point = int(rng.integers(0, 20) if case.relu else rng.integers(100, 150))
    output_scale = np.float32(spread * (4 if case.relu else 8) / 255)
    return Made(case, x, weight, bias, input_scale, input_zero_point, weight_scale, output_scale, zero_point)


def integer_graph(made: Made, fraction_bits: int = 0, rounding: Rounding = Rounding.ties_up, bias: Any = None) -> Graph:
    """Return the layer in integers: a bias of ``fraction_bits``, a 31-bit multiplier from the exact scales.

    ``bias`` are integers to use instead of those that the real bias gives.
    """
    case, b = made.case, GraphBuilder("layer")
    x = b.input("x", made.x.shape[1:], U8, made.input_zero_point, float(made.input_scale))
    scales = [Fraction(float(s)) * Fraction(float(made.input_scale)) for s in np.atleast_1d(made.weight_scale)]
    per_output = scales * (case.outputs // len(scales))
    codes = [round(Fraction(float(v)) / s * 2**fraction_bits) for v, s in zip(made.bias, per_output, strict=True)]
    fields = {"weight": made.weight.astype(np.int64), "bias": codes if bias is None else bias, "acc": IntType(48),
              "bias_fraction_bits": fraction_bits, "weight_scale": made.weight_scale.tolist(),
              "bias_real": made.bias.tolist()}
    if case.kind != "linear":
        fields |= {"stride": case.stride, "padding": made.padding, "dilation": case.dilation, "groups": case.groups}
    acc = getattr(b, "linear" if case.kind == "linear" else "conv2d")(x, **fields, name="y")
    output = Fraction(float(made.output_scale))
    multipliers = [quantize_multiplier(s / output, base_shift=fraction_bits) for s in scales]
    one = len(multipliers) == 1
    wanted = {k: getattr(multipliers[0], k) if one else [getattr(m, k) for m in multipliers]
              for k in ("multiplier", "shift", "left_shift")}
    b.output(b.requantize(acc, **wanted, rounding=rounding, zero_point=made.zero_point, type=U8,
                          scale=float(made.output_scale), clamp=(made.zero_point if case.relu else 0, 255)), "y")
    return b.build()


def run(graph: Graph, made: Made) -> tuple[Any, Any]:
    """Return accumulators and output codes of the integers, int64."""
    values = simulate(graph, {"x": made.x}).values
    return values["y.acc"].astype(np.int64), values["y"].astype(np.int64)
