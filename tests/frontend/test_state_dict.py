"""A state dict with the user's own module, and what only ``--allow-code`` loads."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgeq.errors import ModelError, UnsafeModelError  # noqa: E402
from edgeq.frontend.state_dict import load_state_dict_model, load_with_code  # noqa: E402

_ARCH = """
import torch
from sizes import WIDTH

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(WIDTH, 2)

    def forward(self, x):
        return self.fc(x)

def make():
    return Net()

net = Net()
number = 3

def fails():
    raise RuntimeError("no data")

def text():
    return "x"
"""


@pytest.fixture
def arch(tmp_path) -> Path:
    (tmp_path / "sizes.py").write_text("WIDTH = 3\n")
    path = tmp_path / "net.py"
    path.write_text(_ARCH)
    return path


@pytest.fixture
def weights(tmp_path) -> dict[str, torch.Tensor]:
    return {"fc.weight": torch.arange(6.0).reshape(2, 3), "fc.bias": torch.tensor([1.0, 2.0])}


@pytest.mark.parametrize("name", ["Net", "make", "net"])
def test_loads(arch, weights, tmp_path, name) -> None:
    torch.save(weights, tmp_path / "w.pt")
    loaded = load_state_dict_model(tmp_path / "w.pt", f"{arch}:{name}")
    assert loaded.unexpected == ()
    assert not loaded.model.training
    assert loaded.model(torch.tensor([[1.0, 1.0, 1.0]])).tolist() == [[4.0, 14.0]]


def test_a_checkpoint_that_holds_a_state_dict(arch, weights, tmp_path) -> None:
    torch.save({"state_dict": weights, "epoch": 3}, tmp_path / "w.pt")
    assert load_state_dict_model(tmp_path / "w.pt", f"{arch}:Net").model.fc.bias.tolist() == [1.0, 2.0]


def test_the_old_file_format(arch, weights, tmp_path) -> None:
    torch.save(weights, tmp_path / "w.pt", _use_new_zipfile_serialization=False)
    assert load_state_dict_model(tmp_path / "w.pt", f"{arch}:Net").model.fc.bias.tolist() == [1.0, 2.0]


def test_unexpected_names_are_listed(arch, weights, tmp_path) -> None:
    torch.save({**weights, "old.b": torch.zeros(1), "old.a": torch.zeros(1)}, tmp_path / "w.pt")
    assert load_state_dict_model(tmp_path / "w.pt", f"{arch}:Net").unexpected == ("old.a", "old.b")


def _refused(path: Path, arch: str, match: str, error: type[ModelError] = ModelError) -> None:
    with pytest.raises(error, match=match) as caught:
        load_state_dict_model(path, arch)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith((str(path), "--arch"))


def test_missing_names_are_an_error(arch, weights, tmp_path) -> None:
    torch.save({"fc.scale": torch.zeros(1)}, tmp_path / "w.pt")
    _refused(tmp_path / "w.pt", f"{arch}:Net", "2 tensors of .*:Net are missing: fc.bias, fc.weight$")


def test_shapes_that_differ(arch, weights, tmp_path) -> None:
    torch.save({"fc.weight": torch.zeros(2, 4), "fc.bias": torch.zeros(3)}, tmp_path / "w.pt")
    _refused(
        tmp_path / "w.pt",
        f"{arch}:Net",
        r"shapes differ .*: fc.weight is \[2, 4\], expected \[2, 3\]; fc.bias is \[3\], expected \[2\]$",
    )


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickled_module(arch, tmp_path, zipped) -> None:
    torch.save(nn.Linear(3, 2), tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    _refused(
        tmp_path / "w.pt",
        f"{arch}:Net",
        r"is a pickle that names torch\.nn\.modules\.linear\.Linear, .* --allow-code",
        UnsafeModelError,
    )


def test_other_files(arch, zoo, tmp_path) -> None:
    _refused(tmp_path / "absent.pt", f"{arch}:Net", "no such weights file")
    _refused(zoo["tied"].path, f"{arch}:Net", "is a torch.export archive")
    (tmp_path / "text.pt").write_text("hello world")
    _refused(tmp_path / "text.pt", f"{arch}:Net", "is not a file of weights")
    torch.save([1, 2], tmp_path / "list.pt")
    _refused(tmp_path / "list.pt", f"{arch}:Net", "holds list, expected a state dict")


@pytest.mark.parametrize(
    ("name", "match"),
    [
        (":absent", "defines no 'absent'"),
        (":number", "'number' is int, expected a class, function or module"),
        (":fails", r"fails\(\) failed: RuntimeError: no data"),
        (":text", r"text\(\) gives str, expected a torch.nn.Module"),
        ("", "expected FILE.py:NAME"),
    ],
)
def test_wrong_names(arch, weights, tmp_path, name, match) -> None:
    torch.save(weights, tmp_path / "w.pt")
    _refused(tmp_path / "w.pt", f"{arch}{name}", match)


def test_wrong_files(weights, tmp_path) -> None:
    torch.save(weights, tmp_path / "w.pt")
    _refused(tmp_path / "w.pt", f"{tmp_path}/absent.py:Net", "no such file")
    (tmp_path / "broken.py").write_text("def (")
    _refused(tmp_path / "w.pt", f"{tmp_path}/broken.py:Net", "importing .* failed: SyntaxError")


def test_a_file_that_exits_when_imported(weights, tmp_path) -> None:
    torch.save(weights, tmp_path / "w.pt")
    (tmp_path / "script.py").write_text("raise SystemExit(3)")
    _refused(tmp_path / "w.pt", f"{tmp_path}/script.py:Net", "importing .* failed: SystemExit: 3")
    (tmp_path / "later.py").write_text("import sys\ndef make():\n    sys.exit(7)\n")
    _refused(tmp_path / "w.pt", f"{tmp_path}/later.py:make", r"make\(\) failed: SystemExit: 7")


def test_with_code(zoo, weights, tmp_path) -> None:
    torch.save(nn.Linear(3, 2), tmp_path / "module.pt")
    assert isinstance(load_with_code(tmp_path / "module.pt"), nn.Linear)
    assert isinstance(load_with_code(zoo["tied"].path), torch.export.ExportedProgram)
    torch.save(weights, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="holds tensors alone; pass --arch"):
        load_with_code(tmp_path / "w.pt")
    with pytest.raises(ModelError, match="no such model file"):
        load_with_code(tmp_path / "absent.pt")


def test_with_code_loads_quantize_operators(quantized) -> None:
    assert isinstance(load_with_code(quantized.path), torch.export.ExportedProgram)


def test_masks_of_torch_prune_are_applied_where_the_module_has_none(arch, tmp_path) -> None:
    original, mask = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    torch.save({"fc.bias": torch.ones(2), "fc.weight_orig": original, "fc.weight_mask": mask}, tmp_path / "masked.pt")
    loaded = load_state_dict_model(tmp_path / "masked.pt", f"{arch}:Net")
    assert loaded.model.fc.weight.tolist() == [[1, 0, 3], [0, 5, 0]]
    assert loaded.unexpected == ()
    torch.save({"fc.weight_orig": torch.ones(2, 3), "fc.weight_mask": torch.ones(3), "fc.bias": torch.ones(2)},
               tmp_path / "masked.pt")
    _refused(tmp_path / "masked.pt", f"{arch}:Net", "1 tensors of .*:Net are missing: fc.weight$")
