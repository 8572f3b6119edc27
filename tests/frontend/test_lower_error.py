"""The reported error of each value equals a direct computation from torch's and the simulator's values."""

from __future__ import annotations

import math

import numpy as np
import pytest

import edgeq
from edgeq.bundle import graph_digest
from edgeq.frontend.capture import capture
from edgeq.frontend.lower import lower_program, make_options

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.frontend.lowering import OneInput, conv, linear, noise, zeros  # noqa: E402


def test_sqnr_of_every_value() -> None:
    parts = {"conv": conv(noise(4, 2, 3, 3).tolist(), [0.1, 0.2, -0.3, 0.0]), "pool": nn.MaxPool2d(2),
             "fc": linear(noise(3, 16, seed=4).tolist())}
    model = OneInput(lambda m, x: m.fc(m.pool(torch.relu(m.conv(x))).flatten(1)), **parts).eval()
    data = noise(100, 2, 6, 6)
    done = lower_program(capture(model, (zeros(2, 6, 6),)), make_options(wbits=5), {"x": data})
    few = torch.from_numpy(data[:64])  # of more samples the first 64 count
    with torch.no_grad():
        relu = torch.relu(model.conv(few))
        pooled = model.pool(relu)
        real = {"x": few, "conv": relu, "pool": pooled, "flatten": pooled.flatten(1), "fc": model.fc(pooled.flatten(1))}
    values = edgeq.simulate(done.graph, {"x": data[:64]}).values
    assert [e.value for e in done.errors] == list(real)
    for error in done.errors:
        kept = done.graph.types[error.value]
        got = (values[error.value].astype(np.float64) - kept.zero_point) * kept.scale
        want = real[error.value].numpy().astype(np.float64)
        expected = 10 * math.log10((want**2).sum() / ((got - want) ** 2).sum())
        # torch may add in another order than the interpreter: far below the two decimals that are printed
        assert error.sqnr_db == pytest.approx(expected, abs=0.011)
    assert done.graph.metadata["error"] == [{"value": e.value, "sqnr_db": e.sqnr_db} for e in done.errors]
    again = lower_program(capture(model, (zeros(2, 6, 6),)), make_options(wbits=5), ranges=done.ranges)
    assert again.errors == ()
    assert "error" not in again.graph.metadata
    assert graph_digest(again.graph) == graph_digest(done.graph)


def test_a_value_without_error_or_without_signal_has_none() -> None:
    model = OneInput(lambda m, x: m.flat(x), flat=nn.Flatten(1)).eval()
    data = np.array([[-2.0, 127 / 64], [0.5, 0.25]], np.float32)  # multiples of the scale 2**-6
    done = lower_program(capture(model, (zeros(2),)), make_options(), {"x": data})
    assert {e.value: e.sqnr_db for e in done.errors} == {"x": None} or all(e.sqnr_db is None for e in done.errors)


def test_pixels_are_compared_as_floats() -> None:
    """With a table at the input the error is still that of the float values, not of pixels."""
    model = OneInput(lambda m, x: m.conv(x), conv=conv(noise(2, 1, 1, 1).tolist())).eval()
    data = noise(16, 1, 4, 4)
    plain = lower_program(capture(model, (zeros(1, 4, 4),)), make_options(), {"x": data})
    pixels = lower_program(capture(model, (zeros(1, 4, 4),)),
                           make_options(input_type="uint8", mean=0.5, std=0.25), {"x": data})
    assert pixels.errors == plain.errors
