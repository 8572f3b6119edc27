"""What was removed, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from edgeq.compress.structured.layers import Structure
from edgeq.compress.tracing import shape_of


@dataclass(frozen=True)
class GroupReport:
    """Channels removed together: the layers that make them, how many there were, positions of those kept.

    ``reason`` says why the channels were left alone, None if they could be removed.
    """

    layers: tuple[str, ...]
    channels: int
    kept: tuple[int, ...]
    reason: str | None


@dataclass(frozen=True)
class OutputError:
    """Relative error of a layer's outputs on calibration data, against the original model's: with its channels removed
    (the largest, where it was refitted several times), and at the end.

    ``rows`` of data were there for ``unknowns`` of each output; with fewer rows than unknowns the refit is exact on
    them and says nothing about other data.
    """

    layer: str
    removed: float
    refitted: float
    rows: int
    unknowns: int


@dataclass(frozen=True)
class Report:
    """Groups, errors, and sizes before and after; MACs are of one sample."""

    groups: tuple[GroupReport, ...]
    errors: tuple[OutputError, ...]
    parameters: tuple[int, int]
    macs: tuple[int, int]

    def __str__(self) -> str:
        rows = [("channels of", "before", "after", "")]
        rows += [(" + ".join(group.layers), str(group.channels), str(len(group.kept)),
                  f"left alone: {group.reason}" if group.reason else "") for group in self.groups]
        rows += [(what, str(before), str(after), "")
                 for what, (before, after) in (("parameters", self.parameters), ("MACs", self.macs))]
        lines = _table(rows)
        if self.errors:
            lines += ["", *_table([("output error of", "removed", "refitted", ""), *map(_error_row, self.errors)])]
        return "\n".join(lines)


@dataclass(frozen=True)
class Pruned:
    """A smaller model and what was removed from it."""

    model: nn.Module
    report: Report


def parameters_of(model: nn.Module) -> int:
    """Return the number of parameters, shared ones counted once.

    >>> parameters_of(nn.Linear(3, 2))
    8
    """
    return sum(parameter.numel() for parameter in model.parameters())


def macs_of(structure: Structure, stored: dict[str, torch.Tensor]) -> int:
    """Return the multiply-accumulates of convolutions and linear layers for one sample."""
    total = 0
    for layer in structure.layers.values():
        for node in layer.nodes:
            shape = shape_of(node) or (1,)
            made = torch.Size(shape).numel() // shape[0]
            total += made * stored[layer.weight][0].numel()
    return total


def _error_row(error: OutputError) -> tuple[str, str, str, str]:
    few = f"{error.rows} rows for {error.unknowns} unknowns: give more calibration data"
    return error.layer, f"{error.removed:.2e}", f"{error.refitted:.2e}", few if error.rows < error.unknowns else ""


def _table(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}  {d}".rstrip() for a, b, c, d in rows]
