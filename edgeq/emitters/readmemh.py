"""Weights, bias, multipliers and shifts of every layer as `$readmemh` text, one tensor per file.

Source: design page "Artefacts".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from edgeq.arith.types import IntType
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.emitters.registry import EmittedFile, Vectors, emitter
from edgeq.errors import ArtefactError, InputError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.memory.hexadecimal import decode_hex, encode_hex
from edgeq.memory.layout import WEIGHTS, from_layout, restrict, to_layout
from edgeq.memory.packing import Packing


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of one file by its name, axes in the IR's order; raises CodecError naming line and fault."""
    path = holds["path"]
    kept = IntType(holds["type"]["bits"], holds["type"]["signed"])
    fields = holds["packing"]
    packing = Packing(kept.bits, fields["lanes"], fields["lane0"], fields["pad_value"])
    if packing.word_bits != fields["word_bits"]:
        raise ArtefactError(f"{path}: manifest says {fields['word_bits']} bits a word, not {packing.word_bits}")
    shape = tuple(holds["shape"])
    count = math.prod(shape)
    if packing.depth(count) != holds["depth"]:
        raise ArtefactError(f"{path}: manifest says depth {holds['depth']}, not {packing.depth(count)}")
    values = decode_hex(files[path], kept, count, packing, path)
    return {holds["tensor"]: from_layout(values, holds["axes"], holds["layout"], shape)}


@emitter("readmemh", "memory files for Verilog's $readmemh: weights, bias, multipliers, shifts", read=read)
def write(
    graph: Graph, vectors: Vectors, *, layout: str = "ohwi", lanes: int = 1, lane0: str = "lsb", pad_value: int = 0
) -> Iterator[EmittedFile]:
    """Yield one file per constant.

    ``layout`` is the order of the weights; ``lanes`` weights share a word, lane 0 in the ``lane0`` (lsb or msb)
    bits, ``pad_value`` in the lanes of the last word that are left over; other tensors have one value a word.
    Raises InputError for a layout or a packing that does not exist.
    """
    del vectors
    if layout not in WEIGHTS:
        raise InputError(f"layout {layout!r} does not exist; weights are written as one of {', '.join(WEIGHTS)}")
    for parameter in parameters(graph):
        weight = parameter.tensor == "weight"
        packing = Packing(parameter.type.bits, lanes, lane0, pad_value) if weight else Packing(parameter.type.bits)
        yield _file(parameter, restrict(layout, parameter.axes) if weight else parameter.axes, packing)


def _file(parameter: Parameter, layout: str, packing: Packing) -> EmittedFile:
    data = encode_hex(to_layout(parameter.array, parameter.axes, layout), parameter.type, packing, parameter.name)
    holds = {
        "tensor": parameter.name, "layer": parameter.layer, "shape": list(parameter.array.shape),
        "axes": parameter.axes, "layout": layout,
        "type": {"bits": parameter.type.bits, "signed": parameter.type.signed},
        "packing": packing.as_dict(), "depth": packing.depth(parameter.array.size),
    }
    return EmittedFile(f"{parameter.stem}.hex", data, holds)
