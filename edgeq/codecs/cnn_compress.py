"""Read and write the integer YAML of CNN_Compress, dense and in coordinate form.

A document holds ``head, ins, inz, layers, outs, outz``; a layer ``name, n_bits, ins, inz, outs, outz, ws, wz,
bs, bz, mn, mqm0, weight, bias`` with scales ``*s``, zero points ``*z`` and ``y = ((acc * mqm0) >> (mn + n_bits))
+ outz``. A dense tensor is ``data`` (nested lists) and ``size``; one in coordinate form ``indices`` (one list per
dimension), ``nnz, size, values``, entries equal to the zero point left out.

Source: design page "Artefacts", row YAML.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml

from edgeq.artefacts.manifest import parse_yaml
from edgeq.codecs.coo import Coo, IntArray, decode_coo, encode_coo
from edgeq.errors import CodecError

HEAD = "int_values"
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


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


def dump(document: Document, *, sparse: bool) -> bytes:
    """Return the YAML text: block style, keys sorted, tensors dense or in coordinate form."""
    data = {"head": HEAD, "ins": document.ins, "inz": document.inz, "outs": document.outs, "outz": document.outz,
            "layers": [_layer_to_plain(layer, sparse) for layer in document.layers]}
    text: str = yaml.dump(data, Dumper=_Dumper, default_flow_style=False, sort_keys=True)
    return text.encode()


def parse(data: bytes, where: str) -> Document:
    """Return the document; raises CodecError naming ``where``, the layer and the fault."""
    plain = parse_yaml(data, where, CodecError)
    if not isinstance(plain, dict) or plain.get("head") != HEAD:
        raise CodecError(f"{where}: 'head' is not {HEAD}; only the integer form is read")
    return Document(
        _number(plain, "ins", where), _integer(plain, "inz", where), _number(plain, "outs", where),
        _integer(plain, "outz", where), tuple(_layer(item, where) for item in _field(plain, "layers", list, where)))


def _layer_to_plain(layer: LayerValues, sparse: bool) -> dict[str, Any]:
    plain = {f.name: getattr(layer, f.name) for f in dataclasses.fields(layer)}
    plain["weight"] = _tensor_to_plain(layer.weight, layer.wz, sparse)
    plain["bias"] = _tensor_to_plain(layer.bias, layer.bz, sparse)
    return plain


def _tensor_to_plain(array: IntArray, zero_point: int, sparse: bool) -> dict[str, Any]:
    if not sparse:
        return {"data": array.tolist(), "size": list(array.shape)}
    coo = encode_coo(array, np.array(zero_point))
    values = coo.data.tolist()
    return {"indices": coo.coords.tolist(), "nnz": len(values), "size": list(coo.shape), "values": values}


def _layer(item: Any, where: str) -> LayerValues:
    if not isinstance(item, dict):
        raise CodecError(f"{where}: a layer is not a mapping")
    here = f"{where}, layer {item.get('name')!r}"
    kept: dict[str, Any] = {"name": _field(item, "name", str, here)}
    for name in ("ins", "outs", "ws", "bs"):
        kept[name] = _number(item, name, here)
    for name in ("n_bits", "inz", "outz", "wz", "bz", "mn", "mqm0"):
        kept[name] = _integer(item, name, here)
    for name, zero_point in (("weight", kept["wz"]), ("bias", kept["bz"])):
        kept[name] = _tensor(_field(item, name, dict, here), zero_point, f"{here}, {name}")
    return LayerValues(**kept)


def _tensor(item: Mapping[str, Any], zero_point: int, where: str) -> IntArray:
    size = tuple(_array(item, "size", where).tolist())
    if "data" in item:
        dense = _array(item, "data", where)
        if dense.shape != size:
            raise CodecError(f"{where}: data have shape {list(dense.shape)}, size says {list(size)}")
        return dense
    values = _array(item, "values", where)
    if values.size != item.get("nnz"):
        raise CodecError(f"{where}: has {values.size} values, nnz says {item.get('nnz')}")
    coords = _array(item, "indices", where).reshape(len(size), -1)
    return decode_coo(Coo(coords, values, size, np.array(zero_point)), where)


def _array(item: Mapping[str, Any], name: str, where: str) -> IntArray:
    data = _field(item, name, list, where)
    try:
        array = np.array(data)
    except (ValueError, OverflowError):
        raise CodecError(f"{where}: {name} is ragged or holds numbers past 64 bits") from None
    if array.size and array.dtype.kind != "i":
        raise CodecError(f"{where}: {name} must hold integers")
    return array.astype(np.int64)


def _field(item: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    value = item.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise CodecError(f"{where}: {name!r} is missing or not of kind {kind.__name__}")
    return value


def _integer(item: Mapping[str, Any], name: str, where: str) -> int:
    return int(_field(item, name, int, where))


def _number(item: Mapping[str, Any], name: str, where: str) -> float:
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CodecError(f"{where}: {name!r} is missing or not a number")
    return float(value)
