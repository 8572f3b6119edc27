"""Size expressions: integers and symbols are read, everything else is refused."""

from __future__ import annotations

import pytest

from edgeq.errors import UnsafeModelError
from edgeq.frontend.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("7", 7),
        ("Integer(7)", 7),
        ("Integer(-1)", -1),
        ("2*3 + 4", 10),
        ("(2 + 3)*4 - 1", 19),
        ("Mul(Integer(4), Add(Integer(1), Integer(2)))", 12),
        ("s77", None),
        ("Symbol('s77', positive=True, integer=True)", None),
        ("Mul(Integer(16), Symbol('s77', positive=True, integer=True))", None),
        ("FloorDiv(s0, 2)", None),
        ("(s0//2) + 1", None),
        ("Max(1, s0)", None),
        ("Max(3, 5)", 5),
    ],
)
def test_sizes(text, size) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "__import__('os').system('id')",
        "__import__",
        "s0.__class__",
        "exec('1')",
        "Symbol('s0').subs(1)",
        "Symbol(s0)",
        "Symbol('s0', cls=1)",
        "[1, 2]",
        "lambda: 1",
        "1 if 1 else 2",
        "9**9**9",
        "Pow(9, 9)",
        "99999999999999999999",
        "Mul(4611686018427387904, 4)",
        "4611686018427387904 * 4",
        "1 2",
        "1 +",
        "(1",
        "-" * 3000 + "1",
        "(" * 3000,
        "1+" * 3000 + "1",
        "\u0661",
        "1; 2",
        "'a'",
        "Integer('7')",
        "7//0",
        "s0//0",
    ],
)
def test_sizes_outside_the_grammar(text) -> None:
    with pytest.raises(UnsafeModelError, match="is not made of integers and symbols alone") as caught:
        parse_size(text)
    assert len(str(caught.value)) < 250
