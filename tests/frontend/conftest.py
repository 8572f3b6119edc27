"""Small models, each exported and saved once for all tests of the frontend."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402


class Digits(nn.Module):
    """LeNet: convolutions, pooling, three linear layers, a view with the batch's own size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 5, padding=2)
        self.conv2 = nn.Conv2d(4, 6, 5)
        self.fc1 = nn.Linear(24, 16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        return self.fc2(torch.sigmoid(self.fc1(x)))


class Block(nn.Module):
    """A residual block with batch norm and in-place ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x
        return self.relu(y)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layer1 = nn.Sequential(Block(4), Block(4))
        self.fc = nn.Linear(4, 5)

    def forward(self, x):
        x = self.layer1(self.stem(x))
        x = F.adaptive_avg_pool2d(x, 1)
        return self.fc(torch.flatten(x, 1))


class Branch(nn.Module):
    """A residual block as torchao's quantizer knows it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(36, 5)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(x + self.conv2(x), 2)
        return self.fc(torch.flatten(x, 1))


class Mobile(nn.Module):
    """Depthwise and pointwise convolutions, ReLU6, hardswish, squeeze-and-excite, padding by four sides."""

    def __init__(self) -> None:
        super().__init__()
        self.expand = nn.Sequential(nn.Conv2d(3, 8, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6())
        self.depth = nn.Conv2d(8, 8, 3, stride=2, groups=8)
        self.squeeze = nn.Linear(8, 8)
        self.project = nn.Conv2d(8, 4, 1)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        x = F.hardswish(self.depth(F.pad(self.expand(x), (0, 1, 0, 1))))
        scale = F.hardsigmoid(self.squeeze(x.mean((2, 3))))
        x = x * scale[:, :, None, None]
        return self.dropout(self.project(x)).mean((2, 3))


class Functional(nn.Module):
    """Functional calls, concat, chunk, an unsaved buffer, literal tensors, two inputs, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 2, 3, 3))
        self.register_buffer("offset", torch.tensor([[1.0], [2.0]]), persistent=False)
        self.table = torch.tensor([3.0, 4.0])

    def forward(self, x, y):
        x = F.conv2d(x, self.weight, stride=2, padding=1)
        a, b = x.chunk(2, 1)
        values, _ = torch.max(torch.cat([b, a, y], 1), dim=1)
        rows = values.permute(0, 2, 1).reshape(values.size(0), 2, -1) + self.offset
        return torch.softmax(rows.sum(2) * self.table + torch.tensor([0.5, -0.5]), 1), rows.argmax(2)


class BakedBatch(nn.Module):
    """A view and a constant that hold the batch of one."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(12, 3)
        self.shift = nn.Parameter(torch.tensor([[1.0, -2.0, 3.0]]))

    def forward(self, x):
        return self.fc(x.view(1, -1)).reshape(1, 3) + self.shift


class Tied(nn.Module):
    """Two layers with one weight, and a weight that is a transposed, offset part of a larger storage."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.register_buffer("part", torch.arange(24.0).reshape(4, 6).t()[1:5])

    def forward(self, x):
        return self.second(self.first(x)) @ self.part


@dataclass(frozen=True)
class Sample:
    """A model, its example inputs, the exported program and the saved archive."""

    model: nn.Module
    inputs: tuple[torch.Tensor, ...]
    exported: torch.export.ExportedProgram
    path: Path


def _export(model: nn.Module, inputs: tuple[torch.Tensor, ...], path: Path, batch: bool = True) -> Sample:
    shapes = tuple({0: torch.export.Dim.AUTO} for _ in inputs) if batch else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(model, inputs, dynamic_shapes=shapes)
        torch.export.save(exported, path)
    return Sample(model, inputs, exported, path)


def _disturb(model: nn.Module) -> nn.Module:
    """Give batch norm statistics that are not the identity."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return model.eval()


_MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[tuple[int, ...], ...], bool]] = {
    "digits": (Digits, ((2, 1, 18, 18),), True),
    "residual": (Residual, ((2, 3, 6, 6),), True),
    "residual_fixed": (Residual, ((1, 3, 6, 6),), False),
    "mobile": (Mobile, ((2, 3, 7, 7),), True),
    "functional": (Functional, ((2, 2, 4, 4), (2, 1, 2, 2)), True),
    "baked": (BakedBatch, ((1, 3, 4),), False),
    "tied": (Tied, ((2, 4),), True),
}


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """Give every model by name."""
    folder = tmp_path_factory.mktemp("zoo")
    samples: dict[str, Sample] = {}
    for name, (make, shapes, batch) in _MODELS.items():
        torch.manual_seed(7)
        model = _disturb(make())
        inputs = tuple(torch.randn(shape) for shape in shapes)
        samples[name] = _export(model, inputs, folder / f"{name}.pt2", batch)
    return samples


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Sample]:
    """Give a function that exports one model: ``export(model, *inputs, batch=True)``."""

    def make(model: nn.Module, *inputs: torch.Tensor, batch: bool = True) -> Sample:
        return _export(model.eval(), inputs, tmp_path_factory.mktemp("export") / "model.pt2", batch)

    return make


@pytest.fixture(scope="session")
def quantized(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Give a model that torchao's pt2e flow quantized; ``model`` is the converted GraphModule."""
    pytest.importorskip("torchao")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
        from torchao.quantization.pt2e.quantizer.x86_inductor_quantizer import (
            X86InductorQuantizer,
            get_default_x86_inductor_quantization_config,
        )

        torch.manual_seed(3)
        inputs = (torch.randn(2, 3, 6, 6),)
        shapes = ({0: torch.export.Dim.AUTO},)
        exported = torch.export.export(_disturb(Branch()), inputs, dynamic_shapes=shapes)
        quantizer = X86InductorQuantizer().set_global(get_default_x86_inductor_quantization_config())
        prepared = prepare_pt2e(exported.module(), quantizer)
        prepared(*inputs)
        converted = convert_pt2e(prepared)
        return _export(converted, inputs, tmp_path_factory.mktemp("pt2e") / "quantized.pt2")


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename.partition("/")[2]: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def edit(zoo, tmp_path) -> Callable[..., Path]:
    """Give a function that writes a changed copy of the archive of ``tied``."""

    def make(
        change: Callable[[dict[str, bytes]], object] = lambda _: None,
        document: str = "",
        alter: Callable[[dict], object] = lambda _: None,
        compression: int = zipfile.ZIP_STORED,
    ) -> Path:
        members = _members(zoo["tied"].path)
        change(members)
        if document:
            parsed = json.loads(members[document])
            alter(parsed)
            members[document] = json.dumps(parsed).encode()
        path = tmp_path / "edited.pt2"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in members.items():
                archive.writestr(f"edited/{name}", data)
        return path

    return make
