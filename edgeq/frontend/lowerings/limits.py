"""Clamps: ReLU, ReLU6, hard tanh, clamp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from edgeq.frontend import float_graph as fg
from edgeq.frontend.context import Context
from edgeq.frontend.families import TRANSLATIONS, Translated, lowers, translates
from edgeq.frontend.program import Ref
from edgeq.frontend.reader import Reader
from edgeq.frontend.states import State


def _limit(lo: float, hi: float) -> Callable[[Reader], Translated]:
    return lambda r: (fg.Limit(lo, hi), (r.value(0, "self"),))


TRANSLATIONS |= {"relu": _limit(0.0, np.inf), "relu6": _limit(0.0, 6.0)}


@translates("hardtanh")
def _hardtanh(r: Reader) -> Translated:
    return fg.Limit(float(r.get(1, "min_val", -1)), float(r.get(2, "max_val", 1))), (r.value(0, "self"),)


@translates("clamp")
def _clamp(r: Reader) -> Translated:
    lo, hi = r.get(1, "min"), r.get(2, "max")
    if any(isinstance(v, Ref) or v != v for v in (lo, hi)):
        raise r.unsupported("clamp limits must be numbers")
    return fg.Limit(-np.inf if lo is None else float(lo), np.inf if hi is None else float(hi)), (r.value(0, "self"),)


@translates("clamp_min")
def _clamp_min(r: Reader) -> Translated:
    return fg.Limit(float(r.get(1, "min")), np.inf), (r.value(0, "self"),)


@translates("clamp_max")
def _clamp_max(r: Reader) -> Translated:
    return fg.Limit(-np.inf, float(r.get(1, "max"))), (r.value(0, "self"),)


@lowers(fg.Limit)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    """Add a clamp to what a value still owes."""
    del context
    state, limit = states[0], node.op
    assert isinstance(limit, fg.Limit)
    lo, hi = (min(max(v, limit.lo), limit.hi) for v in (state.limit.lo, state.limit.hi))
    return replace(state, limit=fg.Limit(lo, hi))
