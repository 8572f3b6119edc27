"""What op fields accept beyond what the ops' own tests show."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
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


class Refusing:
    """An array that gives nothing away, as torch's that need a gradient."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("not now")

    def __repr__(self) -> str:
        return "Refusing()"


@pytest.mark.parametrize(("value", "pattern"), [
    ("1.5", "'1.5'"), (True, "True"), (np.complex64(1 + 2j), "1.*2j"), ([1.0, "2"], r"\[1.0, '2'\]"),
    (np.array([1 + 2j, 1]), "array"),
], ids=["text", "flag", "complex", "list", "array"])
def test_a_scale_is_a_real_number(value: Any, pattern: str) -> None:
    b = GraphBuilder()
    x = b.input("x", (2,), IntType(8))
    with pytest.raises(GraphError, match=f"requantize 'r': scale: .*{pattern}.* is not a positive real number"):
        b.requantize(x, 1, 1, scale=value, name="r")
    with pytest.raises(GraphError, match=f"linear 'fc': bias_real: .*{pattern}.* is not a finite real number"):
        b.linear(x, [[1, 1]], bias_real=value, name="fc")
    with pytest.raises(GraphError, match=f"input 'y': .* scale .*{pattern}.* a positive real number, or one per"):
        b.input("y", (2,), IntType(8), scale=value)


def test_a_list_that_never_ends_is_refused() -> None:
    b = GraphBuilder()
    x = b.input("x", (2,), IntType(8))
    for call in (lambda: b.transpose(x, count(), name="op"), lambda: b.slice(x, count(), name="op")):
        with pytest.raises(GraphError, match=r"'op': .*a list here has at most 64 entries"):
            call()
    image = b.input("image", (1, 2, 2), IntType(8))
    for call in (lambda: b.max_pool2d(image, count(), name="op"), lambda: b.resize_bilinear(image, (2, 2),
                 scale=count(), name="op"), lambda: b.pad(image, [0] * 3, count(), name="op")):
        with pytest.raises(GraphError, match=r"'op': .*a list here has at most 64 entries"):
            call()
    with pytest.raises(GraphError, match="input 'y': a list here has at most 64 entries"):
        b.input("y", count(), IntType(8))


@pytest.mark.parametrize(("value", "said"), [
    (np.array([[1, 2], [3, 4]]), "array([[1, 2], [3, 4]])"), (list(range(9999)), "[0, 1, 2, 3, 4, 5, 6, 7, ...]"),
    ([10**5000], "a list"), ({"a": 10**5000}, "a dict"), (Refusing(), "Refusing()"),
], ids=["lines", "long", "digits", "digits in a mapping", "array"])
def test_what_was_got_is_shown_on_one_line(value: Any, said: str) -> None:
    b = GraphBuilder()
    x = b.input("x", (2,), IntType(8))
    with pytest.raises(GraphError) as caught:
        b.clamp(x, value, 1, name="c")
    assert str(caught.value) == f"clamp 'c': lo: {said} is not an integer"


def test_an_array_that_cannot_be_read() -> None:
    b = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        b.linear(b.input("x", (2,), IntType(8)), Refusing(), name="fc")
    assert str(caught.value) == "linear 'fc': weight: Refusing() is not an integer or an array of integers"


def test_long_text_is_cut() -> None:
    b = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        b.requantize(b.input("x", (2,), IntType(8)), 1, 1, rounding="x" * 100_000)
    assert len(str(caught.value)) < 400


def test_a_scalar_with_a_list_of_one_scale_has_one_scale() -> None:
    b = GraphBuilder()
    x = b.input("x", (), IntType(8), scale=[0.5])
    y = b.requantize(b.input("y", (), IntType(8)), 1, 1, scale=[0.5])
    assert x.type.scale == y.type.scale == 0.5
    for made in (b.maximum(x, y), b.minimum(x, y), b.slice(y), b.reshape(x, (1, 1)), b.flatten(y)):
        assert made.type.scale == 0.5


ACCUMULATE = {
    "conv2d": lambda b, x, y, **kept: b.conv2d(b.reshape(x, (2, 1, 1)), [[[[1]], [[2]]]], **kept),
    "linear": lambda b, x, y, **kept: b.linear(x, [[1, 2]], **kept),
    "add": lambda b, x, y, **kept: b.add(x, y, **kept),
    "sub": lambda b, x, y, **kept: b.sub(x, y, **kept),
    "mul": lambda b, x, y, **kept: b.mul(x, y, **kept),
    "matmul": lambda b, x, y, **kept: b.matmul(b.reshape(x, (1, 2)), b.reshape(y, (2, 1)), **kept),
    "reduce_sum": lambda b, x, y, **kept: b.reduce_sum(x, [0], **kept),
    "resize_bilinear": lambda b, x, y, **kept: b.resize_bilinear(b.reshape(x, (1, 1, 2)), (2, 2), "half_pixel", **kept),
}


@pytest.mark.parametrize("kind", ACCUMULATE)
@pytest.mark.parametrize("value", ["sat", 1, None, ["wrap"]], ids=str)
def test_rules_of_accumulators_are_three(kind: str, value: Any) -> None:
    b = GraphBuilder()
    x, y = (b.input(name, (2,), IntType(8)) for name in "xy")
    for rule in ("wrap", "saturate", "error"):
        ACCUMULATE[kind](b, x, y, acc_overflow=rule)
    with pytest.raises(GraphError) as caught:
        ACCUMULATE[kind](b, x, y, acc_overflow=value, name="op")
    assert str(caught.value) == (
        f"{kind} 'op': acc_overflow: {value!r} is not a rule for accumulators; use one of wrap, saturate, error")
    with pytest.raises(GraphError, match=f"{kind} 'op' A1: acc_overflow zero is not a rule for accumulators"):
        ACCUMULATE[kind](b, x, y, acc_overflow="zero", name="op")


@pytest.mark.parametrize(("field", "call"), [
    ("table", lambda b, x: b.lut(x, None, name="op")),
    ("table", lambda b, x: b.softmax(x, 0, "table", None, name="op")),
    ("weight", lambda b, x: b.linear(x, None, name="op")),
    ("multiplier", lambda b, x: b.requantize(x, None, 3, name="op")),
])
def test_a_constant_that_is_missing(field: str, call: Any) -> None:
    b = GraphBuilder()
    with pytest.raises(GraphError) as caught:
        call(b, b.input("x", (2,), IntType(8)))
    assert str(caught.value).split("'op': ")[1] == (
        f"{field}: it is missing, got None; give an integer or an array of integers")
