"""Quantizers of weights: codes against formulas written here, and the agreement of codes and forward."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from edgeq.errors import ModelError
from tests.compress.quantization.weight_cases import CASES, QUICK, made, random, value


@pytest.mark.parametrize(("method", "options"), CASES)
def test_forward_in_float64_is_exactly_what_the_codes_stand_for(method: str, options: dict[str, Any]) -> None:
    for bits in (2, 8):
        check_forward(method, options, bits)


def check_forward(method: str, options: dict[str, Any], bits: int) -> None:
    weight = random(6, 2, 3, 3)
    weight[2, 0, 0] = 0.0
    quantizer = made(method, weight, bits, **options)
    real = quantizer(weight)  # hysteresis keeps its codes
    codes = quantizer.codes(weight)
    assert np.array_equal(quantizer(weight.double()).detach().numpy(), value(codes))
    assert torch.equal(real, torch.from_numpy(value(codes)).float())
    assert real.dtype == torch.float32
    assert codes.codes.shape == weight.shape
    assert codes.codes.dtype == codes.zero_point.dtype == torch.int64
    assert codes.lo <= int(codes.codes.min())
    assert int(codes.codes.max()) <= codes.hi
    assert codes.scale.shape in ((6,), (1,))
    assert torch.equal(codes.scale, codes.scale.float().double())
    assert (codes.scale > 0).all()
    assert torch.equal(quantizer.scale(weight), codes.scale)
    assert not codes.scale.requires_grad


@pytest.mark.parametrize(("method", "options"), QUICK)
def test_half_precision_gives_the_codes_of_the_same_numbers(method: str, options: dict[str, Any]) -> None:
    weight = random(4, 2, 3, 3).bfloat16()
    quantizer = made(method, weight, **options).eval()
    codes = quantizer.codes(weight)
    assert quantizer(weight).dtype == torch.bfloat16
    assert torch.equal(codes.codes, quantizer.codes(weight.double()).codes)


@pytest.mark.parametrize(("method", "options"), QUICK)
def test_a_saved_quantizer_gives_the_same_codes(method: str, options: dict[str, Any]) -> None:
    weight, later = random(4, 2, 3, 3), random(4, 2, 3, 3, seed=1)
    quantizer, other = made(method, weight, **options), made(method, later, **options)
    quantizer(weight)
    other.load_state_dict(quantizer.state_dict())
    assert torch.equal(other.codes(later).codes, quantizer.codes(later).codes)
    assert torch.equal(other.codes(later).scale, quantizer.codes(later).scale)


@pytest.mark.parametrize("method", ["uniform", "lsq", "ternary"])
@pytest.mark.parametrize("bits", [2, 8])
def test_pruned_weights_stay_exactly_zero(method: str, bits: int) -> None:
    weight = random(6, 2, 3, 3)
    pruned = weight.abs() < 0.6
    weight[pruned] = 0.0
    cases: list[dict[str, Any]] = [{}]
    if method == "uniform":
        cases += [{"symmetric": False}, {"symmetric": False, "power_of_two": True}]
        cases.append({"symmetric": False, "range": [0.1, 2]})
    for options in cases:
        quantizer = made(method, weight, bits, **options)
        assert (quantizer(weight)[pruned] == 0).all()
        codes = quantizer.codes(weight)
        assert (codes.codes - codes.zero_point[:, None, None, None])[pruned].abs().max() == 0


def test_symmetric_codes_by_hand() -> None:
    weight = torch.tensor([[0.875, -0.4375, 0.06], [-14.0, 7.0, 3.0]])
    codes = made("uniform", weight).codes(weight)
    assert codes.codes.tolist() == [[7, -4, 0], [-7, 4, 2]]  # ties of 3.5 and 1.5 to even
    assert codes.scale.tolist() == [0.125, 2.0]
    assert (codes.lo, codes.hi) == (-7, 7)
    assert made("uniform", weight, narrow=False).codes(weight).lo == -8
    assert made("uniform", weight, per="tensor", power_of_two=True).codes(weight).scale.tolist() == [2.0]
    assert made("uniform", 0.9 * weight, power_of_two=True).codes(0.9 * weight).scale.tolist() == [0.125, 2.0]
    weight[0, 0] = 0.7
    assert made("uniform", weight).codes(weight).scale[0].item() == float(np.float32(np.float32(0.7) / np.float32(7)))


def test_asymmetric_codes_by_hand() -> None:
    weight = torch.tensor([[-1.0, 2.75], [3.0, 6.0], [-3.75, -1.0]])
    codes = made("uniform", weight, symmetric=False).codes(weight)
    assert codes.scale.tolist() == [0.25, float(np.float32(0.4)), 0.25]
    assert codes.zero_point.tolist() == [-4, -8, 7]
    assert codes.codes.tolist() == [[-8, 7], [-1, 7], [-8, 3]]  # the float32 of 0.4 is larger, so 3 is below 7.5 steps


@pytest.mark.parametrize(("method", "options"), [c for c in QUICK if c[0] in ("uniform", "lsq", "ternary")])
def test_constant_all_positive_and_all_zero_channels(method: str, options: dict[str, Any]) -> None:
    weight = torch.stack([torch.full((8,), 0.25), torch.linspace(0.1, 0.3, 8), torch.zeros(8), torch.full((8,), -0.25)])
    quantizer = made(method, weight, 8, **options)
    result = quantizer(weight)
    assert torch.isfinite(result).all()
    assert (result[2] == 0).all()
    if method == "uniform" and options.get("observer", "min_max") == "min_max" and "range" not in options:
        assert torch.allclose(result, weight, atol=0.002)
    nothing = torch.zeros(4, 8)
    empty = made(method, nothing, 8, **options)
    assert (empty(nothing) == 0).all()
    assert torch.isfinite(empty.codes(nothing).scale).all()


def test_a_channel_of_zeros_takes_the_largest_scale_and_zeros_alone_the_scale_one() -> None:
    weight = torch.tensor([[7.0, 1.0], [0.0, 0.0], [14.0, 2.0]])
    for options in ({}, {"power_of_two": True}):
        assert made("uniform", weight, **options).codes(weight).scale.tolist() == [1.0, 2.0, 2.0]
        assert made("uniform", 0 * weight, **options).codes(0 * weight).scale.tolist() == [1.0, 1.0, 1.0]


def test_mse_has_less_error_than_min_max_and_percentile_ignores_the_ends() -> None:
    weight = random(3, 2000)
    weight[:, 0] = 9.0

    def error(**options: Any) -> list[float]:
        return ((made("uniform", weight, **options)(weight) - weight) ** 2).sum(1).tolist()

    for symmetric in (True, False):
        found, whole = error(observer="mse", symmetric=symmetric), error(symmetric=symmetric)
        assert all(a < 0.8 * b for a, b in zip(found, whole, strict=True))
    ten = torch.tensor([[-5.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 90.0]])
    codes = made("uniform", ten, observer="percentile", percentile=0.9).codes(ten)
    assert codes.scale.tolist() == [1.0]  # value 9 of 10 is 7, value 2 is -1: 7 / 7
    assert codes.codes.tolist() == [[-5, -1, 0, 1, 2, 3, 4, 5, 7, 7]]


def test_lsq_gradients_are_those_of_the_paper() -> None:
    weight = torch.tensor([[0.9, -0.31, 5.0, -4.0, 0.13], [0.5, -0.22, 0.4, -0.1, 3.0]], dtype=torch.float64)
    quantizer = made("lsq", weight, 3)
    step = quantizer.get_parameter("step")
    assert step.tolist() == [float(np.float32(2 * row.abs().mean() / math.sqrt(3))) for row in weight]
    with torch.no_grad():
        step.copy_(torch.tensor([0.5, 0.25]))
    leaf = weight.clone().requires_grad_()
    upstream = torch.arange(1.0, 11.0, dtype=torch.float64).reshape(2, 5)
    (quantizer(leaf) * upstream).sum().backward()
    expected, passed = [0.0, 0.0], torch.zeros(2, 5, dtype=torch.float64)
    for o, size in enumerate((0.5, 0.25)):
        for i in range(5):
            v = float(weight[o, i]) / size
            if v <= -4:
                slope = -4.0
            elif v >= 3:
                slope = 3.0
            else:
                slope, passed[o, i] = round(v) - v, upstream[o, i]
            expected[o] += slope * float(upstream[o, i]) / math.sqrt(5 * 3)
    assert step.grad is not None
    assert leaf.grad is not None
    assert step.grad.tolist() == pytest.approx(expected, rel=1e-6)
    assert torch.equal(leaf.grad, passed)


def test_the_scale_of_lsq_stays_positive() -> None:
    weight = random(2, 8)
    quantizer = made("lsq", weight)
    with torch.no_grad():
        quantizer.get_parameter("step").copy_(torch.tensor([-0.5, 0.0]))
    assert quantizer.codes(weight).scale.tolist() == [0.5, 2.0**-100]
    assert torch.isfinite(quantizer(weight)).all()
    leaf = weight.clone().requires_grad_()
    quantizer(leaf).sum().backward()
    assert torch.isfinite(quantizer.get_parameter("step").grad).all()


def test_uniform_gradients_stop_where_the_range_is_cut() -> None:
    weight = torch.tensor([[0.5, -3.0, 1.0, 0.2]], requires_grad=True)
    for gradient, expected in (("plain", [1, 1, 1, 1]), ("saturating", [1, 0, 1, 1])):
        weight.grad = None
        made("uniform", weight.detach(), range=[-1, 1], gradient=gradient)(weight).sum().backward()
        assert weight.grad is not None
        assert weight.grad[0].tolist() == pytest.approx(expected)


def test_asymmetric_gradients_are_one_at_both_ends_of_the_range() -> None:
    weight = torch.tensor([[-1.0, 0.3, 2.75]], requires_grad=True)
    made("uniform", weight.detach(), symmetric=False)(weight).sum().backward()
    assert weight.grad is not None
    assert weight.grad[0].tolist() == [1, 1, 1]


def test_a_weight_that_is_not_finite_has_no_codes() -> None:
    weight = random(2, 4)
    quantizer = made("uniform", weight)
    weight[0, 0] = float("nan")
    with pytest.raises(ModelError, match="conv1: the weight holds NaN or infinity"):
        quantizer.codes(weight)
