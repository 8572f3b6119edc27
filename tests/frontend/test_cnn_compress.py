"""CNN_Compress's LeNet-5, from its float weights and its training images: the integers of its own file."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.codecs.cnn_compress import Document, parse
from edgeq.emitters.yaml_a import write, write_coo
from tests.data import need_data
from tests.examples import example

torch = pytest.importorskip("torch")

from edgeq.frontend.capture import capture  # noqa: E402
from edgeq.frontend.lower import lower_program, make_options  # noqa: E402

pytestmark = pytest.mark.judge
INTEGERS = "lenet5_reference/lenet5_sparse_quantized_int"


def idx(name: str, header: int) -> np.ndarray:
    """Return the bytes of an idx file after its header."""
    return np.frombuffer(gzip.decompress((need_data("mnist") / name).read_bytes()), np.uint8, offset=header)


def model() -> torch.nn.Module:
    return example("lenet5/model.py").load_reference(need_data("lenet5_reference") / "lenet5_sparse_float.pt")


def reference() -> Document:
    return parse(need_data(f"{INTEGERS}.yml").read_bytes(), INTEGERS)


@pytest.fixture(scope="module")
def graph() -> edgeq.Graph:
    """Give the graph that lowering makes of the float weights and the 60,000 training images."""
    pixels = idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    images = (pixels.astype(np.float32) / 255 - np.float32(0.5)) / np.float32(0.5)
    assert images.shape == (60_000, 1, 28, 28)
    return edgeq.lower(model(), (torch.zeros(2, 1, 28, 28),), images, preset="cnn_compress", input_type="int8",
                       name="lenet5")


def test_every_integer_is_that_of_the_file(graph: edgeq.Graph) -> None:
    assert graph.inputs[0].type.zero_point == 128
    layers = reference().layers
    assert [v.name for v in layers] == ["conv1", "conv2", "conv3", "fc1", "fc2"]
    for v in layers:
        product, last = graph.node(f"{v.name}.acc").op, graph.node(v.name).op
        assert np.array_equal(product.weight.array, v.weight), v.name
        assert np.array_equal(product.bias.array, v.bias), v.name
        got = (product.weight_zero_point.array, last.multiplier.array, last.shift.array, last.zero_point)
        assert tuple(map(int, got)) == (v.wz, v.mqm0, v.mn + 8, v.outz), v.name
        assert (last.rounding.name, last.overflow.name, str(last.type)) == ("floor", "error", "s10")
        assert last.clamp == (None if v.name == "fc2" else (v.outz, 511))
        assert np.float32(product.weight_scale) == np.float32(v.ws)
        assert abs(last.scale - v.outs) <= np.spacing(np.float32(v.outs))  # its float sums were a GPU's


def test_9820_of_10000(graph: edgeq.Graph) -> None:
    pixels = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).astype(np.float64)
    labels = idx("t10k-labels-idx1-ubyte.gz", 8)
    codes = np.clip(np.rint((pixels / 255 - 0.5) / 0.5 / (2 / 255)) + 128, 0, 255).astype(np.int64)
    (scores,) = edgeq.simulate(graph, {"x": codes}, keep="outputs", jobs=2).outputs.values()
    assert int((scores.argmax(axis=1) == labels).sum()) == 9820


@pytest.mark.parametrize(("writer", "end"), [(write, ".yml"), (write_coo, "_coo.yml")])
def test_from_its_own_ranges_the_file_is_written_byte_for_byte(writer, end: str) -> None:
    """Line 1 says who wrote ours; the ranges of the layers give its float32 scales exactly, pixels reach -1..1."""
    document = reference()
    ranges = {"x": (-1.0, 1.0)}
    ranges |= {v.name: (-v.outz * v.outs, (255 - v.outz) * v.outs) for v in document.layers}
    program = capture(model(), (torch.zeros(2, 1, 28, 28),))
    made = lower_program(program, make_options(preset="cnn_compress", input_type="int8", name="lenet5"), ranges=ranges)
    (file,) = writer(made.graph, {})
    first, _, rest = file.data.partition(b"\n")
    assert first.startswith(b"# Written by edgeq ")
    assert rest == Path(need_data(f"{INTEGERS}{end}")).read_bytes()
