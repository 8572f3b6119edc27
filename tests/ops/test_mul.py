"""mul: zero points, broadcasting, overflow, the width of the product, constraints C1 to C3, A1, A2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, operand, random_operand, run, stopped
from tests.ops.test_sub import SHAPES
from tests.oracles import elementwise as oracle


def test_by_hand() -> None:
    assert run("mul", [operand([5, -6, 0], S8, 1), operand([200, 7, 0], U8, 100)]).tolist() == [[400, 651, 100]]
    assert run("mul", [operand([-128, 16]), operand([-128, 8])], S8).tolist() == [[0, -128]]
    assert run("mul", [operand([-128, 16]), operand([-1, -9])], S8, "saturate").tolist() == [[127, -128]]


def test_ends_of_32_bits() -> None:
    lo, hi = -(2**31), 2**31 - 1
    x = operand([lo, lo, hi, -1, 0, 1], S32)
    y = operand([lo, hi, hi, lo, lo, lo], S32)
    assert run("mul", [x, y], IntType(64)).tolist() == [[2**62, lo * hi, hi * hi, 2**31, 0, lo]]
    assert run("mul", [x, y]).tolist() == [[0, lo, 1, lo, 0, lo]]  # modulo 2^32
    assert run("mul", [x, y], IntType(62), "saturate").tolist() == [[2**61 - 1, -(2**61), 2**61 - 1, 2**31, 0, lo]]


@pytest.mark.parametrize(("first", "second"), SHAPES)
@pytest.mark.parametrize(("acc", "overflow"), [(S32, "wrap"), (S8, "saturate"), (IntType(9, signed=False), "wrap")])
def test_broadcasting_against_the_oracle(first: Any, second: Any, acc: IntType, overflow: str) -> None:
    rng = np.random.default_rng(5)
    x1 = random_operand(rng, (3, *first), S16, -700)
    x2 = random_operand(rng, (3, *second), U8, 131)

    def one(a: int, b: int) -> int:
        return oracle.multiply_codes(a, -700, b, 131, acc.qmin, acc.qmax, overflow)

    assert run("mul", [x1, x2], acc, overflow).tolist() == oracle.pairs(x1.data, x2.data, one).tolist()


def test_error_names_place_and_value() -> None:
    x1 = Operand(np.array([[[1, 2, 3]], [[4, 5, 64]]]))
    x2 = Operand(np.array([[[1], [2]], [[-2], [2]]]))
    said = stopped("mul", [x1, x2], S8, "error")
    assert said.startswith("mul 'op': value 128 at image 1, index [1, 2] is outside s8;")


def test_bounds_scale_and_axis() -> None:
    b = GraphBuilder("net")
    x = b.clamp(b.input("x", (2, 3), S8, zero_point=2, scale=0.5), -3, 7)
    y = b.input("y", (3,), U8, zero_point=1, scale=0.25)
    node = b.mul(x, y, name="op")
    b.output(node)
    bounds = b.build().node("op").op.bounds(x.type, y.type)
    assert bounds is not None
    assert (bounds.lo.tolist(), bounds.hi.tolist()) == ([-5 * 254], [5 * 254])
    assert (node.type.scale, node.type.zero_point) == (0.125, 0)
    assert b.mul(x, b.input("free", (), S8)).type.scale is None
    rows = b.transpose(b.input("rows", (2, 3), S8, scale=(0.5, 0.25)), (1, 0))
    assert (b.mul(y, b.input("many", (3, 3), S8, scale=(1, 2, 3))).type.scale, b.mul(rows, rows).type.axis) == (None, 1)


@pytest.mark.parametrize(("label", "pattern", "types", "shape", "arguments"), [
    ("C1", r"shapes \(2,\) and \(3,\) do not broadcast", (S8, S8), (3,), ()),
    ("C2", "operands s8 and s33 must have at most 32 bits", (S8, IntType(33)), (2,), ()),
    ("A1", "acc_overflow zero is not a rule", (S8, S8), (2,), (S32, "zero")),
    ("A2", r"acc s7 must have 8\.\.64 bits to wrap", (S8, S8), (2,), (IntType(7),)),
    ("A2", r"acc s63 must have 8\.\.62 bits to saturate", (S16, S8), (2,), (IntType(63), "saturate")),
])
def test_constraints_c1_c2_a1_a2(label: str, pattern: str, types: Any, shape: Any, arguments: Any) -> None:
    xs = [Operand(np.zeros((1, 2), int), types[0]), Operand(np.zeros((1, *shape), int), types[1])]
    with pytest.raises(GraphError, match=f"mul 'op' {label}: {pattern}"):
        run("mul", xs, *arguments)


def test_constraint_c3_is_proven_by_what_the_codes_can_be() -> None:
    """2^32 - 1 squared needs 65 bits; a clamp before the product takes it back into 64."""
    b = GraphBuilder()
    u32 = IntType(32, signed=False)
    x, s = b.input("x", (2,), u32), b.input("s", (2,), S32, zero_point=2**31 - 1)
    with pytest.raises(GraphError, match=r"mul 'op' C3: the product of u32\[2\] and u32\[2\] needs more than 64 bits"):
        b.mul(x, x, name="op")
    with pytest.raises(GraphError, match=r"mul 'op' C3: .* zp 2147483647 needs more than 64 bits; requantize one"):
        b.mul(s, s, name="op")
    half = b.clamp(x, 0, 2**31)
    b.output(b.mul(x, half, acc=IntType(64), name="op"), name="y")
    assert run("mul", [operand([2**32 - 1], u32), operand([-(2**31)], S32)], IntType(64)).tolist() == [
        [-(2**31) * (2**32 - 1)]]
