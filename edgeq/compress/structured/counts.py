"""How many channels of a group are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from math import lcm

from edgeq.compress.structured.groups import Group
from edgeq.errors import InputError

Amount = float | int | Mapping[str, float | int]
"""A fraction of the channels in [0, 1) or a number of channels to remove; or either, by glob on layer names."""


def kept_count(channels: int, removed: int, base: int, regular: int) -> int:
    """Return the multiple of lcm(base, regular) nearest to what is left, ties upward; at least one multiple.

    A layer with fewer channels than one multiple is left as it is.

    >>> kept_count(16, 7, 1, 1), kept_count(16, 7, 1, 4), kept_count(16, 16, 2, 4), kept_count(6, 3, 1, 8)
    (9, 8, 4, 6)
    """
    step = lcm(base, regular)
    if step > channels:
        return channels
    return min(max((2 * (channels - removed) + step) // (2 * step), 1), channels // step) * step


def kept_counts(groups: Sequence[Group], amount: Amount, regular: int) -> dict[int, int]:
    """Return the kept count by index of the groups that are pruned.

    Raises :class:`InputError` for an amount that does not fit, a glob that matches nothing or a group that is left
    alone, and two globs that ask different amounts of one group.
    """
    check_regular(regular)
    rules = dict(amount) if isinstance(amount, Mapping) else {"*": amount}
    chosen: dict[int, tuple[str, float | int]] = {}
    for glob, share in rules.items():
        matched = [i for i, group in enumerate(groups) if _matches(glob, group)]
        if isinstance(amount, Mapping):
            _check_matched(glob, matched, groups)
        for index in matched:
            if chosen.setdefault(index, (glob, share))[1] != share:
                raise InputError(f"amount: '{chosen[index][0]}' and '{glob}' ask different amounts of "
                                 f"'{groups[index].name}', whose channels are removed together")
    return {index: kept_count(len(groups[index].units), _removed(groups[index], share), groups[index].base, regular)
            for index, (_, share) in sorted(chosen.items()) if groups[index].reason is None}


def check_regular(regular: int) -> None:
    """Refuse a multiple that is no count."""
    if isinstance(regular, bool) or not isinstance(regular, int) or regular < 1:
        raise InputError(f"regular must be a whole number from 1 on, got {regular!r}")


def _matches(glob: str, group: Group) -> bool:
    return any(fnmatchcase(name, glob) for layer in group.makers for name in (layer.name, layer.weight))


def _check_matched(glob: str, matched: Sequence[int], groups: Sequence[Group]) -> None:
    if not matched:
        names = ", ".join(group.name for group in groups if group.reason is None)
        raise InputError(f"amount: '{glob}' matches no layer; the layers with channels to remove are {names or 'none'}")
    if all(groups[index].reason for index in matched):
        group = groups[matched[0]]
        raise InputError(f"amount: '{glob}' matches only layers that are left alone; '{group.name}': {group.reason}")


def _removed(group: Group, share: float | int) -> int:
    """Return the number of channels to remove: a fraction's is rounded, ties to even."""
    count = len(group.units)
    if isinstance(share, bool) or not isinstance(share, int | float):
        raise InputError(f"amount must be a fraction or a number of channels, got {share!r}")
    if isinstance(share, float):
        if not 0 <= share < 1:
            raise InputError(f"amount {share} is not in [0, 1); a layer keeps at least one channel")
        return round(share * count)
    if not 0 <= share < count:
        raise InputError(f"amount: {share} channels cannot be removed from '{group.name}', which has {count} and keeps "
                         "at least one")
    return share
