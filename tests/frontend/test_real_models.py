"""Real models on real data: accuracy after lowering, and the emitted C equal to the simulator on every value.

The limits of LeNet-5 and ResNet-8 are the issue's; those of the digits are what this network reaches, less a margin of
two images. Models are exported here from examples/, weights and images come from EDGEQ_DATA.
"""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq.vectors.write import write_vectors
from tests.data import need_data
from tests.examples import DIGITS, digits, example
from tests.tools import need_tool, run

torch = pytest.importorskip("torch")

from edgeq.frontend.lower import lower_program, make_options, read_model  # noqa: E402

pytestmark = pytest.mark.judge


@dataclass(frozen=True)
class Case:
    """An integer graph, images as it takes them, their labels, and how many the float model gets right."""

    graph: edgeq.Graph
    images: np.ndarray
    labels: np.ndarray
    float_right: int

    def right(self) -> int:
        """Return how many images the integers get right."""
        (scores,) = edgeq.simulate(self.graph, self.inputs(), keep="outputs", jobs=2).outputs.values()
        return int((scores.argmax(axis=1) == self.labels).sum())

    def inputs(self, count: int | None = None) -> dict[str, np.ndarray]:
        """Return the first images by input name."""
        return {self.graph.inputs[0].name: self.images[:count]}


def export(model: torch.nn.Module, images: np.ndarray, path: Path) -> Path:
    """Save a model with an open batch as a torch.export archive."""
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(model, (torch.from_numpy(images[:2]),), dynamic_shapes=({0: batch},))
        torch.export.save(exported, path)
    return path


def float_right(
    model: torch.nn.Module, prepare: Callable[[np.ndarray], Any], images: np.ndarray, labels: np.ndarray
) -> int:
    """Return how many images the float model gets right."""
    with torch.no_grad():
        parts = [model(torch.from_numpy(prepare(part))).argmax(1).numpy() for part in np.array_split(images, 20)]
    return int((np.concatenate(parts) == labels).sum())


def lenet5(folder: Path) -> Case:
    """Return LeNet-5 with the reference weights, 8 bits per tensor, pixels through a table."""
    def idx(name: str, header: int) -> np.ndarray:
        return np.frombuffer(gzip.decompress((need_data("mnist") / name).read_bytes()), np.uint8, offset=header)

    model = example("lenet5/model.py").load_reference(need_data("lenet5_reference") / "lenet5_dense_float.pt")
    images = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    labels = idx("t10k-labels-idx1-ubyte.gz", 8)
    train = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:500]

    def normalize(pixels: np.ndarray) -> np.ndarray:
        return ((pixels.astype(np.float32) / 255 - 0.5) / 0.5).astype(np.float32)

    calib = normalize(train)
    graph = edgeq.lower(export(model, calib, folder / "lenet5.pt2"), calibration=calib, weights="per_tensor",
                        input_type="uint8", mean="0.5", std="0.5", name="lenet5")
    return Case(graph, images, labels, float_right(model, normalize, images, labels))


def resnet8(folder: Path) -> Case:
    """Return ResNet-8, 8 bits per channel, calibrated on images 0..499; its input is the raw pixel."""
    model = example("resnet8/model.py").load_reference(need_data("resnet8_cifar10") / "weights_float32.npz")
    with np.load(need_data("resnet8_cifar10") / "cifar10_3000.npz") as stored:
        images, labels = np.ascontiguousarray(stored["x"].transpose(0, 3, 1, 2)), stored["y"]
    calib = images[:500].astype(np.float32)
    graph = edgeq.lower(export(model, calib, folder / "resnet8.pt2"), calibration=calib, input_type="uint8",
                        std="1/255", name="resnet8")
    return Case(graph, images, labels, float_right(model, lambda p: p.astype(np.float32), images, labels))


def digits_net(folder: Path) -> Case:
    """Return the demo's network from its .pt2 file."""
    del folder
    model = trained_digits()
    graph = edgeq.lower(DIGITS / "digits.pt2", calibration=digits("calib"), name="digits")
    images, labels = digits("test_x"), digits("test_y")
    return Case(graph, images, labels, float_right(model, np.asarray, images, labels))


def trained_digits() -> torch.nn.Module:
    model = example("digits/model.py").DigitsNet()
    model.load_state_dict(torch.load(DIGITS / "digits_state.pt", weights_only=True))
    return model.eval()


_MAKE = {"lenet5": lenet5, "resnet8": resnet8, "digits": digits_net}
_MADE: dict[str, Case] = {}


@pytest.fixture
def case(request, tmp_path_factory) -> Case:
    """Give a model by name, made once."""
    name = request.param
    if name not in _MADE:
        _MADE[name] = _MAKE[name](tmp_path_factory.mktemp(name))
    return _MADE[name]


@pytest.mark.parametrize(("case", "of_float", "at_least", "count"), [
    ("lenet5", 9829, 9815, 10_000),
    ("resnet8", 2302, 2285, 3000),
], indirect=["case"])  # fmt: skip
def test_accuracy(case: Case, of_float: int, at_least: int, count: int) -> None:
    """The float model gets what its makers report, so that the data are the right ones."""
    assert (len(case.labels), len(case.images)) == (count, count)
    assert case.float_right == of_float
    right = case.right()
    print(f"{case.graph.name}: float {case.float_right}, integer {right} of {count}")  # noqa: T201
    assert right >= at_least


@pytest.mark.parametrize("case", ["resnet8"], indirect=True)
def test_resnet8_pads_bottom_and_right_only(case: Case) -> None:
    graph = case.graph
    strided = [n.op for n in graph.nodes if n.op.KIND == "conv2d" and n.op.stride == (2, 2)]
    assert sorted(op.padding for op in strided) == [(0, 0, 0, 0)] * 2 + [(0, 0, 1, 1)] * 2
    assert not [n for n in graph.nodes if n.op.KIND == "pad"]


def test_digits_by_every_road(tmp_path: Path) -> None:
    """From the archive, from the state dict, and from both quantizers of torchao."""
    case = digits_net(tmp_path)
    assert (len(case.labels), case.float_right) == (500, 495)
    program, notes = read_model(DIGITS / "digits_state.pt", f"{DIGITS / 'model.py'}:DigitsNet", digits("calib"),
                                allow_code=False)
    assert notes == []
    from_state = lower_program(program, make_options(name="digits"), digits("calib")).graph
    pytest.importorskip("torchao")
    graphs = {"archive": case.graph, "state dict": from_state}
    for quantizer in ("xnnpack", "x86"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quantized = example("digits/pt2e.py").quantize_pt2e(trained_digits(), torch.from_numpy(digits("calib")),
                                                                quantizer)
            path = tmp_path / f"{quantizer}.pt2"
            torch.export.save(quantized, path)
        graphs[quantizer] = edgeq.lower(path)
    right = {name: Case(graph, case.images, case.labels, 0).right() for name, graph in graphs.items()}
    print("digits, right of 500:", right)  # noqa: T201
    assert right["archive"] == right["state dict"]
    assert all(count >= case.float_right - 4 for count in right.values())


@pytest.mark.hardware
@pytest.mark.parametrize("case", list(_MAKE), indirect=True)
def test_emitted_c_equals_the_simulator(case: Case, tmp_path: Path) -> None:
    """Every value of every layer of 16 images, compared by the program that make check builds and runs."""
    need_tool("gcc")
    vectors = write_vectors(case.graph, case.inputs(16), tmp_path / "vectors", count=16)
    out = edgeq.emit(case.graph, "c", tmp_path / "c", vectors=vectors)
    values = 16 * sum(int(np.prod(kept.shape)) for kept in case.graph.types.values())
    text = run([need_tool("make"), "-s", "check", "CC=gcc"], next(out.rglob("Makefile")).parent).decode()
    assert text.splitlines() == [f"EDGEQ_C PASS layers={len(case.graph.layers)} images=16 values={values}"]
