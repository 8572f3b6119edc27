"""Convolution in one and two dimensions, transposed too, linear layers, batch norm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from edgeq.errors import ModelError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import pair, sides
from edgeq.frontend.context import Context, one_or_all, proven
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.states import State
from edgeq.frontend.weight_codes import Operand, declared_products, reduces, weight_codes
from edgeq.ir.builder import Value


@translates("conv1d", "conv2d", "convolution")
def _convolution(r: Reader) -> Translated:
    weight = r.constant(1, "weight")
    if weight is None or weight.ndim not in (3, 4):
        raise r.unsupported("only one- and two-dimensional convolutions are lowered")
    whole = r.call.op == "convolution"
    stride, dilation = _places(r.get(3, "stride"), weight), _places(r.get(5, "dilation"), weight)
    if whole and r.get(6, "transposed"):
        output_padding = _places(r.get(7, "output_padding"), weight, 0)
        return _transposed(r, stride, _places(r.get(4, "padding"), weight, 0), output_padding,
                           int(r.get(8, "groups", 1)), dilation)
    groups = r.get(8, "groups", 1) if whole else r.get(6, "groups", 1)
    padding = r.get(4, "padding", 0)
    size = (1, *weight.shape[2:])[-2:]
    around = (_same(size, dilation) if padding == "same"
              else sides(_places(0 if padding == "valid" else padding, weight, 0)))
    op = fg.Convolve(weight, r.constant(2, "bias"), r.quantized(1, "weight"), stride, around, dilation, int(groups))
    return op, (r.value(0, "input"),)


@translates("conv_transpose1d", "conv_transpose2d")
def _convolution_transposed(r: Reader) -> Translated:
    weight = r.constant(1, "weight")
    if weight is None or weight.ndim not in (3, 4):
        raise r.unsupported("only one- and two-dimensional transposed convolutions are lowered")
    stride, padding, output_padding, dilation = (
        _places(r.get(k, name), weight, default)
        for k, name, default in ((3, "stride", 1), (4, "padding", 0), (5, "output_padding", 0), (7, "dilation", 1)))
    return _transposed(r, stride, padding, output_padding, int(r.get(6, "groups", 1)), dilation)


def _transposed(
    r: Reader, stride: tuple[int, int], padding: tuple[int, int], output_padding: tuple[int, int], groups: int,
    dilation: tuple[int, int],
) -> Translated:
    """Return a transposed convolution; torch's weight is (I, O/groups, KH, KW)."""
    weight, quantized = r.constant(1, "weight"), r.quantized(1, "weight")
    assert weight is not None
    turned = _outputs_first(weight, groups)
    if quantized is not None:
        if any((kept != kept[0]).any() for kept in (quantized.scale, quantized.zero_point)):
            raise r.unsupported("weights quantized along their inputs; quantize those of a transposed convolution per "
                                "tensor")
        each = np.zeros(turned.shape[0], np.int64)
        quantized = replace(quantized, codes=_outputs_first(quantized.codes, groups),
                            scale=each + quantized.scale[0], zero_point=each + quantized.zero_point[0])
    op = fg.Convolve(turned, r.constant(2, "bias"), quantized, stride, sides(padding), dilation, groups,
                     transposed=True, output_padding=output_padding)
    return op, (r.value(0, "input"),)


def _outputs_first(weight: Any, groups: int) -> Any:
    """Return a weight (I, O/groups, ...) as (O, I/groups, ...)."""
    inputs, outputs, *kernel = weight.shape
    parts = weight.reshape(groups, inputs // groups, outputs, *kernel).swapaxes(1, 2)
    return np.ascontiguousarray(parts.reshape(groups * outputs, inputs // groups, *kernel))


def _places(value: Any, weight: fg.FloatArray, default: int = 1) -> tuple[int, int]:
    """Return (rows, columns); of one dimension the columns, rows at their default."""
    made = pair(value, default)
    return made if weight.ndim == 4 else (default, made[1])


def _same(size: tuple[int, int], dilation: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return PyTorch's padding="same": what is odd goes to the bottom and right."""
    total = [d * (k - 1) for k, d in zip(size, dilation, strict=True)]
    return total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2


@translates("linear")
def _linear(r: Reader) -> Translated:
    weight = r.constant(1, "weight")
    if weight is None or weight.ndim != 2:
        raise r.unsupported("the weight of a linear layer must have two dimensions")
    return fg.Convolve(weight, r.constant(2, "bias"), r.quantized(1, "weight"), dense=True), (r.value(0, "input"),)


@translates("addmm")
def _addmm(r: Reader) -> Translated:
    weight = r.constant(2, "mat2")
    if weight is None or r.get(3, "beta", 1) != 1 or r.get(4, "alpha", 1) != 1:
        raise r.unsupported("addmm is lowered with a constant second matrix and alpha = beta = 1")
    return fg.Convolve(weight.T.copy(), r.constant(0, "self"), dense=True), (r.value(1, "mat1"),)


@translates("batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm")
def _batch_norm(r: Reader) -> Translated:
    mean, variance = r.constant(3, "running_mean"), r.constant(4, "running_var")
    if mean is None or variance is None:
        raise r.unsupported("batch norm without running statistics cannot be lowered; train with track_running_stats")
    epsilon = float(r.get(6 if r.call.op == "_native_batch_norm_legit_no_training" else 7, "eps", 1e-5))
    gamma, beta = r.constant(1, "weight"), r.constant(2, "bias")
    least = float((variance + epsilon).min())
    if not least > 0:
        raise ModelError(f"{r.call.where()}: its running variance plus eps is {least:g}, expected more than 0; "
                         "train it again")
    gain = (np.ones_like(mean) if gamma is None else gamma) / np.sqrt(variance + epsilon)
    offset = (np.zeros_like(mean) if beta is None else beta) - mean * gain
    return fg.BatchNorm(gain, offset), (r.value(0, "input"),)


@lowers(fg.Convolve)
def _convolve(context: Context, states: list[State], node: fg.FloatNode) -> State:
    op, x = node.op, context.operand(states[0])
    assert isinstance(op, fg.Convolve)
    chosen = context.settings.of(node.layer)
    operand = Operand(x.scale.item(), x.value.type.type.bits)
    codes = weight_codes(op, operand, chosen, node.where)
    if codes.wrapped:
        context.notes.append(f"layer '{node.layer}': {codes.wrapped} weights or biases do not fit and wrap")
    kind, geometry, rows = _geometry(op)
    fields: dict[str, Any] = {
        "weight": codes.weight.reshape(rows(codes.weight.shape)), "bias": codes.bias, "weight_type": codes.type,
        "weight_scale": one_or_all(codes.scale), "bias_real": None if op.bias is None else one_or_all(op.bias),
        "weight_zero_point": codes.zero_point, "weight_encoding": codes.encoding,
        "bias_fraction_bits": chosen.bias_fraction_bits,
    }
    fields |= geometry | declared_products(codes, chosen)
    line = op.transposed and op.weight.ndim == 3
    value = _row(context, x.value, node.layer) if line else x.value
    bounds = proven(kind, fields, [value], node.layer)
    fields |= context.accumulator(bounds, chosen, node.layer, declared=True)
    name = f"{node.layer}.sum" if line else node.layer  # the layer's own name is that of its codes
    value = getattr(context.builder, kind)(value, **fields, name=name)
    if line:
        value = context.builder.reshape(value, (value.shape[0], value.shape[2]), name=f"{node.layer}.line")
    largest = np.maximum(np.abs(bounds.lo), np.abs(bounds.hi)).astype(np.float64)
    reach = float((largest * codes.acc_scale).max())
    return State(value, codes.acc_scale, 0, code=False, reach=reach, layer=node.layer, sum=not line,
                 fraction_bits=chosen.bias_fraction_bits, long=reduces(chosen, operand))


def _row(context: Context, value: Value, layer: str) -> Value:
    """Return (C, L) as an image of one row."""
    return context.builder.reshape(value, (value.shape[0], 1, value.shape[1]), name=f"{layer}.row")


def _geometry(op: fg.Convolve) -> tuple[str, dict[str, Any], Any]:
    """Return the kind of op, its geometry, and what shape its weight has."""
    if op.dense:
        return "linear", {}, lambda shape: shape
    whole = {"stride": op.stride, "padding": op.padding, "dilation": op.dilation, "groups": op.groups}
    if op.transposed:
        return "conv_transpose2d", whole | {"output_padding": op.output_padding}, _as_image
    if op.weight.ndim == 4:
        return "conv2d", whole, lambda shape: shape
    line = {"stride": op.stride[1], "padding": (op.padding[1], op.padding[3]), "dilation": op.dilation[1]}
    return "conv1d", line | {"groups": op.groups}, lambda shape: shape


def _as_image(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) == 4 else (*shape[:2], 1, shape[2])
