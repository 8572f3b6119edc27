"""Quantized models from files: state dict with --arch, TorchScript and pickled modules with --allow-code, in memory."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.errors import CalibrationError, UnsafeModelError, UnsupportedOpError
from edgeq.frontend.lower import lower_program, make_options, read_model
from edgeq.ir.graph import Graph
from tests.frontend.fx_models import Varied, engine, images, quantize, refused, varied

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

_ARCH = """
import torch
from torch.ao.quantization import get_default_qconfig_mapping
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx
from tests.frontend.fx_models import Varied

example = (torch.zeros(2, 3, 16, 16),)

def build():
    return convert_fx(prepare_fx(Varied().eval(), get_default_qconfig_mapping("x86"), example))

def dynamic():
    from torch.ao.quantization import quantize_dynamic
    return quantize_dynamic(Varied().eval(), {torch.nn.Linear})

def prepared():
    return prepare_fx(Varied().eval(), get_default_qconfig_mapping("x86"), example)

class Other(Varied):
    def __init__(self):
        super().__init__()
        self.fc2 = torch.nn.Linear(16, 7)

def other():
    return convert_fx(prepare_fx(Other().eval(), get_default_qconfig_mapping("x86"), example))
"""


@pytest.fixture(scope="module")
def model() -> torch.fx.GraphModule:
    return quantize(varied(), images(64), "x86")


@pytest.fixture(scope="module")
def graph(model) -> Graph:
    return edgeq.lower(model, images(2).numpy())


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory) -> Path:
    """Return a folder with the state dict, the user's file, the pickled module, traced and scripted archives."""
    made = tmp_path_factory.mktemp("ways")
    (made / "net.py").write_text(_ARCH)
    (made / "shaped.py").write_text(_ARCH + "\nexample_inputs = example\n")
    with engine("x86"):
        torch.save(model.state_dict(), made / "q.pt")
        torch.save(model, made / "module.pt")
        torch.jit.save(torch.jit.trace(model, images(2)), made / "traced.pt")
        torch.jit.save(torch.jit.script(model), made / "scripted.pt")
        torch.jit.save(torch.jit.script(varied()), made / "float.pt")
    torch.save(varied().state_dict(), made / "float_weights.pt")
    return made


def _lowered(path: Path, arch: str | None = None, *, calib: bool = True, allow_code: bool = False) -> Graph:
    program, notes = read_model(path, arch, images(2).numpy() if calib else None, allow_code=allow_code)
    assert notes == []
    return lower_program(program, make_options()).graph


def _same(a: Graph, b: Graph) -> None:
    """Compare names, ops and integers: everything that decides a result."""
    assert [n.name for n in a.nodes] == [n.name for n in b.nodes]
    assert [n.op for n in a.nodes] == [n.op for n in b.nodes]
    assert a.types == b.types


@pytest.fixture(autouse=True)
def _engine():
    with engine("x86"):
        yield


def test_a_state_dict_with_the_users_function(folder, graph) -> None:
    _same(_lowered(folder / "q.pt", f"{folder}/net.py:build"), graph)


def test_a_state_dict_with_example_inputs_in_the_users_file(folder, graph) -> None:
    _same(_lowered(folder / "q.pt", f"{folder}/shaped.py:build", calib=False), graph)


@pytest.mark.parametrize("file", ["module.pt", "traced.pt", "scripted.pt"])
def test_what_only_allow_code_loads(folder, graph, file: str) -> None:
    _same(_lowered(folder / file, allow_code=True), graph)


def test_float_torchscript(folder) -> None:
    program, _ = read_model(folder / "float.pt", None, images(2).numpy(), allow_code=True)
    made = lower_program(program, make_options(), images(32).numpy()).graph
    expected = edgeq.lower(varied(), images(2).numpy(), images(32).numpy())
    assert [n.name for n in made.nodes] == [n.name for n in expected.nodes]
    assert [n.op for n in made.nodes] == [n.op for n in expected.nodes]


def test_a_module_in_memory_stays_as_it_is(model) -> None:
    before = [(n.op, str(n.target)) for n in model.graph.nodes], [type(m) for m in model.modules()]
    edgeq.lower(model, images(2).numpy())
    assert before == ([(n.op, str(n.target)) for n in model.graph.nodes], [type(m) for m in model.modules()])


def test_messages_about_files(folder) -> None:
    q = folder / "q.pt"
    refused(r"q.pt: holds tensors alone .* pass --arch FILE.py:NAME", lambda: _lowered(q))
    refused(r"q.pt: holds tensors alone; pass --arch", lambda: _lowered(q, allow_code=True))
    refused(r"missing: .*fc1.weight.*The file is of a quantized model: .*shaped.py:Varied must give the converted one",
             lambda: _lowered(q, f"{folder}/shaped.py:Varied"))
    refused("gives a quantized model, the file's weights are float",
             lambda: _lowered(folder / "float_weights.pt", f"{folder}/net.py:build"))
    refused(r"fc2._packed_params._packed_params is \(quantized \[10, 16\], \[10\]\), expected \(quantized \[7, 16\]",
             lambda: _lowered(q, f"{folder}/net.py:other"))
    refused(r"no graph and .*net.py no example_inputs \(tensors\), so an input is needed .* give --calib X.npy$",
             lambda: _lowered(q, f"{folder}/net.py:build", calib=False), CalibrationError)
    refused("traced.pt: is a TorchScript archive, which runs code when loaded; .* --allow-code",
             lambda: _lowered(folder / "traced.pt"), UnsafeModelError)
    refused("module.pt: is a pickled object .* --allow-code", lambda: _lowered(folder / "module.pt"), UnsafeModelError)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("conv1.scale", torch.tensor(float("nan")), r"module 'conv1' \(ConvReLU2d\): scale nan with zero point 0"),
        ("conv1.scale", torch.tensor(-1.0), "scale -1 with zero point 0 is none of torch.quint8; calibrate"),
        ("conv1.zero_point", torch.tensor(1 << 60), "zero point 1152921504606846976 is none of torch.quint8"),
        ("stem_0_input_scale_0", torch.tensor(0.0), "^quantize_per_tensor 'quantize_per_tensor': scale 0 with zero"),
        ("conv1.scale", torch.ones(2), r"conv1.scale is \[2\], expected \[\]"),
        ("conv1.scale", None, r"conv1.scale is None, expected \[\]"),
        ("conv1.weight", torch.ones(8, 8, 3, 3), r"conv1.weight is \[8, 8, 3, 3\], expected quantized"),
        ("fc1._packed_params.dtype", torch.float16, "dtype is torch.float16, expected torch.qint8"),
        ("fc1._packed_params._packed_params", (None, None), r"_packed_params is \(None, None\), expected \(quantized"),
    ],
)
def test_a_state_dict_with_a_wrong_value(folder, model, tmp_path, name: str, value: object, match: str) -> None:
    torch.save({**model.state_dict(), name: value}, tmp_path / "q.pt")
    refused(match, lambda: _lowered(tmp_path / "q.pt", f"{folder}/net.py:build"))


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("dynamic", r"module 'fc1' .*dynamic quantization chooses scales while it runs; use static quantization"),
        ("prepared", "the model is prepared and not converted; call convert_fx"),
    ],
)
def test_models_that_are_not_static(folder, tmp_path, name: str, match: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from edgeq.frontend.state_dict import _module

        torch.save(_module(f"{folder}/net.py:{name}")[0].state_dict(), tmp_path / "w.pt")
    refused(match, lambda: _lowered(tmp_path / "w.pt", f"{folder}/net.py:{name}"), UnsupportedOpError)


class EagerNet(nn.Module):
    """A network with the stubs of eager mode."""

    def __init__(self) -> None:
        from torch.ao import quantization as q

        super().__init__()
        self.quant, self.dequant = q.QuantStub(), q.DeQuantStub()
        self.conv1, self.bn, self.relu = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.add = torch.ao.nn.quantized.FloatFunctional()
        self.pool = nn.AvgPool2d(2)
        self.fc = nn.Linear(4 * 49, 3)

    def forward(self, x):
        x = self.relu(self.bn(self.conv1(self.quant(x))))
        x = self.pool(self.add.add_relu(x, self.conv2(x)))
        return self.dequant(self.fc(x.reshape(x.size(0), -1)))


def test_weights_packed_by_a_functional_call(tmp_path) -> None:
    class Packed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 3, 3, 3))
            self.bias = nn.Parameter(torch.randn(4))

        def forward(self, x):
            return F.relu(F.conv2d(x, self.weight, self.bias, (1, 1), (1, 1), (1, 1), 1))

    torch.manual_seed(0)
    made = Packed().eval()
    model = quantize(made, images(8), "x86")
    layer = edgeq.lower(model, images(2).numpy()).nodes[0].op
    weight, _ = model._packed_weight_0.unpack()
    assert (layer.weight.array == weight.int_repr().numpy()).all()
    assert layer.padding == (1, 1, 1, 1)
    torch.save(model.state_dict(), tmp_path / "w.pt")
    (tmp_path / "net.py").write_text("import torch\nnet = torch.nn.ReLU()\n")
    refused(r"holds weights packed by a functional call .* call a module \(nn.Conv2d, nn.Linear\)",
             lambda: _lowered(tmp_path / "w.pt", f"{tmp_path}/net.py:net"), UnsafeModelError)


def test_eager_mode(tmp_path) -> None:
    """QuantStub, FloatFunctional and fused modules; a convolution without bias keeps its name."""
    from torch.ao import quantization as q

    torch.manual_seed(1)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        model = q.fuse_modules(EagerNet().eval(), [["conv1", "bn", "relu"]])
        model.qconfig = q.get_default_qconfig("x86")
        model = q.prepare(model)
        model(images(64))
        model = q.convert(model)
        reals = model(images(50, seed=2)).numpy()
    graph = edgeq.lower(model, images(2).numpy())
    assert [layer.name for layer in graph.layers] == ["conv1", "conv2", "add.x1", "add.x2", "add", "pool", "reshape",
                                                      "fc"]
    kept = graph.types["fc"]
    assert (kept.scale, kept.zero_point) == (float(np.float32(model.fc.scale)), model.fc.zero_point)
    codes = edgeq.simulate(graph, {graph.inputs[0].name: images(50, seed=2).numpy()}).outputs["fc"].astype(np.int64)
    torchs = np.rint(reals / kept.scale).astype(np.int64) + kept.zero_point
    assert np.abs(codes - torchs).max() <= 1
    assert (codes != torchs).mean() <= 0.10
    torch.save(model, tmp_path / "module.pt")
    _same(_lowered(tmp_path / "module.pt", allow_code=True), graph)


def test_varied_is_what_the_users_file_builds(folder, model) -> None:
    """The file quantizes without calibration: only the structure must agree with what was saved."""
    from edgeq.frontend.state_dict import load_state_dict_model

    loaded = load_state_dict_model(folder / "q.pt", f"{folder}/net.py:build").model
    assert isinstance(loaded, torch.fx.GraphModule)
    assert not any(isinstance(m, Varied) for m in loaded.modules())
    with torch.no_grad():
        assert (loaded(images(20)) == model(images(20))).all()
