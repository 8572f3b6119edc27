"""Read the arguments that several families have in common: pairs, sides, axes of a sample."""

from __future__ import annotations

from typing import Any

from edgeq.frontend.program import Arg
from edgeq.frontend.reader import Reader


def pair(value: Arg, default: Any = 1) -> tuple[int, int]:
    """Return (rows, columns) from an integer, a list of one or two; an empty list means the default."""
    if value in (None, ()):
        value = default
    items = value if isinstance(value, tuple) else (value, value)
    first, last = items[0], items[-1]
    return int(first), int(last)  # type: ignore[arg-type]


def sides(size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return (top, left, bottom, right) of a border alike on both ends.

    >>> sides((1, 2))
    (1, 2, 1, 2)
    """
    return size[0], size[1], size[0], size[1]


def sizes(r: Reader, value: str) -> tuple[int, ...]:
    """Return the shape of one sample of a value."""
    return tuple(int(d or 0) for d in r.shape(value)[1:])


def axis(r: Reader, value: str, dim: int) -> int:
    """Return the sample's axis that a dimension of the batch is, counted from 0."""
    return int(dim) % len(r.shape(value)) - 1
