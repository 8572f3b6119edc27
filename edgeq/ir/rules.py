"""Rules that a graph keeps beside those of its ops: names are text, layers are what the builder makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeq.errors import GraphError

if TYPE_CHECKING:
    from edgeq.ir.graph import Node


def check_name(what: str, name: object) -> None:
    """Raise GraphError for a name that cannot be written down: other than text, empty, or with control characters.

    >>> check_name("output", "layer1/conv:0")
    """
    if not isinstance(name, str) or not name or not name.isprintable():
        raise GraphError(f"{what} {_shown(name)}: its name must be text, not empty, without control characters")


def _shown(name: object) -> str:
    return f"'{name}'" if isinstance(name, str) and name.isprintable() else ascii(name)


def check_layers(nodes: Sequence[Node]) -> None:
    """Raise GraphError for a layer that is neither one value of its name nor an arithmetic op and what ends it."""
    layers: dict[str, list[Node]] = {}
    for node in nodes:
        layers.setdefault(node.layer, []).append(node)
    readers = Counter(value for node in nodes for value in node.inputs)
    for name, members in layers.items():
        if [n.name for n in members] == [name] or _is_pair(name, members, readers):
            continue
        raise GraphError(
            f"layer '{name}': holds {', '.join(n.name for n in members)}; a layer is one value of its own name, or an "
            f"arithmetic op '{name}.acc' and the requantize or clamp '{name}' that alone reads it"
        )


def _is_pair(name: str, members: Sequence[Node], readers: Counter[str]) -> bool:
    acc = f"{name}.acc"
    if [n.name for n in members] != [acc, name]:
        return False
    first, last = members
    return first.op.ARITHMETIC and last.op.ENDS_LAYER and last.inputs == (acc,) and readers[acc] == 1
