"""Functions of one value, read from tables: sigmoid, tanh, SiLU, GELU, hard-swish and their kin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from edgeq.arith.tables import Function, function_table, lut_table_16bit
from edgeq.arith.types import IntType, smallest_type
from edgeq.errors import ModelError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.context import Context, code_state
from edgeq.frontend.families import TRANSLATIONS, Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.rescaling import common_scale
from edgeq.frontend.states import State
from edgeq.ops.lut import MOST_BITS
from edgeq.scheme.activation_codes import power_of_two
from edgeq.scheme.presets import Preset

_S16 = IntType(16)
_WIDE = IntType(62)
_UNIT = Fraction(1, 1 << 20)
_PLACES = 10
"""Bits of the codes at which the reach of a function of 16-bit codes is looked up."""
_FIXED = {
    ("sigmoid", 8): (2.0**-8, -128), ("sigmoid", 16): (2.0**-15, 0), ("tanh", 8): (2.0**-7, 0),
    ("tanh", 16): (2.0**-15, 0),
}  # fmt: skip
"""Scale and zero point that TFLite fixes for a function's result of so many bits."""


@dataclass(frozen=True)
class Table(fg.FloatOp):
    """A function of one value: a name that :mod:`edgeq.arith.tables` knows, or a function of mpmath numbers."""

    COMPUTES = READS_CODES = True

    function: Function

    @property
    def settings(self) -> frozenset[str]:
        """The preset's rounding of entries."""
        return frozenset({"preset"})

    def codes(self, bits: int, rules: Preset) -> fg.Quantize | None:
        """Return TFLite's codes of sigmoid and tanh where the preset has them."""
        found = _FIXED.get((str(self.function), bits))
        if found is None or not rules.functions.fixed:
            return None
        return fg.Quantize(*found, IntType(bits).qmin, IntType(bits).qmax)


def _named(name: str) -> Callable[[Reader], Translated]:
    return lambda r: (Table(name), (r.value(0, "self"),))


TRANSLATIONS |= {name: _named(name) for name in
                 ("sigmoid", "tanh", "silu", "hardswish", "hardsigmoid", "mish", "exp")}


@translates("gelu")
def _gelu(r: Reader) -> Translated:
    return Table("gelu_tanh" if r.get(1, "approximate", "none") == "tanh" else "gelu"), (r.value(0, "self"),)


@translates("elu", "celu", "selu")
def _elu(r: Reader) -> Translated:
    import mpmath as m

    value = r.value(0, "self")
    if r.call.op == "selu":
        alpha, gain, width = 1.6732632423543772, 1.0507009873554805, 1.0  # torch's, rounded to float64
    else:
        alpha = float(r.get(1, "alpha", 1.0))
        gain = float(r.get(2, "scale", 1.0)) if r.call.op == "elu" else 1.0
        width = alpha if r.call.op == "celu" else 1 / float(r.get(3, "input_scale", 1.0))
    if (alpha, gain, width) == (1.0, 1.0, 1.0):
        return Table("elu"), (value,)
    return Table(lambda x: gain * (x if x > 0 else alpha * m.expm1(x / width))), (value,)


@translates("softplus")
def _softplus(r: Reader) -> Translated:
    import mpmath as m

    beta, threshold = float(r.get(1, "beta", 1.0)), float(r.get(2, "threshold", 20.0))
    function = lambda x: x if x * beta > threshold else m.log1p(m.exp(beta * x)) / beta  # noqa: E731
    return Table(function), (r.value(0, "self"),)


@lowers(Table)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    assert isinstance(node.op, Table)
    x = context.codes(states[0], node, f"the table of {node.layer}")
    if x.value.type.type.bits > MOST_BITS:
        return _interpolated(context, x, node.op.function, node)
    kept, scale = x.value.type.type, x.scale.item()
    target = context.target(node.value)
    reach = 0.0 if target else _reach(node, node.op.function, kept, scale, x.zero_point)
    rules = context.settings.of(node.layer)
    q = target or fg.Quantize(common_scale(reach, rules), 0, IntType(32).qmin, IntType(32).qmax)
    made = smallest_type(q.lo, q.hi)
    entries = function_table(node.op.function, kept, scale, x.zero_point, made, q.scale, q.zero_point,
                             rules.rules.functions.rounding)
    return _read(context, x, node, np.clip(entries, q.lo, q.hi), q, target, reach)


def _interpolated(context: Context, x: State, function: Function, node: fg.FloatNode) -> State:
    """Return a function of codes of 13 to 16 bits: a line between entries that are 128 codes apart."""
    if x.value.type.type != _S16:
        zero_point = x.zero_point if _S16.holds(x.value.type.lo, x.value.type.hi) else 0
        raised = context.builder.requantize(x.value, 1, 0, zero_point=zero_point, type=_S16, scale=x.scale.item(),
                                            name=f"{node.layer}.x")
        x = code_state(raised, fg.Quantize(x.scale.item(), zero_point, _S16.qmin, _S16.qmax), x.layer)
    target, scale = context.target(node.value), x.scale.item()
    symmetric = target is not None and (target.zero_point, target.lo, target.hi) == (0, _S16.qmin, _S16.qmax)
    if target is not None:
        reach = max(abs(target.lo - target.zero_point), abs(target.hi - target.zero_point)) * target.scale
    else:
        few = 1 << (16 - _PLACES)
        reach = _reach(node, function, IntType(_PLACES), scale * few, round(x.zero_point / few))
    least = reach / _S16.qmax
    if symmetric and target is not None:
        y_scale = target.scale
    else:
        y_scale = power_of_two(least) if context.settings.of(node.layer).rules.rescale.bits == 0 else least
    q = fg.Quantize(y_scale, 0, _S16.qmin, _S16.qmax)
    entries = lut_table_16bit(function, scale, x.zero_point, y_scale)
    kept = q if target is None or symmetric else None
    return _read(context, x, node, entries, q, kept, reach, interpolation="tflite")


def _read(
    context: Context, x: State, node: fg.FloatNode, entries: Any, q: fg.Quantize, codes: fg.Quantize | None,
    reach: float, **more: Any,
) -> State:
    """Add the table, whose result is codes, or else goes on to a change of scale."""
    direct = codes is not None or context.target(node.value) is None
    name = context.table_name(node) if direct else f"{node.layer}.table"
    value = context.builder.lut(x.value, entries, type=smallest_type(q.lo, q.hi), zero_point=q.zero_point,
                                scale=q.scale, name=name, **more)
    if codes is not None:
        return code_state(value, codes, node.layer)
    return State(value, np.array([q.scale]), 0, code=False, reach=reach, layer=node.layer)


def _reach(node: fg.FloatNode, function: Function, kept: IntType, scale: float, zero_point: int) -> float:
    """Return the largest magnitude of a function on codes, to 20 binary places."""
    entries = function_table(function, kept, scale, zero_point, _WIDE, _UNIT, 0)
    largest = int(np.abs(entries).max())
    if largest >= _WIDE.qmax:
        raise ModelError(f"{node.where}: its results pass 2^41 on the codes of its operand; limit the operand first")
    return (largest + 1) * float(_UNIT)
