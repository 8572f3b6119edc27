"""Every constant as a C++ header of arbitrary-precision integers, with a testbench that reads it back.

Source: design page "Artefacts"; Xilinx UG1399, Arbitrary Precision Data Types Library; Algorithmic C Datatypes
reference manual (ac_int).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from edgeq.arith.types import IntType
from edgeq.artefacts.templates import template_folder
from edgeq.emitters.c_arrays.reading import read_tensors
from edgeq.emitters.c_model import net_name, symbol_of
from edgeq.emitters.c_text import integer, rows_of
from edgeq.emitters.glue import comment, render
from edgeq.emitters.ordered import Ordered, ordered, restored
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.errors import CodecError, InputError, shown
from edgeq.ir.graph import Graph
from edgeq.ir.stems import layer_stems
from edgeq.ir.tensor import Array
from edgeq.memory.decimal_text import decode_decimal, encode_decimal

_FOLDER = "hls"
_CHECK = "edgeq_values.h"
_HEADERS = {"ap_int": "ap_int.h", "ac_int": "ac_int.h"}
_TITLE = re.compile(rb"(\w+) ([0-9]{1,12})")


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensors of the header or of the recorded values; raises CodecError naming the file and the fault."""
    path = holds["path"]
    if holds["content"] == "parameters":
        try:
            return read_tensors(files[path].decode("ascii"), holds["tensors"], path)
        except UnicodeDecodeError:
            raise CodecError(f"{path}: is not ASCII") from None
    return _read_values(files[path], holds["tensors"], path) if holds["content"] == "values" else {}


def _read_values(data: bytes, tensors: list[Mapping[str, Any]], path: str) -> dict[str, Array]:
    lines = data.split(b"\n")
    found: dict[str, Array] = {}
    at = 0
    for line in tensors:
        title = _TITLE.fullmatch(lines[at]) if at < len(lines) else None
        if title is None or title[1].decode() != line["symbol"]:
            raise CodecError(f"{path} line {at + 1}: is not the name {line['symbol']} and its number of values")
        count = int(title[2])
        body = b"".join(v + b"\n" for v in lines[at + 1 : at + 1 + count])
        where = f"{path} line {at + 1}, {line['symbol']}"
        found |= restored(decode_decimal(body, path, at + 2), line, where)
        at += 1 + count
    if lines[at:] != [b""]:
        raise CodecError(f"{path} line {at + 1}: more stands after the last value, or its newline is missing")
    return found


@emitter("hls", "C++ header for high-level synthesis, ap_int or ac_int, with a testbench", read=read)
def write(
    graph: Graph, vectors: Vectors, *, types: str = "ap_int", layout: str = "ohwi", flatten: str = "chw"
) -> Iterator[EmittedFile]:
    """Yield the header of constants, the recorded values, and the testbench that compares the two.

    ``types`` is ap_int (``ap_int<N>``, ``ap_uint<N>``) or ac_int (``ac_int<N, signed>``); ``layout`` the order of
    weights, ``flatten`` of columns that follow a flatten. Raises InputError for an option that does not exist.
    """
    del vectors
    if types not in tuple(_HEADERS):
        raise InputError(f"types {shown(types)} does not exist; use one of {', '.join(_HEADERS)}")
    net = net_name(graph)
    items = [*ordered(graph, layout, flatten)]
    symbols = [symbol_of(net, item.parameter) for item in items]
    name, values = f"{net}_constants.h", f"{net}_values.txt"
    common = {"provenance": comment(provenance(graph)), "name": comment(graph.name),
              "arrays": [_array(item, s, types) for item, s in zip(items, symbols, strict=True)]}
    made = render("hls/glue/constants.h.j2", **common, guard=f"{net.upper()}_CONSTANTS_H", header=_HEADERS[types],
                  zero_points=_zero_points(graph, net))
    lines = [{**item.holds, "symbol": s} for item, s in zip(items, symbols, strict=True)]
    yield EmittedFile(f"{_FOLDER}/{name}", made, {"content": "parameters", "tensors": lines})
    recorded = b"".join(f"{s} {item.array.size}\n".encode() + encode_decimal(item.array)
                        for item, s in zip(items, symbols, strict=True))
    yield EmittedFile(f"{_FOLDER}/{values}", recorded, {"content": "values", "tensors": lines})
    bench = render("hls/glue/testbench.cpp.j2", **common, constants=name, values=values)
    yield EmittedFile(f"{_FOLDER}/{net}_testbench.cpp", bench, {"content": "check"})
    yield EmittedFile(f"{_FOLDER}/{_CHECK}", (template_folder() / "hls" / _CHECK).read_bytes(), {"content": "library"})


def _array(item: Ordered, symbol: str, types: str) -> dict[str, Any]:
    """Return what the templates say of one array."""
    kept, values = item.parameter, item.array
    dims = [{"name": axis, "size": n} for axis, n in zip(item.layout, values.shape, strict=True)]
    return {
        "symbol": symbol, "type": _type(kept.type, types), "bits": kept.type.bits, "size": values.size, "dims": dims,
        "product": " * ".join(f"{symbol}_{d['name']}" for d in dims) or "1", "rows": rows_of(values),
        "comment": comment(f"{kept.name}: {kept.type}{list(values.shape)}, {item.layout or 'scalar'}"),
    }


def _type(kept: IntType, types: str) -> str:
    """Return the C++ type.

    >>> _type(IntType(4, signed=False), "ap_int"), _type(IntType(9), "ac_int")
    ('ap_uint<4>', 'ac_int<9, true>')
    """
    if types == "ac_int":
        return f"ac_int<{kept.bits}, {'true' if kept.signed else 'false'}>"
    return f"ap_{'' if kept.signed else 'u'}int<{kept.bits}>"


def _zero_points(graph: Graph, net: str) -> list[dict[str, str]]:
    stems = layer_stems(graph)
    outputs = {i.name: i.name for i in graph.inputs} | {layer.name: layer.output for layer in graph.layers}
    return [{"symbol": f"{net}_{stems[name].replace('.', '_')}", "value": integer(graph.types[value].zero_point)}
            for name, value in outputs.items()]
