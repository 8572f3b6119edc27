"""ONNX Runtime's quantized operators against their formulas and against integers with ties to even."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType, simulate
from edgeq.arith.multiplier import quantize_multiplier
from edgeq.arith.types import Rounding
from edgeq.float_kernels.layers import kernel_layers
from edgeq.float_kernels.rescale import qlinear_add
from tests.float_kernels.layers import cases, integer_graph, make, run
from tests.float_kernels.measure import widths
from tests.float_kernels.onnx_kernels import onnx_add, onnx_codes
from tests.float_kernels.torch_kernels import has_vnni

pytestmark = pytest.mark.judge


def test_qlinear_conv_and_matmul_equal_their_formula_and_nearly_the_integers() -> None:
    outputs = wrong = signed_wrong = integer = 0
    layers = [replace(case, relu=False) for case in cases(widths())]
    for case in layers:
        made = make(case)
        bias = 0 if case.kind == "linear" else None
        graph = integer_graph(made, rounding=Rounding.ties_even, bias=bias)
        (layer,), _ = kernel_layers(graph, "onnxruntime")
        acc, codes = run(graph, made)
        expected = layer.codes(acc)
        y = onnx_codes(made, layer.rescale.bias_codes, signed=False)
        outputs, integer = outputs + y.size, integer + int(np.count_nonzero(codes != y))
        wrong += int(np.count_nonzero(expected != y))
        signed_wrong += int(np.count_nonzero(expected != onnx_codes(made, layer.rescale.bias_codes, signed=True)))
    print(f"onnxruntime: {len(layers)} layers, {outputs} outputs, {integer} differ from the integers")
    assert (len(layers), wrong, signed_wrong) == (30, 0, 0)
    assert integer <= outputs * 1e-5
    if has_vnni():
        assert (outputs, integer) == (8_565_800, 5)


ADDS = [
    (scales, dtype) for dtype in (np.uint8, np.int8)
    for scales in ((0.02, 0.03, 0.04), (0.0173, 0.0519, 0.0431), (0.05, 0.05, 0.05), (0.03, 0.06, 0.12), (0.5, 0.25, 1.0))
]


def _operands(seed: int, dtype: Any) -> tuple[Any, Any, tuple[int, int, int]]:
    """Return two arrays with every pair of codes, and three zero points."""
    rng = np.random.default_rng(seed)
    low = np.iinfo(dtype).min
    a, b = np.meshgrid(np.arange(256) + low, np.arange(256) + low)
    zero_points = tuple(int(z) for z in rng.integers(low, low + 256, 3))
    return a.reshape(1, -1).astype(dtype), b.reshape(1, -1).astype(dtype), (zero_points[0], zero_points[1], zero_points[2])


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
    """Zero points are inside the sum that is rounded: where scales make ties, an odd one decides them otherwise.

    Then the integers, which add the zero point after rounding, differ at every tie inside the type.
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
        assert zero_points[2] % 2 or not differing[-1]
    print(f"QLinearAdd: of 65,536 outputs each, differ from the integers: {differing}")
    assert differing == [4384, 0, 0, 16078, 16303, 1554, 0, 0, 0, 0]
