"""Remove channels by what the layers that read them lose, and refit those layers."""

from __future__ import annotations

from torch import nn

from edgeq.compress.structured.choose import METHODS, chosen, norms_of
from edgeq.compress.structured.counts import Amount, kept_counts
from edgeq.compress.structured.removal import Calibration, Removal
from edgeq.compress.structured.report import Pruned
from edgeq.compress.tracing import tensors_of
from edgeq.errors import CalibrationError, InputError


def prune_channels(
    model: nn.Module, example_inputs: object, amount: Amount, method: str = "greedy", calibration: object = None, *,
    reconstruct: bool = True, regular: int = 1, positions: int = 16, seed: int = 0,
) -> Pruned:
    """Return a smaller copy of a model, with fewer channels, and a report.

    ``example_inputs``: one array or tensor, or a tuple of them, batch first. ``amount``: the fraction (float) or number
    (int) of channels to remove from each group of layers whose channels depend on each other, or a mapping of globs
    on layer names to such; kept counts are multiples of ``regular``. ``method``: greedy and lasso keep the channels
    without which the next layers' outputs on ``calibration`` (arrays like the example inputs) change least, l1 and l2
    those with the largest weights, random any, by ``seed``. With calibration data the next layers are refitted by
    least squares, unless ``reconstruct`` is false, on ``positions`` random places of each sample.

    Raises :class:`InputError`, :class:`CalibrationError` and, where torch cannot trace the model, ModelError.
    """
    if method not in METHODS:
        raise InputError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if method in ("greedy", "lasso") and calibration is None:
        raise CalibrationError(f"method {method} measures outputs: give calibration inputs, or use l1, l2 or random")
    removal = Removal.of(model, example_inputs)
    counts = kept_counts(removal.groups, amount, regular)
    given = calibration_of(calibration, removal.model, positions, seed)
    for index in removal.in_reading_order(list(counts)):
        group, kept = removal.groups[index], counts[index]
        if kept == len(group.units):
            continue
        measured = removal.measure(group.readers, given) if given is not None else None
        found = removal.products(index, measured) if measured is not None else None
        norms = norms_of(removal.structure.units, group, removal.before, method)
        removal.take(index, chosen(method, group, kept, found, norms, seed + index), measured if reconstruct else None)
    if given is not None and reconstruct:
        removal.settle(given)
    return removal.finish()


def calibration_of(calibration: object, model: nn.Module, positions: int, seed: int) -> Calibration | None:
    """Return calibration inputs where the model is, None where none are given."""
    return None if calibration is None else Calibration(tensors_of(calibration, model), positions, seed)
