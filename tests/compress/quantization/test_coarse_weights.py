"""Quantizers with few codes, dorefa, binary and ternary: codes and gradients against formulas written here."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from edgeq.errors import InputError
from tests.compress.quantization.weight_cases import made, random


def test_dorefa_codes_are_odd_numerators_by_hand() -> None:
    weight = random(3, 7).double()
    for bits in (2, 3, 8):
        top = 2**bits - 1
        bent = np.tanh(weight.numpy())
        steps = (bent / (2 * np.abs(bent).max()) + 0.5) * top
        codes = made("dorefa", weight, bits).codes(weight)
        assert np.array_equal(codes.codes.numpy(), 2 * np.floor(steps + 0.5).astype(int) - top)
        assert (codes.codes % 2 == 1).all()
        assert codes.scale.tolist() == [float(np.float32(1 / top))]
        assert (codes.lo, codes.hi) == (-top, top)


def test_dorefa_gradient_is_that_of_the_bent_weight() -> None:
    weight = torch.tensor([[0.3, -1.2, 0.7, 2.0]], dtype=torch.float64, requires_grad=True)
    made("dorefa", weight.detach())(weight)[0, :3].sum().backward()
    assert weight.grad is not None
    largest, scale = math.tanh(2.0), 15 * float(np.float32(1 / 15))
    expected = [scale * (1 - math.tanh(w) ** 2) / largest for w in (0.3, -1.2, 0.7)]
    expected.append(-scale * sum(math.tanh(w) for w in (0.3, -1.2, 0.7)) / largest**2 * (1 - largest**2))
    assert weight.grad[0].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("method", ["dorefa", "binary"])
def test_dorefa_and_binary_refuse_a_weight_with_pruned_zeros(method: str) -> None:
    weight = random(4, 25)
    few, many = weight.clone(), weight.clone()
    few.view(-1)[:10] = 0.0
    many.view(-1)[:11] = 0.0
    made(method, few).codes(few)
    message = f"conv1: 11.0% of the weight is zero, as pruning leaves it, and method {method} has no code for 0: use"
    with pytest.raises(InputError, match=message):
        made(method, many)
    with pytest.raises(InputError, match=message):
        made(method, weight).codes(many)


def test_binary_codes_by_hand() -> None:
    weight = torch.tensor([[0.5, -0.25, 1e-9, -1.25], [2.0, 1.0, -3.0, 2.0]])
    codes = made("binary", weight, per="channel").codes(weight[:, [0, 1, 3]])
    assert codes.codes.tolist() == [[1, -1, -1], [1, 1, 1]]
    assert codes.scale.tolist() == [float(np.float32(2 / 3)), float(np.float32(5 / 3))]
    assert made("binary", weight, per="tensor").codes(weight).scale.tolist() == [1.25]
    assert made("binary", weight, power_of_two=True).codes(weight).scale.tolist() == [0.5, 2.0]
    assert made("binary", weight, scaled=False).codes(weight).scale.tolist() == [1.0, 1.0]
    weight = torch.tensor([[0.5, -0.25, 0.25, -2.5], [2.0, 1.0, -3.0, 2.0]])
    centered = made("binary", weight, center=True, clip=True).codes(weight)
    assert centered.codes.tolist() == [[1, 1, 1, -1], [1, 1, -1, 1]]  # the means are -0.5 and 0.5
    assert centered.scale.tolist() == [(1 + 0.25 + 0.75 + 1) / 4, (1 + 0.5 + 1 + 1) / 4]


def test_the_sign_of_a_zero_weight_is_plus_one_and_a_filter_of_zeros_is_next_to_nothing() -> None:
    weight = random(20, 6)
    weight[3] = 0.0
    quantizer = made("binary", weight)
    codes = quantizer.codes(weight)
    assert codes.codes[3].tolist() == [1] * 6
    largest = max(float(np.float32(row.double().abs().mean())) for row in weight)
    assert codes.scale[3].item() == pytest.approx(largest / 4096)


def test_centering_a_depthwise_weight_is_refused() -> None:
    with pytest.raises(InputError, match="conv1: center subtracts the mean over input channels and there is one"):
        made("binary", random(4, 1, 3, 3), center=True)


def test_binary_gradient_of_codes_and_scale() -> None:
    weight = torch.tensor([[0.5, -0.25, 1.5, -1.25]], dtype=torch.float64, requires_grad=True)
    upstream = torch.tensor([[1.0, 2.0, 3.0, 4.0]], dtype=torch.float64)
    alpha, signs = (0.5 + 0.25 + 1.5 + 1.25) / 4, [1, -1, 1, -1]
    shared = sum(s * u for s, u in zip(signs, (1, 2, 3, 4), strict=True)) / 4
    for gradient, passed in (("plain", [1, 1, 1, 1]), ("saturating", [1, 1, 0, 0]), ("soft", [0.5, 0.75, 0, 0])):
        weight.grad = None
        (made("binary", weight.detach(), gradient=gradient)(weight) * upstream).sum().backward()
        assert weight.grad is not None
        expected = [alpha * p * u + s * shared for p, u, s in zip(passed, (1, 2, 3, 4), signs, strict=True)]
        assert weight.grad[0].tolist() == pytest.approx(expected)


def test_ternary_codes_by_hand() -> None:
    weight = torch.tensor([[1.0, -0.7, 0.1, -0.2], [0.5, 0.5, 0.5, -0.5]])
    codes = made("ternary", weight).codes(weight)
    assert codes.codes.tolist() == [[1, -1, 0, 0], [1, 1, 1, -1]]  # thresholds 0.35, of mean 0.5
    assert codes.scale.tolist() == [pytest.approx(0.85), 0.5]
    assert made("ternary", weight, factor=1.5).codes(weight).codes.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]


def test_an_all_zero_filter_has_ternary_codes_zero_and_no_nan() -> None:
    weight = random(3, 4, 3, 3)
    weight[1] = 0.0
    for options in ({}, {"hysteresis": True}, {"power_of_two": True}):
        quantizer = made("ternary", weight, **options)
        leaf = weight.clone().requires_grad_()
        result = quantizer(leaf)
        result.sum().backward()
        codes = quantizer.codes(weight)
        assert (codes.codes[1] == 0).all()
        assert float(codes.scale[1].detach()) == float(codes.scale.max()) > 0
        assert (result[1] == 0).all()
        assert torch.isfinite(result).all()
        assert leaf.grad is not None
        assert torch.isfinite(leaf.grad).all()


def test_ternary_gradient_of_codes_and_scale() -> None:
    weight = torch.tensor([[1.0, -0.5, 0.1, -0.2]], dtype=torch.float64, requires_grad=True)
    (made("ternary", weight.detach())(weight) * torch.tensor([[1.0, 2.0, 3.0, 4.0]])).sum().backward()
    shared = (1 * 1 - 1 * 2) / 2
    assert weight.grad is not None
    assert weight.grad[0].tolist() == pytest.approx([0.75 + shared, 1.5 - shared, 2.25, 3.0])


def test_hysteresis_keeps_the_last_code_between_the_thresholds() -> None:
    start = torch.tensor([[1.0, -1.0, 0.05, 1.95]])  # mean 1, threshold 0.7, release 0.56
    quantizer = made("ternary", start, hysteresis=True).train()
    moved = torch.tensor([[0.6, -0.6, 0.6, 2.2]])  # mean 1 still
    assert quantizer.codes(start).codes.tolist() == [[1, -1, 0, 1]]
    quantizer(moved)
    assert quantizer.codes(moved).codes.tolist() == [[1, -1, 0, 1]]
    left = torch.tensor([[0.5, -0.6, 0.75, 2.15]])
    assert quantizer.eval().codes(left).codes.tolist() == [[0, -1, 1, 1]]
    quantizer(left)  # in evaluation nothing is kept
    assert quantizer.codes(moved).codes.tolist() == [[1, -1, 0, 1]]
    quantizer.train()(left)
    assert quantizer.codes(moved).codes.tolist() == [[0, -1, 1, 1]]
