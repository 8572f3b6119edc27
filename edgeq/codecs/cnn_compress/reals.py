"""Read and write the float document of CNN_Compress: the real numbers above the integers, to import a model from.

It holds ``head, layers``; a layer ``name, weight, bias``. Names may be empty: CNN_Compress leaves them out of its
sparse files. A layer without bias has one of ``size: []``, or none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.codecs.cnn_compress.fields import dump_block, field, parse_document, reals
from edgeq.codecs.cnn_compress.tensors import from_plain, to_plain
from edgeq.errors import CodecError

HEAD = "float_value"

RealArray = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class RealLayer:
    """One layer: ``weight`` (O, I, KH, KW) or (O, I), ``bias`` (O,) or None; float64 when read, which holds float32."""

    name: str
    weight: RealArray
    bias: RealArray | None = None


@dataclass(frozen=True)
class RealDocument:
    """The whole file: its layers in order."""

    layers: tuple[RealLayer, ...]


def dump_reals(document: RealDocument, form: str = "dense") -> bytes:
    """Return the YAML text, every tensor in ``form``: dense, coo, csr or csc; sparse forms drop zeros, -0.0 too."""
    return dump_block({"head": HEAD, "layers": [_layer_to_plain(layer, form) for layer in document.layers]})


def parse_reals(data: bytes, where: str) -> RealDocument:
    """Return the document, whatever the form of its tensors; raises CodecError naming ``where``, layer and fault."""
    _, layers = parse_document(data, HEAD, where)
    return RealDocument(tuple(_layer(item, k, where) for k, item in enumerate(layers)))


def _layer_to_plain(layer: RealLayer, form: str) -> dict[str, Any]:
    for name, array in (("weight", layer.weight), ("bias", layer.bias)):
        if array is not None and not np.isfinite(array).all():
            raise CodecError(f"layer {layer.name!r}, {name}: holds a number that is not finite")
    bias = _no_tensor(form) if layer.bias is None else to_plain(layer.bias, 0.0, form)
    return {"name": layer.name, "weight": to_plain(layer.weight, 0.0, form), "bias": bias}


def _no_tensor(form: str) -> dict[str, Any]:
    if form == "dense":
        return {"data": [], "size": []}
    return {"indices": [], "nnz": 0, "size": [], "values": []}


def _layer(item: Any, place: int, where: str) -> RealLayer:
    if not isinstance(item, dict):
        raise CodecError(f"{where}: layer {place} is not a mapping")
    name = field(item, "name", str, f"{where}, layer {place}")
    here = f"{where}, layer {name!r}" if name else f"{where}, layer {place}"
    weight = from_plain(field(item, "weight", dict, here), 0.0, reals, f"{here}, weight")
    if "bias" not in item or field(item, "bias", dict, here).get("size") == []:
        return RealLayer(name, weight)
    return RealLayer(name, weight, from_plain(item["bias"], 0.0, reals, f"{here}, bias"))
