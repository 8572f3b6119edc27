"""Every constant in one raw file, each at an aligned offset; a C header with the offsets beside it.

Source: design page "Artefacts".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeq.emitters.byte_options import AUTO, byte_fields, byte_stream, stored_stream
from edgeq.emitters.c_model import net_name, symbol_of
from edgeq.emitters.glue import comment
from edgeq.emitters.ordered import ordered, restored, stored_count
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.errors import ArtefactError, CodecError, InputError, shown
from edgeq.ir.graph import Graph
from edgeq.ir.stems import short_name
from edgeq.ir.tensor import Array

ALIGNMENTS = (4, 16, 64)


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return every tensor of the file; raises CodecError naming the file, the tensor's offset and the fault."""
    if "tensors" not in holds:
        return {}
    path, data = holds["path"], files[holds["path"]]
    tensors: dict[str, Array] = {}
    end = 0
    for line in holds["tensors"]:
        offset, where = line["offset"], f"{path} offset {line['offset']}, {line['tensor']}"
        try:
            stream = stored_stream(line)
        except InputError as error:
            raise ArtefactError(f"{path}: manifest: {error}") from None
        if not isinstance(offset, int) or offset < end:
            raise ArtefactError(f"{path}: manifest says offset {shown(offset)} after {end} bytes")
        if any(data[end:offset]):
            raise CodecError(f"{path} offset {end}: the bytes before {line['tensor']} are not 0")
        end = offset + stream.size(stored_count(line))
        if end > len(data):
            raise CodecError(f"{where}: ends at {end}, the file has {len(data)} bytes")
        tensors |= restored(stream.decode(data[offset:end], stored_count(line), where), line, where)
    if end != len(data):
        raise CodecError(f"{path} offset {end}: {len(data) - end} bytes stand after the last tensor")
    return tensors


@emitter("bin", "every constant in one raw binary file, with offsets in the manifest and in a .h", read=read)
def write(
    graph: Graph, vectors: Vectors, *, layout: str = "ohwi", flatten: str = "chw", word_bits: int | str = AUTO,
    endian: str = "little", pack: str = "none", align: int = 4,
) -> Iterator[EmittedFile]:
    """Yield the file and its header; every tensor starts at a multiple of ``align`` (4, 16, 64) bytes.

    ``layout`` is the order of weights, ``flatten`` of columns that follow a flatten; a value takes ``word_bits`` (auto:
    the fewest of 8, 16, 32, 64 that hold it), sign extended, in the order of bytes ``endian``, or, with ``pack`` lsb or
    msb, weights of less than 8 bits just their own. Raises InputError for options that do not exist or do not fit.
    """
    del vectors
    if align not in ALIGNMENTS or isinstance(align, bool):
        raise InputError(f"align {shown(align)} is not one of {', '.join(map(str, ALIGNMENTS))}")
    parts: list[bytes] = []
    lines: list[dict[str, Any]] = []
    macros: list[str] = []
    size = 0
    for item in ordered(graph, layout, flatten):
        stream = byte_stream(item, word_bits, endian, pack)
        data = stream.encode(item.array, item.parameter.name)
        gap = -size % align
        offset = size + gap
        parts += [bytes(gap), data]
        size = offset + len(data)
        lines.append(item.holds | byte_fields(stream) | {"offset": offset, "bytes": len(data)})
        name = symbol_of(net_name(graph), item.parameter).upper()
        bits = stream.word_bits if stream.pack == "none" else item.parameter.type.bits
        macros += [f"/* {comment(item.parameter.name)}: {item.parameter.type}, {item.layout or 'scalar'} */",
                   f"#define {name}_OFFSET {offset}u", f"#define {name}_BYTES {len(data)}u",
                   f"#define {name}_COUNT {item.parameter.array.size}u", f"#define {name}_BITS {bits}", ""]
    path = f"{short_name(graph.name)}.bin"
    yield EmittedFile(path, b"".join(parts), {"align": align, "tensors": lines})
    yield EmittedFile(f"{net_name(graph)}_bin.h", _header(graph, macros, size, align), {"content": "offsets"})


def _header(graph: Graph, macros: list[str], size: int, align: int) -> bytes:
    net = net_name(graph).upper()
    head = [f"/* {comment(provenance(graph))}", " *",
            f" * Bytes from the start of {short_name(graph.name)}.bin.", " */",
            f"#ifndef {net}_BIN_H", f"#define {net}_BIN_H", "", f"#define {net}_BIN_BYTES {size}u",
            f"#define {net}_BIN_ALIGN {align}", ""]
    return "\n".join([*head, *macros, "#endif", ""]).encode("ascii")
