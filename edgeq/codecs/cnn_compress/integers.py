"""Read and write the integer document of CNN_Compress.

It holds ``head, ins, inz, layers, outs, outz``; a layer ``name, n_bits, ins, inz, outs, outz, ws, wz, bs, bz, mn,
mqm0, weight, bias`` with scales ``*s``, zero points ``*z`` and ``y = ((acc * mqm0) >> (mn + n_bits)) + outz``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from edgeq.codecs.cnn_compress.fields import dump_block, field, integer, integers, number, parse_document
from edgeq.codecs.cnn_compress.tensors import IntArray, from_plain, to_plain
from edgeq.errors import CodecError

HEAD = "int_values"


@dataclass(frozen=True)
class LayerValues:
    """One layer: ``weight`` (O, I, KH, KW) or (O, I) and ``bias`` (O,) as codes, the rest as in the file."""

    name: str
    n_bits: int
    ins: float
    inz: int
    outs: float
    outz: int
    ws: float
    wz: int
    bs: float
    bz: int
    mn: int
    mqm0: int
    weight: IntArray
    bias: IntArray


@dataclass(frozen=True)
class Document:
    """The whole file: scale and zero point of the network's input and output, and its layers in order."""

    ins: float
    inz: int
    outs: float
    outz: int
    layers: tuple[LayerValues, ...]


def dump(document: Document, form: str = "dense") -> bytes:
    """Return the YAML text, every tensor in ``form``: dense, coo, csr or csc."""
    return dump_block({
        "head": HEAD, "ins": document.ins, "inz": document.inz, "outs": document.outs, "outz": document.outz,
        "layers": [_layer_to_plain(layer, form) for layer in document.layers]})


def parse(data: bytes, where: str) -> Document:
    """Return the document, whatever the form of its tensors; raises CodecError naming ``where``, layer and fault."""
    plain, layers = parse_document(data, HEAD, where)
    return Document(
        number(plain, "ins", where), integer(plain, "inz", where), number(plain, "outs", where),
        integer(plain, "outz", where), tuple(_layer(item, where) for item in layers))


def _layer_to_plain(layer: LayerValues, form: str) -> dict[str, Any]:
    plain = {f.name: getattr(layer, f.name) for f in dataclasses.fields(layer)}
    plain["weight"] = to_plain(layer.weight, layer.wz, form)
    plain["bias"] = to_plain(layer.bias, layer.bz, form)
    return plain


def _layer(item: Any, where: str) -> LayerValues:
    if not isinstance(item, dict):
        raise CodecError(f"{where}: a layer is not a mapping")
    here = f"{where}, layer {item.get('name')!r}"
    kept: dict[str, Any] = {"name": field(item, "name", str, here)}
    for name in ("ins", "outs", "ws", "bs"):
        kept[name] = number(item, name, here)
    for name in ("n_bits", "inz", "outz", "wz", "bz", "mn", "mqm0"):
        kept[name] = integer(item, name, here)
    for name, zero_point in (("weight", kept["wz"]), ("bias", kept["bz"])):
        kept[name] = from_plain(field(item, name, dict, here), zero_point, integers, f"{here}, {name}")
    return LayerValues(**kept)
