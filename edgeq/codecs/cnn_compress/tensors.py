"""Turn a tensor into the plain data of one of its forms, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.codecs.cnn_compress.fields import field, integer, integers
from edgeq.codecs.coo import Coo, decode_coo
from edgeq.errors import CodecError

FORMS = ("dense", "coo", "csr", "csc")

Array = npt.NDArray[Any]
IntArray = npt.NDArray[np.int64]
Read = Callable[[Mapping[str, Any], str, str], Array]
"""Takes a list of values out of a mapping: `integers` or `reals`."""

_MOST = 1 << 28


def to_plain(array: Array, fill: float, form: str) -> dict[str, Any]:
    """Return ``array`` in ``form``; sparse forms leave out what equals ``fill``.

    >>> to_plain(np.array([[7, 3], [7, 7]]), 7, "csc")
    {'form': 'csc', 'indices': [0], 'indptr': [0, 0, 1], 'nnz': 1, 'size': [2, 2], 'values': [3]}
    """
    size = list(array.shape)
    if form == "dense":
        return {"data": array.tolist(), "size": size}
    if form == "coo":
        kept = np.nonzero(array != fill)
        values = array[kept].tolist()
        return {"indices": np.stack(kept).tolist(), "nnz": len(values), "size": size, "values": values}
    matrix = _by_lines(array, form)
    lines, places = np.nonzero(matrix != fill)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(lines, minlength=len(matrix)))])
    values = matrix[lines, places].tolist()
    return {"form": form, "indices": places.tolist(), "indptr": indptr.tolist(), "nnz": len(values), "size": size,
            "values": values}


def _by_lines(array: Array, form: str) -> Array:
    """Return the matrix whose rows a form compresses: output channels, or columns of what is left."""
    matrix = array.reshape(array.shape[0], -1)
    return matrix if form == "csr" else matrix.T


def from_plain(item: Mapping[str, Any], fill: float, read: Read, where: str) -> Array:
    """Return the tensor of a mapping in any form; raises CodecError naming ``where`` and the fault."""
    size = tuple(integers(item, "size", where).reshape(-1).tolist())
    if not size or min(size) < 1 or prod(size) > _MOST:
        raise CodecError(f"{where}: size {list(size)} is not that of 1 to 2^28 values")
    if "data" in item:
        dense = read(item, "data", where)
        if dense.shape != size:
            raise CodecError(f"{where}: data have shape {list(dense.shape)}, size says {list(size)}")
        return dense
    values = read(item, "values", where)
    if values.ndim != 1 or values.size != integer(item, "nnz", where):
        raise CodecError(f"{where}: has {values.size} values, nnz says {item['nnz']}")
    numbers = _places(item, size, values.size, where)
    return np.append(values, np.array([fill], values.dtype))[numbers]  # -1 is the last


def _places(item: Mapping[str, Any], size: tuple[int, ...], count: int, where: str) -> IntArray:
    """Return an array of ``size``: which of the ``count`` values goes there, -1 for none."""
    numbers = np.arange(count, dtype=np.int64)
    if "indptr" not in item:
        coords = integers(item, "indices", where)
        if coords.shape != (len(size), count):
            raise CodecError(f"{where}: indices have shape {list(coords.shape)}, expected {[len(size), count]}")
        return decode_coo(Coo(coords, numbers, size, np.array(-1)), where)
    form = field(item, "form", str, where)
    if form not in ("csr", "csc"):
        raise CodecError(f"{where}: form {form!r} has no indptr; forms with one are csr and csc")
    shape = (size[0], prod(size[1:])) if form == "csr" else (prod(size[1:]), size[0])
    lines = _lines(integers(item, "indptr", where), shape[0], count, where)
    coords = np.stack([lines, _vector(integers(item, "indices", where), count, where)])
    placed = decode_coo(Coo(coords, numbers, shape, np.array(-1)), where)
    return (placed if form == "csr" else placed.T).reshape(size)


def _vector(indices: IntArray, count: int, where: str) -> IntArray:
    if indices.shape != (count,):
        raise CodecError(f"{where}: indices have shape {list(indices.shape)}, expected {[count]}")
    return indices


def _lines(indptr: IntArray, lines: int, count: int, where: str) -> IntArray:
    """Return the line of every value; raises CodecError unless ``indptr`` ascends from 0 to ``count``."""
    if indptr.shape != (lines + 1,):
        raise CodecError(f"{where}: indptr has shape {list(indptr.shape)}, expected {[lines + 1]}")
    steps = np.diff(indptr)
    if indptr[0] != 0 or indptr[-1] != count or (steps < 0).any():
        raise CodecError(f"{where}: indptr must ascend from 0 to nnz {count}")
    return np.repeat(np.arange(lines, dtype=np.int64), steps)
