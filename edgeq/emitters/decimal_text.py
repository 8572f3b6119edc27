"""Every constant as decimal text, one value a line.

Source: design page "Artefacts".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeq.emitters.ordered import ordered, restored
from edgeq.emitters.registry import EmittedFile, Vectors, emitter
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.memory.decimal_text import decode_decimal, encode_decimal


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of one file; raises CodecError naming the file, the line and its fault."""
    return restored(decode_decimal(files[holds["path"]], holds["path"]), holds, holds["path"])


@emitter("decimal", "decimal text, one value a line: one file per constant", read=read)
def write(
    graph: Graph, vectors: Vectors, *, layout: str = "ohwi", flatten: str = "chw"
) -> Iterator[EmittedFile]:
    """Yield one file per constant; ``layout`` is the order of weights, ``flatten`` of columns that follow a flatten.

    Raises InputError for a layout or an order that does not exist.
    """
    del vectors
    for item in ordered(graph, layout, flatten):
        yield EmittedFile(f"{item.parameter.stem}.txt", encode_decimal(item.array), item.holds)
