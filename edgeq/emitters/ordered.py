"""The constants of a graph with their axes in the order of a file, and the manifest fields that say so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgeq.arith.types import IntType
from edgeq.emitters.flattening import Columns, moved_columns, restore_columns
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.errors import CodecError, InputError, shown
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.memory.layout import WEIGHTS, from_layout, permutation, restrict, to_layout
from edgeq.memory.packing import require_range


@dataclass(frozen=True)
class Ordered:
    """A constant and the order of its axes in a file, and of its columns where they were moved."""

    parameter: Parameter
    layout: str
    columns: Columns | None = None

    @property
    def array(self) -> Array:
        """The values in the order of the file, in the smallest dtype of their type; raises CodecError outside it."""
        kept = self.parameter
        require_range(kept.array.reshape(-1), kept.type, kept.name)
        array = kept.array if self.columns is None else self.columns.turned(kept.array)
        return to_layout(array, kept.axes, self.layout).astype(kept.type.dtype)

    @property
    def holds(self) -> dict[str, Any]:
        """Manifest fields."""
        kept = self.parameter
        made = {
            "tensor": kept.name, "layer": kept.layer, "shape": list(kept.array.shape), "axes": kept.axes,
            "layout": self.layout, "type": {"bits": kept.type.bits, "signed": kept.type.signed},
        }
        return made if self.columns is None else made | {"columns": self.columns.as_dict()}


def ordered(graph: Graph, layout: str, flatten: str = "chw") -> Iterator[Ordered]:
    """Yield every constant, weights in ``layout``, columns that follow a flatten in the order ``flatten``.

    Raises InputError for a layout or an order that does not exist.
    """
    columns = moved_columns(graph, flatten)
    if layout not in WEIGHTS:
        raise InputError(f"layout {shown(layout)} does not exist; weights are written as one of {', '.join(WEIGHTS)}")
    for parameter in parameters(graph):
        if parameter.tensor == "weight":
            yield Ordered(parameter, restrict(layout, parameter.axes), columns.get(parameter.layer))
        else:
            yield Ordered(parameter, parameter.axes)


def stored_shape(holds: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the shape in the file's order, from manifest fields."""
    return tuple(holds["shape"][k] for k in permutation(holds["axes"], holds["layout"]))


def stored_count(holds: Mapping[str, Any]) -> int:
    """Return the number of values, from manifest fields."""
    return math.prod(holds["shape"])


def stored_type(holds: Mapping[str, Any]) -> IntType:
    """Return the type of the values, from manifest fields."""
    return IntType(holds["type"]["bits"], holds["type"]["signed"])


def restored(values: Array, holds: Mapping[str, Any], where: str) -> dict[str, Array]:
    """Return the tensor by its name, axes in the IR's order; raises CodecError unless values fit count and type."""
    if values.size != stored_count(holds):
        raise CodecError(f"{where}: has {values.size} values, {holds['tensor']} {holds['shape']} needs "
                         f"{stored_count(holds)}")
    require_range(values.reshape(-1), stored_type(holds), where)
    array = from_layout(values.reshape(-1), holds["axes"], holds["layout"], tuple(holds["shape"]))
    return {holds["tensor"]: restore_columns(array, holds["columns"], where) if "columns" in holds else array}
