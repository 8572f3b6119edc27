"""Steps: the sign of a value, a comparison, one of two numbers by a comparison.

Integer rule: `threshold` (integer contract, section 6). What stands between a sum and its step - bias, batch norm,
limits - goes into the thresholds in exact rationals of its float64 numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd

import numpy as np

from edgeq.arith.types import IntType, smallest_type
from edgeq.frontend import float_graph as fg
from edgeq.frontend.conditions import COMPARISONS, Condition, compared, condition, number
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.states import State

_LARGEST = 1 << 15


@translates("sign")
def _sign(r: Reader) -> Translated:
    return fg.Threshold(((0.0, False), (0.0, True)), -1, 1), (r.value(0, "self"),)


@translates(*COMPARISONS)
def _comparison(r: Reader) -> Translated:
    found = condition(r)
    return _step(r, found, 1.0, 0.0), (found.value,)


@translates("where")
def _where(r: Reader) -> Translated:
    found = compared(r, r.get(0, "condition"))
    return _step(r, found, number(r, r.get(1, "self")), number(r, r.get(2, "other"))), (found.value,)


def _step(r: Reader, found: Condition, met: float, unmet: float) -> fg.Threshold:
    """Return the step that rises: where it would fall, it reads the negative value."""
    if not np.isfinite(found.at):
        raise r.unsupported(f"a comparison with {found.at} has no lowering; use a finite number")
    codes, unit = _codes(r, met, unmet)
    before: tuple[fg.BatchNorm, ...] = () if found.shifted is None else (found.shifted,)
    at, strict = found.at, found.relation in ("gt", "le")
    if found.relation in ("le", "lt"):  # x <= t is met where x > t is not
        codes = codes[::-1]
    if codes[0] < codes[1]:  # not (x >= t) is -x > -t
        codes, at, strict = codes[::-1], -at, not strict
        before += (fg.BatchNorm(np.array([-1.0]), np.zeros(1)),)
    return fg.Threshold(((at, strict),), codes[1], codes[0] - codes[1], unit, before)


def _codes(r: Reader, *values: float) -> tuple[tuple[int, ...], float]:
    """Return integers and the largest unit of which the values are multiples."""
    exact = [Fraction(v) for v in values]
    shared = max(v.denominator for v in exact)  # powers of two
    unit = Fraction(gcd(*(int(v * shared) for v in exact)) or shared, shared)
    codes = tuple(int(v / unit) for v in exact)
    if max(map(abs, codes)) > _LARGEST:
        raise r.unsupported(f"{values[0]:.9g} and {values[1]:.9g} have no common unit of which both are few multiples; "
                            "use values such as 1 and -1")
    return codes, float(unit)


@dataclass(frozen=True)
class _Edge:
    """Where a condition on a value is met: at or above ``at`` (below for sense -1), beyond it only where strict."""

    at: Fraction
    strict: bool
    sense: int = 1

    def met(self, value: Fraction | float) -> bool:
        """Tell whether a value meets it; infinity is compared too."""
        if value == self.at:
            return not self.strict
        return (value > self.at) == (self.sense > 0)

    def before(self, step: fg.BatchNorm | fg.Limit, channel: int) -> _Edge | bool:
        """Return the condition on what a map reads, or whether it is met whatever that is."""
        if isinstance(step, fg.Limit):
            least, most = (step.lo, step.hi)[:: self.sense]
            if self.met(least):
                return True
            return self if self.met(most) else False
        gain, offset = (Fraction(a[channel if a.size > 1 else 0].item()) for a in (step.gain, step.offset))
        if gain == 0:
            return self.met(offset)
        return _Edge((self.at - offset) / gain, self.strict, self.sense if gain > 0 else -self.sense)

    def code(self, scale: Fraction, zero_point: int) -> int:
        """Return the first code that meets it."""
        place = self.at / scale
        if self.sense > 0:
            return zero_point + (floor(place) + 1 if self.strict else ceil(place))
        return zero_point + (ceil(place) - 1 if self.strict else floor(place))


@lowers(fg.Threshold)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    op, state = node.op, states[0]
    assert isinstance(op, fg.Threshold)
    rank, axis = len(state.value.shape), state.value.type.axis
    along = op.axis % rank if rank and op.channels > 1 else axis
    if state.scale.size > 1 and along != axis:
        state = context.wide(state, None)
    rows = [_row(op, state, c) for c in range(max(op.channels, state.scale.size))]
    if rows.count(rows[0]) == len(rows):
        rows = rows[:1]
    table, senses = np.array([row for row, _ in rows]), np.array([sense for _, sense in rows])
    levels = op.start, op.start + op.step * len(op.edges)
    joins = state.sum and len(context.readers.get(node.inputs[0], [])) == 1
    value = context.builder.threshold(
        state.value, table if len(rows) > 1 else table[0], senses if len(rows) > 1 else senses[0], op.start, op.step,
        smallest_type(min(levels), max(levels)), scale=op.unit, axis=None if along == axis else along,
        name=None if joins else node.layer)
    context.traced.append((value, node.value))
    reach = max(map(abs, levels)) * op.unit
    return State(value, np.array([op.unit]), 0, code=True, reach=reach, layer=node.layer, levels=True)


def _row(op: fg.Threshold, state: State, channel: int) -> tuple[list[int], int]:
    """Return the thresholds of a channel and their direction; one outside the type is met always, or never."""
    scale = Fraction(state.scale[channel if state.scale.size > 1 else 0].item())
    edges = [_through(_Edge(Fraction(at), strict), (state.limit, *op.before), channel) for at, strict in op.edges]
    sense = next((e.sense for e in edges if isinstance(e, _Edge)), 1)
    return [_threshold(e, sense, scale, state) for e in edges], sense


def _through(edge: _Edge, steps: Sequence[fg.BatchNorm | fg.Limit], channel: int) -> _Edge | bool:
    for step in reversed(steps):
        made = edge.before(step, channel)
        if isinstance(made, bool):
            return made
        edge = made
    return edge


def _threshold(edge: _Edge | bool, sense: int, scale: Fraction, state: State) -> int:
    kept: IntType = state.value.type.type
    if isinstance(edge, bool):
        return kept.qmin - 1 if edge == (sense > 0) else kept.qmax + 1
    return min(max(edge.code(scale, state.zero_point), kept.qmin - 1), kept.qmax + 1)
