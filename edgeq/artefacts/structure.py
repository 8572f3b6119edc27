"""Check that the fields of a `manifest.yaml` have the structure that every reader of it relies on.

Whether a well-formed field is the right one for a graph is asked later, by whoever knows the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_MOST_BITS = 64


def check_structure(data: Mapping[str, Any]) -> None:
    """Raise ValueError naming the first field of a manifest, as plain data, that is missing or malformed."""
    graph, files = data.get("graph"), data.get("files")
    if not isinstance(graph, dict) or not _is_named(graph) or not isinstance(files, list):
        raise ValueError("graph must be a mapping and files a list")
    _require(isinstance(graph.get("name"), str) and _is_text(graph.get("sha256")), "graph must have name and sha256")
    for line in files:
        _check_line(line)
    if "formats" in data:
        _check_formats(data["formats"], files)
    if "stimuli" in data:
        _require(_is_named(data["stimuli"]), "stimuli must be a mapping by name")
    if "vectors" in data:
        _check_vectors(data["vectors"], files)


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_count(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_text(k) for k in value)


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(_is_count(v) for v in value)


def _is_type(value: Any) -> bool:
    if not _is_named(value) or not isinstance(value.get("signed"), bool):
        return False
    return _is_count(value.get("bits"), 1) and int(value["bits"]) <= _MOST_BITS


_TEXTS = ("path", "sha256", "tensor", "layer", "role", "format", "part", "content", "element", "endian", "dtype",
          "codec", "blob")
_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(_TEXTS, (_is_text, "text")),
    **dict.fromkeys(("axes", "layout"), (lambda v: isinstance(v, str), "text")),
    **dict.fromkeys(("depth", "bytes", "stored_values"), (_is_count, "a number from 0 up")),
    "shape": (_is_shape, "a list of numbers from 0 up"),
    **dict.fromkeys(("type", "stored"), (_is_type, f"bits from 1 to {_MOST_BITS} and signed true or false")),
    **dict.fromkeys(("packing", "mapping", "options", "tried"), (_is_named, "a mapping by name")),
    "tensors": (lambda v: isinstance(v, list), "a list"),
    "sparse": (lambda v: isinstance(v, bool), "true or false"),
}


def _check_line(line: Any) -> None:
    _require(_is_named(line), "each of files must be a mapping by name")
    path = line.get("path")
    wanted = ["path", "sha256"]
    if isinstance(path, str) and path.startswith("stimuli/"):
        wanted.append("tensor")
    _require_fields(line, wanted)
    for field, (holds, kind) in _FIELDS.items():
        _require(field not in line or holds(line[field]), f"{path}: {field} must be {kind}")


def _require_fields(line: Mapping[str, Any], wanted: list[str]) -> None:
    for field in wanted:
        _require(field in line, f"{line.get('path')}: has no {field}")


def _check_formats(formats: Any, files: list[dict[str, Any]]) -> None:
    _require(_is_named(formats), "formats must be a mapping by name")
    for name, about in formats.items():
        good = _is_named(about) and _is_text(about.get("edgeq")) and _is_named(about.get("options"))
        _require(good, f"format {name} must have edgeq and options")
    for line in files:
        known = "format" not in line or line["format"] in formats
        _require(known, f"{line['path']}: is of format {line.get('format')}, which is not among formats")


def _check_vectors(vectors: Any, files: list[dict[str, Any]]) -> None:
    _require(_is_named(vectors), "vectors must be a mapping by name")
    images = vectors.get("images")
    _require(_is_count(images, 1), "images of vectors must be a number from 1 up")
    _require(_is_text(vectors.get("layout")), "layout of vectors must be text")
    _require(_is_named(vectors.get("stimuli", {})), "stimuli of vectors must be a mapping by name")
    for line in files:
        _require_fields(line, ["tensor", "layer", "role", "shape"])
        if line["role"] != "raw":
            _require_fields(line, ["axes", "layout", "type"])
        _require(line["shape"][:1] == [images], f"{line['path']}: shape {line['shape']} is not of {images} images")
