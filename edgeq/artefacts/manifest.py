"""Read and write `manifest.yaml`: what every file of an output folder holds, and its checksum.

Source: design page "Artefacts", the literal manifest there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import yaml

from edgeq.artefacts.files import sha256_file
from edgeq.artefacts.regular import is_regular
from edgeq.artefacts.structure import check_structure
from edgeq.errors import ArtefactError, EdgeqError

NAME = "manifest.yaml"
VERSION = 1
CONTRACT = 1

_DEEPEST = 100
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_SafeDumper):  # type: ignore[misc]
    """Write a list that occurs twice twice: aliases are never read."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


@dataclass(frozen=True)
class Entry:
    """One file: path relative to the folder, checksum, and what it holds (tensor, layer, shape, layout, type..)."""

    path: str
    sha256: str
    holds: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The files of one folder, made from the graph of name ``graph`` and checksum ``digest``.

    ``details`` are further top-level fields: the format, the stimuli.
    """

    graph: str
    digest: str
    files: tuple[Entry, ...]
    details: Mapping[str, Any] = field(default_factory=dict)

    def find(self, **wanted: Any) -> tuple[Entry, ...]:
        """Return the entries whose fields have the given values."""
        return tuple(e for e in self.files if all(e.holds.get(k) == v for k, v in wanted.items()))


def dump_yaml(data: Any) -> bytes:
    """Return ``data`` as YAML: keys in order, flat lists on one line, LF."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)
    return text.encode()


def parse_yaml(data: bytes, where: str, error: type[EdgeqError] = ArtefactError) -> Any:
    """Return the plain data of a YAML text; raises ``error`` naming ``where`` and the line.

    Refused beside what is no YAML: aliases, tags such as ``!!binary``, deep nesting, a key that is given twice.
    """
    try:
        _refuse_tricks(data)
        return yaml.load(data, Loader=_Loader)
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as cause:
        place = getattr(cause, "problem_mark", None)
        line = f" at line {place.line + 1}" if place else ""
        said = next(iter(str(getattr(cause, "problem", None) or cause).splitlines()), type(cause).__name__)
        raise error(f"{where}: not valid YAML{line} ({said})") from None


def _refuse_tricks(data: bytes) -> None:
    """Raise MarkedYAMLError for what plain data never need.

    Nesting exhausts the stack of the loader, which builds nodes by recursion; aliases let a few lines stand for more
    than memory holds; tags call constructors that fail in ways of their own; of a key that is given twice the loader
    drops the first value without a word.
    """
    outer: list[_Level] = []
    for event in yaml.parse(data, Loader=_Loader):
        if isinstance(event, yaml.NodeEvent) and outer:
            _note(outer[-1], event)
        if isinstance(event, yaml.CollectionStartEvent):
            outer.append(_Level(isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.CollectionEndEvent):
            outer.pop()
        if len(outer) > _DEEPEST:
            _refuse(event, f"nested more than {_DEEPEST} deep")
        if getattr(event, "anchor", None) is not None:
            _refuse(event, "anchors and aliases are not read; write the value out")
        if getattr(event, "tag", None) is not None:
            _refuse(event, "tags are not read; write plain data")


@dataclass
class _Level:
    """A list or a mapping that is open: how many nodes it has held, and the keys among them."""

    mapping: bool
    nodes: int = 0
    keys: set[str] = field(default_factory=set)


def _note(level: _Level, event: Any) -> None:
    """Count a node of a list or mapping; raises MarkedYAMLError when it is a key for the second time."""
    if level.mapping and level.nodes % 2 == 0 and isinstance(event, yaml.ScalarEvent):
        if event.value in level.keys:
            _refuse(event, f"the key {event.value[:40]!r} is given twice")
        level.keys.add(event.value)
    level.nodes += 1


def _refuse(event: Any, problem: str) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the text of a manifest, files sorted by path."""
    files = [{"path": e.path, "sha256": e.sha256, **e.holds} for e in sorted(manifest.files, key=lambda e: e.path)]
    graph = {"name": manifest.graph, "sha256": manifest.digest}
    return dump_yaml(
        {"edgeq_manifest": VERSION, "contract": CONTRACT, "graph": graph, **manifest.details, "files": files}
    )


def read_manifest(folder: Path, error: type[EdgeqError] = ArtefactError) -> Manifest:
    """Return the manifest of ``folder``; raises ``error`` when it is missing, malformed or of another version."""
    path = folder / NAME
    if not folder.is_dir():
        raise error(f"{folder}: no such folder")
    if not path.exists() and not path.is_symlink():
        raise error(f"{folder}: has no {NAME}")
    if not is_regular(path):
        raise error(f"{path}: is not a regular file")
    data = parse_yaml(path.read_bytes(), str(path), error)
    if not isinstance(data, dict) or "edgeq_manifest" not in data:
        raise error(f"{path}: not a manifest of edgeq")
    if data["edgeq_manifest"] != VERSION:
        raise error(f"{path}: version {data['edgeq_manifest']!r} is unknown; this edgeq reads version {VERSION}")
    if data.get("contract") != CONTRACT:
        raise error(f"{path}: contract {data.get('contract')!r} is unknown; this edgeq computes by contract {CONTRACT}")
    try:
        check_structure(data)
        files = tuple(_entry(e) for e in data["files"])
    except ValueError as cause:
        raise error(f"{path}: a field is missing or malformed ({cause})") from None
    known = {"edgeq_manifest", "contract", "graph", "files"}
    details = {k: v for k, v in data.items() if k not in known}
    return Manifest(data["graph"]["name"], data["graph"]["sha256"], files, details)


def _entry(data: dict[str, Any]) -> Entry:
    path = PurePosixPath(data["path"])
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"path {path} leaves the folder")
    return Entry(str(path), data["sha256"], {k: v for k, v in data.items() if k not in ("path", "sha256")})


def check_files(folder: Path, manifest: Manifest, error: type[EdgeqError] = ArtefactError) -> None:
    """Raise ``error`` for the first file that is missing, changed or not listed."""
    listed = [e.path for e in manifest.files]
    for twice in sorted({p for p in listed if listed.count(p) > 1}):
        raise error(f"{folder / twice}: listed twice in {NAME}")
    for entry in manifest.files:
        path = folder / entry.path
        if not is_regular(path):
            raise error(f"{path}: listed in {NAME} but missing")
        if sha256_file(path) != entry.sha256:
            raise error(f"{path}: changed since it was written (its sha256 is not the one in {NAME})")
    for extra in unlisted(folder, listed):
        raise error(f"{folder / extra}: not listed in {NAME}; remove it or write the folder anew")


def unlisted(folder: Path, listed: Iterable[str]) -> list[str]:
    """Return what is below ``folder``, folders apart, that is neither listed nor the manifest, sorted."""
    present = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_symlink() or not p.is_dir()}
    return sorted(present - {*listed, NAME})
