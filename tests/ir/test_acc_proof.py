"""The accumulator proof against every input of tiny layers: no partial sum leaves the proven bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.passes.acc_proof import prove_accumulators
from tests.oracles.products import Accumulator, conv2d

WIDE = (-(2**80), 2**80)
ORDERS = [",".join(p) for p in permutations(("kh", "kw", "ic"))]


@dataclass(frozen=True)
class Watched(Accumulator):
    """An accumulator that notes the ends of its partial sums per channel."""

    seen: dict[int, set[int]] = field(default_factory=dict)

    def total(self, terms: Any, bias: int, image: int, index: list[int]) -> int:
        sums = list(self.partial_sums([t if t is None else self.cast(t) for t in terms], self.cast(bias)))
        self.seen.setdefault(index[0], set()).update(sums)
        return sums[-1]


def layer(kept: IntType, zero_point: int, weight: Any, bias: Any, limits: Any = None, **declared: Any) -> Graph:
    """Return a graph of one convolution of (2, 1, 2)."""
    b = GraphBuilder("net")
    x = b.input("x", (2, 1, 2), kept, zero_point)
    if limits:
        x = b.clamp(x, *limits)
    b.output(b.conv2d(x, weight, bias, **declared, name="conv"))
    return b.build()


def every_input(lo: int, hi: int) -> Any:
    """Return all (N, 2, 1, 2) of codes lo..hi."""
    return np.array(list(product(range(lo, hi + 1), repeat=4))).reshape(-1, 2, 1, 2)


def bounds(graph: Graph) -> list[tuple[int, int]]:
    """Return the proven bounds of each channel."""
    node = graph.node("conv")
    found = node.op.bounds(graph.types[node.inputs[0]])
    return list(zip(found.lo.tolist(), found.hi.tolist(), strict=True))


@pytest.mark.parametrize(("kept", "zero_point"), [(IntType(2), 0), (IntType(2), 1), (IntType(2, False), 3)])
@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (0, 1, 0, 2)], ids=["inside", "padded"])
@pytest.mark.parametrize("bias", [[0, 0], [5, -7]], ids=str)
def test_every_partial_sum_is_inside(kept: IntType, zero_point: int, padding: Any, bias: list[int]) -> None:
    weight = np.array([[[[3, -2]], [[1, 0]]], [[[-1, -4]], [[2, 5]]]])
    x = every_input(kept.qmin, kept.qmax)
    reached = {}
    for k, (order, place) in enumerate(product(ORDERS, ("first", "last"))):
        lanes = 1 + k % 3
        declared = {"acc_order": order, "acc_bias": place, "acc_lanes": lanes, "padding": padding}
        watched = Watched(WIDE, "wrap", order, place, lanes)
        conv2d(x, zero_point, weight, bias, watched, padding=padding)
        for channel, (lo, hi) in enumerate(bounds(layer(kept, zero_point, weight, bias, **declared))):
            assert lo <= min(watched.seen[channel])
            assert max(watched.seen[channel]) <= hi
            reached[order, place, lanes, channel] = (min(watched.seen[channel]), max(watched.seen[channel])) == (lo, hi)
    assert any(reached.values())  # the proof is not wider than it has to be


def test_padded_sums_leave_a_proof_without_the_zero() -> None:
    """Codes 2..3, two weights of 1: every full sum is 4..6, one on the border is 2."""
    graph = layer(IntType(3), 0, np.ones((1, 2, 1, 1), int), None, limits=(2, 3), padding=(0, 1, 0, 0))
    assert bounds(graph) == [(0, 6)]
    watched = Watched(WIDE)
    wide = np.ones((1, 1, 1, 2), int)
    conv2d(every_input(2, 3)[:, :1], 0, wide, 0, watched, padding=(0, 1, 0, 0))
    assert min(watched.seen[0]) == 0
    ends = conv2d(every_input(2, 3)[:, :1], 0, wide, 0, Accumulator(), padding=(0, 1, 0, 0))
    assert (ends.min(), ends.max()) == (2, 6)


def test_the_bias_is_part_of_the_proof() -> None:
    weight = np.full((1, 2, 1, 1), 127)
    proof, = prove_accumulators(layer(IntType(8), 0, weight, [1 << 30]))
    assert (proof.lo, proof.hi) == ((1 << 30) - 2 * 127 * 128, (1 << 30) + 2 * 127 * 127)
    assert (proof.needed, proof.holds, proof.short) == (32, True, ())
    last, = prove_accumulators(layer(IntType(8), 0, weight, [1 << 30], acc_bias="last"))
    assert (last.lo, last.hi) == (-2 * 127 * 128, (1 << 30) + 2 * 127 * 127)


def test_a_narrow_accumulator_is_reported_by_channel_and_bits() -> None:
    weight = np.array([1, 1, 100, 100, 4, -4]).reshape(3, 2, 1, 1)
    proof, = prove_accumulators(layer(IntType(8), 0, weight, None, acc=IntType(10), acc_overflow="saturate"))
    assert (proof.layer, str(proof.declared), proof.overflow, proof.needed) == ("conv", "s10", "saturate", 16)
    assert (proof.short, proof.holds) == (((1, 6), (2, 1)), False)


@pytest.mark.parametrize("rounding", ["floor", "ties_away", "to_zero"])
@pytest.mark.parametrize("overflow", ["saturate", "saturate_symmetric", "zero", "wrap"])
def test_rounded_products_are_covered(rounding: str, overflow: str) -> None:
    weight, bias = np.array([[[[3, -2]], [[1, 0]]], [[[-1, -4]], [[2, 5]]]]), [9, -9]
    kept, part = IntType(2), {"shift": 1, "rounding": rounding, "overflow": overflow, "type": IntType(3)}
    watched = Watched(WIDE, product=(1, rounding, overflow, (-4, 3)))
    conv2d(every_input(-2, 1), 1, weight, bias, watched, padding=(0, 1, 0, 0))
    for channel, (lo, hi) in enumerate(bounds(layer(kept, 1, weight, bias, padding=(0, 1, 0, 0), acc_product=part))):
        assert lo <= min(watched.seen[channel])
        assert max(watched.seen[channel]) <= hi


def test_proofs_of_64_bits_do_not_wrap_themselves() -> None:
    one = np.ones((1, 2, 1, 1), int)
    graph = layer(IntType(8), 0, one, [2**63 - 1], acc=IntType(64))
    assert bounds(graph) == [(2**63 - 1 - 256, 2**63 - 1 + 254)]
    assert not graph.node("conv").op.proofs(graph.types["x"])["exact"]
    graph = layer(IntType(8), 0, one, [-(2**63)], acc=IntType(64), acc_bias="last")
    assert bounds(graph) == [(-(2**63) - 256, 254)]
    part = {"shift": 0, "rounding": "floor", "overflow": "wrap", "type": IntType(62)}
    graph = layer(IntType(8), 0, np.ones((1, 2, 1, 2), int), None, acc=IntType(64), acc_product=part)
    assert bounds(graph) == [(-(2**63), 2**63 - 4)]


def test_the_sum_of_add_is_proven() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2,), IntType(8), -128)
    b.output(b.add(x, b.clamp(x, 0, 5), acc=IntType(8), name="sum"))
    proof, = prove_accumulators(b.build())
    assert (proof.lo, proof.hi, proof.needed, proof.short) == (128, 255 + 133, 10, ((0, 2),))
