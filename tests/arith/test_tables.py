"""Tables of functions: against published values, decimal arithmetic and third-party tables, and where they refuse."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from edgeq.arith.tables import FUNCTIONS, function_table, interpolation_table, lut_table_16bit
from edgeq.arith.types import IntType
from edgeq.errors import GraphError
from tests.data import need_data
from tests.oracles.rounding import clamp, round_fraction

S8, U8, S16 = IntType(8), IntType(8, signed=False), IntType(16)


def decimal_of(name: str, x: Decimal) -> Decimal:
    """Return a function from Python's decimal exponential alone."""
    def sigmoid(v: Decimal) -> Decimal:
        return 1 / (1 + (-v).exp())

    match name:
        case "sigmoid":
            return sigmoid(x)
        case "tanh":
            return 2 * sigmoid(2 * x) - 1
        case "silu":
            return x * sigmoid(x)
        case "exp":
            return x.exp()
        case "elu":
            return x if x > 0 else x.exp() - 1
        case "softplus":
            return (1 + x.exp()).ln()
        case "mish":
            return x * (2 * sigmoid(2 * (1 + x.exp()).ln()) - 1)
    raise ValueError(name)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "silu", "exp", "elu", "softplus", "mish"])
@pytest.mark.parametrize(("x_type", "x_zero_point", "y_type", "y_zero_point"), [
    (S8, 0, S8, -128), (S8, -7, S16, 100), (U8, 128, U8, 3)])
def test_against_decimal_arithmetic(name: str, x_type: IntType, x_zero_point: int, y_type: IntType, y_zero_point: int,
                                    ) -> None:
    x_scale, y_scale = 0.05, 1 / 300
    got = function_table(name, x_type, x_scale, x_zero_point, y_type, y_scale, y_zero_point)
    expected = []
    with localcontext() as context:
        context.prec = 60
        for code in range(x_type.qmin, x_type.qmax + 1):
            value = Fraction(decimal_of(name, Decimal(x_scale) * (code - x_zero_point)))
            rounded = round_fraction(value / Fraction(y_scale), "ties_away") if abs(value) > Fraction(1, 10**40) else 0
            expected.append(clamp(rounded + y_zero_point, y_type.qmin, y_type.qmax))
    assert got.tolist() == expected


def test_exact_ties_of_rational_functions() -> None:
    """hardswish(1) = 4/6, in units of 4/9 one and a half: a tie in thirds, which no binary number holds."""
    args: tuple[Any, ...] = (IntType(2), 1, 0, S8, Fraction(4, 9), 0)
    assert function_table("hardswish", *args).tolist() == [-1, -1, 0, 2]  # -0.75, -0.75, 0, 1.5
    assert function_table("hardswish", *args, rounding="ties_to_zero").tolist() == [-1, -1, 0, 1]


def test_hard_functions_in_fractions() -> None:
    def hard(x: Fraction) -> Fraction:
        return min(max(x + 3, Fraction(0)), Fraction(6)) / 6

    for name, f in (("hardsigmoid", hard), ("hardswish", lambda x: x * hard(x))):
        got = function_table(name, S8, 1 / 32, 5, S8, 1 / 64, -3)
        exact = [f(Fraction(code - 5, 32)) * 64 for code in range(-128, 128)]
        assert got.tolist() == [clamp(round_fraction(v, "ties_away") - 3, -128, 127) for v in exact]


def test_gelu_at_published_values() -> None:
    """Phi(1) = 0.8413447460685429, Phi(2) = 0.9772498680518208 (tables of the normal distribution), x * Phi(x)."""
    unit = Fraction(1, 10**8)
    got = function_table("gelu", IntType(3), 1, 0, IntType(32), unit, 0)
    assert got[[3, 5, 6]].tolist() == [-15865525, 84134475, 195449974]
    assert function_table("gelu_tanh", IntType(3), 1, 0, IntType(32), unit, 0)[[3, 5, 6]].tolist() == [
        round(1e8 * 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))) for x in (-1, 1, 2)]


def test_a_callable_and_rounding_rules() -> None:
    args: tuple[Any, ...] = (IntType(3), 1, 0, S8, 2, 0)
    assert function_table(lambda x: x, *args).tolist() == [-2, -2, -1, -1, 0, 1, 1, 2]
    assert function_table(lambda x: x, *args, rounding="floor").tolist() == [-2, -2, -1, -1, 0, 0, 1, 1]
    assert function_table(lambda x: 300 * x, *args).tolist() == [-128, -128, -128, -128, 0, 127, 127, 127]


def test_first_and_last_entries_of_every_function() -> None:
    for name in FUNCTIONS:
        if name != "one_over_one_plus_x":
            assert function_table(name, S8, 0.1, 0, S8, 0.1, 0).shape == (256,)
    sigmoid = function_table("sigmoid", S8, 1 / 16, 0, S8, 1 / 256, -128)
    assert sigmoid[[0, 127, 128, 129, 255]].tolist() == [-128, -4, 0, 4, 127]


def test_wide_results_do_not_wrap() -> None:
    assert function_table("exp", S8, 1000.0, 0, S16, 1e-9, 0).tolist() == [0] * 128 + [32767] * 128


@pytest.mark.parametrize(("f", "x_scale", "y_scale", "said"), [
    ("relu", 1, 1, "'relu' is not a known function; use one of elu, exp, gelu"),
    ("exp", 0, 1, "a scale must be positive and finite, got 0"),
    ("exp", 1, float("inf"), "a scale must be positive and finite, got inf"),
    ("exp", float("nan"), 1, "a scale must be positive and finite, got nan"),
    ("one_over_one_plus_x", 1, 1, r"a real number for every code; not at -1\.0"),
    (lambda x: "no", 1, 1, "a real number for every code"),
])
def test_refusals(f: Any, x_scale: Any, y_scale: Any, said: str) -> None:
    with pytest.raises(GraphError, match=said):
        function_table(f, S8, x_scale, 0, S8, y_scale, 0)
    with pytest.raises(GraphError, match="rounded in one stage, not two_stage"):
        function_table("tanh", S8, 1, 0, S8, 1, 0, rounding="two_stage")


def test_a_straight_line_needs_no_correction() -> None:
    assert interpolation_table(lambda x: x, -1, 1, -1, 1).tolist() == [
        min(128 * k, 32767) for k in range(-256, 257)]


def test_ends_of_a_16_bit_table() -> None:
    table = lut_table_16bit(lambda x: x, 1 / 32768, 0, 1 / 32768)
    assert table[[0, 256, 512]].tolist() == [-32768, -1, 32767]  # -0.5 / 32768 in units of 65535/65536: -0.50001


@pytest.mark.judge
@pytest.mark.parametrize(("name", "f", "ends"), [
    ("exp", "exp", (-10, 0)), ("one_by_one", "one_over_one_plus_x", (0, 1))])
def test_tables_of_tflite_softmax(name: str, f: str, ends: tuple[int, int]) -> None:
    published = np.load(need_data(f"conformance/cmsis_nn/softmax_s16_{name}_lut.npy"))
    assert published.shape == (513,)
    np.testing.assert_array_equal(interpolation_table(f, *ends, -1, 1), published)


def test_mpmath_is_imported_late() -> None:
    check = "import edgeq.arith.tables, edgeq.ops, sys; print('mpmath' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "False\n"
