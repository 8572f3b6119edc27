"""One bit for each element, and the values that differ from the fill value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.codecs.bits import Bytes, Codes, get_field, pack, readonly
from edgeq.codecs.blob import Stored
from edgeq.codecs.codec import Codec, filled
from edgeq.codecs.tensor import Array, Tensor, values_of


@dataclass(frozen=True)
class Bitmask(Codec):
    """``mask``: a bit per element, 1 where it differs from the fill value; ``data``: those elements."""

    name: ClassVar[str] = "bitmask"
    id: ClassVar[int] = 7
    sections: ClassVar[tuple[str, ...]] = ("mask", "data")

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        kept = tensor.stored_codes()
        return kept.size, [np.packbits(tensor.codes != tensor.fill_code), pack(kept, tensor.type.bits)]

    def read(self, stored: Stored) -> Codes:
        header = stored.header
        mask = stored.stream("mask", 1, header.elements)
        data = readonly(stored.stream("data", header.type.bits, header.count))
        codes = filled(header)
        found, same = _read(readonly(mask), data, header.count, header.fill_code, header.type.bits, codes)
        if same >= 0:
            raise stored.fault("data", same * header.type.bits // 8, f"value {same} equals the fill value")
        if found != header.count:
            raise stored.fault("mask", 0, f"has {'more' if found > header.count else found} bits set, count says "
                               f"{header.count}")
        return codes

    def unpack(self, stored: Stored) -> dict[str, Array]:
        header = stored.header
        mask = np.unpackbits(stored.bytes_of("mask"), count=header.elements).reshape(header.shape)
        return {"mask": mask, "data": values_of(stored.fields("data", header.type.bits, header.count), header.type)}


@kernel
def _read(mask: Bytes, data: Bytes, count: int, fill: int, bits: int, codes: Codes) -> tuple[int, int]:
    """Fill ``codes``; return the bits set, count + 1 for more, and the value that equals the fill, -1 for none."""
    stored = 0
    for place in range(codes.size):
        if not (mask[place >> 3] >> (7 - (place & 7))) & 1:
            continue
        if stored == count:
            return stored + 1, -1
        value = get_field(data, stored * bits, bits)
        if value == fill:
            return stored, stored
        codes[place] = value
        stored += 1
    return stored, -1
