"""Emitted C of ops that are not linear: where a run stops, as the simulator does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from tests.emitters.test_c import compiled, put, rerun, written

pytestmark = pytest.mark.hardware


def stops(graph: edgeq.Graph, quiet: Any, inputs: Any, folder: Path) -> None:
    """Check that the emitted program stops at the value that stops the simulator."""
    compiled(put(written(graph, {"x": quiet}), folder))
    (folder / "vectors" / "00_x.in.bin").write_bytes(inputs.astype(np.int8).tobytes())
    with pytest.raises(edgeq.errors.OverflowDetected) as simulated:
        edgeq.simulate(graph, {"x": inputs})
    found = re.search(r"value (-?\d+) at image 1, index (\[.*\]) is", str(simulated.value))
    assert found is not None
    value, index = found.groups()
    lines = rerun(folder)
    assert lines[-2] == f"layer layer out, image 1, index {index}: overflow, {value} is outside the declared type"
    assert lines[-1].startswith("EDGEQ_C FAIL ")


def test_a_softmax_whose_sum_passes_28_bits_stops(tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("erring")
    x = b.input("x", (512, 2), IntType(8))
    b.output(b.softmax(x, 0, "gemmlowp", [(1 << 31) - 1, *[0] * 255], name="layer"))
    quiet = np.zeros((2, 512, 2), int)
    quiet[:, 7] = -1
    inputs = quiet.copy()
    inputs[1, 7, 1] = 0
    stops(b.build(), quiet, inputs, tmp_path)


@pytest.mark.parametrize(("op", "code"), [("leaky_relu", 100), ("leaky_relu", -100), ("prelu", 100), ("prelu", -50)])
def test_either_side_of_a_slope_stops(op: str, code: int, tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("erring")
    x = b.input("x", (2, 3), IntType(8), zero_point=1)
    alpha = ([1, -3], 0) if op == "prelu" else ()
    b.output(getattr(b, op)(x, *alpha, 3, 1, 3, 1, overflow="error", name="layer"))
    inputs = np.zeros((2, 2, 3), int)
    quiet = inputs.copy()
    inputs[1, 1, 2] = code
    stops(b.build(), quiet, inputs, tmp_path)
