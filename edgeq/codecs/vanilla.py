"""The distinct values once, and for each element the place of its value among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.codecs.bits import Bytes, Codes, bits_for, bytes_for, code_dtype, pack, padding_is_zero, readonly, unpack
from edgeq.codecs.blob import Stored
from edgeq.codecs.codec import Codec
from edgeq.codecs.tensor import Array, Tensor, codes_of, values_of
from edgeq.codecs.varint import write_varint
from edgeq.errors import InputError

MAX_VALUES = 1 << 16


@dataclass(frozen=True)
class Vanilla(Codec):
    """``values``: the distinct values, ascending; ``indices``: the place of each element's value.

    At most 65536 distinct values.
    """

    name: ClassVar[str] = "vanilla"
    id: ClassVar[int] = 3
    sections: ClassVar[tuple[str, ...]] = ("values", "indices")
    stores_all: ClassVar[bool] = True
    max_bits: ClassVar[int] = 64

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        bits = tensor.type.bits
        values, indices = _indexed(tensor)
        if values.size > MAX_VALUES:
            raise InputError(f"{tensor.where}: has {values.size} distinct values, vanilla holds {MAX_VALUES}; "
                             "use packed")
        table = write_varint(values.size) + pack(codes_of(values, tensor.type), bits).tobytes()
        return tensor.codes.size, [table, pack(indices, bits_for(values.size))]

    def read(self, stored: Stored) -> Codes:
        values = _values(stored)
        indices = stored.fields("indices", bits_for(values.size), stored.header.count)
        if not indices.size:
            return np.zeros(0, values.dtype)
        if not values.size:
            raise stored.fault("values", 0, "no values, but elements")
        worst = int(indices.argmax())
        if indices[worst] >= values.size:
            raise stored.fault("indices", worst * bits_for(values.size) // 8,
                               f"place {indices[worst]} of element {worst} is outside the {values.size} values")
        return _looked_up(values, indices)

    def unpack(self, stored: Stored) -> dict[str, Array]:
        values = _values(stored)
        indices = stored.fields("indices", bits_for(values.size), stored.header.count)
        return {"values": values_of(values, stored.header.type), "indices": indices}


def _indexed(tensor: Tensor) -> tuple[Array, Codes]:
    """Return the distinct values, ascending, and the place of each element's value."""
    if tensor.type.bits > 16:
        values, indices = np.unique(tensor.values, return_inverse=True)
        return values, indices.astype(code_dtype(bits_for(min(values.size, MAX_VALUES))))
    present = np.zeros(1 << tensor.type.bits, np.bool_)
    _mark(tensor.codes, present)
    values = np.sort(values_of(np.flatnonzero(present).astype(tensor.codes.dtype), tensor.type))
    places = np.zeros(present.size, code_dtype(bits_for(values.size)))
    places[codes_of(values, tensor.type)] = np.arange(values.size)
    return values, _looked_up(places, tensor.codes)


def _values(stored: Stored) -> Codes:
    cursor = stored.cursor("values")
    count = cursor.varint("number of values", MAX_VALUES + 1)
    type = stored.header.type
    data: Bytes = stored.bytes_of("values")[cursor.offset :]
    stored.expect_length("values", cursor.offset + bytes_for(count * type.bits))
    if not padding_is_zero(data, count * type.bits):
        raise stored.fault("values", cursor.offset + data.size - 1, "bits of padding are not zero")
    codes = unpack(data, type.bits, count)
    values = values_of(codes, type)
    late = np.flatnonzero(values[1:] <= values[:-1])
    if late.size:
        place = int(late[0]) + 1
        offset = cursor.offset + place * type.bits // 8
        raise stored.fault("values", offset, f"value {place} is not above the one before it")
    return codes


def _looked_up(table: Codes, places: Codes) -> Codes:
    found = np.empty(places.size, table.dtype)
    _look_up(readonly(table), readonly(places), found)
    return found


@kernel
def _mark(codes: Codes, present: Array) -> None:
    for k in range(codes.size):
        present[codes[k]] = True


@kernel
def _look_up(table: Codes, places: Codes, found: Codes) -> None:
    for k in range(places.size):
        found[k] = table[places[k]]
