"""The C99 reader of blobs, copied byte for byte from `hw_templates/c` into the folder of any format of blobs."""

from __future__ import annotations

from collections.abc import Iterator

from edgeq.emitters.c_library import reader_files
from edgeq.emitters.registry import EmittedFile, Vectors, emitter
from edgeq.ir.graph import Graph

ALL = "all"


@emitter("c_blobs", "C99 sources that read blobs, to go with the formats that write them")
def write(graph: Graph, vectors: Vectors, *, codec: str = ALL) -> Iterator[EmittedFile]:
    """Yield the sources of the reader of one codec, or of all."""
    del graph, vectors
    for path in reader_files(None if codec == ALL else codec):
        yield EmittedFile(path.name, path.read_bytes(), {"content": "library"})
