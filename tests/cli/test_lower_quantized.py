"""`edgeq lower` of models that torch quantized: what works, and each refusal in one line with exit code 2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgeq
from tests.frontend.fx_models import engine, images

torch = pytest.importorskip("torch")

_ARCH = """
import torch
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

example_inputs = torch.zeros(2, 3, 6, 6)

def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(64, 5))

def prepared():
    return prepare_fx(network().eval(), get_default_qconfig_mapping("x86"), (example_inputs,))

def build():
    return convert_fx(prepared())

def dynamic():
    return torch.ao.quantization.quantize_dynamic(network().eval(), {torch.nn.Linear})

def norm():
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.InstanceNorm2d(4), torch.nn.Conv2d(4, 2, 1))
    return convert_fx(prepare_fx(net.eval(), get_default_qconfig_mapping("x86"), (example_inputs,)))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder with the user's file, a state dict of each of its models, and TorchScript."""
    made = tmp_path_factory.mktemp("quantized")
    (made / "net.py").write_text(_ARCH)
    space: dict[str, object] = {}
    with engine("x86"):
        exec(compile(_ARCH, "net.py", "exec"), space)
        prepared = space["prepared"]()
        prepared(images(32, 3, 6, 6))
        model = space["convert_fx"](prepared)
        torch.save(model.state_dict(), made / "q.pt")
        for name in ("network", "dynamic", "norm"):
            torch.save(space[name]().state_dict(), made / f"{name}.pt")
        torch.jit.save(torch.jit.trace(model, images(2, 3, 6, 6)), made / "script.pt")
    np.save(made / "x.npy", images(4, 3, 6, 6).numpy())
    return made


@pytest.fixture(autouse=True)
def _engine():
    with engine("x86"):
        yield


def test_a_state_dict(run, folder, tmp_path) -> None:
    done = run("lower", folder / "q.pt", "--arch", f"{folder}/net.py:build", "-o", tmp_path / "n.edgeq")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("n.edgeq: 3 layers, 437 parameters\n")
    graph = edgeq.load(tmp_path / "n.edgeq")
    assert [layer.name for layer in graph.layers] == ["0", "2", "3"]


def test_torchscript(run, folder, tmp_path) -> None:
    arguments = (folder / "script.pt", "--calib", folder / "x.npy", "-o", tmp_path / "n.edgeq")
    done = run("lower", *arguments)
    assert done.code == 2
    assert "script.pt: is a TorchScript archive, which runs code when loaded; export the original module" in done.error
    assert done.error.endswith("or load it with --allow-code")
    assert run("lower", *arguments, "--allow-code").code == 0


@pytest.mark.parametrize(
    ("file", "arch", "message"),
    [
        ("q", None, "holds tensors alone (torch.save of a state dict); pass --arch FILE.py:NAME"),
        ("q", "network", "The file is of a quantized model"),
        ("network", "build", "gives a quantized model, the file's weights are float"),
        ("q", "norm", "are missing: 1."),
        ("dynamic", "dynamic", "module '3' (torch.ao.nn.quantized.dynamic.modules.linear.Linear): dynamic quant"),
        ("norm", "norm", "module '1' (torch.ao.nn.quantized.modules.normalization.InstanceNorm2d) has no integer"),
    ],
)
def test_refusals(run, folder, tmp_path, file: str, arch: str | None, message: str) -> None:
    chosen = ("--arch", f"{folder}/net.py:{arch}") if arch else ()
    done = run("lower", folder / f"{file}.pt", *chosen, "-o", tmp_path / "n.edgeq")
    assert done.code == 2
    assert message in done.error
    assert list(tmp_path.iterdir()) == []
