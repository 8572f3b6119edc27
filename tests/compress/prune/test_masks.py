"""What is pruned: literals, an oracle on fractions, and torch's own pruning."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

from edgeq.compress import prune
from edgeq.errors import InputError
from tests.oracles.pruning import pruned_numbers

LAYERS = {
    "conv2d": (lambda: nn.Conv2d(4, 6, (3, 2)), 1, False),
    "grouped": (lambda: nn.Conv2d(4, 6, 3, groups=2, bias=False), 2, False),
    "depthwise": (lambda: nn.Conv2d(6, 6, 3, groups=6), 6, False),
    "conv1d": (lambda: nn.Conv1d(3, 5, 4), 1, False),
    "conv3d": (lambda: nn.Conv3d(2, 3, 2), 1, False),
    "transposed": (lambda: nn.ConvTranspose2d(4, 6, 3), 1, True),
    "transposed grouped": (lambda: nn.ConvTranspose2d(4, 6, 3, groups=2), 2, True),
    "linear": (lambda: nn.Linear(7, 5, bias=False), 1, False),
}


def fill(weight: torch.Tensor, seed: int) -> None:
    """Fill with small integers, of which many are equal: ties everywhere, and every sum exact."""
    drawn = torch.randint(1, 4, weight.shape, generator=torch.Generator().manual_seed(seed))
    signs = torch.randint(0, 2, weight.shape, generator=torch.Generator().manual_seed(seed + 1)) * 2 - 1
    with torch.no_grad():
        weight.copy_(drawn * signs)


UNITS = ("element", "kernel", "filter", "channel")


@pytest.mark.parametrize(("layer", "granularity"), sorted({*product(LAYERS, UNITS)} - {("linear", "kernel")}))
@pytest.mark.parametrize("importance", ["l1", "l2"])
def test_every_kind_of_layer_as_the_oracle(layer: str, granularity: str, importance: str) -> None:
    make, groups, transposed = LAYERS[layer]
    for numerator in (0, 1, 2, 3, 4):
        module = make()
        fill(module.weight, numerator)
        shape = tuple(module.weight.shape)
        values = {i: module.weight[i].item() for i in product(*map(range, shape))}
        expected = pruned_numbers(values, shape, granularity, Fraction(numerator, 4), 1 + (importance == "l2"), groups,
                                  transposed)
        prune(module, {"pattern": "weight", "granularity": granularity, "sparsity": numerator / 4,
                       "importance": importance})
        left = {i: module.weight[i].item() for i in values}
        assert {i for i in values if left[i] == 0} == expected
        assert all(left[i] == values[i] for i in set(values) - expected)


def linear(rows: list[list[float]]) -> nn.Linear:
    """Return a linear layer with these weights."""
    module = nn.Linear(len(rows[0]), len(rows), bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor(rows))
    return module


@pytest.mark.parametrize(
    ("count", "fraction", "pruned"),
    [(10, 0.25, 2), (10, 0.35, 4), (10, 0.45, 4), (10, 0.55, 6), (10, 0.05, 0), (6, 0.25, 2), (7, 0.9, 6), (3, 1.0, 3),
     (3, 0.0, 0), (1000, 0.999, 999), (10, 1, 10), (10, 0, 0)],
)
def test_a_constant_tensor_is_pruned_to_the_exact_count(count: int, fraction: float, pruned: int) -> None:
    module = linear([[2.0] * count])
    prune(module, {"pattern": "weight", "sparsity": fraction})
    assert module.weight.tolist() == [[0.0] * pruned + [2.0] * (count - pruned)]


def test_sparsity_one_prunes_all_and_an_all_positive_tensor_is_ranked_by_size() -> None:
    module = linear([[3.0, 1.0], [2.0, 4.0]])
    prune(module, {"pattern": "weight", "sparsity": 0.5})
    assert module.weight.tolist() == [[3, 0], [0, 4]]
    prune(module, {"pattern": "weight", "sparsity": 1.0, "granularity": "filter"})
    assert module.weight.tolist() == [[0, 0], [0, 0]]


def test_zeros_count_and_go_first_whatever_their_score() -> None:
    module = linear([[0.0, 1.0, -0.0, 3.0, 5.0, 6.0, 7.0, 8.0]])
    done = prune(module, {"pattern": "weight", "sparsity": 0.5, "importance": lambda w: -w.abs()})
    assert done.masks["weight"].tolist() == [[False, True, False, True, True, True, False, False]]
    assert int((module.weight == 0).sum()) == 4


def test_a_second_random_pruning_adds_to_the_first() -> None:
    module = linear([[1.0] * 64])
    zeros = set()
    for sparsity in (0.25, 0.5, 0.75):
        prune(module, {"pattern": "weight", "sparsity": sparsity, "importance": "random", "seed": int(sparsity * 100)})
        now = set((module.weight[0] == 0).nonzero().flatten().tolist())
        assert zeros < now
        assert len(now) == 64 * sparsity
        zeros = now


def test_random_depends_on_seed_and_name_and_not_on_order_or_torchs_generator() -> None:
    def masks(names: list[str], seed: int) -> dict[str, list]:
        torch.manual_seed(len(names))
        model = nn.ModuleDict({name: linear([[1.0] * 32]) for name in names})
        done = prune(model, {"pattern": "*.weight", "sparsity": 0.5, "importance": "random", "seed": seed})
        return {name: mask.tolist() for name, mask in done.masks.items()}

    first = masks(["a", "b"], 1)
    assert first["a.weight"] != first["b.weight"]
    assert masks(["c", "b", "a"], 1) | first == masks(["c", "b", "a"], 1)
    assert masks(["a", "b"], 2) != first


def test_global_takes_one_threshold_over_all_layers_in_order_of_name() -> None:
    rows = {"b": [[1.0, 2.0, 9.0]], "a": [[2.0, 8.0, 7.0, 1.0, 6.0]]}
    for order in (["a", "b"], ["b", "a"]):
        model = nn.ModuleDict({name: linear(rows[name]) for name in order})
        prune(model, {"pattern": "*", "sparsity": 3 / 8, "scope": "global"})
        assert model["a"].weight.tolist() == [[0, 8, 7, 0, 6]]
        assert model["b"].weight.tolist() == [[0, 2, 9]]


def test_global_filters_are_ranked_by_their_mean() -> None:
    model = nn.ModuleDict({"a": linear([[3.0] * 4, [1.0] * 4]), "b": linear([[2.0], [3.5]])})
    prune(model, {"pattern": "*", "sparsity": 0.5, "scope": "global", "granularity": "filter"})
    assert model["a"].weight.tolist() == [[3] * 4, [0] * 4]
    assert model["b"].weight.tolist() == [[0], [3.5]]


@pytest.mark.parametrize("amount", [0.1, 0.35, 0.5, 0.77, 0.9])
def test_elements_and_filters_as_torch_prunes_them(amount: float) -> None:
    torch.manual_seed(3)
    reference = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 5, 3), nn.Flatten(), nn.Linear(20, 7))
    chosen = [(reference[0], "weight"), (reference[1], "weight"), (reference[3], "weight")]
    state = {name: value.clone() for name, value in reference.state_dict().items()}

    def ours(**fields) -> list[torch.Tensor]:
        model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 5, 3), nn.Flatten(), nn.Linear(20, 7))
        model.load_state_dict(state)
        return list(prune(model, {"pattern": "*.weight", "sparsity": amount, **fields}).masks.values())

    def theirs() -> list[torch.Tensor]:
        masks = [module.weight_mask == 1 for module, _ in chosen]
        for module, name in chosen:
            torch_prune.remove(module, name)
        reference.load_state_dict(state)
        return masks

    for module, name in chosen:
        torch_prune.l1_unstructured(module, name, amount)
    assert all(map(torch.equal, ours(), theirs()))
    torch_prune.global_unstructured(chosen, torch_prune.L1Unstructured, amount=amount)
    assert all(map(torch.equal, ours(scope="global"), theirs()))
    for norm, importance in ((1, "l1"), (2, "l2")):
        for module, name in chosen:
            torch_prune.ln_structured(module, name, amount, n=norm, dim=0)
        assert all(map(torch.equal, ours(granularity="filter", importance=importance), theirs()))


@pytest.mark.parametrize("bake", [False, True])
def test_masks_of_torch_are_accepted_masked_and_baked(bake: bool) -> None:
    module = linear([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]])
    parameter = module.weight
    torch_prune.custom_from_mask(module, "weight", torch.tensor([[1, 1, 1, 1, 1, 1, 0, 0]]))
    if bake:
        torch_prune.remove(module, "weight")
    done = prune(module, {"pattern": "*weight", "sparsity": 0.5})
    assert done.before.total.nonzero == 6
    assert module.weight.tolist() == [[0, 0, 3, 4, 5, 6, 0, 0]]
    assert list(module.state_dict()) == ["weight"]
    assert module.weight is parameter


def test_a_failed_call_leaves_torchs_masks() -> None:
    module = linear([[1.0, 2.0]])
    torch_prune.l1_unstructured(module, "weight", 1)
    with pytest.raises(InputError, match=r"the weights are weight$"):
        prune(module, {"pattern": "x", "sparsity": 0.5})
    assert sorted(module.state_dict()) == ["weight_mask", "weight_orig"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_types_stay(dtype: torch.dtype) -> None:
    module = linear([[1.0, -2.0, 3.0, -4.0]]).to(dtype)
    done = prune(module, {"pattern": "weight", "sparsity": 0.5, "importance": "l2"})
    assert module.weight.dtype == dtype
    assert module.weight.requires_grad
    assert module.weight.tolist() == [[0, 0, 3, -4]]
    assert done.masks["weight"].dtype == torch.bool


def test_a_tied_weight_is_pruned_once_under_any_of_its_names() -> None:
    model = nn.ModuleDict({"first": linear([[1.0, 2.0], [3.0, 4.0]]), "second": linear([[0.0, 0.0], [0.0, 0.0]])})
    model["second"].weight = model["first"].weight
    done = prune(model, {"pattern": "second.*", "sparsity": 0.5})
    assert model["first"].weight.tolist() == [[0, 0], [3, 4]]
    assert list(done.masks) == ["first.weight"]


def test_a_parameter_without_a_module_of_its_own_is_pruned() -> None:
    model = nn.Module()
    model.kernel = nn.Parameter(torch.tensor([[[[1.0]], [[5.0]]], [[[2.0]], [[3.0]]]]))
    prune(model, {"pattern": "kernel", "sparsity": 0.5, "granularity": "filter"})
    assert model.kernel.flatten().tolist() == [1, 5, 0, 0]


@pytest.mark.parametrize(
    ("importance", "message"),
    [
        (lambda w: w.sum(), r"importance of 'weight' is \[\], expected a tensor of the weight's shape \[1, 2\]"),
        (lambda w: 3, "importance of 'weight' is 3, expected a tensor"),
        (lambda w: w / 0, "importance of 'weight' holds numbers that are not finite"),
    ],
)
def test_a_wrong_importance_is_named(importance, message: str) -> None:
    with pytest.raises(InputError, match=message):
        prune(linear([[1.0, 2.0]]), {"pattern": "weight", "sparsity": 0.5, "importance": importance})


def test_an_importance_sees_the_gradient() -> None:
    module = linear([[5.0, 1.0, 3.0]])
    module(torch.tensor([[1.0, 10.0, 2.0]])).sum().backward()
    prune(module, {"pattern": "weight", "sparsity": 2 / 3, "importance": lambda w: (w * w.grad).abs()})
    assert module.weight.tolist() == [[0, 1, 0]]


def test_weights_that_are_not_finite_and_layers_without_shape_are_refused() -> None:
    with pytest.raises(InputError, match="'weight' holds numbers that are not finite"):
        prune(linear([[1.0, float("nan")]]), {"pattern": "weight", "sparsity": 0.5})
    with pytest.raises(InputError, match="'weight' has no shape yet; run the model once on an example"):
        prune(nn.LazyLinear(3), {"pattern": "weight", "sparsity": 0.5})
