"""What op fields accept beyond what the ops' own tests show."""

from __future__ import annotations

import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError


def test_a_scale_that_no_float_holds() -> None:
    b = GraphBuilder()
    x = b.input("x", (2,), IntType(8))
    with pytest.raises(GraphError, match="a scale must be positive and finite, got a number that no float64 holds"):
        b.requantize(x, 1, 1, scale=10**400)
    with pytest.raises(GraphError, match="no float64 holds"):
        b.input("y", (2,), IntType(8), scale=10**400)


def test_an_operand_of_one_possible_code() -> None:
    b = GraphBuilder()
    x = b.clamp(b.input("x", (2,), IntType(8)), 3, 3)
    y = b.requantize(x, 5, 1)
    b.output(y, "y")
    assert (y.type.lo, y.type.hi) == (-128, 127)
    assert b.build().types["clamp_0"].limits == (3, 3)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**5000], ids=["most", "least", "huge"])
def test_integers_have_at_most_64_bits(value: int) -> None:
    b = GraphBuilder()
    x = b.input("x", (2,), IntType(8))
    with pytest.raises(GraphError, match="clamp 'c': lo: an integer here has at most 64 bits"):
        b.clamp(x, value, 0, name="c")
    with pytest.raises(GraphError, match=r"at most 64 bits|does not fit 64 signed bits"):
        b.requantize(x, value, 0)
    with pytest.raises(GraphError, match=r"input 'y'.* must be integers|at most 64 bits"):
        b.input("y", (2,), IntType(8), zero_point=value)
