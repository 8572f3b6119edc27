"""Flavour gemmini: one header of parameters in the form of gemmini-rocc-tests.

Weights are matrices (KH * KW * I, O) of ``elem_t``, of a depthwise convolution (C, KH, KW), of a linear layer (K, O);
biases are ``acc_t``; ``struct ConvParams`` and ``struct FcParams`` say the rest. Gemmini knows no zero points, and
one float32 scale per layer, ``output_scale``: it multiplies a sum by it in float32, rounds half to even, saturates.

Source: ucb-bar/gemmini-rocc-tests, include/gemmini_nn.h (ConvParams, FcParams, conv_dw), include/gemmini_params.h
(elem_t, acc_t, ACC_SCALE, row_align); maps have rows and columns of their own since in_dim became in_row_dim,
in_col_dim.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from edgeq.emitters.c_arrays.layers import (
    WeightedLayer,
    Where,
    columns_last,
    has_constants,
    require_one,
    weighted_layer,
)
from edgeq.emitters.c_arrays.source import Placement, Unit, initializer, tensor_line
from edgeq.emitters.c_model import net_name, symbol_of
from edgeq.emitters.c_text import nested_rows, rows_of
from edgeq.emitters.flattening import Columns
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.errors import InputError
from edgeq.ir.graph import Graph, Layer
from edgeq.ir.op import Finding
from edgeq.ir.tensor import Array, Constant, TensorType
from edgeq.memory.layout import restrict, to_layout
from edgeq.ops.conv1d import Conv1d
from edgeq.ops.conv2d import Conv2d
from edgeq.ops.linear import Linear
from edgeq.ops.max_pool2d import MaxPool2d
from edgeq.ops.requantize import Requantize

NAME = "gemmini"
INCLUDES = ("#include <stdbool.h>", "", '#include "include/gemmini_nn.h"', '#include "edgeq_platform.h"')
_MOST_SUMS = 1 << 24
_CHUNK = 1 << 18
_SYMMETRIC = "lower with symmetric codes, as --preset nngen has them"
_INEXACT = "emit with exact=false, which writes the nearest scale"


@dataclass(frozen=True)
class Pool:
    """The max pool that a convolution's store applies."""

    size: int = 1
    stride: int = 1
    padding: int = 0


def units(graph: Graph, place: Placement, exact: bool) -> Iterator[Unit]:
    """Yield a unit per layer with constants; raises InputError naming the layer that Gemmini cannot compute.

    With ``exact`` a layer is refused unless Gemmini's float32 scale gives its integers for every sum that can occur.
    """
    net = net_name(graph)
    tensors = {p.name: p for p in parameters(graph)}
    for item in graph.inputs:
        if f"{item.name}.table" in tensors:
            raise InputError(f"c_arrays flavour {NAME}: input '{item.name}': a table of pixels has no place; lower "
                             "with --input-type float32, or emit with flavour=plain")
    columns = columns_last(graph, NAME)
    for layer in graph.layers:
        if not has_constants(layer):
            continue
        where = Where(NAME, layer.name)
        found = weighted_layer(graph, layer, where)
        where.require(found is not None, f"op {layer.nodes[0].op.KIND} has constants, and no place here",
                      "give its operands one scale")
        assert found is not None
        _check(found, where)
        yield _unit(graph, layer, found, where, net, tensors, place, exact, columns.get(layer.name))


def _check(found: WeightedLayer, where: Where) -> None:
    op, requantize = found.op, found.requantize
    where.require(not isinstance(op, Conv1d), "a conv1d has no square kernel", "use conv2d or linear")
    points = (found.x.zero_point, requantize.zero_point, *op.weight_zero_point.limits)
    where.require(not any(points), f"zero points {points[0]} of the input, {points[1]} of the output and {points[2]} "
                  "of the weights, where it has none", _SYMMETRIC)
    where.require(requantize.type.bits == 8, f"output codes are {requantize.type}, its elem_t has 8 bits",
                  "lower with --abits 8 --out-bits 8")
    where.require(requantize.clamp in (None, (0, 127), (-128, 127)), f"clamp {requantize.clamp}, where it has RELU or "
                  "none", "let a ReLU follow the layer")
    if isinstance(op, Conv2d):
        square = (op.weight.shape[2] == op.weight.shape[3] and len(set(op.stride)) == 1 and len(set(op.padding)) == 1
                  and op.dilation == (1, 1))
        where.require(square, f"kernel {list(op.weight.shape[2:])}, stride {list(op.stride)}, padding "
                      f"{list(op.padding)}, dilation {list(op.dilation)}: it has one number for each, and dilation 1",
                      "use a square kernel with one stride and one padding")
        where.require(op.groups == 1 or op.weight.shape[:2] == (op.groups, 1), f"groups={op.groups}, where it has 1 or "
                      "one per channel", "use an ungrouped or a depthwise convolution")


def _scale(found: WeightedLayer, where: Where, exact: bool) -> tuple[float, int, str]:
    """Return output_scale, the shift, and what its float32 arithmetic makes of the graph's integers.

    Raises InputError when ``exact`` is asked for and some sum that can occur differs.
    """
    requantize = found.requantize
    multiplier = require_one(requantize.multiplier.array, "multiplier", where)
    shift = require_one(requantize.shift.array, "shift", where)
    scale = float(np.float32(multiplier / 2.0**shift))
    count = found.hi - found.lo + 1
    if count > _MOST_SUMS:
        said = f"sums {found.lo}..{found.hi} are too many to try, and float32 does not hold them all"
    else:
        one = dataclasses.replace(requantize, multiplier=Constant(multiplier), shift=Constant(shift),
                                  left_shift=Constant(0), scale=None, axis=None)
        wrong = _differing(one, found, np.float32(scale))
        said = f"{wrong} of the {count} sums {found.lo}..{found.hi} differ" if wrong else ""
    where.require(not exact or not said, f"its float32 scale, rounded half to even, does not give the graph's "
                  f"integers ({requantize.rounding.name}, {requantize.overflow.name}): {said}", _INEXACT)
    return scale, shift, said


def _differing(requantize: Requantize, found: WeightedLayer, scale: np.float32) -> int:
    """Return for how many sums that can occur ACC_SCALE and the activation give another code than the graph."""
    kept = TensorType((1,), found.op.acc)
    lo, hi = (0 if requantize.limits[0] == 0 else -128), 127
    wrong = 0
    for start in range(found.lo, found.hi + 1, _CHUNK):
        sums = np.arange(start, min(start + _CHUNK, found.hi + 1), dtype=np.int64)
        codes = requantize.run([sums[:, None]], [kept], reference=False)
        assert not isinstance(codes, Finding)  # overflow error was refused before
        scaled = np.clip(np.rint(sums.astype(np.float32) * scale), lo, hi)
        wrong += int(np.count_nonzero(scaled != codes[:, 0]))
    return wrong


def _unit(graph: Graph, layer: Layer, found: WeightedLayer, where: Where, net: str, tensors: Mapping[str, Parameter],
          place: Placement, exact: bool, columns: Columns | None) -> Unit:
    op = found.op
    scale, shift, differing = _scale(found, where, exact)
    weight, bias = (tensors[f"{layer.name}.{name}"] for name in ("weight", "bias"))
    base = symbol_of(net, weight).removesuffix("_weight")
    values, dims, stored = _matrix(op, weight, columns)
    shape = "".join(f"[{d}]" for d in dims)
    kind, fields = ("ConvParams", _conv_fields(graph, layer, found)) if isinstance(op, Conv2d) else (
        "FcParams", _fc_fields(found))
    fields["output_scale"] = scale.hex()
    definitions = (
        f"static {place} const elem_t {base}_w{shape} row_align(1) = {{\n{nested_rows(values.reshape(dims))}}};",
        f"static {place} const acc_t {base}_b[{bias.array.size}] row_align_acc(1) = {{\n{rows_of(bias.array)}}};",
        f"static const struct {kind} {base}_params = {initializer(fields)};",
        f"#define {base.upper()}_ACT {'RELU' if found.requantize.limits[0] == 0 else 'NO_ACTIVATION'}\n",
    )
    lines = [tensor_line(f"{base}_w", weight, **stored), tensor_line(f"{base}_b", bias, "o")]
    if scale == found.requantize.multiplier.limits[0] / 2.0**shift:
        parameter = tensors[f"{layer.name}.multiplier"]
        lines.append(tensor_line(f"{base}_params.output_scale", parameter, parameter.axes, times_2_to=shift))
    said = f"NOT the graph's integers: {differing}" if differing else "the graph's integers"
    return Unit(f"{layer.name}: output_scale {scale!r} gives {said}", (), definitions, tuple(lines))


def _matrix(op: Conv2d | Conv1d | Linear, parameter: Parameter, columns: Columns | None
            ) -> tuple[Array, tuple[int, ...], dict[str, Any]]:
    """Return the weights, the dimensions of their array, and the manifest fields that say their order."""
    shape = parameter.array.shape
    if isinstance(op, Conv2d) and op.groups > 1:
        return parameter.array, (shape[0], *shape[2:]), {"layout": "oihw"}
    layout = restrict("hwio", parameter.axes)
    dims = (prod(shape[1:]), shape[0])
    if columns is None:
        return to_layout(parameter.array, parameter.axes, layout), dims, {"layout": layout}
    return columns.turned(parameter.array).T, dims, {"layout": layout, "columns": columns.as_dict()}


def _conv_fields(graph: Graph, layer: Layer, found: WeightedLayer) -> dict[str, Any]:
    op = found.op
    assert isinstance(op, Conv2d)
    (_, rows, columns), (channels, out_rows, out_columns) = found.x.shape, found.y.shape
    pool = _pool(graph, layer, found)
    taps = prod(op.weight.shape[1:])
    pooled = (out_rows + 2 * pool.padding - pool.size) // pool.stride + 1
    return {
        "batch_size": 1, "in_row_dim": rows, "in_col_dim": columns, "out_row_dim": out_rows,
        "out_col_dim": out_columns, "kernel_size": op.weight.shape[2], "in_channels": found.x.shape[0],
        "out_channels": channels, "stride": op.stride[0], "padding": op.padding[0], "bias": _flag(op.bias is not None),
        "depthwise": _flag(op.groups > 1), "n_patches": out_rows * out_columns, "patch_size": taps,
        "output_scale": "", "res_scale": "MVIN_SCALE_IDENTITY", "pool_size": pool.size, "pool_stride": pool.stride,
        "pool_padding": pool.padding, "out_dim_pooled": pooled, "I": out_rows * out_columns, "J": channels, "K": taps,
    }


def _fc_fields(found: WeightedLayer) -> dict[str, Any]:
    rows, (channels, taps) = prod(found.x.shape[:-1]), found.op.weight.shape
    return {"batch_size": rows, "in_features": taps, "out_features": channels, "output_scale": "",
            "bias": _flag(found.op.bias is not None), "I": rows, "J": channels, "K": taps}


def _flag(holds: bool) -> str:
    return "true" if holds else "false"


def _pool(graph: Graph, layer: Layer, found: WeightedLayer) -> Pool:
    """Return the max pool that alone reads the layer, where Gemmini's store computes it; its padding counts as 0."""
    readers = graph.consumers(layer.output)
    if len(readers) != 1 or layer.output in {o.value for o in graph.outputs}:
        return Pool()
    op, (rows, columns) = readers[0].op, found.y.shape[1:]
    if not isinstance(op, MaxPool2d) or rows != columns or op.ceil_mode:
        return Pool()
    if len({*op.kernel}) > 1 or len({*op.step}) > 1 or len({*op.padding}) > 1:
        return Pool()
    if op.padding[0] and found.requantize.limits[0] < 0:
        return Pool()
    return Pool(op.kernel[0], op.step[0], op.padding[0])
