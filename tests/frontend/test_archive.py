"""Reading torch.export archives: values, names, places and element types."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgeq.errors import UnsupportedOpError  # noqa: E402
from edgeq.frontend.archive import read_archive  # noqa: E402
from edgeq.frontend.program import Ref, ValueType  # noqa: E402


def test_inputs_and_outputs(zoo) -> None:
    program = read_archive(zoo["functional"].path)
    assert [(item.name, item.shape, item.dtype) for item in program.inputs] == [
        ("x", (None, 2, 4, 4), "float32"),
        ("y", (None, 1, 2, 2), "float32"),
    ]
    assert [program.types[name] for name in program.outputs] == [
        ValueType((None, 2), "float32"),
        ValueType((None, 2), "int64"),
    ]


def test_a_fixed_batch_keeps_its_size(zoo) -> None:
    assert read_archive(zoo["residual_fixed"].path).inputs[0].shape == (1, 3, 6, 6)


def test_module_paths(zoo) -> None:
    calls = read_archive(zoo["residual"].path).calls
    assert [(call.op, call.module) for call in calls] == [
        ("conv2d", "stem"),
        ("conv2d", "layer1.0.conv1"),
        ("batch_norm", "layer1.0.bn1"),
        ("relu", "layer1.0.relu"),
        ("conv2d", "layer1.0.conv2"),
        ("batch_norm", "layer1.0.bn2"),
        ("add", "layer1.0"),
        ("relu", "layer1.0.relu"),
        ("conv2d", "layer1.1.conv1"),
        ("batch_norm", "layer1.1.bn1"),
        ("relu", "layer1.1.relu"),
        ("conv2d", "layer1.1.conv2"),
        ("batch_norm", "layer1.1.bn2"),
        ("add", "layer1.1"),
        ("relu", "layer1.1.relu"),
        ("adaptive_avg_pool2d", ""),
        ("flatten", ""),
        ("linear", "fc"),
    ]


def test_sources_are_the_users_lines(zoo) -> None:
    sources = {call.name: call.source for call in read_archive(zoo["residual"].path).calls}
    assert sources["conv2d"].startswith("conftest.py:")
    assert sources["conv2d"].endswith(" in forward: x = self.layer1(self.stem(x))")
    assert sources["batch_norm"].endswith(" in forward: y = self.relu(self.bn1(self.conv1(y)))") or sources[
        "batch_norm"
    ].endswith(" in forward: y = self.relu(self.bn1(self.conv1(x)))")
    assert sources["linear"].endswith(" in forward: return self.fc(torch.flatten(x, 1))")


def test_results_of_one_call_become_getitems(zoo) -> None:
    calls = {call.name: call for call in read_archive(zoo["functional"].path).calls}
    assert calls["getitem"].target == "operator.getitem"
    assert calls["getitem"].args == (Ref("chunk"), 0)
    assert calls["getitem_1"].args == (Ref("chunk"), 1)
    assert calls["getitem_2"].args == (Ref("max_1"), 0)
    assert "max_1_unused_1" not in calls


def test_constants_equal_the_modules_tensors(zoo) -> None:
    for name in ("residual", "functional", "tied"):
        sample = zoo[name]
        tensors = {
            **sample.model.state_dict(),
            **dict(sample.model.named_buffers()),
            **sample.exported.constants,
        }
        program = read_archive(sample.path)
        assert set(program.constants) >= set(program.constant_names)
        for value, user_name in program.constant_names.items():
            expected = tensors[user_name].numpy()
            np.testing.assert_array_equal(program.constants[value], expected)
            assert program.constants[value].dtype == expected.dtype


def test_tied_and_strided_weights(zoo) -> None:
    program = read_archive(zoo["tied"].path)
    by_name = {program.constant_names[name]: array for name, array in program.constants.items()}
    np.testing.assert_array_equal(by_name["part"], np.arange(24.0).reshape(4, 6).T[1:5])
    linear = [call for call in program.calls if call.op == "linear"]
    np.testing.assert_array_equal(program.constants[linear[0].args[1].name], program.constants[linear[1].args[1].name])


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        ("float64", "float64"),
        ("float16", "float16"),
        ("bfloat16", "float32"),
        ("int8", "int8"),
        ("uint8", "uint8"),
        ("int16", "int16"),
        ("int32", "int32"),
        ("int64", "int64"),
        ("bool", "bool"),
    ],
)
def test_element_types(export, dtype, stored) -> None:
    values = torch.tensor([[0, 1], [2, 100]]).to(getattr(torch, dtype))

    class Add(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("values", values)

        def forward(self, x):
            return x + self.values.to(torch.float32)

    program = read_archive(export(Add(), torch.zeros(3, 2, 2)).path)
    (array,) = program.constants.values()
    assert array.dtype.name == stored
    assert array.astype(int).tolist() == ([[0, 1], [1, 1]] if dtype == "bool" else [[0, 1], [2, 100]])


def test_bfloat16_is_widened_exactly(export) -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.tensor([1.0078125, -3.3895314e38, 1e-40], dtype=torch.bfloat16))

        def forward(self, x):
            return x * self.weight.float()

    (array,) = read_archive(export(Scale(), torch.zeros(2, 3)).path).constants.values()
    assert array.dtype == np.float32
    assert array.view(np.uint32).tolist() == [0x3F810000, 0xFF7F0000, 0x00010000]


def test_in_place_operators_become_functional(export) -> None:
    class InPlace(nn.Module):
        def forward(self, x):
            y = x * 2
            y.add_(1)
            y.relu_()
            return y + x

    program = read_archive(export(InPlace(), torch.zeros(2, 3)).path)
    assert [call.target for call in program.calls] == [
        "aten.mul.Tensor",
        "aten.add.Tensor",
        "aten.relu.default",
        "aten.add.Tensor",
    ]
    assert program.calls[3].args == (Ref(program.calls[2].name), Ref("x"))


def test_in_place_change_under_a_view_is_refused(export) -> None:
    class Aliased(nn.Module):
        def forward(self, x):
            y = x * 2
            view = y.view(-1, 3)
            y.relu_()
            return view + 1

    path = export(Aliased(), torch.zeros(2, 3)).path
    with pytest.raises(
        UnsupportedOpError,
        match=r"aten\.relu_\.default 'relu_' \(test_archive\.py:\d+ in forward: y\.relu_\(\)\) "
        "changes 'mul' in place",
    ):
        read_archive(path)


def test_torch_is_not_imported(zoo) -> None:
    code = (
        "import sys; from edgeq.frontend.archive import read_archive; from edgeq.frontend.batch import "
        "rebatch; "
        "print(len(rebatch(read_archive(sys.argv[1])).calls), 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(zoo["residual"].path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["18", "False"]
