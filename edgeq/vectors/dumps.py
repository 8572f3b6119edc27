"""Read what a device dumped: values of a graph, each file under the name that it has in a vector folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from edgeq.arith.types import IntType
from edgeq.artefacts.manifest import NAME, Entry
from edgeq.artefacts.npy import load_npy
from edgeq.errors import ArtefactError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.memory.hexadecimal import decode_hex
from edgeq.memory.layout import from_layout
from edgeq.memory.packing import WordCountError, require_range
from edgeq.vectors.plan import Slot, slots
from edgeq.vectors.read import vector_manifest

_ENDINGS = (".npy", ".hex")


class ImageCountError(ArtefactError):
    """A dump holds whole images, and another number of them than is compared."""

    def __init__(self, path: Path, images: int, expected: str) -> None:
        super().__init__(f"{path}: holds {images} image{'s' * (images != 1)}, {expected}")
        self.images = images


def read_dumps(folder: Path, graph: Graph, images: int, layout: str, simulated: bool = True) -> dict[str, Array]:
    """Return the values that ``folder`` holds, by value name (images, *shape); the hex files are in ``layout``.

    ``simulated`` says where the number of images is from, ``--input`` or a vector folder.

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
                found[slot.value] = _read(path, slot, images, layout, simulated)
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
    try:
        flat = decode_hex(path.read_bytes(), kept, int(np.prod(shape, dtype=np.int64)), where=path.name, strict=False)
    except WordCountError as error:
        images, rest = divmod(error.words, int(np.prod(shape[1:], dtype=np.int64)))
        if rest or not images:
            raise
        raise ImageCountError(
            path, images, f"expected {shape[0]}; --count says how many images to compare") from None
    layout = str(entry.holds["layout"]).removeprefix("n")
    return from_layout(flat, entry.holds["axes"], layout, shape)


def _read(path: Path, slot: Slot, images: int, layout: str, simulated: bool) -> Array:
    shape = (images, *slot.kept.shape)
    try:
        array = load_dump(path, Entry(path.name, "", slot.hex_holds(images, layout)), shape, slot.kept.type)
        held = len(array) if array.shape[1:] == shape[1:] else images
    except ImageCountError as error:
        held = error.images
    if held != images:
        expected = f"--input has {images}" if simulated else f"the vectors hold {images}"
        fewer = simulated and held < images
        raise ImageCountError(path, held, f"{expected}; use {f'--count {held}' if fewer else 'the same images'}")
    if array.shape != shape:
        raise ArtefactError(f"{path}: shape is {list(array.shape)}, expected {list(shape)}")
    require_range(array.reshape(-1), slot.kept.type, str(path))
    return array
