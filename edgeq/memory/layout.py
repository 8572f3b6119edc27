"""Put the axes of a tensor in a declared order, and back.

A layout is a word of axis letters, slowest first: activations are ``chw`` in the IR and usually ``hwc`` in
files, weights ``oihw`` in the IR and ``ohwi``, ``oihw`` or ``hwio`` in files. Where a tensor lacks axes of a
layout (a linear weight is ``oi``), these are left out: ``ohwi`` of a linear weight is ``oi``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.errors import InputError

ACTIVATIONS = ("hwc", "chw")
WEIGHTS = ("ohwi", "oihw", "hwio", "ihwo")

Array = npt.NDArray[Any]


def value_axes(rank: int, channel_axis: int = 0) -> str:
    """Return the axes of one sample in the IR.

    >>> value_axes(3), value_axes(2), value_axes(2, channel_axis=1), value_axes(1)
    ('chw', 'cw', 'wc', 'c')
    """
    others = "dhw"[-(rank - 1) :] if 1 < rank <= 4 else "".join(chr(ord("k") + i) for i in range(max(rank - 1, 0)))
    if not rank:
        return ""
    return others[:channel_axis] + "c" + others[channel_axis:]


def weight_axes(rank: int) -> str:
    """Return the axes of a weight in the IR; one axis of taps is w, as in a conv2d of one row.

    >>> weight_axes(4), weight_axes(3), weight_axes(2), weight_axes(1)
    ('oihw', 'oiw', 'oi', 'o')
    """
    return "oiw" if rank == 3 else "oihw"[:rank]


def restrict(layout: str, axes: str) -> str:
    """Return ``layout`` without the letters that ``axes`` lacks; letters of no layout stay where they are.

    >>> restrict("ohwi", "oi"), restrict("hwc", "c"), restrict("hwc", "cw"), restrict("chw", "wc")
    ('oi', 'c', 'wc', 'cw')
    """
    if not set(axes) <= set(layout) and "c" in axes:  # more axes than the layout knows: place the channel alone
        rest = axes.replace("c", "")
        return "c" + rest if layout.startswith("c") else rest + "c"
    return "".join(letter for letter in layout if letter in axes)


def permutation(axes: str, layout: str) -> tuple[int, ...]:
    """Return the transposition that takes ``axes`` to ``layout``; raises InputError unless the letters agree.

    >>> permutation("oihw", "ohwi")
    (0, 2, 3, 1)
    """
    if sorted(axes) != sorted(layout) or len(set(axes)) != len(axes):
        raise InputError(f"layout {layout!r} is not an order of the axes {axes!r}")
    return tuple(axes.index(letter) for letter in layout)


def to_layout(array: Array, axes: str, layout: str) -> Array:
    """Return ``array`` with its axes in the order of ``layout``; a leading axis N not in ``axes`` stays first."""
    order = permutation(axes, layout)
    lead = array.ndim - len(axes)
    return np.array(array.transpose(*range(lead), *(lead + k for k in order)), order="C")


def from_layout(flat: Array, axes: str, layout: str, shape: tuple[int, ...]) -> Array:
    """Return the tensor of ``shape`` (in the order of ``axes``, after any leading axis) from its values in ``layout``.

    Raises InputError when the number of values is not that of ``shape``.
    """
    order = permutation(axes, layout)
    lead = len(shape) - len(axes)
    stored = (*shape[:lead], *(shape[lead + k] for k in order))
    if flat.size != int(np.prod(shape, dtype=np.int64)):
        raise InputError(f"{flat.size} values do not fill {list(shape)}")
    inverse = (order.index(k) for k in range(len(order)))
    return np.array(flat.reshape(stored).transpose(*range(lead), *(lead + k for k in inverse)), order="C")
