"""linear on one row and on many; constraints C1, C2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from edgeq import IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, U8, Operand, accumulator, graph_of, operand, random_operand, run, stopped
from tests.oracles import products as oracle


def test_by_hand() -> None:
    x = operand([3, -4], S8, 1)
    assert run("linear", [x], [[1, 2], [5, -7]], [100, 0]).tolist() == [[100 + 2 - 10, 10 + 35]]
    assert run("linear", [x], [[1, 2]], -1, weight_zero_point=[2]).tolist() == [[-1 - 2]]


def test_rows_by_hand() -> None:
    x = operand([[1, 0], [0, 1], [2, 3]])
    assert run("linear", [x], [[1, 10]]).tolist() == [[[1], [10], [32]]]


@pytest.mark.parametrize("shape", [(1,), (5,), (3, 7), (1, 5), (2, 3, 5), (5, 1, 1, 3)])
@pytest.mark.parametrize("acc", [IntType(32), IntType(9)], ids=str)
def test_against_the_oracle(shape: tuple[int, ...], acc: IntType) -> None:
    rng = np.random.default_rng([*shape])
    for kept, zero_point in ((S8, -128), (U8, 255), (S16, 77)):
        x = random_operand(rng, (3, *shape), kept, zero_point)
        w, bias = rng.integers(-8, 8, (4, shape[-1])), rng.integers(-200, 200, 4)
        zeros = rng.integers(-8, 8, 4)
        for rule in ("wrap", "saturate"):
            kind = {"acc": acc, "acc_overflow": rule}
            got = run("linear", [x], w, bias, weight_zero_point=zeros, weight_type=IntType(4), **kind)
            want = oracle.linear(x.data, zero_point, w, bias, accumulator(kind), zeros)
            assert got.tolist() == want.tolist()


def test_against_torch() -> None:
    rng = np.random.default_rng(2)
    x, w, bias = random_operand(rng, (4, 3, 17)), rng.integers(-128, 128, (5, 17)), rng.integers(-9999, 9999, 5)
    real = [torch.tensor(v, dtype=torch.float64) for v in (x.data, w, bias)]
    want = torch.nn.functional.linear(*real).to(torch.int64)
    assert run("linear", [x], w, bias).tolist() == want.tolist()


def test_channel_axis_is_the_last() -> None:
    graph = graph_of("linear", [operand([[1, 0], [0, 1], [2, 3]])], [[1, 10]])
    assert (graph.types["op"].shape, graph.types["op"].axis, graph.types["op"].channels) == ((3, 1), 1, 1)


def test_error_names_the_place_in_rows() -> None:
    x = operand([[1, 1], [100, 100], [1, 100]])
    said = stopped("linear", [x], [[1, 0], [1, 1]], acc=S8, acc_overflow="error")
    assert said.startswith("linear 'op': value 200 at image 0, index [1, 1] is outside s8; widen")


@pytest.mark.parametrize(("pattern", "shape", "weight"), [
    (r"C1: x must be \(..., K\)", (), (1, 1)),
    (r"C1: x must be", (3,), (3,)),
    (r"C1: x must be", (3,), (0, 3)),
    (r"C2: weight has 4 columns, the last axis of x has 3; x \[2, 3\], w \[1, 4\]", (2, 3), (1, 4)),
])
def test_constraints_c1_c2(pattern: str, shape: Any, weight: Any) -> None:
    with pytest.raises(GraphError, match=f"linear 'op' {pattern}"):
        run("linear", [Operand(np.zeros((1, *shape), int))], np.zeros(weight, int))
