"""Place the values of a network in one buffer; values that are never needed at the same time share bytes."""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.ir.graph import Graph

ALIGNMENT = 16


@dataclass(frozen=True)
class Arena:
    """Offset of every value in bytes, and the bytes of the whole."""

    offsets: dict[str, int]
    size: int


def plan(graph: Graph) -> Arena:
    """Return where each value lies: largest first, each at the lowest place that is free all its life.

    A value lives from its own step to its last reader's; inputs from the start, outputs to the end.
    """
    lives = _lives(graph)
    sizes = {name: kept.size * kept.type.dtype.itemsize for name, kept in graph.types.items()}
    offsets: dict[str, int] = {}
    for name in sorted(sizes, key=lambda n: (-sizes[n], lives[n])):
        first, last = lives[name]
        busy = sorted((offsets[o], offsets[o] + sizes[o]) for o in offsets
                      if lives[o][0] <= last and first <= lives[o][1])
        offsets[name] = _gap(busy, sizes[name])
    return Arena(offsets, max(offsets[n] + sizes[n] for n in offsets))


def _lives(graph: Graph) -> dict[str, tuple[int, int]]:
    """Return the first and last step of each value; inputs are filled one after the other before step 0."""
    lives = {item.name: (-1, -1) for item in graph.inputs}
    for step, node in enumerate(graph.nodes):
        lives[node.name] = (step, step)
        for name in node.inputs:
            lives[name] = (lives[name][0], step)
    end = len(graph.nodes)
    return lives | {o.value: (lives[o.value][0], end) for o in graph.outputs}


def _gap(busy: list[tuple[int, int]], size: int) -> int:
    at = 0
    for start, end in busy:
        if at + size <= start:
            break
        at = max(at, -(-end // ALIGNMENT) * ALIGNMENT)
    return at
