"""Rules: what they may say, what they match, and each refusal in words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from edgeq.compress import Rule, load_rules, prune
from edgeq.errors import InputError


def small() -> nn.Module:
    """Return a convolution, a batch norm and a linear layer."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pattern": "a", "sparsity": 1.5}, "sparsity is 1.5, expected a fraction 0..1; write 0.015 for 1.5 percent"),
        ({"pattern": "a", "sparsity": -0.1}, "sparsity is -0.1, expected a fraction 0..1"),
        ({"pattern": "a", "sparsity": float("nan")}, "sparsity is nan, expected a fraction"),
        ({"pattern": "a", "sparsity": True}, "sparsity is True, expected a fraction"),
        ({"pattern": "a", "sparsity": "0.5"}, "sparsity is '0.5', expected a fraction"),
        ({"pattern": "a"}, "give either sparsity or stages"),
        ({"pattern": "a", "sparsity": 0.5, "stages": [0.5]}, "give either sparsity or stages"),
        ({"pattern": "a", "stages": []}, "stages is \\[\\], expected a list with a fraction for each epoch"),
        ({"pattern": "a", "stages": 0.5}, "stages is 0.5, expected a list"),
        ({"pattern": "a", "stages": [0.5, 0.4]}, r"stages\[1\] is 0.4, less than 0.5 before it; what is pruned stays"),
        ({"pattern": "a", "stages": [0.5, 2]}, r"stages\[1\] is 2, expected a fraction"),
        ({"pattern": "a", "sparsity": 0.5, "granularity": "row"}, "granularity is 'row', expected element, kernel, fi"),
        ({"pattern": "a", "sparsity": 0.5, "importance": "l3"}, "importance is 'l3', expected l1, l2, random or a fu"),
        ({"pattern": "a", "sparsity": 0.5, "scope": "all"}, "scope is 'all', expected local, global"),
        ({"pattern": "a", "sparsity": 0.5, "seed": 0.5}, "seed is 0.5, expected an integer"),
        ({"pattern": "", "sparsity": 0.5}, "pattern is '', expected a glob such as"),
    ],
)
def test_a_wrong_field_is_named(fields: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Rule(**fields)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([], "expected a list of rules"),
        ("conv*.weight", "expected a list of rules"),
        ([5], r"rules\[0\] is 5, expected fields: pattern, granularity, sparsity, stages, importance, scope, seed"),
        ([{"pattern": "*", "amount": 0.5}], r"rules\[0\]: unknown field 'amount'; the fields are pattern"),
        ([{"sparsity": 0.5}], r"rules\[0\]: pattern is missing"),
    ],
)
def test_rules_that_are_none(rules, message: str) -> None:
    with pytest.raises(InputError, match=message):
        prune(small(), rules)


def test_a_rule_that_matches_nothing_lists_the_weights_and_changes_nothing() -> None:
    model = small()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    rules = [{"pattern": "*.weight", "sparsity": 0.5}, {"pattern": "convolution*", "sparsity": 0.5}]
    with pytest.raises(InputError, match=r"^rule 'convo\w+\*' matches no weight; the weights are 0.weight, 3.weight$"):
        prune(model, rules)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_glob_leaves_vectors_alone_and_a_full_name_does_not() -> None:
    model = small()
    done = prune(model, {"pattern": "*", "sparsity": 1.0})
    assert list(done.masks) == ["0.weight", "3.weight"]
    assert model[1].weight.tolist() == [1, 1, 1, 1]
    with pytest.raises(InputError, match=r"rule '\*.bias' matches vectors alone \(0.bias, 1.bias, 3.bias\); a bias"):
        prune(model, {"pattern": "*.bias", "sparsity": 0.5})
    prune(model, {"pattern": "1.weight", "sparsity": 0.5})
    assert model[1].weight.tolist() == [0, 0, 1, 1]


def test_the_later_rule_holds_and_one_that_holds_for_nothing_is_refused() -> None:
    model = small()
    done = prune(model, [{"pattern": "*.weight", "sparsity": 0.25}, {"pattern": "3.weight", "sparsity": 0.5}])
    assert [int((~mask).sum()) for mask in done.masks.values()] == [18, 24]
    rules = [{"pattern": "3.weight", "sparsity": 0.5}, {"pattern": "*.weight", "sparsity": 0.9}]
    with pytest.raises(InputError, match=r"rule '3.weight': later rules hold for all that it matches"):
        prune(model, rules)


@pytest.mark.parametrize(
    ("pattern", "granularity", "message"),
    [
        ("3.weight", "kernel", r"'3.weight' of shape \[3, 16\] has no kernels; use filter, channel or element"),
        ("1.weight", "filter", r"'1.weight' of shape \[4\] has no filters; use element"),
    ],
)
def test_units_that_a_weight_does_not_have(pattern: str, granularity: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        prune(small(), {"pattern": pattern, "granularity": granularity, "sparsity": 0.5})


def test_rules_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text('rules:\n  - {pattern: "a*", stages: [0, 0.5], importance: l2}\n  - {pattern: b, sparsity: 1}\n')
    assert load_rules(path) == (Rule("a*", stages=(0, 0.5), importance="l2"), Rule("b", sparsity=1))
    path.write_text("- {pattern: b, sparsity: 1}\n")
    assert load_rules(path) == (Rule("b", sparsity=1),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: [", "rules.yaml: not valid YAML"),
        ("layers: []", "rules.yaml: has the key 'layers', expected a list of rules under the key 'rules'"),
        ("{}", "rules.yaml: has no key, expected a list"),
        ("", "rules.yaml: rules are None, expected a list of rules"),
        ("- {pattern: a, sparsity: 90}", "rules.yaml: rule 'a': sparsity is 90, .* write 0.9 for 90 percent"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "rules.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        load_rules(tmp_path / "rules.yaml")
    with pytest.raises(InputError, match=r"none.yaml: no such file of rules"):
        load_rules(tmp_path / "none.yaml")


def test_the_fraction_of_an_epoch() -> None:
    staged = Rule("a", stages=(0.25, 0.5, 0.75))
    assert [staged.fraction(k) for k in (0, 1, 2, 9, None)] == [0.25, 0.5, 0.75, 0.75, 0.75]
    assert [Rule("a", sparsity=0.5).fraction(k) for k in (0, 5, None)] == [0.5, 0.5, 0.5]
