"""Each kernel's formula against the same formula in exact rationals, rounded after every operation."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from edgeq.float_kernels import rescale
from edgeq.float_kernels.layers import KERNELS
from edgeq.float_kernels.rescale import Rescale
from edgeq.scheme import presets
from tests.oracles import float32 as oracle

CHANNELS, VALUES = 5, 80


def layer(rng: np.random.Generator, *, per_channel: bool, axis: int, lo: int, hi: int) -> tuple[Rescale, np.ndarray]:
    """Return the numbers of a layer and accumulators, many of them next to a tie of the output."""
    sx = next(s for s in np.float32(rng.uniform(0.005, 0.05, 99)) if 1 / (1 / s) != s)
    sy = np.float32(rng.uniform(0.02, 0.2))
    sw = np.float32(rng.uniform(5e-7, 5e-5, CHANNELS if per_channel else ()))
    bias = np.float32(rng.normal(size=CHANNELS))
    step = np.broadcast_to(sy / (sx * sw.astype(np.float64)), CHANNELS)
    offset = bias / (sx * np.broadcast_to(sw, CHANNELS).astype(np.float64))
    acc = np.rint((rng.integers(-140, 140, (VALUES, CHANNELS)) + 0.5) * step - offset)
    acc = (acc + rng.integers(-1, 2, acc.shape)).astype(np.int64)
    acc[0], acc[1], acc[2] = 0, 2**31 - 1, -(2**31)
    numbers = Rescale(float(sx), sw.astype(np.float64), float(sy), int(rng.integers(lo, hi + 1)), lo, hi,
                      bias.astype(np.float64), np.rint(offset).astype(np.int64), axis, 128 if lo < 0 else 0)
    return numbers, acc if axis == 1 else acc[:, None]


def expected(rule: Callable[[int, oracle.Numbers], int], numbers: Rescale, acc: np.ndarray) -> list[list[int]]:
    """Return what the oracle gives, channel by channel."""
    sw = np.broadcast_to(numbers.weight_scale, CHANNELS)
    sx, sy, limits = Fraction(numbers.input_scale), Fraction(numbers.output_scale), (numbers.lo, numbers.hi)
    per_channel = [
        oracle.Numbers(sx, Fraction(sw[c]), sy, Fraction(numbers.bias[c]), int(numbers.bias_codes[c]),
                       numbers.zero_point, *limits, numbers.offset) for c in range(CHANNELS)]
    return [[rule(int(row[c]), per_channel[c]) for c in range(CHANNELS)] for row in acc.reshape(-1, CHANNELS)]


ORACLES = {"onednn": oracle.onednn, "qnnpack": oracle.qnnpack, "onnxruntime": oracle.onnxruntime,
           "xnnpack": oracle.onnxruntime}


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("kernel", ["fbgemm", *ORACLES])
def test_a_kernel_s_formula(kernel: str, per_channel: bool) -> None:
    fbgemm = oracle.fbgemm_per_channel if per_channel else oracle.fbgemm_per_tensor
    for seed, (lo, hi, axis) in enumerate([(0, 255, 1), (-128, 127, 2), (0, 127, 1)]):
        numbers, acc = layer(np.random.default_rng(seed), per_channel=per_channel, axis=axis, lo=lo, hi=hi)
        codes = getattr(rescale, kernel)(acc, numbers)
        assert codes.shape == acc.shape
        assert codes.reshape(-1, CHANNELS).tolist() == expected(ORACLES.get(kernel, fbgemm), numbers, acc)


def test_qlinear_add() -> None:
    """Pairs that a fused and a plain sum, or the sums in another order, round differently, and some others."""
    rng = np.random.default_rng(6)
    for scales, zero_points, pairs in (
        ((0.027, 0.014, 0.046), (38, 220, 115), [(99, 12), (71, 20), (203, 2), (165, 3)]),
        ((0.018, 0.014, 0.04), (195, 152, 195), [(198, 1), (238, 1), (189, 64), (229, 64)]),
        ((0.5, 0.25, 1.0), (0, 255, 1), [(0, 0), (255, 255)]),
    ):
        exact = tuple(Fraction(float(np.float32(s))) for s in scales)
        a, b = np.array([*pairs, *rng.integers(0, 256, (200, 2))]).T
        codes = rescale.qlinear_add(a, b, scales, zero_points, (0, 255))
        assert codes.tolist() == [
            oracle.qlinear_add(int(x), int(y), (exact[0], exact[1], exact[2]), zero_points, 0, 255)
            for x, y in zip(a, b, strict=True)]


def test_a_value_by_hand() -> None:
    """sx 0.5, sw 0.25, sy 1: an accumulator is an eighth. 20 / 8 = 2.5 goes to even, a bias of 1 is 8 more."""
    numbers = Rescale(0.5, np.array(0.25), 1.0, 3, 0, 255, np.array(1.0), np.array(8))
    acc = np.array([[20 - 8, 28 - 8, 21 - 8, -1000, 100000]]).T
    for kernel in ("fbgemm", "qnnpack", "onnxruntime", "xnnpack"):
        assert getattr(rescale, kernel)(acc, numbers)[:, 0].tolist() == [5, 7, 6, 0, 255]
    # onednn rounds after the zero point: 2.5 + 3 goes to 6, 3.5 + 3 to 6
    assert rescale.onednn(acc, numbers)[:, 0].tolist() == [6, 6, 6, 0, 255]


def test_presets_refuse_exactly_these_kernels() -> None:
    assert tuple(KERNELS) == presets.FLOAT_KERNELS
