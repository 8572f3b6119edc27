"""Simulate a vector folder's inputs again and compare every value of every file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from edgeq.artefacts.manifest import Manifest
from edgeq.checks import FAIL, PASS, Row
from edgeq.errors import ArtefactError, EdgeqError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.simulator import run_blocks
from edgeq.vectors.plan import KEY, Slot, pixel_slots, require_layout, slots
from edgeq.vectors.read import check_hex, open_slot, read_inputs


def verify_vectors(folder: Path, manifest: Manifest, graph: Graph, jobs: int = 1) -> Iterator[Row]:
    """Give a row per file: the `.npy` against a new simulation, the hex against the same values."""
    planned = list(slots(graph))
    try:
        about = manifest.details[KEY]
        images, layout = int(about["images"]), str(about["layout"])
        require_layout(layout)
        inputs = read_inputs(folder, graph, images)
        _require_images(inputs, images)
    except (EdgeqError, OSError, KeyError, TypeError, ValueError) as error:
        yield Row("simulate", str(folder), 0, FAIL, str(error))
        return
    arrays: dict[str, Array] = {}
    for slot in planned:
        try:
            arrays[slot.stem] = open_slot(folder, slot, images)
        except (EdgeqError, OSError) as error:
            yield Row("decode", f"{slot.stem}.npy", 0, FAIL, str(error))
    yield from _simulated(graph, planned, arrays, inputs, images, jobs)
    for slot in planned:
        if slot.stem in arrays:
            yield _hex(folder, slot, images, layout, arrays[slot.stem])
    for slot in pixel_slots(graph):
        yield _hex(folder, slot, images, layout, inputs[slot.value])


def _require_images(inputs: Mapping[str, Array], images: int) -> None:
    for name, array in inputs.items():
        if len(array) != images:
            raise ArtefactError(f"input '{name}': has {len(array)} images, the manifest says {images}")


def _simulated(
    graph: Graph, planned: list[Slot], arrays: Mapping[str, Array], inputs: Mapping[str, Array], images: int, jobs: int
) -> Iterator[Row]:
    """Compare with a new simulation, block by block."""
    different = dict.fromkeys(arrays, 0)
    start = 0
    try:
        for block in run_blocks(graph, inputs, {s.value for s in planned}, jobs=jobs):
            for slot in planned:
                if slot.stem in arrays:
                    values = block[slot.value]
                    kept = arrays[slot.stem][start : start + len(values)]
                    different[slot.stem] += int(np.count_nonzero(kept != values))
            start += len(block[planned[0].value])
    except EdgeqError as error:
        yield Row("simulate", graph.name, 0, FAIL, str(error))
        return
    for slot in planned:
        if slot.stem in arrays:
            yield _row(f"{slot.stem}.npy", images * slot.kept.size, different[slot.stem], "the simulator")


def _hex(folder: Path, slot: Slot, images: int, layout: str, expected: Array) -> Row:
    path = f"{slot.stem}.hex"
    try:
        different = check_hex(folder, slot, images, layout, expected)
    except (EdgeqError, OSError) as error:
        return Row("decode", path, 0, FAIL, str(error))
    return _row(path, images * slot.kept.size, different, f"{slot.stem}.npy")


def _row(path: str, values: int, different: int, reference: str) -> Row:
    if different:
        return Row("decode", path, values, FAIL, f"{different} of {values} values differ from {reference}")
    return Row("decode", path, values, PASS)
