"""Graphs made by hand that reach every op, rule and width, each with inputs for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq import Graph, GraphBuilder, IntType
from edgeq.arith.types import Overflow, Rounding
from edgeq.ir.quantization import Table
from edgeq.ir.tensor import Constant
from tests.emitters import graphs_products
from tests.emitters.graphs_moves import moves
from tests.emitters.graphs_nonlinear import NONLINEAR
from tests.emitters.made import S8, S16, S32, U8, Made, codes

ONE_STAGE = [r.name for r in Rounding if not r.name.startswith("two_stage")]


def small(images: int = 3) -> Made:
    """A conv with a requantize, a pool, and a linear: the least that looks like a network."""
    rng = np.random.default_rng(1)
    b = GraphBuilder("net")
    x = b.input("x", (2, 5, 4), S8, zero_point=-3)
    y = b.conv2d(x, rng.integers(-128, 128, (3, 2, 3, 3)), rng.integers(-999, 999, 3), padding=1, name="conv")
    y = b.requantize(y, rng.integers(1 << 30, 1 << 31, 3), 39, zero_point=5, clamp=(5, 127))
    y = b.flatten(b.max_pool2d(y, 2))
    y = b.requantize(b.linear(y, rng.integers(-8, 8, (4, 12)), name="fc"), 1, 3)
    b.output(y)
    return b.build(), {"x": codes(rng, S8, (2, 5, 4), images)}


def every_op(images: int = 4) -> Made:
    """All ops with odd shapes, groups, depthwise multiplier, dilation, four-sided padding, broadcasting."""
    rng = np.random.default_rng(2)
    b = GraphBuilder("every_op")
    x = b.input("x", (6, 7, 5), S8, zero_point=-7)
    pixel = b.input("y", (5,), U8, zero_point=128)
    for k, conv in enumerate(_convolutions(rng)):
        b.output(b.conv2d(x, **conv, name=f"conv{k}"))
    _pools(b, x)
    kept = b.clamp(x, -7, 90, name="relu")
    b.output(b.pad(kept, (1, 0, 2), (0, 3, 1), name="border"))
    b.output(b.pad(pixel, (2,), (0,), value=9, name="nines"))
    flat = b.flatten(kept, order="hwc", name="hwc")
    b.output(b.linear(flat, rng.integers(-128, 128, (3, 210)), 77, name="fc"))
    rows = b.reshape(b.flatten(kept), (7, -1), name="rows")
    lines = b.linear(rows, rng.integers(-8, 8, (4, 30)), rng.integers(-99, 99, 4), weight_type=IntType(4),
                     weight_zero_point=[1, 0, -2, 3], name="lines")
    b.output(b.requantize(lines, [1, 3, 5, 7], [2, 3, 4, 5]))
    b.output(b.linear(b.reshape(kept, (2, 3, 35)), rng.integers(-8, 8, (2, 35)), name="deep"))
    total = b.add(x, pixel, name="sum")
    b.output(b.requantize(total, 11, 4, rounding="ties_even", zero_point=3, type=U8))
    b.output(b.add(pixel, b.add(x, kept), acc=IntType(9), acc_overflow="saturate", name="narrow_sum"))
    b.output(b.requantize(x, 3, 1, axis=-1, left_shift=2, type=S16, name="moved"))
    b.output(b.requantize(x, np.arange(1, 8), np.arange(7), axis=1, type=S16, name="by_row"))
    return b.build(), {"x": codes(rng, S8, (6, 7, 5), images), "y": codes(rng, U8, (5,), images)}


def _convolutions(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    def weight(*shape: int) -> npt.NDArray[Any]:
        return rng.integers(-128, 128, shape)

    yield {"weight": weight(4, 6, 3, 3), "bias": rng.integers(-5000, 5000, 4), "padding": (1, 0, 2, 1)}
    yield {"weight": weight(4, 3, 2, 3), "stride": (2, 1), "groups": 2, "padding": (0, 2, 1, 0), "bias": -31}
    yield {"weight": weight(12, 1, 3, 2), "groups": 6, "dilation": (2, 1), "padding": (2, 1, 0, 0)}
    yield {"weight": weight(2, 6, 1, 1), "stride": (3, 2), "weight_zero_point": [-4, 11]}
    yield {"weight": weight(3, 6, 7, 5), "bias_fraction_bits": 4, "bias": [1 << 20, -7, 0], "acc": IntType(40)}
    yield {"weight": rng.choice([-1, 1], (3, 2, 3, 3)), "weight_type": IntType(2), "weight_encoding": "bipolar",
           "groups": 3, "dilation": (1, 2), "acc_overflow": "error"}


def _pools(b: GraphBuilder, x: Any) -> None:
    b.output(b.max_pool2d(x, (3, 2), 2, (1, 0, 2, 1), name="max"))
    b.output(b.max_pool2d(x, 2, ceil_mode=True, name="max_ceil"))
    for rounding in ONE_STAGE:
        for domain in ("raw", "centered"):
            b.output(b.avg_pool2d(x, (2, 3), (2, 1), (1, 0, 0, 2), rounding=rounding, domain=domain,
                                  name=f"avg_{rounding}_{domain}"))
    b.output(b.avg_pool2d(x, 3, 2, 1, count_include_pad=True, ceil_mode=True, name="avg_pad"))
    b.output(b.avg_pool2d(x, 3, 2, 1, count_include_pad=True, domain="centered", name="avg_pad_centered"))
    b.output(b.avg_pool2d(x, (7, 5), name="avg_global"))


def rules(images: int = 4) -> Made:
    """Requantize under every rounding and overflow, per channel and wide; accumulators of every order and width."""
    rng = np.random.default_rng(3)
    b = GraphBuilder("rules")
    x = b.input("x", (2, 3, 3), S8, zero_point=2)
    quiet = b.input("quiet", (2, 3, 3), S8, zero_point=2)
    wide = b.input("wide", (3, 4), S32, zero_point=-5)
    _requantizations(b, x, wide, rng)
    for k, declared in enumerate(_accumulators()):
        errs = declared.get("acc_overflow") == "error"
        lo, hi = (-3, 4) if errs else (-128, 128)
        weight = rng.integers(lo, hi, (3, 2, 2, 3))
        bias = rng.integers(lo, hi, 3)
        b.output(b.conv2d(quiet if errs else x, weight, bias, padding=(1, 1, 0, 1), **declared, name=f"acc{k}"))
    big = rng.integers(-(1 << 15), 1 << 15, (3, 12))
    big[0], big[1] = -(1 << 15), (1 << 15) - 1  # twelve terms of 60 bits pass 63: every width wraps
    row = b.flatten(wide, name="row")
    for bits in (62, 63, 64):
        kept = {"weight_type": S16, "bias_fraction_bits": 14, "acc": IntType(bits), "name": f"wrap{bits}"}
        b.output(b.linear(row, big, [(1 << 60) - 1, -(1 << 60), 7], **kept))
    b.output(b.linear(row, big, weight_type=S16, bias_fraction_bits=14, acc=IntType(63, signed=False), name="wrap_u63"))
    b.output(b.add(wide, wide, acc=IntType(64), name="sum64"))
    b.output(b.add(wide, wide, acc=IntType(63, signed=False), name="sum63"))
    data = {"x": codes(rng, S8, (2, 3, 3), images), "wide": codes(rng, S32, (3, 4), images)}
    return b.build(), data | {"quiet": rng.integers(0, 5, (images, 2, 3, 3))}  # no accumulator errs on these


def _requantizations(b: GraphBuilder, x: Any, wide: Any, rng: np.random.Generator) -> None:
    """Every rounding with every overflow rule, at shifts on both sides of 31, plain and wide."""
    for rounding in (r.name for r in Rounding):
        two = rounding.startswith("two_stage")
        for overflow in (o.name for o in Overflow):
            kept = {"rounding": rounding, "overflow": overflow, "zero_point": 3}
            type = S32 if overflow == "error" else IntType(6)
            scale = rng.integers(1 << 30, 1 << 31, 2) if two else rng.integers(1, 1 << 16, 2)
            shift = [30, 33] if two else [13, 15]
            b.output(b.requantize(x, scale, shift, **kept, type=type, name=f"{rounding}_{overflow}"))
            if overflow != "wrap" or not two:
                b.output(b.requantize(wide, 3 << 29, [33, 40, 62], left_shift=0 if two else [0, 1, 2], **kept,
                                      type=S32 if overflow == "error" else S16, name=f"wide_{rounding}_{overflow}"))
    b.output(b.requantize(wide, (1 << 32) - 1, [40, 61, 94], left_shift=[31, 30, 29], zero_point=-1,
                          name="wide_saturated"))


def _accumulators() -> Iterator[dict[str, Any]]:
    """Every order and place of the bias, lanes, products; saturating, erring and wrapping."""
    product = {"shift": 2, "rounding": "ties_even", "overflow": "saturate", "type": IntType(12)}
    for order in ("kh,kw,ic", "kh,ic,kw", "kw,kh,ic", "kw,ic,kh", "ic,kh,kw", "ic,kw,kh", "ic"):
        for bias in ("first", "last"):
            yield {"acc": IntType(15), "acc_overflow": "saturate", "acc_order": order, "acc_bias": bias}
    for lanes in (2, 3, 13, 20):
        for bias in ("first", "last"):
            yield {"acc": IntType(14), "acc_overflow": "saturate", "acc_lanes": lanes, "acc_bias": bias}
    for overflow in (o.name for o in Overflow if o is not Overflow.error):
        part = {**product, "overflow": overflow, "type": IntType(8)}
        yield {"acc": IntType(9), "acc_overflow": "saturate", "acc_product": part, "bias_type": S16}
    for rounding in ("floor", "ties_away", "two_stage"):
        yield {"acc": IntType(11), "acc_overflow": "wrap", "acc_product": {**product, "rounding": rounding}}
    yield {"acc": IntType(16, signed=False), "acc_overflow": "saturate", "bias_type": S8}
    yield {"acc": IntType(11), "acc_overflow": "wrap"}
    yield {"acc": IntType(8), "acc_overflow": "error"}
    yield {"acc": IntType(9), "acc_overflow": "error", "acc_lanes": 3, "acc_bias": "last"}


def widths(images: int = 3) -> Made:
    """Tables for the input, 1 to 16 bits, unsigned, shapes of one; names that are no identifiers."""
    rng = np.random.default_rng(4)
    b = GraphBuilder('2 "nets" */ \\ é')
    per_channel = Table(_table(rng, 3, -128, 127))
    image = b.input("image/0", (3, 4, 3), S8, zero_point=-1, quantization=per_channel)
    grey = b.input("grey", (2, 2, 2), S16, quantization=Table(_table(rng, 1, -30000, 30000)))
    bit = b.input("bit", (5,), IntType(1, signed=False))
    nibble = b.input("case", (1, 1, 1), IntType(4), zero_point=7)
    half = b.input("scalar", (), S16)
    y = b.conv2d(image, rng.integers(-8, 8, (2, 3, 2, 2)), weight_type=IntType(4), name="0.weight")
    b.output(b.requantize(y, [3, 5], 5, type=IntType(4)))
    b.output(b.conv2d(grey, rng.integers(-(1 << 15), 1 << 15, (2, 2, 2, 2)), weight_type=S16, acc=IntType(48),
                      name="layer1.0/conv:a"))
    b.output(b.linear(bit, rng.integers(0, 2, (2, 5)), weight_type=IntType(1, signed=False), acc=IntType(9)))
    b.output(b.conv2d(nibble, [[[[-7]]]], padding=(0, 1, 2, 0), name="one"))
    b.output(b.requantize(half, 1 << 15, 16, type=U8, zero_point=200, name="%s"))
    b.output(b.reshape(half, (1, 1), name="lifted"), name="lifted again")
    b.output(half, name="as it came")
    data = {"image/0": rng.integers(0, 256, (images, 3, 4, 3)), "grey": rng.integers(0, 256, (images, 2, 2, 2))}
    data |= {"bit": codes(rng, IntType(1, signed=False), (5,), images), "scalar": codes(rng, S16, (), images)}
    return b.build(), data | {"case": codes(rng, IntType(4), (1, 1, 1), images)}


def _table(rng: np.random.Generator, channels: int, lo: int, hi: int) -> Constant:
    return Constant(rng.integers(lo, hi, (channels, 256), endpoint=True))


GRAPHS: dict[str, Callable[[], Made]] = {
    "every_op": every_op, "rules": rules, "widths": widths, "small": small, "moves": moves, **NONLINEAR,
    **graphs_products.GRAPHS,
}
"""Every graph by name; calling one gives the graph and inputs for `simulate`."""


@cache
def built(name: str) -> Graph:
    """Return one of the graphs, made once: tests of many formats read their constants alone."""
    return GRAPHS[name]()[0]
