"""Graphs of the ops that are not linear: tables, thresholds, slopes, softmax, every rule of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq import Graph, GraphBuilder, IntType
from tests.emitters.stimuli import codes

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


NONLINEAR: dict[str, Callable[[], Made]] = {"tables": tables}
"""Every graph of these ops by name."""
