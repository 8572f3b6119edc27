"""Small networks of known shape: lowered, run, and as emitted C equal on every value."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import edgeq

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from edgeq.emitters.registry import EMITTERS  # noqa: E402
from tests.frontend.lowering import noise, restored  # noqa: E402
from tests.tools import C_FLAGS, need_tool, run  # noqa: E402


class Audio(nn.Module):
    """A 1-d keyword net: strided and depthwise convolutions of a line, mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv1d(4, 8, 5, stride=2, padding=2, bias=False), nn.BatchNorm1d(8)
        self.depth, self.point = nn.Conv1d(8, 8, 3, padding="same", groups=8), nn.Conv1d(8, 12, 1)
        self.slope, self.last = nn.PReLU(12), nn.Linear(12, 5)

    def forward(self, x):
        x = F.max_pool1d(F.leaky_relu(self.norm(self.stem(x)), 0.1), 2)
        x = self.slope(self.point(F.relu(self.depth(x))))
        return torch.softmax(self.last(x.mean(2)), 1)


class Unet(nn.Module):
    """One level down and up: transposed convolution, concat of the skip, bilinear upsampling, sigmoid mask."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 6, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1)
        self.norm, self.mask = nn.BatchNorm2d(4), nn.Conv2d(8, 4, 1)

    def forward(self, x):
        first = F.relu(self.down1(x))
        up = F.relu(self.norm(self.up(F.relu(self.down2(first)))))
        y = F.pixel_shuffle(self.mask(torch.cat([first, up], 1)), 2)
        return torch.sigmoid(F.interpolate(y, scale_factor=2, mode="bilinear"))


class Mobile(nn.Module):
    """A MobileNetV3 block: expand, depthwise, squeeze-and-excite, hardswish, project, add."""

    def __init__(self) -> None:
        super().__init__()
        self.expand = nn.Sequential(nn.Conv2d(4, 8, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.depth = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False), nn.BatchNorm2d(8))
        self.squeeze, self.excite = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.project = nn.Sequential(nn.Conv2d(8, 4, 1, bias=False), nn.BatchNorm2d(4))

    def forward(self, x):
        y = F.hardswish(self.depth(self.expand(x)))
        gate = F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))))
        return x + self.project(y * gate)


class Attention(nn.Module):
    """A transformer block of two heads without norms: products of computed values, softmax, GELU."""

    def __init__(self, width: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.heads, self.each = heads, width // heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = (p.reshape(n, t, self.heads, self.each).transpose(1, 2) for p in self.qkv(x).chunk(3, -1))
        share = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(self.each), -1)
        x = x + self.out((share @ v).transpose(1, 2).reshape(n, t, c))
        return x + self.down(F.gelu(self.up(x)))


NETS = {
    "audio": (Audio, (4, 32)), "unet": (Unet, (2, 8, 8)), "mobile": (Mobile, (4, 5, 5)),
    "attention": (Attention, (6, 8)),
}  # fmt: skip
LEAST = {("audio", 8): 25, ("unet", 8): 25, ("mobile", 8): 25, ("attention", 8): 25, ("audio", 16): 35,
         ("unet", 16): 35, ("mobile", 16): 35, ("attention", 16): 35}
"""dB of the outputs against the float network; 8-bit weights limit 16-bit activations."""


def made(name: str) -> nn.Module:
    torch.manual_seed(5)
    model = NETS[name][0]()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
    return model.eval()


def lowered(name: str, **options) -> tuple[edgeq.Graph, nn.Module]:
    model, shape = made(name), NETS[name][1]
    return edgeq.lower(model, (torch.zeros(2, *shape),), noise(64, *shape), **options), model


def sqnr(graph: edgeq.Graph, model: nn.Module, data: np.ndarray) -> float:
    with torch.no_grad():
        real = model(torch.from_numpy(data)).numpy().astype(np.float64)
    (got,) = restored(graph, {graph.inputs[0].name: data}).values()
    assert got.shape == real.shape
    return float(10 * np.log10((real**2).sum() / ((got - real) ** 2).sum()))


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("bits", [8, 16])
def test_close_to_the_float_network(name: str, bits: int) -> None:
    graph, model = lowered(name, abits=bits)
    found = sqnr(graph, model, noise(32, *NETS[name][1], seed=9))
    print(f"{name}, {bits} bits: {found:.1f} dB")  # noqa: T201
    assert found > LEAST[name, bits]


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("preset", ["tflite", "cmsis_nn", "tosa", "onnx_qlinear", "nngen"])
def test_presets(name: str, preset: str) -> None:
    """7-bit multipliers (nngen) cost most."""
    graph, model = lowered(name, preset=preset)
    assert sqnr(graph, model, noise(16, *NETS[name][1], seed=9)) > (12 if preset == "nngen" else 20)


def test_a_file_gives_the_same_graph(tmp_path: Path) -> None:
    """The archive's names and arguments differ from those in memory; the integers must not."""
    for name, (_, shape) in NETS.items():
        graph, model = lowered(name)
        exported = torch.export.export(model, (torch.zeros(2, *shape),), dynamic_shapes=({0: torch.export.Dim.AUTO},))
        torch.export.save(exported, tmp_path / f"{name}.pt2")
        again = edgeq.lower(tmp_path / f"{name}.pt2", calibration=noise(64, *shape))
        data = {"x": noise(4, *shape, seed=9)}
        one, two = (edgeq.simulate(g, data).outputs for g in (graph, again))
        assert [a.tolist() for a in one.values()] == [a.tolist() for a in two.values()], name


@pytest.mark.hardware
@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("options", [{}, {"preset": "tflite"}, {"abits": 16}], ids=["edgeq", "tflite", "16 bits"])
def test_emitted_c_equals_the_simulator(name: str, options: dict, tmp_path: Path) -> None:
    graph, _ = lowered(name, **options)
    values = edgeq.simulate(graph, {"x": noise(3, *NETS[name][1], seed=9) * 2}).values
    for file in EMITTERS["c"].write(graph, values):
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    command = [need_tool("make"), "-s", "check", f"CC={need_tool('gcc')}", f"CFLAGS={' '.join(C_FLAGS)}", "SANITIZE=1"]
    count = 3 * sum(kept.size for kept in graph.types.values())
    assert run(command, tmp_path).decode().splitlines() == [
        f"EDGEQ_C PASS layers={len(graph.layers)} images=3 values={count}"]
