"""What a declared accumulator changes: order, place of the bias, lanes, overflow, rounded products, its limits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from edgeq import IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, accumulator, operand, random_operand, run, stopped
from tests.oracles import products as oracle
from tests.oracles.rounding import ROUNDINGS

NARROW = {"acc": S8, "acc_overflow": "saturate"}
ORDERS = [",".join(p) for p in permutations(("kh", "kw", "ic"))]


def row(*codes: int, weight: int = 1, bias: int | None = None, kept: IntType = S8, **declared: Any) -> int:
    """Return the sum of ``codes`` in a declared accumulator."""
    got = run("linear", [operand(codes, kept)], [[weight] * len(codes)], bias, **declared)
    return int(got.item())


def test_saturation_after_every_addition_by_hand() -> None:
    assert row(100, 100, -100, **NARROW) == 27  # 100, 200 becomes 127, 27
    assert row(100, -100, 100, **NARROW) == 100
    assert row(-100, -100, 100, **NARROW) == -28
    assert row(100, 100, -100, acc=S8) == 100  # wrapping has no order


def test_place_of_the_bias_by_hand() -> None:
    assert row(100, 100, -100, bias=-50, **NARROW) == 27  # -50, 50, 150 becomes 127, 27
    assert row(100, 100, -100, bias=-50, acc_bias="last", **NARROW) == -23  # 100, 127, 27, -23


def test_lanes_by_hand() -> None:
    assert row(100, 100, -100, acc_lanes=2, **NARROW) == 100  # lane 0: 100, 0; lane 1: 100
    assert row(100, 100, -100, acc_lanes=3, bias=-50, **NARROW) == 27  # 50; + 100 becomes 127; - 100
    assert row(100, 100, -100, acc_lanes=3, bias=-50, acc_bias="last", **NARROW) == -23
    assert row(100, 100, acc_lanes=5, **NARROW) == 127  # idle lanes add 0


@pytest.mark.parametrize(("order", "expected"), [("kh,kw,ic", 27), ("kw,kh,ic", 27), ("kw,ic,kh", 27),
                                                 ("ic,kh,kw", 100), ("ic,kw,kh", 100), ("kh,ic,kw", 100)])
def test_order_by_hand(order: str, expected: int) -> None:
    """By column: 100, 200 becomes 127, 27, 27. By channel: 100, 0, 100, 100."""
    x = operand([[[100, -100]], [[100, 0]]])
    assert run("conv2d", [x], np.ones((1, 2, 1, 2), int), acc_order=order, **NARROW).item() == expected


def test_padding_keeps_its_lane() -> None:
    """Taps pad, 100, -100 in two lanes: lane 1 holds 100, lane 0 holds 90 - 100; else lane 0 would pass 127."""
    x = operand([[[100, -100]]])
    got = run("conv2d", [x], np.ones((1, 1, 1, 3), int), 90, padding=(0, 1, 0, 0), acc_lanes=2, **NARROW)
    assert got.item() == 90


def test_sums_on_both_sides_of_32_bits_by_hand() -> None:
    wide = {"weight": 32767, "weight_type": S16, "kept": S16, "acc": IntType(40)}
    assert row(32767, 32767, **wide) == 2147352578  # fits 32 bits with 131069 to spare
    assert row(32767, 32767, bias=131070, **wide) == 2**31
    assert row(32767, 32767, 32767, **wide) == 3221028867
    assert row(-32768, -32768, -32768, **wide) == -3221127168
    assert row(-32768, 32767, bias=-(2**38), **wide) == -(2**38) - 32767


def test_wrap_at_63_and_64_bits_by_hand() -> None:
    top = 2**63 - 1
    assert row(1, bias=top, acc=IntType(64)) == -(2**63)
    assert row(-1, bias=-(2**63), acc=IntType(64)) == top
    assert row(100, 27, bias=-(2**63), acc=IntType(64)) == -(2**63) + 127
    assert row(1, bias=2**62 - 1, acc=IntType(63)) == -(2**62)
    assert row(1, bias=top, acc=IntType(63, signed=False)) == 0
    assert row(-1, bias=0, acc=IntType(63, signed=False)) == top


def test_saturation_at_62_bits_by_hand() -> None:
    top = 2**61 - 1
    assert row(1, bias=top, acc=IntType(62), acc_overflow="saturate") == top
    assert row(1, -1, bias=top, acc=IntType(62), acc_overflow="saturate") == top - 1
    assert row(1, -1, bias=top, acc=IntType(62), acc_overflow="saturate", acc_bias="last") == top
    assert row(-1, bias=0, acc=IntType(62, signed=False), acc_overflow="saturate") == 0
    assert row(1, bias=2**62 - 1, acc=IntType(62, signed=False), acc_overflow="saturate") == 2**62 - 1


def declarations() -> Iterator[dict[str, Any]]:
    """Every order with both places of the bias, lanes, widths; products under every rule."""
    for order in ORDERS:
        for k, bias in enumerate(("first", "last")):
            yield {"acc": IntType(12), "acc_overflow": "saturate", "acc_order": order, "acc_bias": bias,
                   "acc_lanes": (1, 4)[k]}
    for bits in (8, 10, 13, 62):
        yield {"acc": IntType(bits), "acc_overflow": "saturate", "acc_lanes": 3, "acc_bias": "last"}
        yield {"acc": IntType(bits, signed=False), "acc_overflow": "saturate"}
    for bits in (8, 17, 32, 61, 62, 63, 64):
        yield {"acc": IntType(bits), "acc_overflow": "wrap", "bias_fraction_bits": 5, "acc_lanes": 2}
        yield {"acc": IntType(min(bits, 63), signed=False), "acc_overflow": "wrap"}
    for k, rule in enumerate(ROUNDINGS):
        narrow = ("saturate", "saturate_symmetric", "zero", "wrap")[k % 4]
        part = {"shift": (3, 5)[k % 2], "rounding": rule, "overflow": narrow, "type": IntType(8, signed=k % 3 > 0)}
        yield {"acc": IntType(10), "acc_overflow": ("saturate", "wrap")[k % 2], "acc_product": part}


@pytest.mark.parametrize("declared", list(declarations()), ids=str)
def test_conv2d_against_the_oracle(declared: dict[str, Any]) -> None:
    rng = np.random.default_rng(11)
    x, w = random_operand(rng, (2, 3, 4, 3), S8, 5), rng.integers(-128, 128, (2, 3, 3, 2))
    bias = rng.integers(0, 120, 2)
    got = run("conv2d", [x], w, bias, padding=(1, 1, 0, 1), weight_zero_point=[3, -4], **declared)
    want = oracle.conv2d(x.data, 5, w, bias, accumulator(declared), padding=(1, 1, 0, 1), weight_zero_point=[3, -4])
    assert got.tolist() == want.tolist()


@pytest.mark.parametrize("bits", [62, 63, 64])
@pytest.mark.parametrize("signed", [True, False])
def test_sums_past_64_bits_wrap_exactly(bits: int, signed: bool) -> None:
    """Terms of 61 bits, 40 of them, and a bias at the end of the accumulator."""
    acc = IntType(min(bits, 63 + signed), signed)
    rng = np.random.default_rng(bits)
    x, w = random_operand(rng, (4, 40), S32, -1), rng.integers(-(2**15), 2**15, (2, 40))
    declared = {"acc": acc, "bias_fraction_bits": 14}
    for bias in ([acc.qmin, acc.qmax], [acc.qmax, acc.qmin]):
        for place in ("first", "last"):
            got = run("linear", [x], w, bias, weight_type=S16, acc_bias=place, **declared)
            want = oracle.linear(x.data, -1, w, bias, accumulator({**declared, "acc_bias": place}))
            assert got.tolist() == want.tolist()


def test_rounded_products_by_hand() -> None:
    part = {"shift": 2, "rounding": "floor", "overflow": "saturate", "type": IntType(4)}
    assert row(7, 7, 100, bias=9, acc_product=part, bias_type=S8) == 1 + 1 + 7 + 2  # the bias is cast too
    assert row(7, bias=-1000, acc=S8, acc_product=part, bias_type=S16) == 1 - 8  # so it may be wider than acc
    part = {**part, "rounding": "ties_up", "overflow": "wrap"}
    assert row(7, 6, 40, -2, bias=-31, acc_product=part, bias_type=S8) == 2 + 2 + (10 - 16) + 0 + (-8)
    part = {**part, "overflow": "zero"}
    assert row(7, 40, acc_product=part, bias_type=S8) == 2


def test_error_stops_at_the_first_addition_outside() -> None:
    said = stopped("linear", [operand([100, 100, -100])], [[1, 1, 1]], acc=S8, acc_overflow="error")
    assert said == ("linear 'op': value 200 at image 0, index [0] is outside s8; "
                    "widen the type or choose another overflow rule")
    said = stopped("linear", [operand([1])], [[1]], [200], acc=S8, bias_type=U8, acc_overflow="error")
    assert "value 200 at image 0" in said
    assert row(100, -100, 100, acc=S8, acc_overflow="error") == 100


@pytest.mark.parametrize("declared", [{}, {"acc_order": "ic,kw,kh"}, {"acc_lanes": 3}, {"acc_bias": "last"},
                                      {"acc_bias": "last", "acc_lanes": 2}], ids=str)
def test_error_stops_where_the_oracle_stops(declared: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    places = set()
    for _ in range(12):
        x = Operand(rng.integers(-6, 7, (40, 2, 2, 3)))
        w, bias = rng.integers(-6, 7, (3, 2, 2, 2)), rng.integers(-40, 40, 3)
        kind = {"acc": S8, "acc_overflow": "error", **declared}
        try:
            want = oracle.conv2d(x.data, 0, w, bias, accumulator(kind), padding=(0, 1, 0, 0)).tolist()
        except oracle.Stopped as end:
            image, index, value = end.found
            places.add(image)
            said = stopped("conv2d", [x], w, bias, padding=(0, 1, 0, 0), **kind)
            assert said.startswith(f"conv2d 'op': value {value} at image {image}, index {index} is outside s8;")
        else:
            assert run("conv2d", [x], w, bias, padding=(0, 1, 0, 0), **kind).tolist() == want
    assert len(places) > 1


@pytest.mark.parametrize(("label", "pattern", "weight", "bias", "declared"), [
    ("W1", "weight type s17 must have 1..16 bits", 1, None, {"weight_type": IntType(17)}),
    ("W2", "weights 128..128 are outside weight_type s8", 128, None, {}),
    ("W3", r"weight_zero_point has shape \(2,\)", 1, None, {"weight_zero_point": [1, 2]}),
    ("W4", "weight_zero_point .* is outside weight_type s8", 1, None, {"weight_zero_point": 128}),
    ("W5", r"bias has shape \(2,\), expected a scalar or \(1,\)", 1, [1, 2], {}),
    ("W6", r"bias \(2147483648, 2147483648\) is outside s32", 1, [2**31], {}),
    ("W6", "bias .* is outside s8", 1, [128], {"bias_type": S8}),
    ("W7", "bias_type s33 is wider than acc s32", 1, [1], {"bias_type": IntType(33)}),
    ("A1", "acc_overflow zero is not a rule for accumulators", 1, None, {"acc_overflow": "zero"}),
    ("A1", "acc_overflow saturate_symmetric", 1, None, {"acc_overflow": "saturate_symmetric"}),
    ("A2", r"acc s7 must have 8\.\.64 bits to wrap", 1, None, {"acc": IntType(7)}),
    ("A2", r"acc s63 must have 8\.\.62 bits to saturate", 1, None, {"acc": IntType(63), "acc_overflow": "saturate"}),
    ("A2", r"acc s63 must have 8\.\.62 bits to error", 1, None, {"acc": IntType(63), "acc_overflow": "error"}),
    ("W8", r"bias_fraction_bits 31 must be 0\.\.30", 1, None, {"bias_fraction_bits": 31}),
    ("W8", "bias_fraction_bits -1", 1, None, {"bias_fraction_bits": -1}),
    ("W9", r"acc_lanes 0 must be 1\.\.65536", 1, None, {"acc_lanes": 0}),
    ("W9", "acc_lanes 1000000000000", 1, None, {"acc_lanes": 10**12}),
    ("W10", "weights are not bipolar", 0, None, {"weight_encoding": "bipolar", "weight_type": IntType(2)}),
    ("W10", "weights are not bipolar", 2, None, {"weight_encoding": "bipolar", "weight_type": IntType(4)}),
    ("W10", "weights are not ternary", 2, None, {"weight_encoding": "ternary"}),
])
def test_constraints_w1_to_w10_a1_a2(label: str, pattern: str, weight: int, bias: Any, declared: Any) -> None:
    with pytest.raises(GraphError, match=f"linear 'op' {label}: {pattern}"):
        run("linear", [operand([0])], [[weight]], bias, **declared)


def test_constraint_w11_operand_of_at_most_32_bits() -> None:
    with pytest.raises(GraphError, match="'op' W11: operand type s33 is wider than 32 bits"):
        row(0, kept=IntType(33))


def test_constraint_w12_products_of_at_most_62_bits_even_before_acc_product() -> None:
    wide = {"weight": 2**14, "weight_type": S16, "kept": S32, "acc": IntType(64)}
    assert row(-(2**31), bias_fraction_bits=16, **wide) == -(2**61)
    with pytest.raises(GraphError, match="'op' W12: a term needs more than 62 bits"):
        row(-(2**31), bias_fraction_bits=17, **wide)
    part = {"shift": 17, "rounding": "floor", "overflow": "saturate", "type": S32}
    with pytest.raises(GraphError, match="'op' W12: a term needs more than 62 bits"):
        row(-(2**31), bias_fraction_bits=17, acc_product=part, **wide)


def test_constraint_w12_a_bias_that_is_cast_has_at_most_62_bits() -> None:
    part = {"shift": 8, "rounding": "floor", "overflow": "saturate", "type": IntType(60)}
    assert row(0, bias=2**62 - 1, acc=IntType(64), acc_product=part) == 2**54 - 1
    with pytest.raises(GraphError, match="'op' W12: a term needs more than 62 bits"):
        row(0, bias=2**62, acc=IntType(64), acc_product=part)


def test_constraint_a3_products_that_stop_must_fit() -> None:
    part = {"shift": 1, "rounding": "floor", "overflow": "error", "type": S16}
    assert row(100, 100, weight=100, acc_product=part, bias=7) == 3 + 2 * 5000
    with pytest.raises(GraphError, match="'op' A3: acc_product stops on overflow"):
        row(1, weight=100, acc_product={**part, "type": IntType(13)})
    with pytest.raises(GraphError, match="'op' A3: acc_product stops on overflow"):
        row(1, weight=1, bias=2**16, acc_product=part)


def test_a_product_is_shifted_by_at_most_62_into_at_most_62_bits() -> None:
    part = {"shift": 63, "rounding": "floor", "overflow": "wrap", "type": S16}
    with pytest.raises(GraphError, match=r"'op': acc_product: a product is shifted by 0\.\.62"):
        row(1, acc_product=part)
    with pytest.raises(GraphError, match="into at most 62 bits"):
        row(1, acc_product={**part, "shift": 0, "type": IntType(63)})
