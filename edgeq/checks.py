"""Collect what a verification looked at, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PASS, FAIL, NOT_RUN = "PASS", "FAIL", "NOT RUN"
CONTENTS = frozenset({"decode", "rewrite", "make check"})
"""Kinds of checks that look at what a file holds."""


@dataclass(frozen=True)
class Row:
    """One check: its kind, the file or layer, how many values were compared, PASS, FAIL or NOT RUN, and why."""

    check: str
    subject: str
    values: int
    status: str
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"check": self.check, "subject": self.subject, "values": self.values, "status": self.status,
                "detail": self.detail}


@dataclass(frozen=True)
class Report:
    """Every row of a verification of ``folder``.

    >>> Report("out", (Row("decode", "01_fc.weight.hex", 6, PASS),)).ok
    True
    """

    folder: str
    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        """Whether contents were compared and nothing failed; checksums alone do not count."""
        return any(r.status == PASS and r.check in CONTENTS for r in self.rows) and not self.failures

    @property
    def failures(self) -> tuple[Row, ...]:
        """The rows that failed."""
        return tuple(r for r in self.rows if r.status == FAIL)

    @property
    def not_run(self) -> tuple[Row, ...]:
        """The rows that could not be run, with the reason in ``detail``."""
        return tuple(r for r in self.rows if r.status == NOT_RUN)

    @property
    def values(self) -> int:
        """Values compared in all."""
        return sum(r.values for r in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for --json."""
        counts: Mapping[str, int] = {s: sum(r.status == s for r in self.rows) for s in (PASS, FAIL, NOT_RUN)}
        return {"folder": self.folder, "ok": self.ok, "values": self.values, "counts": dict(counts),
                "rows": [r.as_dict() for r in self.rows]}
