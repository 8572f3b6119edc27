"""Coordinates of the values that differ from the fill value, packed into the bits that each axis needs.

The coordinate form with a fill value per row, as arrays, is `coo`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.arith.types import smallest_type
from edgeq.codecs.bits import (
    Bytes,
    Codes,
    Words,
    bits_for,
    bytes_for,
    get_field,
    new_words,
    pack,
    padding_is_zero,
    put_bits,
    readonly,
    stream_bytes,
    unpack,
)
from edgeq.codecs.blob import Header, Stored
from edgeq.codecs.codec import Codec, filled
from edgeq.codecs.segments import Places
from edgeq.codecs.tensor import Array, Tensor, values_of

_OUTSIDE, _LATE, _FILL_STORED = 1, 2, 3
_FAULTS = {
    _OUTSIDE: ("coords", "is outside the shape"),
    _LATE: ("coords", "is not after the one before it in row-major order"),
    _FILL_STORED: ("data", "equals the fill value"),
}


@dataclass(frozen=True)
class CooBlob(Codec):
    """``coords``: axis by axis, the coordinates of the values; ``data``: the values that differ from the fill value.

    `parts` gives ``coords`` of shape (axes, values).
    """

    name: ClassVar[str] = "coo"
    id: ClassVar[int] = 4
    sections: ClassVar[tuple[str, ...]] = ("parameters", "coords", "data")

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        kept = tensor.stored_codes()
        widths = coord_bits(tensor.shape)
        coords = []
        for axis, width in enumerate(widths):
            words = new_words(kept.size * width)
            inner = math.prod(tensor.shape[axis + 1 :])
            if kept.size * width:
                _write_axis(tensor.codes, tensor.fill_code, tensor.shape[axis], inner, width, words)
            coords.append(stream_bytes(words, kept.size * width))
        return kept.size, [bytes(widths), coords, pack(kept, tensor.type.bits)]

    def read(self, stored: Stored) -> Codes:
        header = stored.header
        widths, starts = _axes(stored)
        coords = stored.bytes_of("coords")
        data = stored.stream("data", header.type.bits, header.count)
        codes = filled(header)
        fault, place = _read(
            coords, readonly(np.array(starts[:-1], np.int64) * 8), readonly(np.array(widths, np.int64)),
            readonly(np.array(header.shape, np.int64)), data, header.count, header.fill_code, header.type.bits, codes)
        if fault:
            section, message = _FAULTS[fault]
            offset = 0 if section == "coords" else place * header.type.bits // 8
            raise stored.fault(section, offset, f"item {place} {message}")
        return codes

    def unpack(self, stored: Stored) -> dict[str, Array]:
        header = stored.header
        widths, starts = _axes(stored)
        data = stored.bytes_of("coords")
        coords = np.zeros((len(widths), header.count), smallest_type(0, max((1, *header.shape)) - 1).dtype)
        for axis, width in enumerate(widths):
            coords[axis] = unpack(data[starts[axis] :], width, header.count)
        values = stored.fields("data", header.type.bits, header.count)
        return {"coords": coords, "data": values_of(values, header.type)}


def coord_bits(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the bits of a coordinate of each axis.

    >>> coord_bits((1, 2, 5))
    (0, 1, 3)
    """
    return tuple(bits_for(d) for d in shape)


def _axes(stored: Stored) -> tuple[tuple[int, ...], list[int]]:
    """Return the width of each axis, and the byte at which each axis' coordinates begin, the end as the last."""
    header: Header = stored.header
    widths = coord_bits(header.shape)
    if bytes(stored.raw("parameters")) != bytes(widths):
        raise stored.fault("parameters", 0, f"widths are {list(stored.raw('parameters'))}, expected {list(widths)}")
    starts = [0]
    for width in widths:
        starts.append(starts[-1] + bytes_for(header.count * width))
    stored.expect_length("coords", starts[-1])
    data = stored.bytes_of("coords")
    for axis, width in enumerate(widths):
        if not padding_is_zero(data[starts[axis] :], header.count * width):
            raise stored.fault("coords", starts[axis + 1] - 1, "bits of padding are not zero")
    return widths, starts


@kernel
def _write_axis(codes: Codes, fill: int, dim: int, inner: int, bits: int, words: Words) -> None:
    """Write the coordinates of one axis of ``dim`` places, each ``inner`` elements long."""
    position, first = 0, 0
    while first < codes.size:
        for coordinate in range(dim):
            for k in range(first, first + inner):
                if codes[k] != fill:
                    put_bits(words, position, coordinate, bits)
                    position += bits
            first += inner


@kernel
def _read(
    coords: Bytes, starts: Places, widths: Places, shape: Places, data: Bytes, count: int, fill: int, bits: int,
    codes: Codes,
) -> tuple[int, int]:
    """Fill ``codes``; return a fault and the stored value at which it lies, 0 for none."""
    last = -1
    for k in range(count):
        place = 0
        for axis in range(widths.size):
            coordinate = get_field(coords, starts[axis] + k * widths[axis], widths[axis])
            if coordinate >= shape[axis]:
                return _OUTSIDE, k
            place = place * shape[axis] + coordinate
        if place <= last:
            return _LATE, k
        value = get_field(data, k * bits, bits)
        if value == fill:
            return _FILL_STORED, k
        codes[place] = value
        last = place
    return 0, 0
