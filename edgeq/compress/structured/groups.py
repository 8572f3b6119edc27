"""Dependency groups: the channels of one place in the network, with all layers that make and read them."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

from edgeq.compress.structured.layers import Layer, Structure
from edgeq.compress.structured.units import Labels


@dataclass(frozen=True)
class Group:
    """Channels that are removed together.

    ``units`` are roots, in the order of the first layer's outputs; a kept count is a multiple of ``base``, spread
    evenly over ``base`` runs of units of equal length; ``reason`` says why the group is left alone, None if it is not.
    """

    makers: tuple[Layer, ...]
    readers: tuple[Layer, ...]
    units: Labels
    base: int
    reason: str | None

    @property
    def name(self) -> str:
        """The names of the layers that make the channels."""
        return " + ".join(layer.name for layer in self.makers)

    def runs(self) -> list[range]:
        """Return the runs of channels of which equally many are kept."""
        length = len(self.units) // self.base
        return [range(start, start + length) for start in range(0, len(self.units), length)]


def groups_of(structure: Structure) -> list[Group]:
    """Return the groups of a network, in the order in which their channels are first made."""
    makers = [layer for layer in structure.layers.values() if not layer.depthwise]
    owners: dict[int, list[Layer]] = {}
    for layer in makers:
        known = [owners[unit] for unit in structure.units.roots(layer.makes) if unit in owners]
        members = [*{other.weight: other for others in known for other in others}.values(), layer]
        for member in members:
            owners.update(dict.fromkeys(structure.units.roots(member.makes), members))
    unique = {id(members): members for members in owners.values()}
    ordered = sorted(unique.values(), key=lambda members: min(makers.index(layer) for layer in members))
    return [_group(structure, members) for members in ordered]


def _group(structure: Structure, members: list[Layer]) -> Group:
    order = list(structure.layers.values())
    members = sorted(members, key=order.index)
    units = tuple(dict.fromkeys(unit for layer in members for unit in structure.units.roots(layer.makes)))
    own = set(units)
    readers = [layer for layer in order if not layer.depthwise and own & set(structure.units.roots(layer.reads))]
    reason = structure.units.reason(units) or (None if readers else "no layer reads them")
    base = 1
    for layer in order:
        if layer.groups == 1 or layer.depthwise:
            continue
        for labels in (structure.units.roots(layer.makes), structure.units.roots(layer.reads)):
            if not own & set(labels):
                continue
            base = lcm(base, layer.groups)
            if labels != units:
                reason = reason or f"grouped convolution '{layer.name}' has them beside others or in another order"
    return Group(tuple(members), tuple(readers), units, base, reason)
