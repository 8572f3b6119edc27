"""What a configuration asks for by name, and what is said of names and numbers that do not exist."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.kinds import ACTIVATIONS, WEIGHTS, activation_quantizer, weight_quantizer
from edgeq.compress.quantization.scales import enclosing_power_of_two, nearest_power_of_two
from edgeq.errors import InputError
from edgeq.scheme.activation_codes import power_of_two
from edgeq.scheme.presets import preset


def weight(method: str = "uniform", bits: Any = 8, **options: Any) -> Any:
    return weight_quantizer(
        method, torch.ones(2, 3), bits=bits, rounding=Rounding.ties_even, where="conv1", **options)


def activation(method: str = "uniform", bits: Any = 8, **options: Any) -> Any:
    return activation_quantizer(
        method, bits=bits, rules=preset("edgeq"), rounding=Rounding.ties_up, where="relu1", **options)


def test_what_exists() -> None:
    assert {*WEIGHTS} >= {"uniform", "lsq", "dorefa", "binary", "ternary"}
    assert {*ACTIVATIONS} == {"uniform", "lsq", "dorefa", "binary"}
    assert WEIGHTS["lsq"].options == {"per", "narrow", "power_of_two"}
    assert ACTIVATIONS["uniform"].options >= {"observer", "momentum", "cover", "percentile", "bins", "range"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weight("best"), "conv1: method of weights is 'best', expected one of uniform, lsq, dorefa, binary"),
        (lambda: activation("best"), "relu1: method of activations is 'best', expected one of uniform, lsq, dorefa"),
        (lambda: weight(None), "conv1: method of weights is None"),
        (lambda: weight("lsq", observer="mse"),
         "conv1: method lsq of weights has no option 'observer'; its options are narrow, per, power_of_two"),
        (lambda: activation("dorefa", momentum=0.1),
         "relu1: method dorefa of activations has no option 'momentum'; its options are factor, gradient"),
        (lambda: activation(momentum=0.1, observer="cover"), "relu1: observer cover has no option 'momentum'"),
        (lambda: weight(bits=1), "conv1: method uniform of weights: bits is 1, expected 2..16"),
        (lambda: weight(bits=17), "bits is 17, expected 2..16"),
        (lambda: weight(bits=True), "bits is True, expected 2..16"),
        (lambda: weight(bits="8"), "bits is '8', expected 2..16"),
        (lambda: activation("lsq", bits=4.0), "relu1: method lsq of activations: bits is 4.0, expected 2..16"),
        (lambda: weight(per="row"), "conv1: per is 'row', expected one of channel, tensor"),
        (lambda: weight(symmetric="yes"), "conv1: symmetric is 'yes', expected true or false"),
        (lambda: weight(observer="cover"), "conv1: observer is 'cover', expected one of min_max, percentile, mse"),
        (lambda: weight(percentile=99), "conv1: percentile is 99, expected a number above 0 and up to 1"),
        (lambda: weight(range=[1, -1]), r"conv1: range is \[1, -1\], expected \[lowest, highest\], two rising numbers"),
        (lambda: weight(range=5), "conv1: range is 5, expected"),
        (lambda: weight(narrow="yes"), "conv1: narrow is 'yes', expected true or false"),
        (lambda: weight(percentile=10**400), "conv1: percentile is 1000.*, expected a number above 0"),
        (lambda: weight(range=[0, 10**400]), r"conv1: range is \[0, 1000.*\], expected"),
        (lambda: weight(range=[0, float("nan")]), r"conv1: range is \[0, nan\], expected"),
        (lambda: weight(gradient="hard"), "conv1: gradient is 'hard', expected one of plain, saturating, soft"),
        (lambda: weight("ternary", factor=0), "conv1: factor is 0, expected a number above 0"),
        (lambda: weight("binary", scaled=1), "conv1: scaled is 1, expected true or false"),
        (lambda: activation(range=["a", 1]), r"relu1: range is \['a', 1\], expected"),
        (lambda: activation("lsq", batches=0), "relu1: batches is 0, expected an integer from 1 on"),
        (lambda: activation("lsq", signed=0), "relu1: signed is 0, expected true or false"),
        (lambda: activation("dorefa", factor=1e-60), "relu1: factor is 1e-60, which gives the scale inf"),
        (lambda: activation("binary", gradient=1), "relu1: gradient is 1, expected one of plain"),
    ])
def test_a_wrong_name_or_number_is_named_with_what_exists(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_methods_that_fix_their_bits_ignore_those_asked_for() -> None:
    for method in ("binary", "ternary"):
        assert weight(method, bits=8).codes(torch.ones(2, 3)).hi == 1
        assert WEIGHTS[method].bits is None


def test_powers_of_two() -> None:
    numbers = [0.3, 0.25, 1.0, 1.0000001, 1e-30, 3e30]
    found = enclosing_power_of_two(torch.tensor(numbers, dtype=torch.float64)).tolist()
    assert found == [0.5, 0.25, 1.0, 2.0, 2.0**-99, 2.0**102] == [power_of_two(x) for x in numbers]
    nearest = nearest_power_of_two(torch.tensor([0.3, 1.41, 1.42, 0.125], dtype=torch.float64))
    assert nearest.tolist() == [0.25, 1.0, 2.0, 0.125]
