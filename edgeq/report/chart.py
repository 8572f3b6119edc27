"""Draw curves as SVG text: axes with units, a light grid, one colour and one dash per curve, a legend below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 12, 44
_LEGEND_ROW = 18
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Colours that people with any colour vision tell apart. Source: M. Okabe and K. Ito, "Color Universal Design"."""
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_LEAST_SPAN = 1e-6
"""A smaller range, relative to its values or to 1, is drawn as one value."""
_MARKED = 60
"""Up to so many points are marked one by one."""


@dataclass(frozen=True)
class Curve:
    """Points (x, y), x rising, under the name that the legend has."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class _Axis:
    """Map values ``lo..hi`` to pixels ``start..end``."""

    lo: float
    hi: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> str:
        return f"{self.start + (value - self.lo) / (self.hi - self.lo) * (self.end - self.start):.1f}"


def chart(curves: Sequence[Curve], x_label: str, y_label: str) -> str:
    """Return the SVG element of curves; those without points are in the legend alone. No points at all: "".

    Labels name the quantity and its unit. Values are finite.
    """
    points = [point for curve in curves for point in curve.points]
    if not points:
        return ""
    x = _axis([p[0] for p in points], _LEFT, _WIDTH - _RIGHT, whole=True)
    y = _axis([p[1] for p in points], _HEIGHT - _BOTTOM, _TOP, whole=False)
    height = _HEIGHT + _LEGEND_ROW * len(curves)
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img" '
             f'aria-label="{escape(y_label)} by {escape(x_label)}">']
    parts += _grid(x, y, x_label, y_label)
    for number, curve in enumerate(curves):
        parts += _curve(curve, x, y, number)
    return "\n".join([*parts, "</svg>"])


def ticks(lo: float, hi: float, *, whole: bool = False) -> tuple[float, ...]:
    """Return three to eight round numbers, multiples of 1, 2 or 5 times a power of ten, that enclose a range.

    >>> ticks(0.13, 0.92)
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    >>> ticks(1, 4, whole=True)
    (1.0, 2.0, 3.0, 4.0)
    """
    if hi - lo <= max(abs(lo), abs(hi), 1.0) * _LEAST_SPAN:
        room = max(abs(lo) * 0.1, 1e-3)
        lo, hi = (lo - 1, hi + 1) if whole else (lo - room, hi + room)
    power = 10.0 ** math.floor(math.log10((hi - lo) / 4))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if (hi - lo) / (power * factor) <= 6)
    step = max(1.0, float(round(step))) if whole else step
    first, last = math.floor(lo / step + 1e-9), math.ceil(hi / step - 1e-9)
    return tuple(float(f"{k * step:.12g}") for k in range(first, last + 1))


def _axis(values: Sequence[float], start: float, end: float, *, whole: bool) -> _Axis:
    found = ticks(min(values), max(values), whole=whole)
    return _Axis(found[0], found[-1], start, end, found)


def _grid(x: _Axis, y: _Axis, x_label: str, y_label: str) -> list[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [f'<path class="grid" d="M{_LEFT} {y.at(v)}H{right}"/>'
             f'<text class="end" x="{_LEFT - 6}" y="{float(y.at(v)) + 4:.1f}">{v:.8g}</text>' for v in y.ticks]
    parts += [f'<path class="grid" d="M{x.at(v)} {_TOP}V{bottom}"/>'
              f'<text class="middle" x="{x.at(v)}" y="{bottom + 16}">{v:.8g}</text>' for v in x.ticks]
    middle = (_TOP + bottom) / 2
    return [*parts, f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>',
            f'<text class="middle" x="{(_LEFT + right) / 2}" y="{bottom + 36}">{escape(x_label)}</text>',
            f'<text class="middle" transform="translate(14 {middle}) rotate(-90)">{escape(y_label)}</text>']


def _curve(curve: Curve, x: _Axis, y: _Axis, number: int) -> list[str]:
    colour = _COLOURS[number % len(_COLOURS)]
    dash = _DASHES[number // len(_COLOURS) % len(_DASHES)]
    look = f'stroke="{colour}"' + (f' stroke-dasharray="{dash}"' if dash else "")
    places = [(x.at(a), y.at(b)) for a, b in curve.points]
    row = _HEIGHT + _LEGEND_ROW * number + 6
    parts = [f'<path class="curve" {look} d="M{_LEFT} {row}h28"/>'
             f'<text x="{_LEFT + 36}" y="{row + 4}">{escape(curve.name)}</text>']
    if len(places) > 1:
        parts.append(f'<path class="curve" {look} d="M{"L".join(f"{a} {b}" for a, b in places)}"/>')
    if len(places) <= _MARKED:
        parts += [f'<circle cx="{a}" cy="{b}" r="2.5" fill="{colour}"/>' for a, b in places]
    return parts
