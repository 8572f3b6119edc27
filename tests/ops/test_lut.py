"""lut: entries per code, both interpolations, the published table functions, constraints C1 to C3."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, operand, random_operand, run
from tests.oracles import nonlinear as oracle

LINE = np.arange(-256, 257) * 100
U12, S13 = IntType(12, signed=False), IntType(13)


def test_by_hand() -> None:
    table = np.arange(256) // 2 - 7
    assert run("lut", [operand([-128, -127, -1, 0, 127])], table).tolist() == [[-7, -7, 56, 57, 120]]
    assert run("lut", [operand([0, 1, 255], U8)], table).tolist() == [[-7, -7, 120]]
    assert run("lut", [operand([-1, 0], IntType(1))], [5, -6], type=IntType(4)).tolist() == [[5, -6]]


def test_interpolation_by_hand() -> None:
    """T[256] = 0, T[257] = 100: at 64 the half, 50; at 1 it is 100 / 128, which is 1 after rounding."""
    x = operand([0, 1, 64, 127, 128, -1, -64, -(1 << 15), (1 << 15) - 1], S16)
    assert run("lut", [x], LINE, type=S32, interpolation="tosa").tolist() == [
        [0, 100, 6400, 12700, 12800, -100, -6400, -3276800, 3276700]]
    assert run("lut", [x], LINE, type=S16, interpolation="tflite").tolist() == [
        [0, 1, 50, 99, 100, -1, -50, -25600, 25599]]


def test_tflite_rounds_a_tie_up() -> None:
    table = np.zeros(513, int)
    table[257], table[0] = 1, -1
    x = operand([63, 64, 65, -(1 << 15) + 63, -(1 << 15) + 64, -(1 << 15) + 65], S16)
    assert run("lut", [x], table, type=S16, interpolation="tflite").tolist() == [[0, 1, 1, -1, 0, 0]]


@pytest.mark.parametrize("kept", [IntType(b, s) for b in (1, 2, 5, 8, 12) for s in (True, False)], ids=str)
def test_every_code_against_the_oracle(kept: IntType) -> None:
    table = np.random.default_rng(1).integers(-(1 << 15), 1 << 15, 1 << kept.bits)
    data = np.arange(kept.qmin, kept.qmax + 1)
    got = run("lut", [Operand(data[None], kept, kept.qmax)], table, type=S16)
    assert got[0].tolist() == oracle.lut(data.tolist(), table.tolist(), kept.qmin, None)


@pytest.mark.parametrize("interpolation", ["tosa", "tflite"])
def test_every_16_bit_code_against_the_oracle(interpolation: str) -> None:
    rng = np.random.default_rng(2)
    table = np.clip(np.cumsum(rng.integers(-4000, 4000, 513)), -(1 << 15), (1 << 15) - 1)
    data = np.arange(-(1 << 15), 1 << 15)
    got = run("lut", [Operand(data[None], S16)], table, type=S32, interpolation=interpolation)
    assert got[0].tolist() == oracle.lut(data.tolist(), table.tolist(), 0, interpolation)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3), (2, 2, 1, 2, 3)])
def test_any_rank(shape: tuple[int, ...]) -> None:
    table = np.arange(256)[::-1] - 128
    x = random_operand(np.random.default_rng(3), (2, *shape))
    assert run("lut", [x], table).tolist() == (-1 - x.data).tolist()


def test_limits_scale_and_zero_point_of_the_result() -> None:
    b = GraphBuilder("net")
    kept = b.lut(b.input("x", (2, 3), S8, scale=(0.5, 1.0), zero_point=4), np.arange(256) // 4, zero_point=9,
                 scale=0.25).type
    assert (kept.lo, kept.hi, kept.zero_point, kept.scale, kept.shape) == (0, 63, 9, 0.25, (2, 3))
    wide = b.lut(b.input("w", (1,), S16), LINE, type=IntType(23), interpolation="tosa").type
    assert (wide.lo, wide.hi) == (-3276800, 3276800)


@pytest.mark.parametrize(("label", "pattern", "kept", "table", "attributes"), [
    ("C1", "x is s13; a table has an entry per code of at most 12 bits", S13, np.zeros(1 << 13, int), {}),
    ("C1", r"table has shape \(255,\), s8 needs \(256,\)", S8, np.zeros(255, int), {}),
    ("C1", r"table has shape \(2, 128\)", S8, np.zeros((2, 128), int), {}),
    ("C1", r"table has shape \(4095,\), u12 needs \(4096,\)", U12, np.zeros(4095, int), {}),
    ("C2", "interpolation tosa needs x of type s16, got s8", S8, LINE, {"interpolation": "tosa"}),
    ("C2", "interpolation tflite needs x of type s16, got u16", IntType(16, signed=False), LINE,
     {"interpolation": "tflite"}),
    ("C2", r"table has shape \(512,\)", S16, LINE[1:], {"interpolation": "tflite"}),
    ("C2", r"entries \(-32769, 0\) must have 16 bits", S16, np.full(513, -32769) * (np.arange(513) < 2),
     {"interpolation": "tosa"}),
    ("C2", "neighbouring entries differ by -40000 to 0, beyond 16 bits", S16,
     np.where(np.arange(513) < 9, 20000, -20000), {"interpolation": "tosa"}),
    ("C3", r"output type s8 must have at most 32 bits and hold \(0, 128\)", S8, np.arange(256) // 255 * 128, {}),
    ("C3", r"output type s22 .* hold \(-3276800, 3276800\)", S16, LINE,
     {"interpolation": "tosa", "type": IntType(22)}),
    ("C3", "output type s33 must have", S8, np.zeros(256, int), {"type": IntType(33)}),
    ("C3", "output type s8 does not hold zero point 128", S8, np.zeros(256, int), {"zero_point": 128}),
])
def test_constraints_c1_to_c3(label: str, pattern: str, kept: IntType, table: Any, attributes: Any) -> None:
    with pytest.raises(GraphError, match=f"lut 'op' {label}: {pattern}"):
        run("lut", [operand([0], kept)], table, **attributes)


def test_unknown_interpolation() -> None:
    with pytest.raises(GraphError, match="lut 'op': interpolation: 'cubic' is not one of tosa, tflite, or None"):
        run("lut", [operand([0], S16)], LINE, interpolation="cubic")


def test_c4_one_scale_or_one_per_channel() -> None:
    b = GraphBuilder()
    x = b.input("x", (2, 3), S8)
    assert b.lut(x, [0] * 256, scale=[0.5, 0.25]).type.scale == (0.5, 0.25)
    for scale in ([0.5], [0.5, 0.25, 0.5]):
        with pytest.raises(GraphError, match=r"lut 'op' C4: scale \(.*\) must be one number or 2, one per channel"):
            b.lut(x, [0] * 256, scale=scale, name="op")
