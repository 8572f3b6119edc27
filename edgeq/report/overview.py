"""Say of each run in one row what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeq.report.run import Layer, Run
from edgeq.table import table

HEAD = ("run", "command", "epochs", "loss", "right", "accuracy %", "sparsity %", "bits", "parameters", "bytes")


@dataclass(frozen=True)
class Overview:
    """One run: its last loss and accuracy, and what its weights are after it; None where not known.

    ``bits``: those of weights, ``4..8`` when layers differ. ``bytes``: of weights, every number at its bits.
    """

    name: str
    command: str
    epochs: int
    loss: float | None
    right: str | None
    accuracy: float | None
    sparsity: float | None
    bits: str
    parameters: int
    bytes: int

    @property
    def cells(self) -> tuple[object, ...]:
        """The values under `HEAD`, rounded as people read them."""
        accuracy, sparsity = (None if v is None else f"{100 * v:.2f}" for v in (self.accuracy, self.sparsity))
        loss = None if self.loss is None else f"{self.loss:.4g}"
        return (self.name, self.command, self.epochs, loss, self.right, accuracy, sparsity, self.bits,
                self.parameters, self.bytes)


def overview(run: Run) -> Overview:
    """Return the row of a run."""
    last = run.accuracy[-1] if run.accuracy else None
    weights = [layer for layer in run.after if layer.parameters]
    parameters = sum(layer.parameters or 0 for layer in weights)
    known = bool(weights) and all(layer.nonzero is not None for layer in weights)
    nonzero = sum(layer.nonzero or 0 for layer in weights)
    return Overview(
        run.name, run.command, len(run.epochs), run.epochs[-1].loss if run.epochs else None,
        None if last is None else f"{last.right} of {last.of}",
        None if last is None or not last.of else last.right / last.of,
        1 - nonzero / parameters if known else None, _bits(weights), parameters,
        sum(layer.stored_bytes for layer in weights))


def overview_table(runs: Sequence[Run]) -> str:
    """Return the table of runs as a terminal shows it."""
    return table(HEAD, [overview(run).cells for run in runs])


def _bits(weights: Sequence[Layer]) -> str:
    found = sorted({layer.stored_bits for layer in weights})
    if not found:
        return "-"
    return str(found[0]) if len(found) == 1 else f"{found[0]}..{found[-1]}"
