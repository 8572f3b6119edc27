"""Save a graph as the folder NAME.edgeq/ and load it back; load it from a container `.eqbin` too.

The folder holds `graph.yaml` (first line ``edgeq: 1``), one `.npy` per tensor, and `manifest.yaml` with the
checksum of every file. The format is described in `edgeq/ir/README.md`, that of containers in `edgeq/codecs/README.md`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import edgeq.ops  # noqa: F401 - fills the registry that the reader looks ops up in
from edgeq.artefacts.files import new_folder, sha256
from edgeq.artefacts.inside import refuse_inside
from edgeq.artefacts.manifest import (
    NAME,
    Entry,
    Manifest,
    check_files,
    dump_yaml,
    manifest_bytes,
    parse_yaml,
    read_manifest,
    unlisted,
)
from edgeq.artefacts.npy import npy_bytes, parse_npy
from edgeq.errors import BundleError, CodecError, GraphError, shown
from edgeq.ir.fields import integer
from edgeq.ir.graph import Graph, GraphOutput, Node
from edgeq.ir.plain import Fetch, Store, input_from_plain, input_to_plain, op_from_plain, op_to_plain
from edgeq.ir.stems import short_name
from edgeq.ir.tensor import Array, Constant

VERSION = 1
GRAPH = "graph.yaml"
SUFFIX = ".edgeq"
_EMITTED = f"graph{SUFFIX}"
DIGEST = "sha256"
"""Field of a container's text that holds the graph's checksum; a bundle has it in its manifest."""


def save(graph: Graph, path: str | Path) -> None:
    """Write a bundle; raises BundleError when ``path`` exists and is not a bundle."""
    target = Path(path)
    check_target(target)
    files = bundle_files(graph)
    entries = tuple(Entry(name, sha256(data)) for name, data in files.items())
    manifest = Manifest(graph.name, graph_digest(graph), entries)
    with new_folder(target) as folder:
        for name, data in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
        (folder / NAME).write_bytes(manifest_bytes(manifest))


def check_target(target: Path) -> None:
    """Raise BundleError when ``target`` exists and is not a bundle, ArtefactError when it lies inside one."""
    if target.is_symlink() or (target.exists() and not _is_bundle(target)):
        raise BundleError(f"{target}: exists and is not a bundle; it is left as it is. Choose another name")
    refuse_inside(target)


def load(path: str | Path) -> Graph:
    """Return the graph of a bundle or of a container, every file checked; raises BundleError naming the first fault."""
    place = Path(path)
    if not place.exists():
        raise BundleError(f"{place}: no such bundle")
    if place.is_file():
        return _load_container(place)
    if not place.is_dir():
        raise BundleError(f"{place}: is neither a folder NAME{SUFFIX} nor a regular file NAME.eqbin")
    return _load_folder(place)


def _load_folder(folder: Path) -> Graph:
    manifest = read_manifest(folder, BundleError)
    copy = f"{_EMITTED}/{NAME}"
    if any(e.path == copy for e in manifest.files):
        raise BundleError(f"{folder}: was written by edgeq emit; its graph is {folder / _EMITTED}")
    check_files(folder, manifest, BundleError)
    if not any(e.path == GRAPH for e in manifest.files):
        raise BundleError(f"{folder}: {NAME} does not list {GRAPH}")
    data = _parse((folder / GRAPH).read_bytes(), str(folder / GRAPH))

    def fetch(path: Any) -> Constant:
        if not isinstance(path, str):
            raise GraphError(f"tensor {shown(path)} is not a file of the bundle")
        return Constant(parse_npy((folder / path).read_bytes(), str(folder / path), BundleError))

    graph = _checked_graph(data, {e.path for e in manifest.files} - {GRAPH}, fetch, str(folder / GRAPH))
    if graph_digest(graph) != manifest.digest:
        raise BundleError(f"{folder}: the graph is not the one that {NAME} describes")
    return graph


def _load_container(file: Path) -> Graph:
    from edgeq.codecs.eqbin import is_eqbin  # only who reads a container needs the codecs

    with file.open("rb") as stream:
        start = stream.read(8)
    if not is_eqbin(start):
        raise BundleError(
            f"{file}: is a file; a bundle is a folder NAME{SUFFIX}, written by edgeq lower, or a container .eqbin")
    return parse_container(file.read_bytes(), str(file))


def parse_container(contents: bytes, where: str) -> Graph:
    """Return the graph of a container's bytes; raises BundleError naming ``where`` and the first fault."""
    from edgeq.codecs.eqbin import read_network

    try:
        text, tensors = read_network(contents, where)
    except CodecError as error:
        raise BundleError(str(error)) from None
    data = _parse(text, where)

    def fetch(path: Any) -> Constant:
        return Constant(_inline(path) if isinstance(path, dict) else tensors[path])

    graph = _checked_graph(data, {*tensors}, fetch, where)
    if graph_digest(graph) != data.get(DIGEST):
        raise BundleError(f"{where}: the graph is not the one whose {DIGEST} it holds")
    return graph


def _parse(text: bytes, where: str) -> dict[str, Any]:
    data = parse_yaml(text, where, BundleError)
    if not isinstance(data, dict) or "edgeq" not in data:
        raise BundleError(f"{where}: not a graph of edgeq")
    if data["edgeq"] != VERSION:
        version = shown(data["edgeq"])
        raise BundleError(f"{where}: version {version} is unknown; this edgeq reads version {VERSION}")
    return data


def _inline(given: Mapping[str, Any]) -> Array:
    """Return a small tensor that stands in the text: ``shape`` and ``data``, flat in row-major order."""
    if set(given) != {"shape", "data"}:
        raise GraphError(f"a tensor in the text has shape and data, got {shown(sorted(given))}")
    try:
        shape, values = tuple(integer(d) for d in given["shape"]), [integer(v) for v in given["data"]]
    except TypeError:
        raise GraphError("a tensor in the text has a list of integers for shape and for data") from None
    if min(shape, default=0) < 0 or math.prod(shape) != len(values):
        raise GraphError(f"a tensor in the text has shape {shown(list(shape))} and {len(values)} values")
    return np.array(values, np.int64).reshape(shape)


def _checked_graph(data: Mapping[str, Any], listed: Collection[str], fetch: Fetch, where: str) -> Graph:
    try:
        return _graph(data, listed, fetch)
    except GraphError as error:
        raise BundleError(f"{where}: {error}") from None
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError) as cause:
        raise BundleError(f"{where}: a field is missing or malformed ({cause})") from None


def graph_digest(graph: Graph) -> str:
    """Return the checksum of everything that decides a graph's results; metadata and remarks do not count."""
    files = _files(graph, {}, remarks=False)
    return sha256("".join(f"{name} {sha256(data)}\n" for name, data in sorted(files.items())).encode())


def bundle_files(graph: Graph) -> dict[str, bytes]:
    """Return the files of a bundle but the manifest: path to bytes."""
    return _files(graph, graph.metadata, remarks=True)


def _files(graph: Graph, metadata: Mapping[str, Any], *, remarks: bool) -> dict[str, bytes]:
    tensors: dict[str, bytes] = {}

    def keep(node: Node | None, name: str, value: Constant) -> str:
        path = f"tensors/{tensor_name(node, name)}.npy"
        tensors[path] = npy_bytes(value.array.astype(value.smallest.dtype))
        return path

    data = {"edgeq": VERSION, **graph_to_plain(graph, keep, remarks=remarks), "metadata": dict(metadata)}
    return {GRAPH: dump_yaml(data), **tensors}


Keep = Callable[[Node | None, str, Constant], Any]
"""Is given the op's node (None for an input), the tensor's name and the tensor; returns what the text says of it."""


def tensor_name(node: Node | None, name: str) -> str:
    """Return what the file of a tensor is called, ``<value>.<attribute>``."""
    return short_name(f"{node.name}.{name}" if node else name)


def graph_to_plain(graph: Graph, keep: Keep, *, remarks: bool = True) -> dict[str, Any]:
    """Return the graph as plain data but for metadata; tensors go through ``keep``."""
    return {
        "name": graph.name,
        "inputs": [input_to_plain(i, partial(keep, None)) for i in graph.inputs],
        "nodes": [_node_to_plain(n, partial(keep, n), remarks) for n in graph.nodes],
        "outputs": [{"name": o.name, "value": o.value} for o in graph.outputs],
    }


def _node_to_plain(node: Node, store: Store, remarks: bool) -> dict[str, Any]:
    return {
        "name": node.name, "layer": node.layer, "op": node.op.KIND, "inputs": list(node.inputs),
        "attributes": op_to_plain(node.op, store, remarks=remarks),
    }


def _graph(data: Mapping[str, Any], listed: Collection[str], read: Fetch) -> Graph:
    used: set[str] = set()

    def fetch(path: Any) -> Constant:
        if isinstance(path, str):
            if path not in listed:
                raise GraphError(f"tensor {shown(path)} is not a file of the bundle")
            used.add(path)
        return read(path)

    inputs = tuple(input_from_plain(i, fetch) for i in data["inputs"])
    nodes = tuple(
        Node(str(n["name"]), op_from_plain(n["op"], n["attributes"], fetch), tuple(n["inputs"]), str(n["layer"]))
        for n in data["nodes"]
    )
    outputs = tuple(GraphOutput(str(o["name"]), str(o["value"])) for o in data["outputs"])
    idle = sorted(set(listed) - used)
    if idle:
        raise GraphError(f"file {idle[0]} belongs to no op")
    return Graph(str(data["name"]), inputs, nodes, outputs, dict(data.get("metadata") or {}))


def _is_bundle(folder: Path) -> bool:
    """Tell whether a folder holds a bundle, damaged or not, and nothing else that its manifest does not list."""
    if not (folder / GRAPH).is_file() or not (folder / GRAPH).read_bytes().startswith(b"edgeq:"):
        return False
    try:
        listed = [e.path for e in read_manifest(folder, BundleError).files]
    except BundleError:
        return False
    return not unlisted(folder, listed)
