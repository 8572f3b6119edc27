"""Read an output folder back against its graph, file by file, and run what can be run.

Four independent looks at every file of an emitted folder: its checksum; its integers, decoded by the format's
reader and compared with the graph's constants and with a new simulation; its bytes, compared with those that
this edgeq writes; and, for projects, `make check`. A folder's code runs only when its bytes are edgeq's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgeq import __version__
from edgeq.artefacts.files import sha256_file
from edgeq.artefacts.manifest import NAME, Entry, Manifest, read_manifest, unlisted
from edgeq.artefacts.regular import is_regular
from edgeq.bundle import graph_digest, load
from edgeq.checks import CONTENTS, FAIL, NOT_RUN, PASS, Report, Row
from edgeq.emission import GRAPH, KEY, STIMULI, formats, read_stimuli
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EMITTERS, EmittedFile, Format
from edgeq.errors import ArtefactError, EdgeqError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.project_run import run_project
from edgeq.simulator import simulate
from edgeq.vectors.plan import is_vector_manifest
from edgeq.vectors.verify import verify_vectors


def verify(
    folder: str | Path, bundle: str | Path | None = None, jobs: int = 1, progress: Callable[[Row], None] | None = None
) -> Report:
    """Check an emitted folder, or a vector folder (which needs ``bundle``), and return every row.

    Without ``bundle`` the graph is the copy inside the emitted folder. ``progress`` is told each row.

    Raises ArtefactError for what is no folder of edgeq, BundleError for a ``bundle`` that cannot be read.
    """
    place = Path(folder)
    if place.is_file():
        raise ArtefactError(f"{place}: is a file; edgeq verify takes a folder, written by edgeq emit or by edgeq "
                            "simulate --vectors")
    manifest = read_manifest(place)
    given = load(bundle) if bundle is not None else None
    rows: list[Row] = []
    for row in _rows(place, manifest, given, jobs):
        rows.append(row)
        if progress is not None:
            progress(row)
    return Report(str(folder), tuple(rows))


def _rows(place: Path, manifest: Manifest, given: Graph | None, jobs: int) -> Iterator[Row]:
    vectors = is_vector_manifest(manifest)
    if not vectors and not isinstance(manifest.details.get(KEY), dict):
        raise ArtefactError(f"{place}: was written neither by edgeq emit nor by edgeq simulate --vectors")
    if vectors and given is None:
        raise ArtefactError(f"{place}: is a vector folder, which holds no graph; say which with --bundle NAME.edgeq")
    yield from _checksums(place, manifest)
    graph, row = _graph(place, manifest, given)
    yield row
    if graph is None:
        return
    if vectors:
        yield from verify_vectors(place, manifest, graph, jobs)
        return
    try:
        inputs = read_stimuli(place, manifest)
        values = dict(simulate(graph, inputs, jobs=jobs).values) if inputs else {}
    except (EdgeqError, OSError, KeyError, ValueError) as error:
        yield Row("simulate", STIMULI, 0, FAIL, str(error))
        return
    for name, about in manifest.details[KEY].items():
        said = False
        for row in _format(place, manifest, graph, values, name, about):
            said |= row.status == FAIL or (row.status == PASS and row.check in CONTENTS)
            yield row
        if not said:
            yield Row("format", name, 0, FAIL, "none of its files could be checked")
    if not manifest.details[KEY]:
        yield Row("format", NAME, 0, FAIL, "lists no format")


def _checksums(place: Path, manifest: Manifest) -> Iterator[Row]:
    """Give a row per file that is missing, changed or not listed, and one for all that are as they were."""
    good = 0
    for entry in manifest.files:
        path = place / entry.path
        if not is_regular(path):
            yield Row("checksum", entry.path, 0, FAIL, "listed in the manifest but missing")
        elif sha256_file(path) != entry.sha256:
            yield Row("checksum", entry.path, 0, FAIL, "changed since it was written")
        else:
            good += 1
    for twice, times in Counter(e.path for e in manifest.files).items():
        if times > 1:
            yield Row("checksum", twice, 0, FAIL, "listed twice in the manifest")
    for extra in unlisted(place, [e.path for e in manifest.files]):
        yield Row("checksum", extra, 0, FAIL, "not listed in the manifest")
    yield Row("checksum", NAME, 0, PASS, f"{good} of {len(manifest.files)} files are as they were written")


def _graph(place: Path, manifest: Manifest, given: Graph | None) -> tuple[Graph | None, Row]:
    """Return the graph to check against, None when there is none to trust."""
    inside = not is_vector_manifest(manifest)
    try:
        own = load(place / GRAPH) if inside else None
    except EdgeqError as error:
        return given, Row("graph", GRAPH, 0, FAIL, str(error))
    graph = given or own
    assert graph is not None  # a vector folder without a given graph was refused before
    digest = graph_digest(graph)
    found = {NAME: manifest.digest} | ({GRAPH: graph_digest(own)} if own is not None else {})
    for where, other in found.items():
        if other != digest:
            detail = f"is of graph sha256 {other[:12]}.., expected '{graph.name}' sha256 {digest[:12]}.."
            return None, Row("graph", where, 0, FAIL, detail)
    return graph, Row("graph", GRAPH if inside else NAME, 0, PASS, f"'{graph.name}' sha256 {digest[:12]}..")


def _format(
    place: Path, manifest: Manifest, graph: Graph, values: Mapping[str, Array], name: str, about: Any
) -> Iterator[Row]:
    formats()
    if name not in EMITTERS:
        yield Row("format", name, 0, FAIL, f"this edgeq has no format {name!r}")
        return
    kind = EMITTERS[name]
    entries = {e.path: e for e in manifest.files if e.holds.get("format") == name}
    files = {path: (place / path).read_bytes() for path in entries if is_regular(place / path)}
    yield from _decoded(kind, graph, values, entries, files)
    rows = list(_rewritten(kind, graph, values, entries, files, about))
    yield from rows
    if kind.check is None:
        return
    if all(row.status == PASS for row in rows):
        yield run_project(name, kind.check, files)
    else:
        yield Row("make check", name, 0, NOT_RUN, "its files are not those that edgeq writes, so none of them is run")


def _decoded(
    kind: Format, graph: Graph, values: Mapping[str, Array], entries: Mapping[str, Entry], files: Mapping[str, bytes]
) -> Iterator[Row]:
    """Compare the integers of every file with the graph's constants and the simulated values."""
    if kind.read is None:
        return
    expected: dict[str, Array] = {p.name: p.array for p in parameters(graph)} | dict(values)
    for path, entry in entries.items():
        if path not in files:
            continue  # reported with the checksums
        try:
            tensors = kind.read(files, {"path": path, **entry.holds})
        except EdgeqError as error:
            yield Row("decode", path, 0, FAIL, str(error))
            continue
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as cause:
            yield Row("decode", path, 0, FAIL, f"a field of its line in the manifest is missing or malformed ({cause})")
            continue
        if tensors:
            yield _compared(path, graph, tensors, expected)


def _compared(path: str, graph: Graph, tensors: Mapping[str, Array], expected: Mapping[str, Array]) -> Row:
    count = 0
    for name, got in tensors.items():
        got, want = _codes(graph, name, got, expected)
        if want is None:
            return Row("decode", path, count, FAIL, f"the graph has no tensor {name!r}")
        if got.ndim == 0 and want.ndim:
            got = np.broadcast_to(got, want.shape)  # one number for all channels
        if got.shape != want.shape:
            return Row("decode", path, count, FAIL, f"{name}: shape {list(got.shape)}, expected {list(want.shape)}")
        wrong = np.argwhere(got != want)
        if len(wrong):  # a wrong scalar has one place of no coordinates
            first = tuple(int(v) for v in wrong[0])
            said = f"at {list(first)} {got[first]}, expected {want[first]}"
            detail = f"{name}: {len(wrong)} of {want.size} values differ; {said}"
            return Row("decode", path, count + want.size, FAIL, detail)
        count += want.size
    return Row("decode", path, count, PASS, ", ".join(tensors) if len(tensors) <= 3 else f"{len(tensors)} tensors")


def _codes(graph: Graph, name: str, got: Array, expected: Mapping[str, Array]) -> tuple[Array, Array | None]:
    """Return what to compare: pixels of an input become its codes first."""
    for item in graph.inputs:
        if name == f"{item.name}.pixels":
            return item.quantization.encode(got, item.type, item.name), expected.get(item.name)
    return got, expected.get(name)


def _rewritten(
    kind: Format, graph: Graph, values: Mapping[str, Array], entries: Mapping[str, Entry], files: Mapping[str, bytes],
    about: Any,
) -> Iterator[Row]:
    """Compare every file with what this edgeq writes for the graph."""
    if kind.needs_vectors and not values:
        yield Row("rewrite", kind.name, 0, FAIL, f"the folder's {STIMULI} are missing")
        return
    try:
        made = {f.path: f for f in kind.write(graph, values, **about["options"])}
    except (EdgeqError, KeyError, TypeError, ValueError) as error:
        yield Row("rewrite", kind.name, 0, FAIL, f"cannot be written anew: {error}")
        return
    other = about.get("edgeq") != __version__
    faults = [(p, f) for p in sorted({*made, *entries}) if (f := _fault(p, made, entries, files))]
    if other and faults:
        detail = f"written by edgeq {about.get('edgeq')}, this is {__version__}; {faults[0][0]} {faults[0][1]}"
        yield Row("rewrite", kind.name, 0, NOT_RUN, detail)
        return
    for path, fault in faults:
        yield Row("rewrite", path, 0, FAIL, fault)
    if not faults:
        detail = f"{len(made)} files are byte for byte those that edgeq {__version__} writes"
        yield Row("rewrite", kind.name, 0, PASS, detail)


def _fault(
    path: str, made: Mapping[str, EmittedFile], entries: Mapping[str, Entry], files: Mapping[str, bytes]
) -> str | None:
    if path not in made:
        return "is not a file of this format"
    if path not in entries:
        return "belongs to this format but is not in the manifest"
    if path in files and files[path] != made[path].data:
        return "differs from what edgeq writes for this graph"
    if entries[path].holds != {"format": entries[path].holds.get("format"), **made[path].holds}:
        return "its line in the manifest differs from what edgeq writes"
    return "is missing" if path not in files else None
