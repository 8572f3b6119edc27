"""prelu: slopes by hand and against the oracle, TFLite's rule, plain and wide, C1 to C11."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from edgeq import IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, graph_of, operand, random_operand, run, stopped
from tests.ops.test_leaky_relu import limits, tflite
from tests.oracles import nonlinear as oracle
from tests.oracles.rounding import OVERFLOWS, ROUNDINGS, clamp


def test_by_hand() -> None:
    """Above: (x - 1) * 2; below: (x - 1) * (alpha - 3) / 4 with alpha 5 and 1, that is 2 and -2."""
    x = operand([[1, 2, 0, -3], [1, 2, 0, -3]], S8, 1)
    assert run("prelu", [x], [5, 1], 3, 2, 0, 1, 2, zero_point=10).tolist() == [[[10, 12, 10, 8], [10, 12, 11, 12]]]
    assert run("prelu", [x], 5, 3, 2, 0, 1, 2).tolist() == [[[0, 2, 0, -2]] * 2]


@pytest.mark.parametrize(("rounding", "overflow"), list(product(ROUNDINGS, OVERFLOWS[:4])))
def test_plain_against_the_oracle(rounding: str, overflow: str) -> None:
    rng = np.random.default_rng([len(rounding), len(overflow)])
    two = rounding in ROUNDINGS[7:]
    for kept, to, zero_point in ((S8, U8, 9), (S16, S8, -128), (U8, IntType(1), -1)):
        x = random_operand(rng, (2, 3, 5, 1), kept, 3)
        alpha = rng.integers(-128, 128, 3)
        sides = [(rng.integers(1 << 30, 1 << 31, 3) if two else rng.integers(0, 1 << 12, 3),
                  rng.integers(29, 48, 3) if two else rng.integers(0, 25, 3), rng.integers(0, 3, 3)) for _ in range(2)]
        (m, s, left), (nm, ns, negative_left) = sides
        kind = {"zero_point": zero_point, "overflow": overflow, "rounding": rounding}
        got = run("prelu", [x], alpha, -7, m, s, nm, ns, left, negative_left, **kind, type=to)
        want = oracle.sided(x.data, 3, sides[0], sides[1], limits(to), **kind, alpha=alpha, alpha_zero_point=-7)
        assert got.tolist() == want.tolist()


def test_wide_products_against_the_oracle() -> None:
    rng = np.random.default_rng(3)
    x = random_operand(rng, (4, 3, 40), S32, 11)
    x.data[1:] >>= rng.integers(0, 28, x.data[1:].shape)
    alpha = np.array([1 << 20, -(1 << 20), 3])
    sides = ((np.array([1, 2, 3]), 20, 0), (np.array([1 << 30, (1 << 31) - 1, -(1 << 31)]), np.array([70, 71, 55]), 1))
    (m, s, left), (nm, ns, negative_left) = sides
    graph = graph_of("prelu", [x], alpha, 9, m, s, nm, ns, left, negative_left, type=S16)
    assert graph.node("op").op.proofs(graph.types["x0"]) == {"positive_wide": False, "negative_wide": True}
    got = run("prelu", [x], alpha, 9, m, s, nm, ns, left, negative_left, type=S16)
    want = oracle.sided(x.data, 11, *sides, limits(S16), alpha=alpha, alpha_zero_point=9)
    assert got.tolist() == want.tolist()


def test_two_stage_is_tflite_s_rule() -> None:
    data, alpha, alpha_zero_point = np.arange(-128, 128), 77, -20
    identity, negative = (1 << 30, 1), (1374389535, -8)
    expected = [clamp(-9 + (tflite(q - 5, *identity) if q >= 5 else tflite((q - 5) * (alpha - alpha_zero_point),
                                                                           *negative)), -128, 127)
                for q in data.tolist()]
    got = run("prelu", [Operand(data[None], S8, 5)], alpha, alpha_zero_point, 1 << 30, 31, 1374389535, 39, 1,
              rounding="two_stage", zero_point=-9)
    assert got[0].tolist() == expected


@pytest.mark.parametrize(("shape", "axis"), [((3, 4, 5), None), ((3, 4, 5), 2), ((4, 3), -1), ((3,), 0), ((), None)])
def test_axis(shape: tuple[int, ...], axis: int | None) -> None:
    x = random_operand(np.random.default_rng(5), (3, *shape))
    alpha = np.arange(shape[axis or 0] if shape else 1) - 1
    got = run("prelu", [x], alpha, 1, 1, 0, 1, 1, type=S16, axis=axis)
    want = oracle.sided(x.data, 0, (1, 0, 0), (1, 1, 0), limits(S16), axis=axis or 0, alpha=alpha, alpha_zero_point=1)
    assert got.tolist() == want.tolist()


def test_error_names_place_and_value() -> None:
    x = Operand(np.array([[[0, 1], [0, 0]], [[0, 0], [5, -30]]]), S8)
    said = stopped("prelu", [x], [1, 9], 0, 1, 0, 1, 0, overflow="error")
    assert said.startswith("prelu 'op': value -270 at image 1, index [1, 1] is outside s8;")


def test_the_shape_of_the_result_and_its_weights() -> None:
    graph = graph_of("prelu", [operand([[1], [2]])], [1, 2], 0, 1, 0, 1, 0, scale=0.5, clamp=(-3, 3))
    kept = graph.types["op"]
    assert (kept.shape, kept.scale, kept.lo, kept.hi, graph.parameters) == ((2, 1), 0.5, -3, 3, 2)


@pytest.mark.parametrize(("label", "pattern", "kept", "arguments", "attributes"), [
    ("C9", "axis -2 is not an axis", S8, (1, 0, 1, 1, 1, 1), {"axis": -2}),
    ("C10", r"alpha has shape \(3,\), expected a scalar or \(2,\)", S8, ([1, 2, 3], 0, 1, 1, 1, 1), {}),
    ("C10", r"alpha \(2147483648, 2147483648\) must have at most 32 bits", S8, (1 << 31, 0, 1, 1, 1, 1), {}),
    ("C10", "alpha_zero_point 65536 must have at most 17 bits", S8, (1, 1 << 16, 1, 1, 1, 1), {}),
    ("C11", "x s33 must have at most 32 bits", IntType(33), (1, 0, 1, 1, 1, 1), {}),
    ("C11", r"products with alpha reach 4611686018427387904, past 62 bits", S32, (-(1 << 31), 0, 1, 1, 1, 1), {}),
    ("C2", "negative side: multipliers", S8, (1, 0, 1, 1, 1 << 32, 1), {}),
    ("C3", "positive side: shift", S8, (1, 0, 1, -1, 1, 1), {}),
    ("C6", "negative side: two_stage needs x within 32 bits, got s33", S16, (1 << 17, 0, 0, 0, 0, 0),
     {"rounding": "two_stage"}),
    ("C7", "negative side: s39 << 31 needs more than 64 bits", S32, (127, 0, 1, 0, 1, 0, 0, 31), {}),
])
def test_constraints_c1_to_c11(label: str, pattern: str, kept: IntType, arguments: Any, attributes: Any) -> None:
    with pytest.raises(GraphError, match=f"prelu 'op' {label}: {pattern}"):
        run("prelu", [operand([1, 2], kept)], *arguments, **attributes)
