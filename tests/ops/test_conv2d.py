"""conv2d: geometry, zero points, groups and constraints. Sums that overflow: test_accumulators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, accumulator, operand, random_operand, run
from tests.oracles import products as oracle

GEOMETRIES: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((1, 1, 1), (1, 1, 1, 1), {}),
    ((3, 5, 4), (5, 3, 3, 2), {"stride": (2, 1)}),
    ((5, 4, 7), (1, 5, 2, 3), {"padding": (1, 0, 2, 3)}),
    ((3, 6, 3), (4, 3, 2, 3), {"stride": (3, 2)}),  # OW of 1
    ((3, 7, 6), (3, 1, 3, 1), {"groups": 3, "padding": (2, 0, 0, 1)}),  # depthwise
    ((3, 5, 5), (9, 1, 2, 3), {"groups": 3, "stride": (1, 2)}),  # depthwise, multiplier 3
    ((6, 5, 4), (4, 3, 3, 3), {"groups": 2, "padding": 1}),
    ((1, 9, 8), (3, 1, 3, 2), {"dilation": (2, 3), "padding": (0, 1, 3, 0)}),
    ((5, 3, 3), (2, 5, 3, 3), {"padding": (2, 2)}),
    ((3, 2, 2), (2, 3, 3, 4), {"padding": (3, 2, 1, 4), "stride": (2, 3), "dilation": (1, 1)}),
    ((1, 1, 8), (3, 1, 1, 5), {"dilation": (1, 2), "padding": (0, 4, 0, 0)}),
]


def sides(given: Any) -> tuple[int, int, int, int]:
    """Return top, left, bottom, right of what a user may write."""
    four = (given,) * 4 if isinstance(given, int) else tuple(given) * (4 // len(given))
    return four[0], four[1], four[2], four[3]


def test_by_hand() -> None:
    """2x2 window on 2x3; zero point 1 leaves (0 1 2 / 3 4 5); weights less 1 are (0 1 / 2 3)."""
    x = operand([[[1, 2, 3], [4, 5, 6]]], U8, 1)
    got = run("conv2d", [x], [[[[1, 2], [3, 4]]]], [10], weight_zero_point=1)
    assert got.tolist() == [[[[10 + 1 + 6 + 12, 10 + 2 + 8 + 15]]]]


def test_padding_adds_nothing_whatever_the_zero_point() -> None:
    x = operand([[[7]]], S8, -128)
    got = run("conv2d", [x], np.ones((1, 1, 3, 3), int), padding=(1, 2, 1, 0))
    assert got.tolist() == [[[[135]]]]
    got = run("conv2d", [x], np.ones((1, 1, 1, 1), int), padding=(0, 1, 2, 0))
    assert got.tolist() == [[[[0, 135], [0, 0], [0, 0]]]]


def test_depthwise_channel_order_is_c_times_m_plus_j() -> None:
    x = operand([[[1]], [[10]]])
    got = run("conv2d", [x], np.array([1, 2, 3, 4, 5, 6]).reshape(6, 1, 1, 1), groups=2)
    assert got.ravel().tolist() == [1, 2, 3, 40, 50, 60]


def test_bias_fraction_bits_scale_products_alone() -> None:
    got = run("conv2d", [operand([[[3]]])], [[[[5]]]], [7], bias_fraction_bits=8)
    assert got.ravel().tolist() == [7 + 256 * 15]


@pytest.mark.parametrize(("shape", "weight", "attributes"), GEOMETRIES)
@pytest.mark.parametrize("acc", [S32, IntType(11)], ids=str)
def test_geometry_against_the_oracle(shape: Any, weight: Any, attributes: dict[str, Any], acc: IntType) -> None:
    rng = np.random.default_rng([*shape, *weight])
    for kept, zero_point in ((S8, -128), (S8, 127), (U8, 3), (S16, -9)):
        x = random_operand(rng, (2, *shape), kept, zero_point)
        w, bias = rng.integers(-128, 128, weight), rng.integers(-300, 300, weight[0])
        zeros = rng.integers(-128, 128, weight[0])
        kind = {**attributes, "acc": acc, "bias_type": S16 if acc is S32 else acc}
        got = run("conv2d", [x], w, bias, **kind, weight_zero_point=zeros)
        geometry = {**attributes, "padding": sides(attributes.get("padding", 0))}
        want = oracle.conv2d(x.data, zero_point, w, bias, accumulator(kind), **geometry, weight_zero_point=zeros)
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("shape", "weight", "attributes"), GEOMETRIES)
def test_geometry_against_torch(shape: Any, weight: Any, attributes: dict[str, Any]) -> None:
    rng = np.random.default_rng([1, *shape])
    x, w = random_operand(rng, (3, *shape)), rng.integers(-128, 128, weight)
    bias = rng.integers(-999, 999, weight[0])
    top, left, bottom, right = sides(attributes.get("padding", 0))
    padded = F.pad(torch.tensor(x.data, dtype=torch.float64), (left, right, top, bottom))
    rest = {name: value for name, value in attributes.items() if name != "padding"}
    want = F.conv2d(padded, torch.tensor(w, dtype=torch.float64), torch.tensor(bias, dtype=torch.float64), **rest)
    got = run("conv2d", [x], w, bias, **attributes)
    assert got.tolist() == want.to(torch.int64).tolist()


def test_32_bit_operands_go_through_int64_sums() -> None:
    rng = np.random.default_rng(7)
    x = random_operand(rng, (2, 3, 4, 3), S32, -(2**31))
    w = rng.integers(-(2**15), 2**15, (2, 3, 2, 2))
    kind = {"acc": IntType(60), "bias_fraction_bits": 3}
    got = run("conv2d", [x], w, [2**58, -(2**58)], weight_type=S16, **kind)
    want = oracle.conv2d(x.data, x.zero_point, w, [2**58, -(2**58)], accumulator(kind))
    assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("pattern", "shape", "weight", "attributes"), [
    (r"'op' C1: x must be \(C, H, W\)", (3, 4), (1, 3, 1, 1), {}),
    (r"'op' C1: x must be", (3, 4, 4), (1, 3, 1), {}),
    (r"'op' C1: x must be", (3, 4, 4), (1, 3, 0, 1), {}),
    (r"'op' C2: groups must divide.*x \[3, 4, 4\], w \[2, 1, 1, 1\], groups=2", (3, 4, 4), (2, 1, 1, 1), {"groups": 2}),
    (r"'op' C2: groups", (4, 4, 4), (3, 2, 1, 1), {"groups": 2}),
    (r"'op' C2: groups", (4, 4, 4), (4, 2, 1, 1), {"groups": 0}),
    (r"'op' C3: weight has 2 input channels per group, input gives 3", (3, 4, 4), (1, 2, 1, 1), {}),
    (r"'op' C4: stride \(0, 1\)", (1, 4, 4), (1, 1, 1, 1), {"stride": (0, 1)}),
    (r"'op' C4: .*dilation \(1, 0\)", (1, 4, 4), (1, 1, 1, 1), {"dilation": (1, 0)}),
    (r"'op' C4: .*padding \(0, -1, 0, 0\)", (1, 4, 4), (1, 1, 1, 1), {"padding": (0, -1, 0, 0)}),
    (r"'op' C4: .*below 2\^31", (1, 4, 4), (1, 1, 1, 1), {"stride": 2**62}),
    (r"'op' C5: a 3x3 window with dilation \(2, 1\) does not fit 4x4", (1, 4, 4), (1, 1, 3, 3), {"dilation": (2, 1)}),
    (r"'op' C5: a 1x5 window", (1, 4, 4), (1, 1, 1, 5), {"stride": (1, 7)}),
])
def test_constraints_c1_to_c5(pattern: str, shape: Any, weight: Any, attributes: dict[str, Any]) -> None:
    with pytest.raises(GraphError, match=pattern):
        run("conv2d", [Operand(np.zeros((1, *shape), int))], np.zeros(weight, int), **attributes)


@pytest.mark.parametrize(("pattern", "attributes"), [
    ("stride: 'two' is not an integer or two of them", {"stride": "two"}),
    ("padding: .* is not an integer, two", {"padding": (1, 2, 3)}),
    ("groups: 1.5 is not an integer", {"groups": 1.5}),
    ("groups: True is not an integer", {"groups": True}),
    ("acc_order: 'kh,kw' is not a loop order", {"acc_order": "kh,kw"}),
    ("acc_bias: 'middle' is not one of first, last", {"acc_bias": "middle"}),
    ("acc_product: .* is not a mapping with shift", {"acc_product": {"shift": 1}}),
    ("acc: 8 is not an IntType", {"acc": 8}),
    ("acc_overflow: .*'AP_WRAP_SM' is not a rule for accumulators; use one of wrap", {"acc_overflow": "AP_WRAP_SM"}),
    ("weight_encoding: 'float' is not one of int, bipolar", {"weight_encoding": "float"}),
    ("constants are integers, got float64", {"bias": [0.5]}),
    ("does not fit 64 signed bits", {"bias": [2**63]}),
])
def test_attributes_of_a_wrong_kind(pattern: str, attributes: dict[str, Any]) -> None:
    b = GraphBuilder()
    x = b.input("x", (1, 2, 2), S8)
    with pytest.raises(GraphError, match=f"conv2d 'op': .*{pattern}"):
        b.conv2d(x, [[[[1]]]], name="op", **attributes)
