"""Quantizers of activations: what their codes are, when they watch, and their gradients."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.kinds import activation_quantizer
from edgeq.errors import CalibrationError, InputError
from edgeq.scheme.activation_codes import ActivationCodes
from edgeq.scheme.presets import preset

CASES: list[tuple[str, dict[str, Any]]] = [
    ("uniform", {}),
    ("uniform", {"symmetric": True}),
    ("uniform", {"power_of_two": True}),
    ("uniform", {"symmetric": True, "power_of_two": True, "observer": "min_max"}),
    ("uniform", {"observer": "histogram"}),
    ("uniform", {"observer": "mse", "momentum": 0.5}),
    ("uniform", {"observer": "percentile", "percentile": 0.99}),
    ("uniform", {"observer": "cover", "cover": 0.8, "gradient": "soft"}),
    ("uniform", {"range": [-1, 3], "gradient": "plain"}),
    ("lsq", {}),
    ("lsq", {"power_of_two": True, "signed": True}),
    ("dorefa", {}),
    ("dorefa", {"factor": 1}),
]

QUICK = [case for case in CASES if case[1].get("observer") not in ("mse", "histogram")]


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def made(
    method: str, bits: int = 4, name: str = "edgeq", rounding: str = "ties_up", **options: Any
) -> ActivationQuantizer:
    return activation_quantizer(
        method, bits=bits, rules=preset(name), rounding=Rounding[rounding], where="relu1", **options)


def codes_of(quantizer: ActivationQuantizer) -> ActivationCodes:
    codes = quantizer.codes()
    assert codes is not None
    return codes


def expected(x: np.ndarray, codes: ActivationCodes) -> np.ndarray:
    """Round ties up, in float64."""
    steps = np.floor(x.astype(np.float64) / codes.scale + 0.5) + codes.zero_point
    return (np.clip(steps, codes.lo, codes.hi) - codes.zero_point) * codes.scale


@pytest.mark.parametrize(("method", "options"), CASES)
@pytest.mark.parametrize("bits", [2, 8])
@pytest.mark.parametrize("relu", [False, True])
def test_forward_in_float64_is_exactly_what_the_codes_stand_for(
    method: str, options: dict[str, Any], bits: int, relu: bool
) -> None:
    x = random(4, 3, 5).relu() if relu else random(4, 3, 5)
    quantizer = made(method, bits, **options)
    single = quantizer(x)
    codes = codes_of(quantizer)
    assert np.array_equal(quantizer.eval()(x.double()).detach().numpy(), expected(x.numpy(), codes))
    assert single.dtype == torch.float32
    assert single.shape == x.shape
    assert codes.scale == float(np.float32(codes.scale)) > 0
    assert 2**bits - 2 <= codes.hi - codes.lo < 2**bits
    assert codes.lo <= codes.zero_point <= codes.hi
    half = quantizer(x.half())
    assert half.dtype == torch.float16
    assert torch.equal(half, quantizer(x.half().float()).half())


def test_uniform_codes_by_hand() -> None:
    x = torch.tensor([[-1.0, 2.75]])
    cases: list[tuple[dict[str, Any], tuple[float, int, int, int]]] = [
        ({}, (0.25, -4, -8, 7)),
        ({"symmetric": True}, (float(np.float32(2.75 / 7)), 0, -8, 7)),
        ({"symmetric": True, "power_of_two": True}, (0.5, 0, -8, 7)),
        ({"power_of_two": True}, (0.25, -4, -8, 7)),
        ({"range": [-2, 5.5]}, (0.5, -4, -8, 7)),
    ]
    for options, numbers in cases:
        quantizer = made("uniform", **options)
        quantizer(x)
        codes = codes_of(quantizer)
        assert (codes.scale, codes.zero_point, codes.lo, codes.hi) == numbers


@pytest.mark.parametrize("name", ["edgeq", "tflite", "pulp"])
@pytest.mark.parametrize("power_of_two", [False, True])
def test_what_comes_out_of_a_relu_uses_all_codes(name: str, power_of_two: bool) -> None:
    quantizer = made("uniform", 4, name, power_of_two=power_of_two)
    quantizer(torch.tensor([[0.0, 3.5]]))
    codes = codes_of(quantizer)
    assert codes.scale == (0.25 if power_of_two else float(np.float32(3.5 / 15)))
    assert (codes.lo - codes.zero_point, codes.hi - codes.zero_point) == (0, 15)


def test_the_preset_keeps_its_own_codes() -> None:
    quantizer = made("uniform", 8, "ai8x")
    quantizer(torch.tensor([[0.0, 3.0]]))
    codes = codes_of(quantizer)
    assert (codes.scale, codes.zero_point, codes.lo, codes.rounding) == (1 / 32, 0, -128, Rounding.ties_up)
    with pytest.raises(InputError, match="relu1: preset ap_fixed has codes of its own; leave symmetric and power"):
        made("uniform", 16, "ap_fixed", power_of_two=True)
    inputs = activation_quantizer("uniform", bits=8, rules=preset("cnn_compress"), rounding=Rounding.ties_even,
                                  where="input", is_input=True)
    inputs(torch.tensor([[-1.0, 1.0]]))
    codes = codes_of(inputs)
    assert (codes.lo, codes.hi, codes.zero_point) == (0, 255, 128)


def test_the_rounding_asked_for_decides_ties() -> None:
    x = torch.tensor([[0.0, 0.125, 0.375, 0.625, 3.75]])
    for rounding, ties in (("ties_up", [1, 2, 3]), ("ties_even", [0, 2, 2]), ("floor", [0, 1, 2])):
        assert (made("uniform", rounding=rounding)(x)[0, 1:4] / 0.25).tolist() == ties


def test_a_value_is_watched_in_training_or_when_asked_and_never_once_frozen() -> None:
    x = torch.tensor([[0.0, 3.75]])
    quantizer = made("uniform", observer="min_max").eval()
    with pytest.raises(CalibrationError, match="relu1: no data were seen yet"):
        quantizer(x)
    quantizer.observing = True
    quantizer(x)
    quantizer.observing = False
    quantizer(2 * x)
    assert codes_of(quantizer).scale == 0.25
    quantizer.train()(2 * x)
    assert codes_of(quantizer).scale == 0.5
    quantizer.freeze()
    quantizer.observing = True
    quantizer(4 * x)
    assert codes_of(quantizer).scale == 0.5
    quantizer.freeze(False)
    quantizer(4 * x)
    assert codes_of(quantizer).scale == 1.0


@pytest.mark.parametrize(("method", "options"), CASES)
def test_resumed_observers_and_quantizers_go_on_where_they_were(method: str, options: dict[str, Any]) -> None:
    batches = [random(3, 20, seed=k).abs() * (k + 1) for k in range(3)]
    straight = made(method, **options)
    for batch in batches[:2]:
        straight(batch)
    resumed = made(method, **options)
    resumed.load_state_dict(straight.state_dict())
    for quantizer in (straight, resumed):
        quantizer(batches[2])
    assert resumed.codes() == straight.codes()
    straight.freeze()
    resumed.load_state_dict(straight.state_dict())
    resumed(10 * batches[0])
    assert resumed.codes() == straight.codes() == copy.deepcopy(straight).codes()


@pytest.mark.parametrize(("method", "options"), [c for c in QUICK if c[0] != "dorefa" and "range" not in c[1]])
def test_zeros_alone_pass_and_have_no_codes(method: str, options: dict[str, Any]) -> None:
    quantizer = made(method, **options)
    assert quantizer(torch.zeros(2, 8)).abs().max() == 0
    with pytest.raises(CalibrationError, match=r"relu1: (its range is \[0, 0\]|no data but zeros)"):
        quantizer.codes()
    quantizer(torch.full((2, 8), 3.0))
    assert quantizer.codes() is not None


@pytest.mark.parametrize(("method", "options"), QUICK)
def test_a_constant_and_an_all_positive_value(method: str, options: dict[str, Any]) -> None:
    for x in (torch.full((2, 8), 2.5), torch.linspace(1, 3, 16).reshape(2, 8)):
        quantizer = made(method, 8, **options)
        result = quantizer(x)
        assert torch.isfinite(result).all()
        if method == "uniform" and options.get("observer") not in ("percentile", "cover"):
            assert torch.allclose(result, x, atol=0.03)


def test_uniform_gradients_are_one_inside_the_range() -> None:
    x = torch.tensor([[-1.0, -0.01, 0.3, 3.75, 3.76]], requires_grad=True)
    for gradient, passed in (("saturating", [0, 0, 1, 1, 0]), ("plain", [1, 1, 1, 1, 1])):
        x.grad = None
        made("uniform", range=[0, 3.75], gradient=gradient)(x).sum().backward()
        assert x.grad is not None
        assert x.grad[0].tolist() == passed


def test_lsq_starts_from_the_first_batch_and_its_gradient_is_that_of_the_paper() -> None:
    x = torch.tensor([[0.2, 0.9, 0.0], [2.6, 0.35, 9.0]], dtype=torch.float64, requires_grad=True)
    quantizer = made("lsq", 3, rounding="ties_even")
    quantizer(x)
    step = quantizer.get_parameter("step")
    assert step.item() == float(np.float32(2 * x.detach().mean().item() / math.sqrt(7)))
    with torch.no_grad():
        step.fill_(0.5)
    upstream = torch.arange(1.0, 7.0, dtype=torch.float64).reshape(2, 3)
    (quantizer(x) * upstream).sum().backward()
    slopes = [round(v / 0.5) - v / 0.5 if v / 0.5 < 7 else 7 for v in x.detach().flatten().tolist()]
    total = sum(s * u for s, u in zip(slopes, range(1, 7), strict=True)) / math.sqrt(3 * 7)
    assert step.grad is not None
    assert x.grad is not None
    assert step.grad.item() == pytest.approx(total, rel=1e-6)
    assert x.grad.flatten().tolist() == [1, 2, 3, 4, 5, 0]


def test_lsq_codes_are_unsigned_where_nothing_negative_was_seen_first() -> None:
    positive, mixed = torch.tensor([[0.0, 1.0]]), torch.tensor([[-0.5, 1.0]])
    limits = []
    for batches, options in (([positive, mixed], {}), ([mixed], {}), ([positive, mixed], {"batches": 2}),
                             ([mixed], {"signed": False})):
        quantizer = made("lsq", **options)
        for batch in batches:
            quantizer(batch)
        limits.append((codes_of(quantizer).lo, codes_of(quantizer).hi))
    assert limits == [(0, 15), (-8, 7), (-8, 7), (0, 15)]


def test_a_frozen_lsq_step_is_not_trained() -> None:
    quantizer = made("lsq")
    x = random(2, 4)
    quantizer(x)
    quantizer.freeze()
    quantizer(x.requires_grad_()).sum().backward()
    assert quantizer.get_parameter("step").grad is None


def test_dorefa_codes_are_those_of_its_formula_and_values_ten_times_its_values() -> None:
    x = random(4, 50).double() * 6
    for bits in (2, 8):
        top = 2**bits - 1
        quantizer = made("dorefa", bits)
        codes = codes_of(quantizer)
        origin = np.floor(np.clip(0.1 * x.numpy(), 0, 1) * top + 0.5)
        assert (codes.scale, codes.zero_point, codes.lo, codes.hi) == (float(np.float32(10 / top)), 0, 0, top)
        assert np.array_equal(np.rint(quantizer(x).numpy() / codes.scale), origin)
        assert np.allclose(quantizer(x).numpy(), 10 * origin / top)


def test_binary_activations_and_their_gradient() -> None:
    quantizer = made("binary", 8)
    x = torch.tensor([[-2.0, -1.0, -0.5, 0.0, 0.75, 1.0]], requires_grad=True)
    assert quantizer(x).tolist() == [[-1, -1, -1, 1, 1, 1]]
    assert quantizer(x.half()).dtype == torch.float16
    assert quantizer.codes() is None
    quantizer(x).sum().backward()
    assert x.grad is not None
    assert x.grad[0].tolist() == [0, 0, 1, 1, 1, 0]


def test_a_value_that_is_not_finite_is_reported() -> None:
    for method in ("uniform", "lsq"):
        with pytest.raises(CalibrationError, match="relu1: the value holds NaN or infinity"):
            made(method)(torch.tensor([[1.0, float("inf")]]))
