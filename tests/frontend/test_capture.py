"""Capturing a model in memory gives the program that reading its saved archive gives."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgeq.errors import ModelError  # noqa: E402
from edgeq.frontend.archive import read_archive  # noqa: E402
from edgeq.frontend.batch import rebatch  # noqa: E402
from edgeq.frontend.capture import capture  # noqa: E402
from edgeq.frontend.interpret import run  # noqa: E402


def _equal(one, other) -> None:
    assert one.inputs == other.inputs
    assert one.calls == other.calls
    assert one.outputs == other.outputs
    assert one.types == other.types
    assert one.constant_names == other.constant_names
    assert list(one.constants) == list(other.constants)
    for name, array in one.constants.items():
        assert array.dtype == other.constants[name].dtype
        np.testing.assert_array_equal(array, other.constants[name])


_NAMES = ["digits", "residual", "residual_fixed", "mobile", "functional", "baked", "tied"]


@pytest.mark.parametrize("name", _NAMES)
def test_an_exported_program_equals_its_archive(zoo, name) -> None:
    _equal(capture(zoo[name].exported), read_archive(zoo[name].path))


@pytest.mark.parametrize("name", [name for name in _NAMES if name != "residual_fixed"])
def test_a_module_equals_its_archive(zoo, name) -> None:
    sample = zoo[name]
    _equal(capture(sample.model, sample.inputs), read_archive(sample.path))


def test_a_quantized_module_equals_its_archive(quantized) -> None:
    _equal(capture(quantized.exported), read_archive(quantized.path))
    captured = capture(quantized.model, quantized.inputs)
    assert [call.target for call in captured.calls] == [call.target for call in read_archive(quantized.path).calls]
    modules = {call.op: call.module for call in captured.calls}
    assert (modules["linear"], modules["conv2d"]) == ("fc", "conv2")


def test_an_example_batch_of_one_does_not_bake_it(zoo) -> None:
    sample = zoo["digits"]
    one = sample.inputs[0][:1]
    program = capture(sample.model, one.numpy())
    assert program.inputs[0].shape == (None, 1, 18, 18)
    with torch.no_grad():
        expected = sample.model(sample.inputs[0]).numpy()
    (name,) = program.outputs
    np.testing.assert_allclose(run(program, {"x": sample.inputs[0].numpy()})[name], expected, rtol=1e-6)


def test_a_model_of_batch_one_is_captured_as_it_is(zoo) -> None:
    program = capture(zoo["baked"].model, zoo["baked"].inputs)
    assert program.inputs[0].shape == (1, 3, 4)
    assert rebatch(program).inputs[0].shape == (None, 3, 4)


def test_the_callers_model_is_left_as_it_is() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5)).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    program = capture(model, torch.randn(2, 1, 5, 5))
    assert all(module.training for module in model.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert [call.op for call in program.calls] == ["conv2d", "batch_norm", "dropout"]


def test_several_inputs_as_arrays(zoo) -> None:
    sample = zoo["functional"]
    program = capture(sample.model, tuple(item.numpy() for item in sample.inputs))
    assert [item.name for item in program.inputs] == ["x", "y"]


def test_floating_arrays_take_the_models_type() -> None:
    assert capture(nn.Linear(2, 2), np.zeros((2, 2))).inputs[0].dtype == "float32"
    assert capture(nn.Linear(2, 2).double(), np.zeros((2, 2), np.float32)).inputs[0].dtype == "float64"


class _Sizes(nn.Module):
    """Tensors made of the batch's own size."""

    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.tensor([[5.0]]))

    def forward(self, x):
        zeros = x.new_zeros(x.size(0), 2 * x.size(1))
        ones = torch.full((x.size(0), 1), 2.0)
        return torch.cat([x, zeros, ones, self.token.expand(x.size(0), -1)], 1)


def test_tensors_of_the_batchs_size(export) -> None:
    sample = export(_Sizes(), torch.randn(2, 1))
    _equal(capture(sample.exported), read_archive(sample.path))
    program = rebatch(read_archive(sample.path))
    got = run(program, {"x": np.array([[1], [2], [3]], np.float32)})["cat"]
    assert got.tolist() == [[1, 0, 0, 2, 5], [2, 0, 0, 2, 5], [3, 0, 0, 2, 5]]


class _Branches(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x + 1
        return x - 1


@pytest.mark.parametrize(
    ("model", "inputs", "message"),
    [
        (nn.Linear(2, 2), None, "example inputs are needed"),
        (nn.Linear(2, 2), (3,), "example input 0 is int, expected an array or a tensor"),
        (nn.Linear(2, 2), np.float32(3), "example input 0 is float32"),
        (nn.Linear(2, 2), np.zeros(()), r"example input 0 has shape \[\], expected a batch first"),
        (nn.Linear(2, 2), np.zeros((0, 2)), r"example input 0 has shape \[0, 2\], expected a batch first"),
        (nn.Linear(2, 2), np.zeros((1, 3), np.float32), "torch.export.export cannot capture it"),
        (_Branches(), np.zeros((1, 3), np.float32), "torch.export.export cannot capture it"),
        ("model.pt2", None, "expected a torch.nn.Module or an ExportedProgram, got str"),
    ],
)
def test_what_cannot_be_captured(model, inputs, message) -> None:
    with pytest.raises(ModelError, match=f"^model: .*{message}") as caught:
        capture(model, inputs)
    assert "\n" not in str(caught.value)
