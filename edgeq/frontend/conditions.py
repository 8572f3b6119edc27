"""Read `torch.where(x >= t, a, b)`: comparisons with a number, and tensors that hold one number throughout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgeq.frontend.arguments import sizes
from edgeq.frontend.float_graph import BatchNorm, FloatArray
from edgeq.frontend.program import Arg, Call, Program, Ref, call_refs
from edgeq.frontend.reader import Reader

COMPARISONS = ("ge", "gt", "le", "lt")
_MIRRORED = {"ge": "le", "gt": "lt", "le": "ge", "lt": "gt"}
_FILLS = {"ones_like": 1.0, "zeros_like": 0.0}


@dataclass(frozen=True, eq=False)
class Condition:
    """``value >= at`` (ge), ``> at`` (gt), ``<= at`` (le) or ``< at`` (lt).

    ``at`` is a number, or 0 where ``shifted`` first subtracts one number per channel.
    """

    value: str
    relation: str
    at: float
    shifted: BatchNorm | None = None


def absorbed(program: Program) -> set[str]:
    """Return the calls that have no value of their own: comparisons and fills that only `where` reads."""
    calls = {c.name: c for c in program.calls}
    readers: dict[str, list[Call]] = {}
    for call in program.calls:
        for name in call_refs(call):
            readers.setdefault(name, []).append(call)
    found: set[str] = set()
    for call in reversed(program.calls):
        read = readers.get(call.name, [])
        inside = bool(read) and all(r.op == "where" or r.name in found for r in read)
        if inside and call.name not in program.outputs and (
                call.op in COMPARISONS or filled(calls, Ref(call.name)) is not None):
            found.add(call.name)
    return found


def condition(r: Reader) -> Condition:
    """Return what a comparison asks of a computed value; refuses two computed values."""
    first, second = r.get(0, "self"), r.get(1, "other")
    turned = isinstance(first, Ref) and r.weights.is_constant(first.name)
    value = r.value(1, "other") if turned else r.value(0, "self")
    relation = _MIRRORED[r.call.op] if turned else r.call.op
    other = first if turned else second
    if not isinstance(other, Ref):
        return Condition(value, relation, float(other))
    if not r.weights.is_constant(other.name):
        raise r.unsupported("two computed values are compared; compare one with a number")
    array = r.weights.real(other.name)
    if array.size == 1:
        return Condition(value, relation, float(array.item()))
    return Condition(value, relation, 0.0, BatchNorm(np.ones(len(_channels(r, array, value))), -array.reshape(-1)))


def _channels(r: Reader, array: FloatArray, value: str) -> FloatArray:
    """Return one number per channel; refuses any other shape."""
    shape = sizes(r, value)
    if not shape or (1,) * (len(shape) + 1 - array.ndim) + array.shape != (1, shape[0]) + (1,) * (len(shape) - 1):
        raise r.unsupported(f"a value is compared with numbers of shape {list(array.shape)}; use one number, or one "
                            "per channel of (N, C, ...)")
    return array.reshape(-1)


def compared(r: Reader, arg: Arg) -> Condition:
    """Return the condition that `where` reads; refuses what is no comparison."""
    call = next((c for c in r.program.calls if isinstance(arg, Ref) and c.name == arg.name), None)
    if call is None or call.op not in COMPARISONS:
        raise r.unsupported("its condition is not a comparison with a number; write torch.where(x >= 0, 1.0, -1.0)")
    return condition(replace(r, call=call))


def number(r: Reader, arg: Arg) -> float:
    """Return the number that an operand of `where` is throughout; refuses any other operand."""
    found = filled({c.name: c for c in r.program.calls}, arg)
    if found is None and isinstance(arg, Ref) and r.weights.is_constant(arg.name):
        array = r.weights.real(arg.name)
        found = float(array.flat[0]) if array.size and (array == array.flat[0]).all() else None
    if found is None or not np.isfinite(found):
        raise r.unsupported("it is lowered where both results are finite numbers, as in torch.where(x >= 0, 1.0, -1.0)")
    return found


def filled(calls: Mapping[str, Call], arg: Arg) -> float | None:
    """Return the number that fills an operand: a number, or a tensor made like another; None for any other."""
    if isinstance(arg, bool) or not isinstance(arg, int | float | Ref):
        return None
    if not isinstance(arg, Ref):
        return float(arg)
    call = calls.get(arg.name)
    if call is None:
        return None
    if call.op in _FILLS:
        return _FILLS[call.op]
    if call.op == "full_like":
        return filled({}, call.args[1] if len(call.args) > 1 else call.kwargs.get("fill_value"))
    if call.op not in ("neg", "mul") or not call.args:
        return None
    factors = [-1.0] if call.op == "neg" else [filled(calls, a) for a in call.args[1:2]]
    inner = filled(calls, call.args[0])
    return None if inner is None or not factors or factors[0] is None else inner * factors[0]
