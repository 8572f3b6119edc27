"""ONNX Runtime's quantized operators against their formulas and against integers with ties to even."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType, simulate
from edgeq.arith.multiplier import quantize_multiplier
from edgeq.arith.types import Rounding
from edgeq.float_kernels.rescale import qlinear_add
from tests.float_kernels.layers import cases
from tests.float_kernels.measure import measure_onnx, total
from tests.float_kernels.onnx_kernels import onnx_add
from tests.float_kernels.torch_kernels import need_exact_products

pytestmark = pytest.mark.judge


@pytest.mark.parametrize(("bits", "pinned"), [(7, (3_913_200, 2)), (8, (4_652_600, 3))])
def test_qlinear_conv_and_matmul_equal_their_formula_and_nearly_the_integers(
    bits: int, pinned: tuple[int, int]
) -> None:
    need_exact_products(bits)
    counts = measure_onnx(case for case in cases() if case.bits == bits)
    outputs, wrong, integer, _ = total(counts)
    assert (len(counts), wrong) == (15, 0)
    assert (outputs, integer) == pinned


SCALES = ((0.02, 0.03, 0.04), (0.018, 0.014, 0.04), (0.05, 0.05, 0.05), (0.03, 0.06, 0.12), (0.027, 0.014, 0.046))
ADDS = [(scales, dtype) for dtype in (np.uint8, np.int8) for scales in SCALES]


def _operands(seed: int, dtype: Any) -> tuple[Any, Any, tuple[int, int, int]]:
    """Return two arrays with every pair of codes, and three zero points."""
    rng = np.random.default_rng(seed)
    low = np.iinfo(dtype).min
    a, b = np.meshgrid(np.arange(256) + low, np.arange(256) + low)
    za, zb, zy = (int(z) for z in rng.integers(low, low + 256, 3))
    return a.reshape(1, -1).astype(dtype), b.reshape(1, -1).astype(dtype), (za, zb, zy)


def _integer_add(a: Any, b: Any, scales: tuple[float, ...], zero_points: tuple[int, ...], kept: IntType) -> Any:
    """Return the codes of the integers: both operands at 32 bits of one scale, their sum, ties to even."""
    exact = [Fraction(float(np.float32(s))) for s in scales]
    common = max(exact[:2]) * 512 / 2**24
    builder = GraphBuilder("add")
    operands = []
    for name, scale, zero_point in zip("ab", exact, zero_points, strict=False):
        x = builder.input(name, a.shape[1:], kept, zero_point)
        m = quantize_multiplier(scale / common)
        operands.append(builder.requantize(x, m.multiplier, m.shift, m.left_shift, type=IntType(32)))
    m = quantize_multiplier(common / exact[2])
    total = builder.add(*operands)
    builder.output(builder.requantize(total, m.multiplier, m.shift, m.left_shift, Rounding.ties_even, zero_points[2],
                                      kept), "y")
    return simulate(builder.build(), {"a": a, "b": b}).outputs["y"].astype(np.int64)


def test_qlinear_add_equals_its_formula_on_every_pair_of_codes() -> None:
    """Where the scales make ties, or nearly so, the integers differ: of 65,536 outputs as many as the list says.

    The zero points are inside the float32 sum, so an odd one turns ties round, and near ties become ties.
    """
    differing = []
    for seed, (scales, dtype) in enumerate(ADDS):
        a, b, zero_points = _operands(seed, dtype)
        y = onnx_add(a, b, scales, zero_points)
        limits = (np.iinfo(dtype).min, np.iinfo(dtype).max)
        expected = qlinear_add(a.astype(np.int64), b.astype(np.int64), scales, zero_points, limits)
        assert int(np.count_nonzero(expected != y)) == 0, (scales, dtype)
        kept = IntType(8, signed=dtype is np.int8)
        differing.append(int(np.count_nonzero(_integer_add(a, b, scales, zero_points, kept) != y)))
    assert differing == [4384, 1470, 0, 16078, 577, 1554, 1422, 0, 0, 463]
