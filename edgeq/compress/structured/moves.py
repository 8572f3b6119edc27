"""Where channels go when a tensor takes another shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from edgeq.compress.structured.units import Axes, Labels


def reshaped(axes: Axes, before: Sequence[int], after: Sequence[int]) -> Axes | None:
    """Return the labels after a reshape in row-major order, None where a channel would be cut or mixed with samples.

    >>> reshaped({1: (7, 8)}, (5, 2, 1, 3), (5, 6))
    {1: (7, 7, 7, 8, 8, 8)}
    >>> reshaped({1: (7, 8)}, (5, 2), (5, 2, 1, 1))
    {1: (7, 8)}
    >>> reshaped({1: (7, 8)}, (5, 2), (10,)) is None
    True
    """
    result: Axes = {}
    for old, new in _segments(before, after):
        held = [axis for axis in old if axis in axes]
        if not held:
            continue
        wide = [axis for axis in new if after[axis] != 1]
        if len(held) > 1 or len(wide) > 1 or not new:
            return None
        if 0 in old and any(axis != held[0] for axis in old):
            return None
        target = wide[0] if wide else new[0]
        result[target] = _merged(axes[held[0]], held[0], old, before)
    return result


def _merged(labels: Labels, axis: int, old: Sequence[int], before: Sequence[int]) -> Labels:
    """Repeat labels by the axes inside and the axes outside theirs."""
    inner = prod(before[other] for other in old if other > axis)
    outer = prod(before[other] for other in old if other < axis)
    return tuple(unit for _ in range(outer) for unit in labels for _ in range(inner))


def _segments(before: Sequence[int], after: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the smallest runs of axes, old and new, that hold the same elements."""
    i = j = 0
    while i < len(before) or j < len(after):
        old, new = [], []
        if i < len(before):
            old.append(i)
            i += 1
        if j < len(after):
            new.append(j)
            j += 1
        while (a := prod(before[k] for k in old)) != (b := prod(after[k] for k in new)):
            if a < b:
                old.append(i)
                i += 1
            else:
                new.append(j)
                j += 1
        yield old, new
