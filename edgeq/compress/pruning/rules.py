"""Hold what is to be pruned: rules, written in Python or read from YAML.

The file is a list, or a mapping with the list under ``rules``::

    rules:
      - {pattern: "conv*.weight", granularity: filter, sparsity: 0.5}
      - {pattern: "fc?.weight", stages: [0.5, 0.8, 0.9], importance: l2}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeq.compress.rules import check_choice, check_integer, check_pattern, read_rules, rules_of
from edgeq.errors import InputError, shown

if TYPE_CHECKING:
    from torch import Tensor

GRANULARITIES = ("element", "kernel", "filter", "channel")
IMPORTANCES = ("l1", "l2", "random")
SCOPES = ("local", "global")


@dataclass(frozen=True)
class Rule:
    """Prune a fraction of the units of each weight whose qualified name matches ``pattern``, a glob.

    ``granularity``: what a unit is. ``element``: one number; ``kernel``: the numbers from one input channel to one
    output channel of a convolution; ``filter``: all numbers of one output channel; ``channel``: all that one input
    channel is multiplied with. ``sparsity``: the fraction to prune, 0..1; ``stages``: one fraction per epoch in its
    place, the last of which stays. Of n units ``round(fraction * n)`` are pruned, half to even.

    ``importance``: ``l1``, ``l2``, ``random`` (drawn from ``seed`` and the weight's name), or a function from the
    parameter to a score for each of its numbers, summed over a unit; the lowest go first. ``scope``: ``local`` ranks
    the units of each weight, ``global`` those of all weights that the rule holds for, by the mean score of a unit.

    A glob matches weights of two or more dimensions only; a vector (bias, batch norm) has to be named in full.

    >>> Rule("conv*.weight", sparsity=90)
    Traceback (most recent call last):
    edgeq.errors.InputError: rule 'conv*.weight': sparsity is 90, expected a fraction 0..1; write 0.9 for 90 percent
    """

    pattern: str
    granularity: str = "element"
    sparsity: float | None = None
    stages: tuple[float, ...] | None = None
    importance: str | Callable[[Tensor], Tensor] = "l1"
    scope: str = "local"
    seed: int = 0

    def __post_init__(self) -> None:
        where = check_pattern(self.pattern)
        check_choice(where, "granularity", self.granularity, GRANULARITIES)
        check_choice(where, "scope", self.scope, SCOPES)
        if not callable(self.importance):
            check_choice(where, "importance", self.importance, IMPORTANCES, " or a function")
        check_integer(where, "seed", self.seed)
        if (self.sparsity is None) == (self.stages is None):
            raise InputError(f"{where}: give either sparsity or stages")
        if self.sparsity is not None:
            _check_fraction(where, "sparsity", self.sparsity)
        else:
            self._check_stages(where)

    def _check_stages(self, where: str) -> None:
        stages: object = self.stages
        if not isinstance(stages, Sequence) or isinstance(stages, str) or not stages:
            raise InputError(f"{where}: stages is {shown(stages)}, expected a list with a fraction for each epoch")
        for k, value in enumerate(stages):
            _check_fraction(where, f"stages[{k}]", value)
            if k and value < stages[k - 1]:
                raise InputError(f"{where}: stages[{k}] is {value}, less than {stages[k - 1]} before it; "
                                 "what is pruned stays pruned")
        object.__setattr__(self, "stages", tuple(stages))

    def fraction(self, epoch: int | None = None) -> float:
        """Return the fraction that is pruned in an epoch, counted from 0; None: the last."""
        if self.sparsity is not None:
            return self.sparsity
        assert self.stages is not None
        return self.stages[-1 if epoch is None else min(epoch, len(self.stages) - 1)]


def _check_fraction(where: str, what: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value) or not 0 <= value <= 1:
        percent = isinstance(value, int | float) and not isinstance(value, bool) and 1 < value <= 100
        advice = f"; write {value / 100:g} for {value:g} percent" if percent else ""  # type: ignore[operator]
        raise InputError(f"{where}: {what} is {shown(value)}, expected a fraction 0..1{advice}")


Rules = Rule | Mapping[str, Any] | Sequence[Rule | Mapping[str, Any]]
"""What functions that prune accept: a rule, its fields as a mapping, or several of both."""
_NEEDED = "pattern and sparsity"


def make_rules(rules: Rules) -> tuple[Rule, ...]:
    """Return the rules as `Rule`; raises InputError for none, and for a field that is unknown or wrong."""
    return rules_of(Rule, rules, _NEEDED)


def load_rules(path: str | Path) -> tuple[Rule, ...]:
    """Read a YAML file of rules; raises InputError naming file and fault."""
    return read_rules(Rule, path, _NEEDED)
