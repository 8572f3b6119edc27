"""A smaller model is saved for any batch, and lowers to integers of the smaller sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import edgeq  # noqa: E402
from edgeq.compress.structured import prune_channels, save_model  # noqa: E402
from edgeq.errors import InputError  # noqa: E402
from tests.compress.structured.nets import Stated, images, integers  # noqa: E402

X = images(8)


def test_a_smaller_model_is_saved_and_lowers(tmp_path: Path) -> None:
    result = prune_channels(integers(Stated()), X[:1].numpy(), {"conv1": 3, "conv2": 2}, "greedy", X.numpy())
    save_model(result.model.train(), tmp_path / "small.pt2", X[:1])
    assert result.model.training
    loaded = torch.export.load(tmp_path / "small.pt2").module()
    result.model.eval()
    for count in (1, 5):
        assert torch.equal(loaded(X[:count]), result.model(X[:count]))
    graphs = [edgeq.lower(model, X[:1], calibration=X.numpy()) for model in (tmp_path / "small.pt2", result.model)]
    weights = [[node.op.weight for node in graph.nodes if hasattr(node.op, "weight")] for graph in graphs]
    assert [w.shape for w in weights[0]] == [(3, 1, 3, 3), (3, 3, 3, 3), (3, 12)]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


def test_the_ending_tells_the_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"small.pth: expected a name that ends in .pt2"):
        save_model(integers(Stated()), tmp_path / "small.pth", X[:1])
    assert not list(tmp_path.iterdir())


def test_the_report_is_a_table() -> None:
    result = prune_channels(integers(Stated()), X[:1], {"conv1": 3}, "greedy", X[:2], positions=4)
    lines = str(result.report).splitlines()
    assert lines[:6] == [
        "channels of  before  after",
        "conv1             6      3",
        "conv2             5      5",
        "fc                3      3  left alone: they leave the model",
        "parameters      410    239",
        "MACs           6324   3192",
    ]
    assert lines[7] == "output error of   removed  refitted"
    assert lines[8].startswith("conv2 ")
    assert lines[8].endswith("8 rows for 28 unknowns: give more calibration data")
    assert np.isfinite(result.report.errors[0].refitted)
