"""One bit for each element, and the values that differ from the fill value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeq.codecs.bits import Codes, pack
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
        mask = tensor.codes != tensor.fill_code
        kept = tensor.codes[mask]
        return kept.size, [np.packbits(mask), pack(kept, tensor.type.bits)]

    def read(self, stored: Stored) -> Codes:
        mask, kept = _mask(stored), stored_values(stored)
        codes = filled(stored.header)
        codes[mask] = kept
        return codes

    def unpack(self, stored: Stored) -> dict[str, Array]:
        mask = _mask(stored).view(np.uint8).reshape(stored.header.shape)
        return {"mask": mask, "data": values_of(stored_values(stored), stored.header.type)}


def _mask(stored: Stored) -> Array:
    header = stored.header
    data = stored.stream("mask", 1, header.elements)
    mask = np.unpackbits(data, count=header.elements).view(np.bool_)
    found = np.count_nonzero(mask)
    if found != header.count:
        raise stored.fault("mask", 0, f"has {found} bits set, count says {header.count}")
    return mask


def stored_values(stored: Stored) -> Codes:
    """Return the values in the section ``data``, none of which may be the fill value."""
    header = stored.header
    values = stored.fields("data", header.type.bits, header.count)
    same = values == header.fill_code
    if same.any():
        place = int(same.argmax())
        raise stored.fault("data", place * header.type.bits // 8, f"value {place} equals the fill value")
    return values
