"""A graph that reaches every op on pairs of codes and every op that moves codes, at ranks 0 to 5."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq import Graph, GraphBuilder, IntType

S8, U8, S16, S32 = IntType(8), IntType(8, signed=False), IntType(16), IntType(32)
Made = tuple[Graph, dict[str, npt.NDArray[Any]]]

SHAPES: dict[str, tuple[int, ...]] = {
    "scalar": (), "row": (5,), "table": (3, 5), "image": (4, 3, 5), "clip": (2, 4, 1, 5), "deep": (2, 1, 4, 3, 1),
}


def _codes(rng: np.random.Generator, kept: IntType, shape: tuple[int, ...], images: int) -> npt.NDArray[Any]:
    """Return random codes; the first image is all of the smallest, the second all of the largest."""
    made = rng.integers(kept.qmin, kept.qmax, (images, *shape), dtype=np.int64, endpoint=True)
    made[0], made[1] = kept.qmin, kept.qmax
    return made


def moves(images: int = 5) -> Made:
    """Every op of two operands over every pair of ranks, every move at every rank, wide and narrow."""
    rng = np.random.default_rng(11)
    b = GraphBuilder("moves")
    xs = {name: b.input(name, shape, S8, zero_point=-7) for name, shape in SHAPES.items()}
    wide = b.input("wide", (3, 1), S32, zero_point=-5)
    word = b.input("word", (4,), IntType(32, signed=False))
    _pairs(b, xs)
    _widths(b, wide, word)
    for name, x in xs.items():
        _moves(b, name, x)
    data = {name: _codes(rng, S8, shape, images) for name, shape in SHAPES.items()}
    data |= {"wide": _codes(rng, S32, (3, 1), images), "word": _codes(rng, word.type.type, (4,), images)}
    return b.build(), data


def _pairs(b: GraphBuilder, xs: dict[str, Any]) -> None:
    names = list(xs)
    for k, first in enumerate(names):
        for second in dict.fromkeys((first, names[-1 - k], names[(k + 1) % len(names)])):
            x1, x2, to = xs[first], xs[second], f"{first}_{second}"
            b.output(b.sub(x1, x2, name=f"sub_{to}"))
            b.output(b.requantize(b.mul(x1, x2, name=f"mul_{to}"), 11, 9, zero_point=3, type=U8))
            b.output(b.maximum(x1, x2, name=f"max_{to}"))
            b.output(b.minimum(x1, x2, name=f"min_{to}"))


def _widths(b: GraphBuilder, wide: Any, word: Any) -> None:
    """Accumulators of every rule, and 63 and 64 bits."""
    half = b.clamp(word, 0, 1 << 31, name="half")
    for bits, signed in ((9, True), (62, True), (63, False), (63, True), (64, True)):
        kept, to = IntType(bits, signed), f"{'s' if signed else 'u'}{bits}"
        b.output(b.sub(wide, word, acc=kept, name=f"sub_{to}"))
        b.output(b.mul(wide, half, acc=kept, name=f"mul_{to}"))
    for overflow in ("saturate", "error"):
        kept = IntType(62 if overflow == "error" else 16)
        small = b.clamp(wide, -9, 9, name=f"small_{overflow}")
        b.output(b.sub(wide, small, acc=kept, acc_overflow=overflow, name=f"sub_{overflow}"))
        b.output(b.mul(wide, small, acc=kept, acc_overflow=overflow, name=f"mul_{overflow}"))
    signed = b.reshape(wide, (3,), name="signed")
    same = b.requantize(signed, 1, 0, type=S16, name="same")
    bits = b.requantize(signed, 1, 20, type=U8, name="bits")
    b.output(b.maximum(same, bits, name="max_mixed"))
    b.output(b.minimum(bits, same, name="min_mixed"))


def _moves(b: GraphBuilder, name: str, x: Any) -> None:
    """Reorder, take parts and join again along every axis."""
    rank = len(x.shape)
    b.output(b.transpose(x, tuple(reversed(range(rank))), name=f"turned_{name}"))
    b.output(b.transpose(x, tuple((k + 1) % rank for k in range(rank)), name=f"rolled_{name}"))
    b.output(b.slice(x, (0,) * rank, name=f"whole_{name}"))
    backwards = b.slice(x, step=(-1,) * rank, name=f"backwards_{name}")
    b.output(backwards)
    for axis in range(rank):
        kept: list[int | None] = [None] * rank
        kept[axis] = -2
        part = b.slice(x, step=kept, name=f"part_{name}_{axis}")
        b.output(b.concat([x, part, backwards, part], axis, name=f"joined_{name}_{axis}"))
        b.output(b.argmax(x, axis - rank * (axis % 2), keepdims=axis == 1, name=f"first_{name}_{axis}"))
    if rank == 3:
        for factors in ((1, 3), (2, 1)):
            b.output(b.upsample(x, factors, name=f"up_{factors[0]}_{factors[1]}"))
        for order in ("crd", "dcr"):
            b.output(b.pixel_shuffle(b.concat([x, backwards], name=f"eight_{order}"), 2, order, name=f"mixed_{order}"))
        _resized(b, x)
    b.output(b.concat([b.reshape(x, (1, -1), name=f"one_{name}")], name=f"alone_{name}"))


def _resized(b: GraphBuilder, x: Any) -> None:
    """Larger, smaller and single sizes in every mode; positions far outside; every accumulator."""
    for mode in ("half_pixel", "align_corners", "asymmetric"):
        for size in ((3, 5), (7, 4), (2, 11), (1, 1), (6, 10)):
            made = b.resize_bilinear(x, size, mode, name=f"{mode}_{size[0]}_{size[1]}")
            b.output(b.requantize(made, 5, 9, zero_point=-7))
    b.output(b.resize_bilinear(x, scale=(4, 2, 4, 2), offset=(-1, -1), border=(1, 1), name="tosa"))
    far = {"scale": ((3, 2), (5, 7)), "offset": (-20, -9)}
    for bits, signed, overflow in ((8, True, "saturate"), (9, False, "wrap"), (62, True, "error"), (63, False, "wrap"),
                                   (63, True, "wrap"), (64, True, "wrap")):
        kept = IntType(bits, signed)
        b.output(b.resize_bilinear(x, (31, 9), **far, acc=kept, acc_overflow=overflow, name=f"far_{kept}_{overflow}"))
