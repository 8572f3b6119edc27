"""Save a graph as the folder NAME.edgeq/ and load it back.

The folder holds `graph.yaml` (first line ``edgeq: 1``), one `.npy` per tensor, and `manifest.yaml` with the
checksum of every file. The format is described in the README beside this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
from edgeq.errors import BundleError, GraphError, shown
from edgeq.ir.graph import Graph, GraphOutput, Node
from edgeq.ir.plain import input_from_plain, input_to_plain, op_from_plain, op_to_plain
from edgeq.ir.stems import short_name
from edgeq.ir.tensor import Constant

VERSION = 1
GRAPH = "graph.yaml"
SUFFIX = ".edgeq"


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
    """Return the graph of a bundle, every file checked; raises BundleError naming the first fault."""
    folder = Path(path)
    if not folder.exists():
        raise BundleError(f"{folder}: no such bundle")
    if not folder.is_dir():
        raise BundleError(f"{folder}: is a file; a bundle is a folder NAME{SUFFIX}, written by edgeq lower")
    manifest = read_manifest(folder, BundleError)
    check_files(folder, manifest, BundleError)
    if not any(e.path == GRAPH for e in manifest.files):
        raise BundleError(f"{folder}: {NAME} does not list {GRAPH}")
    data = parse_yaml((folder / GRAPH).read_bytes(), str(folder / GRAPH), BundleError)
    if not isinstance(data, dict) or "edgeq" not in data:
        raise BundleError(f"{folder / GRAPH}: not a graph of edgeq")
    if data["edgeq"] != VERSION:
        version = shown(data["edgeq"])
        raise BundleError(f"{folder / GRAPH}: version {version} is unknown; this edgeq reads version {VERSION}")
    try:
        graph = _graph(data, folder, {e.path for e in manifest.files})
    except GraphError as error:
        raise BundleError(f"{folder / GRAPH}: {error}") from None
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError) as cause:
        raise BundleError(f"{folder / GRAPH}: a field is missing or malformed ({cause})") from None
    if graph_digest(graph) != manifest.digest:
        raise BundleError(f"{folder}: the graph is not the one that {NAME} describes")
    return graph


def graph_digest(graph: Graph) -> str:
    """Return the checksum of everything that decides a graph's results; metadata and remarks do not count."""
    files = _files(graph, {}, remarks=False)
    return sha256("".join(f"{name} {sha256(data)}\n" for name, data in sorted(files.items())).encode())


def bundle_files(graph: Graph) -> dict[str, bytes]:
    """Return the files of a bundle but the manifest: path to bytes."""
    return _files(graph, graph.metadata, remarks=True)


def _files(graph: Graph, metadata: Mapping[str, Any], *, remarks: bool) -> dict[str, bytes]:
    tensors: dict[str, bytes] = {}

    def keep(prefix: str) -> Any:
        def store(name: str, value: Constant) -> str:
            path = f"tensors/{short_name(f'{prefix}.{name}' if prefix else name)}.npy"
            tensors[path] = npy_bytes(value.array.astype(value.smallest.dtype))
            return path

        return store

    data = {
        "edgeq": VERSION,
        "name": graph.name,
        "inputs": [input_to_plain(i, keep("")) for i in graph.inputs],
        "nodes": [_node_to_plain(n, keep(n.name), remarks) for n in graph.nodes],
        "outputs": [{"name": o.name, "value": o.value} for o in graph.outputs],
        "metadata": dict(metadata),
    }
    return {GRAPH: dump_yaml(data), **tensors}


def _node_to_plain(node: Node, store: Any, remarks: bool) -> dict[str, Any]:
    return {
        "name": node.name, "layer": node.layer, "op": node.op.KIND, "inputs": list(node.inputs),
        "attributes": op_to_plain(node.op, store, remarks=remarks),
    }


def _graph(data: Mapping[str, Any], folder: Path, listed: set[str]) -> Graph:
    used: set[str] = set()

    def fetch(path: str) -> Constant:
        if path not in listed:
            raise GraphError(f"tensor {shown(path)} is not a file of the bundle")
        used.add(path)
        return Constant(parse_npy((folder / path).read_bytes(), str(folder / path), BundleError))

    inputs = tuple(input_from_plain(i, fetch) for i in data["inputs"])
    nodes = tuple(
        Node(str(n["name"]), op_from_plain(n["op"], n["attributes"], fetch), tuple(n["inputs"]), str(n["layer"]))
        for n in data["nodes"]
    )
    outputs = tuple(GraphOutput(str(o["name"]), str(o["value"])) for o in data["outputs"])
    idle = sorted(listed - used - {GRAPH})
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
