"""Slim a network by the factors of its batch norms.

Source: Liu et al., Learning Efficient Convolutional Networks through Network Slimming (2017).
"""

from __future__ import annotations

import math

import torch
from torch import nn

from edgeq.compress.structured.channels import calibration_of
from edgeq.compress.structured.choose import largest
from edgeq.compress.structured.counts import check_regular, kept_count
from edgeq.compress.structured.removal import Removal
from edgeq.compress.structured.report import Pruned
from edgeq.errors import InputError


def add_slimming_gradient(model: nn.Module, s: float) -> None:
    """Add s * sign(gamma) to the gradient of each batch norm's gamma, which drives unneeded ones to 0.

    Call it between ``loss.backward()`` and ``optimizer.step()`` (with a gradient scaler, after ``unscale_``). Raises
    :class:`InputError` where no batch norm has a gradient.

    >>> norm = nn.BatchNorm1d(2)
    >>> norm.weight.grad, norm.weight.data[1] = torch.zeros(2), -1
    >>> add_slimming_gradient(norm, 0.5)
    >>> norm.weight.grad.tolist()
    [0.5, -0.5]
    """
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.weight is not None]
    gammas = {id(m.weight): m.weight for m in norms if m.weight.grad is not None}
    if not gammas:
        raise InputError("no batch norm has a gradient of gamma; call add_slimming_gradient after loss.backward()")
    for gamma in gammas.values():
        if gamma.grad is not None:
            gamma.grad.add_(torch.sign(gamma.detach()), alpha=s)


def slim(
    model: nn.Module, example_inputs: object, amount: float, *, regular: int = 1, calibration: object = None,
    positions: int = 16, seed: int = 0,
) -> Pruned:
    """Return a smaller copy of a model without the channels of the smallest |gamma|, and a report.

    ``amount``: the fraction of all channels with a gamma that is below the one threshold of the whole network. Where
    several batch norms scale the same channel, the largest |gamma| counts. Kept counts are multiples of ``regular``
    and of the group counts of neighbouring convolutions; no layer becomes empty. With ``calibration`` inputs the next
    layers are refitted by least squares.

    Raises :class:`InputError` for an amount outside [0, 1) or a model without such channels.
    """
    if isinstance(amount, bool) or not 0 <= amount < 1:
        raise InputError(f"amount must be in [0, 1), got {amount!r}")
    check_regular(regular)
    removal = Removal.of(model, example_inputs)
    given = calibration_of(calibration, removal.model, positions, seed)
    scores = _scores(removal)
    ordered = sorted((score, index, position) for index, found in scores.items() for position, score in enumerate(found)
                     if math.isfinite(score))
    below = [index for _, index, _ in ordered[: round(amount * len(ordered))]]
    for index in removal.in_reading_order(list(scores)):
        group, count = removal.groups[index], len(scores[index])
        kept = kept_count(count, below.count(index), group.base, regular)
        if kept == count:
            continue
        measured = removal.measure(group.readers, given) if given is not None else None
        removal.take(index, largest(scores[index], group.runs(), kept // group.base), measured)
    if given is not None:
        removal.settle(given)
    return removal.finish()


def _scores(removal: Removal) -> dict[int, list[float]]:
    """Return |gamma| of each channel by group; infinite for a channel that no gamma scales."""
    units = removal.structure.units
    sizes: dict[int, float] = {}
    for gamma, labels in removal.structure.norms:
        values = removal.before[gamma].abs().double().tolist()
        for unit, value in zip(units.roots(labels), values, strict=True):
            sizes[unit] = max(value, sizes.get(unit, 0.0))
    scores = {}
    for index, group in enumerate(removal.groups):
        if group.reason is None and not any(unit in sizes for unit in group.units):
            removal.reasons[index] = "no batch norm scales them"
        elif group.reason is None:
            scores[index] = [sizes.get(unit, math.inf) for unit in group.units]
    if not scores:
        why = "; ".join(f"'{removal.groups[i].name}': {reason}" for i, reason in sorted(removal.reasons.items()))
        raise InputError(f"model: no channels with a batch norm can be removed; {why}")
    return scores
