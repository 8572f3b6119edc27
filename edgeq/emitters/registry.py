"""Keep every output format under its name: the writer, and the reader that `edgeq verify` checks it with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from edgeq import __version__
from edgeq.bundle import graph_digest
from edgeq.errors import InputError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array

Vectors = Mapping[str, Array]
"""Every value of a graph by name, codes of shape (N, *shape), in the smallest dtype of its type."""


@dataclass(frozen=True)
class EmittedFile:
    """One file of a format: path below the output folder, bytes, and the fields of its line in the manifest."""

    path: str
    data: bytes
    holds: Mapping[str, Any] = field(default_factory=dict)


Writer = Callable[..., Iterable[EmittedFile]]
Reader = Callable[[Mapping[str, bytes], Mapping[str, Any]], Mapping[str, Array]]


@dataclass(frozen=True)
class Check:
    """What `make check` of a project needs beside make, ``cc`` for a C compiler, and how its last line begins.

    ``folder`` is where its Makefile lies in the emitted folder.
    """

    mark: str
    tools: tuple[str, ...]
    folder: str = "."


@dataclass(frozen=True)
class Format:
    """An output format: ``write(graph, vectors, **options)`` yields its files.

    ``needs_vectors`` says that ``vectors`` holds every value of the graph; other formats are given an empty
    mapping. ``read(files, holds)`` is given the format's files (path to bytes) and the manifest fields of one
    of them, and returns the integers in it by tensor name (``conv1.weight``), each of the tensor's own shape.
    ``check`` is for projects: formats with a Makefile.
    """

    name: str
    line: str
    write: Writer
    needs_vectors: bool = False
    read: Reader | None = None
    check: Check | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Options of the format with their defaults."""
        given = list(inspect.signature(self.write).parameters.values())[2:]
        return {p.name: p.default for p in given}


EMITTERS: dict[str, Format] = {}
"""Every format by name; filled by `emitter`."""

_W = TypeVar("_W", bound=Writer)


def emitter(
    name: str, line: str, *, needs_vectors: bool = False, read: Reader | None = None, check: Check | None = None
) -> Callable[[_W], _W]:
    """Register a writer ``(graph, vectors, *, options with defaults)`` under ``name``, with one line for --help."""

    def keep(write: _W) -> _W:
        if name in EMITTERS:
            raise ValueError(f"format {name} is registered twice")
        EMITTERS[name] = Format(name, line, write, needs_vectors, read, check)
        return write

    return keep


def find_format(name: str) -> Format:
    """Return the format; raises InputError with the list of names."""
    if name not in EMITTERS:
        raise InputError(f"format {name!r} does not exist; formats are {', '.join(sorted(EMITTERS))}")
    return EMITTERS[name]


def provenance(graph: Graph) -> str:
    """Return the text of a generated file's first comment: who wrote it, from what; no date."""
    return f"Written by edgeq {__version__} from graph '{graph.name}', sha256 {graph_digest(graph)}"
