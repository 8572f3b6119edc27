"""Random codes for the graphs that tests emit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq import IntType


def codes(rng: np.random.Generator, kept: IntType, shape: tuple[int, ...], images: int) -> npt.NDArray[Any]:
    """Return random codes; the first image is all of the smallest, the second all of the largest."""
    made = rng.integers(kept.qmin, kept.qmax, (images, *shape), dtype=np.int64, endpoint=True)
    made[0], made[min(1, images - 1)] = kept.qmin, kept.qmax
    return made
