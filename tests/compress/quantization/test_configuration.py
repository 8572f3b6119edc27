"""A configuration says what is quantized how; every mistake in it is answered by one message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import edgeq  # noqa: E402
from edgeq import compress  # noqa: E402
from edgeq.compress.quantization.config import Quantizer, make_config  # noqa: E402
from edgeq.errors import CalibrationError, InputError, ModelError  # noqa: E402
from tests.compress.quantization.nets import Plain, images, seeded  # noqa: E402

X = images(4)
BITS = "bits is 17, expected a number of bits 1..16, or null"


@pytest.mark.parametrize(("config", "message"), [
    ({"preset": "none"}, "preset 'none' does not exist; use one of edgeq, "),
    ({"preset": ["edgeq"]}, "config: preset is ['edgeq'], expected a name"),
    ("quant.yaml", "config is the path 'quant.yaml'; give compress.load_config of it"),
    ({"mode": "qta"}, "config: mode is 'qta', expected ptq or qat"),
    ({"batch_norm": None}, "config: batch_norm is None, expected fold or keep"),
    ({"wieghts": {}}, "config: unknown field 'wieghts'; the fields are preset, mode, batch_norm, first_last_bits, "
                      "weights, activations, layers, refine"),
    ({"weights": 8}, "config: weights is 8, expected fields such as method and bits"),
    ({"weights": {"bits": 17}}, f"config: weights: {BITS}"),
    ({"weights": {"bits": True}}, "config: weights: bits is True, expected a number of bits 1..16, or null"),
    ({"first_last_bits": 17}, "first_last_bits is 17, expected a number of bits 1..16, or null"),
    ({"activations": {"method": 3}}, "config: activations: method is 3, expected a name"),
    ({"layers": []}, "config: layers is [], expected a mapping from patterns of layer names"),
    ({"layers": {"fc": {}}}, "config: layers: 'fc' changes nothing; give weights or activations"),
    ({"layers": {"fc": {"bits": 4}}},
     "config: layers: 'fc': unknown field 'bits'; the fields are weights, activations"),
    ({"layers": {"fc": {"weights": {"bits": 17}}}}, f"config: layers: 'fc': weights: {BITS}"),
    ({"refine": {"equalise": True}}, "config: refine: unknown field 'equalise'; the fields are equalize, "
                                     "bias_correction, reconstruct"),
    ({"refine": {"equalize": 1}}, "config: refine: equalize is 1, expected true or false"),
    ({"refine": {"reconstruct": {"steps": 0.5}}},
     "config: refine: reconstruct: steps is 0.5, expected a number above 0"),
])
def test_a_mistake_is_named(config: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        make_config(config)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("config", "message"), [
    ({"layers": {"conv3": {"weights": {"bits": 4}}}},
     "config: layers: 'conv3' matches no layer with a weight; they are conv1, bn1, conv2, bn2, fc"),
    ({"layers": {"bn*": {"activations": {"bits": 4}}}},
     "config: layers: 'bn*' matches no layer whose result is quantized; they are x, conv1, conv2"),
    ({"weights": {"per": "row"}}, "layer 'conv1': per is 'row', expected"),
    ({"weights": {"granularity": "row"}}, "layer 'conv1': method uniform of weights"),
])
def test_a_pattern_and_an_option_must_fit_the_model(config: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        compress.quantize(seeded(Plain), config, X)
    assert str(caught.value).startswith(message)


def test_a_file_gives_what_a_mapping_gives(tmp_path: Path) -> None:
    path = tmp_path / "quantize.yaml"
    path.write_text("mode: ptq\nweights: {bits: 4, per: tensor}\nlayers:\n  \"fc*\": {weights: {bits: 2}}\n")
    assert compress.load_config(path) == make_config(
        {"mode": "ptq", "weights": {"bits": 4, "per": "tensor"}, "layers": {"fc*": {"weights": {"bits": 2}}}})
    path.write_text("mode: ptqq\n")
    with pytest.raises(InputError, match=r"quantize.yaml: config: mode is 'ptqq', expected ptq or qat"):
        compress.load_config(path)
    with pytest.raises(InputError, match="no such file"):
        compress.load_config(tmp_path / "other.yaml")


def test_first_and_last_layers_have_at_least_their_bits_unless_named() -> None:
    config = make_config({"weights": {"bits": 4, "per": "tensor"}, "activations": {"method": "binary"},
                          "layers": {"c*": {"weights": {"per": "channel"}}, "c2": {"weights": {"bits": 3}}}})
    assert config.weights_of("c1", outermost=True) == Quantizer("uniform", 8, {"per": "channel"})
    assert config.weights_of("c1", outermost=False) == Quantizer("uniform", 4, {"per": "channel"})
    assert config.weights_of("c2", outermost=True) == Quantizer("uniform", 3, {"per": "channel"})
    assert config.activations_of("c1", outermost=True, is_input=False) == Quantizer("uniform", 8)
    assert config.activations_of("c1", outermost=False, is_input=False) == Quantizer("binary", 1)
    unknown = make_config({"activations": {"method": "ternary"}}).activations_of("c1", outermost=True, is_input=False)
    assert unknown.method == "ternary"  # a method of weights alone: refused by name where it is made
    assert make_config({"weights": {"method": "ternary"}, "first_last_bits": None}).weights_of(
        "c", outermost=True) == Quantizer("ternary", 2)


def test_every_layer_of_a_model_has_the_bits_that_hold_for_it() -> None:
    made = compress.quantize(seeded(Plain), {
        "weights": {"bits": 4}, "activations": {"bits": 3}, "layers": {"fc": {"activations": {"bits": 6}}}}, X)
    assert {name: made.get_submodule(name).weight_quantizer.bits for name in ("conv1", "conv2", "fc")} == {
        "conv1": 8, "conv2": 4, "fc": 8}
    made.train()(X)
    found = {name: made.get_submodule(f"activations.{name}").codes() for name in ("x", "conv1", "conv2", "fc")}
    assert {name: codes.hi - codes.lo + 1 for name, codes in found.items()} == {
        "x": 256, "conv1": 8, "conv2": 256, "fc": 64}


def test_what_cannot_be_quantized_is_named() -> None:
    with pytest.raises(CalibrationError, match="mode ptq finds the ranges of activations in data; give calibration"):
        compress.quantize(seeded(Plain), {"mode": "ptq"}, X)
    with pytest.raises(ModelError, match=r"layer 'conv1': a binary activation is .1 wherever x >= 0, so after relu"):
        compress.quantize(seeded(Plain), {"activations": {"method": "binary"}}, X)
    with pytest.raises(InputError, match=r"freeze: got Plain, expected a model that compress.quantize made"):
        compress.freeze(seeded(Plain))
    made = compress.quantize(seeded(Plain), {"weights": {"bits": None}}, X, calibration=X)
    with pytest.raises(ModelError, match=r"layer 'conv1': its weights are not quantized \(bits null\)"):
        compress.convert(made)
    with pytest.raises(CalibrationError, match=r"the model cannot run samples of shape \[1, 8, 8\]: Given "):
        compress.calibrate(made, X[:, :1])
    with pytest.raises(CalibrationError, match="input 0 holds NaN or infinity"):
        compress.calibrate(made, X / 0)
    with pytest.raises(CalibrationError, match=r"input 0 has shape \[0, 2, 8, 8\], expected samples first"):
        compress.calibrate(made, X[:0])
    with pytest.raises(CalibrationError, match="got 2 inputs, expected 1: x; give all samples"):
        compress.calibrate(made, [X[:2], X[2:]])
    with pytest.raises(CalibrationError, match=r"model cannot run samples of shape \[3, 8, 8\]: .*channels"):
        compress.calibrate(made, X[:, :1].repeat(1, 3, 1, 1))
    with pytest.raises(InputError, match=r"is one that compress\.quantize made; give the float model"):
        compress.quantize(made, {}, X)
    with pytest.raises(ModelError, match=r"made by compress.quantize; give compress.convert\(model\)"):
        edgeq.lower(made, X)


class Flow(nn.Module):
    """The sign of the sum of its input decides."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum().item() > 0 else -x


def test_a_model_that_torch_cannot_trace_is_one_message(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match=r"torch\.export cannot trace it"):
        compress.quantize(Flow(), {}, X)
    with pytest.raises(ModelError, match=r"torch.export.export cannot capture it"):
        edgeq.lower(Flow(), X, calibration=X)
    assert capfd.readouterr() == ("", "")


def test_a_printed_model_tells_methods_and_bits() -> None:
    made = compress.quantize(seeded(Plain), {"layers": {"conv2": {"weights": {"bits": 3}}}}, X, calibration=X)
    assert str(made.get_submodule("conv2.weight_quantizer")) == "UniformWeight(uniform, bits=3)"
    compress.freeze(made)
    assert "uniform, bits=8, frozen\n" in str(made.get_submodule("activations.conv1"))


class Reads(torch.nn.Module):
    """A convolution in a forward of the test's own."""

    def __init__(self, forward: Any) -> None:
        super().__init__()
        self.c, self.own = torch.nn.Conv2d(2, 2, 1), forward

    def forward(self, x: Any) -> Any:
        return self.own(self.c, x)


def test_operators_that_create_tensors_or_are_called_as_modules_have_methods() -> None:
    for forward in (lambda c, x: c(x) + torch.ones(1, 1, 8, 8), lambda c, x: c(x.to(torch.float64).to(torch.float32))):
        made = compress.quantize(Reads(forward), {"mode": "ptq"}, X, calibration=X)
        assert made(X).shape == (4, 2, 8, 8)


def test_a_weight_that_is_read_beside_its_layer_is_refused() -> None:
    with pytest.raises(ModelError, match=r"layer 'c': its 'c.weight' is read by another operator too; give that a"):
        compress.quantize(Reads(lambda c, x: c(x) + c.weight.sum()), {"mode": "ptq"}, X, calibration=X)


def test_an_average_of_signs_has_no_integers() -> None:
    pooled = Reads(lambda c, x: torch.nn.functional.avg_pool2d(c(x), 2))
    config = {"mode": "ptq", "layers": {"c": {"activations": {"method": "binary"}}}}
    made = compress.quantize(pooled, config, X, calibration=X)
    with pytest.raises(ModelError, match=r"layer 'avg_pool2d': it averages binary values; give these more bits"):
        compress.convert(made)


@pytest.mark.parametrize(("first", "then", "bits"), [
    ({"method": "ternary"}, {"method": "uniform"}, 8),
    ({"method": "binary"}, {"method": "lsq"}, 8),
    ({"method": "binary"}, {"method": "ternary"}, 2),
    ({"method": "ternary"}, {"method": "uniform", "bits": 3}, 3),
    ({"method": "lsq", "bits": 4}, {"method": "uniform"}, 4),
])
def test_the_bits_of_signs_do_not_pass_on_to_another_method(first: Any, then: Any, bits: int) -> None:
    assert Quantizer().changed(first).changed(then).bits == bits
