"""Keep the values of a tensor that differ from its fill value, with their places: coordinate form.

``coords`` has one row per axis and one column per kept value, sorted row-major; ``data`` the values. A fill
value is one integer, or one per index of the first axis (a weight zero point per output channel).

Source: design page "Artefacts"; field names as in the array API's sparse packages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import smallest_type
from edgeq.errors import CodecError

IntArray = npt.NDArray[np.int64]
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Coo:
    """A sparse tensor: ``coords`` (axes, nnz), ``data`` (nnz,), ``shape``, ``fill_value`` () or (shape[0],)."""

    coords: Array
    data: IntArray
    shape: tuple[int, ...]
    fill_value: IntArray

    @property
    def coord_bits(self) -> tuple[int, ...]:
        """Bits that the index of each axis needs."""
        return tuple(smallest_type(0, max(d - 1, 0)).bits for d in self.shape)


def encode_coo(array: IntArray, fill_value: IntArray) -> Coo:
    """Return the coordinate form of ``array``.

    >>> import numpy as np
    >>> coo = encode_coo(np.array([[7, 0], [7, 7]]), np.array(7))
    >>> coo.coords.tolist(), coo.data.tolist()
    ([[0], [1]], [0])
    """
    kept = np.nonzero(array != _spread(fill_value, array.shape))
    coords = np.stack(kept) if array.ndim else np.zeros((0, len(kept)), np.int64)
    widest = smallest_type(0, max((0, *array.shape))).dtype
    return Coo(coords.astype(widest), array[kept], array.shape, np.asarray(fill_value, np.int64))


def decode_coo(coo: Coo, where: str = "coo") -> IntArray:
    """Return the dense tensor; raises CodecError for coordinates outside the shape, out of order or twice."""
    axes = len(coo.shape)
    if coo.coords.ndim != 2 or coo.coords.shape != (axes, coo.data.size) or coo.data.ndim != 1:
        raise CodecError(f"{where}: coords {list(coo.coords.shape)} and data {list(coo.data.shape)} do not fit "
                         f"{axes} axes; expected coords [{axes}, nnz] and data [nnz]")
    if coo.coords.dtype.kind not in "iu" or coo.data.dtype.kind not in "iu":
        raise CodecError(f"{where}: coords and data must be integers, got {coo.coords.dtype} and {coo.data.dtype}")
    if coo.fill_value.shape not in ((), coo.shape[:1]):
        raise CodecError(f"{where}: fill_value has shape {list(coo.fill_value.shape)}, expected [] or {[coo.shape[0]]}")
    limits = np.array(coo.shape, np.int64).reshape(-1, 1)
    outside = np.argwhere((coo.coords < 0) | (coo.coords >= limits))
    if outside.size:
        axis, column = (int(v) for v in outside[0])
        place = int(coo.coords[axis, column])
        raise CodecError(f"{where}: coordinate {place} of value {column} is outside axis {axis} of {list(coo.shape)}")
    flat = np.ravel_multi_index(tuple(coo.coords.astype(np.int64)), coo.shape)
    late = np.flatnonzero(np.diff(flat) <= 0)
    if late.size:
        raise CodecError(f"{where}: value {int(late[0]) + 1} is not after the one before it in row-major order")
    dense = np.array(_spread(coo.fill_value, coo.shape))
    dense.reshape(-1)[flat] = coo.data
    return dense


def _spread(fill_value: IntArray, shape: tuple[int, ...]) -> IntArray:
    rows = fill_value.reshape(-1, *(1,) * (len(shape) - 1)) if fill_value.ndim else fill_value
    return np.broadcast_to(rows, shape)
