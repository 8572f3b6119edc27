"""The C99 reader of blobs, for the folder of any format of blobs: sources copied byte for byte from `hw_templates/c`.

Where only some codecs are wanted, `edgeq_blob_codecs.c` is written anew: the list of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeq.codecs.registry import names
from edgeq.emitters.c_library import reader_files, reader_header
from edgeq.emitters.glue import comment, render
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.ir.graph import Graph

ALL = "all"
_LIST = "edgeq_blob_codecs.c"
_OPENING = ("edgeq_blob.c", "edgeq_blob.h", "edgeq_blob_codecs.h")


@emitter("c_blobs", "C99 sources that read blobs, to go with the formats that write them")
def write(graph: Graph, vectors: Vectors, *, codec: str = ALL) -> Iterator[EmittedFile]:
    """Yield the sources of the reader of all codecs, or of some: names separated by commas.

    Raises InputError for a codec that does not exist.
    """
    del vectors
    every = reader_files()
    given = codec.split(",") if isinstance(codec, str) else [codec]
    if given == [ALL]:
        paths = every
    else:
        wanted = {path for name in given for path in reader_files(name)}
        paths = [path for path in every if path in wanted or path.name in _OPENING]
        yield _list([name for name in names() if name in given], graph)
    for path in paths:
        yield EmittedFile(path.name, path.read_bytes(), {"content": "library"})


def _list(codecs: Sequence[str], graph: Graph) -> EmittedFile:
    headers = sorted({reader_header(name) for name in codecs})
    text = render("c/glue/blob_codecs.c.j2", provenance=comment(provenance(graph)), headers=headers, codecs=codecs)
    return EmittedFile(_LIST, text, {"content": "library"})
