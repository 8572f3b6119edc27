"""Quantize the weights and the bias of one layer, by a preset's rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import IntType, Overflow, Rounding, parse_name, smallest_type, width_of
from edgeq.errors import ModelError
from edgeq.frontend.encodings import encoding_of
from edgeq.frontend.float_graph import Convolve, FloatArray, QuantizedWeight
from edgeq.frontend.settings import LayerSettings
from edgeq.ops.weighted import Product
from edgeq.scheme.activation_codes import fixed_scale, power_of_two

_BIAS_LIMIT, _LONG_BIAS_LIMIT = 2.0**28, 2.0**44
"""A bias of more steps than this would eat the accumulator: the weights' scale is raised instead."""
_SMALLEST = 2.0**-120
"""A channel whose scale would be below this is all zeros for any purpose: it takes the layer's largest scale."""
_BYTE = 128
_VANISHING = 2.0**52

IntCodes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class WeightCodes:
    """Integers of a layer; ``scale`` (O,) or (1,), ``acc_scale`` what one step of bias and accumulator stands for.

    ``product_shift`` is the right shift of each product on its way to the accumulator; ``wrapped`` counts the
    weights and biases that did not fit and wrapped; ``encoding`` is how files store the weight.
    """

    weight: IntCodes
    bias: IntCodes | None
    scale: FloatArray
    acc_scale: FloatArray
    zero_point: IntCodes
    type: IntType
    product_shift: int = 0
    wrapped: int = 0
    encoding: str = "int"


@dataclass(frozen=True)
class Operand:
    """The scale of a layer's input and the bits of its codes."""

    scale: float
    bits: int


def weight_codes(conv: Convolve, x: Operand, chosen: LayerSettings, where: str) -> WeightCodes:
    """Return the codes of a layer that reads ``x``; raises ModelError for a bias or a scale that does not fit."""
    if chosen.rules.weights.scale == "fixed":
        return _fixed(conv, x.scale, chosen, where)
    if conv.quantized is not None:
        return _given(conv, x.scale, chosen, where)
    if chosen.rules.weights.codes == "unsigned":
        return _unsigned(conv, x.scale, chosen, where)
    return _signed(conv, x, chosen, where)


def reduces(chosen: LayerSettings, x: Operand) -> bool:
    """Tell whether sums over ``x`` have a 64-bit bias and a multiplier of 16 bits: activations wider than 8 bits."""
    return chosen.rules.rescale.reduced16 and x.bits > 8


def declared_products(codes: WeightCodes, chosen: LayerSettings) -> dict[str, Any]:
    """Return what a layer declares of its products: each, and the bias, is cast to the preset's accumulator."""
    rule = chosen.rules.accumulator
    if rule is None:
        return {}
    acc = IntType(max(chosen.acc or chosen.activation_bits, 8))
    overflow = rule.overflow if chosen.acc_overflow is None else parse_name(Overflow, chosen.acc_overflow)
    bias = 0 if codes.bias is None else int(np.abs(codes.bias).max())
    return {"acc_product": Product(codes.product_shift, rule.rounding, overflow, acc),
            "bias_type": IntType(max(width_of(-bias, bias), 8))}


def _given(conv: Convolve, input_scale: float, chosen: LayerSettings, where: str) -> WeightCodes:
    """Return the codes that the model's own quantizer made."""
    assert conv.quantized is not None
    q = _without_vanishing(conv.quantized, conv.bias, input_scale / 2**chosen.bias_fraction_bits)
    kept = smallest_type(min(q.lo, int(q.codes.min())), max(q.hi, int(q.codes.max())))
    scale = q.scale[:1] if (q.scale == q.scale[0]).all() else q.scale
    zero_point = q.zero_point[0] if (q.zero_point == q.zero_point[0]).all() else q.zero_point
    step = scale * input_scale / 2**chosen.bias_fraction_bits
    return WeightCodes(q.codes, _bias(conv, step, where), scale, step, np.asarray(zero_point), kept,
                       encoding=encoding_of(q))


def _without_vanishing(q: QuantizedWeight, bias: FloatArray | None, unit: float) -> QuantizedWeight:
    """Return weights of 0, at the layer's largest scale, in channels whose bias is 2^52 of their steps and more.

    A batch norm whose gain has trained away leaves such channels.
    """
    far = np.zeros(q.scale.size, bool) if bias is None else np.abs(bias) >= _VANISHING * q.scale * unit
    if not far.any() or far.all():
        return q
    columns = (-1,) + (1,) * (q.codes.ndim - 1)
    codes = np.where(far.reshape(columns), q.zero_point.reshape(columns), q.codes)
    return replace(q, codes=codes, scale=np.where(far, q.scale[~far].max(), q.scale))


def _signed(conv: Convolve, x: Operand, chosen: LayerSettings, where: str) -> WeightCodes:
    """Return codes with zero point 0, per output channel or per tensor."""
    rule, bits = chosen.rules.weights, chosen.weight_bits
    qmax = (1 << (bits - 1)) - 1
    scale = _power_of_two_scale(conv, x.scale, bits) if rule.scale == "power_of_two" else _scales(conv, x, chosen)
    columns = scale.reshape((-1,) + (1,) * (conv.weight.ndim - 1))
    qmin = -qmax if rule.codes == "symmetric" else -qmax - 1
    codes = np.clip(_rounded(conv.weight / columns, rule.rounding), qmin, qmax).astype(np.int64)
    step = scale * x.scale / 2**chosen.bias_fraction_bits
    if rule.bias == "byte":
        unit = 1 << (bits - 1)
        bias = None if conv.bias is None else _byte_bias(conv.bias, step * unit, rule.rounding) * unit
    else:
        bias = _bias(conv, step, where)
    return WeightCodes(codes, bias, scale, step, np.asarray(0), IntType(bits))


def _scales(conv: Convolve, x: Operand, chosen: LayerSettings) -> FloatArray:
    """Return ``max|w| / qmax`` as float32, more where the bias would have too many steps."""
    qmax = (1 << (chosen.weight_bits - 1)) - 1
    largest: FloatArray = np.abs(conv.weight).reshape(conv.weight.shape[0], -1).max(axis=1)
    bias = np.zeros_like(largest) if conv.bias is None else np.abs(conv.bias)
    if chosen.granularity == "per_tensor":
        largest, bias = np.array([largest.max()]), np.array([bias.max()])
    limit = _LONG_BIAS_LIMIT if reduces(chosen, x) else _BIAS_LIMIT
    enough = np.maximum(largest / qmax, bias / (x.scale * limit))
    spare = enough.max() if enough.max() > _SMALLEST else 1.0
    scale: FloatArray = np.where(enough > _SMALLEST, enough, spare).astype(np.float32).astype(np.float64)
    return scale


def _power_of_two_scale(conv: Convolve, input_scale: float, bits: int) -> FloatArray:
    """Return the power of two at which neither a weight nor an 8-bit bias is cut. Source: ai8x-synthesis."""
    largest = float(np.abs(conv.weight).max()) / (1 << (bits - 1))
    bias = 0.0 if conv.bias is None else float(np.abs(conv.bias).max())
    return np.array([power_of_two(max(largest, bias / input_scale / (1 << (bits - 1)) / _BYTE) or 2.0 ** (1 - bits))])


def _byte_bias(bias: FloatArray, unit: FloatArray, rounding: Rounding) -> IntCodes:
    codes: IntCodes = np.clip(_rounded(bias / unit, rounding), -_BYTE, _BYTE - 1).astype(np.int64)
    return codes


def _unsigned(conv: Convolve, input_scale: float, chosen: LayerSettings, where: str) -> WeightCodes:
    """Return CNN_Compress's codes: ``S = (max - min) / (2**n - 1)``, ``Z = rhe(-min / S)``, quotients in float32."""
    weight, bits = conv.weight.astype(np.float32), chosen.weight_bits
    lo, hi = float(weight.min()), float(weight.max())
    if lo == hi != 0.0:
        raise ModelError(f"{where}: every weight is {lo:.6g}, so preset {chosen.preset} gives them the scale 0")
    scale = (hi - lo) / ((1 << bits) - 1) or 1.0
    zero_point = round(-lo / scale)
    codes = np.rint(weight / np.float32(scale)).astype(np.int64) + zero_point
    step = input_scale * scale
    bias = None if conv.bias is None else np.rint(conv.bias.astype(np.float32) / np.float32(step)).astype(np.int64)
    kept = IntType(bits, signed=False)
    return WeightCodes(codes, bias, np.array([scale]), np.array([step]), np.asarray(zero_point), kept)


def _fixed(conv: Convolve, input_scale: float, chosen: LayerSettings, where: str) -> WeightCodes:
    """Return the codes of ``ap_fixed``: rounded down, wrapped; the bias a code like them, at the products' scale."""
    scale = fixed_scale(chosen.weight_bits, chosen.rules)
    acc_scale = fixed_scale(chosen.activation_bits, chosen.rules)
    shift, bias_shift = (_exponent(step) for step in (acc_scale / (scale * input_scale), 1 / input_scale))
    if shift is None or bias_shift is None or conv.quantized is not None:
        raise ModelError(
            f"{where}: preset {chosen.preset} needs an input of its own fixed point and weights that are not quantized "
            f"yet; the input's scale is {input_scale:.6g}")
    weight, bias = (_wrapped(real, scale, chosen) for real in (conv.weight, _zeros_for(conv)))
    return WeightCodes(
        weight[0], None if conv.bias is None else bias[0] << bias_shift, np.array([scale]), np.array([acc_scale]),
        np.asarray(0), IntType(chosen.weight_bits), shift, weight[1] + bias[1])


def _zeros_for(conv: Convolve) -> FloatArray:
    return np.zeros(1) if conv.bias is None else conv.bias


def _exponent(ratio: float) -> int | None:
    """Return k of ``2**k``, None for what is no power of two or below 1."""
    fraction, exponent = math.frexp(ratio)
    return exponent - 1 if fraction == 0.5 and exponent >= 1 else None


def _wrapped(real: FloatArray, scale: float, chosen: LayerSettings) -> tuple[IntCodes, int]:
    """Return codes that keep their low bits where they do not fit, as AP_WRAP does, and how many did not."""
    half = 1 << (chosen.weight_bits - 1)
    codes: IntCodes = _rounded(real / scale, chosen.rules.weights.rounding).astype(np.int64)
    kept = (codes + half) % (2 * half) - half
    return kept, int((kept != codes).sum())


def _rounded(values: FloatArray, rounding: Rounding) -> FloatArray:
    """Return values rounded to integers: to even, up, or down."""
    if rounding is Rounding.ties_even:
        return np.rint(values)
    return np.floor(values + 0.5) if rounding is Rounding.ties_up else np.floor(values)


def _bias(conv: Convolve, scale: FloatArray, where: str) -> IntCodes | None:
    """Return ``rint(bias / scale)``, ties to even."""
    if conv.bias is None:
        return None
    codes = np.rint(conv.bias / scale)
    if not (np.abs(codes) < _VANISHING).all():
        worst = np.abs(codes).max()
        raise ModelError(f"{where}: the bias is {worst:.3g} steps of the accumulator; its scale is too small")
    return codes.astype(np.int64)
