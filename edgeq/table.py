"""Print tables for people: a head, aligned columns, numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return the rows under their head; a column whose cells are all numbers is aligned to the right.

    >>> print(table(["layer", "bits"], [["conv1", 18], ["fc", 9]]))
    layer  bits
    conv1    18
    fc        9
    """
    cells = [[_text(c) for c in row] for row in rows]
    right = [bool(rows) and all(isinstance(r[k], int | float) or r[k] is None for r in rows) for k in range(len(head))]
    widths = [max(len(line[k]) for line in [list(head), *cells]) for k in range(len(head))]

    def line(values: Sequence[str]) -> str:
        parts = [v.rjust(w) if r else v.ljust(w) for v, w, r in zip(values, widths, right, strict=True)]
        return "  ".join(parts).rstrip()

    return "\n".join([line(head), *map(line, cells)])


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 100000 else str(value)
