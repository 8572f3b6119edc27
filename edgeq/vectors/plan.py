"""List the files of a vector folder: which value of which layer, in which order, under which name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgeq.arith.types import IntType
from edgeq.artefacts.manifest import Manifest
from edgeq.errors import InputError
from edgeq.ir.graph import Graph
from edgeq.ir.quantization import Codes, Table
from edgeq.ir.stems import layer_stems
from edgeq.ir.tensor import TensorType
from edgeq.memory.layout import ACTIVATIONS, restrict, value_axes
from edgeq.memory.packing import Packing

KEY = "vectors"
"""Top-level field of the manifest that marks a vector folder."""


@dataclass(frozen=True)
class Slot:
    """One value as a layer sees it: ``role`` is in, in0.., acc or out; ``stem`` the file's name but its ending."""

    stem: str
    layer: str
    role: str
    value: str
    kept: TensorType

    @property
    def axes(self) -> str:
        """Axes of one sample in the IR."""
        return value_axes(len(self.kept.shape), self.kept.axis)

    def hex_layout(self, layout: str) -> str:
        """Return the order of the axes in the hex file."""
        return restrict(layout, self.axes)

    def holds(self, count: int) -> dict[str, Any]:
        """Return the manifest fields that both files share."""
        kind = {"bits": self.kept.type.bits, "signed": self.kept.type.signed}
        return {"tensor": self.value, "layer": self.layer, "role": self.role, "shape": [count, *self.kept.shape],
                "axes": self.axes, "type": kind}

    def npy_holds(self, count: int) -> dict[str, Any]:
        """Return the manifest fields of the .npy file."""
        return self.holds(count) | {"layout": f"n{self.axes}"}

    def hex_holds(self, count: int, layout: str) -> dict[str, Any]:
        """Return the manifest fields of the hex file."""
        packing = Packing(self.kept.type.bits).as_dict()
        depth = count * self.kept.size
        return self.holds(count) | {"layout": f"n{self.hex_layout(layout)}", "packing": packing, "depth": depth}


def slots(graph: Graph) -> Iterator[Slot]:
    """Yield every value in order of execution: the inputs, then per layer its inputs, accumulator and output."""
    stems = layer_stems(graph)

    def slot(layer: str, role: str, value: str) -> Slot:
        return Slot(f"{stems[layer]}.{role}", layer, role, value, graph.types[value])

    for item in graph.inputs:
        yield slot(item.name, "in", item.name)
    for layer in graph.layers:
        several = len(layer.inputs) > 1
        for k, value in enumerate(layer.inputs):
            yield slot(layer.name, f"in{k}" if several else "in", value)
        if layer.acc is not None:
            yield slot(layer.name, "acc", layer.acc)
        yield slot(layer.name, "out", layer.output)


def raw_files(graph: Graph) -> dict[str, str]:
    """Return input name to the file with the user's own data, for inputs that do not arrive as codes."""
    stems = layer_stems(graph)
    return {i.name: f"{stems[i.name]}.raw.npy" for i in graph.inputs if not isinstance(i.quantization, Codes)}


def pixel_slots(graph: Graph) -> Iterator[Slot]:
    """Yield the user's pixels, for inputs that arrive as such: what hardware with the table is fed."""
    stems = layer_stems(graph)
    for item in graph.inputs:
        if isinstance(item.quantization, Table):
            pixels = TensorType(item.type.shape, IntType(8, signed=False), axis=item.type.axis)
            yield Slot(f"{stems[item.name]}.raw", item.name, "raw", item.name, pixels)


def require_layout(layout: str) -> None:
    """Raise InputError for a layout that vectors are not written in."""
    if layout not in ACTIVATIONS:
        raise InputError(f"layout {layout!r} does not exist; vectors are written as one of {', '.join(ACTIVATIONS)}")


def is_vector_manifest(manifest: Manifest) -> bool:
    """Tell whether the folder of a manifest is a vector folder."""
    return isinstance(manifest.details.get(KEY), dict)
