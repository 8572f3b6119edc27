"""Operators that give their operand: quantize, dequantize, dropout in evaluation, copies, casts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeq.errors import ModelError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.families import Translated, translates
from edgeq.frontend.program import Ref
from edgeq.frontend.reader import Reader


@translates("quantize_per_tensor")
def _quantize(r: Reader) -> Translated:
    return _code(r), (r.value(0, "input"),)


def _code(r: Reader) -> fg.Quantize:
    """Return what a quantize or dequantize operator says of its codes."""
    scale, zero_point = _number(r, 1, "scale"), _number(r, 2, "zero_point")
    if not np.isfinite(scale) or scale <= 0:
        raise ModelError(f"{r.call.where()}: scale {scale} must be positive and finite; calibrate the quantizer again")
    return fg.Quantize(scale, int(zero_point), int(r.get(3, "quant_min")), int(r.get(4, "quant_max")))


def _number(r: Reader, place: int, name: str) -> float:
    if not isinstance(r.get(place, name), Ref):
        return float(r.get(place, name))
    array = r.constant(place, name)
    if array is None or array.size != 1:
        raise r.unsupported(f"argument '{name}' must be one number")
    return float(array.item())


@translates("dequantize_per_tensor")
def _dequantize(r: Reader) -> Translated:
    source = r.value(0, "input")
    made = next((c for c in r.program.calls if c.name == source), None)
    if made is None or made.op != "quantize_per_tensor" or _code(replace(r, call=made)) != _code(r):
        raise r.unsupported("its operand must come from a quantize operator of the same scale, zero point and limits")
    return fg.Same(), (source,)


@translates("to", "_to_copy")
def _to(r: Reader) -> Translated:
    kind = r.program.types.get(r.call.name)
    if kind is not None and kind.dtype not in ("float32", "float64", "float16"):
        raise r.unsupported(f"a cast to {kind.dtype} has no lowering")
    return _same_value(r)


@translates(
    "dropout", "feature_dropout", "alpha_dropout", "clone", "contiguous", "alias", "detach", "lift_fresh",
    "lift_fresh_copy",
)
def _same_value(r: Reader) -> Translated:
    return fg.Same(), (r.value(0, "self"),)
