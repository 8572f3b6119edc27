"""The weights of a graph as decoders in hardware give them: rows of one output channel each, in a declared order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from edgeq.emitters.ordered import Ordered, ordered
from edgeq.emitters.stored import most_frequent
from edgeq.errors import CodecError, InputError, shown
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import IntArray

LAYOUTS = ("ohwi", "oihw")


@dataclass(frozen=True)
class Weight(Ordered):
    """One weight in the order of its stream."""

    @property
    def rows(self) -> IntArray:
        """The values in the order of the stream; raises CodecError for one outside its type."""
        return self.array.astype(np.int64)

    @property
    def fill_value(self) -> int:
        """The zero point, the most frequent of several."""
        points = self.parameter.fill_value
        return 0 if points is None else most_frequent(points.array)

    @property
    def about(self) -> str:
        """One line for a generated file."""
        kept = self.parameter
        return f"{kept.name}: shape {list(self.array.shape)} in order {self.layout}, {kept.type}"


def weights(graph: Graph, layout: str, flatten: str, format: str) -> Iterator[Weight]:
    """Yield the weights; raises InputError for another layout or order of columns, and for a graph without weights."""
    if layout not in LAYOUTS:
        raise InputError(f"layout {shown(layout)} has no rows of one output channel; use {' or '.join(LAYOUTS)}")
    count = 0
    for kept in ordered(graph, layout, flatten):
        if kept.parameter.tensor == "weight" and kept.parameter.array.size:
            count += 1
            yield Weight(kept.parameter, kept.layout, kept.columns)
    if not count:
        raise InputError(f"graph '{graph.name}' has no weights; format {format} has nothing to write")


def require_lines(files: Mapping[str, bytes], path: str, count: int) -> None:
    """Raise CodecError unless a file has so many lines: no memory is taken for a shape that a manifest invents."""
    lines = files[path].count(b"\n")
    if lines != count:
        raise CodecError(f"{path}: has {lines} lines, expected {count}")

