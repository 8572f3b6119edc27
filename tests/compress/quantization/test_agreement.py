"""A quantized model in float64 and the integer simulator give the same numbers, layer by layer."""

from __future__ import annotations

import gzip
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import edgeq  # noqa: E402
from edgeq import compress  # noqa: E402
from edgeq.agreement import LayerAgreement, agreement  # noqa: E402
from edgeq.errors import InputError  # noqa: E402
from tests.compress.quantization.nets import Branches, Line, Plain, Signs, Twice, images, seeded  # noqa: E402
from tests.data import need_data  # noqa: E402
from tests.examples import example  # noqa: E402

POWERS = {"power_of_two": True}
SHAPES = {Plain: (2, 8, 8), Branches: (2, 8, 8), Twice: (4, 8, 8), Line: (2, 16), Signs: (2, 8, 8)}


def compared(kind: type, count: int = 16, **config: Any) -> tuple[LayerAgreement, ...]:
    """Return the agreement of a network with random weights after calibration on random inputs."""
    x = images(count, *SHAPES[kind])
    made = compress.quantize(seeded(kind), {"mode": "ptq", "first_last_bits": None, **config}, x[:1], calibration=x)
    return agreement(made, edgeq.lower(compress.convert(made)), x)


@pytest.mark.parametrize(("kind", "bits", "symmetric", "batch_norm"), [
    (Plain, 8, True, "fold"), (Plain, 4, False, "keep"), (Plain, 2, True, "keep"), (Branches, 8, False, "fold"),
    (Twice, 4, True, "fold"), (Line, 2, False, "keep"),
])
def test_scales_that_are_powers_of_two_leave_no_difference(
    kind: type, bits: int, symmetric: bool, batch_norm: str
) -> None:
    found = compared(kind, batch_norm=batch_norm, weights={"bits": bits, "symmetric": symmetric, **POWERS},
                     activations={"bits": bits, **POWERS})
    assert len(found) == {Plain: 4, Branches: 9, Twice: 11, Line: 6}[kind]
    assert all(each.values >= 16 for each in found)
    assert [(each.layer, each.differing) for each in found if each.differing] == []


@pytest.mark.parametrize(("kind", "bits", "batch_norm"), [
    (Plain, 8, "fold"), (Branches, 4, "keep")])
def test_other_scales_leave_next_to_none(kind: type, bits: int, batch_norm: str) -> None:
    found = compared(kind, 64, batch_norm=batch_norm, weights={"bits": bits, "symmetric": False},
                     activations={"bits": bits})
    codes = found[:-1]  # the outputs are sums of 32 bits
    assert sum(each.differing for each in codes) <= 1
    assert max(each.largest for each in codes) <= 1
    assert found[-1].largest <= 1 or found[-1].differing == 0


def test_an_input_keeps_its_name() -> None:
    """The modules of torch call their argument ``input``, which no node of torch.fx may be called."""
    x = images(4, 2, 8, 8)
    made = compress.quantize(torch.nn.Sequential(torch.nn.Conv2d(2, 2, 1)), {"mode": "ptq"}, x[:1], calibration=x)
    graph = edgeq.lower(compress.convert(made))
    assert [each.name for each in graph.inputs] == ["input"]
    found = agreement(made, graph, x)
    assert [each.layer for each in found] == ["input", "0"]
    assert found[0].differing == 0


def test_signs_become_thresholds_of_batch_norm() -> None:
    found = compared(Signs, 32, batch_norm="keep", weights={"method": "binary"}, activations={"method": "binary"},
                     layers={"c3": {"activations": {"method": "uniform", "bits": 4}},
                             "x": {"activations": {"method": "uniform", "bits": 8}}})
    assert [(each.layer, each.values, each.differing) for each in found] == [
        ("x", 4096, 0), ("c1", 12288, 0), ("c2", 16384, 0), ("c3", 1024, 0), ("fc", 160, 0)]


def test_another_model_is_seen() -> None:
    x = images(16)
    made = compress.quantize(seeded(Plain), {"mode": "ptq"}, x[:1], calibration=x)
    graph = edgeq.lower(compress.convert(made))
    made.bn1.bias.data[2] += 0.05
    found = {each.layer: each for each in agreement(made, graph, x)}
    assert found["x"].differing == 0
    assert found["conv1"].differing > 100
    assert found["conv1"].largest >= 1
    other = compress.quantize(seeded(Branches), {"mode": "ptq"}, x[:1], calibration=x)
    with pytest.raises(InputError, match="layer 'kernel' is not in the graph"):
        agreement(other, graph, x)


@pytest.mark.judge
def test_lenet5_keeps_its_digits() -> None:
    def stored(name: str, header: int) -> np.ndarray:
        return np.frombuffer(gzip.decompress((need_data("mnist") / name).read_bytes()), np.uint8, offset=header)

    model = example("lenet5/model.py").load_reference(need_data("lenet5_reference") / "lenet5_dense_float.pt")
    pixels = stored("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:100]
    x = torch.from_numpy(((pixels / 255 - 0.5) / 0.5).astype(np.float32))
    made = compress.quantize(model, {"mode": "ptq"}, x[:1], calibration=x[:64])
    found = agreement(made, edgeq.lower(compress.convert(made)), x[:32])
    assert [each.layer for each in found] == ["x", "conv1", "conv2", "conv3", "fc1", "fc2"]
    assert sum(each.differing for each in found[:-1]) == 0
    right = made(x).argmax(1).numpy() == stored("t10k-labels-idx1-ubyte.gz", 8)[:100]
    assert right.sum() >= 99


@pytest.mark.judge
def test_resnet8_keeps_its_classes() -> None:
    model = example("resnet8/model.py").load_reference(need_data("resnet8_cifar10") / "weights_float32.npz")
    with np.load(need_data("resnet8_cifar10") / "cifar10_3000.npz") as stored:
        x = torch.from_numpy(stored["x"][:100].transpose(0, 3, 1, 2).astype(np.float32))
        labels = stored["y"][:100]
    made = compress.quantize(model, {"mode": "ptq"}, x[:1], calibration=x[:64])
    found = agreement(made, edgeq.lower(compress.convert(made)), x[:16])
    assert [each.layer for each in found] == [
        "x", "stem", "b1.c1", "b1.c2", "add", "b2.c1", "b2.c2", "b2.sc", "add_1", "b3.c1", "b3.c2", "b3.sc", "add_2",
        "pool", "fc"]
    assert sum(each.differing for each in found[:-1]) <= 2
    with torch.no_grad():
        floats = (model(x).argmax(1).numpy() == labels).sum()
        right = (made(x).argmax(1).numpy() == labels).sum()
    assert (floats, abs(int(right) - int(floats)) <= 3) == (79, True)
