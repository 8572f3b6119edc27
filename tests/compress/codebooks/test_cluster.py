"""Clustering a model: what its weights become, what the counts say, and each refusal in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

from edgeq.compress import ClusterRule, cluster, load_cluster_rules, prune
from edgeq.errors import InputError
from tests.compress.codebooks.test_tables import PAPER


def small() -> nn.Module:
    """Return a convolution, a batch norm and a linear layer."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3))


def holding(values: object, module: nn.Module | None = None) -> nn.Module:
    """Return a linear layer, or the given module, with these weights."""
    tensor = torch.as_tensor(values, dtype=torch.float32)
    model = nn.Linear(tensor.shape[1], tensor.shape[0]) if module is None else module
    with torch.no_grad():
        model.weight.copy_(tensor)
    return model


def test_the_papers_figure_and_its_rate() -> None:
    model = holding(PAPER.reshape(4, 4))
    found = cluster(model, {"pattern": "weight", "bits": 2, "fix_zeros": False})["weight"]
    np.testing.assert_allclose(found.centroids, [-1.0, 0.0, 1.5, 2.0], atol=1e-7)
    assert found.indices.tolist() == [[3, 0, 2, 1], [1, 1, 0, 3], [0, 3, 1, 0], [3, 1, 2, 2]]
    assert torch.equal(model.weight, found.centroids[found.indices])
    # section 3: 16 weights of 32 bits become 16 indices of 2 bits and 4 centroids of 32 bits, a rate of 3.2
    assert (found.index_bits, found.table_bits, found.bits, found.rate) == (32, 128, 160, 3.2)
    # 4, 5, 3 and 4 weights: 2 * 4/16 * log2(4) + 5/16 * log2(16/5) + 3/16 * log2(16/3) bits each
    assert found.entropy_bits == pytest.approx(16 + 5 * 1.6780719 + 3 * 2.4150375, abs=1e-5)


def test_pruned_zeros_stay_and_the_table_has_one() -> None:
    model = small()
    prune(model, {"pattern": "*.weight", "sparsity": 0.6})
    zeros = [model[k].weight == 0 for k in (0, 3)]
    found = cluster(model, {"pattern": "*.weight", "bits": 3})
    for k, zero in zip((0, 3), zeros, strict=True):
        assert bool((model[k].weight[zero] == 0).all())
        assert len(model[k].weight.unique()) == 8
        assert found[f"{k}.weight"].centroids.tolist().count(0.0) == 1


def test_a_table_per_channel() -> None:
    model = holding([[1.0, 1.0, 3.0, 3.0], [5.0, 6.0, 8.0, 9.0]])
    found = cluster(model, ClusterRule("weight", values=3, per="channel", fix_zeros=False, init="linear"))["weight"]
    assert found.centroids.tolist() == [[1, 3, 3], [5.5, 8, 9]]
    assert found.sizes == (2, 3)
    assert found.indices.tolist() == [[0, 0, 1, 1], [0, 0, 1, 2]]
    assert model.weight.tolist() == [[1, 1, 3, 3], [5.5, 5.5, 8, 9]]
    assert (found.index_bits, found.table_bits, found.squared_error) == (4 * 1 + 4 * 2, 5 * 32, 0.0625)


def test_output_channels_of_transposed_and_grouped_convolutions() -> None:
    values = torch.arange(8.0).reshape(2, 4, 1, 1)  # inputs, outputs: channel o holds o and o + 4
    model = holding(values, nn.ConvTranspose2d(2, 4, 1))
    found = cluster(model, {"pattern": "weight", "bits": 1, "per": "channel", "fix_zeros": False})["weight"]
    assert found.centroids.tolist() == [[0, 4], [1, 5], [2, 6], [3, 7]]
    assert torch.equal(model.weight, values)
    grouped = holding(values.reshape(4, 2, 1, 1), nn.Conv2d(4, 4, 1, groups=2))
    found = cluster(grouped, {"pattern": "weight", "bits": 1, "per": "channel", "fix_zeros": False})["weight"]
    assert found.centroids.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_degenerate_tensors() -> None:
    for value, fix_zeros, table in [(0.3, False, [0.3]), (0.3, True, [0.0, 0.3]), (0.0, True, [0.0])]:
        model = holding(torch.full((2, 3), value))
        found = cluster(model, {"pattern": "weight", "bits": 4, "fix_zeros": fix_zeros})["weight"]
        assert found.centroids.tolist() == pytest.approx(table, abs=1e-7)
        assert (model.weight == torch.tensor(value)).all()
        assert (found.squared_error, found.entropy_bits) == (0.0, 0.0)
    assert found.index_bits == 0


def test_fixed_point_and_linear() -> None:
    model = holding([[-2.0, -0.3, 0.3, 2.0]])
    found = cluster(model, {"pattern": "weight", "bits": 4, "method": "fixed_point"})["weight"]
    assert model.weight.tolist() == [[-1.0, -0.375, 0.25, 0.875]]
    assert (found.index_bits, found.table_bits) == (16, 0)
    model = holding([[-1.0, 0.0, 0.9, 2.0]])
    found = cluster(model, {"pattern": "weight", "values": 5, "method": "linear"})["weight"]
    assert model.weight.tolist() == [[-1.0, 0.0, 1.0, 2.0]]
    assert (found.index_bits, found.table_bits) == (8, 64)


def test_importance_moves_the_centroids() -> None:
    model = holding([[0.0, 1.0, 8.0, 9.0]])
    rule = ClusterRule("weight", bits=1, fix_zeros=False, importance=lambda p: torch.tensor([[3.0, 1.0, 1.0, 0.0]]))
    assert cluster(model, rule)["weight"].centroids.tolist() == [0.25, 8.0]
    assert model.weight.tolist() == [[0.25, 0.25, 8.0, 8.0]]


def test_types_masks_and_tied_weights() -> None:
    model = small().bfloat16()
    torch_prune.l1_unstructured(model[3], "weight", 0.5)
    parameter = model[3].weight_orig
    cluster(model, {"pattern": "3.weight", "bits": 2})
    assert model[3].weight is parameter
    assert parameter.dtype == torch.bfloat16
    assert int((parameter == 0).sum()) >= 24
    assert len(parameter.unique()) == 4
    tied = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    tied[1].weight = tied[0].weight
    assert [each.name for each in cluster(tied, {"pattern": "1.weight", "bits": 1})] == ["0.weight"]


def test_the_result_does_not_depend_on_the_other_layers() -> None:
    first, second = small(), small()
    cluster(first, {"pattern": "*.weight", "bits": 3})
    cluster(second, {"pattern": "3.weight", "bits": 3})
    assert torch.equal(first[3].weight, second[3].weight)


def test_the_printed_table_and_plain_data() -> None:
    found = cluster(holding([[0.0, 1.0, 0.0, 0.0]]), {"pattern": "weight", "bits": 2})
    assert str(found).splitlines() == [
        "weight  shape  parameters  values  index bits  table bits  entropy  RMS error",
        "weight  1x4             4       2           4          64    0.811          0",
        "total                   4       -           4          64        -          -",
    ]
    assert found.as_dict()["weight"]["shape"] == [1, 4]
    assert found.bits == 68


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(bad: float) -> None:
    model = holding([[1.0, bad, 2.0]])
    with pytest.raises(InputError, match="'weight' holds numbers that are not finite; it cannot be clustered"):
        cluster(model, {"pattern": "weight", "bits": 2})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pattern": "", "bits": 4}, "pattern is '', expected a glob"),
        ({"pattern": "a"}, "rule 'a': give either bits or values"),
        ({"pattern": "a", "bits": 4, "values": 16}, "give either bits or values"),
        ({"pattern": "a", "bits": 17}, "bits is 17, expected an integer 1..16"),
        ({"pattern": "a", "bits": True}, "bits is True, expected an integer 1..16"),
        ({"pattern": "a", "bits": 4.0}, "bits is 4.0, expected an integer 1..16"),
        ({"pattern": "a", "values": 1}, "values is 1, expected an integer 2..65536"),
        ({"pattern": "a", "bits": 4, "method": "median"}, "method is 'median', expected kmeans, linear, fixed_point"),
        ({"pattern": "a", "bits": 4, "init": "uniform"}, r"init is 'uniform', expected kmeans\+\+, random, linear"),
        ({"pattern": "a", "bits": 4, "per": "kernel"}, "per is 'kernel', expected tensor, channel"),
        ({"pattern": "a", "bits": 4, "seed": 1.5}, "seed is 1.5, expected an integer"),
        ({"pattern": "a", "bits": 4, "fix_zeros": 1}, "fix_zeros is 1, expected true or false"),
        ({"pattern": "a", "bits": 4, "rounding": "up"}, "rounding is 'up', expected floor, to_zero"),
        ({"pattern": "a", "bits": 4, "integer_bits": "3"}, "integer_bits is '3', expected an integer"),
        ({"pattern": "a", "bits": 4, "importance": "l1"}, "importance is 'l1', expected a function"),
        ({"pattern": "a", "values": 9, "method": "fixed_point"}, "fixed_point has bits, not values; write bits: 4"),
    ],
)
def test_a_wrong_field_is_named(fields: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ClusterRule(**fields)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([], "expected a list of rules with pattern and bits"),
        ({"pattern": "*", "bit": 4}, r"rules\[0\]: unknown field 'bit'; the fields are pattern, bits, values"),
        ({"pattern": "conv*", "bits": 4}, r"^rule 'conv\*' matches no weight; the weights are 0.weight, 3.weight$"),
        ({"pattern": "*.bias", "bits": 4}, r"rule '\*.bias' matches vectors alone \(0.bias, 1.bias, 3.bias\)"),
        ([{"pattern": "3.weight", "bits": 4}, {"pattern": "*", "bits": 2}], "later rules hold for all"),
        (ClusterRule("*", 4, importance=lambda p: torch.ones(3)), r"is \[3\], expected a tensor of the weight's shape"),
        (ClusterRule("*", 4, importance=lambda p: -p.abs()), "holds -0.2.*, expected numbers from 0 on"),
    ],
)
def test_rules_that_do_not_fit_change_nothing(rules, message: str) -> None:
    model = small()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(InputError, match=message):
        cluster(model, rules)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_rules_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n  - {pattern: '*.weight', bits: 4}\n  - {pattern: 3.weight, values: 12, init: linear}\n")
    rules = load_cluster_rules(path)
    assert [(rule.pattern, rule.count, rule.init) for rule in rules] == [
        ("*.weight", 16, "kmeans++"), ("3.weight", 12, "linear")]
    path.write_text("- {pattern: '*.weight', bits: 40}\n")
    with pytest.raises(InputError, match=r"rules.yaml: rule '\*.weight': bits is 40, expected an integer 1..16"):
        load_cluster_rules(path)
