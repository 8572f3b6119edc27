"""Simulate a graph and write every value of every layer, block by block, as `.npy` and as hex.

A folder appears whole or not at all; memory holds a few blocks of images.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.artefacts.files import new_folder
from edgeq.artefacts.manifest import NAME, Entry, Manifest, manifest_bytes, read_manifest
from edgeq.artefacts.npy import npy_head
from edgeq.artefacts.turns import turn
from edgeq.bundle import graph_digest
from edgeq.errors import ArtefactError, InputError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.memory.hexadecimal import encode_hex
from edgeq.memory.layout import to_layout
from edgeq.simulator import run_blocks
from edgeq.vectors.plan import KEY, Slot, is_vector_manifest, pixel_slots, raw_files, require_layout, slots


class _File:
    """A file written in pieces, its checksum taken on the way."""

    def __init__(self, folder: Path, path: str, head: bytes = b"") -> None:
        self.path = path
        self._at = folder / path
        self._hash = hashlib.sha256()
        self._at.write_bytes(b"")
        self.add(head)

    def add(self, data: bytes) -> None:
        """Append: the file is open only meanwhile, for deep graphs have more files than a process may open."""
        self._hash.update(data)
        with self._at.open("ab") as stream:
            stream.write(data)

    def entry(self, holds: Mapping[str, Any]) -> Entry:
        """Return the manifest's line."""
        return Entry(self.path, self._hash.hexdigest(), holds)


def write_vectors(
    graph: Graph, inputs: Mapping[str, npt.ArrayLike], folder: str | Path, count: int | None = 16, layout: str = "hwc",
    jobs: int = 1, progress: Callable[[int], None] | None = None, source: Mapping[str, Any] | None = None,
) -> Path:
    """Write the vectors of the first ``count`` images of ``inputs`` (all when None) and return the folder.

    ``layout`` is the order of the hex files, hwc (channel fastest) or chw. ``source`` is what the manifest says
    about the inputs, e.g. a `Stimuli`'s description. ``progress`` is told the images of each block.

    Raises InputError for inputs that do not fit, ArtefactError for a folder that holds anything but vectors.
    """
    target = Path(folder)
    require_layout(layout)
    _refuse_foreign(target)
    arrays = {name: _first(name, np.asarray(data), count) for name, data in inputs.items()}
    images = max((len(a) for a in arrays.values()), default=0)
    if arrays and not images:
        raise InputError(f"input '{next(iter(arrays))}': holds no image; vectors need at least one")
    planned = list(slots(graph))
    with turn(target) as take_turn, new_folder(target) as temporary:
        entries = _write_raw(graph, arrays, temporary)
        entries += _write_values(graph, arrays, planned, temporary, images, layout, jobs, progress)
        entries += _write_pixels(graph, arrays, temporary, images, layout)
        about = {"images": images, "layout": layout, "stimuli": dict(source or {"source": "given"})}
        manifest = Manifest(graph.name, graph_digest(graph), tuple(entries), {KEY: about})
        (temporary / NAME).write_bytes(manifest_bytes(manifest))
        take_turn()
        _refuse_foreign(target)
    return target


def _first(name: str, array: Array, count: int | None) -> Array:
    if not array.ndim:
        raise InputError(f"input '{name}': is a single number, expected an array with the leading axis N")
    if count is not None and count < 1:
        raise InputError(f"count {count} must be at least 1")
    return array[:count]


def _refuse_foreign(target: Path) -> None:
    """Let a new or empty folder pass, and one of vectors, which is replaced."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ArtefactError(f"{target}: exists and is not a folder; it is left as it is. Choose another name")
    if not target.exists() or not any(target.iterdir()):
        return
    if not (target / NAME).is_file() or not is_vector_manifest(read_manifest(target)):
        raise ArtefactError(f"{target}: exists and holds no vectors; it is left as it is. Choose another name")


def _write_raw(graph: Graph, arrays: Mapping[str, Array], folder: Path) -> list[Entry]:
    entries = []
    for name, path in raw_files(graph).items():
        if name not in arrays:
            continue  # the simulator names what is missing
        array = arrays[name]
        file = _File(folder, path, npy_head(array.shape, array.dtype))
        for start in range(0, len(array), 256):
            file.add(np.ascontiguousarray(array[start : start + 256], array.dtype.newbyteorder("<")).tobytes())
        holds = {"tensor": name, "layer": name, "role": "raw", "shape": list(array.shape), "dtype": array.dtype.name}
        entries.append(file.entry(holds))
    return entries


def _write_pixels(
    graph: Graph, arrays: Mapping[str, Array], folder: Path, images: int, layout: str
) -> list[Entry]:
    """Write pixels as hex too; the simulator has found them to fit 8 bits."""
    entries = []
    for slot in pixel_slots(graph):
        file = _File(folder, f"{slot.stem}.hex")
        for start in range(0, images, 256):
            block = np.asarray(arrays[slot.value][start : start + 256], np.int64)
            ordered = to_layout(block, slot.axes, slot.hex_layout(layout))
            file.add(encode_hex(ordered, slot.kept.type, where=slot.stem))
        entries.append(file.entry(slot.hex_holds(images, layout)))
    return entries


def _write_values(
    graph: Graph, arrays: Mapping[str, Array], planned: list[Slot], folder: Path, images: int, layout: str, jobs: int,
    progress: Callable[[int], None] | None,
) -> list[Entry]:
    heads = [npy_head((images, *s.kept.shape), s.kept.type.dtype) for s in planned]
    numbers = [_File(folder, f"{s.stem}.npy", head) for s, head in zip(planned, heads, strict=True)]
    texts = [_File(folder, f"{s.stem}.hex") for s in planned]
    for block in run_blocks(graph, arrays, {s.value for s in planned}, jobs=jobs):
        for slot, npy, text in zip(planned, numbers, texts, strict=True):
            values = block[slot.value]
            npy.add(np.ascontiguousarray(values, slot.kept.type.dtype).tobytes())
            ordered = to_layout(values, slot.axes, slot.hex_layout(layout))
            text.add(encode_hex(ordered, slot.kept.type, where=slot.value))
        if progress is not None:
            progress(len(block[planned[0].value]))
    entries = [file.entry(s.npy_holds(images)) for s, file in zip(planned, numbers, strict=True)]
    return entries + [file.entry(s.hex_holds(images, layout)) for s, file in zip(planned, texts, strict=True)]
