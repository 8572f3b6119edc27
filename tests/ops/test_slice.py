"""slice: Python's meaning of every entry, scales per channel, constraints C1 to C3."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder
from edgeq.errors import GraphError
from edgeq.ops.slice import Slice
from tests.ops.one_op import S8, U8, Operand, operand, random_operand, run
from tests.oracles import elementwise as oracle

ENDS = (None, -100, -6, -5, -4, -1, 0, 1, 4, 5, 6, 100)


def test_by_hand() -> None:
    x = operand([[1, 2, 3], [4, 5, 6]], S8, 9)
    assert run("slice", [x], 1).tolist() == [[[4, 5, 6]]]
    assert run("slice", [x], (0, 1), (2, 3), (1, 1)).tolist() == [[[2, 3], [5, 6]]]
    assert run("slice", [x], step=(-1, -2)).tolist() == [[[6, 4], [3, 1]]]
    assert run("slice", [x], stop=-1).tolist() == [[[1, 2, 3]]]
    assert run("slice", [x], (None, -1), None, None).tolist() == [[[3], [6]]]
    assert run("slice", [Operand(np.array([5, -6]))], (), (), ()).tolist() == [5, -6]


def test_every_start_stop_and_step_of_a_row() -> None:
    """What list slicing gives, over the whole of five codes; an empty result is refused."""
    row = [10, 11, 12, 13, 14]
    b = GraphBuilder("net")
    x = b.input("x", (5,), S8)
    kept = 0
    for start, stop, step in product(ENDS, ENDS, (None, -7, -5, -2, -1, 1, 2, 5, 7)):
        want = row[start:stop:step]
        if not want:
            with pytest.raises(GraphError, match=r"slice 'op' C3: .* leaves nothing of"):
                b.slice(x, start, stop, step, name="op")
            continue
        op = Slice.make([x.type], start, stop, step)
        got = op.run([np.array([row])], [x.type], reference=True)
        assert got.tolist() == [want], f"{start}:{stop}:{step}"
        assert op.infer(x.type).shape == (len(want),)
        assert Slice.make([x.type], op.start, op.stop, op.step) == op  # resolved entries stay as they are
        first, by = op.start[0], op.step[0]
        assert [row[first + i * by] for i in range(len(want))] == want  # what the C kernel computes
        kept += 1
    assert kept > 500


@pytest.mark.parametrize(("shape", "entries"), [
    ((4,), [(3, None, -2)]), ((3, 5), [(None, None, 2), (-2, 0, -1)]),
    ((3, 1, 4), [(1, 3, None), (None, None, -1), (None, None, 3)]),
    ((2, 3, 1, 2, 5), [(-1, None, None), (None, None, 2), (0, 1, 1), (None, None, -1), (4, None, -3)])])
def test_against_the_oracle(shape: Any, entries: Any) -> None:
    x = random_operand(np.random.default_rng(10), (3, *shape), U8, 7)
    start, stop, step = ([e[k] for e in entries] for k in range(3))
    assert run("slice", [x], start, stop, step).tolist() == oracle.sliced(x.data, entries).tolist()


def test_scales_per_channel_are_sliced_too() -> None:
    b = GraphBuilder("net")
    x = b.clamp(b.input("x", (4, 3), S8, zero_point=-2, scale=(1, 2, 3, 4)), 0, 9)
    y = b.slice(x, (None, 1), (None, None), (-2, None))
    assert (y.type.scale, y.type.axis, y.shape) == ((4, 2), 0, (2, 2))
    assert (y.type.zero_point, y.type.limits) == (-2, (0, 9))
    turned = b.slice(b.transpose(x, (1, 0)), (0, 1), (1, 3), (1, 1))
    assert (turned.type.scale, turned.type.axis) == ((2, 3), 1)
    assert b.slice(x, (0, 1)).type.scale == (1, 2, 3, 4)


@pytest.mark.parametrize(("pattern", "arguments"), [
    ("C1: start, stop and step need 2 entries each", ((0,), None, None)),
    ("C1: start, stop and step need 2 entries each", (None, None, (1, 1, 1))),
    (r"C2: step \(1, 0\) must not hold 0", (None, None, (1, 0))),
    (r"C2: step \(0, 1\) must not hold 0", (0, 1, 0)),
    ("C3: .* leaves nothing of s8", (2, None, None)),
    ("C3: .* leaves nothing of s8", (None, 0, None)),
    ("C3: .* leaves nothing of s8", ((0, 1), (2, 1), None))])
def test_constraints(pattern: str, arguments: Any) -> None:
    with pytest.raises(GraphError, match=f"slice 'op' {pattern}"):
        run("slice", [Operand(np.zeros((1, 2, 3), int))], *arguments)


def test_an_op_made_without_the_shape_counts_from_the_front() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (5,), S8)
    with pytest.raises(GraphError, match=r"slice 'op' C3: from \(-1,\)"):
        b.apply(Slice((-1,), (5,), (1,)), [x], "op")
    with pytest.raises(GraphError, match=r"slice 'op' C3: from \(5,\)"):
        b.apply(Slice((5,), (-6,), (-1,)), [x], "op")
    assert b.apply(Slice((4,), (-6,), (-1,)), [x]).shape == (5,)


@pytest.mark.parametrize("start", ["1", 1.5, [1.5], [True], {}])
def test_entries_are_integers(start: Any) -> None:
    with pytest.raises(GraphError, match=r"slice 'op'"):
        run("slice", [operand([1, 2])], start)


def test_an_integer_past_64_bits_is_named_with_its_place() -> None:
    b = GraphBuilder()
    x = b.input("x", (2, 3), S8)
    for given in (1 << 63, [0, 1 << 63]):
        with pytest.raises(GraphError, match="slice 's': stop: an integer here has at most 64 bits"):
            b.slice(x, None, given, name="s")
