"""Prune a model, fine-tune it with its zeros kept, and count before and after: what ``edgeq prune`` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from edgeq.compress.costs import Report, count_uses, make_report
from edgeq.compress.pruning.prune import prune
from edgeq.compress.pruning.rules import Rule
from edgeq.compress.pruning.schedule import Schedule
from edgeq.compress.pruning.weights import bake
from edgeq.compress.training import Examples, Recipe, check_fit, count_correct, train
from edgeq.errors import InputError


@dataclass(frozen=True)
class Outcome:
    """The counts before and after, and of validation examples how many were given their label then."""

    before: Report
    after: Report
    right_before: int | None
    right_after: int | None


def check_stages(rules: tuple[Rule, ...], epochs: int) -> None:
    """Raise InputError for a rule whose last stage training would not reach."""
    for rule in rules:
        if rule.stages is not None and len(rule.stages) > epochs:
            raise InputError(f"rule '{rule.pattern}' has {len(rule.stages)} stages, one for each epoch; "
                             f"--epochs is {epochs}: the last stage would not be reached")


def run(
    model: torch.nn.Module,
    rules: tuple[Rule, ...],
    recipe: Recipe,
    examples: Examples | None = None,
    validation: Examples | None = None,
    example_inputs: Any = None,
    done: Callable[[int, float, int | None], Any] | None = None,
) -> Outcome:
    """Prune a model in place; with ``examples`` stage by stage and fine-tuned, else to the last stage at once.

    ``done`` is called after each epoch with its number, its loss, and how many validation examples are right then.
    Raises InputError for what does not fit.
    """
    def told(epoch: int, loss: float) -> None:
        if done is not None:
            done(epoch, loss, _right(model, validation))

    bake(model)
    for each in (examples, validation):
        if each is not None:
            check_fit(model, each)
    given = examples or validation
    inputs = example_inputs if given is None else given.x[:1]
    uses = None if inputs is None else count_uses(model, inputs)
    before, right = make_report(model, uses), _right(model, validation)
    if examples is None:
        prune(model, rules)
    else:
        check_stages(rules, recipe.epochs)
        schedule = Schedule(model, rules)
        train(model, examples, recipe, made=schedule.keeper.attach, begin=schedule.begin, done=told)
    return Outcome(before, make_report(model, uses), right, _right(model, validation))


def _right(model: torch.nn.Module, validation: Examples | None) -> int | None:
    return None if validation is None else count_correct(model, validation)
