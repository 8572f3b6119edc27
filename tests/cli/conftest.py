"""Run the command line in this process, and the files that commands need, made once."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.cli import main


@dataclass(frozen=True)
class Ended:
    """What a command left: exit code, and what it wrote on both streams."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of an error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("edgeq: error: ")
        assert "Traceback" not in self.err
        return lines[0].removeprefix("edgeq: error: ")


@pytest.fixture
def run(monkeypatch, capsys) -> Callable[..., Ended]:
    """Give a function that runs ``edgeq`` with arguments and returns how it ended."""

    def call(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["edgeq", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(ended.value.code or 0, out, err)

    return call


def small_graph() -> edgeq.Graph:
    """Return a graph made by hand: 2x2 images of one channel, a convolution and a linear layer."""
    b = edgeq.GraphBuilder("small")
    x = b.input("x", shape=(1, 2, 2), type=edgeq.IntType(8, signed=True), zero_point=0, scale=0.5)
    acc = b.conv2d(x, np.array([1, -2], np.int64).reshape(2, 1, 1, 1), bias=[3, -4], name="conv")
    y = b.requantize(acc, 1 << 30, 31, scale=1.0)
    flat = b.flatten(y, name="flat")
    fc = b.linear(flat, np.arange(-12, 12).reshape(3, 8), name="fc")
    b.output(b.requantize(fc, 1, 0, type=edgeq.IntType(32)), name="fc")
    return b.build()


@dataclass(frozen=True)
class Files:
    """A folder with a hand-made bundle and inputs, and a float model with its calibration data."""

    folder: Path
    bundle: Path
    x: Path
    y: Path
    model: Path
    calib: Path


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Files:
    """Give the files; they are not changed by tests."""
    torch = pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("cli")
    edgeq.save(small_graph(), folder / "small.edgeq")
    rng = np.random.default_rng(1)
    x = rng.integers(-128, 128, (20, 1, 2, 2)).astype(np.int8)
    np.save(folder / "x.npy", x)
    scores = next(iter(edgeq.simulate(small_graph(), {"x": x}).outputs.values()))
    labels = scores.argmax(1)
    labels[:5] = (labels[:5] + 1) % 3  # five of twenty are wrong
    np.save(folder / "y.npy", labels)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 2), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(18, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(model.eval(), (torch.zeros(2, 1, 4, 4),),
                                       dynamic_shapes=({0: torch.export.Dim.AUTO},))
        torch.export.save(exported, folder / "model.pt2")
        torch.save(model.state_dict(), folder / "state.pt")
    (folder / "arch.py").write_text(
        "from torch import nn\n\n\ndef net():\n"
        "    return nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3))\n")
    np.save(folder / "calib.npy", rng.standard_normal((40, 1, 4, 4)).astype(np.float32))
    return Files(folder, folder / "small.edgeq", folder / "x.npy", folder / "y.npy", folder / "model.pt2",
                 folder / "calib.npy")
