"""upsample and pixel_shuffle: where each code goes, constraints C1 to C3 of both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder
from edgeq.errors import GraphError
from tests.ops.one_op import S8, U8, Operand, operand, random_operand, run
from tests.oracles import elementwise as oracle


def test_upsample_by_hand() -> None:
    x = operand([[[1, 2], [3, 4]]], S8, 9)
    assert run("upsample", [x], (1, 2)).tolist() == [[[[1, 1, 2, 2], [3, 3, 4, 4]]]]
    assert run("upsample", [x], (2, 1)).tolist() == [[[[1, 2], [1, 2], [3, 4], [3, 4]]]]
    assert run("upsample", [x], 1).tolist() == [[[[1, 2], [3, 4]]]]


def test_pixel_shuffle_by_hand() -> None:
    """torch: channel c of the result takes channels 4c to 4c + 3; DepthToSpace's DCR every second one here."""
    x = operand([[[k]] for k in range(8)])
    assert run("pixel_shuffle", [x], 2).tolist() == [[[[0, 1], [2, 3]], [[4, 5], [6, 7]]]]
    assert run("pixel_shuffle", [x], 2, "dcr").tolist() == [[[[0, 2], [4, 6]], [[1, 3], [5, 7]]]]
    one = operand([[[k]] for k in range(4)])
    assert run("pixel_shuffle", [one], 2, "dcr").tolist() == run("pixel_shuffle", [one], 2).tolist()
    assert run("pixel_shuffle", [x], 1).tolist() == x.data.tolist()


@pytest.mark.parametrize("factors", [(1, 1), (2, 2), (3, 1), (1, 4), (5, 3)])
def test_upsample_against_the_oracle(factors: Any) -> None:
    x = random_operand(np.random.default_rng(11), (2, 3, 5, 1), U8, 8)
    assert run("upsample", [x], factors).tolist() == oracle.upsample(x.data, factors).tolist()


@pytest.mark.parametrize("order", ["crd", "dcr"])
@pytest.mark.parametrize(("channels", "factor"), [(4, 2), (12, 2), (18, 3), (5, 1)])
def test_pixel_shuffle_against_the_oracle(order: str, channels: int, factor: int) -> None:
    x = random_operand(np.random.default_rng(12), (2, channels, 3, 2), U8, 8)
    assert run("pixel_shuffle", [x], factor, order).tolist() == oracle.pixel_shuffle(x.data, factor, order).tolist()


@pytest.mark.judge
def test_torch_gives_the_same() -> None:
    torch = pytest.importorskip("torch")
    x = random_operand(np.random.default_rng(13), (2, 18, 3, 5))
    floats = torch.tensor(x.data, dtype=torch.float64)
    want = torch.nn.functional.pixel_shuffle(floats, 3).to(torch.int64).tolist()
    assert run("pixel_shuffle", [x], 3).tolist() == want
    near = torch.nn.functional.interpolate(floats, scale_factor=(2, 3), mode="nearest").to(torch.int64).tolist()
    assert run("upsample", [x], (2, 3)).tolist() == near


def test_scales_zero_point_and_limits_stay() -> None:
    b = GraphBuilder("net")
    x = b.clamp(b.input("x", (4, 2, 1), S8, zero_point=-2, scale=(1, 2, 3, 4)), 0, 9)
    y = b.upsample(x, (2, 3))
    assert (y.shape, y.type.scale, y.type.axis) == ((4, 4, 3), (1, 2, 3, 4), 0)
    assert (y.type.zero_point, y.type.limits) == (-2, (0, 9))
    z = b.pixel_shuffle(b.input("z", (4, 2, 1), S8, zero_point=3, scale=0.5), 2)
    assert (z.shape, z.type.scale, z.type.zero_point) == ((1, 4, 2), 0.5, 3)


@pytest.mark.parametrize(("kind", "pattern", "shape", "arguments"), [
    ("upsample", r"C1: x s8\[2,2\] must be \(C, H, W\)", (2, 2), (2,)),
    ("upsample", r"C2: factors \(0, 1\) must be at least 1", (1, 2, 2), ((0, 1),)),
    ("upsample", r"C2: factors \(1, 2147483648\) must be .* below 2\^31", (1, 2, 2), ((1, 1 << 31),)),
    ("pixel_shuffle", r"C1: x s8\[4\] must be \(C, H, W\)", (4,), (2,)),
    ("pixel_shuffle", "C2: factor 0 must be at least 1", (4, 1, 1), (0,)),
    ("pixel_shuffle", "C2: factor 2 must .* divide the 6 channels", (6, 1, 1), (2,))])
def test_constraints_c1_c2(kind: str, pattern: str, shape: Any, arguments: Any) -> None:
    with pytest.raises(GraphError, match=f"{kind} 'op' {pattern}"):
        run(kind, [Operand(np.zeros((1, *shape), int))], *arguments)


def test_constraint_c3_scales() -> None:
    b = GraphBuilder()
    x = b.input("x", (4, 1, 1), S8, scale=(1, 2, 3, 4))
    with pytest.raises(GraphError, match="upsample 'op' C3: x has one scale per index of axis 1, which is repeated"):
        b.upsample(b.transpose(x, (1, 0, 2)), 2, name="op")
    with pytest.raises(GraphError, match="pixel_shuffle 'op' C3: x has one scale per channel"):
        b.pixel_shuffle(x, 2, name="op")
    with pytest.raises(GraphError, match="pixel_shuffle 'op': order: 'rcd' is not one of crd, dcr"):
        b.pixel_shuffle(x, 2, "rcd", name="op")
