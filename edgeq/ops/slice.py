"""A regular part of a sample along each axis.

Source: integer contract, section 6 (slice).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeq.errors import GraphError, shown
from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, Scale, TensorType


@register
@dataclass(frozen=True)
class Slice(Op):
    """Take every ``step``-th code from ``start`` up to, and without, ``stop`` along each axis of ``x``.

    Semantics: ``y[i] = x[start + i * step]``

    ``start``, ``stop`` and ``step`` have one entry per axis; `make` also takes None, an integer for axis 0, and
    entries None or negative, all with Python's meaning. The op holds them resolved: ``start`` is an index of x, and
    a ``stop`` in front of the first code, where ``step`` is negative, is written as minus the length less 1.

    Operands: x of any shape.

    Constraints:
        C1: start, stop and step have one entry per axis of x
        C2: step is not 0
        C3: start is an index of x, counted from 0, and stop leaves at least one code

    Hardware: moves values, no arithmetic.
    """

    KIND = "slice"

    start: tuple[int, ...] = attribute(fields.integers)
    stop: tuple[int, ...] = attribute(fields.integers)
    step: tuple[int, ...] = attribute(fields.integers)

    @classmethod
    def make(cls, xs: Sequence[TensorType], start: Any = None, stop: Any = None, step: Any = None) -> Slice:
        """Resolve None and negative entries by the shape of x."""
        (x,) = xs
        columns = [_entries(name, value, len(x.shape)) for name, value in
                   (("start", start), ("stop", stop), ("step", step))]
        if any(len(c) != len(x.shape) for c in columns):
            return cls(*(tuple(v or 0 for v in c) for c in columns))  # slice_c1 refuses it
        resolved = [_resolved(d, *entry) for d, *entry in zip(x.shape, *columns, strict=True)]
        first, last, by = (tuple(r[k] for r in resolved) for k in range(3))
        return cls(first, last, by)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C3."""
        (x,) = xs
        counts = {len(self.start), len(self.stop), len(self.step)}
        yield "C1", counts == {len(x.shape)}, f"start, stop and step need {len(x.shape)} entries each, one per axis"
        yield "C2", 0 not in self.step, f"step {self.step} must not hold 0"
        inside = all(0 <= start < d for start, d in zip(self.start, x.shape, strict=True))
        yield "C3", inside and all(self._kept(x)), (
            f"from {self.start} to {self.stop} by {self.step} leaves nothing of {x} along some axis")

    def _kept(self, x: TensorType) -> list[range]:
        """Return the indices that are kept along each axis."""
        entries = zip(x.shape, self.start, self.stop, self.step, strict=True)
        return [range(*slice(start, stop, step).indices(d)) for d, start, stop, step in entries]

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the smaller shape, otherwise like x."""
        (x,) = xs
        kept = self._kept(x)
        scale: Scale = tuple(x.scale[k] for k in kept[x.axis]) if isinstance(x.scale, tuple) else x.scale
        return replace(x, shape=tuple(map(len, kept)), scale=scale)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return the codes that are kept."""
        del types, reference
        entries = zip(self.start, self.stop, self.step, strict=True)
        return np.ascontiguousarray(xs[0][(slice(None), *(slice(*e) for e in entries))])


def _entries(name: str, value: Any, rank: int) -> list[int | None]:
    """Return one entry per axis: an integer alone is for axis 0, None for all of each."""
    if value is None:
        return [None] * rank
    try:
        if isinstance(value, int | np.integer):
            return [fields.integer(value), *[None] * (rank - 1)]
        return [None if v is None else fields.integer(v) for v in fields.entries(value)]
    except GraphError as error:
        raise GraphError(f"slice: {name}: {error}") from None
    except TypeError:
        raise GraphError(f"slice: {name}: {shown(value)} is not an integer, None or a list of them") from None


def _resolved(size: int, start: int | None, stop: int | None, step: int | None) -> tuple[int, int, int]:
    """Return start, stop and step of one axis as integers that Python reads the same way once more."""
    if step == 0:
        return 0, size, 0
    first, last, by = slice(start, stop, step).indices(size)
    return first, last if last >= 0 else -size - 1, by
