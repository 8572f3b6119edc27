"""A C99 project that computes the network and checks itself: `make check` replays recorded vectors.

Kernels are copied byte for byte from `hw_templates/c`; parameters and the call of each kernel follow by
reflection over the ops, so that a new op needs its kernel alone. Source: design pages "Artefacts" and
"Hardware templates".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgeq.emitters.c_library import library_files
from edgeq.emitters.c_model import Project
from edgeq.emitters.c_text import parse_integers
from edgeq.emitters.glue import render
from edgeq.emitters.registry import Check, EmittedFile, Vectors, emitter
from edgeq.errors import ArtefactError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array

_ARRAY = re.compile(r"const u?int\d+_t (\w+)\[\d+\] = \{([^}]*)\};")
PROGRAM = "edgeq_check"


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensors of one file by name: the arrays of the parameter file, or a recorded value."""
    data = files[holds["path"]]
    if holds["content"] == "parameters":
        return _read_arrays(data.decode("ascii"), holds)
    if holds["content"] == "vectors":
        dtype = np.dtype(holds["element"]).newbyteorder("<")
        shape = tuple(holds["shape"])
        if len(data) != dtype.itemsize * int(np.prod(shape, dtype=np.int64)):
            raise ArtefactError(f"{holds['path']}: has {len(data)} bytes, its shape {list(shape)} needs another number")
        return {holds["tensor"]: np.frombuffer(data, dtype).reshape(shape)}
    return {}


def _read_arrays(text: str, holds: Mapping[str, Any]) -> dict[str, Array]:
    found = dict(_ARRAY.findall(text))
    tensors = {}
    for tensor in holds["tensors"]:
        try:
            values = parse_integers(found[tensor["symbol"]])
            tensors[tensor["tensor"]] = np.array(values, np.int64).reshape(tensor["shape"])
        except (KeyError, ValueError) as cause:
            raise ArtefactError(f"{holds['path']}: array {tensor['symbol']} is malformed ({cause})") from None
    return tensors


@emitter("c", "C99 project: weights, kernels, and `make check`, which replays vectors", needs_vectors=True, read=read,
         check=Check("EDGEQ_C", ("cc",)))
def write(graph: Graph, vectors: Vectors) -> Iterator[EmittedFile]:
    """Yield the project: library, parameters, model, self check, Makefile, and the vectors it replays."""
    project = Project(graph, vectors)
    library = library_files(project.library)
    for path in library:
        yield EmittedFile(path.name, path.read_bytes(), {"content": "library"})
    net, common = project.net, project.common
    texts = {
        f"{net}_params.h": ("parameter_declarations", project.parameter_header()),
        "model.h": ("model", render("c/glue/model.h.j2", **common)),
        "model.c": ("model", render("c/glue/model.c.j2", **common)),
        "main.c": ("check", render("c/glue/main.c.j2", **common, program=PROGRAM)),
    }
    for name, (content, data) in texts.items():
        yield EmittedFile(name, data, {"content": content})
    source = f"{net}_params.c"
    yield EmittedFile(source, project.parameter_source(), {"content": "parameters", "tensors": project.tensors()})
    names = [*(p.name for p in library), *texts, source]
    sources, headers = ([n for n in sorted(names) if n.endswith(end)] for end in (".c", ".h"))
    makefile = render("c/glue/Makefile.j2", provenance=common["provenance"], sources=sources, headers=headers)
    yield EmittedFile("Makefile", makefile, {"content": "build"})
    yield from project.vector_files()
