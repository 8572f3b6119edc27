"""Tables and scales of softmax: against the oracle, published values and CMSIS-NN's parameters; refusals."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from edgeq.arith.softmax import softmax_reciprocal
from edgeq.arith.softmax_tables import (
    exponential_table,
    gemmlowp_scaling,
    gemmlowp_table,
    tflite_s16_scaling,
    tflite_s16_tables,
)
from edgeq.errors import GraphError
from tests.data import need_data
from tests.oracles import nonlinear as oracle

# Results of CMSIS-NN's arm_nn_exp_on_negative_values and arm_nn_one_over_one_plus_x_for_x_in_0_1, from a public set
# of test vectors for its support functions.
EXP = {0: 2147483647, -1: 2147483124, -256: 2147474965, -65536: 2145387047, -1048576: 2114189749,
       -16777216: 1672462419, -67108864: 790015308, -268435456: 39332546, -1073741824: 242}
RECIPROCAL = {0: 2147483647, 65536: 2147418112, 16777216: 2130836488, 268435456: 1908874352, 536870912: 1717986914,
              1073741824: 1431655762, 1610612736: 1227133516}


def test_published_values_of_the_exponential() -> None:
    for argument, value in EXP.items():
        assert oracle.exp_on_negative(argument) == value
        if argument:  # 2**30 * 2 / 2**31 leaves the argument as it is
            power = (-argument).bit_length() - 1
            assert gemmlowp_table(1 << 30, power + 1, -1)[1] == value


def test_published_values_of_the_reciprocal() -> None:
    for fraction, value in RECIPROCAL.items():
        assert softmax_reciprocal((fraction + (1 << 31)) >> 1) == value
        assert oracle.reciprocal((fraction + (1 << 31)) >> 1) == value


@pytest.mark.parametrize(("multiplier", "left_shift", "diff_min"), [
    (1077952640, 19, -3968), (1 << 30, 22, -496), ((1 << 31) - 1, 23, -248), (1 << 30, 31, 0), (1717986918, 20, -1984),
    (0, 5, -300)])
def test_gemmlowp_table_against_the_oracle(multiplier: int, left_shift: int, diff_min: int) -> None:
    expected = [
        oracle.exp_on_negative(oracle.high_multiply(-d * 2**left_shift, multiplier)) if -d >= diff_min else 0
        for d in range(256)]
    assert gemmlowp_table(multiplier, left_shift, diff_min).tolist() == expected
    assert expected[0] == 2**31 - 1


def test_gemmlowp_scaling_by_hand() -> None:
    """1/8 * 2**26 = 2**23 = 2**30 * 2**24 / 2**31: left shift 24, and 31 * 2**26 / 2**24 = 124 distances."""
    assert gemmlowp_scaling(0.125) == (1 << 30, 24, -124)
    assert gemmlowp_scaling(0.125, beta=3.0) == (3 << 29, 25, -62)
    assert gemmlowp_scaling(1e9) == ((1 << 31) - 1, 31, 0)
    assert gemmlowp_scaling(2.0**-26 * 1.5) == (3 << 29, 1, -(31 << 25))


@pytest.mark.judge
@pytest.mark.parametrize("case", ["softmax_s8__softmax", "softmax_s8_s16__softmax_s8_s16"])
def test_diff_min_of_cmsis_nn(case: str) -> None:
    with np.load(need_data(f"conformance/cmsis_nn/{case}.npz")) as data:
        meta = json.loads(str(data["meta"]))
    scale = meta["mult"] * 2.0 ** (meta["shift"] - 31 - 26)
    assert gemmlowp_scaling(scale) == (meta["mult"], meta["shift"], meta["diff_min"])


@pytest.mark.judge
def test_scaling_of_cmsis_nn_in_16_bits() -> None:
    with np.load(need_data("conformance/cmsis_nn/softmax_s16__softmax_s16.npz")) as data:
        meta = json.loads(str(data["meta"]))
    scale = meta["mult"] * 2.0 ** (meta["shift"] - 31) * (10.0 / 65535)
    assert tflite_s16_scaling(scale) == (meta["mult"], 31 - meta["shift"], 0)


def test_tflite_s16_scaling_with_a_left_shift_is_one_rounding_at_31_bits() -> None:
    multiplier, shift, left_shift = tflite_s16_scaling(40.0 / 65535)
    assert (multiplier, shift, left_shift) == (1 << 30, 28, 0)


def test_tables_of_tflite_s16_are_513_falling_steps() -> None:
    exponentials, reciprocals = tflite_s16_tables()
    assert exponentials.shape == reciprocals.shape == (513,)
    assert np.diff(exponentials).min() >= 0
    assert np.diff(reciprocals).max() <= 0
    assert reciprocals[256] == 21845  # 1 / 1.5 of 32768 is 21845.33


@pytest.mark.parametrize(("scale", "bits"), [(0.1, 8), (Fraction(1, 3), 16), (0.05, 24), (2.0, 30)])
def test_exponential_table_against_decimal_arithmetic(scale: float | Fraction, bits: int) -> None:
    exact = Fraction(scale)
    with localcontext() as context:
        context.prec = 60
        step = Decimal(exact.numerator) / exact.denominator
        expected = [round(Fraction((-d * step).exp()) * 2**bits) for d in range(256)]
    assert exponential_table(scale, bits).tolist() == expected
    assert expected[0] == 1 << bits


def test_refusals() -> None:
    with pytest.raises(GraphError, match=r"exponentials have 1\.\.30 fraction bits, got 31"):
        exponential_table(0.1, bits=31)
    with pytest.raises(GraphError, match="a power of two, got 100"):
        exponential_table(0.1, entries=100)
    with pytest.raises(GraphError, match=r"beta \* scale must be more than 2\^-26"):
        gemmlowp_scaling(2.0**-26)
    with pytest.raises(GraphError, match=r"beta \* scale must be more than 2\^-26"):
        gemmlowp_scaling(float("nan"))
    with pytest.raises(GraphError, match=r"multiplier -1 must be in 0\.\.2\^31-1, left_shift 3"):
        gemmlowp_table(-1, 3, -1)
    with pytest.raises(GraphError, match="distance 17 << 27 passes 32 bits; diff_min is -100"):
        gemmlowp_table(1 << 30, 27, -100)
