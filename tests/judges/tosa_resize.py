"""Cases of RESIZE, bilinear: integer positions, sums scaled by both numerators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq import GraphBuilder, IntType, simulate
from tests.judges.tosa_layers import S8, S16, S32, S48, Pair, channels_first, channels_last, codes
from tests.judges.tosa_model import Case, Tensor


@dataclass(frozen=True)
class Sampling:
    """Rows and columns of x, and of each axis numerator, denominator, offset and border."""

    x: Pair
    y: tuple[int, int, int, int]
    columns: tuple[int, int, int, int]

    @property
    def size(self) -> Pair:
        """Rows and columns of the result; TOSA wants the border where the last sample lies."""
        return self._length(self.x[0], *self.y), self._length(self.x[1], *self.columns)

    @staticmethod
    def _length(length: int, unit: int, step: int, offset: int, border: int) -> int:
        last = (length - 1) * unit - offset + border
        assert last % step == 0, f"samples end {last % step} off the border"
        return last // step + 1


SAMPLINGS = (
    Sampling((5, 7), (2, 1, 0, 0), (2, 1, 0, 1)),  # align corners; one column past the image
    Sampling((6, 5), (4, 2, -1, 1), (4, 2, -1, 1)),  # twice the size, half-pixel centres
    Sampling((9, 8), (2, 4, 1, 1), (6, 14, 4, 4)),  # smaller
    Sampling((4, 3), (16, 1, -7, 7), (5, 3, 0, -1)),
    Sampling((7, 1), (1, 2, 0, 0), (1, 1, 0, 0)),
    Sampling((3, 11), (3, 5, 1, 0), (7, 11, 6, 2)),
)
CHANNELS = 3


def _case(rng: np.random.Generator, plan: Sampling, type: IntType, reveal: int, values: int) -> Case:
    n = max(-(-values // (plan.size[0] * plan.size[1] * CHANNELS)), 2)
    x = codes(rng, (n, *plan.x, CHANNELS), type)
    numerator, denominator, offset, border = zip(plan.y, plan.columns, strict=True)
    acc = S32 if type == S8 else S48

    def ours() -> np.ndarray:
        b = GraphBuilder()
        value = b.input("x", (CHANNELS, *plan.x), type)
        scale = tuple(zip(numerator, denominator, strict=True))
        y = b.resize_bilinear(value, scale=scale, offset=offset, border=border, acc=acc)
        b.output(y if acc == S32 else b.requantize(y, 4, reveal, type=S32), "y")
        return channels_last(simulate(b.build(), {"x": channels_first(x)}).outputs["y"])

    places = [np.array([plan.y[0], plan.y[1], plan.columns[0], plan.columns[1]]), np.array(offset), np.array(border)]
    inputs = (Tensor(x, f"INT{type.bits}"), *(Tensor(p, "SHAPE") for p in places))
    return Case(f"RESIZE s{type.bits} {plan} {reveal}", "RESIZE", inputs, (n, *plan.size, CHANNELS), f"INT{acc.bits}",
                ours, "ResizeAttribute", ("ResizeMode.BILINEAR",), reveal)


def resize_bilinear(values: int) -> list[Case]:
    """8 bits into 32, 16 bits into 48."""
    rng = np.random.default_rng(26)
    plans = [(s, type, reveal) for s in SAMPLINGS for type, reveal in ((S8, 2), (S16, 2), (S16, 7))]
    return [_case(rng, *plan, values // len(plans) + 1) for plan in plans]
