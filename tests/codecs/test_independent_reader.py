"""The reader written from the page alone finds in real blobs and containers what edgeq wrote and what edgeq reads."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

import edgeq
from edgeq import Graph, IntType
from edgeq.bundle import graph_digest
from edgeq.codecs import get, names, parts, read_header
from edgeq.codecs.eqbin import decode_eqbin, read_network
from edgeq.emitters.eqbin import write
from edgeq.errors import CodecError
from tests.codecs.corpus import blobs, coded
from tests.codecs.entropy_blobs import ANS, BROKEN, HUFFMAN, LITERAL, SLY, drawn
from tests.codecs.fuzz import MOST, agreed, with_crc
from tests.codecs.test_entropy_bytes import CASES as ENTROPY
from tests.codecs.test_stored_bytes import CASES as PLAIN
from tests.oracles.blob_container import read_eqbin
from tests.oracles.blob_reader import read_blob

LITERALS = [(with_crc(bytes.fromhex(text) + bytes(4)), array.reshape(-1).tolist())
            for *_, array, _, text in PLAIN.values()]
LITERALS += [(with_crc(bytes.fromhex(text) + bytes(4)), array.reshape(-1).tolist())
             for _, _, array, _, _, text in ENTROPY.values()]


@pytest.mark.parametrize(("blob", "values"), [*LITERAL.values(), *LITERALS])
def test_literal_blobs(blob: bytes, values: list[int]) -> None:
    assert read_blob(blob).values == values
    assert agreed(blob)


@pytest.mark.parametrize("name", names())
def test_header_and_values_of_every_option(name: str) -> None:
    made = [b for b in blobs() if read_header(b).codec == name] + [*(coded(name) if name in ("huffman", "ans") else ())]
    assert len(made) >= 4
    for blob in made:
        assert agreed(blob)
        header, found = read_header(blob), read_blob(blob)
        assert (header.codec, header.type, header.fill_value, header.count) == (
            found.codec_name, IntType(found.bits, found.signed), found.fill_value, found.count)
        if name == "fixed_point":
            assert parts(blob)["frac_bits"] == found.fractional_bits


@pytest.mark.parametrize(("codec", "kind", "log2_states"), [(HUFFMAN, 2, 0), (ANS, 2, 6), (ANS, 3, 6)])
def test_tables_from_weights(codec: int, kind: int, log2_states: int) -> None:
    given = drawn(codec, kind, log2_states)[::5]
    assert sum(map(agreed, given)) > len(given) // 12


@pytest.mark.parametrize("blob", [blob for blob, *_ in (*BROKEN, *SLY)])
def test_every_rule_of_huffman_and_ans_broken_once(blob: bytes) -> None:
    with pytest.raises(ValueError):
        read_blob(blob, MOST)


def test_symbols_may_be_some_of_a_codebook() -> None:
    blob = get("ans", codebook=tuple(range(-20, 20)), mode="values").encode(np.array([5, 6, 7] * 9), type=IntType(8))
    assert parts(blob)["parameters"].tolist()[-2:] != [0, 40]
    assert agreed(blob)


def net() -> Graph:
    b = edgeq.GraphBuilder("net")
    x = b.input("x", (30,), IntType(8), zero_point=1)
    weight = np.random.default_rng(0).integers(-9, 9, (40, 30)) // 4
    y = b.linear(x, weight, np.arange(40) - 7, acc=IntType(24), name="block/fc:1")
    b.output(b.requantize(y, 3, 6), "y")
    return b.build()


@pytest.mark.parametrize(("text", "codec", "align"), [("plain", "best", 16), ("zlib", "huffman", 1)])
def test_container(text: str, codec: str, align: int) -> None:
    (file,) = write(net(), {}, text=text, codec=codec, align=align)
    graph, *tensors = read_eqbin(file.data)
    content, arrays = read_network(file.data)
    assert graph.content == content
    assert f"\nsha256: {graph_digest(net())}\n".encode() in content
    assert len(tensors) > 1
    assert {f"tensors/{s.name}.npy" for s in tensors} == {*arrays}
    for section in tensors:
        expected = arrays[f"tensors/{section.name}.npy"]
        assert section.blob is not None
        assert (section.blob.shape, section.blob.values) == (expected.shape, expected.reshape(-1).tolist())


def test_damaged_containers() -> None:
    """Every byte of the header in turn becomes others, its crc follows: both readers or none take the file."""
    (file,) = write(net(), {}, text="zlib")
    data, legal = file.data, 0
    length = int.from_bytes(data[12:16], "little")
    for place in range(length):
        for change in (1, 0xFF):
            head = bytearray(data[:length])
            head[place] ^= change
            head[20:24] = bytes(4)
            head[20:24] = struct.pack("<I", zlib.crc32(head))
            damaged = bytes(head) + data[length:]
            assert taken(damaged) == independently_taken(damaged), (place, change)
            legal += taken(damaged)
    assert legal == 2 * 4  # the crc itself: it is made right
    assert taken(data)


def taken(data: bytes) -> bool:
    """Tell whether edgeq reads a container, all of whose names are in the text."""
    try:
        read_network(data)
    except CodecError:
        return False
    return all(f"tensors/{s.name}.npy".encode() in decode_eqbin(data)[0].data for s in decode_eqbin(data)[1:])


def independently_taken(data: bytes) -> bool:
    try:
        read_eqbin(data)
    except ValueError:
        return False
    return True
