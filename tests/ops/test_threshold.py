"""threshold: counts, directions, sign, constant channels, batch norm and sign in fractions, C1 to C5."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, operand, random_operand, run
from tests.oracles import nonlinear as oracle

S2, S62 = IntType(2), IntType(62)


def test_counts_by_hand() -> None:
    x = operand([[-3, -2, 0, 4, 5], [-3, -2, 0, 4, 5]])
    got = run("threshold", [x], [[-2, 0, 5], [-2, 0, 5]], [1, -1])
    assert got.tolist() == [[[0, 1, 2, 2, 3], [3, 3, 2, 1, 1]]]
    assert run("threshold", [x], [-2, 0, 5], 1, 10, -4).tolist() == [[[10, 6, 2, 2, -2]] * 2]


def test_ends_of_32_bits() -> None:
    """One threshold may span the whole type: start -2**31, step 2**32 - 1."""
    got = run("threshold", [operand([-1, 0])], [0], 1, -(1 << 31), (1 << 32) - 1, S32)
    assert got.tolist() == [[-(1 << 31), (1 << 31) - 1]]
    got = run("threshold", [operand([0, 1])], [0], -1, (1 << 31) - 1, 1 - (1 << 32), S32)
    assert got.tolist() == [[-(1 << 31), (1 << 31) - 1]]


def test_order_and_repetition_of_thresholds() -> None:
    x = operand([-3, 0, 3])
    for row in ([-1, 2, 2], [2, -1, 2], [2, 2, -1]):
        assert run("threshold", [x], row, 1).tolist() == [[0, 1, 3]]


def test_sign_and_constant_channels() -> None:
    """A threshold one past either end makes a channel constant, whatever the direction."""
    x = operand([[-128, -1, 0, 127]] * 5)
    got = run("threshold", [x], [[0], [128], [-129], [-128], [127]], [1, 1, -1, 1, -1], -1, 2, S2)
    assert got.tolist() == [[[-1, -1, 1, 1], [-1] * 4, [-1] * 4, [1] * 4, [1] * 4]]
    u = operand([[0, 255]] * 4, U8)
    got = run("threshold", [u], [[0], [256], [-1], [255]], [1, 1, -1, -1], -1, 2, S2)
    assert got.tolist() == [[[1, 1], [-1, -1], [-1, -1], [1, 1]]]


def test_batch_norm_and_sign() -> None:
    """sign(gamma * (x - mean) / deviation + beta), sign(0) = 1: a threshold per channel, down for a negative gamma."""
    mean, beta = Fraction(7, 2), Fraction(-9, 4)
    channels = [(Fraction(3, 4), 1), (Fraction(-3, 4), -1), (Fraction(1, 9), 1)]
    bounds = [[ceil(mean - beta / g) if g > 0 else floor(mean - beta / g)] for g, _ in channels]
    data = np.tile(np.arange(-128, 128), (3, 1))
    got = run("threshold", [Operand(data[None])], bounds, [d for _, d in channels], -1, 2, S2)
    expected = [[1 if g * (q - mean) + beta >= 0 else -1 for q in range(-128, 128)] for g, _ in channels]
    assert got[0].tolist() == expected


@pytest.mark.parametrize("kept", [S8, U8, S16, S32, S62, IntType(1), IntType(62, signed=False)], ids=str)
def test_against_the_oracle(kept: IntType) -> None:
    rng = np.random.default_rng(9)
    x = random_operand(rng, (3, 4, 3, 2), kept, kept.qmax)
    table = rng.integers(kept.qmin - 1, kept.qmax + 1, (4, 7), endpoint=True)
    table[0, :3], table[1, 0] = (kept.qmin - 1, kept.qmax + 1, kept.qmax), x.data[0, 1, 0, 0]
    direction = np.array([1, -1, -1, 1])
    got = run("threshold", [x], table, direction, -5, 3)
    assert got.tolist() == oracle.threshold(x.data, table, direction, -5, 3, 0).tolist()


@pytest.mark.parametrize(("shape", "axis"), [((3, 4, 5), None), ((3, 4, 5), 1), ((4, 3), -1), ((3,), 0), ((), None)])
def test_axis(shape: tuple[int, ...], axis: int | None) -> None:
    rng = np.random.default_rng(5)
    x = random_operand(rng, (3, *shape))
    channels = shape[axis or 0] if shape else 1
    table = rng.integers(-100, 100, (channels, 3))
    got = run("threshold", [x], table, np.arange(channels) % 2 * 2 - 1, axis=axis)
    want = oracle.threshold(x.data, table, np.arange(channels) % 2 * 2 - 1, 0, 1, axis or 0)
    assert got.tolist() == want.tolist()


def test_result_type_and_layer() -> None:
    b = GraphBuilder("net")
    y = b.threshold(b.linear(b.input("x", (2,), S8), [[1, 2], [3, 4]], name="fc"), [[1], [2]], [1, -1], -1, 2, S2,
                    scale=0.5)
    assert (y.type.lo, y.type.hi, y.type.type, y.type.scale) == (-1, 1, S2, 0.5)
    b.output(y)
    assert sorted(b.build().types) == ["fc", "fc.acc", "x"]


@pytest.mark.parametrize(("label", "pattern", "kept", "arguments", "attributes"), [
    ("C5", "axis 1 is not an axis", S8, ([1], 1), {"axis": 1}),
    ("C1", r"thresholds have shape \(3, 1\), expected \(2, K\) or \(K,\)", S8, ([[1], [2], [3]], 1), {}),
    ("C1", r"thresholds have shape \(\)", S8, (1, 1), {}),
    ("C1", r"thresholds have shape \(2, 0\)", S8, (np.zeros((2, 0), int), 1), {}),
    ("C1", r"thresholds have shape \(65536,\)", S8, (np.zeros(65536, int), 1), {}),
    ("C1", r"direction has shape \(3,\), expected a scalar or \(2,\)", S8, ([1], [1, 1, 1]), {}),
    ("C1", r"direction must be \+1 or -1", S8, ([1], [1, 0]), {}),
    ("C2", "x s63 must have at most 62 bits", IntType(63), ([1], 1), {}),
    ("C3", r"thresholds \(0, 256\) must fit s9; none outside -128\.\.128 tells", S8, ([0, 256], 1), {}),
    ("C3", r"thresholds \(-513, -513\) must fit s10", U8, ([-513], 1), {}),
    ("C4", r"output type s2 must have at most 32 bits and hold \(0, 2\) and zero point 0", S8, ([0, 1], 1),
     {"type": S2}),
    ("C4", r"output type u8 .* hold \(-1, 0\)", S8, ([0], 1), {"step": -1, "type": U8}),
    ("C4", "output type s33", S8, ([0], 1), {"type": IntType(33)}),
    ("C4", ".* zero point 200", S8, ([0], 1), {"zero_point": 200}),
])
def test_constraints_c1_to_c5(label: str, pattern: str, kept: IntType, arguments: Any, attributes: Any) -> None:
    with pytest.raises(GraphError, match=f"threshold 'op' {label}: {pattern}"):
        run("threshold", [operand([1, 0], kept)], *arguments, **attributes)


def test_c6_one_scale_or_one_per_channel() -> None:
    b = GraphBuilder()
    x = b.input("x", (2, 3), S8)
    assert b.threshold(x, [1], 1, scale=[0.5] * 3, axis=1).type.scale == (0.5, 0.5, 0.5)
    for scale in ([0.5], [0.5, 0.25, 0.5]):
        with pytest.raises(GraphError, match=r"threshold 'op' C6: scale \(.*\) must be one number or 2, one per"):
            b.threshold(x, [1], 1, scale=scale, name="op")
