"""Read what a device dumped: values of a graph, each file under the name that it has in a vector folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from edgeq.arith.types import IntType
from edgeq.artefacts.manifest import NAME, Entry
from edgeq.artefacts.npy import load_npy
from edgeq.codecs.hexadecimal import decode_hex, require_range
from edgeq.codecs.layout import from_layout
from edgeq.errors import ArtefactError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.vectors.plan import Slot, slots
from edgeq.vectors.read import vector_manifest

_ENDINGS = (".npy", ".hex")


def read_dumps(folder: Path, graph: Graph, images: int, layout: str) -> dict[str, Array]:
    """Return the values that ``folder`` holds, by value name (images, *shape); the hex files are in ``layout``.

    A value that two files hold is read from the first, from .npy before hex; a vector folder holds every .npy.

    Raises ArtefactError for a file of an unknown name, of another shape or type, and for a folder with none.
    """
    if not folder.is_dir():
        raise ArtefactError(f"{folder}: no such folder")
    planned = list(slots(graph))
    if (folder / NAME).is_file():
        vector_manifest(folder, graph)
    else:
        refuse_unknown(folder, [f"{s.stem}{ending}" for s in planned for ending in _ENDINGS])
    found: dict[str, Array] = {}
    for slot in planned:
        for path in (folder / f"{slot.stem}{ending}" for ending in _ENDINGS):
            if path.is_file() and slot.value not in found:
                found[slot.value] = _read(path, slot, images, layout)
    if not found:
        raise ArtefactError(
            f"{folder}: holds no value of graph '{graph.name}'; names are such as {planned[-1].stem}.hex")
    return found


def refuse_unknown(folder: Path, known: Iterable[str]) -> None:
    """Refuse a dump whose name is none of the vectors': it would pass unseen."""
    names = set(known)
    unknown = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in (".hex", ".npy") and p.name not in names)
    if unknown:
        stem = min(name for name in names if name.endswith(".hex"))
        raise ArtefactError(f"{folder / unknown[0]}: is no file of the vectors; names are theirs, such as {stem}")


def load_dump(path: Path, entry: Entry, shape: tuple[int, ...], kept: IntType) -> Array:
    """Return the integers of a file; hex is read leniently, in the layout of ``entry``."""
    if path.suffix == ".npy":
        array = load_npy(path)
        if array.dtype.kind not in "iu":
            raise ArtefactError(f"{path}: holds {array.dtype}, expected integers")
        return array
    flat = decode_hex(path.read_bytes(), kept, int(np.prod(shape, dtype=np.int64)), where=path.name, strict=False)
    layout = str(entry.holds["layout"]).removeprefix("n")
    return from_layout(flat, entry.holds["axes"], layout, shape)


def _read(path: Path, slot: Slot, images: int, layout: str) -> Array:
    shape = (images, *slot.kept.shape)
    array = load_dump(path, Entry(path.name, "", slot.hex_holds(images, layout)), shape, slot.kept.type)
    if array.shape != shape:
        raise ArtefactError(f"{path}: shape is {list(array.shape)}, expected {list(shape)}")
    require_range(array.reshape(-1), slot.kept.type, str(path))
    return array
