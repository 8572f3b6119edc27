"""torchao's pt2e flow: activations of 7 and 8 bits, weights per tensor and channel, residual adds, functional calls."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from tests.frontend.fx_models import images, varied
from tests.frontend.test_lower_pt2e import Recorder, halves, nearest

torch = pytest.importorskip("torch")
pytest.importorskip("torchao")

MOST_DIFFERENT = 5e-3
"""Share of one layer's codes that may differ by one step: torch computes in float32 and keeps the bias in float."""


def _x86(*, seven: bool, per_channel: bool):
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

    assert per_channel
    return x86.X86InductorQuantizer().set_global(x86.get_default_x86_inductor_quantization_config(reduce_range=seven))


def _xnnpack(*, seven: bool, per_channel: bool):
    from torchao.testing.pt2e import _xnnpack_quantizer as xnnpack

    limits = {"act_qmin": -64, "act_qmax": 63} if seven else {}
    return xnnpack.XNNPACKQuantizer().set_global(
        xnnpack.get_symmetric_quantization_config(is_per_channel=per_channel, **limits))


CASES = {
    "x86-8": (_x86, False, True), "x86-7": (_x86, True, True), "xnnpack-7": (_xnnpack, True, True),
    "xnnpack-8-per_tensor": (_xnnpack, False, False), "xnnpack-7-per_tensor": (_xnnpack, True, False),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """Return the case's name, the exported network and its graph."""
    make, seven, per_channel = CASES[request.param]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

        shapes = ({0: torch.export.Dim("batch")},)
        exported = torch.export.export(varied(), (images(2),), dynamic_shapes=shapes)
        prepared = prepare_pt2e(exported.module(), make(seven=seven, per_channel=per_channel))
        prepared(images(64))
        network = torch.export.export(convert_pt2e(prepared), (images(2),), dynamic_shapes=shapes)
    return request.param, network, edgeq.lower(network)


def _quantizers(network) -> list[tuple[float, int, int, int]]:
    """Return scale, zero point and limits of every quantizer of activations, in torch's words."""
    return [
        (float(np.float64(n.args[1])), n.args[2], n.args[3], n.args[4]) for n in network.graph.nodes
        if "quantize_per_tensor" in str(n.target) and "dequantize" not in str(n.target)
    ]


def test_types_scales_and_limits_are_torchs(case) -> None:
    name, network, graph = case
    wanted = _quantizers(network)
    limits = {q[2:] for q in wanted}
    assert limits == {"x86-8": {(0, 255)}, "x86-7": {(0, 127)}, "xnnpack-7": {(-64, 63)},
                      "xnnpack-8-per_tensor": {(-128, 127)}, "xnnpack-7-per_tensor": {(-64, 63)}}[name]
    kept = IntType(7 if "-7" in name else 8, signed="xnnpack" in name)
    codes = [t for t in graph.types.values() if t.type == kept and isinstance(t.scale, float)]
    found = {(t.scale, t.zero_point) for t in codes}
    assert {q[:2] for q in wanted} == found
    assert len(found) >= 5


def test_weights_are_torchs(case) -> None:
    name, network, graph = case
    stored = [t.numpy().astype(np.int64) for t in (*network.state_dict.values(), *network.constants.values())
              if isinstance(t, torch.Tensor) and t.dtype == torch.int8]
    layers = {n.name: n.op.weight.array for n in graph.nodes if n.op.KIND in ("conv2d", "linear")}
    assert len(layers) == len(stored) == 7
    for weight in layers.values():
        assert any(s.shape == weight.shape and (s == weight).all() for s in stored)
    multipliers = [np.atleast_1d(n.op.multiplier.array).size for n in graph.nodes
                   if n.op.KIND == "requantize" and n.inputs[0] in layers]
    assert (max(multipliers) == 1) == ("per_tensor" in name)


def test_every_layer_on_torchs_codes(case) -> None:
    name, network, graph = case
    data = images(100, seed=2)
    recorder = Recorder(network.module())
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recorder.run(data)
    live = {graph.inputs[0].name: edgeq.simulate(graph, {graph.inputs[0].name: data.numpy()}).values[
        graph.inputs[0].name].astype(np.int64)}
    shares = {}
    for node in graph.nodes:
        kept = graph.types[node.name]
        value = node.op.run([live[v] for v in node.inputs], [graph.types[v] for v in node.inputs], reference=False)
        torchs = [c for s, z, c in recorder.found if (s, z, c.shape[1:]) == (kept.scale, kept.zero_point, kept.shape)]
        if torchs and kept.type.bits <= 8:
            difference = nearest(value, torchs)
            assert difference.max() <= 1, node.name
            if node.op.KIND == "avg_pool2d":  # in float32 an exact half falls to either side
                difference = difference[~halves(live[node.inputs[0]])]
            shares[node.name] = float((difference != 0).mean())
            value = min(torchs, key=lambda c, v=value: np.abs(c - v).sum())
        live[node.name] = value
    print(name, {n: f"{s:.1e}" for n, s in shares.items() if s})  # noqa: T201
    assert len(shares) >= 6
    assert max(shares.values()) <= MOST_DIFFERENT
