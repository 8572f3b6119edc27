"""Sparse weights in coordinate form as `.npy` parts with a YAML index per tensor; other constants dense.

`<NN>_<layer>.weight.coo.yaml` names the parts `<NN>_<layer>.weight.coords.npy` (axes, nnz) and
`<NN>_<layer>.weight.data.npy` (nnz,), the shape in the declared layout, the fill value (the weight zero
point) and the bits of each index and value.

Source: design page "Artefacts".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgeq.arith.types import IntType
from edgeq.artefacts.manifest import dump_yaml, parse_yaml
from edgeq.artefacts.npy import npy_bytes, parse_npy
from edgeq.codecs.coo import Coo, decode_coo, encode_coo
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.errors import CodecError, InputError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array, IntArray
from edgeq.memory.layout import WEIGHTS, from_layout, restrict, to_layout
from edgeq.memory.packing import require_range


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of a dense file, or of an index and its parts; a part alone returns nothing."""
    path = holds["path"]
    kept = IntType(holds["type"]["bits"], holds["type"]["signed"])
    if "part" not in holds:
        array = parse_npy(files[path], path, CodecError)
        require_range(array.reshape(-1), kept, path)
        return {holds["tensor"]: array}
    if holds["part"] != "index":
        return {}
    index = parse_yaml(files[path], path, CodecError)
    coords, data = (parse_npy(files[index[k]["path"]], index[k]["path"], CodecError) for k in ("coords", "data"))
    require_range(data.reshape(-1), kept, index["data"]["path"])
    layout, axes = index["layout"], holds["axes"]
    stored = tuple(index["shape"])
    fill = np.array(index["fill_value"], np.int64)
    if fill.ndim:
        raise_unless_rows(layout, path)
    dense = decode_coo(Coo(coords, data, stored, fill), path)
    return {holds["tensor"]: from_layout(dense, axes, layout, tuple(holds["shape"]))}


def raise_unless_rows(layout: str, where: str) -> None:
    """Raise InputError for a layout whose first axis is not the output channel that fill values go with."""
    if not layout.startswith("o"):
        raise InputError(f"{where}: a zero point per output channel needs a layout that starts with o, not {layout!r}")


@emitter("coo", "sparse weights in coordinate form: coords, data, fill_value (.npy and a YAML index)", read=read)
def write(graph: Graph, vectors: Vectors, *, layout: str = "oihw") -> Iterator[EmittedFile]:
    """Yield the files of every constant; ``layout`` is the order of the weights' axes, hence of coords and sorting.

    Raises InputError for a layout that does not exist.
    """
    del vectors
    if layout not in WEIGHTS:
        raise InputError(f"layout {layout!r} does not exist; weights are written as one of {', '.join(WEIGHTS)}")
    comment = f"# {provenance(graph)}\n".encode()
    for parameter in parameters(graph):
        if parameter.fill_value is None:
            data = npy_bytes(_narrow(parameter.array, parameter))
            yield EmittedFile(f"{parameter.stem}.npy", data, _holds(parameter))
        else:
            yield from _sparse(comment, parameter, restrict(layout, parameter.axes), parameter.fill_value.array)


def _sparse(comment: bytes, parameter: Parameter, layout: str, fill_value: IntArray) -> Iterator[EmittedFile]:
    if fill_value.ndim:
        raise_unless_rows(layout, f"coo '{parameter.name}'")
    coo = encode_coo(to_layout(parameter.array, parameter.axes, layout), fill_value)
    paths = {part: f"{parameter.stem}.{part}.npy" for part in ("coords", "data")}
    kind = {"bits": parameter.type.bits, "signed": parameter.type.signed}
    index = {
        "tensor": parameter.name, "layout": layout, "shape": list(coo.shape), "nnz": int(coo.data.size),
        "fill_value": fill_value.tolist(),
        "coords": {"path": paths["coords"], "bits": list(coo.coord_bits), "signed": False},
        "data": {"path": paths["data"], **kind},
    }
    common = _holds(parameter) | {"layout": layout, "nnz": int(coo.data.size)}
    yield EmittedFile(f"{parameter.stem}.coo.yaml", comment + dump_yaml(index), common | {"part": "index"})
    yield EmittedFile(paths["coords"], npy_bytes(coo.coords), common | {"part": "coords"})
    yield EmittedFile(paths["data"], npy_bytes(_narrow(coo.data, parameter)), common | {"part": "data"})


def _holds(parameter: Parameter) -> dict[str, Any]:
    return {
        "tensor": parameter.name, "layer": parameter.layer, "shape": list(parameter.array.shape),
        "axes": parameter.axes, "layout": parameter.axes,
        "type": {"bits": parameter.type.bits, "signed": parameter.type.signed},
    }


def _narrow(array: IntArray, parameter: Parameter) -> Array:
    require_range(array.reshape(-1), parameter.type, parameter.name)
    return array.astype(parameter.type.dtype)
