"""Coordinates of the values that differ from the fill value, packed into the bits that each axis needs.

The coordinate form with a fill value per row, as arrays, is `coo`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
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
        starts = axis_starts(widths, kept.size)
        coords = new_words(8 * starts[-1])
        if starts[-1]:
            _write(tensor.codes, tensor.fill_code, readonly(np.array(tensor.shape)), readonly(np.array(widths)),
                   8 * np.array(starts), coords)
        return kept.size, [bytes(widths), stream_bytes(coords, 8 * starts[-1]), pack(kept, tensor.type.bits)]

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


def axis_starts(widths: tuple[int, ...], count: int) -> list[int]:
    """Return the byte at which the coordinates of each axis begin, and the end as the last item.

    >>> axis_starts((1, 9), 3)
    [0, 1, 5]
    """
    return [0, *accumulate(bytes_for(count * width) for width in widths)]


def _axes(stored: Stored) -> tuple[tuple[int, ...], list[int]]:
    """Return the width of each axis, and where its coordinates begin."""
    header: Header = stored.header
    widths = coord_bits(header.shape)
    if bytes(stored.raw("parameters")) != bytes(widths):
        raise stored.fault("parameters", 0, f"widths are {list(stored.raw('parameters'))}, expected {list(widths)}")
    starts = axis_starts(widths, header.count)
    stored.expect_length("coords", starts[-1])
    data = stored.bytes_of("coords")
    for axis, width in enumerate(widths):
        if not padding_is_zero(data[starts[axis] :], header.count * width):
            raise stored.fault("coords", starts[axis + 1] - 1, "bits of padding are not zero")
    return widths, starts


@kernel
def _write(codes: Codes, fill: int, shape: Places, widths: Places, positions: Places, words: Words) -> None:
    """Write the coordinates of each axis from its bit of ``positions`` on, which moves along."""
    last = shape.size - 1
    outer = np.zeros(last + 1, np.int64)
    for first in range(0, codes.size, shape[last]):
        for k in range(shape[last]):
            if codes[first + k] == fill:
                continue
            outer[last] = k
            for axis in range(last + 1):
                put_bits(words, positions[axis], outer[axis], widths[axis])
                positions[axis] += widths[axis]
        axis = last - 1
        while axis >= 0:
            outer[axis] += 1
            if outer[axis] < shape[axis]:
                break
            outer[axis] = 0
            axis -= 1


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
