"""A network in one file: it loads as its bundle does, its digest is checked, hostile files are one clear error."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import edgeq
from edgeq import Graph, IntType, codecs
from edgeq.bundle import graph_digest
from edgeq.codecs.eqbin import GRAPH, TENSOR, Section, decode_eqbin, encode_eqbin, read_eqbin, read_network
from edgeq.emitters.eqbin import read, write
from edgeq.emitters.parameters import parameters
from edgeq.errors import BundleError, CodecError, InputError
from tests.emitters.graphs import GRAPHS

S8 = IntType(8)


def graph() -> Graph:
    b = edgeq.GraphBuilder("net")
    x = b.input("x", (3,), S8, zero_point=1)
    y = b.linear(x, np.arange(12).reshape(4, 3) - 6, [1, -2, 3, 40000], acc=IntType(20), name="fc")
    b.output(b.requantize(y, 3, 6), "y")
    b.metadata["note"] = {"by": "hand"}
    return b.build()


def contents(net: Graph, **options: Any) -> bytes:
    (file,) = write(net, {}, **options)
    return file.data


def saved(folder: Path, data: bytes) -> Path:
    (folder / "net.eqbin").write_bytes(data)
    return folder / "net.eqbin"


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_graph_comes_back(name: str, tmp_path: Path) -> None:
    net, _ = GRAPHS[name]()
    (file,) = write(net, {}, codec="csr", text="zlib", align=1)
    loaded = edgeq.load(saved(tmp_path, file.data))
    assert loaded == net
    assert graph_digest(loaded) == graph_digest(net)
    got = read({file.path: file.data}, {"path": file.path, **file.holds})
    assert {n: a.tolist() for n, a in got.items()} == {p.name: p.array.tolist() for p in parameters(net)}


def test_what_the_file_holds() -> None:
    (file,) = write(graph(), {}, inline=4, codec="packed")
    assert file.path == "net.eqbin"
    text, *tensors = read_eqbin(file.data)
    assert [s.section.name for s in tensors] == ["fc.acc.weight"]
    assert tensors[0].data == codecs.get("packed").encode(np.arange(12).reshape(4, 3) - 6, type=S8)
    assert tensors[0].offset % 16 == 0
    data = yaml.safe_load(text.data)
    assert [*data] == ["edgeq", "sha256", "name", "inputs", "nodes", "outputs", "metadata"]
    assert (data["edgeq"], data["sha256"]) == (1, graph_digest(graph()))
    assert data["metadata"] == {"note": {"by": "hand"}}
    assert data["nodes"][0]["attributes"]["weight"] == {"tensor": "tensors/fc.acc.weight.npy"}
    assert data["nodes"][0]["attributes"]["bias"] == {"tensor": {"shape": [4], "data": [1, -2, 3, 40000]}}
    assert file.holds == {"content": "network", "bytes": len(file.data), "tensors": [
        {"tensor": "fc.acc.weight", "codec": "packed", "bytes": len(tensors[0].data)}]}


def test_without_remarks_the_graph_is_the_same(tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("net")
    x = b.input("x", (3,), S8, zero_point=1)
    y = b.linear(x, np.ones((4, 3), dtype=int), [1, 2, 3, 4], acc=IntType(20), name="fc",
                 weight_scale=0.25, bias_real=(0.1, 0.2, 0.3, 0.4))
    b.output(y, "y")
    b.metadata["note"] = {"by": "hand"}
    net = b.build()
    data = contents(net, remarks=False)
    assert not [word for word in (b"bias_real", b"weight_scale", b"hand") if word in data]
    assert all(word in contents(net) for word in (b"bias_real", b"weight_scale", b"hand"))
    assert graph_digest(edgeq.load(saved(tmp_path, data))) == graph_digest(net)
    with pytest.raises(InputError, match="remarks='no': write true or false"):
        contents(net, remarks="no")


def test_other_tensors_are_packed_in_the_type_their_op_declares() -> None:
    (file,) = write(graph(), {}, inline=0, codec="coo", align=64)
    headers = {s.section.name: codecs.read_header(s.data) for s in read_eqbin(file.data)[1:]}
    assert {n: (h.codec, str(h.type)) for n, h in headers.items()} == {
        "fc.acc.weight": ("coo", "s8"), "fc.acc.bias": ("packed", "s20")}
    assert all(s.offset % 64 == 0 for s in read_eqbin(file.data))


def test_bytes_do_not_depend_on_the_run_and_best_says_why() -> None:
    assert contents(graph()) == contents(graph())
    (file,) = write(graph(), {})
    (line,) = file.holds["tensors"]
    assert line["bytes"] == min(line["tried"].values()) == line["tried"][line["codec"]]


@pytest.mark.parametrize(("options", "message"), [
    ({"codec": "zip"}, "codec 'zip' does not exist; codecs are packed, "), ({"text": "xz"}, "text 'xz' does not exist"),
    ({"inline": -1}, "inline=-1: write a number from 0 up"), ({"inline": True}, "inline=True"),
    ({"align": "x"}, "align='x': write a number"), ({"align": 3}, "align 3 must be a power of two from 1 to 4096"),
])
def test_options_that_do_not_exist(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        contents(graph(), **options)


def remade(change: Callable[[dict[str, Any]], Any], *more: Section) -> bytes:
    """Return the file with another text, made right in every checksum of the container."""
    text, *tensors = decode_eqbin(contents(graph(), inline=4, codec="packed"))
    data = yaml.safe_load(text.data)
    change(data)
    return encode_eqbin([Section(GRAPH, "graph", yaml.safe_dump(data, sort_keys=False).encode()), *tensors, *more])


def refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(BundleError, match=message) as caught:
        edgeq.load(saved(tmp_path, data))
    assert "net.eqbin: " in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def weight(data: dict[str, Any]) -> dict[str, Any]:
    attributes: dict[str, Any] = data["nodes"][0]["attributes"]
    return attributes


@pytest.mark.parametrize(("change", "message"), [
    (lambda d: d.update(sha256="0" * 64), "the graph is not the one whose sha256 it holds"),
    (lambda d: d.pop("sha256"), "the graph is not the one whose sha256 it holds"),
    (lambda d: d["nodes"][1]["attributes"].update(zero_point=1), "the graph is not the one whose sha256"),
    (lambda d: weight(d)["bias"]["tensor"].update(data=[1, -2, 3, 40001]), "the graph is not the one whose sha256"),
    (lambda d: d.update(edgeq=2), "version 2 is unknown; this edgeq reads version 1"),
    (lambda d: d.pop("edgeq"), "not a graph of edgeq"),
    (lambda d: weight(d).update(weight={"tensor": "tensors/other.npy"}), "'tensors/other.npy' is not a file of the"),
    (lambda d: weight(d).update(weight={"tensor": "../../etc/passwd"}), "is not a file of the bundle"),
    (lambda d: weight(d).update(weight=[[k, 2, 3] for k in range(4)]), r"fc.acc.weight.npy belongs to no op"),
    (lambda d: weight(d)["bias"].update(tensor={"shape": [4]}), r"has shape and data, got \['shape'\]"),
    (lambda d: weight(d)["bias"]["tensor"].update(shape=[5]), r"shape \[5\] and 4 values"),
    (lambda d: weight(d)["bias"]["tensor"].update(shape=[-2, -2]), r"shape \[-2, -2\] and 4 values"),
    (lambda d: weight(d)["bias"]["tensor"].update(shape=[1 << 62, 4]), "and 4 values"),
    (lambda d: weight(d)["bias"]["tensor"].update(data=[1, 2, 3, 0.5]), "a tensor in the text has a list of integers"),
    (lambda d: weight(d)["bias"]["tensor"].update(data=[1, 2, 3, True]), "a tensor in the text has a list of integers"),
    (lambda d: weight(d)["bias"]["tensor"].update(data=[1, 2, 3, 1 << 64]), "at most 64 bits"),
    (lambda d: weight(d).update(bias={"tensor": 5}), "missing or malformed"),
])
def test_a_text_that_lies(change: Any, message: str, tmp_path: Path) -> None:
    edgeq.load(saved(tmp_path, remade(lambda d: None)))
    refused(tmp_path, remade(change), message)


def test_text_that_is_none_of_ours(tmp_path: Path) -> None:
    for text in (b"[1, 2", b"\xff\xfe", b"a: &x [1]\nb: *x\n", b"!!python/object:os.system {}", b"[" * 5000):
        refused(tmp_path, encode_eqbin([Section(GRAPH, "graph", text)]), "net.eqbin: not ")


def test_sections_that_no_op_asks_for_and_blobs_that_are_none(tmp_path: Path) -> None:
    blob = codecs.get("packed").encode(np.zeros((2, 2), np.int64), type=S8)
    refused(tmp_path, remade(lambda d: None, Section(TENSOR, "extra", blob)),
            r"file tensors/extra.npy belongs to no op")
    refused(tmp_path, remade(lambda d: None, Section(TENSOR, "extra", b"text")),
            r"net.eqbin: section 'extra': header, byte 0: is no blob")
    refused(tmp_path, remade(lambda d: None, Section(TENSOR, "extra", blob[:-1])), r"section 'extra': ")


def test_damage_is_found(tmp_path: Path) -> None:
    data = contents(graph(), inline=0, codec="packed", text="zlib")
    for place in [*range(8, len(data), 7), len(data) - 1]:
        refused(tmp_path, data[:place] + bytes([data[place] ^ 1]) + data[place + 1:], "net.eqbin: ")
    refused(tmp_path, data[:-1], "passes the end of the file")


def test_tensors_of_more_values_than_are_allowed_take_no_memory(tmp_path: Path) -> None:
    """A sparse tensor of 2^27 values is a few bytes; three of them are refused before any is made."""
    assert codecs.decode(hostile(5)).tolist() == [0] * 5
    wide = hostile(1 << 27)
    sections = [Section(GRAPH, "graph", b"edgeq: 1\n"), *(Section(TENSOR, f"t{k}", wide) for k in range(3))]
    tracemalloc.start()
    with pytest.raises(CodecError, match="have 402653184 values, more than the 268435456 that are read"):
        read_network(encode_eqbin(sections))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def hostile(columns: int) -> bytes:
    """Return a coo blob of one row that holds nothing but zeros, written by hand."""
    size, width = b"", (columns - 1).bit_length()
    while columns > 127:
        size += bytes([columns & 127 | 128])
        columns >>= 7
    head = b"EQB\1\4\x88\1" + size + bytes([columns]) + b"\0\0\3\1\0\0" + bytes([width])
    return head + zlib.crc32(head).to_bytes(4, "little")


def test_what_is_no_container(tmp_path: Path) -> None:
    for data in (b"", b"EQBIN", b"PK\3\4", b"edgeq: 1\n"):
        with pytest.raises(BundleError, match=r"is a file; a bundle is a folder NAME.edgeq, .* or a container .eqbin"):
            edgeq.load(saved(tmp_path, data))
