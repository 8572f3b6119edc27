"""DigitsNet quantized in FX graph mode: torch's integer kernels and edgeq on every test image."""

from __future__ import annotations

import numpy as np
import pytest

import edgeq
from tests.examples import DIGITS, digits, example
from tests.frontend.fx_models import ENGINES, layer_by_layer, quantize, record

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.judge

ALL_LAYERS = {"fbgemm": 5e-4, "x86": 5e-4, "onednn": 5e-4, "qnnpack": 2e-5}
"""Share of all codes that may differ, every layer fed with torch's own codes, by one step each."""
ANSWERS = {"fbgemm": 1, "x86": 1, "onednn": 1, "qnnpack": 0}
"""Test images whose answer may differ from torch's."""


@pytest.fixture(scope="module", params=ENGINES)
def case(request):
    """Return the engine, the graph, and what torch's kernels give for the test images."""
    model = example("digits/model.py").DigitsNet()
    model.load_state_dict(torch.load(DIGITS / "digits_state.pt", weights_only=True))
    calib = torch.from_numpy(digits("calib"))
    granularity = "per_tensor" if request.param == "qnnpack" else "per_channel"
    converted = quantize(model.eval(), calib, request.param, granularity)
    graph = edgeq.lower(converted, calib[:2])
    return request.param, graph, record(converted, torch.from_numpy(digits("test_x")), request.param)


def test_every_layer_on_torchs_codes(case) -> None:
    name, graph, found = case
    differences = layer_by_layer(graph, found, found["quantize_per_tensor"].codes)
    assert len(differences) >= 10
    total = sum((d != 0).sum() for d in differences.values()) / sum(d.size for d in differences.values())
    print(f"{name}: {total:.1e}", {n: f"{(d != 0).mean():.1e}" for n, d in differences.items() if d.any()})  # noqa: T201
    assert max(d.max() for d in differences.values()) <= 1
    assert total <= ALL_LAYERS[name]


def test_answers(case) -> None:
    name, graph, found = case
    (scores,) = edgeq.simulate(graph, {graph.inputs[0].name: digits("test_x")}).outputs.values()
    torchs, labels = found["classifier"].codes, digits("test_y")
    different = int((scores.argmax(1) != torchs.argmax(1)).sum())
    print(f"{name}: torch {(torchs.argmax(1) == labels).sum()}, edgeq {(scores.argmax(1) == labels).sum()} of "  # noqa: T201
          f"{len(labels)}; answers {different}, codes {(scores != torchs).mean():.2%} different, "
          f"largest {np.abs(scores.astype(np.int64) - torchs).max()}")
    assert different <= ANSWERS[name]
    assert abs(int((scores.argmax(1) == labels).sum()) - int((torchs.argmax(1) == labels).sum())) <= different
    assert np.abs(scores.astype(np.int64) - torchs).max() <= (1 if name == "qnnpack" else 2)
    assert (scores != torchs).mean() <= (0.01 if name == "qnnpack" else 0.16)
