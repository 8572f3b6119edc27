"""Rank the units of weights and choose exactly as many as a rule asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch

from edgeq.compress.pruning.rules import Rule
from edgeq.compress.pruning.weights import Weight, match
from edgeq.errors import InputError, shown

_UNIT_DIMS = {"element": (), "kernel": (3,), "filter": (2, 3), "channel": (1, 3)}
"""The axes of (groups, outputs, inputs, kernel) that make one unit."""


def find_masks(
    weights: tuple[Weight, ...], rules: tuple[Rule, ...], epoch: int | None = None
) -> dict[str, torch.Tensor]:
    """Return name to mask, true where a number is kept, for every weight that a rule holds for.

    Units that are all zero already go first, whatever their score, so that a higher sparsity only adds to a lower one
    and the fraction is that of the whole weight. Ties go to the unit that comes first, of weights in order of name.
    """
    masks = {}
    for rule, chosen in match(weights, rules):
        for several in [chosen] if rule.scope == "global" else [(weight,) for weight in chosen]:
            masks.update(_choose(sorted(several, key=lambda w: w.name), rule, rule.fraction(epoch)))
    return {w.name: masks[w.name] for w in weights if w.name in masks}


def _choose(weights: list[Weight], rule: Rule, fraction: float) -> dict[str, torch.Tensor]:
    """Return the masks of weights whose units are ranked together."""
    scores = [_scores(weight, rule) for weight in weights]
    ranked = torch.cat([s.flatten() for s in scores])
    kept = torch.ones(len(ranked), dtype=torch.bool)
    kept[torch.sort(ranked, stable=True).indices[: round(fraction * len(ranked))]] = False
    parts = torch.split(kept, [s.numel() for s in scores])
    return {w.name: _spread(w, part.reshape(s.shape)) for w, part, s in zip(weights, parts, scores, strict=True)}


def _spread(weight: Weight, units: torch.Tensor) -> torch.Tensor:
    """Return a mask of the weight's shape and device from one decision per unit."""
    shape = weight.by_channels(weight.parameter).shape
    return weight.from_channels(units.expand(shape)).to(weight.parameter.device)


def _scores(weight: Weight, rule: Rule) -> torch.Tensor:
    """Return the score of each unit, float64, with the summed axes kept; minus infinity for a unit of zeros."""
    values = weight.values().cpu().double()
    if not values.isfinite().all():
        raise InputError(f"'{weight.name}' holds numbers that are not finite; it cannot be ranked")
    dims = _UNIT_DIMS[rule.granularity]
    zero = _over((weight.by_channels(values) != 0).double(), dims) == 0
    if rule.importance == "random":
        scores = _random(rule.seed, weight.name, zero.shape)
    else:
        scores = _over(weight.by_channels(_importance(weight, rule, values)), dims)
        if rule.scope == "global":
            scores = scores / (values.numel() // scores.numel())
    return scores.masked_fill(zero, -torch.inf)


def _over(tensor: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
    return tensor.sum(dims, keepdim=True) if dims else tensor


def _importance(weight: Weight, rule: Rule, values: torch.Tensor) -> torch.Tensor:
    """Return the score of each number."""
    if rule.importance == "l1" or (rule.importance == "l2" and rule.granularity == "element"):
        return values.abs()
    if rule.importance == "l2":
        return values.square()
    assert callable(rule.importance)
    return given_importance(weight, rule.pattern, rule.importance)


def given_importance(
    weight: Weight, pattern: str, function: Callable[[torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Return what a user's function gives for each number of a weight, float64 on the CPU.

    Raises InputError where that has another shape or is not finite.
    """
    with torch.no_grad():
        given: object = function(weight.parameter)
    shape = list(weight.parameter.shape)
    where = f"rule '{pattern}': importance of '{weight.name}'"
    if not isinstance(given, torch.Tensor) or list(given.shape) != shape:
        got = list(given.shape) if isinstance(given, torch.Tensor) else shown(given)
        raise InputError(f"{where} is {got}, expected a tensor of the weight's shape {shape}")
    scores = given.detach().cpu().double()
    if not scores.isfinite().all():
        raise InputError(f"{where} holds numbers that are not finite")
    return scores


def _random(seed: int, name: str, shape: torch.Size) -> torch.Tensor:
    """Return scores that depend on seed and name alone, not on the order of layers nor on torch's generator."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    return torch.rand(shape, generator=generator, dtype=torch.float64)


@torch.no_grad()
def apply_masks(weights: tuple[Weight, ...], masks: dict[str, torch.Tensor]) -> None:
    """Set to zero what masks do not keep, whatever it held."""
    for weight in weights:
        if weight.name in masks:
            weight.parameter.masked_fill_(~masks[weight.name].to(weight.parameter.device), 0)
