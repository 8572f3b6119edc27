"""Quantize the weights and the bias of one layer.

Symmetric, per output channel or per tensor: ``scale = max|w| / qmax`` as float32, codes within ``[-qmax, qmax]``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import IntType, smallest_type
from edgeq.errors import ModelError
from edgeq.frontend.float_graph import Convolve, FloatArray

_BIAS_LIMIT = 2.0**28
"""A bias code beyond this would eat the accumulator: the weights' scale is raised instead."""
_SMALLEST = 2.0**-120
"""A channel whose scale would be below this is all zeros for any purpose: it takes the layer's largest scale."""

IntCodes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class WeightCodes:
    """Integers of a layer; ``scale`` (O,) or (1,), ``bias`` in units of the input's scale times it."""

    weight: IntCodes
    bias: IntCodes | None
    scale: FloatArray
    zero_point: IntCodes
    type: IntType


def weight_codes(conv: Convolve, input_scale: float, bits: int, granularity: str, where: str) -> WeightCodes:
    """Return the codes of a layer whose input has one scale; raises ModelError when the bias does not fit."""
    if conv.quantized is not None:
        q = conv.quantized
        kept = smallest_type(min(q.lo, int(q.codes.min())), max(q.hi, int(q.codes.max())))
        scale = q.scale[:1] if (q.scale == q.scale[0]).all() else q.scale
        zero_point = q.zero_point[0] if (q.zero_point == q.zero_point[0]).all() else q.zero_point
        return WeightCodes(q.codes, _bias(conv, scale * input_scale, where), scale, np.asarray(zero_point), kept)
    qmax = (1 << (bits - 1)) - 1
    scale = _scales(conv, input_scale, qmax, granularity)
    columns = scale.reshape((-1,) + (1,) * (conv.weight.ndim - 1))
    codes = np.clip(np.rint(conv.weight / columns), -qmax, qmax).astype(np.int64)
    return WeightCodes(codes, _bias(conv, scale * input_scale, where), scale, np.asarray(0), IntType(bits))


def _scales(conv: Convolve, input_scale: float, qmax: int, granularity: str) -> FloatArray:
    largest: FloatArray = np.abs(conv.weight).reshape(conv.weight.shape[0], -1).max(axis=1)
    bias = np.zeros_like(largest) if conv.bias is None else np.abs(conv.bias)
    if granularity == "per_tensor":
        largest, bias = np.array([largest.max()]), np.array([bias.max()])
    enough = np.maximum(largest / qmax, bias / (input_scale * _BIAS_LIMIT))
    spare = enough.max() if enough.max() > _SMALLEST else 1.0
    scale: FloatArray = np.where(enough > _SMALLEST, enough, spare).astype(np.float32).astype(np.float64)
    return scale


def _bias(conv: Convolve, scale: FloatArray, where: str) -> IntCodes | None:
    """Return ``rint(bias / scale)``, ties to even."""
    if conv.bias is None:
        return None
    codes = np.rint(conv.bias / scale)
    if not (np.abs(codes) < 2.0**52).all():
        worst = np.abs(codes).max()
        raise ModelError(f"{where}: the bias is {worst:.3g} steps of the accumulator; its scale is too small")
    return codes.astype(np.int64)
