"""Read a vector folder back, checked against its graph: digest, checksums, files, shapes, types, ranges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeq.artefacts.manifest import Entry, Manifest, check_files, read_manifest
from edgeq.artefacts.npy import load_npy
from edgeq.artefacts.regular import require_regular
from edgeq.bundle import graph_digest
from edgeq.errors import ArtefactError, CodecError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array, IntArray
from edgeq.memory.hexadecimal import decode_hex
from edgeq.memory.layout import from_layout
from edgeq.memory.packing import Packing, require_range
from edgeq.vectors.plan import KEY, Slot, is_vector_manifest, raw_files, slots

_IMAGES = 64


@dataclass(frozen=True)
class VectorSet:
    """The vectors of a folder: ``values`` by value name (N, *shape); ``inputs`` as the user gave them."""

    values: Mapping[str, Array]
    inputs: Mapping[str, Array]
    images: int
    source: Mapping[str, Any]


def read_vectors(folder: str | Path, graph: Graph) -> VectorSet:
    """Return the vectors of ``folder``, mapped from disk; raises ArtefactError naming the first fault."""
    place = Path(folder)
    manifest = vector_manifest(place, graph)
    check_files(place, manifest)
    lines = {entry.path: entry for entry in manifest.files}
    images = int(manifest.details[KEY]["images"])
    values: dict[str, Array] = {}
    seen: dict[str, Entry] = {}
    for slot in slots(graph):
        entry = _line(lines, f"{slot.stem}.npy", place, slot.npy_holds(images))
        first = seen.setdefault(slot.value, entry)
        if first.sha256 != entry.sha256:
            raise ArtefactError(f"{place / entry.path}: is not the value '{slot.value}' of {first.path}")
        if slot.value not in values:
            values[slot.value] = open_slot(place, slot, images)
    inputs = read_inputs(place, graph, images)
    return VectorSet(values, inputs, images, dict(manifest.details[KEY].get("stimuli") or {}))


def read_inputs(folder: Path, graph: Graph, images: int) -> dict[str, Array]:
    """Return the inputs as the user gave them; raises ArtefactError or InputError for a damaged file."""
    raw = raw_files(graph)
    own = {slot.value: slot for slot in slots(graph) if slot.layer == slot.value}

    def read(name: str) -> Array:
        return load_npy(require_regular(folder / raw[name])) if name in raw else open_slot(folder, own[name], images)

    return {item.name: read(item.name) for item in graph.inputs}


def vector_manifest(folder: Path, graph: Graph | None = None) -> Manifest:
    """Return the manifest of a vector folder; raises ArtefactError when it is none, or of another graph."""
    manifest = read_manifest(folder)
    if not is_vector_manifest(manifest):
        raise ArtefactError(f"{folder}: is not a vector folder; write one with edgeq simulate --vectors")
    if graph is not None and manifest.digest != graph_digest(graph):
        raise ArtefactError(
            f"{folder}: vectors are of graph '{manifest.graph}' sha256 {manifest.digest[:12]}.., expected "
            f"'{graph.name}' sha256 {graph_digest(graph)[:12]}..; simulate them anew")
    return manifest


def _line(lines: Mapping[str, Entry], path: str, folder: Path, expected: Mapping[str, Any]) -> Entry:
    if path not in lines:
        raise ArtefactError(f"{folder / path}: not listed in the manifest; write the vectors anew")
    for name, want in expected.items():
        got = lines[path].holds.get(name)
        if got != want:
            raise ArtefactError(f"{folder / path}: manifest says {name} {got}, the graph {want}")
    return lines[path]


def open_slot(folder: Path, slot: Slot, images: int) -> Array:
    """Return the values of a slot, mapped; raises ArtefactError or InputError for another shape, type or range."""
    path = folder / f"{slot.stem}.npy"
    array = load_npy(require_regular(path))
    want = (images, *slot.kept.shape)
    if array.shape != want or array.dtype != slot.kept.type.dtype:
        raise ArtefactError(
            f"{path}: holds {list(array.shape)} of {array.dtype}, expected {list(want)} of {slot.kept.type}")
    for start in range(0, len(array), 256):
        require_range(array[start : start + 256].reshape(-1), slot.kept.type, str(path))
    return array


def check_hex(folder: Path, slot: Slot, images: int, layout: str, expected: Array) -> int:
    """Read a slot's hex file, a few images at a time, and return how many values differ from ``expected``.

    Raises CodecError naming the line of bad text, ArtefactError for what is no regular file.
    """
    path = require_regular(folder / f"{slot.stem}.hex")
    line = Packing(slot.kept.type.bits).digits + 1
    if path.stat().st_size != images * slot.kept.size * line:
        _decode(path, path.read_bytes(), slot, images)
    different = 0
    with path.open("rb") as stream:
        for start in range(0, images, _IMAGES):
            part = expected[start : start + _IMAGES]
            flat = _decode(path, stream.read(part.size * line), slot, len(part))
            kept = from_layout(flat, slot.axes, slot.hex_layout(layout), part.shape)
            different += int(np.count_nonzero(kept != part))
    return different


def _decode(path: Path, data: bytes, slot: Slot, images: int) -> IntArray:
    """Return the values of some images; a fault is looked for again in the whole file, for its line."""
    try:
        return decode_hex(data, slot.kept.type, images * slot.kept.size, where=path.name)
    except CodecError:
        whole = path.read_bytes()
        decode_hex(whole, slot.kept.type, whole.count(b"\n"), where=path.name)
        raise
