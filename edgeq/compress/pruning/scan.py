"""Measure what each weight loses when it alone is pruned, and recommend rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import torch

from edgeq.compress.pruning.masks import apply_masks, find_masks
from edgeq.compress.pruning.rules import Rule
from edgeq.compress.pruning.weights import Weight, find_weights, match
from edgeq.errors import InputError, shown
from edgeq.table import table

LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Sensitivity:
    """What a scan measured: ``scores[name]`` is what the model reaches at each level with that weight alone pruned."""

    baseline: float
    levels: tuple[float, ...]
    scores: dict[str, tuple[float, ...]]
    rule: Rule

    def recommend(self, drop: float) -> tuple[Rule, ...]:
        """Return a rule for each weight: the highest level up to which no level loses more than ``drop``.

        A weight without such a level has no rule. The losses of weights that are pruned together add up or worse:
        measure the result, and fine-tune.
        """
        if not drop >= 0:
            raise InputError(f"recommend: drop is {drop}, expected a number from 0 on, in the unit of the scores")
        chosen = {name: self._highest(scores, drop) for name, scores in self.scores.items()}
        return tuple(_with(self.rule, name, level) for name, level in chosen.items() if level > 0)

    def _highest(self, scores: tuple[float, ...], drop: float) -> float:
        highest = 0.0
        for level, score in zip(self.levels, scores, strict=True):
            if not self.baseline - score <= drop:  # a score that is no number fails too
                break
            highest = level
        return highest

    def __str__(self) -> str:
        head = ["weight", "0", *(f"{level:g}" for level in self.levels)]
        return table(head, [[name, self.baseline, *scores] for name, scores in self.scores.items()])


def _with(rule: Rule, name: str, level: float) -> Rule:
    """Return the rule for one weight; its name is a glob that matches itself alone."""
    pattern = "".join(f"[{c}]" if c in "*?[" else c for c in name)
    return Rule(pattern, rule.granularity, level, importance=rule.importance, seed=rule.seed)


def sensitivity(
    model: torch.nn.Module,
    evaluate: Callable[[torch.nn.Module], float],
    levels: Sequence[float] = LEVELS,
    *,
    pattern: str = "*.weight",
    granularity: str = "element",
    importance: str | Callable[[torch.Tensor], torch.Tensor] = "l1",
    seed: int = 0,
    progress: Callable[[int, int, str, float], Any] | None = None,
) -> Sensitivity:
    """Prune one weight at a time to each level, and score the model with ``evaluate``; higher is better.

    Every weight that ``pattern`` matches is measured; fields as in `Rule`. ``progress`` is called before each
    evaluation with its number from 0, their count, the weight and the level. The model is left as it was, also when
    ``evaluate`` fails or the scan is stopped.

    Raises InputError for levels that are no rising fractions, a pattern that matches nothing, and an evaluation that
    gives no number.
    """
    rule = Rule(pattern, granularity, stages=tuple(levels), importance=importance, seed=seed)
    (_, weights), *_ = match(find_weights(model), (rule,))
    baseline = _score(evaluate, model, "the model as it is")
    if math.isnan(baseline):
        raise InputError("sensitivity: evaluate gives nan for the model as it is")
    scores: dict[str, tuple[float, ...]] = {}
    for weight in weights:
        measured = []
        for k, level in enumerate(levels):
            if progress is not None:
                progress(len(scores) * len(levels) + k, len(weights) * len(levels), weight.name, level)
            measured.append(_measure(model, weight, _with(rule, weight.name, level), evaluate))
        scores[weight.name] = tuple(measured)
    return Sensitivity(baseline, tuple(levels), scores, rule)


def _measure(
    model: torch.nn.Module, weight: Weight, rule: Rule, evaluate: Callable[[torch.nn.Module], float]
) -> float:
    saved = weight.parameter.detach().clone()
    try:
        apply_masks((weight,), find_masks((weight,), (rule,)))
        return _score(evaluate, model, f"'{weight.name}' at sparsity {rule.sparsity}")
    finally:
        with torch.no_grad():
            weight.parameter.copy_(saved)


def _score(evaluate: Callable[[torch.nn.Module], float], model: torch.nn.Module, where: str) -> float:
    score: object = evaluate(model)
    if isinstance(score, torch.Tensor) and score.numel() == 1:
        score = score.item()
    if isinstance(score, bool) or not isinstance(score, Real):
        raise InputError(f"sensitivity: evaluate gives {shown(score)} for {where}, expected a number")
    return float(score)
