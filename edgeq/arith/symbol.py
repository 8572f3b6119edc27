"""Carry an expression and the interval of its values through the scalar rules.

A rule of `primitives` called with symbols returns the graph of what it computed. Each node knows the
smallest and largest value it can take, hence its exact two's complement width: the proof that 64-bit
arithmetic does not wrap, and the width of its wire in Verilog.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

from edgeq.arith.types import width_of

Interval = tuple[int, int]


@dataclass(frozen=True)
class Obligation:
    """Limits that a rule relies on, beside the interval that was traced."""

    limits: Interval
    traced: Interval

    @property
    def holds(self) -> bool:
        """Whether the traced interval proves the limits."""
        return self.limits[0] <= self.traced[0] and self.traced[1] <= self.limits[1]


def _forward(op: str) -> Callable[[Symbol, Any], Any]:
    return lambda self, other: operate(op, self, other)


def _backward(op: str) -> Callable[[Symbol, Any], Any]:
    return lambda self, other: operate(op, other, self)


class Symbol:
    """One node: an argument, a constant, or an operation on nodes, with the interval of its values.

    A constant that was computed keeps the nodes that it came from, and a node that a certain value left alone keeps
    that value in ``decided_by``: what they rely on still counts.
    """

    def __init__(self, op: str, args: tuple[Any, ...], interval: Interval, name: str = "") -> None:
        self.op = op
        self.args: tuple[Symbol, ...] = tuple(as_symbol(a) for a in args)
        self.interval = interval
        self.name = name
        self.obligations: tuple[Obligation, ...] = ()
        self.decided_by: tuple[Symbol, ...] = ()

    @property
    def bits(self) -> int:
        """Exact signed width of the node's values."""
        return width_of(*self.interval)

    def __bool__(self) -> bool:
        raise TypeError("a traced value has no truth value; write select(condition, a, b)")

    __hash__ = object.__hash__

    __add__ = _forward("+")
    __radd__ = _backward("+")
    __sub__ = _forward("-")
    __rsub__ = _backward("-")
    __mul__ = _forward("*")
    __rmul__ = _backward("*")
    __floordiv__ = _forward("//")
    __mod__ = _forward("%")
    __rshift__ = _forward(">>")
    __rrshift__ = _backward(">>")
    __lshift__ = _forward("<<")
    __rlshift__ = _backward("<<")
    __and__ = _forward("&")
    __rand__ = _backward("&")
    __or__ = _forward("|")
    __ror__ = _backward("|")
    __xor__ = _forward("^")
    __rxor__ = _backward("^")

    def __neg__(self) -> Any:
        return operate("-", 0, self)

    __lt__ = _forward("<")
    __le__ = _forward("<=")
    __gt__ = _forward(">")
    __ge__ = _forward(">=")
    __eq__ = _forward("==")
    __ne__ = _forward("!=")


def argument(name: str, lo: int, hi: int) -> Symbol:
    """Return a named input with the values ``lo..hi``."""
    return Symbol("arg", (), (lo, hi), name)


def as_symbol(value: Any) -> Symbol:
    """Return ``value``, a plain integer turned into a constant node."""
    return value if isinstance(value, Symbol) else Symbol("const", (), (int(value), int(value)))


def operate(op: str, *operands: Any) -> Any:
    """Return the node of an operation: a constant where the value is certain, an operand where it is unchanged."""
    symbols = tuple(as_symbol(a) for a in operands)
    if op in _NEUTRAL_RIGHT and symbols[1].op == "const" and symbols[1].interval[0] == _NEUTRAL_RIGHT[op]:
        return _decided(operands[0], symbols[1])
    lo, hi = interval_of(op, [s.interval for s in symbols])
    return Symbol("const" if lo == hi else op, symbols, (lo, hi))


_NEUTRAL_RIGHT = {"+": 0, "-": 0, "<<": 0, ">>": 0, "|": 0, "^": 0, "*": 1, "//": 1}


def choose(condition: Symbol, a: Any, b: Any) -> Any:
    """Return the node of ``a if condition else b``, or the branch itself when the condition is certain."""
    if condition.op == "const":
        return _decided(a if condition.interval[0] else b, condition)
    return operate("select", condition, a, b)


def _decided(value: Any, by: Symbol) -> Any:
    """Return ``value`` as it is, behind it what the constant ``by`` was computed from."""
    if not by.args and not by.decided_by:
        return value
    kept = as_symbol(value)
    node = Symbol(kept.op, kept.args, kept.interval, kept.name)
    node.obligations, node.decided_by = kept.obligations, (*kept.decided_by, by)
    return node


def relied_on(value: Symbol, lo: int, hi: int) -> Symbol:
    """Return ``value`` with its interval cut to ``[lo, hi]``, adding the limits to what it relies on."""
    cut = (min(max(value.interval[0], lo), hi), max(min(value.interval[1], hi), lo))
    node = Symbol(value.op, value.args, cut, value.name)
    node.obligations = (*value.obligations, Obligation((lo, hi), value.interval))
    node.decided_by = value.decided_by
    return node


def _same(a: Interval, b: Interval) -> bool:
    """Tell whether both intervals hold one and the same value."""
    return a[0] == a[1] and a == b


_CORNERS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    ">>": lambda a, b: a >> b,
    "<<": lambda a, b: a << b,
    "min": min,
    "max": max,
}
_COMPARE: dict[str, Callable[[Interval, Interval], tuple[bool, bool]]] = {  # (can be false, can be true)
    "<": lambda a, b: (a[1] >= b[0], a[0] < b[1]),
    "<=": lambda a, b: (a[1] > b[0], a[0] <= b[1]),
    ">": lambda a, b: (a[0] <= b[1], a[1] > b[0]),
    ">=": lambda a, b: (a[0] < b[1], a[1] >= b[0]),
    "==": lambda a, b: (not _same(a, b), a[0] <= b[1] and b[0] <= a[1]),
    "!=": lambda a, b: (a[0] <= b[1] and b[0] <= a[1], not _same(a, b)),
}


def interval_of(op: str, operands: list[Interval]) -> Interval:
    """Return the interval of an operation's results from those of its operands."""
    if op == "select":
        return min(operands[1][0], operands[2][0]), max(operands[1][1], operands[2][1])
    a, b = operands
    if op in _COMPARE:
        can_be_false, can_be_true = _COMPARE[op](a, b)
        return (0 if can_be_false else 1), (1 if can_be_true else 0)
    if op in ("//", "%") and b[0] < 1:
        raise ValueError(f"{op} needs a positive divisor, got {b[0]}..{b[1]}")
    if op == "%":
        return (a[0], a[1]) if a[0] >= 0 and a[1] < b[0] else (0, b[1] - 1)
    if op in ("&", "|", "^"):
        return _bitwise(op, a, b)
    values = [_CORNERS[op](p, q) for p, q in product(a, b)]
    return min(values), max(values)


def _bitwise(op: str, a: Interval, b: Interval) -> Interval:
    if a[0] == a[1] and b[0] == b[1]:
        value = {"&": a[0] & b[0], "|": a[0] | b[0], "^": a[0] ^ b[0]}[op]
        return value, value
    if op == "&" and (a[0] >= 0 or b[0] >= 0):
        return 0, min(hi for lo, hi in (a, b) if lo >= 0)
    reach = (1 << (max(width_of(*a), width_of(*b)) - 1)) - 1
    if a[0] >= 0 and b[0] >= 0:
        return (max(a[0], b[0]) if op == "|" else 0), reach
    return (min(a[0], b[0]) if op == "|" else -reach - 1), reach
