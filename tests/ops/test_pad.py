"""pad: the border, the zero point by default, constraints C1, C2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder
from edgeq.errors import GraphError
from tests.ops.one_op import S8, U8, Operand, operand, random_operand, run
from tests.oracles import layers as oracle


def test_pad_by_hand() -> None:
    x = operand([[1, 2], [3, 4]], S8, 9)
    assert run("pad", [x], (1, 0), (0, 2)).tolist() == [[[9] * 4, [1, 2, 9, 9], [3, 4, 9, 9]]]
    assert run("pad", [x], (0, 1), (0, 0), -128).tolist() == [[[-128, 1, 2], [-128, 3, 4]]]
    assert run("pad", [x], (0, 0), (0, 0), value=0).tolist() == [[[1, 2], [3, 4]]]


@pytest.mark.parametrize(("shape", "before", "after"), [
    ((3,), (2,), (1,)), ((3, 5, 1), (1, 0, 2), (0, 3, 1)), ((1, 1), (0, 0), (4, 0)),
    ((2, 1, 3, 2), (1, 1, 1, 1), (0, 1, 0, 2))])
def test_pad_against_the_oracle(shape: Any, before: Any, after: Any) -> None:
    x = random_operand(np.random.default_rng(2), (3, *shape), U8, 200)
    assert run("pad", [x], before, after).tolist() == oracle.pad(x.data, before, after, 200).tolist()
    assert run("pad", [x], before, after, 255).tolist() == oracle.pad(x.data, before, after, 255).tolist()


def test_pad_of_a_scalar_and_limits() -> None:
    assert run("pad", [Operand(np.array([5, 6]))], (), ()).tolist() == [5, 6]
    b = GraphBuilder("net")
    x = b.clamp(b.input("x", (1,), S8, zero_point=-2), 3, 4)
    assert b.pad(x, (1,), (0,)).type.limits == (-2, 4)
    assert b.pad(x, (1,), (0,), 100).type.limits == (3, 100)


@pytest.mark.parametrize(("pattern", "shape", "arguments"), [
    (r"C1: before \(1,\) and after \(0, 0\) need 2 entries", (2, 2), ((1,), (0, 0))),
    ("C1: before .* at least 0 each", (2, 2), ((0, -1), (0, 0))),
    ("C2: value 128 is outside s8", (2,), ((0,), (1,), 128))])
def test_constraints_c1_c2(pattern: str, shape: Any, arguments: Any) -> None:
    with pytest.raises(GraphError, match=f"pad 'op' {pattern}"):
        run("pad", [Operand(np.zeros((1, *shape), int))], *arguments)


def test_constraint_c3_added_channels_need_one_scale() -> None:
    b = GraphBuilder("net")
    x = b.requantize(b.input("x", (2, 2), S8), 1, 0, scale=(0.5, 0.25))
    assert b.pad(x, (0, 1), (0, 0)).type.scale == (0.5, 0.25)
    with pytest.raises(GraphError, match="pad 'op' C3: x has one scale per channel and channels are added"):
        b.pad(x, (1, 0), (0, 0), name="op")
