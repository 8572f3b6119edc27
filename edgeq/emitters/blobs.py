"""Every constant as a blob, `<NN>_<layer>.<tensor>.<format>.bin`: one format per codec, and `best`.

Weights go through the codec, with the weight zero point as fill value; other constants are packed. A blob of indices
has its table beside it, `<NN>_<layer>.<tensor>.table.<format>.bin`, packed. With ``parts`` the
sections of each blob are written too, `<NN>_<layer>.<tensor>.<format>.<section>.npy`.

Source: the page "Blobs" of `edgeq/codecs`; design page "Artefacts".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from inspect import Parameter as Argument
from inspect import Signature
from typing import Any

import numpy as np

from edgeq import codecs
from edgeq.arith.types import IntType
from edgeq.artefacts.npy import npy_bytes, parse_npy
from edgeq.codecs.choice import BEST, Chosen, choices, encode_as, options_of, without_auto
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.emitters.registry import EmittedFile, Vectors, emitter
from edgeq.emitters.stored import Stored, from_codes, to_stored
from edgeq.errors import CodecError, InputError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.memory.layout import WEIGHTS, from_layout, permutation, restrict, to_layout

_LINES = {
    "packed": "every value in as many bits as its type has", "fixed_point": "packed, with a number of fractional bits",
    "vanilla": "the distinct values and an index per value", "coo": "coordinates and values other than the fill value",
    "csr": "rows: indptr, columns, values", "csc": "columns: indptr, rows, values",
    "bitmask": "a bit per weight, and the values other than the fill value",
    "zero_runs": "runs of the fill value, and the values between",
    "huffman": "canonical Huffman codes of values, of runs, or of both",
    "ans": "tANS of values, of runs, or of both", BEST: "per tensor the smallest blob of all codecs",
}
_OWN = ("layout", "parts")
TABLE = "table"


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of a blob; a part or a table returns nothing.

    Raises CodecError for a blob that cannot be read, and for a part that is not its blob's.
    """
    path = holds["path"]
    if holds.get("part") == TABLE:
        codecs.decode(files[path], max_elements=math.prod(holds["shape"]), where=path)
        return {}
    if "part" in holds:
        _check_part(files, holds)
        return {}
    shape, axes, layout = tuple(holds["shape"]), holds["axes"], holds["layout"]
    header = codecs.read_header(files[path], path)
    kept = holds.get("stored", holds["type"])
    said = holds["codec"], IntType(kept["bits"], kept["signed"]), tuple(shape[k] for k in permutation(axes, layout))
    if (header.codec, header.type, header.shape) != said:
        raise CodecError(f"{path}: is {header.codec} of {header.type}{list(header.shape)}, "
                         f"the manifest says {said[0]} of {said[1]}{list(said[2])}")
    codes = codecs.decode(files[path], max_elements=math.prod(shape), where=path).astype(np.int64)
    return {holds["tensor"]: from_codes(from_layout(codes, axes, layout, shape), holds.get("mapping", {}), path)}


def _check_part(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> None:
    path, blob = holds["path"], holds["blob"]
    found = parse_npy(files[path], path, CodecError)
    made = codecs.parts(files[blob], max_elements=math.prod(holds["shape"]), where=blob)[holds["part"]]
    if found.dtype != made.dtype or not np.array_equal(found, made):
        raise CodecError(f"{path}: differs from section '{holds['part']}' of {blob}")


def blobs(
    graph: Graph, codec: str, *, layout: str = "oihw", parts: bool = False, **options: Any
) -> Iterator[EmittedFile]:
    """Yield the blob of every constant, with its parts where asked for; ``options`` are the codec's.

    Raises InputError for a layout or an option that does not exist.
    """
    if layout not in WEIGHTS:
        raise InputError(f"layout {layout!r} does not exist; weights are written as one of {', '.join(WEIGHTS)}")
    if not isinstance(parts, bool):
        raise InputError(f"parts={parts!r}: write true or false")
    if options.get("restart", "none") != "none" and not layout.startswith("o"):
        raise InputError(f"restart={options['restart']} needs a layout that starts with o, not {layout!r}")
    for parameter in parameters(graph):
        weight = parameter.fill_value is not None
        order = restrict(layout, parameter.axes) if weight else parameter.axes
        stored = to_stored(parameter, own_codebook=weight and has_codebook(codec))
        chosen = encode_stored(parameter, stored, order, codec if weight else "packed", options if weight else {})
        yield from _files(parameter, stored, order, chosen, codec, parts=parts)


def has_codebook(codec: str) -> bool:
    """Tell whether a codec numbers the distinct values of a tensor by itself."""
    return codec in ("vanilla", BEST) or "codebook" in options_of(codec)


def encode_stored(
    parameter: Parameter, stored: Stored, order: str, codec: str, options: Mapping[str, Any]
) -> Chosen:
    """Return the blob of a constant, its axes in ``order``."""
    given = without_auto(codec, options)
    if parameter.encoding == "codebook" and "codebook" in options_of(codec):
        given.setdefault("codebook", tuple(np.unique(stored.array).tolist()))
    codes = to_layout(stored.array, parameter.axes, order)
    return encode_as(codec, codes, stored.type, stored.fill_value, given, parameter.name)


def _files(
    parameter: Parameter, stored: Stored, order: str, chosen: Chosen, format: str, *, parts: bool
) -> Iterator[EmittedFile]:
    path = f"{parameter.stem}.{format}.bin"
    count = codecs.read_header(chosen.blob).count
    holds = _holds(parameter, order) | {"codec": chosen.codec, "bytes": len(chosen.blob), "stored_values": count}
    if parameter.fill_value is not None:
        holds["fill_value"] = stored.fill_value
    if stored.mapping:
        holds |= {"stored": _type(stored.type), "mapping": dict(stored.mapping)}
    if chosen.tried:
        holds |= {"options": dict(chosen.options), "tried": dict(chosen.tried)}
    yield EmittedFile(path, chosen.blob, holds)
    if "values" in stored.mapping:
        yield _table(parameter, stored, path, format)
    if not parts:
        return
    for name, array in codecs.parts(chosen.blob, where=path).items():
        line = _holds(parameter, order) | {"codec": chosen.codec, "part": name, "blob": path}
        yield EmittedFile(f"{parameter.stem}.{format}.{name}.npy", npy_bytes(np.asarray(array)), line)


def _table(parameter: Parameter, stored: Stored, blob: str, format: str) -> EmittedFile:
    """Return the table that the codes of a blob number, packed."""
    made = encode_table(parameter, stored)
    shape = list(codecs.read_header(made).shape)
    line = {"tensor": parameter.name, "layer": parameter.layer, "shape": shape, "axes": "ok"[-len(shape) :],
            "type": _type(parameter.type), "codec": "packed", "part": TABLE, "blob": blob}
    return EmittedFile(f"{parameter.stem}.{TABLE}.{format}.bin", made, line)


def encode_table(parameter: Parameter, stored: Stored) -> bytes:
    """Return the blob of the table of a mapping, (K,) or (O, K); empty where there is none."""
    if "values" not in stored.mapping:
        return b""
    table = np.array(stored.mapping["values"], np.int64)
    return encode_as("packed", table, parameter.type, 0, {}, f"{parameter.name}, {TABLE}").blob


def _holds(parameter: Parameter, order: str) -> dict[str, Any]:
    return {
        "tensor": parameter.name, "layer": parameter.layer, "shape": list(parameter.array.shape),
        "axes": parameter.axes, "layout": order, "type": _type(parameter.type),
    }


def _type(kept: IntType) -> dict[str, Any]:
    return {"bits": kept.bits, "signed": kept.signed}


def _register(codec: str) -> None:
    def write(graph: Graph, vectors: Vectors, **options: Any) -> Iterator[EmittedFile]:
        del vectors
        return blobs(graph, codec, **options)

    given = {"layout": "oihw", "parts": False, **options_of(codec)}
    taken = [Argument(name, Argument.POSITIONAL_OR_KEYWORD) for name in ("graph", "vectors")]
    taken += [Argument(name, Argument.KEYWORD_ONLY, default=default) for name, default in given.items()]
    write.__signature__ = Signature(taken)  # type: ignore[attr-defined]
    emitter(codec, f"blobs: {_LINES.get(codec, f'codec {codec}')}", read=read)(write)


for _codec in choices():
    _register(_codec)
