"""Units: what is removed as a whole. Indices of tensors that stand for one channel share a unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Labels = tuple[int, ...]
"""The unit of each index along one axis."""

Axes = dict[int, Labels]
"""The labels of a tensor's axes; an axis that is absent holds no channels."""


@dataclass
class Units:
    """A union-find over units; some are kept, each with a reason.

    >>> units = Units()
    >>> a, b = units.fresh(2), units.fresh(2)
    >>> units.join(a, b)
    >>> units.roots(a) == units.roots(b), units.roots(a)
    (True, (0, 1))
    """

    parents: list[int] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)

    def fresh(self, count: int) -> Labels:
        """Return labels of new units."""
        first = len(self.parents)
        self.parents.extend(range(first, first + count))
        return tuple(range(first, first + count))

    def root(self, unit: int) -> int:
        """Return the unit that stands for all that were joined with this one."""
        while self.parents[unit] != unit:
            self.parents[unit] = self.parents[self.parents[unit]]
            unit = self.parents[unit]
        return unit

    def roots(self, labels: Iterable[int]) -> Labels:
        """Return the root of each label."""
        return tuple(self.root(unit) for unit in labels)

    def join(self, first: Sequence[int], second: Sequence[int]) -> None:
        """Declare that index i of both stands for one channel."""
        for a, b in zip(self.roots(first), self.roots(second), strict=True):
            low, high = sorted((self.root(a), self.root(b)))
            self.parents[high] = low
            if high in self.reasons and high != low:
                self.reasons.setdefault(low, self.reasons.pop(high))

    def keep(self, labels: Iterable[int], reason: str) -> None:
        """Declare that units cannot be removed."""
        for unit in labels:
            self.reasons.setdefault(self.root(unit), reason)

    def reason(self, labels: Iterable[int]) -> str | None:
        """Return why one of these cannot be removed, None if all can."""
        return next((self.reasons[unit] for unit in self.roots(labels) if unit in self.reasons), None)
