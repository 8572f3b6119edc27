"""Where the pixels of a resized image lie in the original: named modes, and TOSA's scale, offset and border.

Source: TOSA specification, RESIZE (output size and positions); torch's interpolate (half_pixel, align_corners).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

from edgeq.errors import GraphError, shown
from edgeq.ir.fields import entries, pair
from edgeq.ir.tensor import TensorType

MODES = ("half_pixel", "align_corners", "asymmetric")


@dataclass(frozen=True)
class Sampling:
    """Pixel o of an axis lies at ``(o * denominator + offset) / numerator``; each is a pair (rows, columns)."""

    size: tuple[int, int]
    numerator: tuple[int, int]
    denominator: tuple[int, int]
    offset: tuple[int, int]


def sampled(x: TensorType, size: Any, mode: Any, scale: Any, offset: Any, border: Any) -> Sampling:
    """Return the positions for what a user wrote; raises GraphError where that does not say one thing.

    >>> from edgeq.arith.types import IntType
    >>> image = TensorType((1, 4, 4), IntType(8))
    >>> sampled(image, (8, 7), "half_pixel", None, None, None)
    Sampling(size=(8, 7), numerator=(4, 14), denominator=(2, 8), offset=(-1, -3))
    >>> sampled(image, None, None, ((4, 2), (4, 2)), (-1, -1), (1, 1)).size
    (8, 8)
    """
    if len(x.shape) != 3:
        raise GraphError(f"resize_bilinear: x {x} must be (C, H, W)")
    if scale is None:
        return _named(x.shape[1:], size, mode, offset, border)
    if mode is not None or (size is None) == (border is None):
        raise GraphError("resize_bilinear: scale goes without mode, and with either size or border")
    ratios = [_pair("scale", s) for s in _pair_of(scale)]
    (unit_y, step_y), (unit_x, step_x) = ratios
    start = _pair("offset", 0 if offset is None else offset)
    made = _pair("size", size) if border is None else _lengths(x.shape[1:], ratios, start, _pair("border", border))
    return Sampling(made, (unit_y, unit_x), (step_y, step_x), start)


def _named(shape: tuple[int, ...], size: Any, mode: Any, offset: Any, border: Any) -> Sampling:
    chosen = "half_pixel" if mode is None else mode
    if not isinstance(chosen, str) or chosen not in MODES:
        raise GraphError(f"resize_bilinear: mode {shown(mode)} is not one of {', '.join(MODES)}")
    if size is None or offset is not None or border is not None:
        raise GraphError("resize_bilinear: a mode needs size and neither offset nor border; or give scale")
    made = _pair("size", size)
    if min(made) < 1:
        raise GraphError(f"resize_bilinear: C2: size {made} must be at least 1")
    (n0, d0, o0), (n1, d1, o1) = (_positions(chosen, old, new) for old, new in zip(shape, made, strict=True))
    return Sampling(made, (n0, n1), (d0, d1), (o0, o1))


def _positions(mode: str, old: int, new: int) -> tuple[int, int, int]:
    """Return numerator, denominator and offset of an axis of ``old`` pixels that gets ``new``, in lowest terms."""
    if mode == "half_pixel":
        numerator, denominator, offset = 2 * new, 2 * old, old - new
    elif mode == "asymmetric":
        numerator, denominator, offset = new, old, 0
    elif old == 1 or new == 1:
        return 1, 1, 0  # every position is the first pixel
    else:
        numerator, denominator, offset = new - 1, old - 1, 0
    shared = gcd(numerator, denominator, offset)
    return numerator // shared, denominator // shared, offset // shared


def _lengths(shape: tuple[int, ...], ratios: Any, offset: tuple[int, int], border: tuple[int, int]) -> tuple[int, int]:
    """Return TOSA's output size, which has to come out even."""
    made = []
    for old, (unit, step), start, end in zip(shape, ratios, offset, border, strict=True):
        reach = (old - 1) * unit - start + end
        if step < 1 or reach < 0 or reach % step:
            raise GraphError(
                f"resize_bilinear: scale {unit}/{step}, offset {start} and border {end} do not give {old} pixels "
                "a whole number of samples")
        made.append(reach // step + 1)
    return made[0], made[1]


def _pair(name: str, value: Any) -> tuple[int, int]:
    try:
        return pair(value)
    except GraphError as error:
        raise GraphError(f"resize_bilinear: {name}: {error}") from None
    except (TypeError, ValueError):
        raise GraphError(f"resize_bilinear: {name}: {shown(value)} is not {pair.__doc__}") from None


def _pair_of(value: Any) -> tuple[Any, Any]:
    """Return the ratio of each axis: ``((n, d), (n, d))``, or TOSA's list of four."""
    try:
        given = entries(value)
        if len(given) == 4:
            return given[:2], given[2:]
        first, second = given
    except GraphError as error:
        raise GraphError(f"resize_bilinear: scale: {error}") from None
    except (TypeError, ValueError):
        raise GraphError(f"resize_bilinear: scale: {shown(value)} is not two ratios (n, d) or four integers") from None
    return first, second
