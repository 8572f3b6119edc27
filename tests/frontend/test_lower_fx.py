"""FX graph mode: every integer is torch's, and each layer gives what torch's own kernels give, by a counted rest.

Torch's kernels rescale in float32 and keep the bias in float (fbgemm, x86, onednn) or round it as edgeq does (qnnpack).
The rest is stated and pinned; it falls where the float lies next to a tie.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from tests.frontend.fx_models import ENGINES, engine, images, layer_by_layer, matching, quantize, record, varied

torch = pytest.importorskip("torch")

LAYERS = ("stem.0", "conv1", "conv2", "depth", "point", "fc1", "fc2")
READS = {"stem.0": "quantize_per_tensor", "conv1": "stem.0", "conv2": "conv1", "depth": "max_pool2d", "point": "relu6",
         "fc1": "flatten", "fc2": "fc1"}
"""The node of torch's graph that each layer reads."""
WORST_LAYER = {"fbgemm": 2.5e-3, "x86": 2.5e-3, "onednn": 2.5e-3, "qnnpack": 5e-5}
"""Share of one layer's codes that may differ, by one step each."""
ALL_LAYERS = {"fbgemm": 5e-4, "x86": 5e-4, "onednn": 5e-4, "qnnpack": 2e-5}
"""Share of all codes that may differ."""
COUNT = 200


@pytest.fixture(scope="module", params=[(e, g) for e in ENGINES for g in ("per_tensor", "per_channel")],
                ids=lambda p: f"{p[0]}-{p[1]}")
def case(request):
    """Return the engine, the converted model, its graph, and what torch gives for 200 images."""
    name, granularity = request.param
    model = quantize(varied(), images(64), name, granularity)
    graph = edgeq.lower(model, images(2).numpy())
    return name, model, graph, record(model, images(COUNT, seed=2), name)


def _weight(model, layer: str):
    module = model.get_submodule(layer)
    return module.weight(), module.bias()


def _scales(weight) -> list[float]:
    if weight.qscheme() is torch.per_tensor_affine:
        return [weight.q_scale()]
    return weight.q_per_channel_scales().tolist()


def _multiplier(real: float) -> tuple[int, int]:
    """Return (m, s) with m * 2**-s next to a real scale, m of 31 bits, ties away from zero."""
    exact, shift = Fraction(real), 0
    while exact * 2**shift < 2**30:
        shift += 1
    return int(exact * 2**shift + Fraction(1, 2)), shift


@pytest.mark.parametrize("layer", LAYERS)
def test_weights_biases_and_multipliers_are_torchs(case, layer) -> None:
    _, model, graph, found = case
    weight, bias = _weight(model, layer)
    op = graph.node(f"{layer}.acc").op
    assert (op.weight.array == weight.int_repr().numpy()).all()
    assert op.weight_type == IntType(8)
    assert not np.any(op.weight_zero_point.array)
    x, scales = found[READS[layer]].scale, _scales(weight)
    requantize = graph.node(layer).op
    made = [np.broadcast_to(np.atleast_1d(c.array), len(scales)) for c in (requantize.multiplier, requantize.shift)]
    expected = [_multiplier(s * x / found[layer].scale) for s in scales]
    assert list(zip(*(m.tolist() for m in made), strict=True)) == expected
    per_output = scales * (1 if len(scales) > 1 else weight.shape[0])
    steps = [Fraction(x) * Fraction(s) for s in per_output]
    expected = [round(Fraction(b) / step) for b, step in zip(bias.tolist(), steps, strict=True)]
    assert op.bias.array.tolist() == expected


def test_scales_and_zero_points_are_torchs(case) -> None:
    _, _, graph, found = case
    names = {**{layer: layer for layer in LAYERS}, "add_relu": "add", "add_2": "add_1"}
    for torchs, ours in names.items():
        kept = graph.types[ours]
        assert (kept.scale, kept.zero_point) == (found[torchs].scale, found[torchs].zero_point), ours
        assert kept.type == IntType(8, signed=False)
        assert kept.shape == found[torchs].codes.shape[1:]
    quantizer = found["quantize_per_tensor"]
    entry = graph.types[graph.inputs[0].name]
    assert (entry.scale, entry.zero_point) == (quantizer.scale, quantizer.zero_point)
    assert [o.value for o in graph.outputs] == ["fc2"]


def test_every_layer_on_torchs_codes(case) -> None:
    name, _, graph, found = case
    differences = layer_by_layer(graph, found, found["quantize_per_tensor"].codes)
    assert len(differences) == 12
    assert max(d.max() for d in differences.values()) <= 1
    shares = {n: (d != 0).mean() for n, d in differences.items()}
    total = sum((d != 0).sum() for d in differences.values()) / sum(d.size for d in differences.values())
    print(f"{name}: all {total:.1e},", {n: f"{s:.1e}" for n, s in shares.items() if s})  # noqa: T201
    assert all(shares[n] == 0 for n in ("max_pool2d", "adaptive_avg_pool2d", "flatten"))
    assert max(shares.values()) <= WORST_LAYER[name]
    assert total <= ALL_LAYERS[name]


def test_the_input_and_the_last_codes(case) -> None:
    """Run freely, a step in one layer moves sums in the next."""
    name, _, graph, found = case
    run = edgeq.simulate(graph, {graph.inputs[0].name: images(COUNT, seed=2).numpy()})
    entry = np.abs(run.values[graph.inputs[0].name].astype(np.int64) - found["quantize_per_tensor"].codes)
    assert entry.max() <= 1
    assert (entry != 0).sum() <= 2  # torch multiplies by the inverse of the scale in float32
    last = np.abs(run.outputs["fc2"].astype(np.int64) - found["fc2"].codes)
    print(f"{name}: last codes that differ {(last != 0).mean():.2%}, largest {last.max()}")  # noqa: T201
    assert last.max() <= (0 if name == "qnnpack" else 1)
    assert (last != 0).mean() <= 0.02


@pytest.mark.parametrize("name", ["fbgemm", "x86", "onednn"])
def test_it_is_the_bias_that_differs(name: str) -> None:
    """With biases that are whole steps of the accumulator, the float bias of these kernels costs nothing."""

    model = quantize(varied(), images(64), name)
    seen = record(model, images(2), name)
    with engine(name):
        for layer in LAYERS:
            weight, bias = _weight(model, layer)
            step = torch.tensor(_scales(weight), dtype=torch.float64) * seen[READS[layer]].scale
            model.get_submodule(layer).set_weight_bias(weight, (torch.round(bias.double() / step) * step).float())
    graph = edgeq.lower(model, images(2).numpy())
    found = record(model, images(COUNT, seed=2), name)
    differences = layer_by_layer(graph, found, found["quantize_per_tensor"].codes)
    total = sum((d != 0).sum() for d in differences.values()) / sum(d.size for d in differences.values())
    print(f"{name}: {total:.1e}")  # noqa: T201
    assert total <= 2e-5


def test_matching_finds_what_it_is_asked_for(case) -> None:
    _, _, graph, found = case
    assert len(matching(found, graph.types["conv1"])) == 1
    assert (matching(found, graph.types["conv1"])[0] == found["conv1"].codes).all()
