"""Run a scalar rule on symbols and list what it computes, in order, with exact widths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edgeq.arith.symbol import Interval, Obligation, Symbol, argument, as_symbol


@dataclass(frozen=True)
class Step:
    """One operation of a trace: ``name = op(operands)``; an operand is a name or an integer.

    ``limits`` are what the rule relies on for this value where the traced ranges do not prove it.
    """

    name: str
    op: str
    operands: tuple[str | int, ...]
    interval: Interval
    bits: int
    limits: Interval | None = None


@dataclass(frozen=True)
class Trace:
    """What a scalar rule computes: arguments, steps in order, and the results (names or integers)."""

    name: str
    arguments: tuple[Symbol, ...]
    steps: tuple[Step, ...]
    results: tuple[str | int, ...]
    result_intervals: tuple[Interval, ...]
    obligations: tuple[Obligation, ...]

    @property
    def widest(self) -> int:
        """Width of the widest step or argument, in bits."""
        return max([s.bits for s in self.steps] + [a.bits for a in self.arguments], default=1)

    @property
    def relied_on(self) -> tuple[tuple[str, Interval], ...]:
        """What the traced ranges do not prove: each formula, and the limits that it has to keep."""
        return tuple((self.formula(s.name), s.limits) for s in self.steps if s.limits)

    def formula(self, ref: str | int) -> str:
        """Return a step as a formula of the arguments, for people."""
        found = [s for s in self.steps if s.name == ref]
        if not found:
            return str(ref)
        operands = [self.formula(o) for o in found[0].operands]
        if found[0].op in ("min", "max", "select"):
            return f"{found[0].op}({', '.join(operands)})"
        return f" {found[0].op} ".join(f"({o})" if " " in o else o for o in operands)

    @property
    def proven(self) -> bool:
        """Whether the argument ranges alone prove that 64-bit arithmetic is exact."""
        return self.widest <= 64 and all(o.holds for o in self.obligations)


def trace(name: str, rule: Callable[..., Any], ranges: Mapping[str, Interval]) -> Trace:
    """Trace ``rule`` with each argument in its range; a range of one value is traced as a constant.

    >>> from edgeq.arith.primitives import saturate
    >>> t = trace("saturate", saturate, {"x": (-1000, 1000), "lo": (-128, -128), "hi": (127, 127)})
    >>> [s.op for s in t.steps], t.result_intervals, t.widest
    (['max', 'min'], ((-128, 127),), 11)
    """
    given = {key: argument(key, lo, hi) if lo < hi else as_symbol(lo) for key, (lo, hi) in ranges.items()}
    returned = rule(**given)
    outputs = [as_symbol(r) for r in (returned if isinstance(returned, tuple) else (returned,))]
    walk = _Walk()
    results = tuple(walk.visit(o) for o in outputs)
    arguments = tuple(a for a in given.values() if a.op == "arg")
    intervals = tuple(o.interval for o in outputs)
    return Trace(name, arguments, tuple(walk.steps), results, intervals, _obligations(outputs))


def _obligations(outputs: list[Symbol]) -> tuple[Obligation, ...]:
    """Return what every node behind the outputs relies on, those behind constants and decisions too."""
    seen: dict[Symbol, None] = {}
    waiting = list(outputs)
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen[node] = None
            waiting += (*node.args, *node.decided_by)
    return tuple(dict.fromkeys(o for node in reversed(seen) for o in node.obligations))


class _Walk:
    """Number the nodes of a graph, operands first; equal operations on equal operands are one step."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._seen: dict[Symbol, str | int] = {}
        self._same: dict[tuple[Any, ...], str] = {}

    def visit(self, node: Symbol) -> str | int:
        if node not in self._seen:
            self._seen[node] = self._number(node)
        return self._seen[node]

    def _number(self, node: Symbol) -> str | int:
        if node.op == "const":
            return node.interval[0]
        if node.op == "arg":
            return node.name
        operands = tuple(self.visit(a) for a in node.args)
        unproven = [o.limits for o in node.obligations if not o.holds]
        limits = (max(o[0] for o in unproven), min(o[1] for o in unproven)) if unproven else None
        key = (node.op, operands, node.interval, limits)
        if key not in self._same:
            name = f"t{len(self.steps)}"
            self.steps.append(Step(name, node.op, operands, node.interval, node.bits, limits))
            self._same[key] = name
        return self._same[key]
