"""Run the loop nest that conv and linear share: in the declared order, or in any order where that is proven equal.

Shape letters: N images, C input channels, H W rows and columns, G groups, O output channels, K taps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.arith.primitives import accumulate, add_wrap64, cast, multiply, narrow
from edgeq.arith.types import Overflow
from edgeq.ir.op import Bounds, Finding
from edgeq.ir.tensor import Array, IntArray, TensorType
from edgeq.ops.weighted import Weighted

_ERROR = int(Overflow.error)


@dataclass(frozen=True)
class Window:
    """Geometry of a convolution: ``padding`` is top, left, bottom, right."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    dilation: tuple[int, int]
    groups: int

    def output(self, height: int, width: int) -> tuple[int, int]:
        """Return the rows and columns of the result; not positive when the window does not fit."""
        top, left, bottom, right = self.padding
        return (
            (height + top + bottom - self.dilation[0] * (self.kernel[0] - 1) - 1) // self.stride[0] + 1,
            (width + left + right - self.dilation[1] * (self.kernel[1] - 1) - 1) // self.stride[1] + 1,
        )


def taps(order: str, channels: int, window: Window) -> IntArray:
    """Return (K, 3): channel, row and column of each tap within its group, in the declared order."""
    extent = {"ic": channels, "kh": window.kernel[0], "kw": window.kernel[1]}
    names = order.split(",") if "," in order else ["kh", "kw", "ic"]
    grid = np.indices([extent[n] for n in names]).reshape(3, -1)
    return np.ascontiguousarray(np.stack([grid[names.index(n)] for n in ("ic", "kh", "kw")], axis=1))


def run_products(
    op: Weighted, x: IntArray, kept: TensorType, weight: IntArray, bias: IntArray, window: Window, bounds: Bounds,
    *, reference: bool,
) -> IntArray | Finding:
    """Return the accumulators (N, O, OH, OW) of x (N, C, H, W), or where an overflow stopped the run.

    ``weight`` is (O, C/G, KH, KW). Unless ``reference``, the fast loop runs where it is proven equal: the
    accumulator holds ``bounds``, or wraps exact sums.
    """
    proven = op.acc.holds(int(bounds.lo.min()), int(bounds.hi.max()))
    wraps = op.acc_overflow is Overflow.wrap and op.acc_product is None
    limit = max(abs(int(v)) for v in (bounds.lo.min(), bounds.hi.max())) + max(abs(int(b)) for b in bias)
    if reference or op.acc_product is not None or not (proven or wraps) or limit >= 1 << 62:
        return _run_ordered(op, x, kept, weight, bias, window)
    return _run_exact(op, x, kept, weight, bias, window, np.int32 if limit < 1 << 31 else np.int64)


def _run_exact(
    op: Weighted, x: IntArray, kept: TensorType, weight: IntArray, bias: IntArray, window: Window,
    dtype: type[np.int32] | type[np.int64],
) -> IntArray:
    channels, (top, left, bottom, right) = weight.shape[0], window.padding
    centred = np.pad((x - kept.zero_point).astype(dtype), ((0, 0), (0, 0), (top, bottom), (left, right)))
    zero_points = op.weight_zero_point.per_channel(channels).reshape(-1, 1, 1, 1)
    scaled = (weight - zero_points) * 2**op.bias_fraction_bits
    per_group = channels // window.groups
    by_tap = scaled.reshape(window.groups, per_group, -1).transpose(0, 2, 1)
    acc = np.empty((x.shape[0], channels, *window.output(x.shape[2], x.shape[3])), np.int64)
    _exact(centred, np.ascontiguousarray(by_tap, dtype), bias.astype(dtype), np.array(window.kernel),
           np.array(window.stride), np.array(window.dilation), acc)
    if op.acc_overflow is Overflow.wrap and op.acc.bits < 64:
        _wrap_all(acc.reshape(-1), op.acc.qmin, op.acc.qmax, int(Overflow.wrap))
    return acc


def _run_ordered(
    op: Weighted, x: IntArray, kept: TensorType, weight: IntArray, bias: IntArray, window: Window
) -> IntArray | Finding:
    channels = weight.shape[0]
    in_group = weight.shape[1]
    tap = taps(op.acc_order, in_group, window)
    by_order = np.ascontiguousarray(weight[:, tap[:, 0], tap[:, 1], tap[:, 2]])
    acc = np.empty((x.shape[0], channels, *window.output(x.shape[2], x.shape[3])), np.int64)
    part = op.acc_product
    rule = np.array([part.shift, part.rounding, part.type.qmin, part.type.qmax, part.overflow] if part else [-1] * 5)
    declared = np.array([op.acc.qmin, op.acc.qmax, op.acc_overflow, op.acc.bits, op.acc_lanes,
                         op.acc_bias == "first", op.bias_fraction_bits, kept.zero_point])
    geometry = np.array([*window.stride, *window.padding[:2], *window.dilation, window.groups])
    found = np.zeros(2, np.int64)
    stopped = _ordered(x, by_order, op.weight_zero_point.per_channel(channels), bias, tap, geometry, declared, rule,
                       acc, found)
    return Finding(int(found[0]), int(found[1])) if stopped else acc


@kernel
def _wrap_all(values: IntArray, lo: int, hi: int, overflow: int) -> None:
    for i in range(values.size):
        values[i] = narrow(values[i], lo, hi, overflow)


@kernel
def _exact(
    x: Array, weight: Array, bias: Array, size: IntArray, stride: IntArray, dilation: IntArray, acc: IntArray
) -> None:
    """Sum in int32 or int64 with the output channels innermost; x (N, C, H, W) is centred and padded."""
    G, _, OG = weight.shape
    N, C, _, _ = x.shape
    OH, OW = acc.shape[2], acc.shape[3]
    CG = C // G
    lane = np.empty(OG, x.dtype)
    for n in range(N):
        for g in range(G):
            w = weight[g]
            for oh in range(OH):
                for ow in range(OW):
                    for o in range(OG):
                        lane[o] = bias[g * OG + o]
                    k = 0
                    for c in range(CG):
                        for kh in range(size[0]):
                            for kw in range(size[1]):
                                v = x[n, g * CG + c, oh * stride[0] + kh * dilation[0],
                                      ow * stride[1] + kw * dilation[1]]
                                if v != 0:
                                    for o in range(OG):
                                        lane[o] += v * w[k, o]
                                k += 1
                    for o in range(OG):
                        acc[n, g * OG + o, oh, ow] = lane[o]


@kernel
def _add(acc: int, term: int, declared: IntArray) -> int:
    """Add one term by the accumulator's rule; 63 and 64 bits wrap in two halves."""
    lo, hi, overflow, bits = declared[0], declared[1], declared[2], declared[3]
    if bits < 63:
        return accumulate(acc, term, lo, hi, overflow)
    total = add_wrap64(acc, term)
    return total if bits == 64 else narrow(total, lo, hi, overflow)


@kernel
def _ordered(
    x: IntArray, weight: IntArray, zero_points: IntArray, bias: IntArray, tap: IntArray, geometry: IntArray,
    declared: IntArray, rule: IntArray, acc: IntArray, found: IntArray,
) -> bool:
    """Add every term in the declared order; returns True, with flat index and value, when an overflow stops."""
    N, C, H, W = x.shape
    _, O, OH, OW = acc.shape
    stride_h, stride_w, top, left, dilation_h, dilation_w, G = geometry
    lo, hi, overflow = declared[0], declared[1], declared[2]
    lanes, bias_first, fraction_bits, x_zero_point = declared[4], declared[5], declared[6], declared[7]
    stops = overflow == _ERROR
    CG, OG = C // G, O // G
    lane = np.zeros(lanes, np.int64)
    flat = -1
    for n in range(N):
        for o in range(O):
            for oh in range(OH):
                for ow in range(OW):
                    flat += 1
                    lane[:] = 0
                    if bias_first:
                        lane[0] = _add(lane[0], bias[o], declared)
                        if stops and (lane[0] < lo or lane[0] > hi):
                            found[0], found[1] = flat, lane[0]
                            return True
                    for k in range(tap.shape[0]):
                        h = oh * stride_h - top + tap[k, 1] * dilation_h
                        w = ow * stride_w - left + tap[k, 2] * dilation_w
                        if h < 0 or h >= H or w < 0 or w >= W:
                            continue
                        term = multiply(x[n, (o // OG) * CG + tap[k, 0], h, w], x_zero_point, weight[o, k],
                                        zero_points[o], fraction_bits)
                        if rule[0] >= 0:
                            term = cast(term, rule[0], rule[1], rule[2], rule[3], rule[4])
                        lane[k % lanes] = _add(lane[k % lanes], term, declared)
                        if stops and (lane[k % lanes] < lo or lane[k % lanes] > hi):
                            found[0], found[1] = flat, lane[k % lanes]
                            return True
                    for j in range(1, lanes + 1 - bias_first):
                        lane[0] = _add(lane[0], lane[j] if j < lanes else bias[o], declared)
                        if stops and (lane[0] < lo or lane[0] > hi):
                            found[0], found[1] = flat, lane[0]
                            return True
                    acc[n, o, oh, ow] = lane[0]
    return False
