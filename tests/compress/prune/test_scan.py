"""The sensitivity scan: scores of single weights, what it recommends, and a model that is left alone."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from edgeq.compress import Rule, prune, sensitivity
from edgeq.errors import InputError


def model() -> nn.ModuleDict:
    """Return two layers of ten weights 1..10 each."""
    layers = nn.ModuleDict({name: nn.Linear(10, 1, bias=False) for name in ("a", "b")})
    with torch.no_grad():
        for layer in layers.values():
            layer.weight.copy_(torch.arange(1.0, 11.0).reshape(1, 10))
    return layers


def score(layers: nn.Module) -> float:
    """Return 100 less 1 for each zero of a, less 10 for each of b."""
    return 100 - int((layers["a"].weight == 0).sum()) - 10 * int((layers["b"].weight == 0).sum())


def test_scores_and_recommended_rules() -> None:
    layers = model()
    found = sensitivity(layers, score, [0.1, 0.2, 0.5])
    assert found.baseline == 100
    assert found.scores == {"a.weight": (99, 98, 95), "b.weight": (90, 80, 50)}
    assert found.recommend(2) == (Rule("a.weight", sparsity=0.2),)
    assert found.recommend(20) == (Rule("a.weight", sparsity=0.5), Rule("b.weight", sparsity=0.2))
    assert found.recommend(0) == ()
    assert str(found).splitlines()[1].split() == ["a.weight", "100", "99", "98", "95"]
    prune(layers, found.recommend(20))
    assert score(layers) == 75


def test_a_level_behind_a_bad_one_is_not_recommended() -> None:
    answers = iter([90.0, 89.5, 80.0, 89.9, 89.0, math.nan, 90.0])
    found = sensitivity(model(), lambda _: next(answers), [0.2, 0.5, 0.9])
    assert found.recommend(1) == (Rule("a.weight", sparsity=0.2), Rule("b.weight", sparsity=0.2))


def test_progress_and_choices_reach_the_pruning() -> None:
    seen = []
    found = sensitivity(model(), lambda m: m["b"].weight[0, 9].detach(), [0.1, 0.2], pattern="b.*",
                        importance=lambda w: -w, progress=lambda *each: seen.append(each))
    assert seen == [(0, 2, "b.weight", 0.1), (1, 2, "b.weight", 0.2)]
    assert found.scores == {"b.weight": (0.0, 0.0)}


def test_the_model_is_left_as_it_was_when_the_evaluation_fails() -> None:
    layers, calls = model(), []

    def fails(m: nn.Module) -> float:
        calls.append(int((m["a"].weight == 0).sum()))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(KeyboardInterrupt):
        sensitivity(layers, fails, [0.1, 0.2])
    assert calls == [0, 1, 2]
    assert score(layers) == 100


@pytest.mark.parametrize(
    ("evaluate", "levels", "pattern", "message"),
    [
        (lambda m: None, [0.5], "*", "evaluate gives None for the model as it is, expected a number"),
        (lambda m: math.nan, [0.5], "*", "evaluate gives nan for the model as it is"),
        (score, [0.5, 0.4], "*", r"stages\[1\] is 0.4, less than 0.5"),
        (score, [], "*", r"stages is \(\), expected a list"),
        (score, [0.5], "conv*", "rule 'conv.*' matches no weight; the weights are a.weight, b.weight"),
    ],
)
def test_mistakes_are_named(evaluate, levels: list, pattern: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        sensitivity(model(), evaluate, levels, pattern=pattern)
    with pytest.raises(InputError, match="drop is -1, expected a number from 0 on"):
        sensitivity(model(), score, [0.5]).recommend(-1)
