"""One linear layer as each system computes it, from its own published formulas, on int and Fraction.

A function takes float weights, float bias, the input's codes and the ranges, and returns the integers of its system.
Imports nothing from edgeq. Sources are named where a formula stands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.oracles.lowering import float32

Rows = Sequence[Sequence[float]]
Pair = tuple[float, float]


@dataclass(frozen=True)
class Layer:
    """Codes of weights and bias, (multiplier, shift) per row, (scale, zero point) of input and output."""

    weights: list[list[int]]
    bias: list[int]
    rescale: list[tuple[int, int]]
    x: tuple[float, int]
    y: tuple[float, int]
    run: Callable[[Sequence[int]], list[int]]


def clip(value: int, lo: int, hi: int) -> int:
    """Return the nearest value of a range."""
    return min(max(value, lo), hi)


def dot(row: Sequence[int], codes: Sequence[int], zero: int = 0, weight_zero: int = 0) -> int:
    """Return the sum of products of centred codes."""
    return sum((w - weight_zero) * (c - zero) for w, c in zip(row, codes, strict=True))


def half_up(value: Fraction) -> int:
    """Return floor(value + 1/2)."""
    return math.floor(value + Fraction(1, 2))


def even(values: Sequence[float], scale: float) -> list[int]:
    """Return quotients rounded half to even."""
    return [round(Fraction(v) / Fraction(scale)) for v in values]


def normalised(ratio: float, bits: int, *, ties: Callable[[Fraction], int] = round) -> tuple[int, int]:
    """Return (m, s) with m of exactly ``bits`` bits and m / 2**s nearest to a ratio."""
    shift = 0
    while Fraction(ratio) * Fraction(2) ** shift >= 2**bits:
        shift -= 1
    while Fraction(ratio) * Fraction(2) ** shift < 2 ** (bits - 1):
        shift += 1
    m = ties(Fraction(ratio) * Fraction(2) ** shift)
    return (m // 2, shift - 1) if m == 2**bits else (m, shift)


def affine(lo: float, hi: float) -> tuple[float, int]:
    """Return scale and zero point of signed 8-bit codes over a range that holds 0."""
    scale = float32((hi - lo) / 255)
    return scale, clip(-128 - round(Fraction(lo) / Fraction(scale)), -128, 127)


def onnx_qlinear(rows: Rows, bias: Sequence[float], x_range: Pair, y_range: Pair, relu: bool) -> Layer:
    """ONNX QLinearMatMul: round half to even, then the zero point, then saturate; weights per channel."""
    (xs, xz), (ys, yz) = affine(*x_range), affine(*y_range)
    scales = [float32(max(map(abs, row)) / 127) for row in rows]
    weights = [even(row, s) for row, s in zip(rows, scales, strict=True)]
    biases = [round(Fraction(b) / (Fraction(s) * Fraction(xs))) for b, s in zip(bias, scales, strict=True)]
    rescale = [normalised(s * xs / ys, 31) for s in scales]

    def run(codes: Sequence[int]) -> list[int]:
        accs = [b + dot(row, codes, xz) for row, b in zip(weights, biases, strict=True)]
        return [clip(round(Fraction(a * m, 2**s)) + yz, yz if relu else -128, 127)
                for a, (m, s) in zip(accs, rescale, strict=True)]

    return Layer(weights, biases, rescale, (xs, xz), (ys, yz), run)


def cnn_compress(rows: Rows, bias: Sequence[float], x_range: Pair, y_range: Pair, relu: bool) -> Layer:
    """CNN_Compress quantize.py, utils.py at n = 8: ranges as they are, no clamp, floor, ReLU at the zero point."""
    def scale_and_zero(lo: float, hi: float) -> tuple[float, int]:
        step = (hi - lo) / 255
        return step, round(-lo / step)

    (xs, xz), (y_step, yz) = scale_and_zero(*x_range), scale_and_zero(*y_range)  # the input's scale is not stored yet
    ys = float32(y_step)
    flat = [w for row in rows for w in row]
    ws, wz = scale_and_zero(min(flat), max(flat))
    weights = [[round(float32(w / float32(ws))) + wz for w in row] for row in rows]
    biases = [round(float32(b / float32(xs * ws))) for b in bias]
    ratio, doublings = ws * xs / ys, 0
    while ratio < 0.5:
        ratio, doublings = ratio * 2, doublings + 1
    m, s = round(ratio * 256), doublings + 8

    def run(codes: Sequence[int]) -> list[int]:
        accs = [b + dot(row, codes, xz, wz) for row, b in zip(weights, biases, strict=True)]
        values = [((a * m) >> s) + yz for a in accs]
        return [max(v, yz) if relu else v for v in values]

    return Layer(weights, biases, [(m, s)] * len(rows), (xs, xz), (ys, yz), run)


def ai8x(rows: Rows, bias: Sequence[float], x_range: Pair, y_range: Pair, relu: bool) -> Layer:
    """ai8x-synthesis izer/quantize.py (MAX_BIT_SHIFT) and simulate.py; activations are 1/128 of a step."""
    assert x_range == y_range == (-1.0, 1.0)
    largest = max(abs(v) for v in [*(w for row in rows for w in row), *bias])
    bit_shift = math.floor(-math.log2(largest))
    weights = [[clip(half_up(Fraction(w) * 128 * Fraction(2) ** bit_shift), -128, 127) for w in row] for row in rows]
    byte = [clip(half_up(Fraction(b) * 128 * Fraction(2) ** bit_shift), -128, 127) for b in bias]
    biases = [b * 128 for b in byte]

    def run(codes: Sequence[int]) -> list[int]:
        accs = [b + dot(row, codes) for row, b in zip(weights, biases, strict=True)]
        values = [clip(half_up(Fraction(a) / (128 * Fraction(2) ** bit_shift)), -128, 127) for a in accs]
        return [clip(v, 0, 127) if relu else v for v in values]

    return Layer(weights, biases, [(1, 7 + bit_shift)] * len(rows), (1 / 128, 0), (1 / 128, 0), run)


def pulp(rows: Rows, bias: Sequence[float], x_range: Pair, y_range: Pair, relu: bool) -> Layer:
    """NEMO PACT_IntegerAct: D = 2**ceil(log2(32 * eps_out / eps_in)), (acc * round(D * eps_in / eps_out)) // D."""
    assert relu
    assert x_range[0] == y_range[0] == 0.0
    xs, ys = float32(x_range[1] / 255), float32(y_range[1] / 255)
    ws = float32(max(abs(w) for row in rows for w in row) / 127)
    weights = [even(row, ws) for row in rows]
    biases = [round(Fraction(b) / (Fraction(ws) * Fraction(xs))) for b in bias]
    d = math.ceil(math.log2(32 * ys / (ws * xs)))
    m = round(Fraction(2) ** d * Fraction(ws * xs / ys))

    def run(codes: Sequence[int]) -> list[int]:
        accs = [b + dot(row, codes) for row, b in zip(weights, biases, strict=True)]
        return [clip((a * m) >> d, 0, 255) for a in accs]

    return Layer(weights, biases, [(m, d)] * len(rows), (xs, 0), (ys, 0), run)


def nngen(rows: Rows, bias: Sequence[float], x_range: Pair, y_range: Pair, relu: bool) -> Layer:
    """NNgen verify/conv2d.py: (sum + bias) * scale, half of the step added (less 1 below 0), shift, clip to +-127."""
    xs, ys = (float32(max(-lo, hi) / 127) for lo, hi in (x_range, y_range))
    ws = float32(max(abs(w) for row in rows for w in row) / 127)
    weights = [even(row, ws) for row in rows]
    biases = [round(Fraction(b) / (Fraction(ws) * Fraction(xs))) for b in bias]
    m, s = normalised(ws * xs / ys, 7)

    def run(codes: Sequence[int]) -> list[int]:
        sums = [(b + dot(row, codes)) * m for row, b in zip(weights, biases, strict=True)]
        values = [clip((v + (1 << (s - 1)) - (v < 0)) >> s, -127, 127) for v in sums]
        return [max(v, 0) if relu else v for v in values]

    return Layer(weights, biases, [(m, s)] * len(rows), (xs, 0), (ys, 0), run)


def ap_fixed(rows: Rows, bias: Sequence[float], x_range: Pair, y_range: Pair, relu: bool) -> Layer:
    """hls4ml nnet_dense_latency.h, every type ap_fixed<16,6>: AP_TRN is floor, AP_WRAP keeps the low 16 bits."""
    del x_range, y_range

    def cast(value: Fraction) -> int:
        return (math.floor(value * 1024) + 32768) % 65536 - 32768

    weights = [[cast(Fraction(w)) for w in row] for row in rows]
    biases = [cast(Fraction(b)) for b in bias]

    def run(codes: Sequence[int]) -> list[int]:
        values = []
        for row, b in zip(weights, biases, strict=True):
            acc = b
            for w, c in zip(row, codes, strict=True):
                acc = cast(Fraction(acc + cast(Fraction(w * c, 1 << 20)), 1024))
            values.append(max(acc, 0) if relu else acc)
        return values

    return Layer(weights, biases, [(1, 0)] * len(rows), (1 / 1024, 0), (1 / 1024, 0), run)


def tflite16(rows: Rows, bias: Sequence[float], x_range: Pair, y_range: Pair, relu: bool) -> Layer:
    """TFLite int16 activations: zero points 0, 64-bit bias, the 31-bit multiplier reduced to 16, ties up."""
    xs, ys = (float32(max(-lo, hi) / 32767) for lo, hi in (x_range, y_range))
    scales = [float32(max(map(abs, row)) / 127) for row in rows]
    weights = [even(row, s) for row, s in zip(rows, scales, strict=True)]
    biases = [round(Fraction(b) / (Fraction(s) * Fraction(xs))) for b, s in zip(bias, scales, strict=True)]
    long = [normalised(s * xs / ys, 31, ties=half_up) for s in scales]
    rescale = [(min((m + 32768) >> 16, 32767), s - 16) for m, s in long]

    def run(codes: Sequence[int]) -> list[int]:
        accs = [b + dot(row, codes) for row, b in zip(weights, biases, strict=True)]
        return [clip((a * m + (1 << (s - 1))) >> s, 0 if relu else -32768, 32767)
                for a, (m, s) in zip(accs, rescale, strict=True)]

    return Layer(weights, biases, rescale, (xs, 0), (ys, 0), run)


def _quantize_multiplier(real: float) -> tuple[int, int]:
    """TFLite quantization_util.cc QuantizeMultiplier: 31 bits, half away, and the exponent."""
    fraction, exponent = math.frexp(real)
    fixed = math.floor(Fraction(fraction) * 2**31 + Fraction(1, 2))
    return (fixed // 2, exponent + 1) if fixed == 2**31 else (fixed, exponent)


def _two_roundings(x: int, multiplier: int, exponent: int) -> int:
    """Return gemmlowp's SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT by ``-exponent >= 0``."""
    high = (x * multiplier + 2**30) // 2**31
    mask = (1 << -exponent) - 1
    remainder, threshold = high & mask, (mask >> 1) + (high < 0)
    return (high >> -exponent) + (remainder > threshold)


def tflite_add(
    codes: Sequence[int], operands: Sequence[tuple[float, int]], y: tuple[float, int], left_shift: int, sign: int = 1
) -> int:
    """TFLite reference/add.h AddElementwise, kernels/add.cc: scales and zero points of both operands and the result."""
    twice = 2 * max(scale for scale, _ in operands)
    total = 0
    for code, (scale, zero_point), factor in zip(codes, operands, (1, sign), strict=True):
        total += factor * _two_roundings((code - zero_point) << left_shift, *_quantize_multiplier(scale / twice))
    rescaled = _two_roundings(total, *_quantize_multiplier(twice / ((1 << left_shift) * y[0])))
    bits = 8 if left_shift == 20 else 16
    return clip(rescaled + y[1], -(1 << (bits - 1)), (1 << (bits - 1)) - 1)
