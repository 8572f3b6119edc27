"""Graphs of the ops that are not linear: tables, thresholds, slopes, softmax, every rule of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq import Graph, GraphBuilder, IntType
from edgeq.arith.types import Overflow, Rounding
from tests.emitters.made import codes

S8, U8, S16, S32 = IntType(8), IntType(8, signed=False), IntType(16), IntType(32)
S12, U4 = IntType(12), IntType(4, signed=False)

Made = tuple[Graph, dict[str, npt.NDArray[Any]]]


def tables(images: int = 4) -> Made:
    """Tables of 2 to 4096 entries, and of 513 interpolated both ways, on ranks 0 to 3."""
    rng = np.random.default_rng(21)
    b = GraphBuilder("tables")
    kinds = {"x": (S8, (3, 2, 2)), "u": (U8, (5,)), "w": (S12, (2, 3)), "n": (U4, ()), "bit": (IntType(1), (2,)),
             "l": (S16, (4, 7))}
    xs = {name: b.input(name, shape, kept, zero_point=1 if name == "x" else 0) for name, (kept, shape) in kinds.items()}
    for name, to in (("x", S8), ("u", S16), ("w", IntType(24)), ("n", U8), ("bit", IntType(3))):
        table = rng.integers(to.qmin, to.qmax, 1 << kinds[name][0].bits, endpoint=True)
        b.output(b.lut(xs[name], table, type=to, zero_point=2, name=f"lut_{name}"))
    table = rng.integers(-16000, 16001, 513)
    table[:4], table[-2:] = (-(1 << 15), -1, (1 << 15) - 2, 100), (0, (1 << 15) - 1)
    b.output(b.lut(xs["l"], table, type=S32, interpolation="tosa", name="tosa"))
    b.output(b.lut(xs["l"], table, type=S16, interpolation="tflite", name="tflite"))
    return b.build(), {name: codes(rng, kept, shape, images) for name, (kept, shape) in kinds.items()}


def softmaxes(images: int = 4) -> Made:
    """Every rule along every axis, every output type, flat and steep tables, ranks 1 to 3."""
    rng = np.random.default_rng(22)
    b = GraphBuilder("softmaxes")
    kinds = {"x": (S8, (3, 4, 2)), "u": (U8, (10,)), "n": (U4, (2, 5)), "l": (S16, (3, 5)), "one": (S8, (1,))}
    xs = {name: b.input(name, shape, kept, zero_point=3 if name == "x" else 0) for name, (kept, shape) in kinds.items()}
    steep, flat = (np.array([int(2.0**30 / base**d) for d in range(256)]) for base in (1.5, 1.01))
    steep_q31, flat_q31 = (np.maximum(2 * table - 1, 0) for table in (steep, flat))
    for axis in (0, 1, 2, -1):
        b.output(b.softmax(xs["x"], axis, "gemmlowp", flat_q31, name=f"gemmlowp_{axis}"))
        b.output(b.softmax(xs["x"], axis, "table", flat >> 9, name=f"table_{axis}"))
    for bits in (8, 16):
        for signed in (False, True):
            kept = IntType(bits, signed)
            b.output(b.softmax(xs["u"], 0, "gemmlowp", steep_q31, type=kept, name=f"gemmlowp_{kept}"))
            b.output(b.softmax(xs["u"], 0, "table", steep, type=kept, name=f"table_{kept}"))
    b.output(b.softmax(xs["n"], 0, "table", [256, *range(14, -1, -1)], type=IntType(11), name="table_s11"))
    b.output(b.softmax(xs["one"], 0, "gemmlowp", flat_q31, name="alone"))
    exponentials, reciprocals = np.arange(513) ** 2 // 9, 32767 - np.arange(513) * 32
    for axis, scaling in ((0, {"multiplier": 3 << 29, "shift": 32}), (1, {"multiplier": 1 << 30, "shift": 30}),
                          (-1, {"multiplier": 3, "shift": 1, "left_shift": 2, "rounding": "ties_even"})):
        b.output(b.softmax(xs["l"], axis, "tflite_s16", exponentials, reciprocals, **scaling, type=S16,
                           name=f"tflite_s16_{axis}"))
    data = {name: codes(rng, kept, shape, images) for name, (kept, shape) in kinds.items()}
    data["l"][2] = data["l"][3] // 1000
    return b.build(), data


def slopes(images: int = 4) -> Made:
    """Leaky_relu and prelu under every rounding and overflow, per channel, plain and wide on either side."""
    rng = np.random.default_rng(23)
    b = GraphBuilder("slopes")
    x = b.input("x", (2, 3, 2), S8, zero_point=-4)
    w = b.input("w", (3, 4), S32, zero_point=5)
    for rounding in (r.name for r in Rounding):
        two = rounding.startswith("two_stage")
        scale, shift = (rng.integers(1 << 30, 1 << 31, 2), [30, 33]) if two else (rng.integers(1, 999, 2), [8, 10])
        for overflow in (o.name for o in Overflow):
            kept = {"rounding": rounding, "overflow": overflow, "zero_point": 3,
                    "type": S32 if overflow == "error" else IntType(6)}
            b.output(b.leaky_relu(x, scale, shift, -scale, shift[::-1], **kept, name=f"leaky_{rounding}_{overflow}"))
            b.output(b.prelu(x, [-99, 127], -5, scale[0], shift[0], scale, shift, **kept,
                             name=f"prelu_{rounding}_{overflow}"))
    wide = {"zero_point": -1, "type": S16}
    b.output(b.leaky_relu(w, (1 << 32) - 1, 50, 7, 12, left_shift=9, **wide, name="wide_above"))
    b.output(b.leaky_relu(w, 7, 12, -(1 << 31), 50, negative_left_shift=9, axis=-1, **wide, name="wide_below"))
    b.output(b.prelu(w, [1 << 20, 0, -(1 << 20)], 7, [3, 5, 7], 20, [1 << 30, 3, 1 << 29], [70, 3, 69], **wide,
                     name="wide_product"))
    b.output(b.leaky_relu(b.linear(x, [[7, -9]], name="fc"), 9, 8, 1, 6, clamp=(-20, 50)))
    data = {"x": codes(rng, S8, (2, 3, 2), images), "w": codes(rng, S32, (3, 4), images)}
    return b.build(), data


def thresholds(images: int = 4) -> Made:
    """Thresholds of 1 to 15 levels, both directions, sign, constant channels, every axis, after an accumulator."""
    rng = np.random.default_rng(24)
    b = GraphBuilder("thresholds")
    x = b.input("x", (3, 4, 2), S8, zero_point=2)
    u, one = b.input("u", (5,), U8), b.input("one", (), IntType(62))
    for axis, channels in ((None, 3), (1, 4), (-1, 2)):
        rows = rng.integers(-129, 129, (channels, 15))
        b.output(b.threshold(x, rows, rng.choice([-1, 1], channels), type=U4, axis=axis, name=f"levels_{axis}"))
    b.output(b.threshold(x, [-5, 0, 5], -1, 7, -3, name="for_all"))
    b.output(b.threshold(u, [[256], [-1], [0], [255], [7]], [1, -1, 1, -1, 1], -1, 2, IntType(2), name="sign"))
    b.output(b.threshold(one, [-(1 << 61) - 1, 1 << 61, 0], 1, -(1 << 31), 7, S32, name="wide"))
    b.output(b.threshold(one, [-7], 1, -(1 << 31), (1 << 32) - 1, S32, name="ends"))
    acc = b.conv2d(x, rng.integers(-8, 8, (2, 3, 3, 1)), name="conv")
    b.output(b.threshold(acc, rng.integers(-2000, 2000, (2, 7)), [1, -1], type=IntType(3, signed=False)))
    data = {"x": codes(rng, S8, (3, 4, 2), images), "u": codes(rng, U8, (5,), images),
            "one": codes(rng, IntType(62), (), images)}
    return b.build(), data


NONLINEAR: dict[str, Callable[[], Made]] = {
    "tables": tables, "softmaxes": softmaxes, "slopes": slopes, "thresholds": thresholds,
}
"""Every graph of these ops by name."""
