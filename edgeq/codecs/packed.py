"""Every value in as many bits as its type has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from edgeq.codecs.bits import Codes, pack
from edgeq.codecs.blob import Stored
from edgeq.codecs.codec import Codec
from edgeq.codecs.tensor import Array, Tensor, values_of


@dataclass(frozen=True)
class Packed(Codec):
    """``data``: the values, back to back. The fill value plays no part.

    >>> import numpy as np
    >>> from edgeq.arith.types import IntType
    >>> blob = Packed().encode(np.array([1, -1, 2]), type=IntType(3))
    >>> blob[-6:-4].hex(), Packed().decode(blob).tolist()
    ('3d00', [1, -1, 2])
    """

    name: ClassVar[str] = "packed"
    id: ClassVar[int] = 1
    sections: ClassVar[tuple[str, ...]] = ("data",)
    stores_all: ClassVar[bool] = True
    max_bits: ClassVar[int] = 64

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        return tensor.codes.size, [pack(tensor.codes, tensor.type.bits)]

    def read(self, stored: Stored) -> Codes:
        return stored.fields("data", stored.header.type.bits, stored.header.count)

    def unpack(self, stored: Stored) -> dict[str, Array]:
        return {"data": values_of(self.read(stored), stored.header.type)}
