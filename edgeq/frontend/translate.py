"""Turn the calls of a captured program into the operators that lowering knows, one function per operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from edgeq.errors import ModelError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.names import layer_names
from edgeq.frontend.program import Arg, Program, Ref, call_refs
from edgeq.frontend.reader import Reader
from edgeq.frontend.weights import Weights

Translated = tuple[fg.FloatOp, tuple[str, ...]]


def translate(program: Program, weights: Weights) -> fg.FloatGraph:
    """Return the network of a program; raises UnsupportedOpError for an operator without a lowering."""
    inputs = tuple(fg.FloatInput(i.name, tuple(int(d or 0) for d in i.shape[1:])) for i in program.inputs)
    names = layer_names(program)
    nodes: list[fg.FloatNode] = []
    several = {c.name: c for c in program.calls if c.op in _FIRST_OF_SEVERAL}
    for call in program.calls:
        if weights.is_constant(call.name) or call.name in several:
            continue
        made = several.get(next(call_refs(call), ""), call) if call.args[1:] == (0,) else call
        reader = Reader(program, weights, made)
        function = _TABLE.get(made.op)
        if function is None:
            raise reader.unsupported(
                f"operator {call.target} has no integer lowering; use convolution, linear, pooling, ReLU, ReLU6, add, "
                "pad, flatten or reshape here, or cut it off the exported model"
            )
        try:
            op, operands = function(reader)
        except (TypeError, ValueError, OverflowError, IndexError, AttributeError) as cause:
            raise ModelError(f"{made.where()}: an argument is malformed ({cause}); export the model again") from None
        nodes.append(fg.FloatNode(call.name, op, operands, names[made.name], made.where()))
    constant = [o for o in program.outputs if weights.is_constant(o)]
    if constant:
        raise ModelError(f"output '{constant[0]}' does not depend on the input; nothing is left to lower")
    return fg.FloatGraph(inputs, tuple(nodes), program.outputs)


def _pair(value: Arg, default: Any = 1) -> tuple[int, int]:
    """Return (rows, columns) from an integer, a list of one or two; an empty list means the default."""
    if value in (None, ()):
        value = default
    items = value if isinstance(value, tuple) else (value, value)
    first, last = items[0], items[-1]
    return int(first), int(last)  # type: ignore[arg-type]


def _sides(pair: tuple[int, int]) -> tuple[int, int, int, int]:
    return pair[0], pair[1], pair[0], pair[1]


def _conv2d(r: Reader) -> Translated:
    weight = r.constant(1, "weight")
    if weight is None or weight.ndim != 4:
        raise r.unsupported("only two-dimensional convolutions are lowered")
    if r.call.op == "convolution" and (r.get(6, "transposed") or any(r.get(7, "output_padding", ()))):
        raise r.unsupported("transposed convolutions have no lowering yet")
    groups = r.get(8, "groups", 1) if r.call.op == "convolution" else r.get(6, "groups", 1)
    stride, dilation = _pair(r.get(3, "stride")), _pair(r.get(5, "dilation"))
    padding = r.get(4, "padding", 0)
    size = (weight.shape[2], weight.shape[3])
    sides = _same(size, dilation) if padding == "same" else _sides(_pair(0 if padding == "valid" else padding, 0))
    op = fg.Convolve(weight, r.constant(2, "bias"), r.quantized(1, "weight"), stride, sides, dilation, int(groups))
    return op, (r.value(0, "input"),)


def _same(size: tuple[int, int], dilation: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return PyTorch's padding="same": what is odd goes to the bottom and right."""
    total = [d * (k - 1) for k, d in zip(size, dilation, strict=True)]
    return total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2


def _linear(r: Reader) -> Translated:
    weight = r.constant(1, "weight")
    if weight is None or weight.ndim != 2:
        raise r.unsupported("the weight of a linear layer must have two dimensions")
    return fg.Convolve(weight, r.constant(2, "bias"), r.quantized(1, "weight"), dense=True), (r.value(0, "input"),)


def _addmm(r: Reader) -> Translated:
    weight = r.constant(2, "mat2")
    if weight is None or r.get(3, "beta", 1) != 1 or r.get(4, "alpha", 1) != 1:
        raise r.unsupported("addmm is lowered with a constant second matrix and alpha = beta = 1")
    return fg.Convolve(weight.T.copy(), r.constant(0, "self"), dense=True), (r.value(1, "mat1"),)


def _matmul(r: Reader) -> Translated:
    weight = r.constant(1, "mat2" if r.call.op == "mm" else "other")
    if weight is None or weight.ndim != 2:
        raise r.unsupported("a product of two computed matrices has no lowering yet")
    return fg.Convolve(weight.T.copy(), None, dense=True), (r.value(0, "self"),)


def _batch_norm(r: Reader) -> Translated:
    mean, variance = r.constant(3, "running_mean"), r.constant(4, "running_var")
    if mean is None or variance is None:
        raise r.unsupported("batch norm without running statistics cannot be lowered; train with track_running_stats")
    epsilon = float(r.get(6 if r.call.op == "_native_batch_norm_legit_no_training" else 7, "eps", 1e-5))
    gamma, beta = r.constant(1, "weight"), r.constant(2, "bias")
    gain = (np.ones_like(mean) if gamma is None else gamma) / np.sqrt(variance + epsilon)
    offset = (np.zeros_like(mean) if beta is None else beta) - mean * gain
    return fg.BatchNorm(gain, offset), (r.value(0, "input"),)


def _limit(lo: float, hi: float) -> Callable[[Reader], Translated]:
    return lambda r: (fg.Limit(lo, hi), (r.value(0, "self"),))


def _hardtanh(r: Reader) -> Translated:
    return fg.Limit(float(r.get(1, "min_val", -1)), float(r.get(2, "max_val", 1))), (r.value(0, "self"),)


def _clamp(r: Reader) -> Translated:
    lo, hi = r.get(1, "min"), r.get(2, "max")
    if any(isinstance(v, Ref) or v != v for v in (lo, hi)):
        raise r.unsupported("clamp limits must be numbers")
    return fg.Limit(-np.inf if lo is None else float(lo), np.inf if hi is None else float(hi)), (r.value(0, "self"),)


def _clamp_min(r: Reader) -> Translated:
    return fg.Limit(float(r.get(1, "min")), np.inf), (r.value(0, "self"),)


def _clamp_max(r: Reader) -> Translated:
    return fg.Limit(-np.inf, float(r.get(1, "max"))), (r.value(0, "self"),)


def _add(r: Reader) -> Translated:
    if r.get(2, "alpha", 1) != 1:
        raise r.unsupported("add with alpha other than 1 has no lowering")
    return fg.Sum(), (r.value(0, "self"), r.value(1, "other"))


def _max_pool2d(r: Reader) -> Translated:
    kernel = _pair(r.get(1, "kernel_size"))
    if _pair(r.get(4, "dilation")) != (1, 1):
        raise r.unsupported("dilated max pooling has no lowering")
    padding = _sides(_pair(r.get(3, "padding"), 0))
    op = fg.MaxPool(kernel, _pair(r.get(2, "stride"), kernel), padding, bool(r.get(5, "ceil_mode", False)))
    return op, (r.value(0, "self"),)


def _avg_pool2d(r: Reader) -> Translated:
    if r.get(6, "divisor_override") is not None:
        raise r.unsupported("avg_pool2d with divisor_override has no lowering")
    kernel = _pair(r.get(1, "kernel_size"))
    stride, padding = _pair(r.get(2, "stride"), kernel), _sides(_pair(r.get(3, "padding"), 0))
    ceil_mode, include = bool(r.get(4, "ceil_mode", False)), bool(r.get(5, "count_include_pad", True))
    return fg.AvgPool(kernel, stride, padding, ceil_mode, include), (r.value(0, "self"),)


def _adaptive_avg_pool2d(r: Reader) -> Translated:
    value = r.value(0, "self")
    height, width = (int(d or 0) for d in r.shape(value)[-2:])
    out = _pair(r.get(1, "output_size"))
    if height % out[0] or width % out[1]:
        raise r.unsupported(f"adaptive pooling of {height}x{width} to {out[0]}x{out[1]} has uneven windows")
    kernel = (height // out[0], width // out[1])
    return fg.AvgPool(kernel, kernel), (value,)


def _mean(r: Reader) -> Translated:
    value = r.value(0, "self")
    rank = len(r.shape(value))
    axes = sorted(int(d) % rank for d in r.get(1, "dim", ()))
    if rank != 4 or axes != [2, 3]:
        raise r.unsupported("mean is lowered over the rows and columns of (N, C, H, W)")
    return fg.AvgPool(None, keep=bool(r.get(2, "keepdim", False))), (value,)


def _view(r: Reader) -> Translated:
    shape = r.shape(r.call.name)[1:]
    if any(d is None for d in shape):
        raise r.unsupported("the shape after the batch must be fixed")
    kept = tuple(int(d or 0) for d in shape)
    return (fg.Flatten() if len(kept) == 1 else fg.Reshape(kept)), (r.value(0, "self"),)


def _pad(r: Reader) -> Translated:
    value = r.value(0, "self")
    rank = len(r.shape(value))
    amounts = [int(a) for a in r.get(1, "pad")]
    if r.call.op == "pad" and r.get(2, "mode", "constant") != "constant":
        raise r.unsupported(f"padding mode {r.get(2, 'mode')} has no lowering; use constant")
    fill = float(r.get(3 if r.call.op == "pad" else 2, "value", 0) or 0)
    if fill != fill or fill == np.inf:  # minus infinity, before max pooling, is the type's minimum
        raise r.unsupported(f"padding value {fill} has no lowering; use a finite one")
    if min(amounts, default=0) < 0 or len(amounts) > 2 * (rank - 1):
        raise r.unsupported("padding must not be negative and must leave the batch alone")
    before, after = [0] * rank, [0] * rank
    for k in range(len(amounts) // 2):
        before[rank - 1 - k], after[rank - 1 - k] = amounts[2 * k], amounts[2 * k + 1]
    return fg.Pad(tuple(before[1:]), tuple(after[1:]), fill), (value,)


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


def _dequantize(r: Reader) -> Translated:
    source = r.value(0, "input")
    made = next((c for c in r.program.calls if c.name == source), None)
    if made is None or made.op != "quantize_per_tensor" or _code(replace(r, call=made)) != _code(r):
        raise r.unsupported("its operand must come from a quantize operator of the same scale, zero point and limits")
    return fg.Same(), (source,)


def _to(r: Reader) -> Translated:
    kind = r.program.types.get(r.call.name)
    if kind is not None and kind.dtype not in ("float32", "float64", "float16"):
        raise r.unsupported(f"a cast to {kind.dtype} has no lowering")
    return _same_value(r)


def _same_value(r: Reader) -> Translated:
    return fg.Same(), (r.value(0, "self"),)


_TABLE: dict[str, Callable[[Reader], Translated]] = {
    "conv2d": _conv2d, "convolution": _conv2d, "linear": _linear, "addmm": _addmm, "matmul": _matmul, "mm": _matmul,
    "batch_norm": _batch_norm, "_native_batch_norm_legit_no_training": _batch_norm, "cudnn_batch_norm": _batch_norm,
    "relu": _limit(0.0, np.inf), "relu6": _limit(0.0, 6.0), "hardtanh": _hardtanh, "clamp": _clamp,
    "clamp_min": _clamp_min, "clamp_max": _clamp_max, "add": _add, "max_pool2d": _max_pool2d,
    "max_pool2d_with_indices": _max_pool2d,
    "avg_pool2d": _avg_pool2d, "adaptive_avg_pool2d": _adaptive_avg_pool2d,
    "_adaptive_avg_pool2d": _adaptive_avg_pool2d, "mean": _mean, "view": _view, "reshape": _view,
    "_unsafe_view": _view, "flatten": _view, "squeeze": _view, "unsqueeze": _view, "constant_pad_nd": _pad,
    "pad": _pad, "quantize_per_tensor": _quantize, "dequantize_per_tensor": _dequantize, "dropout": _same_value,
    "feature_dropout": _same_value, "alpha_dropout": _same_value, "clone": _same_value, "contiguous": _same_value,
    "alias": _same_value, "detach": _same_value, "lift_fresh": _same_value, "lift_fresh_copy": _same_value,
    "to": _to, "_to_copy": _to,
}  # fmt: skip
"""Operator name, whatever its overload, to the function that reads its calls."""
_FIRST_OF_SEVERAL = {"_native_batch_norm_legit_no_training", "cudnn_batch_norm", "max_pool2d_with_indices"}
"""Operators that give several results, of which the first counts: what takes it apart stands for them."""
