"""Put weights in tiles: blocked layouts in the notation of oneDNN, such as ``OIhw16i16o``.

The first part orders the axes, slowest first; upper case marks an axis that is cut into blocks. The second part
gives the blocks, sizes before letters, the last fastest: in ``OIhw4i16o4i`` an input channel's place in its tile
of 16 is 4 times its place among the ``4i`` before ``16o``, plus its place among the ``4i`` after it. Where a tile
sticks out of the tensor it holds the pad value.

Source: oneDNN developer guide, "Understanding Memory Formats" and ``dnnl_blocking_desc_t``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from edgeq.errors import CodecError, InputError, shown
from edgeq.memory.layout import WEIGHTS, Array, restrict

MAX_TILE = 1024


@dataclass(frozen=True)
class Tiling:
    """A layout of weights: ``order`` of the axes, then ``blocks`` (axis, size), the last fastest; none when plain.

    >>> parse_layout("OIhw4i16o4i")
    Tiling(order='oihw', blocks=(('i', 4), ('o', 16), ('i', 4)))
    """

    order: str
    blocks: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        blocked = {axis for axis, _ in self.blocks}
        order = "".join(axis.upper() if axis in blocked else axis for axis in self.order)
        return order + "".join(f"{size}{axis}" for axis, size in self.blocks)

    def restricted(self, axes: str) -> Tiling:
        """Return the layout without the axes that a tensor lacks.

        >>> str(parse_layout("OIhw16i16o").restricted("oi"))
        'OI16i16o'
        """
        return Tiling(restrict(self.order, axes), tuple(block for block in self.blocks if block[0] in axes))

    def tile(self, axis: str) -> int:
        """Return the number of indices of ``axis`` in a tile."""
        return math.prod(size for letter, size in self.blocks if letter == axis)

    def padded(self, axes: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape in whole tiles.

        >>> parse_layout("OIhw8i8o").padded("oihw", (6, 16, 5, 5))
        (8, 16, 5, 5)
        """
        return tuple(-(-n // self.tile(axis)) * self.tile(axis) for axis, n in zip(axes, shape, strict=True))

    def apply(self, array: Array, axes: str, pad_value: int) -> Array:
        """Return the values in their order in memory, one axis; a tensor of no values has none."""
        whole = self.padded(axes, array.shape)
        if whole != array.shape:
            kept = np.full(whole, pad_value, array.dtype)
            kept[tuple(slice(n) for n in array.shape)] = array
            array = kept
        split, order = self._split(axes, whole)
        return np.ascontiguousarray(array.reshape(split).transpose(order)).reshape(-1)

    def undo(self, flat: Array, axes: str, shape: tuple[int, ...], pad_value: int, where: str) -> Array:
        """Return the tensor of ``shape``; raises CodecError where a tile sticks out and holds no pad value."""
        whole = self.padded(axes, shape)
        split, order = self._split(axes, whole)
        inverse = np.argsort(order)
        array = flat.reshape([split[k] for k in order]).transpose(inverse).reshape(whole)
        inside = tuple(slice(n) for n in shape)
        if whole != shape:
            outside = np.ones(whole, bool)
            outside[inside] = False
            if (array[outside] != pad_value).any():
                raise CodecError(f"{where}: a tile that sticks out of {list(shape)} does not hold the pad value "
                                 f"{pad_value}")
        return np.array(array[inside], order="C")

    def _split(self, axes: str, whole: tuple[int, ...]) -> tuple[list[int], list[int]]:
        """Return the shape with every axis cut into its blocks, and the transposition into memory order."""
        split: list[int] = []
        outer: dict[str, int] = {}
        inner: dict[int, int] = {}
        for axis, n in zip(axes, whole, strict=True):
            outer[axis] = len(split)
            split.append(n // self.tile(axis))
            for place, (letter, size) in enumerate(self.blocks):
                if letter == axis:
                    inner[place] = len(split)
                    split.append(size)
        return split, [*(outer[axis] for axis in self.order), *(inner[place] for place in sorted(inner))]


def parse_layout(layout: str) -> Tiling:
    """Return the layout of weights called ``layout``; raises InputError for one that does not exist."""
    if isinstance(layout, str) and (layout in WEIGHTS or any(c.isdigit() for c in layout)):
        return parse_notation(layout, "oihw")
    raise InputError(f"layout {shown(layout)} does not exist; weights are written as one of {', '.join(WEIGHTS)}, "
                     "or in tiles such as OIhw16i16o")


def parse_notation(layout: str, axes: str) -> Tiling:
    """Return the layout of a tensor with ``axes``; raises InputError for what is none.

    >>> parse_notation("OI16i16o", "oi").padded("oi", (10, 84))
    (16, 96)
    """
    found = re.fullmatch(r"([A-Za-z]*)((?:[1-9][0-9]{0,3}[a-z])*)", layout) if isinstance(layout, str) else None
    order, blocked = found.groups() if found else ("", "")
    blocks = tuple((part[-1], int(part[:-1])) for part in re.findall("[0-9]+[a-z]", blocked))
    tiling = Tiling(order.lower(), blocks)
    if not found or sorted(tiling.order) != sorted(axes) or str(tiling) != layout:
        raise InputError(f"layout {shown(layout)} does not exist: each of {', '.join(axes)} stands once before the "
                         "blocks, in upper case where it has a block, such as OIhw16i16o")
    for axis in axes:
        if tiling.tile(axis) > MAX_TILE:
            raise InputError(f"layout {layout!r}: a tile of {tiling.tile(axis)} along {axis} is more than {MAX_TILE}")
    return tiling
