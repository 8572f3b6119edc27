"""Models that bring their quantizers: integers against torch's own fake-quantized network, layer by layer.

The integer law ("equality only") does not reach here: torch computes in float32 what integers compute exactly, so
a result within float32's error of a rounding tie may fall on the other side, by one step. How many may is stated.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from edgeq.errors import InputError
from tests.examples import DIGITS, digits, example

torch = pytest.importorskip("torch")
pytest.importorskip("torchao")

QUANTIZERS = ("xnnpack", "x86")
LABELS = digits("test_y")
MOST_DIFFERENT = 0.005
"""Share of codes that may differ, by one step each."""


@pytest.fixture(scope="module")
def networks() -> dict[str, torch.export.ExportedProgram]:
    """Return DigitsNet quantized by both quantizers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = example("digits/model.py").DigitsNet()
        model.load_state_dict(torch.load(DIGITS / "digits_state.pt", weights_only=True))
        calib = torch.from_numpy(digits("calib"))
        quantize = example("digits/pt2e.py").quantize_pt2e
        return {name: quantize(model.eval(), calib, name) for name in QUANTIZERS}


class Recorder(torch.fx.Interpreter):
    """Run a graph and keep the codes of every activation quantizer with its scale and zero point."""

    def __init__(self, module: torch.fx.GraphModule) -> None:
        super().__init__(module)
        self.found: list[tuple[float, int, np.ndarray]] = []

    def call_function(self, target, args, kwargs):
        result = super().call_function(target, args, kwargs)
        if "quantize_per_tensor" in str(target) and "dequantize" not in str(target):
            self.found.append((float(args[1]), int(args[2]), result.numpy().astype(np.int64)))
        return result


@pytest.fixture(scope="module", params=QUANTIZERS)
def both(request, networks):
    """Return the integer graph, its values, and what torch computes for the same images."""
    network, images = networks[request.param], digits("test_x")
    graph = edgeq.lower(network)
    recorder = Recorder(network.module())
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logits = recorder.run(torch.from_numpy(images)).numpy()
    return graph, edgeq.simulate(graph, {graph.inputs[0].name: images}), recorder.found, logits


def nearest(codes: np.ndarray, candidates: list[np.ndarray]) -> np.ndarray:
    """Return the differences to the nearest: a quantizer before and one after a limit may share a scale."""
    return min((np.abs(codes.astype(np.int64) - c) for c in candidates), key=lambda d: d.sum())


def torch_codes(graph, found) -> dict[str, list[np.ndarray]]:
    """Return for every quantized value what torch's quantizers of its scale, zero point and shape gave."""
    return {
        name: [c for s, z, c in found if (s, z, c.shape[1:]) == (kept.scale, kept.zero_point, kept.shape)]
        for name, kept in graph.types.items() if kept.type.bits <= 8
    }


def halves(codes: np.ndarray) -> np.ndarray:
    """Tell where the mean of 2x2 codes is a whole number and a half."""
    n, c, h, w = codes.shape
    return codes.reshape(n, c, h // 2, 2, w // 2, 2).sum((3, 5)) % 4 == 2


def test_every_layer_on_the_same_codes(both) -> None:
    """Each layer gets torch's own codes, so that what is counted is this layer's rounding alone."""
    graph, run, found, _ = both
    expected = {name: codes for name, codes in torch_codes(graph, found).items() if codes}
    live = {i.name: run.values[i.name].astype(np.int64) for i in graph.inputs}
    shares = {}
    for node in graph.nodes:
        live[node.name] = node.op.run([live[v] for v in node.inputs], [graph.types[v] for v in node.inputs],
                                      reference=False)
        if node.name not in expected:
            continue
        difference = nearest(live[node.name], expected[node.name])
        assert difference.max() <= 1, node.name
        if node.op.KIND == "avg_pool2d":  # means of four codes: torch rounds exact halves to even, edgeq away from 0
            assert (difference[~halves(live[node.inputs[0]])] == 0).all()
        else:
            shares[node.name] = (difference != 0).mean()
        live[node.name] = min(expected[node.name], key=lambda c: np.abs(c - live[node.name]).sum())
    print("share of codes that differ:", {name: f"{share:.3%}" for name, share in shares.items()})  # noqa: T201
    assert len(shares) >= 7
    assert max(shares.values()) <= MOST_DIFFERENT


def test_every_quantizer_of_the_whole_network(both) -> None:
    """Run freely, a step here moves sums there: more codes differ layer by layer, by a few steps at most."""
    graph, run, found, _ = both
    expected = torch_codes(graph, found)
    assert all(any((s, z, c.shape[1:]) == (t.scale, t.zero_point, t.shape) for t in graph.types.values())
               for s, z, c in found)
    differences = {n: nearest(run.values[n], codes) for n, codes in expected.items() if codes}
    shown = {n: f"{(d != 0).mean():.2%}, {d.max()}" for n, d in differences.items()}
    print("share that differs, largest:", shown)  # noqa: T201
    assert differences[graph.inputs[0].name].max() == 0
    assert max((d != 0).mean() for n, d in differences.items()) <= 0.12
    assert max((d > 1).mean() for d in differences.values()) <= 0.01


def test_answers(both) -> None:
    _, run, _, logits = both
    (scores,) = run.outputs.values()
    # where the float network's best two answers are within a step of the logits, either may win
    assert (scores.argmax(1) != logits.argmax(1)).mean() <= MOST_DIFFERENT
    assert (scores.argmax(1) == LABELS).sum() >= (logits.argmax(1) == LABELS).sum() - 1


def test_what_the_quantizer_left_alone_has_32_bits(networks) -> None:
    """x86 leaves the logits and the convolution operand of the residual add in float."""
    graph = edgeq.lower(networks["x86"])
    out = graph.types[graph.outputs[0].value]
    assert (out.type, out.zero_point) == (IntType(32), 0)
    assert isinstance(out.scale, float)
    add = next(n for n in graph.nodes if n.op.KIND == "add")
    for operand in add.inputs:
        kept = graph.types[operand]
        assert (kept.type, kept.zero_point) == (IntType(32), 0)
    sources = [graph.node(o).inputs[0] for o in add.inputs]
    assert sorted(graph.node(s).op.KIND if s in {n.name for n in graph.nodes} else "" for s in sources) == [
        "conv2d", "requantize"]
    assert len({graph.types[o].scale for o in add.inputs}) == 1


def test_weights_are_those_of_the_quantizer(networks) -> None:
    """Every int8 tensor in torch's state is the weight of one layer, untouched."""
    stored = [t.numpy().astype(np.int64) for t in networks["xnnpack"].state_dict.values() if t.dtype == torch.int8]
    stored += [t.numpy().astype(np.int64) for t in networks["xnnpack"].constants.values()
               if isinstance(t, torch.Tensor) and t.dtype == torch.int8]
    graph = edgeq.lower(networks["xnnpack"])
    weights = [n.op.weight.array for n in graph.nodes if n.op.KIND in ("conv2d", "linear")]
    assert len(stored) == len(weights) == 6
    for weight in weights:
        assert any(s.shape == weight.shape and (s == weight).all() for s in stored)


def test_relu_before_a_pool_stays_at_the_quantized_scale_or_has_32_bits(networks) -> None:
    for network in networks.values():
        graph = edgeq.lower(network)
        for node in graph.nodes:
            if node.op.KIND in ("max_pool2d", "avg_pool2d"):
                kept = graph.types[node.inputs[0]]
                assert isinstance(kept.scale, float)
                assert kept.type.bits <= 8 or (kept.type, kept.zero_point) == (IntType(32), 0)


@pytest.mark.parametrize("option", [{"wbits": 4}, {"abits": 4}, {"weights": "per_tensor"}])
def test_options_for_float_models_are_refused(option: dict[str, object], networks) -> None:
    with pytest.raises(InputError, match=f"{next(iter(option))} does not apply to it"):
        edgeq.lower(networks["x86"], **option)
    with pytest.raises(InputError, match="wbits has no effect"):
        edgeq.lower(networks["x86"], config={"layers": {"*": {"wbits": 4}}})
