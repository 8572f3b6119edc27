"""Counting where a kernel and the integers part, and judging a device's dumps by the kernel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq import Graph, GraphBuilder, IntType
from edgeq.errors import ArtefactError
from edgeq.float_kernels.compare import compare_kernel
from edgeq.float_kernels.layers import kernel_layers
from edgeq.vectors.write import write_vectors

U8 = IntType(8, signed=False)


def network() -> Graph:
    """Return conv, pool and a linear layer at scales where an accumulator is an eighth or a quarter of a code."""
    b = GraphBuilder("net")
    x = b.input("x", (1, 4, 4), U8, 100, 0.5)
    acc = b.conv2d(x, np.array([[[[3]]], [[[-2]]]]), [4, 0], weight_scale=0.25, bias_real=[0.5, 0.0], name="conv")
    y = b.max_pool2d(b.requantize(acc, 1, 3, zero_point=60, type=U8, scale=1.0), 2)
    acc = b.linear(b.flatten(y), np.arange(16).reshape(2, 8) - 7, weight_scale=0.25, name="fc")
    b.output(b.requantize(acc, 1, 4, zero_point=128, type=U8, scale=4.0), "y")
    return b.build()


GRAPH = network()
X = np.random.default_rng(2).integers(80, 121, (40, 1, 4, 4))


def expected() -> tuple[int, int]:
    """Return where ties up and ties to even part in each layer: an eighth, a sixteenth of a code is one unit."""
    values = edgeq.simulate(GRAPH, {"x": X}).values
    counts = []
    for name, shift in (("conv", 3), ("fc", 4)):
        acc = values[f"{name}.acc"].astype(np.int64)
        up, even = (acc + (1 << (shift - 1))) >> shift, np.rint(acc / 2**shift).astype(np.int64)
        counts.append(int(np.count_nonzero(up != even)))
    return counts[0], counts[1]


def test_layers_are_counted_one_by_one() -> None:
    conv, fc = expected()
    assert conv > 50
    assert fc > 0
    result = compare_kernel(GRAPH, "fbgemm", {"x": X})
    assert [(c.layer, c.outputs, c.differing, c.largest) for c in result.layers] == [
        ("conv", 40 * 32, conv, 1), ("fc", 80, fc, 1)]
    assert (result.ok, result.dumped) == (True, 0)
    assert [layer.name for layer in result.unstated] == ["max_pool2d_0", "flatten_0"]
    assert result.as_dict()["layers"][0] == {"layer": "conv", "outputs": 1280, "differing": conv, "largest": 1,
                                             "dumped": 0, "dump_differing": 0}


def test_vectors_give_the_same(tmp_path: Path) -> None:
    vectors = write_vectors(GRAPH, {"x": X}, tmp_path / "v", None)
    assert compare_kernel(GRAPH, "fbgemm", vectors=vectors).layers == compare_kernel(GRAPH, "fbgemm", {"x": X}).layers
    other = GraphBuilder("other")
    other.output(other.clamp(other.input("x", (1,), U8), 0, 5), "y")
    foreign = write_vectors(other.build(), {"x": [[1]]}, tmp_path / "w", None)
    with pytest.raises(ArtefactError, match="vectors are of graph 'other'"):
        compare_kernel(GRAPH, "fbgemm", vectors=foreign)


def device(folder: Path, kernel: str = "fbgemm") -> dict[str, np.ndarray]:
    """Write what a device with a float32 kernel would dump, and return it: its second layer reads its first."""
    (conv, fc), _ = kernel_layers(GRAPH, kernel)
    codes = conv.codes(conv.op.run([X], [GRAPH.types["x"]], reference=True))
    pooled = codes.reshape(40, 2, 2, 2, 2, 2).max(axis=(3, 5)).reshape(40, 8)
    dumps = {"01_conv.out": codes, "04_fc.in": pooled,
             "04_fc.out": fc.codes(fc.op.run([pooled], [GRAPH.types[fc.acc.inputs[0]]], reference=True))}
    folder.mkdir()
    for name, array in dumps.items():
        np.save(folder / f"{name}.npy", array)
    return dumps


def test_a_device_s_dumps_are_the_kernel_s(tmp_path: Path) -> None:
    dumps = device(tmp_path / "d")
    result = compare_kernel(GRAPH, "fbgemm", {"x": X}, folder=tmp_path / "d")
    assert [(c.layer, c.dumped, c.dump_differing) for c in result.layers] == [("conv", 1280, 0), ("fc", 80, 0)]
    assert result.ok
    dumps["04_fc.out"][3, 1] ^= 1
    np.save(tmp_path / "d/04_fc.out.npy", dumps["04_fc.out"])
    result = compare_kernel(GRAPH, "fbgemm", {"x": X}, folder=tmp_path / "d")
    assert [c.dump_differing for c in result.layers] == [0, 1]
    assert not result.ok


def test_a_layer_is_judged_by_what_the_device_says_it_read(tmp_path: Path) -> None:
    """Without the dumped input the kernel's codes come from the integers', and the layer before shows through."""
    device(tmp_path / "d")
    (tmp_path / "d/04_fc.in.npy").unlink()
    counts = compare_kernel(GRAPH, "fbgemm", {"x": X}, folder=tmp_path / "d").layers
    assert counts[0].dump_differing == 0
    assert counts[1].dump_differing > 0


def test_hex_dumps_in_the_layout_of_the_vectors(tmp_path: Path) -> None:
    dumps = device(tmp_path / "d")
    for name in ("01_conv.out.npy", "04_fc.in.npy", "04_fc.out.npy"):
        (tmp_path / "d" / name).unlink()
    words = dumps["01_conv.out"]
    for layout, order in (("hwc", (0, 2, 3, 1)), ("chw", (0, 1, 2, 3))):
        text = "".join(f"{int(v):02X}\n" for v in words.transpose(order).reshape(-1))
        (tmp_path / "d/01_conv.out.hex").write_text(text)
        vectors = write_vectors(GRAPH, {"x": X}, tmp_path / layout, None, layout)
        for result in (compare_kernel(GRAPH, "fbgemm", vectors=vectors, folder=tmp_path / "d"),
                       compare_kernel(GRAPH, "fbgemm", {"x": X}, folder=tmp_path / "d", layout=layout)):
            assert [(c.dumped, c.dump_differing) for c in result.layers] == [(1280, 0), (0, 0)]


def test_a_vector_folder_of_the_integers_is_not_the_kernel_s(tmp_path: Path) -> None:
    vectors = write_vectors(GRAPH, {"x": X}, tmp_path / "v", None)
    result = compare_kernel(GRAPH, "fbgemm", vectors=vectors, folder=vectors)
    assert tuple(c.dump_differing for c in result.layers) == expected()


@pytest.mark.parametrize(("name", "array", "message"), [
    ("01_conv.out.npy", np.zeros((39, 2, 4, 4), int),
     r"01_conv.out.npy: holds 39 images, --input has 40; use --count 39"),
    ("01_conv.out.npy", np.full((40, 2, 4, 4), 256), r"01_conv.out.npy: value 256 at .* does not fit u8"),
    ("01_conv.out.npy", np.zeros((40, 2, 4, 4)), "01_conv.out.npy: holds float64, expected integers"),
    ("conv.npy", np.zeros(3), r"conv.npy: is no file of the vectors; names are theirs, such as 00_x.in.hex"),
    ("02_max_pool2d_0.out.npy", np.zeros((40, 2, 2, 2), int),
     "holds the output of no layer that fbgemm rescales; these are conv, fc"),
])
def test_dumps_that_do_not_fit(tmp_path: Path, name: str, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / name, array)
    with pytest.raises(ArtefactError, match=message):
        compare_kernel(GRAPH, "fbgemm", {"x": X}, folder=tmp_path)


def test_folders_with_nothing(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="none: no such folder"):
        compare_kernel(GRAPH, "fbgemm", {"x": X}, folder=tmp_path / "none")
    with pytest.raises(ArtefactError, match=r"holds no value of graph 'net'; names are such as 04_fc.out.hex"):
        compare_kernel(GRAPH, "fbgemm", {"x": X}, folder=tmp_path)
