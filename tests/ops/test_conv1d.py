"""conv1d: geometry, the order of additions, constraints."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, accumulator, operand, random_operand, run, stopped
from tests.oracles import products as oracle

GEOMETRIES: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((1, 1), (1, 1, 1), {}),
    ((3, 9), (5, 3, 4), {"stride": 2}),
    ((2, 7), (3, 2, 3), {"padding": (2, 0)}),
    ((2, 7), (3, 2, 3), {"padding": (0, 4), "stride": 3}),
    ((4, 6), (6, 2, 3), {"groups": 2, "padding": (1, 1)}),
    ((3, 8), (6, 1, 3), {"groups": 3, "dilation": 3, "padding": (1, 3)}),
    ((2, 3), (1, 2, 5), {"padding": (4, 5)}),
]


def test_by_hand() -> None:
    """Codes 2 3 4 less zero point 1 are 1 2 3; weights less 1 are 10 100; one place of padding before."""
    got = run("conv1d", [operand([[2, 3, 4]], U8, 1)], [[[11, 101]]], [5], padding=(1, 0), weight_zero_point=1)
    assert got.tolist() == [[[105, 215, 325]]]


@pytest.mark.parametrize(("shape", "weight", "attributes"), GEOMETRIES)
@pytest.mark.parametrize("acc", [S32, IntType(11)], ids=str)
def test_geometry_against_the_oracle(shape: Any, weight: Any, attributes: dict[str, Any], acc: IntType) -> None:
    rng = np.random.default_rng([*shape, *weight])
    for kept, zero_point in ((S8, -128), (U8, 3), (S16, -9)):
        x = random_operand(rng, (2, *shape), kept, zero_point)
        w, bias, zeros = (rng.integers(-128, 128, s) for s in (weight, weight[0], weight[0]))
        kind = {**attributes, "acc": acc}
        got = run("conv1d", [x], w, bias, **kind, weight_zero_point=zeros)
        want = oracle.conv1d(x.data, zero_point, w, bias, accumulator(kind), **attributes, weight_zero_point=zeros)
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("shape", "weight", "attributes"), GEOMETRIES)
def test_geometry_against_torch(shape: Any, weight: Any, attributes: dict[str, Any]) -> None:
    rng = np.random.default_rng([1, *shape])
    x, w, bias = random_operand(rng, (3, *shape)), rng.integers(-128, 128, weight), rng.integers(-999, 999, weight[0])
    padded = F.pad(torch.tensor(x.data, dtype=torch.float64), attributes.get("padding", (0, 0)))
    rest = {name: value for name, value in attributes.items() if name != "padding"}
    want = F.conv1d(padded, *(torch.tensor(v, dtype=torch.float64) for v in (w, bias)), **rest)
    assert run("conv1d", [x], w, bias, **attributes).tolist() == want.to(torch.int64).tolist()


@pytest.mark.parametrize(("order", "expected"), [("kw,ic,kh", 27), ("kh,kw,ic", 27), ("ic", 27), ("ic,kw,kh", 100)])
def test_order_by_hand(order: str, expected: int) -> None:
    """By place: 100, 200 becomes 127, 27, 27. By channel: 100, 0, 100, 100."""
    x = operand([[100, -100], [100, 0]])
    assert run("conv1d", [x], np.ones((1, 2, 2), int), acc_order=order, acc=S8, acc_overflow="saturate").item() == (
        expected)


@pytest.mark.parametrize("order", [",".join(p) for p in permutations(("kh", "kw", "ic"))])
@pytest.mark.parametrize("declared", [{}, {"acc_bias": "last", "acc_lanes": 3},
                                      {"acc_product": {"shift": 3, "rounding": "ties_up", "overflow": "wrap",
                                                       "type": S8}, "bias_type": S8}], ids=str)
def test_accumulators_against_the_oracle(order: str, declared: dict[str, Any]) -> None:
    rng = np.random.default_rng(4)
    x, w, bias = random_operand(rng, (3, 3, 8), S8, 5), rng.integers(-128, 128, (2, 3, 4)), rng.integers(-99, 99, 2)
    kind = {"acc": IntType(10), "acc_overflow": "saturate", "acc_order": order, **declared}
    want = oracle.conv1d(x.data, 5, w, bias, accumulator(kind), padding=(2, 1), stride=2)
    assert run("conv1d", [x], w, bias, padding=(2, 1), stride=2, **kind).tolist() == want.tolist()


def test_error_names_the_first_output_that_leaves() -> None:
    said = stopped("conv1d", [operand([[1, 1, 100]])], [[[1, 1]], [[1, 2]]], acc=S8, acc_overflow="error")
    assert said.startswith("conv1d 'op': value 201 at image 0, index [1, 1] is outside s8;")


@pytest.mark.parametrize(("pattern", "shape", "weight", "attributes"), [
    (r"C1: x must be \(C, L\), w \(O, I, K\); x \[3, 4, 4\]", (3, 4, 4), (1, 3, 1), {}),
    ("C1: x must be", (3, 4), (1, 3, 1, 1), {}),
    ("C1: x must be", (3, 4), (1, 3, 0), {}),
    ("C2: groups must divide", (3, 4), (2, 1, 1), {"groups": 2}),
    ("C3: weight has 2 input channels per group, input gives 3", (3, 4), (1, 2, 1), {}),
    ("C4: stride 0 and dilation 1 must be at least 1", (1, 4), (1, 1, 1), {"stride": 0}),
    (r"C4: .*padding \(0, -1\) at least 0", (1, 4), (1, 1, 1), {"padding": (0, -1)}),
    (r"C5: a 3 window with dilation 2 does not fit 4 with padding \(0, 0\)", (1, 4), (1, 1, 3), {"dilation": 2}),
    (r"C5: x \[512, 4\] padded by .* has 2\^40 values", (512, 4), (1, 512, 1), {"padding": 2**31 - 1}),
])
def test_constraints_c1_to_c5(pattern: str, shape: Any, weight: Any, attributes: dict[str, Any]) -> None:
    with pytest.raises(GraphError, match=f"conv1d 'op' {pattern}"):
        run("conv1d", [Operand(np.zeros((1, *shape), int))], np.zeros(weight, int), **attributes)


def test_padding_is_left_and_right() -> None:
    b = GraphBuilder()
    with pytest.raises(GraphError, match=r"conv1d 'op': padding: .* is not an integer or two of them \(left, right\)"):
        b.conv1d(b.input("x", (1, 4), S8), [[[1]]], padding=(1, 2, 3), name="op")
