"""The table of a run's layers, with bars for sparsity and bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from edgeq.report.run import Layer


@dataclass(frozen=True)
class _Column:
    """A head with its unit, the cell of a layer ("": nothing to say), and the length of its bar, 0..1."""

    head: str
    cell: Callable[[Layer], str]
    bar: Callable[[Layer, Sequence[Layer]], float] | None = None
    text: bool = False


def layer_table(layers: Sequence[Layer]) -> str:
    """Return the table; columns in which no layer has anything are left out."""
    columns = [column for column in _COLUMNS if any(column.cell(layer) for layer in layers)]
    head = "".join(f"<th{_kind(column)}>{escape(column.head)}</th>" for column in columns)
    rows = ["".join(f"<td{_kind(column)}>{_shown(column, layer, layers)}</td>" for column in columns)
            for layer in layers]
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(f"<tr>{row}</tr>" for row in rows)}</table></div>'


def _kind(column: _Column) -> str:
    return ' class="text"' if column.text else ""


def _shown(column: _Column, layer: Layer, layers: Sequence[Layer]) -> str:
    cell = column.cell(layer)
    if not cell:
        return "&ndash;"
    if column.bar is None:
        return escape(cell)
    length = min(max(column.bar(layer, layers), 0.0), 1.0)
    return f'{escape(cell)}<span class="bar"><i style="width:{100 * length:.1f}%"></i></span>'


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _bytes_part(layer: Layer, layers: Sequence[Layer]) -> float:
    return layer.stored_bytes / max(each.stored_bytes for each in layers)


def _scale(layer: Layer) -> str:
    if layer.scale is None:
        return ""
    lo, hi = layer.scale
    return f"{lo:.4g}" if lo == hi else f"{lo:.4g}..{hi:.4g}"


_COLUMNS = (
    _Column("layer", lambda layer: layer.name, text=True),
    _Column("shape", lambda layer: "x".join(map(str, layer.shape or ())), text=True),
    _Column("parameters", lambda layer: _count(layer.parameters)),
    _Column("zeros (%)", lambda layer: "" if layer.sparsity is None else f"{100 * layer.sparsity:.1f}",
            lambda layer, _: layer.sparsity or 0.0),
    _Column("MACs per example", lambda layer: _count(layer.macs)),
    _Column("MACs left", lambda layer: _count(layer.macs_left)),
    _Column("weight", lambda layer: layer.method or "", text=True),
    _Column("bits", lambda layer: _count(layer.bits)),
    _Column("codes used", lambda layer: _count(layer.codes)),
    _Column("scale (real per code)", _scale),
    _Column("bytes", lambda layer: _count(layer.stored_bytes) if layer.parameters else "", _bytes_part),
    _Column("result", lambda layer: layer.result_method or "", text=True),
    _Column("bits of result", lambda layer: _count(layer.result_bits)),
    _Column("scale of result", lambda layer: "" if layer.result_scale is None else f"{layer.result_scale:.4g}"),
    _Column("zero point", lambda layer: "" if layer.zero_point is None else str(layer.zero_point)),
)
