"""Make inputs for a graph without a data set: directed ones first, then random ones; the same on every machine.

Directed: all zero point, all smallest, all largest, checkerboards of the extremes, ramp, one hot value. They
reach padding, saturation and sign where random images do not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, GraphInput
from edgeq.ir.quantization import Affine, Table
from edgeq.ir.tensor import Array, IntArray, TensorType

DIRECTED = ("zero_point", "smallest", "largest", "checkerboard", "checkerboard_inverse", "ramp", "one_hot")
"""Names of the directed inputs, in order."""


@dataclass(frozen=True)
class Stimuli:
    """``inputs``: input name to array (N, *shape), as a user gives it; ``description``: what the manifest says."""

    inputs: Mapping[str, Array]
    description: Mapping[str, Any]


def make_stimuli(graph: Graph, count: int = 16, seed: int = 0) -> Stimuli:
    """Return ``count`` inputs: the directed ones, then random ones from ``seed``.

    Inputs with a table are uint8 pixels, affine ones float64, others codes in their smallest dtype.
    """
    inputs = {item.name: _images(item, count, f"{seed} {item.name}") for item in graph.inputs}
    kept = list(DIRECTED[:count])
    random_count = max(count - len(kept), 0)
    return Stimuli(inputs, {"source": "generated", "directed": kept, "random": random_count, "seed": seed})


def _images(item: GraphInput, count: int, key: str) -> Array:
    lo, hi, rest, give = _domain(item)
    images = [_pattern(name, item.type, lo, hi, rest) for name in DIRECTED[:count]]
    images += [_random(item.type, lo, hi, f"{key} {k}") for k in range(count - len(images))]
    codes = np.stack(images) if images else np.zeros((0, *item.type.shape), np.int64)
    return give(codes)


def _domain(item: GraphInput) -> tuple[int, int, int, Callable[[IntArray], Array]]:
    """Return smallest, largest and resting value of the user's data, and how integers become such data."""
    kept = item.type
    if isinstance(item.quantization, Table):
        return 0, 255, 0, lambda codes: codes.astype(np.uint8)
    if isinstance(item.quantization, Affine):
        scale = float(item.quantization.scale)
        return kept.type.qmin, kept.type.qmax, kept.zero_point, lambda codes: (codes - kept.zero_point) * scale
    return kept.type.qmin, kept.type.qmax, kept.zero_point, lambda codes: codes.astype(kept.type.dtype)


def _pattern(name: str, kept: TensorType, lo: int, hi: int, rest: int) -> IntArray:
    """Return one directed image."""
    places = np.arange(kept.size, dtype=np.int64)
    parity = np.indices(kept.shape).sum(axis=0).reshape(-1) % 2 if kept.shape else places
    match name:
        case "zero_point":
            image = np.full(kept.size, rest, np.int64)
        case "smallest":
            image = np.full(kept.size, lo, np.int64)
        case "largest":
            image = np.full(kept.size, hi, np.int64)
        case "checkerboard":
            image = np.where(parity == 0, lo, hi)
        case "checkerboard_inverse":
            image = np.where(parity == 0, hi, lo)
        case "ramp":  # rises by one from the smallest to the largest, and again
            image = lo + places % min(hi - lo + 1, 1 << 32)
        case _:  # one_hot: the largest value in the middle of the row-major order
            image = np.where(places == kept.size // 2, hi, rest)
    return image.astype(np.int64).reshape(kept.shape)


def _random(kept: TensorType, lo: int, hi: int, key: str) -> IntArray:
    """Return uniform values; Python's generator, whose stream is the same in every version, gives the bits."""
    bits = np.frombuffer(random.Random(key).randbytes(8 * kept.size), "<u8").astype(np.uint64)
    span = hi - lo + 1
    codes = (bits % np.uint64(span)).astype(np.int64) if span < 1 << 63 else (bits >> np.uint64(1)).astype(np.int64)
    return (lo + codes).reshape(kept.shape)
