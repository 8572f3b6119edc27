"""Prune a model once, and show what is left of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from edgeq.compress.costs import Report, compared, count_uses, make_report
from edgeq.compress.pruning.masks import apply_masks, find_masks
from edgeq.compress.pruning.rules import Rules, make_rules
from edgeq.compress.pruning.weights import bake, find_weights


@dataclass(frozen=True)
class Pruned:
    """What pruning did: name to mask, true where a number is kept, and the counts before and after."""

    masks: dict[str, torch.Tensor]
    before: Report
    after: Report

    def __str__(self) -> str:
        return compared(self.before, self.after)


def prune(model: torch.nn.Module, rules: Rules, example_inputs: Any = None) -> Pruned:
    """Set the least important units of a model's weights to zero, in place; see `Rule` for what rules say.

    Of rules with stages the last stage holds; `Schedule` goes through them. Masks of ``torch.nn.utils.prune`` are
    made permanent first, and count as pruned. Types and devices stay. ``example_inputs``: one tensor or a tuple,
    N first; with them the counts tell multiply-accumulates.

    Raises InputError for a wrong rule, one that matches nothing, and weights that are not finite; the weights are
    as they were then.

    >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2))
    >>> with torch.no_grad():
    ...     _ = model[0].weight.copy_(torch.tensor([[4.0, -1.0], [2.0, 3.0]]))
    >>> print(prune(model, {"pattern": "*.weight", "sparsity": 0.5}, torch.ones(1, 2)))
    weight    shape  parameters  left before  left after  sparsity  MACs  MACs left
    0.weight  2x2             4            4           2       0.5     4          2
    total                     4            4           2       0.5     4          2
    >>> model[0].weight.tolist()
    [[4.0, 0.0], [0.0, 3.0]]
    """
    made = make_rules(rules)
    masks = find_masks(find_weights(model), made)
    uses = None if example_inputs is None else count_uses(model, example_inputs)
    before = make_report(model, uses)
    bake(model)
    apply_masks(find_weights(model), masks)
    return Pruned(masks, before, make_report(model, uses))
