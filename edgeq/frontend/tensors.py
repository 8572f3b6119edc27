"""Read the tensors of a torch.export archive: raw little-endian bytes with shape, strides and offset."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgeq.errors import ModelError, UnsafeModelError
from edgeq.frontend.container import Archive
from edgeq.frontend.sizes import parse_size

Array = np.ndarray[Any, Any]

DTYPES: Mapping[int, str] = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    12: "bool",
    13: "float32",  # bfloat16, widened
    28: "uint16",
    34: "uint32",
    35: "uint64",
}
"""Element type by torch's serialized number. bfloat16 is read, and everywhere called, float32."""

_OTHER_DTYPES = {
    9: "complex32",
    10: "complex64",
    11: "complex128",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
}
_BFLOAT16 = 13
_STRIDED = 7
_SMALL = 1 << 26  # bytes that a tensor of repeated elements (stride 0) may take beyond its storage


def read_tensors(archive: Archive, folder: str, model: str, kind: str) -> dict[str, Array]:
    """Read every tensor that ``<folder>/<model>_<kind>_config.json`` lists.

    Returns the user's name to array. Raises :class:`UnsafeModelError` for pickled, custom or opaque payloads
    and :class:`ModelError` for sizes that do not fit the stored bytes.
    """
    legacy = f"{folder}/{model}.pt"
    if archive.has(legacy):
        raise UnsafeModelError(
            f"{archive.path}: {legacy} holds pickled {kind} (a legacy format), which run code when loaded; "
            "save the model again with torch.export.save, or load it with --allow-code"
        )
    member = f"{folder}/{model}_{kind}_config.json"
    config = json.loads(archive.read(member))["config"]
    storages: dict[str, bytes] = {}
    result: dict[str, Array] = {}
    for name, payload in config.items():
        stored = payload["path_name"]
        _refuse_pickles(archive, f"{folder}/{stored}", name, payload)
        if stored not in storages:
            storages[stored] = archive.read(f"{folder}/{stored}")
        result[name] = _array(f"{archive.path}: tensor '{name}'", storages[stored], payload["tensor_meta"])
    return result


def _refuse_pickles(archive: Archive, member: str, name: str, payload: Mapping[str, Any]) -> None:
    stored = str(payload["path_name"])
    if "/" in stored or "\\" in stored:
        raise ModelError(f"{archive.path}: tensor '{name}' names the member {stored!r} outside its folder")
    if stored.startswith(("custom_obj_", "opaque_obj_")) or payload["tensor_meta"] is None:
        what = "an opaque object" if stored.startswith("opaque_obj_") else "a custom object"
    elif payload["use_pickle"]:
        what = "a pickled tensor"
    else:
        return
    raise UnsafeModelError(
        f"{archive.path}: '{name}' is {what} ({member}), which runs code when loaded; only --allow-code loads it"
    )


def element_type(where: str, number: int) -> str:
    """Give the numpy name of a serialized element type; :class:`ModelError` for one that is not read."""
    if number not in DTYPES:
        raise ModelError(f"{where}: element type {number} (complex, float8 or unknown) is not supported")
    return DTYPES[number]


def value_element_type(number: int) -> str:
    """Give the name of a computed value's element type, which may be one that no stored tensor has."""
    return DTYPES.get(number) or _OTHER_DTYPES.get(number, "unknown")


def _fixed(where: str, size: Mapping[str, Any]) -> int:
    value = size["as_int"] if "as_int" in size else parse_size(size["as_expr"]["expr_str"], where)
    if type(value) is not int:
        raise ModelError(f"{where}: has a size that varies, {size}; stored tensors have fixed sizes")
    return value


def _array(where: str, data: bytes, meta: Mapping[str, Any]) -> Array:
    if meta["layout"] != _STRIDED:
        raise ModelError(f"{where}: layout {meta['layout']} (sparse or other) is not supported; use dense tensors")
    name = element_type(where, meta["dtype"])
    shape = tuple(_fixed(where, size) for size in meta["sizes"])
    strides = tuple(_fixed(where, size) for size in meta["strides"])
    offset = _fixed(where, meta["storage_offset"])
    stored = np.dtype("uint16" if meta["dtype"] == _BFLOAT16 else name).newbyteorder("<")
    check_extent(where, len(data), stored.itemsize, shape, strides, offset)
    if 0 in shape:
        return np.zeros(shape, name)
    flat = np.frombuffer(data, stored, count=len(data) // stored.itemsize)
    steps = tuple(stride * stored.itemsize for stride in strides)
    view = np.lib.stride_tricks.as_strided(flat[offset:], shape, steps, writeable=False)
    if meta["dtype"] == _BFLOAT16:
        return np.asarray(view.astype(np.uint32) << 16).view(np.float32)
    return np.array(view, dtype=name, order="C")


def check_extent(
    where: str, stored: int, itemsize: int, shape: tuple[int, ...], strides: tuple[int, ...], offset: int
) -> None:
    """Check, before any memory is taken, that every element lies inside the stored bytes."""
    if len(shape) != len(strides) or len(shape) > 32 or offset < 0 or min((*shape, *strides), default=0) < 0:
        raise ModelError(f"{where}: shape {list(shape)}, strides {list(strides)}, offset {offset} are not a tensor's")
    if 0 in shape:
        return
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if (last + 1) * itemsize > stored:
        raise ModelError(
            f"{where}: shape {list(shape)} and strides {list(strides)} need {(last + 1) * itemsize} bytes, "
            f"{stored} are stored; the archive is damaged"
        )
    if math.prod(shape) * itemsize > max(stored, _SMALL):
        raise ModelError(f"{where}: shape {list(shape)} repeats {stored} stored bytes too often")
