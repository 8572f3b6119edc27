"""Judge requantization by TFLite Micro's int8 outputs for accumulators around every rounding boundary.

The file holds 20 triples of float32 scales, each with 3,302 accumulators, and what a fully connected, a convolution
and a depthwise layer make of them. Here a layer's input is 0 and its bias is the accumulators, one channel each.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeq import Graph, GraphBuilder, IntType, simulate
from edgeq.arith.multiplier import Multiplier, quantize_multiplier
from edgeq.arith.types import Rounding
from tests.judges.cmsis_nn import KERNELS, equal
from tests.judges.cmsis_nn_files import IntArray

LAYERS = {"fc": "y_fc", "conv": "y_conv", "dw": "y_dw"}
"""Kind of layer and the array of its outputs."""

TRIPLES = 20
"""Scales in the file."""


def run_triple(path: Path, triple: int, kernels: Sequence[str] = KERNELS, step: int = 1) -> int:
    """Run one triple of scales through three layers; return how many values were compared."""
    with np.load(path) as stored:
        s_in, s_w, s_out = (float(stored[name][triple]) for name in ("s_in", "s_w", "s_out"))
        acc = stored["acc"][triple, ::step]
        expected = {kind: stored[name][triple, ::step] for kind, name in LAYERS.items()}
    multiplier = quantize_multiplier(s_in * s_w / s_out, bits=31, rounding=Rounding.ties_away)
    for kind, y in expected.items():
        graph = layer(kind, acc, multiplier)
        zeros = np.zeros((1, *graph.inputs[0].type.shape), np.int8)
        for kernel in kernels:
            got = simulate(graph, {"x": zeros}, kernel, "outputs").outputs["y"]
            equal(f"edge_requant {kind}, scales {triple}, kernel {kernel}", got.reshape(-1), y)
    return sum(y.size for y in expected.values())


def layer(kind: str, acc: IntArray, multiplier: Multiplier) -> Graph:
    """Return a layer whose accumulators are ``acc`` when its input is 0."""
    b = GraphBuilder(kind)
    channels = len(acc)
    if kind == "fc":
        sums = b.linear(b.input("x", (1,), IntType(8)), np.ones((channels, 1), np.int64), acc)
    elif kind == "conv":
        sums = b.conv2d(b.input("x", (1, 1, 1), IntType(8)), np.ones((channels, 1, 1, 1), np.int64), acc)
    else:
        sums = b.conv2d(b.input("x", (channels, 1, 1), IntType(8)), np.ones((channels, 1, 1, 1), np.int64), acc,
                        groups=channels)
    b.output(b.requantize(sums, multiplier.multiplier, multiplier.shift, multiplier.left_shift, "two_stage"), name="y")
    return b.build()
