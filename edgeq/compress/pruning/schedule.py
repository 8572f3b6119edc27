"""Prune in stages, in the user's own training loop."""

from __future__ import annotations

import torch

from edgeq.compress.pruning.keeper import MaskKeeper
from edgeq.compress.pruning.masks import find_masks
from edgeq.compress.pruning.rules import Rules, make_rules
from edgeq.compress.pruning.weights import find_weights, match
from edgeq.errors import InputError, shown


class Schedule:
    """Prune a model to each epoch's stage; what is pruned stays pruned.

    ``rules`` as in `prune`; a rule with ``sparsity`` prunes in the first epoch. ``keeper`` holds the masks: attach it
    to the optimizers. To resume, load the model, then ``schedule.keeper.load_state_dict``.

    ::

        schedule = Schedule(model, {"pattern": "*.weight", "stages": [0.5, 0.8, 0.9]})
        schedule.keeper.attach(optimizer)
        for epoch in range(10):
            schedule.begin(epoch)
            ...                             # train an epoch

    Raises InputError where a rule is wrong or matches nothing, before any training.
    """

    def __init__(self, model: torch.nn.Module, rules: Rules, keeper: MaskKeeper | None = None) -> None:
        self.model = model
        self.rules = make_rules(rules)
        match(find_weights(model), self.rules)
        self.keeper = MaskKeeper(model) if keeper is None else keeper

    def begin(self, epoch: int) -> None:
        """Prune to the stage of an epoch, counted from 0; a second call for one epoch changes nothing."""
        if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 0:
            raise InputError(f"begin: epoch is {shown(epoch)}, expected an integer from 0 on")
        self.keeper.update(find_masks(find_weights(self.model), self.rules, epoch))
