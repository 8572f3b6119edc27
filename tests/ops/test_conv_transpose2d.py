"""conv_transpose2d: geometry, zero points, groups, the order of additions, constraints."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from edgeq import IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, accumulator, graph_of, operand, random_operand, run, stopped
from tests.oracles import products as oracle

GEOMETRIES: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((1, 1, 1), (1, 1, 1, 1), {}),
    ((3, 5, 4), (5, 3, 3, 2), {"stride": (2, 1)}),
    ((2, 3, 4), (3, 2, 3, 3), {"stride": (2, 3), "padding": (1, 1, 1, 1), "output_padding": (1, 2)}),
    ((4, 3, 2), (6, 2, 2, 3), {"stride": (3, 2), "groups": 2, "padding": (1, 0, 0, 1)}),  # gaps between the taps
    ((3, 2, 3), (3, 1, 3, 1), {"groups": 3, "dilation": (2, 1), "padding": (0, 0, 1, 0)}),  # depthwise
    ((3, 2, 3), (9, 1, 2, 2), {"groups": 3, "stride": 2}),  # depthwise, multiplier 3
    ((2, 4, 3), (2, 2, 3, 2), {"stride": (2, 4), "dilation": (3, 2)}),  # dilation 2 and stride 4 share a factor
    ((2, 3, 3), (1, 2, 2, 4), {"stride": (4, 2), "dilation": (2, 4), "output_padding": (3, 1)}),
    ((2, 1, 5), (2, 2, 4, 4), {"padding": (2, 3, 1, 3)}),
    ((1, 2, 2), (2, 1, 3, 3), {"padding": (-2, -1, -3, 0), "stride": (1, 2)}),  # rows and columns beyond
    ((1, 3, 3), (1, 1, 1, 1), {"stride": 3, "padding": (1, 2, 0, 0)}),  # rows that no tap hits
]


def sides(given: Any) -> tuple[int, int, int, int]:
    """Return top, left, bottom, right of what a user may write."""
    four = (given,) * 4 if isinstance(given, int) else tuple(given) * (4 // len(given))
    return four[0], four[1], four[2], four[3]


def geometry(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes as the oracle takes them."""
    pairs = {k: (v, v) if isinstance(v, int) else v for k, v in attributes.items() if k in ("stride", "dilation")}
    return {**attributes, **pairs, "padding": sides(attributes.get("padding", 0))}


def test_by_hand() -> None:
    """2 and 3 less zero point 1 are 1 and 2, scattered two apart through (1 2 3): they meet in the third output."""
    x = operand([[[2, 3]]], U8, 1)
    got = run("conv_transpose2d", [x], [[[[1, 2, 3]]]], [100], stride=(1, 2))
    assert got.tolist() == [[[[101, 102, 103 + 2, 104, 106]]]]
    got = run("conv_transpose2d", [x], [[[[1, 2, 3]]]], [100], stride=(1, 2), padding=(0, 1, 0, 2))
    assert got.tolist() == [[[[102, 105]]]]
    got = run("conv_transpose2d", [x], [[[[1, 2, 3]]]], [100], stride=(1, 2), padding=(0, 0, -1, 0),
              output_padding=(0, 1))
    assert got.tolist() == [[[[101, 102, 105, 104, 106, 100], [100] * 6]]]


def test_channels_of_groups_by_hand() -> None:
    x = operand([[[1]], [[10]]])
    got = run("conv_transpose2d", [x], np.array([1, 2, 3, 4, 5, 6]).reshape(6, 1, 1, 1), groups=2)
    assert got.ravel().tolist() == [1, 2, 3, 40, 50, 60]


def test_dilation_and_weight_zero_point_by_hand() -> None:
    got = run("conv_transpose2d", [operand([[[3]]])], [[[[5, 7]]]], dilation=(1, 3), weight_zero_point=4,
              bias_fraction_bits=2, bias=1)
    assert got.tolist() == [[[[1 + 4 * 3, 1, 1, 1 + 4 * 9]]]]


@pytest.mark.parametrize(("shape", "weight", "attributes"), GEOMETRIES)
@pytest.mark.parametrize("acc", [S32, IntType(11)], ids=str)
def test_geometry_against_the_oracle(shape: Any, weight: Any, attributes: dict[str, Any], acc: IntType) -> None:
    rng = np.random.default_rng([*shape, *weight])
    for kept, zero_point in ((S8, -128), (U8, 3), (S16, -9)):
        x = random_operand(rng, (2, *shape), kept, zero_point)
        w, bias = rng.integers(-128, 128, weight), rng.integers(-300, 300, weight[0])
        zeros = rng.integers(-128, 128, weight[0])
        kind = {**attributes, "acc": acc, "bias_type": S16 if acc is S32 else acc}
        got = run("conv_transpose2d", [x], w, bias, **kind, weight_zero_point=zeros)
        want = oracle.conv_transpose2d(x.data, zero_point, w, bias, accumulator(kind), **geometry(attributes),
                                       weight_zero_point=zeros)
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("shape", "weight", "attributes"), GEOMETRIES)
def test_geometry_against_torch(shape: Any, weight: Any, attributes: dict[str, Any]) -> None:
    """torch's weight is (I, O/groups, KH, KW); four sides are cut from its full result, or added to it."""
    rng = np.random.default_rng([1, *shape])
    x, w = random_operand(rng, (3, *shape)), rng.integers(-128, 128, weight)
    bias = rng.integers(-999, 999, weight[0])
    groups = attributes.get("groups", 1)
    theirs = w.reshape(groups, weight[0] // groups, *weight[1:]).swapaxes(1, 2).reshape(shape[0], -1, *weight[2:])
    rest = {name: attributes[name] for name in ("stride", "dilation", "groups") if name in attributes}
    full = F.conv_transpose2d(*(torch.tensor(v, dtype=torch.float64) for v in (x.data, theirs, 0 * bias)), **rest)
    top, left, bottom, right = sides(attributes.get("padding", 0))
    below, beside = attributes.get("output_padding", (0, 0))
    cut = F.pad(full, (-left, beside - right, -top, below - bottom)).to(torch.int64)
    want = cut + torch.tensor(bias).reshape(-1, 1, 1)
    assert run("conv_transpose2d", [x], w, bias, **attributes).tolist() == want.tolist()


@pytest.mark.parametrize("output_padding", [(0, 0), (1, 0), (1, 2)])
def test_output_padding_is_that_of_torch(output_padding: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    x, w = random_operand(rng, (2, 2, 3, 4)), rng.integers(-128, 128, (3, 2, 3, 2))
    real = [torch.tensor(v, dtype=torch.float64) for v in (x.data, w.swapaxes(0, 1))]
    want = F.conv_transpose2d(*real, stride=(2, 3), padding=1, output_padding=output_padding)
    got = run("conv_transpose2d", [x], w, stride=(2, 3), padding=1, output_padding=output_padding)
    assert got.tolist() == want.to(torch.int64).tolist()


@pytest.mark.parametrize("zero_point", [-128, 0, 7])
def test_equals_the_convolution_of_the_stuffed_input_with_the_flipped_kernel(zero_point: int) -> None:
    rng = np.random.default_rng(6)
    x, w = random_operand(rng, (2, 4, 3, 2), S8, zero_point), rng.integers(-128, 128, (6, 2, 3, 2))
    stuffed = np.full((2, 4, 2 * 2 + 1, 3 * 1 + 1), zero_point)
    stuffed[:, :, ::2, ::3] = x.data
    got = run("conv_transpose2d", [x], w, stride=(2, 3), padding=(1, 0, 0, 1), groups=2)
    want = run("conv2d", [Operand(stuffed, S8, zero_point)], w[:, :, ::-1, ::-1], padding=(1, 1, 2, 0), groups=2)
    assert got.tolist() == want.tolist()


def test_saturation_follows_the_kernels_own_order_by_hand() -> None:
    """Output 1 gets tap 0 of the second input, 100, and tap 1 of the first, 90 or -90; the bias is 50 or -50."""
    narrow = {"acc": S8, "acc_overflow": "saturate"}

    def middle(first: int, second: int, **declared: Any) -> int:
        got = run("conv_transpose2d", [operand([[[first, second]]])], [[[[1, 1]]]], **declared, **narrow)
        return int(got[0, 0, 0, 1])

    assert middle(-90, 100, bias=50) == 37  # 50, 150 becomes 127, 37; the flipped order would give 60
    assert middle(-90, 100, bias=50, acc_bias="last") == 60
    assert middle(100, -90, bias=50) == 60  # 50, -40, 60; the flipped order would give 37
    assert middle(-90, 100, bias=50, acc_lanes=2) == 37  # lane 0: 50, 150 becomes 127; lane 1: -90
    assert middle(100, -90, bias=50, acc_lanes=2) == 60  # lane 0: 50, -40; lane 1: 100


def test_a_tap_that_hits_nothing_keeps_its_number_by_hand() -> None:
    """Stride 2, four taps 1: output 2 adds taps 0 and 2, both in lane 0 of two: 100 + 100 saturates, then -50."""
    x = operand([[[100, 100]]])
    got = run("conv_transpose2d", [x], [[[[1, 1, 1, 1]]]], -50, stride=(1, 2), acc=S8, acc_overflow="saturate",
              acc_bias="last", acc_lanes=2)
    assert got.tolist() == [[[[50, 50, 77, 77, 50, 50]]]]


def declarations() -> list[dict[str, Any]]:
    """Orders, places of the bias, lanes, widths and rounded products."""
    narrow = {"acc": IntType(12), "acc_overflow": "saturate"}
    part = {"shift": 3, "rounding": "ties_even", "overflow": "wrap", "type": S8}
    made: list[dict[str, Any]] = [
        {**narrow, "acc_order": ",".join(order), "acc_bias": bias, "acc_lanes": lanes}
        for order in permutations(("kh", "kw", "ic")) for bias, lanes in (("first", 1), ("last", 4))]
    made += [{**narrow, "acc_order": "ic", "acc_lanes": 3}, {"acc": IntType(10), "acc_product": part, "bias_type": S8}]
    made += [{"acc": IntType(bits), "bias_fraction_bits": 5} for bits in (9, 62, 63, 64)]
    return [*made, {"acc": IntType(13, signed=False), "acc_overflow": "saturate"}]


@pytest.mark.parametrize("declared", declarations(), ids=str)
def test_accumulators_against_the_oracle(declared: dict[str, Any]) -> None:
    rng = np.random.default_rng(11)
    x, w = random_operand(rng, (2, 4, 3, 2), S8, 5), rng.integers(-128, 128, (2, 2, 3, 3))
    bias = rng.integers(0, 120, 2)
    kind = {"stride": (2, 1), "padding": (1, 0, -1, 1), "groups": 2}
    got = run("conv_transpose2d", [x], w, bias, weight_zero_point=[3, -4], **kind, **declared)
    want = oracle.conv_transpose2d(x.data, 5, w, bias, accumulator(declared), **kind, weight_zero_point=[3, -4])
    assert got.tolist() == want.tolist()


def test_32_bit_operands_go_through_int64_sums() -> None:
    rng = np.random.default_rng(7)
    x, w = random_operand(rng, (2, 3, 4, 3), S32, -(2**31)), rng.integers(-(2**15), 2**15, (2, 3, 2, 2))
    kind = {"acc": IntType(60), "bias_fraction_bits": 3}
    got = run("conv_transpose2d", [x], w, [2**58, -(2**58)], weight_type=S16, stride=2, **kind)
    want = oracle.conv_transpose2d(x.data, x.zero_point, w, [2**58, -(2**58)], accumulator(kind), stride=(2, 2))
    assert got.tolist() == want.tolist()


def test_bounds_count_every_tap() -> None:
    graph = graph_of("conv_transpose2d", [operand([[[0]]])], [[[[1, -2]]]], 5)
    bounds = graph.nodes[0].op.bounds(graph.types["x0"])
    assert bounds is not None
    assert (bounds.lo.tolist(), bounds.hi.tolist()) == ([5 - 128 - 254], [5 + 127 + 256])


def test_error_names_the_first_output_that_leaves() -> None:
    x = operand([[[1, 100], [1, 1]]])
    said = stopped("conv_transpose2d", [x], [[[[1, 1]]], [[[2, 1]]]], acc=S8, acc_overflow="error")
    assert said.startswith("conv_transpose2d 'op': value 200 at image 0, index [1, 0, 1] is outside s8;")


@pytest.mark.parametrize(("pattern", "shape", "weight", "attributes"), [
    (r"C1: x must be \(C, H, W\), w \(O, I, KH, KW\)", (3, 4), (1, 3, 1, 1), {}),
    ("C1: x must be", (3, 4, 4), (1, 3, 0, 1), {}),
    (r"C2: groups must divide.*x \[3, 4, 4\], w \[2, 1, 1, 1\], groups=2", (3, 4, 4), (2, 1, 1, 1), {"groups": 2}),
    ("C3: weight has 2 input channels per group, input gives 3", (3, 4, 4), (1, 2, 1, 1), {}),
    (r"C4: stride \(0, 1\) and dilation \(1, 1\) must be at least 1", (1, 4, 4), (1, 1, 1, 1), {"stride": (0, 1)}),
    (r"C4: .*padding \(-2147483648, .* at least -2147483647", (1, 4, 4), (1, 1, 1, 1), {"padding": -(2**31)}),
    (r"C5: a 3x3 window with dilation \(1, 1\) leaves nothing of 1x4 with padding \(1, 0, 2, 0\)", (1, 1, 4),
     (1, 1, 3, 3), {"padding": (1, 0, 2, 0)}),
    (r"C6: output_padding \(-1, 0\) must be at least 0", (1, 4, 4), (1, 1, 1, 1), {"output_padding": (-1, 0)}),
    (r"C6: output_padding \(0, 2147483648\)", (1, 4, 4), (1, 1, 1, 1), {"output_padding": (0, 2**31)}),
    ("W2: weights 300..300 are outside", (1, 1, 1), (1, 1, 1, 1), {"bias": 0}),
])
def test_constraints_c1_to_c6(pattern: str, shape: Any, weight: Any, attributes: dict[str, Any]) -> None:
    fill = 300 if pattern.startswith("W2") else 0
    with pytest.raises(GraphError, match=f"conv_transpose2d 'op' {pattern}"):
        run("conv_transpose2d", [Operand(np.zeros((1, *shape), int))], np.full(weight, fill), **attributes)


def test_a_result_that_no_memory_holds_is_refused() -> None:
    with pytest.raises(GraphError, match=r"a sample \[1,2147483648,2147483648\] must have fewer"):
        run("conv_transpose2d", [Operand(np.zeros((1, 1, 1, 1), int))], [[[[1]]]], padding=(0, 0, 1 - 2**31, 1 - 2**31))
