"""matmul: transposition, broadcasting, zero points, accumulators, scale, constraints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.errors import GraphError
from tests.ops.one_op import S8, S16, S32, U8, Operand, accumulator, graph_of, operand, random_operand, run, stopped
from tests.oracles import products as oracle

SHAPES: list[tuple[tuple[int, ...], tuple[int, ...], bool, bool]] = [
    ((1, 1), (1, 1), False, False),
    ((3, 5), (5, 4), False, False),
    ((5, 3), (5, 4), True, False),
    ((3, 5), (4, 5), False, True),
    ((5, 3), (4, 5), True, True),
    ((2, 3, 5), (2, 5, 4), False, False),
    ((2, 1, 3, 5), (4, 5, 1), False, False),
    ((3, 5), (2, 3, 5, 2), False, False),
    ((3, 1, 2, 1, 5), (1, 4, 1, 3, 5), False, True),
]


def test_by_hand() -> None:
    """(1 2 / 3 4) times (1 0 / -1 2); the codes stand 1 above and 2 below."""
    x1, x2 = operand([[2, 3], [4, 5]], U8, 1), operand([[-1, -2], [-3, 0]], S8, -2)
    assert run("matmul", [x1, x2]).tolist() == [[[-1, 4], [-1, 8]]]
    assert run("matmul", [x1, x2], True).tolist() == [[[-2, 6], [-2, 8]]]
    assert run("matmul", [x1, x2], transpose2=True).tolist() == [[[1, 3], [3, 5]]]
    assert run("matmul", [x1, x2], True, True).tolist() == [[[1, 5], [2, 6]]]


def test_every_image_has_its_own_matrices() -> None:
    x1, x2 = Operand(np.array([[[1]], [[2]], [[3]]])), Operand(np.array([[[4, 5]], [[6, 7]], [[8, -9]]]))
    assert run("matmul", [x1, x2]).tolist() == [[[4, 5]], [[12, 14]], [[24, -27]]]


@pytest.mark.parametrize(("first", "second", "transpose1", "transpose2"), SHAPES)
@pytest.mark.parametrize("declared", [{}, {"acc": IntType(11)}, {"acc": IntType(14), "acc_overflow": "saturate"}],
                         ids=str)
def test_shapes_against_the_oracle(
    first: Any, second: Any, transpose1: bool, transpose2: bool, declared: dict[str, Any]
) -> None:
    rng = np.random.default_rng([*first, *second])
    x1, x2 = random_operand(rng, (3, *first), S8, -7), random_operand(rng, (3, *second), U8, 131)
    got = run("matmul", [x1, x2], transpose1, transpose2, **declared)
    want = oracle.matmul(x1.data, -7, x2.data, 131, accumulator(declared), transpose1=transpose1, transpose2=transpose2)
    assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("first", "second", "transpose1", "transpose2"), SHAPES)
def test_shapes_against_numpy(first: Any, second: Any, transpose1: bool, transpose2: bool) -> None:
    """numpy's own integer matmul, which counts the images as one more leading axis."""
    rng = np.random.default_rng([1, *first])
    x1, x2 = random_operand(rng, (2, *first), S16), random_operand(rng, (2, *second))
    a, b = (x.data.swapaxes(-1, -2) if t else x.data for x, t in ((x1, transpose1), (x2, transpose2)))
    want = [np.matmul(left, right).tolist() for left, right in zip(a, b, strict=True)]
    assert run("matmul", [x1, x2], transpose1, transpose2).tolist() == want


def test_saturation_after_every_addition_in_the_order_of_k_by_hand() -> None:
    narrow = {"acc": S8, "acc_overflow": "saturate"}
    x1, x2 = operand([[100, 100, -100]]), operand([[1], [1], [1]])
    assert run("matmul", [x1, x2], **narrow).item() == 27  # 100, 200 becomes 127, 27
    assert run("matmul", [x1, x2], **narrow, acc_lanes=2).item() == 100  # lane 0: 100, 0; lane 1: 100
    assert run("matmul", [x1, x2], **narrow, acc_lanes=5).item() == 27
    assert run("matmul", [x1, x2], acc=S8).item() == 100


def test_rounded_products_by_hand() -> None:
    part = {"shift": 2, "rounding": "floor", "overflow": "saturate", "type": IntType(4)}
    x1, x2 = operand([[7, -7, 100]]), operand([[1], [1], [1]])
    assert run("matmul", [x1, x2], acc_product=part).item() == 1 - 2 + 7
    assert run("matmul", [x1, x2], acc_product={**part, "overflow": "wrap"}).item() == 1 - 2 - 7
    assert run("matmul", [x1, x2], acc_product={**part, "overflow": "zero"}).item() == 1 - 2


@pytest.mark.parametrize("declared", [
    {"acc": IntType(12), "acc_overflow": "saturate", "acc_lanes": 3},
    {"acc": IntType(12, signed=False), "acc_overflow": "saturate"},
    {"acc": IntType(9), "acc_product": {"shift": 3, "rounding": "ties_even", "overflow": "wrap", "type": S8}},
    {"acc": IntType(10), "acc_overflow": "saturate", "acc_lanes": 2,
     "acc_product": {"shift": 5, "rounding": "two_stage", "overflow": "saturate_symmetric", "type": IntType(6)}},
], ids=str)
def test_accumulators_against_the_oracle(declared: dict[str, Any]) -> None:
    rng = np.random.default_rng(8)
    x1, x2 = random_operand(rng, (3, 2, 3, 9), S8, 5), random_operand(rng, (3, 2, 9, 2), S8, -1)
    got = run("matmul", [x1, x2], **declared)
    assert got.tolist() == oracle.matmul(x1.data, 5, x2.data, -1, accumulator(declared)).tolist()


@pytest.mark.parametrize("bits", [32, 60, 61, 62, 63, 64])
def test_products_of_61_bits_wrap_exactly(bits: int) -> None:
    rng = np.random.default_rng(bits)
    half = IntType(30, signed=False)
    x1, x2 = random_operand(rng, (2, 4, 9), S32, 0), random_operand(rng, (2, 9, 2), half, 3)
    for acc in (IntType(bits), IntType(min(bits, 63), signed=False)):
        got = run("matmul", [x1, x2], acc=acc)
        assert got.tolist() == oracle.matmul(x1.data, 0, x2.data, 3, accumulator({"acc": acc})).tolist()


def test_ends_of_the_operands_by_hand() -> None:
    low, wide = operand([[-(2**31)] * 3], S32), IntType(31)
    assert run("matmul", [low, operand([[0], [1], [2**30 - 1]], wide, 1)], acc=IntType(64)).item() == (
        -(2**31) * (2**30 - 3))
    x2 = operand([[2**29]] * 3, wide)  # three times -2**60
    assert run("matmul", [low, x2], acc=IntType(63)).item() == -(2**61) - 2**60
    assert run("matmul", [low, x2], acc=IntType(62)).item() == 2**60
    assert run("matmul", [low, x2], acc=IntType(62), acc_overflow="saturate").item() == -(2**61)
    assert run("matmul", [low, x2], acc=IntType(61)).item() == -(2**60)


def test_bounds_take_four_corners_and_zero() -> None:
    def limits(*operands: Operand, **declared: Any) -> tuple[int, int]:
        graph = graph_of("matmul", list(operands), **declared)
        bounds = graph.nodes[0].op.bounds(*(graph.types[i.name] for i in graph.inputs))
        assert bounds is not None
        return int(bounds.lo[0]), int(bounds.hi[0])

    x1, x2 = operand([[0, 0, 0]], U8, 10), operand([[0], [0], [0]], S8, 1)  # -10..245 and -129..126
    assert limits(x1, x2) == (3 * 245 * -129, 3 * 245 * 126)
    assert limits(operand([[0]], U8), operand([[0]], U8)) == (0, 255 * 255)
    part = {"shift": 1, "rounding": "floor", "overflow": "wrap", "type": IntType(5)}
    assert limits(x1, x2, acc_product=part) == (3 * -16, 3 * 15)


def test_scale_is_the_product_and_the_channel_axis_the_last() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2, 3), S8, scale=0.5)
    y = b.input("y", (3, 2), S8, scale=0.25)
    free, split = b.input("free", (3, 2), S8), b.input("split", (3, 2), S8, scale=(1.0, 2.0, 3.0))
    made = b.matmul(x, y)
    assert (made.type.scale, made.type.axis, made.type.zero_point, str(made.type.type)) == (0.125, 1, 0, "s32")
    assert b.matmul(x, free).type.scale is None
    assert b.matmul(x, split).type.scale is None


def test_error_names_the_place_in_rows() -> None:
    """Columns are the slower: of 3 overflows the one in column 0 stops the run."""
    x1 = Operand(np.array([[[1, 1], [1, 1]], [[1, 100], [100, 100]]]))
    x2 = Operand(np.array([[[1, 1], [1, 1]], [[1, 1], [1, 100]]]))
    said = stopped("matmul", [x1, x2], acc=S8, acc_overflow="error")
    assert said.startswith("matmul 'op': value 200 at image 1, index [1, 0] is outside s8;")


@pytest.mark.parametrize("declared", [{}, {"acc_lanes": 2}], ids=str)
def test_error_stops_where_the_oracle_stops(declared: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    places = set()
    for _ in range(12):
        x1, x2 = (Operand(rng.integers(-8, 9, (20, 2, *shape))) for shape in ((3, 4), (4, 2)))
        kind = {"acc": S8, "acc_overflow": "error", **declared}
        try:
            want = oracle.matmul(x1.data, 0, x2.data, 0, accumulator(kind)).tolist()
        except oracle.Stopped as end:
            image, index, value = end.found
            places.add(tuple(index))
            said = stopped("matmul", [x1, x2], **kind)
            assert said.startswith(f"matmul 'op': value {value} at image {image}, index {index} is outside s8;")
        else:
            assert run("matmul", [x1, x2], **kind).tolist() == want
    assert len(places) > 1


@pytest.mark.parametrize(("pattern", "first", "second", "declared"), [
    ("C1: operands need two axes or more; x1 .3., x2 .3, 2.", (3,), (3, 2), {}),
    ("C1: operands need two axes", (2, 3), (3,), {}),
    (r"C2: x1 has 3 columns, x2 has 2 rows; x1 \[2, 3\], x2 \[2, 3\], transpose1=False", (2, 3), (2, 3), {}),
    ("C2: x1 has 2 columns, x2 has 3 rows", (2, 3), (2, 3), {"transpose1": True, "transpose2": True}),
    (r"C3: leading axes do not broadcast; x1 \[2, 1, 1\], x2 \[3, 1, 1\]", (2, 1, 1), (3, 1, 1), {}),
    ("C6: acc_lanes 0 must be", (1, 1), (1, 1), {"acc_lanes": 0}),
    ("A1: acc_overflow zero is not a rule", (1, 1), (1, 1), {"acc_overflow": "zero"}),
    (r"A2: acc s7 must have 8\.\.64 bits", (1, 1), (1, 1), {"acc": IntType(7)}),
    ("A2: acc s63 must have", (1, 1), (1, 1), {"acc": IntType(63), "acc_overflow": "saturate"}),
    ("A3: acc_product stops on overflow", (1, 1), (1, 1),
     {"acc_product": {"shift": 0, "rounding": "floor", "overflow": "error", "type": IntType(15)}}),
])
def test_constraints_c1_to_c3_c6_and_a1_to_a3(pattern: str, first: Any, second: Any, declared: Any) -> None:
    with pytest.raises(GraphError, match=f"matmul 'op' {pattern}"):
        run("matmul", [Operand(np.zeros((1, *shape), int)) for shape in (first, second)], **declared)


def test_constraints_c4_and_c5_widths() -> None:
    def of(first: IntType, second: IntType, *zeros: int) -> Any:
        return run("matmul", [operand([[0]], t, z) for t, z in zip((first, second), zeros or (0, 0), strict=True)],
                   acc=IntType(64))

    with pytest.raises(GraphError, match="'op' C4: operands s33 and s8 must have at most 32 bits; requantize"):
        of(IntType(33), S8)
    with pytest.raises(GraphError, match="'op' C5: a product of s32 and s32 needs more than 62 bits"):
        of(S32, S32)
    assert of(S32, IntType(31)).item() == 0
    assert of(S32, IntType(31), 2**31 - 1, 0).item() == 0  # (2**32 - 1) * 2**30
    with pytest.raises(GraphError, match="'op' C5: a product of s32 and s31"):
        of(S32, IntType(31), 2**31 - 1, 2)
