"""Convolution and linear once more, slowly: every product added one by one in Python integers.

Written from the page "The integer contract", section 4; imports nothing from edgeq. Rules are strings, a type is
its pair of limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product as every
from typing import Any

import numpy as np

from tests.oracles import rounding

Limits = tuple[int, int]


class Stopped(Exception):
    """An accumulator with overflow ``error`` left its type: image, index in the sample, value."""

    def __init__(self, image: int, index: list[int], value: int) -> None:
        super().__init__(f"value {value} at image {image}, index {index}")
        self.found = (image, index, value)


@dataclass(frozen=True)
class Accumulator:
    """What a layer declares about its sums; ``product`` is (shift, rounding, overflow, limits) or None."""

    limits: Limits = (-(2**31), 2**31 - 1)
    overflow: str = "wrap"
    order: str = "kh,kw,ic"
    bias: str = "first"
    lanes: int = 1
    fraction_bits: int = 0
    product: tuple[int, str, str, Limits] | None = None

    def cast(self, value: int) -> int:
        """Bring a product or a bias into the type of products, when one is declared."""
        if self.product is None:
            return value
        shift, rule, overflow, limits = self.product
        return rounding.cast(value, shift, rule, *limits, overflow)

    def partial_sums(self, terms: Sequence[int | None], bias: int) -> Iterator[int]:
        """Yield what the accumulator holds after every addition; None is a tap on padding."""
        lanes = [0] * self.lanes
        steps = [(k % self.lanes, term) for k, term in enumerate(terms) if term is not None]
        if self.bias == "first":
            steps.insert(0, (0, bias))
        for lane, term in steps:
            lanes[lane] = self._add(lanes[lane], term)
            yield lanes[lane]
        rest = lanes[1:] + ([bias] if self.bias == "last" else [])
        held = lanes[0]
        for term in rest:
            held = self._add(held, term)
            yield held
        yield held

    def _add(self, held: int, term: int) -> int:
        return rounding.narrow(held + term, *self.limits, self.overflow)

    def total(self, terms: Sequence[int | None], bias: int, image: int, index: list[int]) -> int:
        """Return the last partial sum; raises Stopped at the first outside the type under ``error``."""
        last = 0
        for last in self.partial_sums([t if t is None else self.cast(t) for t in terms], self.cast(bias)):
            if not self.limits[0] <= last <= self.limits[1]:
                raise Stopped(image, index, last)
        return last


def _channelwise(value: Any, channels: int) -> list[int]:
    """Return one Python integer per channel."""
    return [int(v) for v in np.broadcast_to(np.asarray(value, dtype=object), (channels,))]


def conv2d(
    x: Any, x_zero_point: int, weight: Any, bias: Any, acc: Accumulator, *, stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int, int, int] = (0, 0, 0, 0), dilation: tuple[int, int] = (1, 1), groups: int = 1,
    weight_zero_point: Any = 0,
) -> np.ndarray:
    """Return the accumulators (N, O, OH, OW) as Python integers."""
    N, C, H, W = x.shape
    O, I, KH, KW = weight.shape
    top, left, bottom, right = padding
    rows = range(-top, H + bottom - (KH - 1) * dilation[0], stride[0])
    columns = range(-left, W + right - (KW - 1) * dilation[1], stride[1])
    zero_points, biases = _channelwise(weight_zero_point, O), _channelwise(bias, O)
    y = np.empty((N, O, len(rows), len(columns)), dtype=object)
    extent = {"kh": range(KH), "kw": range(KW), "ic": range(I)}
    names = acc.order.split(",")
    for n, o, (oh, h0), (ow, w0) in every(range(N), range(O), enumerate(rows), enumerate(columns)):
        terms: list[int | None] = []
        for place in every(*(extent[name] for name in names)):
            at = dict(zip(names, place, strict=True))
            h, w = h0 + at["kh"] * dilation[0], w0 + at["kw"] * dilation[1]
            if not (0 <= h < H and 0 <= w < W):
                terms.append(None)
                continue
            c = o // (O // groups) * (C // groups) + at["ic"]
            terms.append(rounding.multiply(int(x[n, c, h, w]), x_zero_point,
                                           int(weight[o, at["ic"], at["kh"], at["kw"]]), zero_points[o],
                                           acc.fraction_bits))
        y[n, o, oh, ow] = acc.total(terms, biases[o], n, [o, oh, ow])
    return y


def linear(
    x: Any, x_zero_point: int, weight: Any, bias: Any, acc: Accumulator, weight_zero_point: Any = 0
) -> np.ndarray:
    """Return the accumulators (N, ..., O): the last axis of x against the rows of ``weight``, output by output."""
    O, K = weight.shape
    zero_points, biases = _channelwise(weight_zero_point, O), _channelwise(bias, O)
    y = np.empty((*x.shape[:-1], O), dtype=object)
    for n, o, row in every(range(x.shape[0]), range(O), np.ndindex(*x.shape[1:-1])):
        terms = [rounding.multiply(int(x[(n, *row, k)]), x_zero_point, int(weight[o, k]), zero_points[o],
                                   acc.fraction_bits) for k in range(K)]
        y[(n, *row, o)] = acc.total(terms, biases[o], n, [*row, o])
    return y


def conv1d(
    x: Any, x_zero_point: int, weight: Any, bias: Any, acc: Accumulator, *, stride: int = 1,
    padding: tuple[int, int] = (0, 0), dilation: int = 1, groups: int = 1, weight_zero_point: Any = 0,
) -> np.ndarray:
    """Return the accumulators (N, O, OL): every output walks along its channels and taps."""
    N, _, L = x.shape
    O, I, K = weight.shape
    starts = range(-padding[0], L + padding[1] - (K - 1) * dilation, stride)
    zero_points, biases = _channelwise(weight_zero_point, O), _channelwise(bias, O)
    y = np.empty((N, O, len(starts)), dtype=object)
    pairs = list(every(range(I), range(K)))
    if acc.order in ("kh,kw,ic", "kw,kh,ic", "kw,ic,kh", "ic"):  # the channel is the faster of the two
        pairs.sort(key=lambda pair: (pair[1], pair[0]))
    for n, o, (i, start) in every(range(N), range(O), enumerate(starts)):
        terms: list[int | None] = []
        for ic, k in pairs:
            at = start + k * dilation
            code = int(x[n, o * groups // O * I + ic, at]) if 0 <= at < L else None
            terms.append(None if code is None else rounding.multiply(
                code, x_zero_point, int(weight[o, ic, k]), zero_points[o], acc.fraction_bits))
        y[n, o, i] = acc.total(terms, biases[o], n, [o, i])
    return y


def conv_transpose2d(
    x: Any, x_zero_point: int, weight: Any, bias: Any, acc: Accumulator, *, stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int, int, int] = (0, 0, 0, 0), output_padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1), groups: int = 1, weight_zero_point: Any = 0,
) -> np.ndarray:
    """Return the accumulators (N, O, OH, OW): every input is scattered, each output adds what it got in order."""
    N, _, H, W = x.shape
    O, I, KH, KW = weight.shape
    whole = [(size - 1) * s + d * (k - 1) + 1 for size, s, d, k in zip((H, W), stride, dilation, (KH, KW), strict=True)]
    top, left, bottom, right = padding
    OH, OW = whole[0] - top - bottom + output_padding[0], whole[1] - left - right + output_padding[1]
    zero_points, biases = _channelwise(weight_zero_point, O), _channelwise(bias, O)
    extent = {"kh": range(KH), "kw": range(KW), "ic": range(I)}
    names = acc.order.split(",") if "," in acc.order else ["kh", "kw", "ic"]
    places = {place: k for k, place in enumerate(every(*(extent[name] for name in names)))}
    y = np.empty((N, O, OH, OW), dtype=object)
    for n, o in every(range(N), range(O)):
        got: dict[tuple[int, int], list[int | None]] = {}
        for h, w, ic, kh, kw in every(range(H), range(W), range(I), range(KH), range(KW)):
            to = (h * stride[0] + kh * dilation[0] - top, w * stride[1] + kw * dilation[1] - left)
            tap = {"kh": kh, "kw": kw, "ic": ic}
            terms = got.setdefault(to, [None] * len(places))
            terms[places[tuple(tap[name] for name in names)]] = rounding.multiply(
                int(x[n, o // (O // groups) * I + ic, h, w]), x_zero_point, int(weight[o, ic, kh, kw]),
                zero_points[o], acc.fraction_bits)
        for to in every(range(OH), range(OW)):
            y[(n, o, *to)] = acc.total(got.get(to, []), biases[o], n, [o, *to])
    return y


def matmul(
    x1: Any, zero1: int, x2: Any, zero2: int, acc: Accumulator, *, transpose1: bool = False, transpose2: bool = False
) -> np.ndarray:
    """Return the accumulators (N, ..., M, P): each pair of matrices output by output, the second's columns slowest."""
    a, b = (x.swapaxes(-1, -2) if t else x for x, t in ((x1, transpose1), (x2, transpose2)))
    rank = max(a.ndim, b.ndim) - 3
    ones = [(1,) * (rank + 3 - v.ndim) + v.shape[1:-2] for v in (a, b)]
    lead = tuple(max(pair) for pair in zip(*ones, strict=True))
    y = np.empty((len(a), *lead, a.shape[-2], b.shape[-1]), dtype=object)

    def matrix(x: Any, n: int, place: tuple[int, ...]) -> Any:
        own = x.shape[1:-2]
        return x[(n, *(0 if d == 1 else at for d, at in zip(own, place[len(place) - len(own):], strict=True)))]

    for n, place in every(range(len(a)), np.ndindex(*lead)):
        left, right = matrix(a, n, place), matrix(b, n, place)
        for p, m in every(range(b.shape[-1]), range(a.shape[-2])):
            terms = [rounding.multiply(int(left[m, k]), zero1, int(right[k, p]), zero2, 0) for k in range(a.shape[-1])]
            y[(n, *place, m, p)] = acc.total(terms, 0, n, [*place, m, p])
    return y


def reduce_sum(
    x: Any, x_zero_point: int, axes: Sequence[int], acc: Accumulator, *, keepdims: bool = False
) -> np.ndarray:
    """Return the sums over axes of a sample: every code goes to its result's list, in row-major order."""
    rank = x.ndim - 1
    summed = {a % rank for a in axes}
    terms: dict[tuple[int, ...], list[int | None]] = {}
    for place in np.ndindex(*x.shape):
        to = tuple(0 if a in summed else at for a, at in enumerate(place[1:]))
        terms.setdefault((place[0], *to), []).append(int(x[place]) - x_zero_point)
    shape = [1 if a in summed else d for a, d in enumerate(x.shape[1:])]
    y = np.empty((len(x), *shape), dtype=object)
    for to in np.ndindex(*y.shape):
        index = [at for a, at in enumerate(to[1:]) if keepdims or a not in summed]
        y[to] = acc.total(terms[to], 0, to[0], index)
    return y if keepdims else y.reshape(len(x), *(d for a, d in enumerate(x.shape[1:]) if a not in summed))
