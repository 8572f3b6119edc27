"""Constants alone as C, no model: for one's own kernels, for CMSIS-NN, for Gemmini.

Source: design page "Artefacts".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from edgeq.artefacts.templates import template_folder
from edgeq.emitters.c_arrays import cmsis_nn, gemmini, plain
from edgeq.emitters.c_arrays.reading import read_tensors
from edgeq.emitters.c_arrays.source import Placement, Unit
from edgeq.emitters.c_model import net_name
from edgeq.emitters.glue import comment
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.errors import CodecError, InputError, shown
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array

_FOLDER = "c_arrays"
_PLATFORM = "edgeq_platform.h"
FLAVOURS = ("plain", cmsis_nn.NAME, gemmini.NAME)


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensors of one file by name; raises CodecError naming the file, the symbol and its fault."""
    if "tensors" not in holds:
        return {}
    try:
        text = files[holds["path"]].decode("ascii")
    except UnicodeDecodeError:
        raise CodecError(f"{holds['path']}: is not ASCII") from None
    return read_tensors(text, holds["tensors"], holds["path"])


@emitter("c_arrays", "constants alone as C: plain, or for CMSIS-NN or Gemmini", read=read)
def write(
    graph: Graph, vectors: Vectors, *, flavour: str = "plain", layout: str = "ohwi", align: int = 16,
    section: str = "", exact: bool = True, flatten: str = "chw",
) -> Iterator[EmittedFile]:
    """Yield a header and its source, or the one header of Gemmini, and `edgeq_platform.h`.

    ``layout`` is the order of the weights of flavour plain, ``flatten`` of their columns that follow a flatten (the
    libraries have orders of their own); ``align`` and ``section`` place every array; ``exact`` refuses layers of which
    Gemmini's float32 scale gives another integer. Raises InputError for an option that does not exist, and naming the
    layer that a flavour cannot express.
    """
    del vectors
    place = Placement(align, section)
    if flavour in (cmsis_nn.NAME, gemmini.NAME) and (layout, flatten) != ("ohwi", "chw"):
        raise InputError(f"c_arrays flavour {flavour}: has an order of its own; leave layout and flatten out")
    if not isinstance(exact, bool):
        raise InputError(f"exact {shown(exact)} is neither true nor false")
    if flavour == "plain":
        yield from _header_and_source(graph, plain.INCLUDES, [*plain.units(graph, layout, flatten, place)])
    elif flavour == cmsis_nn.NAME:
        units = [*cmsis_nn.units(graph, place)]
        yield from _header_and_source(graph, cmsis_nn.includes(graph), units)
    elif flavour == gemmini.NAME:
        yield _one_header(graph, [*gemmini.units(graph, place, exact)])
    else:
        raise InputError(f"flavour {shown(flavour)} does not exist; flavours are {', '.join(FLAVOURS)}")
    yield EmittedFile(f"{_FOLDER}/{_PLATFORM}", (template_folder() / "c" / _PLATFORM).read_bytes(),
                      {"content": "library"})


def _header_and_source(graph: Graph, includes: Sequence[str], units: list[Unit]) -> Iterator[EmittedFile]:
    name = f"{net_name(graph)}_arrays"
    declared = [[f"/* {comment(u.comment)} */", *u.declarations, ""] for u in units]
    yield _file(f"{name}.h", _guarded(graph, name, includes, declared), {"content": "parameter_declarations"})
    defined = [[f"/* {comment(u.comment)} */", *u.definitions] for u in units if u.definitions]
    lines = [*_head(graph), f'#include "{name}.h"', "", *(line for part in defined for line in part)]
    yield _file(f"{name}.c", lines, {"content": "parameters", "tensors": _tensors(units)})


def _one_header(graph: Graph, units: list[Unit]) -> EmittedFile:
    name = f"{net_name(graph)}_params"
    parts = [[f"/* {comment(u.comment)} */", *u.definitions] for u in units]
    lines = _guarded(graph, name, gemmini.INCLUDES, parts)
    return _file(f"{name}.h", lines, {"content": "parameters", "tensors": _tensors(units)})


def _tensors(units: list[Unit]) -> list[Mapping[str, Any]]:
    return [line for unit in units for line in unit.tensors]


def _head(graph: Graph) -> list[str]:
    return [f"/* {comment(provenance(graph))} */"]


def _guarded(graph: Graph, name: str, includes: Sequence[str], parts: Iterable[Sequence[str]]) -> list[str]:
    guard = f"{name.upper()}_H"
    body = [line for part in parts for line in part]
    return [*_head(graph), f"#ifndef {guard}", f"#define {guard}", "", *includes, "", *body, "#endif"]


def _file(name: str, lines: Sequence[str], holds: Mapping[str, Any]) -> EmittedFile:
    return EmittedFile(f"{_FOLDER}/{name}", ("\n".join(lines).rstrip("\n") + "\n").encode("ascii"), holds)
