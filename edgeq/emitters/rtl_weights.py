"""The weights of a graph as decoders in hardware give them: rows of one output channel each, in a declared order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.arith.types import IntType
from edgeq.emitters.flattening import Columns, moved_columns, restore_columns
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.errors import CodecError, InputError, shown
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array, Constant, IntArray
from edgeq.memory.layout import from_layout, permutation, restrict, to_layout
from edgeq.memory.packing import require_range

LAYOUTS = ("ohwi", "oihw")


@dataclass(frozen=True)
class Weight:
    """One weight in the order of its stream."""

    parameter: Parameter
    layout: str
    columns: Columns | None
    fill_value: int

    @property
    def array(self) -> IntArray:
        """The values in the order of the stream; raises CodecError for one outside its type."""
        kept = self.parameter
        require_range(kept.array.reshape(-1), kept.type, kept.name)
        turned = kept.array if self.columns is None else self.columns.turned(kept.array)
        return to_layout(turned, kept.axes, self.layout).astype(np.int64)

    @property
    def about(self) -> str:
        """One line for a generated file."""
        kept = self.parameter
        return f"{kept.name}: shape {list(self.array.shape)} in order {self.layout}, {kept.type}"

    @property
    def holds(self) -> dict[str, Any]:
        """Manifest fields."""
        kept = self.parameter
        made = {
            "tensor": kept.name, "layer": kept.layer, "shape": list(kept.array.shape), "axes": kept.axes,
            "layout": self.layout, "type": {"bits": kept.type.bits, "signed": kept.type.signed},
        }
        return made if self.columns is None else made | {"columns": self.columns.as_dict()}


def weights(graph: Graph, layout: str, flatten: str, format: str) -> Iterator[Weight]:
    """Yield the weights; the fill value is the zero point, the commonest of several.

    Raises InputError for another layout or order of columns, and for a graph without weights.
    """
    if layout not in LAYOUTS:
        raise InputError(f"layout {shown(layout)} has no rows of one output channel; use {' or '.join(LAYOUTS)}")
    columns = moved_columns(graph, flatten)
    count = 0
    for kept in parameters(graph):
        if kept.tensor == "weight" and kept.array.size:
            count += 1
            yield Weight(kept, restrict(layout, kept.axes), columns.get(kept.layer), _fill_value(kept.fill_value))
    if not count:
        raise InputError(f"graph '{graph.name}' has no weights; format {format} has nothing to write")


def restored(array: Array, holds: Mapping[str, Any]) -> dict[str, Array]:
    """Return the tensor by its name from what a stream gave."""
    tensor = from_layout(array, holds["axes"], holds["layout"], tuple(holds["shape"]))
    if "columns" in holds:
        tensor = restore_columns(tensor, holds["columns"], holds["path"])
    return {holds["tensor"]: tensor}


def stream_shape(holds: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the shape in the order of the stream."""
    return tuple(holds["shape"][k] for k in permutation(holds["axes"], holds["layout"]))


def stream_type(holds: Mapping[str, Any]) -> IntType:
    """Return the type of the values."""
    return IntType(holds["type"]["bits"], holds["type"]["signed"])


def require_lines(files: Mapping[str, bytes], path: str, count: int) -> None:
    """Raise CodecError unless a file has so many lines: no memory is taken for a shape that a manifest invents."""
    lines = files[path].count(b"\n")
    if lines != count:
        raise CodecError(f"{path}: has {lines} lines, expected {count}")


def _fill_value(zero_point: Constant | None) -> int:
    values, times = np.unique(0 if zero_point is None else zero_point.array, return_counts=True)
    return int(values[np.argmax(times)])
