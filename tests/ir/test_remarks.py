"""What an op records for people and checks: in bundles where it is known, never in results, digests or emitted C."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import edgeq
from edgeq import Graph, GraphBuilder, IntType
from edgeq.bundle import graph_digest
from edgeq.emitters.c_text import struct_initializer
from edgeq.errors import GraphError
from edgeq.ir.text import graph_text

REMARKS: dict[str, Any] = {"weight_scale": [0.1, 2.5e-07], "bias_real": [-3.25, 0.0]}


def network(**remarks: Any) -> Graph:
    b = GraphBuilder("net")
    x = b.input("x", (3,), IntType(8), scale=0.5)
    b.output(b.requantize(b.linear(x, [[1, 2, 3], [4, 5, 6]], [7, 8], **remarks, name="fc"), 1, 3), "y")
    return b.build()


def attributes(bundle: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((bundle / "graph.yaml").read_text())["nodes"][0]["attributes"])


def test_a_bundle_holds_them_where_they_are_known(tmp_path: Path) -> None:
    edgeq.save(network(**REMARKS), tmp_path / "known.edgeq")
    edgeq.save(network(), tmp_path / "unknown.edgeq")
    known, unknown = attributes(tmp_path / "known.edgeq"), attributes(tmp_path / "unknown.edgeq")
    assert {name: known.pop(name) for name in REMARKS} == REMARKS
    assert known == unknown
    loaded = edgeq.load(tmp_path / "known.edgeq")
    assert loaded == network(**REMARKS)
    assert (loaded.node("fc.acc").op.weight_scale, loaded.node("fc.acc").op.bias_real) == ((0.1, 2.5e-07), (-3.25, 0.0))
    assert edgeq.load(tmp_path / "unknown.edgeq").node("fc.acc").op.weight_scale is None


def test_the_digest_of_a_graph_without_them_is_that_of_earlier_bundles() -> None:
    """Taken before ops had remarks: vectors and emitted files of such bundles stay valid."""
    assert graph_digest(network())[:16] == "1563903572c19bc4"
    assert graph_digest(network(**REMARKS)) == graph_digest(network())


def test_they_decide_no_result_and_no_line_of_c() -> None:
    known, unknown = network(**REMARKS), network()
    x = np.arange(-60, 60).reshape(40, 3)
    results = [edgeq.simulate(graph, {"x": x}).outputs["y"].tolist() for graph in (known, unknown)]
    assert results[0] == results[1]
    ops = [graph.node("fc.acc").op for graph in (known, unknown)]
    assert struct_initializer(ops[0], lambda name: name) == struct_initializer(ops[1], lambda name: name)
    assert "weight_scale=(0.1, 2.5e-07), bias_real=(-3.25, 0.0)" in graph_text(known)
    assert "weight_scale" not in graph_text(unknown)


@pytest.mark.parametrize(("remarks", "message"), [
    ({"weight_scale": [1.0, 2.0, 3.0]}, "linear 'fc' W13: weight_scale has 3 values, expected one or 2"),
    ({"bias_real": [1.0]}, "linear 'fc' W13: bias_real has 1 values, expected one or 2"),
    ({"weight_scale": [1.0, 0.0]}, "linear 'fc': weight_scale: a scale must be positive and finite"),
    ({"bias_real": [1.0, float("nan")]}, "linear 'fc': bias_real: real numbers must be finite, got"),
    ({"bias_real": 10**400}, "linear 'fc': bias_real: real numbers must be finite, got one that no float64 holds"),
    ({"bias_real": "much"}, "linear 'fc': bias_real: 'much' is not a finite real number, or one per channel, or None"),
])
def test_remarks_that_do_not_fit(remarks: dict[str, Any], message: str) -> None:
    with pytest.raises(GraphError, match=message):
        network(**remarks)
