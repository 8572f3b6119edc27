"""avg_pool2d: the count, the domain, every rounding, what the result's limits are, constraints C1, C2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from edgeq import GraphBuilder, IntType, simulate
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S32, U8, Operand, operand, random_operand, run
from tests.ops.test_max_pool2d import WINDOWS
from tests.oracles import layers as oracle
from tests.oracles.rounding import ONE_STAGE

QUARTERS = [-6, -5, -3, -2, -1, 1, 2, 3, 5, 6]  # sums of four codes


@pytest.mark.parametrize(("rounding", "expected"), [
    ("floor", [-2, -2, -1, -1, -1, 0, 0, 0, 1, 1]), ("to_zero", [-1, -1, 0, 0, 0, 0, 0, 0, 1, 1]),
    ("ties_up", [-1, -1, -1, 0, 0, 0, 1, 1, 1, 2]), ("ties_away", [-2, -1, -1, -1, 0, 0, 1, 1, 1, 2]),
    ("ties_even", [-2, -1, -1, 0, 0, 0, 0, 1, 1, 2]), ("ties_to_zero", [-1, -1, -1, 0, 0, 0, 0, 1, 1, 1]),
    ("ties_down", [-2, -1, -1, -1, 0, 0, 0, 1, 1, 1])])
def test_quarters_by_hand(rounding: str, expected: list[int]) -> None:
    x = Operand(np.array([[[[s, 0], [0, 0]]] for s in QUARTERS]))
    assert run("avg_pool2d", [x], 2, rounding=rounding).ravel().tolist() == expected


def test_domain_by_hand() -> None:
    """Codes 1, 2 at zero point 3 are -2, -1: the tie -1.5 goes away from zero to -2, code 1; raw 1.5 goes to 2."""
    x = operand([[[1, 2]]], S8, 3)
    assert run("avg_pool2d", [x], (1, 2)).item() == 2
    assert run("avg_pool2d", [x], (1, 2), domain="centered").item() == 1
    assert run("avg_pool2d", [x], (1, 2), domain="centered", rounding="ties_even").item() == 1  # -2 is even
    assert run("avg_pool2d", [x], (1, 2), rounding="ties_even").item() == 2


def test_count_by_hand() -> None:
    """A corner window of 2x2 with one code 12 and three of padding, which holds the zero point 4."""
    x = operand([[[12]]], S8, 4)
    assert run("avg_pool2d", [x], 2, 2, (1, 1, 0, 0)).item() == 12
    for domain in ("raw", "centered"):
        assert run("avg_pool2d", [x], 2, 2, (1, 1, 0, 0), True, domain=domain).item() == 6  # (12 + 3 * 4) / 4


def test_what_ceil_mode_adds_is_never_counted() -> None:
    x = operand([[[10, 20, 40]]])
    assert run("avg_pool2d", [x], (1, 2), (1, 2), 0, True, True).ravel().tolist() == [15, 40]
    assert run("avg_pool2d", [x], (1, 3), (1, 3), (0, 1, 0, 1), True, True).ravel().tolist() == [10, 20]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("domain", ["raw", "centered"])
@pytest.mark.parametrize("count_include_pad", [False, True])
def test_against_the_oracle(window: Any, domain: str, count_include_pad: bool) -> None:
    rng = np.random.default_rng(8)
    size, kernel, stride, padding = window
    for k, rounding in enumerate(ONE_STAGE):
        kept, zero_point = ((S8, -128), (U8, 127), (IntType(3), 3), (S32, -(2**31)))[k % 4]
        x = random_operand(rng, (2, 3, *size), kept, zero_point)
        kind = {"domain": domain, "count_include_pad": count_include_pad, "ceil_mode": k % 2 == 0}
        got = run("avg_pool2d", [x], kernel, stride, padding, rounding=rounding, **kind)
        want = oracle.avg_pool2d(x.data, zero_point, kernel, stride, padding, rounding, **kind)
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize("size", range(1, 10))
@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_every_small_window_against_torch(size: int, count_include_pad: bool, ceil_mode: bool) -> None:
    x = Operand(np.random.default_rng(size).integers(-128, 128, (1, 2, size, 2)))
    flags = {"ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
    for kernel in range(1, 5):
        for stride in range(1, 4):
            for padding in range(kernel // 2 + 1):
                if size + 2 * padding < kernel:
                    continue
                place = ((kernel, 2), (stride, 1), (padding, 1))
                mean = F.avg_pool2d(torch.tensor(x.data, dtype=torch.float64), *place, **flags)
                for rounding, rounded in (("floor", mean.floor()), ("ties_even", mean.round())):
                    got = run("avg_pool2d", [x], *place, rounding=rounding, **flags)
                    assert got.tolist() == rounded.to(torch.int64).tolist()


def test_global_average_of_the_ends_of_32_bits() -> None:
    x = Operand(np.full((1, 1, 15, 17), -(2**31)), S32, 2**31 - 1)
    for domain in ("raw", "centered"):
        assert run("avg_pool2d", [x], (15, 17), domain=domain).item() == -(2**31)


def test_padding_widens_the_limits_of_the_result() -> None:
    """After a clamp to 100..120 the mean with padding is 25: what follows must not rely on 100."""
    b = GraphBuilder("net")
    x = b.clamp(b.input("x", (1, 2, 2), S8), 100, 120)
    y = b.avg_pool2d(x, 2, 2, 1, count_include_pad=True)
    z = b.avg_pool2d(x, 2, 2, 1)
    b.output(y, name="y")
    assert (y.type.lo, y.type.hi) == (0, 120)
    assert (z.type.lo, z.type.hi) == (100, 120)
    assert simulate(b.build(), {"x": np.full((1, 1, 2, 2), 100)}).outputs["y"].ravel().tolist() == [25] * 4


@pytest.mark.parametrize(("label", "pattern", "kept", "attributes"), [
    ("C1", "rounding two_stage has two stages", S8, {"rounding": "two_stage"}),
    ("C1", "rounding two_stage_up has two stages", S8, {"rounding": "two_stage_up"}),
    ("C2", "x s33 must have at most 32 bits", IntType(33), {}),
])
def test_constraints_c1_c2(label: str, pattern: str, kept: IntType, attributes: Any) -> None:
    with pytest.raises(GraphError, match=f"avg_pool2d 'op' {label}: {pattern}"):
        run("avg_pool2d", [operand([[[1]]], kept)], 1, **attributes)


def test_constraint_c2_window_of_fewer_than_2_to_the_24_values() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (1, 4096, 4096), S8)
    with pytest.raises(GraphError, match=r"avg_pool2d 'op' C2: .* window \(4096, 4096\) fewer than 2\^24"):
        b.avg_pool2d(x, 4096, name="op")
    with pytest.raises(GraphError, match="avg_pool2d 'op': domain: 'both' is not one of raw, centered"):
        b.avg_pool2d(x, 2, domain="both", name="op")
