"""clamp: limits inclusive, what can occur afterwards, constraint C1."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, U8, operand, random_operand, run
from tests.oracles import layers as oracle


def test_clamp_by_hand() -> None:
    x = operand([-128, -4, -3, 0, 5, 6, 127])
    assert run("clamp", [x], -3, 5).tolist() == [[-3, -3, -3, 0, 5, 5, 5]]
    assert run("clamp", [x], 0, 0).tolist() == [[0] * 7]


@pytest.mark.parametrize("kept", [S8, U8, IntType(64), IntType(63, signed=False)], ids=str)
def test_clamp_against_the_oracle(kept: IntType) -> None:
    x = random_operand(np.random.default_rng(1), (3, 5, 1, 3), kept)
    for lo, hi in ((kept.qmin, kept.qmax), (1, 1), (kept.qmin, kept.qmin + 9), (0, 100)):
        assert run("clamp", [x], lo, hi).tolist() == oracle.clamp(x.data, lo, hi).tolist()


def test_clamp_gives_limits_of_what_can_occur() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (1,), S8)
    twice = b.clamp(b.clamp(x, -3, 50), 0, 100)
    assert (twice.type.lo, twice.type.hi) == (0, 50)
    assert (b.clamp(b.clamp(x, -3, 5), 10, 20).type.limits) == (10, 10)


@pytest.mark.parametrize(("pattern", "lo", "hi"), [
    (r"5\.\.4 is not a range inside s8", 5, 4), (r"0\.\.128 is not a range", 0, 128),
    (r"-129\.\.0 is not a range", -129, 0)])
def test_constraint_c1(pattern: str, lo: int, hi: int) -> None:
    with pytest.raises(GraphError, match=f"clamp 'op' C1: {pattern}"):
        run("clamp", [operand([0])], lo, hi)
