"""Run the loop nest that sums of products share: in the declared order, or in any order where that is proven equal.

Shape letters: N images, C input channels, H W rows and columns, G groups, O output channels, K taps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.arith.primitives import accumulate, add_wrap64, cast, multiply, narrow
from edgeq.arith.types import Overflow
from edgeq.ir.op import Bounds, Finding
from edgeq.ir.tensor import Array, Constant, IntArray, TensorType
from edgeq.ops.weighted import HOST_LIMIT, Sums, Weighted
from edgeq.ops.window import Window, source

_ERROR = int(Overflow.error)


def taps(order: str, channels: int, window: Window) -> IntArray:
    """Return (K, 3): channel, row and column of each tap within its group, in the declared order."""
    extent = {"ic": channels, "kh": window.kernel[0], "kw": window.kernel[1]}
    names = order.split(",") if "," in order else ["kh", "kw", "ic"]
    grid = np.indices([extent[n] for n in names]).reshape(3, -1)
    return np.ascontiguousarray(np.stack([grid[names.index(n)] for n in ("ic", "kh", "kw")], axis=1))


@dataclass(frozen=True)
class Products:
    """Sums of ``(x - x_zero_point) * (weight - zero_points)`` over a window; weight is (O, C/G, KH, KW).

    ``zero_points`` and ``bias`` are per output channel, (O,); ``bounds`` are the proven limits of every sum.
    """

    sums: Sums
    window: Window
    x_zero_point: int
    weight: IntArray
    zero_points: IntArray
    bias: IntArray
    bounds: Bounds

    def run(self, x: IntArray, *, reference: bool) -> IntArray | Finding:
        """Return the accumulators (N, O, OH, OW) of x (N, C, H, W), or where an overflow stopped the run.

        Unless ``reference``, the fast loop runs where it is proven equal: the accumulator holds the bounds, or
        wraps exact sums.
        """
        limit = max(abs(int(v)) for v in (self.bounds.lo.min(), self.bounds.hi.max()))
        limit += max(abs(int(b)) for b in self.bias)
        if reference or not self.sums.exact(self.bounds) or limit >= HOST_LIMIT:
            return self._run_ordered(x)
        return self._run_exact(x, np.int32 if limit < 1 << 31 else np.int64)

    def _output(self, x: IntArray) -> IntArray:
        return np.empty((x.shape[0], self.weight.shape[0], *self.window.output(x.shape[2], x.shape[3])), np.int64)

    def _run_exact(self, x: IntArray, dtype: type[np.int32] | type[np.int64]) -> IntArray:
        window, sums, out = self.window, self.sums, self.weight.shape[0]
        centred = np.ascontiguousarray(x - self.x_zero_point, dtype)
        scaled = (self.weight - self.zero_points.reshape(-1, 1, 1, 1)) * 2**sums.fraction_bits
        by_tap = scaled.reshape(window.groups, out // window.groups, -1).transpose(0, 2, 1)
        acc = self._output(x)
        rows, row_steps = window.hits(0, x.shape[2], acc.shape[2])
        columns, column_steps = window.hits(1, x.shape[3], acc.shape[3])
        _exact(centred, np.ascontiguousarray(by_tap, dtype), self.bias.astype(dtype), rows, columns,
               np.array([*row_steps, *column_steps, *window.kernel]), acc)
        if sums.overflow is Overflow.wrap and sums.acc.bits < 64:
            _wrap_all(acc.reshape(-1), sums.acc.qmin, sums.acc.qmax, int(Overflow.wrap))
        return acc

    def _run_ordered(self, x: IntArray) -> IntArray | Finding:
        sums, acc, found = self.sums, self._output(x), np.zeros(2, np.int64)
        tap = taps(sums.order, self.weight.shape[1], self.window)
        by_order = np.ascontiguousarray(self.weight[:, tap[:, 0], tap[:, 1], tap[:, 2]])
        lines = self.window.lines
        reached = tap * np.array([1, *lines[:, 2]])
        part = sums.product
        product = (part.shift, part.rounding, part.type.qmin, part.type.qmax, part.overflow) if part else (-1,) * 5
        declared = np.array([sums.acc.qmin, sums.acc.qmax, sums.overflow, sums.acc.bits, sums.lanes,
                             sums.bias == "first", sums.fraction_bits, self.x_zero_point, self.window.groups])
        stopped = _ordered(x, by_order, self.zero_points, self.bias, reached, lines[:, [0, 1, 3]].ravel(), declared,
                           np.array(product), acc, found)
        return Finding(int(found[0]), int(found[1])) if stopped else acc


def weighted_products(
    op: Weighted, x: TensorType, weight: IntArray, bias: Constant | None, window: Window, bounds: Bounds
) -> Products:
    """Return the loop nest of an op with weights, given as (O, C/G, KH, KW)."""
    out = weight.shape[0]
    return Products(op.sums, window, x.zero_point, weight, op.weight_zero_point.per_channel(out),
                    op.bias_values(out, bias), bounds)


@kernel
def _wrap_all(values: IntArray, lo: int, hi: int, overflow: int) -> None:
    for i in range(values.size):
        values[i] = narrow(values[i], lo, hi, overflow)


@kernel
def _exact(
    x: Array, weight: Array, bias: Array, rows: IntArray, columns: IntArray, steps: IntArray, acc: IntArray
) -> None:
    """Sum in int32 or int64 with the output channels innermost; x (N, C, H, W) is centred."""
    G, _, OG = weight.shape
    N, C, H, W = x.shape
    OH, OW = acc.shape[2], acc.shape[3]
    kh_step, h_step, kw_step, w_step, KH, KW = steps
    CG = C // G
    lane = np.empty(OG, x.dtype)
    flat = x.reshape(-1)
    for n in range(N):
        for g in range(G):
            w = weight[g]
            for oh in range(OH):
                kh, h, row_count = rows[oh, 0], rows[oh, 1], rows[oh, 2]
                for ow in range(OW):
                    kw, column, column_count = columns[ow, 0], columns[ow, 1], columns[ow, 2]
                    for o in range(OG):
                        lane[o] = bias[g * OG + o]
                    for c in range(CG):
                        first_k = (c * KH + kh) * KW + kw
                        first_at = ((n * C + g * CG + c) * H + h) * W + column
                        for i in range(row_count):
                            k, at = first_k + i * kh_step * KW, first_at + i * h_step * W
                            for _ in range(column_count):
                                v = flat[at]
                                if v != 0:
                                    for o in range(OG):
                                        lane[o] += v * w[k, o]
                                k += kw_step
                                at += w_step
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
    x: IntArray, weight: IntArray, zero_points: IntArray, bias: IntArray, tap: IntArray, lines: IntArray,
    declared: IntArray, rule: IntArray, acc: IntArray, found: IntArray,
) -> bool:
    """Add every term in the declared order; returns True, with flat index and value, when an overflow stops.

    ``tap`` holds channel, and row and column times their reach; ``lines`` step, before and up of rows and columns.
    """
    N, C, H, W = x.shape
    _, O, OH, OW = acc.shape
    step_h, before_h, up_h, step_w, before_w, up_w = lines
    lo, hi, overflow = declared[0], declared[1], declared[2]
    lanes, bias_first, fraction_bits, x_zero_point = declared[4], declared[5], declared[6], declared[7]
    G = declared[8]
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
                        h = source(oh * step_h - before_h + tap[k, 1], up_h, H)
                        w = source(ow * step_w - before_w + tap[k, 2], up_w, W)
                        if h < 0 or w < 0:
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
