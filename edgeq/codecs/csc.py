"""Compressed sparse columns: `csr` of the transposed matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeq.codecs.bits import Codes, readonly
from edgeq.codecs.blob import Stored
from edgeq.codecs.codec import Codec
from edgeq.codecs.csr import matrix_parts, read_matrix, write_matrix
from edgeq.codecs.tensor import Array, Tensor


@dataclass(frozen=True)
class Csc(Codec):
    """``indptr``: 0, then the number of values up to the end of each column; ``indices``: the row of each value;
    ``data``: the values, those that differ from the fill value."""

    name: ClassVar[str] = "csc"
    id: ClassVar[int] = 6
    sections: ClassVar[tuple[str, ...]] = ("parameters", "indptr", "indices", "data")

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        turned = _transposed(tensor.codes, tensor.rows, tensor.columns)
        return write_matrix(readonly(turned), tensor.columns, tensor.rows, tensor)

    def read(self, stored: Stored) -> Codes:
        header = stored.header
        return _transposed(read_matrix(stored, header.columns, header.rows), header.columns, header.rows)

    def unpack(self, stored: Stored) -> dict[str, Array]:
        return matrix_parts(stored, stored.header.columns, stored.header.rows)


def _transposed(codes: Codes, rows: int, columns: int) -> Codes:
    return np.ascontiguousarray(codes.reshape(rows, columns).T).reshape(-1)
