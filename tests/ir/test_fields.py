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
