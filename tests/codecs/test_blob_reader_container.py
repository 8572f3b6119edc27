"""The independent reader of containers on files made by hand."""

from __future__ import annotations

import zlib

import pytest

from tests.codecs.blob_parts import assemble, stream, varint
from tests.oracles.blob_container import read_eqbin

DIGEST = b"sha256: " + b"0123456789abcdef" * 4 + b"\n"
GRAPH = b"format: 1\n" + DIGEST + b"values:\n- {path: tensors/fc.weight.npy, bias: {shape: [2], data: [1, -2]}}\n"
ALONE = DIGEST
VALUES = [120, 0, 120, 7, 120, -3]
TENSOR = assemble(4, ("s", 8), (2, 3), 120, 3, bytes([1, 2]), stream("011") + stream("01 00 10"), b"\x00\x07\xfd")


def container(sections: list[tuple[int, int, bytes, bytes]], power: int = 4, gap: int = 0, version: int = 1) -> bytes:
    """Put (kind, encoding, name, stored bytes) into one file."""
    length = 24 + sum(14 + len(varint(len(name))) + len(name) for _, _, name, _ in sections)
    entries, body = b"", b""
    for kind, encoding, name, stored in sections:
        body += bytes([gap]) * (-(length + len(body)) % (1 << power))
        numbers = (length + len(body), len(stored), zlib.crc32(stored))
        entries += bytes([kind, encoding]) + b"".join(x.to_bytes(4, "little") for x in numbers)
        entries += varint(len(name)) + name
        body += stored
    fixed = b"EQBIN\r\n\x1a" + version.to_bytes(2, "little") + bytes([power, 0])
    fixed += length.to_bytes(4, "little") + len(sections).to_bytes(4, "little")
    crc = zlib.crc32(fixed + bytes(4) + entries)
    return fixed + crc.to_bytes(4, "little") + entries + body


@pytest.mark.parametrize("power", [0, 4, 12])
@pytest.mark.parametrize(("encoding", "stored"), [(0, GRAPH), (1, zlib.compress(GRAPH))])
def test_container(power: int, encoding: int, stored: bytes) -> None:
    graph, tensor = read_eqbin(container([(1, encoding, b"graph", stored), (2, 0, b"fc.weight", TENSOR)], power))
    assert (graph.kind, graph.name, graph.content, graph.blob) == ("graph", "graph", GRAPH, None)
    assert (tensor.kind, tensor.name, tensor.content) == ("tensor", "fc.weight", TENSOR)
    assert tensor.blob is not None
    assert tensor.blob.values == VALUES


@pytest.mark.parametrize("text", [
    ALONE, ALONE + b"w: {shape: [], data: [5]}", ALONE + b"w: {shape: [0, 3], data: []}",
])
def test_container_of_a_graph_alone(text: bytes) -> None:
    for encoding, stored in ((0, text), (1, zlib.compress(text))):
        assert [section.content for section in read_eqbin(container([(1, encoding, b"graph", stored)]))] == [text]


@pytest.mark.parametrize(("size", "fault"), [(2**24, "special characters"), (2**24 + 1, "more than 16777216")])
def test_size_of_a_graph(size: int, fault: str) -> None:
    """Zeros are no YAML, which tells at once that the size was none of the faults."""
    for encoding, stored in ((0, bytes(size)), (1, zlib.compress(bytes(size)))):
        with pytest.raises(ValueError, match=fault):
            read_eqbin(container([(1, encoding, b"graph", stored)]))


def named(*names: bytes) -> bytes:
    return ALONE + b"values: [" + b", ".join(b"tensors/" + name + b".npy" for name in names) + b"]\n"


def test_names_and_number_of_values() -> None:
    tensors = [(2, 0, name, TENSOR) for name in (b"a.b", "\u00e9.w".encode(), b"x" * 4094 + b".w")]
    data = container([(1, 0, b"graph", named(*(name for _, _, name, _ in tensors))), *tensors])
    assert [section.name for section in read_eqbin(data, 18)] == ["graph", "a.b", "\u00e9.w", "x" * 4094 + ".w"]
    with pytest.raises(ValueError, match="6 elements, more than 5"):
        read_eqbin(data, 17)


G = (1, 0, b"graph", GRAPH)
T = (2, 0, b"fc.weight", TENSOR)


@pytest.mark.parametrize(("data", "fault"), [
    (container([G, T])[:-1], "ends after the file"),
    (container([G, T]) + b"\0", "left over"),
    (container([G, T], gap=1), "gap"),
    (container([G, T], power=13), "alignment"),
    (container([G, T], version=2), "version 2"),
    (container([]), "no graph"),
    (container([T, G]), "kind 2"),
    (container([G, G]), "two sections"),
    (container([G, (1, 0, b"other", GRAPH)]), "kind 1"),
    (container([G, (3, 0, b"other", GRAPH)]), "kind 3"),
    (container([G, (2, 1, b"other", zlib.compress(TENSOR))]), "encoding 1"),
    (container([(1, 2, b"graph", GRAPH)]), "encoding 2"),
    (container([(1, 1, b"graph", GRAPH)]), "graph: "),
    (container([(1, 1, b"graph", zlib.compress(GRAPH) + b"x")]), "not one zlib stream"),
    (container([(1, 1, b"graph", zlib.compress(GRAPH)[:-1])]), "not one zlib stream"),
    (container([(1, 0, b"\xff", GRAPH)]), "container: name"),
    (container([(1, 0, b"", GRAPH)]), "name of 0 bytes"),
    (container([(1, 0, b"Graph", GRAPH)]), "another name"),
    (container([(1, 0, b"graph", named(b"x" * 4095 + b".w")), (2, 0, b"x" * 4095 + b".w", TENSOR)]), "4097 bytes"),
    (container([(1, 0, b"graph", b"format: 1")]), "no checksum"),
    (container([(1, 0, b"graph", b"- sha256")]), "no checksum"),
    (container([(1, 0, b"graph", b"a:\n  " + ALONE)]), "no checksum"),
    (container([(1, 0, b"graph", b"sha256: " + b"1" * 64)]), "no checksum"),
    (container([(1, 0, b"graph", ALONE.upper().replace(b"SHA", b"sha"))]), "no checksum"),
    (container([(1, 0, b"graph", ALONE[:-2])]), "no checksum"),
    (container([(1, 0, b"graph", named(b"a/b")), (2, 0, b"a/b", TENSOR)]), "container: name 'a/b'"),
    (container([(1, 0, b"graph", named(b"a\\b")), (2, 0, b"a\\b", TENSOR)]), "container: name"),
    (container([G, (2, 0, b"a\nb", TENSOR)]), "container: name"),
    (container([(1, 0, b"graph", b"sha256: [")]), "graph: "),
    (container([(1, 0, b"graph", b"sha256: \xff")]), "graph: "),
    (container([(1, 0, b"graph", GRAPH)]), "other tensors"),
    (container([(1, 0, b"graph", ALONE), T]), "other tensors"),
    *((container([(1, 0, b"graph", ALONE + b"w: " + inline)]), "in the text") for inline in (
        b"{shape: [2], data: [1]}", b"{shape: [1, 2], data: [[1, 2]]}", b"{shape: [1], data: [1.5]}",
        b"{shape: [-1, -1], data: [1]}", b"{shape: 1, data: [1]}", b"{shape: [1], data: [true]}",
    )),
    (container([G, (2, 0, b"fc.weight", assemble(4, ("u", 8), (2**28 + 1,), 0, 0, b"\x1d", b"", b""))]),
     "268435457 elements"),
    (container([G, (2, 0, b"fc.weight", TENSOR[:-1])]), "crc"),
])
def test_container_refused(data: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_eqbin(data)


def test_any_changed_byte_of_a_container_is_refused() -> None:
    data = container([G, T])
    for place in range(len(data)):
        with pytest.raises(ValueError):
            read_eqbin(data[:place] + bytes([data[place] ^ 0x01]) + data[place + 1 :])
