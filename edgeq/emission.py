"""Write a graph in one of the output formats: a folder that can be verified, extended, and never half written.

Beside the format's files the folder holds the graph itself (`graph.edgeq/`) and, for formats with vectors, the
inputs they were made from (`stimuli/`), so that `edgeq verify` needs nothing else.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from edgeq import __version__
from edgeq.artefacts.files import new_folder, sha256
from edgeq.artefacts.manifest import NAME, Entry, Manifest, check_files, manifest_bytes, read_manifest
from edgeq.artefacts.npy import npy_bytes, parse_npy
from edgeq.artefacts.regular import is_regular, require_regular
from edgeq.artefacts.turns import turn
from edgeq.bundle import bundle_files, graph_digest
from edgeq.emitters.registry import EMITTERS, EmittedFile, Format, find_format
from edgeq.errors import ArtefactError, InputError, OverflowDetected
from edgeq.ir.graph import Graph
from edgeq.ir.stems import short_name
from edgeq.ir.tensor import Array
from edgeq.simulator import simulate
from edgeq.vectors.read import read_vectors
from edgeq.vectors.stimuli import Stimuli, make_stimuli

KEY = "formats"
"""Top-level field of the manifest that marks an emitted folder: format name to version and options."""
STIMULI = "stimuli"
GRAPH = "graph.edgeq"


@dataclass(frozen=True)
class _Stimuli:
    """Inputs as the user gives them, what is said of them, and every value of the graph for them."""

    inputs: Mapping[str, Array]
    source: Mapping[str, Any]
    values: Mapping[str, Array]


def formats() -> dict[str, str]:
    """Return the name of every format and one line about it.

    >>> formats()["c"]
    'C99 project: weights, kernels, and `make check`, which replays vectors'
    """
    import edgeq.emitters  # noqa: F401 - fills the registry

    return {name: EMITTERS[name].line for name in sorted(EMITTERS)}


def emit(
    graph: Graph, format: str, out_dir: str | Path, vectors: str | Path | None = None, **options: Any
) -> Path:
    """Write ``graph`` as ``format`` into ``out_dir`` and return the folder.

    ``vectors`` is a vector folder of this graph; without one, formats that need vectors get 16 directed and
    random inputs, simulated here, or those the folder already has. An emitted folder of the same graph is
    extended, its files of ``format`` replaced.

    Raises InputError for an unknown format or option, ArtefactError for a folder of another graph, a damaged
    one, one that holds anything else, or vectors of another graph. On any failure the folder is as it was.
    """
    return emit_all(graph, [format], out_dir, vectors, options)


def emit_all(
    graph: Graph, names: Sequence[str], out_dir: str | Path, vectors: str | Path | None, options: Mapping[str, Any]
) -> Path:
    """Write ``graph`` in every format of ``names``, all with the same options, as `emit` does; all of them or none."""
    formats()
    kinds = [find_format(name) for name in dict.fromkeys(names)]
    for kind in kinds:
        _require_options(kind, options)
    target = Path(out_dir)
    before = _existing(target, graph)
    stimuli = _stimuli(graph, kinds, target, before, vectors)
    files = {kind.name: [*kind.write(graph, stimuli.values if stimuli else {}, **options)] for kind in kinds}
    for name, made in files.items():
        _require_names(made, name)
    with turn(target) as take_turn, new_folder(target) as folder:
        entries = _keep(target, before, folder, files)
        entries |= {e.path: e for name, made in files.items() for e in (_write(folder, file, name) for file in made)}
        entries |= _write_common(graph, stimuli, folder, entries)
        kept = dict(before.details[KEY]) if before else {}
        kept |= {name: {"edgeq": __version__, "options": dict(options)} for name in files}
        details: dict[str, Any] = {KEY: {name: kept[name] for name in sorted(kept)}}
        if stimuli:
            details[STIMULI] = dict(stimuli.source)
        elif before and STIMULI in before.details:
            details[STIMULI] = before.details[STIMULI]
        manifest = Manifest(graph.name, graph_digest(graph), tuple(entries.values()), details)
        (folder / NAME).write_bytes(manifest_bytes(manifest))
        take_turn()
        _require_unchanged(target, graph, before)
    return target


def _require_unchanged(target: Path, graph: Graph, before: Manifest | None) -> None:
    """Raise ArtefactError when another program wrote to the folder since it was read: its files would be lost."""
    try:
        same = _existing(target, graph) == before
    except ArtefactError:
        same = False
    if not same:
        raise ArtefactError(f"{target}: was changed while it was being written; run the command again")


def _require_options(kind: Format, options: Mapping[str, Any]) -> None:
    unknown = sorted(set(options) - set(kind.options))
    if unknown:
        known = ", ".join(f"{k} (default {'auto' if v is None else v})" for k, v in kind.options.items()) or "none"
        raise InputError(f"format '{kind.name}' has no option {unknown[0]!r}; its options are: {known}")


def _require_names(files: list[EmittedFile], format: str) -> None:
    """Guard against an emitter that writes outside the folder, twice, or over the common files."""
    seen: set[str] = set()
    for file in files:
        path = PurePosixPath(file.path)
        bad = path.is_absolute() or ".." in path.parts or path.parts[0] in (GRAPH, STIMULI, NAME)
        if bad or file.path in seen:
            raise ArtefactError(f"format '{format}' gives the path {file.path!r}, which is reserved or given twice")
        seen.add(file.path)


def _existing(target: Path, graph: Graph) -> Manifest | None:
    """Return the manifest of a folder to extend, None for a new or empty one."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ArtefactError(f"{target}: exists and is not a folder; it is left as it is. Choose another name")
    if not target.exists() or not any(target.iterdir()):
        return None
    if not is_regular(target / NAME):
        raise ArtefactError(f"{target}: is not empty and was not written by edgeq emit; choose another folder")
    manifest = read_manifest(target)
    if not isinstance(manifest.details.get(KEY), dict):
        raise ArtefactError(f"{target}: was not written by edgeq emit; choose another folder")
    if manifest.digest != graph_digest(graph):
        raise ArtefactError(
            f"{target}: holds graph '{manifest.graph}' sha256 {manifest.digest[:12]}.., not '{graph.name}' sha256 "
            f"{graph_digest(graph)[:12]}..; choose another folder")
    check_files(target, manifest)
    return manifest


def _stimuli(
    graph: Graph, kinds: Sequence[Format], target: Path, before: Manifest | None, vectors: str | Path | None
) -> _Stimuli | None:
    """Return the vectors of this emission: those given, those of the folder, or new ones; None when none is needed."""
    had = before is not None and STIMULI in before.details
    if vectors is not None:
        given = read_vectors(vectors, graph)
        made = _Stimuli(given.inputs, given.source, given.values)
        others = sorted(set(before.details[KEY]) - {kind.name for kind in kinds}) if before and had else []
        if others and any(sha256(d) != _sha_of(before, p) for p, d in _stimuli_files(made.inputs).items()):
            raise ArtefactError(
                f"{target}: holds format '{others[0]}' made with other vectors; use the same ones, or another folder")
        return made
    if not any(kind.needs_vectors for kind in kinds):
        return None
    if before is not None and had:
        chosen = Stimuli(read_stimuli(target, before), before.details[STIMULI])
    else:
        chosen = make_stimuli(graph)
    try:
        return _Stimuli(chosen.inputs, chosen.description, simulate(graph, chosen.inputs).values)
    except OverflowDetected as error:
        raise OverflowDetected(
            f"{error}. The inputs were made, not yours: edgeq simulate --input X.npy --vectors DIR, then emit "
            "--vectors DIR") from None


def _sha_of(manifest: Manifest | None, path: str) -> str | None:
    found = [e.sha256 for e in manifest.files if e.path == path] if manifest else []
    return found[0] if found else None


def _stimuli_files(inputs: Mapping[str, Array]) -> dict[str, bytes]:
    return {f"{STIMULI}/{short_name(name)}.npy": npy_bytes(np.asarray(array)) for name, array in inputs.items()}


def read_stimuli(folder: Path, manifest: Manifest) -> dict[str, Array]:
    """Return the inputs kept in an emitted folder by input name; empty when it has none."""
    return {
        str(e.holds["tensor"]): parse_npy(require_regular(folder / e.path).read_bytes(), e.path, ArtefactError)
        for e in manifest.files if e.path.startswith(f"{STIMULI}/")
    }


def _keep(target: Path, before: Manifest | None, folder: Path, names: Collection[str]) -> dict[str, Entry]:
    """Copy what an extended folder had but the files of the formats that are written."""
    kept = [e for e in before.files if e.holds.get("format") not in names] if before else []
    for entry in kept:
        place = folder / entry.path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(target / entry.path, place)
    return {e.path: e for e in kept}


def _write(folder: Path, file: EmittedFile, format: str | None) -> Entry:
    place = folder / file.path
    if place.exists() and format is not None:
        raise ArtefactError(f"formats of this folder both write {file.path}; emit '{format}' into another folder")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(file.data)
    return Entry(file.path, sha256(file.data), ({"format": format} if format else {}) | dict(file.holds))


def _write_common(
    graph: Graph, stimuli: _Stimuli | None, folder: Path, entries: Mapping[str, Entry]
) -> dict[str, Entry]:
    """Write the graph and the stimuli unless they are there."""
    files: list[EmittedFile] = []
    if f"{GRAPH}/{NAME}" not in entries:
        bundle = bundle_files(graph)
        lines = tuple(Entry(name, sha256(data)) for name, data in bundle.items())
        bundle[NAME] = manifest_bytes(Manifest(graph.name, graph_digest(graph), lines))
        files += [EmittedFile(f"{GRAPH}/{name}", data, {"part": "graph"}) for name, data in bundle.items()]
    if stimuli:
        names = {f"{STIMULI}/{short_name(n)}.npy": n for n in stimuli.inputs}
        files += [EmittedFile(path, data, {"part": STIMULI, "tensor": names[path]})
                  for path, data in _stimuli_files(stimuli.inputs).items()]
    return {e.path: e for e in (_write(folder, file, None) for file in files)}
