"""The log of a command that trains: what ``--log`` writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from edgeq import __version__
from edgeq.report.run import Accuracy, Epoch, Layer, Run

if TYPE_CHECKING:
    from edgeq.compress.costs import WeightCosts
    from edgeq.compress.quantization.summary import LayerSummary
    from edgeq.compress.training import Recipe


class Progress:
    """Print each epoch on stderr and keep it; ``of`` examples validate, None for none."""

    def __init__(self, epochs: int, of: int | None) -> None:
        self.total, self.of = epochs, of
        self.epochs: list[Epoch] = []
        self.accuracy: list[Accuracy] = []

    def took_up(self, epochs: Sequence[tuple[float, int | None]]) -> None:
        """Take in the epochs of an earlier command."""
        self.epochs += [Epoch(loss, right) for loss, right in epochs]
        click.echo(f"going on after epoch {len(epochs)} of {self.total}", err=True)

    def done(self, epoch: int, loss: float, right: int | None) -> None:
        """Take in an epoch's number from 0, its loss and how many were right after it."""
        self.epochs.append(Epoch(loss, right))
        validated = "" if right is None else f", {right} of {self.of} right"
        click.echo(f"epoch {epoch + 1}/{self.total}: loss {loss:.4f}{validated}", err=True)

    def right(self, when: str, right: int | None) -> None:
        """Print and keep how many examples are right at a point; nothing where there are none."""
        if right is None or self.of is None:
            return
        self.accuracy.append(Accuracy(when, right, self.of))
        click.echo(f"{when}: {right} of {self.of} right, {100 * right / self.of:.2f} %")

    def run(
        self, command: str, options: Mapping[str, Any], recipe: Recipe | None, before: Iterable[Layer],
        after: Iterable[Layer],
    ) -> Run:
        """Return the log of the run."""
        plain = None if recipe is None else {**asdict(recipe), "devices": list(recipe.devices)}
        return Run(command, _versions(), _named(options), plain, self.of, tuple(self.accuracy), tuple(self.epochs),
                   tuple(before), tuple(after))


def weight_rows(rows: Iterable[WeightCosts]) -> list[Layer]:
    """Return the weights of a float model as a log has them."""
    return [Layer(row.name, row.shape, row.parameters, row.nonzero, row.macs, row.macs_left) for row in rows]


def layer_rows(layers: Iterable[LayerSummary], before: Iterable[WeightCosts]) -> list[Layer]:
    """Return the layers of a quantized model as a log has them; uses of a weight are those that it had before."""
    uses = {row.name: row.macs // row.parameters for row in before if row.macs is not None and row.parameters}
    return [_layer(each, uses.get(f"{each.layer}.weight")) for each in layers]


def _layer(summary: LayerSummary, uses: int | None) -> Layer:
    weight, result = summary.weight, summary.activation
    fields: dict[str, Any] = {}
    if weight is not None:
        fields = {"shape": weight.shape, "parameters": weight.parameters, "nonzero": weight.nonzero,
                  "method": weight.method, "bits": weight.bits, "scale": weight.scale, "codes": weight.codes}
        if uses is not None:
            fields |= {"macs": weight.parameters * uses, "macs_left": weight.nonzero * uses}
    if result is not None:
        fields |= {"result_method": result.method, "result_bits": result.bits, "result_scale": result.scale,
                   "zero_point": result.zero_point}
    return Layer(summary.layer, **fields)


def _versions() -> dict[str, str]:
    return {"edgeq": __version__, "torch": version("torch"), "numpy": version("numpy")}


def _named(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options without those that were not given, files by their names alone: folders differ between machines."""
    return {name: _name(name, value) for name, value in options.items()
            if value is not None and value is not False}


def _name(option: str, value: Any) -> Any:
    if isinstance(value, Path):
        return value.name
    return PurePath(value).name if option == "arch" else value
