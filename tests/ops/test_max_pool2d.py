"""max_pool2d: windows, ceil_mode, padding that never wins, constraints P1 to P4 of every pool."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from edgeq import IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S32, U8, Operand, graph_of, operand, random_operand, run
from tests.oracles import layers as oracle

WINDOWS: list[tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int, int, int]]] = [
    ((5, 4), (2, 2), (2, 2), (0, 0, 0, 0)),
    ((7, 3), (3, 3), (2, 1), (1, 1, 1, 1)),
    ((5, 6), (2, 3), (1, 2), (1, 2, 0, 1)),
    ((4, 5), (3, 1), (3, 3), (2, 0, 1, 0)),
    ((6, 8), (3, 2), (5, 7), (0, 0, 2, 1)),
    ((3, 3), (1, 3), (2, 4), (0, 1, 0, 1)),
    ((2, 9), (2, 4), (1, 3), (1, 3, 1, 2)),
    ((8, 8), (3, 3), (4, 4), (1, 1, 1, 1)),
]


def test_by_hand() -> None:
    x = operand([[[1, -2, 3], [4, 5, -6], [-7, -8, -9]]])
    assert run("max_pool2d", [x], 2, 1).tolist() == [[[[5, 5], [5, 5]]]]
    assert run("max_pool2d", [x], 2).tolist() == [[[[5]]]]  # the stride is the kernel's size
    assert run("max_pool2d", [x], 2, ceil_mode=True).tolist() == [[[[5, 3], [-7, -9]]]]
    assert run("max_pool2d", [x], (1, 3), (2, 1)).tolist() == [[[[3], [-7]]]]


def test_padding_never_wins() -> None:
    x = operand([[[-128, -100], [-90, -80]]], S8, 5)
    assert run("max_pool2d", [x], 2, 1, 1).tolist() == [[[[-128, -100, -100], [-90, -80, -80], [-90, -80, -80]]]]
    kept = graph_of("max_pool2d", [x], 2).types["op"]
    assert (kept.type, kept.zero_point, kept.shape) == (S8, 5, (1, 1, 1))


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_against_the_oracle(window: Any, ceil_mode: bool) -> None:
    rng = np.random.default_rng(6)
    size, kernel, stride, padding = window
    for kept in (S8, U8, IntType(3), S32, IntType(64)):
        x = random_operand(rng, (2, 3, *size), kept, -1 if kept.signed else 1)
        got = run("max_pool2d", [x], kernel, stride, padding, ceil_mode=ceil_mode)
        want = oracle.max_pool2d(x.data, kernel, stride, padding, ceil_mode=ceil_mode)
        assert got.tolist() == want.tolist()


@pytest.mark.parametrize("size", range(1, 11))
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_every_small_window_against_torch(size: int, ceil_mode: bool) -> None:
    """Torch pads both sides alike, by half the kernel at most."""
    x = Operand(np.random.default_rng(size).integers(-128, 128, (1, 2, size, 1)))
    for kernel in range(1, 5):
        for stride in range(1, 5):
            for padding in range(kernel // 2 + 1):
                if size + 2 * padding < kernel:
                    continue
                want = F.max_pool2d(torch.tensor(x.data, dtype=torch.float64), (kernel, 1), (stride, 1), (padding, 0),
                                    ceil_mode=ceil_mode)
                got = run("max_pool2d", [x], (kernel, 1), (stride, 1), (padding, 0), ceil_mode=ceil_mode)
                assert got.tolist() == want.to(torch.int64).tolist()


@pytest.mark.parametrize("kind", ["max_pool2d", "avg_pool2d"])
@pytest.mark.parametrize(("label", "pattern", "shape", "arguments"), [
    ("P1", r"x must be \(C, H, W\), got \[4, 4\]", (4, 4), (2,)),
    ("P2", r"kernel \(0, 2\) and stride \(1, 1\) must be at least 1", (1, 4, 4), ((0, 2), 1)),
    ("P2", r"kernel \(2, 2\) and stride \(1, 0\)", (1, 4, 4), (2, (1, 0))),
    ("P2", r"and below 2\^31", (1, 4, 4), (2, 2**62)),
    ("P3", r"padding \(2, 0, 0, 0\) must be at least 0 and smaller than the kernel", (1, 4, 4), (2, 2, (2, 0, 0, 0))),
    ("P3", r"padding \(0, 0, 0, 2\)", (1, 4, 4), (2, 2, (0, 0, 0, 2))),
    ("P3", r"padding \(0, -1, 0, 0\)", (1, 4, 4), (2, 2, (0, -1, 0, 0))),
    ("P4", "a 3x2 window does not fit 2x4", (1, 2, 4), ((3, 2),)),
    ("P4", "a 2x5 window does not fit 2x3", (1, 2, 3), ((2, 5), 1, (0, 1, 0, 0))),
])
def test_constraints_p1_to_p4(kind: str, label: str, pattern: str, shape: Any, arguments: Any) -> None:
    for ceil_mode in (False, True):
        with pytest.raises(GraphError, match=f"{kind} 'op' {label}: .*{pattern}"):
            run(kind, [Operand(np.zeros((1, *shape), int))], *arguments, ceil_mode=ceil_mode)
