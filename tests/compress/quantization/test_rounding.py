"""Rounding of real tensors, and the gradients that stand in for its derivative."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.rounding import codes_through, rounded, sign_through

TIES = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]
CONTRACT = {  # integer contract, section 2
    "floor": [-3, -2, -1, 0, 1, 2], "to_zero": [-2, -1, 0, 0, 1, 2], "ties_up": [-2, -1, 0, 1, 2, 3],
    "ties_away": [-3, -2, -1, 1, 2, 3], "ties_even": [-2, -2, 0, 0, 2, 2], "ties_to_zero": [-2, -1, 0, 0, 1, 2],
    "ties_down": [-3, -2, -1, 0, 1, 2], "two_stage": [-2, -1, 0, 1, 2, 3], "two_stage_up": [-2, -1, 0, 1, 2, 3],
}
HALF_LESS, HALF_MORE = 0.49999997, 0.50000006  # the float32 numbers next to a half
EDGES = [
    0.0, HALF_LESS, 0.5, HALF_MORE, 0.99999994, 1.0, 1e-30, 1.17549435e-38, 2.0**22 + 0.5, 2.0**22 + 1.5, 2.0**23 - 0.5,
    2.0**23, 2.0**23 + 1, 2.0**24 - 1, 2.0**24, 3e38, 7.4999995, 7.5000005,
]


def exact(x: float, name: str) -> int:
    """Round by the definitions of the contract, in exact arithmetic."""
    value = Fraction(x)
    low = math.floor(value)
    away = low if value < 0 else low + 1
    if name == "floor":
        return low
    if name == "to_zero":
        return math.trunc(value)
    if value - low != Fraction(1, 2):
        return math.floor(value + Fraction(1, 2))
    nearer = low + 1 if value < 0 else low
    even = low if low % 2 == 0 else low + 1
    return {"ties_away": away, "ties_even": even, "ties_to_zero": nearer, "ties_down": low}.get(name, low + 1)


@pytest.mark.parametrize("name", CONTRACT)
def test_ties_are_those_of_the_contract(name: str) -> None:
    for dtype in (torch.float32, torch.float64, torch.float16):
        assert rounded(torch.tensor(TIES, dtype=dtype), Rounding[name]).tolist() == CONTRACT[name]


@pytest.mark.parametrize("name", CONTRACT)
def test_float32_numbers_next_to_ties_and_past_all_fractions_round_exactly(name: str) -> None:
    x = torch.tensor(EDGES + [-e for e in EDGES], dtype=torch.float32)
    assert rounded(x, Rounding[name]).tolist() == [exact(v, name) for v in x.tolist()]


@pytest.mark.parametrize("name", CONTRACT)
def test_random_numbers_round_exactly(name: str) -> None:
    steps = torch.randint(-4000, 4000, (500,), generator=torch.Generator().manual_seed(0))
    x = steps.double() / 16
    assert rounded(x, Rounding[name]).tolist() == [exact(v, name) for v in x.tolist()]


def gradient(variant: str, x: list[float]) -> list[float]:
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    codes_through(leaf, -2.0, 3.0, Rounding.ties_even, variant).sum().backward()
    assert leaf.grad is not None
    return leaf.grad.tolist()


def test_values_are_codes_whatever_the_gradient() -> None:
    x = torch.tensor([-1e9, -2.4, 0.3, 0.7, 3.4, 1000.123, math.inf], requires_grad=True)
    for variant in ("plain", "saturating", "soft"):
        assert codes_through(x, -2.0, 3.0, Rounding.ties_even, variant).tolist() == [-2, -2, 0, 1, 3, 3, 3]


def test_the_plain_gradient_is_one_and_the_saturating_one_inside_the_limits() -> None:
    x = [-2.1, -2.0, 0.4, 3.0, 3.1]
    assert gradient("plain", x) == [1, 1, 1, 1, 1]
    assert gradient("saturating", x) == [0, 1, 1, 1, 0]


def test_the_soft_gradient_follows_its_formula_and_has_the_mean_one() -> None:
    x = [-2.1, -1.75, 0.5, 0.9, 3.1]
    inside = [4 * (1 - math.tanh(4 * (v - math.floor(v) - 0.5)) ** 2) / (2 * math.tanh(2)) for v in x[1:4]]
    assert gradient("soft", x) == pytest.approx([0, *inside, 0])
    fine = [(k + 0.5) / 2000 for k in range(2000)]
    assert sum(gradient("soft", fine)) / 2000 == pytest.approx(1, abs=1e-5)


def test_the_sign_of_zero_is_plus_one() -> None:
    assert sign_through(torch.tensor([-1.0, -0.0, 0.0, 1e-30, -1e-30])).tolist() == [-1, 1, 1, 1, -1]


@pytest.mark.parametrize(
    ("variant", "expected"),
    [("plain", [1, 1, 1, 1, 1, 1]), ("saturating", [0, 0, 1, 1, 0, 0]), ("soft", [0, 0, 0.75, 1, 0, 0])])
def test_gradients_of_the_sign(variant: str, expected: list[float]) -> None:
    x = torch.tensor([-1.5, -1.0, -0.25, 0.0, 1.0, 1.5], requires_grad=True)
    sign_through(x, variant).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == expected
