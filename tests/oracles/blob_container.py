"""A reader of containers, slowly: written from the page "Blobs" alone, nothing from edgeq.

Every fault is a ValueError.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tests.oracles.blob_bytes import Blob, Bytes, check
from tests.oracles.blob_reader import read_blob

MAX_GRAPH = 2**24
MAX_VALUES = 2**28


@dataclass(frozen=True)
class Section:
    """One section of a container: its content as it was before it was stored, and a tensor's blob."""

    kind: str
    name: str
    content: bytes
    blob: Blob | None = None


def read_eqbin(data: bytes, max_values: int = MAX_VALUES) -> list[Section]:
    """Read a container and every blob in it; refuse every fault with a ValueError."""
    check(data[:8] == b"EQBIN\r\n\x1a", "container: magic")
    fixed = Bytes(data[8:24], "container")
    version, alignment, zero = fixed.unsigned(2), fixed.unsigned(1), fixed.unsigned(1)
    length, number, crc = fixed.unsigned(4), fixed.unsigned(4), fixed.unsigned(4)
    check(version == 1, f"container: version {version}")
    check(alignment <= 12 and zero == 0, "container: alignment")
    check(24 <= length <= len(data), f"container: header of {length} bytes")
    check(zlib.crc32(data[:20] + bytes(4) + data[24:length]) == crc, "container: crc of the header")
    check(number >= 1, "container: no graph")
    entries, place, found = Bytes(data[24:length], "container"), length, list[Section]()
    for i in range(number):
        kind, encoding = entries.unsigned(1), entries.unsigned(1)
        offset, size, crc = entries.unsigned(4), entries.unsigned(4), entries.unsigned(4)
        name = read_name(entries)
        check(name not in [section.name for section in found], f"container: two sections {name}")
        check(kind == (1 if i == 0 else 2), f"{name}: kind {kind}")
        check(kind == 2 or name == "graph", f"{name}: a graph of another name")
        check(encoding == 0 or (encoding == 1 and kind == 1), f"{name}: encoding {encoding}")
        check(offset == -(-place // 2**alignment) * 2**alignment, f"{name}: offset {offset}")
        check(offset + size <= len(data), f"{name}: ends after the file")
        check(not any(data[place:offset]), f"{name}: gap before it is not zero")
        place, stored = offset + size, data[offset : offset + size]
        check(zlib.crc32(stored) == crc, f"{name}: crc")
        content = inflate(stored, MAX_GRAPH, name) if encoding == 1 else stored
        check(kind == 2 or len(content) <= MAX_GRAPH, f"{name}: more than {MAX_GRAPH} bytes")
        blob = read_blob(content, max_values) if kind == 2 else None
        max_values -= blob.n if blob is not None else 0
        found.append(Section("graph" if kind == 1 else "tensor", name, content, blob))
    entries.end()
    check(place == len(data), "container: bytes left over")
    check_graph(found[0].content, [section.name for section in found[1:]])
    return found


def read_name(entries: Bytes) -> str:
    size = entries.varint()
    check(1 <= size <= 4096, f"container: name of {size} bytes")
    try:
        name = entries.take(size).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"container: name: {error}") from error
    check(name.isprintable() and "/" not in name and "\\" not in name, f"container: name {name!a}")
    return name


def inflate(stored: bytes, longest: int, place: str) -> bytes:
    """Return what one zlib stream holds."""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(stored, longest + 1)
    except zlib.error as error:
        raise ValueError(f"{place}: {error}") from error
    check(len(content) <= longest, f"{place}: more than {longest} bytes")
    check(stream.eof and not stream.unused_data, f"{place}: not one zlib stream")
    return content


def check_graph(text: bytes, tensors: list[str]) -> None:
    """Refuse a graph without its checksum, or one that does not name the file's tensors, each and no other."""
    try:
        graph = yaml.safe_load(text.decode("utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"graph: {error}") from error
    checksum = graph.get("sha256") if isinstance(graph, dict) else None
    check(isinstance(checksum, str) and re.fullmatch("[0-9a-f]{64}", checksum) is not None, "graph: no checksum")
    paths = set()
    for node in nodes(graph):
        if isinstance(node, str) and node.startswith("tensors/") and node.endswith(".npy"):
            paths.add(node)
        elif isinstance(node, dict) and {"shape", "data"} <= node.keys():
            check(is_tensor(node["shape"], node["data"]), "graph: a tensor in the text is not its shape's integers")
    check(paths == {f"tensors/{name}.npy" for name in tensors}, "graph: names other tensors than the file's")


def nodes(node: Any) -> Iterator[Any]:
    """Walk through all values of a YAML document."""
    yield node
    for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(below)


def is_tensor(shape: Any, data: Any) -> bool:
    """Tell whether data is a flat list of as many integers as the shape has elements."""
    if not isinstance(shape, list) or not isinstance(data, list):
        return False
    if not all(type(x) is int for x in shape + data) or min(shape, default=0) < 0:
        return False
    return len(data) == math.prod(shape)
