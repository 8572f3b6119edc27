"""Sums and differences of two codes under the presets of TensorFlow Lite, by its own formula."""

from __future__ import annotations

import numpy as np
import pytest

import edgeq
from tests.oracles.presets import tflite_add

torch = pytest.importorskip("torch")


class Join(torch.nn.Module):
    """Two inputs, added or subtracted."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, a, b):
        return a + b if self.kind == "add" else a - b


RANGES = {"a": (-3.1, 2.7), "b": (-0.4, 0.9), "y": (-3.3, 2.9)}


def lowered(preset: str, kind: str, abits: int) -> edgeq.Graph:
    """Return the graph of one sum whose three scales differ."""
    ranges = {"a": RANGES["a"], "b": RANGES["b"], kind: RANGES["y"]}
    return edgeq.lower(Join(kind), (torch.zeros(2, 4), torch.zeros(2, 4)), ranges=ranges, preset=preset, abits=abits,
                       out_bits=abits, input_type="int8" if abits == 8 else "float32")


@pytest.mark.parametrize(("preset", "kind"), [("tflite", "add"), ("cmsis_nn", "add"), ("tflite", "sub")])
def test_every_pair_of_codes_of_8_bits(preset: str, kind: str) -> None:
    graph = lowered(preset, kind, 8)
    a, b = np.meshgrid(np.arange(-128, 128), np.arange(-128, 128, 5))
    given = {"a": a.reshape(-1, 4), "b": b.reshape(-1, 4)}
    got = edgeq.simulate(graph, given).outputs[graph.outputs[0].name].reshape(-1)
    types = [graph.types[name] for name in (*(i.name for i in graph.inputs), graph.outputs[0].value)]
    x1, x2, y = ((kept.scale, kept.zero_point) for kept in types)
    sign = 1 if kind == "add" else -1
    pairs = zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)
    assert got.tolist() == [tflite_add(pair, (x1, x2), y, 20, sign) for pair in pairs]


def test_headroom_of_16_bits_is_15() -> None:
    ops = {n.name: n.op for n in lowered("tflite", "add", 16).nodes}
    lefts = [op.left_shift.array.item() for name, op in ops.items() if name in ("add.x1", "add.x2")]
    assert lefts == [15, 15]


def test_one_rounding_under_tosa_and_tflite_single() -> None:
    for preset in ("tosa", "tflite_single"):
        ops = {n.name: n.op for n in lowered(preset, "add", 8).nodes}
        assert {(op.rounding.name, op.left_shift.array.item()) for name, op in ops.items() if ".x" in name} == {
            ("ties_up", 20)}
    assert all(n.op.left_shift.array.item() == 0 for n in lowered("edgeq", "add", 8).nodes if ".x" in n.name)
