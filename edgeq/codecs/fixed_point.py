"""Packed values that mean fractions: an integer q stands for q * 2^-frac_bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeq.codecs.bits import Codes, pack
from edgeq.codecs.blob import Stored
from edgeq.codecs.codec import Codec
from edgeq.codecs.tensor import Array, Tensor, values_of
from edgeq.codecs.varint import write_svarint
from edgeq.errors import InputError, shown

_LEAST, _MOST = -128, 127


@dataclass(frozen=True)
class FixedPoint(Codec):
    """``parameters``: ``frac_bits``, which the reader of the integers needs; ``data``: as in `Packed`."""

    name: ClassVar[str] = "fixed_point"
    id: ClassVar[int] = 2
    sections: ClassVar[tuple[str, ...]] = ("parameters", "data")
    stores_all: ClassVar[bool] = True
    max_bits: ClassVar[int] = 64

    frac_bits: int = 0

    def __post_init__(self) -> None:
        if type(self.frac_bits) is not int or not _LEAST <= self.frac_bits <= _MOST:
            raise InputError(f"frac_bits {shown(self.frac_bits)} is not a number from {_LEAST} to {_MOST}")

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        return tensor.codes.size, [write_svarint(self.frac_bits), pack(tensor.codes, tensor.type.bits)]

    def read(self, stored: Stored) -> Codes:
        _frac_bits(stored)
        return stored.fields("data", stored.header.type.bits, stored.header.count)

    def unpack(self, stored: Stored) -> dict[str, Array]:
        return {"frac_bits": np.array(_frac_bits(stored)), "data": values_of(self.read(stored), stored.header.type)}


def _frac_bits(stored: Stored) -> int:
    cursor = stored.cursor("parameters")
    value = cursor.svarint("fractional bits")
    cursor.end()
    if not _LEAST <= value <= _MOST:
        raise stored.fault("parameters", 0, f"{value} fractional bits, expected {_LEAST} to {_MOST}")
    return value
