"""Directed inputs are literal, random ones are pinned, both are the same every time."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np

from edgeq import Graph, GraphBuilder, IntType
from edgeq.ir.quantization import Affine, Codes, Table
from edgeq.ir.tensor import Constant
from edgeq.vectors.stimuli import DIRECTED, make_stimuli


def graph_of(quantization: Codes | Table | Affine | None = None, shape: tuple[int, ...] = (1, 2, 3)) -> Graph:
    b = GraphBuilder("net")
    x = b.input("x", shape, IntType(4), zero_point=-2, quantization=quantization)
    b.output(b.clamp(x, -2, 5))
    return b.build()


def test_directed_inputs_come_first() -> None:
    made = make_stimuli(graph_of(), 7).inputs["x"]
    assert made.shape == (7, 1, 2, 3)
    assert made.dtype == np.int8
    assert made.reshape(7, 6).tolist() == [
        [-2, -2, -2, -2, -2, -2],
        [-8, -8, -8, -8, -8, -8],
        [7, 7, 7, 7, 7, 7],
        [-8, 7, -8, 7, -8, 7],
        [7, -8, 7, -8, 7, -8],
        [-8, -7, -6, -5, -4, -3],
        [-2, -2, -2, 7, -2, -2],
    ]


def test_the_ramp_starts_again_at_the_largest_value() -> None:
    ramp = make_stimuli(graph_of(shape=(20,)), 7).inputs["x"][DIRECTED.index("ramp")]
    assert ramp.tolist() == [*range(-8, 8), -8, -7, -6, -5]


def test_random_inputs_follow_the_seed_alone() -> None:
    first, again, other = (make_stimuli(graph_of(), 16, seed).inputs["x"] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert np.array_equal(first[:7], other[:7])
    assert not np.array_equal(first[7:], other[7:])
    words = random.Random("0 x 0").randbytes(48)
    plain = [int.from_bytes(words[8 * k : 8 * k + 8], "little") % 16 - 8 for k in range(6)]
    assert first[7].reshape(-1).tolist() == plain == [-6, -8, 6, -3, -7, 2]
    assert set(np.unique(make_stimuli(graph_of(), 300).inputs["x"][7:]).tolist()) == set(range(-8, 8))


def test_a_longer_set_starts_with_the_shorter_one() -> None:
    assert np.array_equal(make_stimuli(graph_of(), 9).inputs["x"], make_stimuli(graph_of(), 20).inputs["x"][:9])


def test_the_description_says_what_they_are() -> None:
    assert make_stimuli(graph_of(), 16, 3).description == {
        "source": "generated", "seed": 3, "random": 9,
        "directed": ["zero_point", "smallest", "largest", "checkerboard", "checkerboard_inverse", "ramp", "one_hot"],
    }
    assert make_stimuli(graph_of(), 2).description == {
        "source": "generated", "seed": 0, "random": 0, "directed": ["zero_point", "smallest"]}


def test_inputs_with_a_table_are_pixels() -> None:
    table = Table(Constant(np.arange(256)[None] % 16 - 8))
    made = make_stimuli(graph_of(table), 16).inputs["x"]
    assert made.dtype == np.uint8
    assert made[2].tolist() == [[[255, 255, 255], [255, 255, 255]]]


def test_affine_inputs_are_floats_that_give_the_codes() -> None:
    affine = Affine(Fraction(1, 4))
    graph = graph_of(affine)
    made = make_stimuli(graph, 7).inputs["x"]
    assert made.dtype == np.float64
    codes = affine.encode(made, graph.inputs[0].type, "x")
    assert codes[2].reshape(-1).tolist() == [7] * 6
    assert codes[3].reshape(-1).tolist() == [-8, 7, -8, 7, -8, 7]


def test_wide_types_and_scalars() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (), IntType(64))
    b.output(b.clamp(x, -5, 5))
    made = make_stimuli(b.build(), 9).inputs["x"]
    assert made.shape == (9,)
    assert made[:3].tolist() == [0, -(1 << 63), (1 << 63) - 1]
