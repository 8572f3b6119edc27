"""simulate: what goes in, what is kept, in which dtype; blocks, threads and progress change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType, simulate
from edgeq.errors import InputError, OverflowDetected
from edgeq.simulator import BLOCK

S8, U4 = IntType(8), IntType(4, signed=False)


def network() -> Graph:
    """Return a graph with two inputs, two outputs, one of them an input, and layers with and without acc."""
    b = GraphBuilder("net")
    x, y = b.input("x", (2, 3, 3), S8, 1), b.input("y", (4,), U4)
    acc = b.conv2d(x, np.arange(16).reshape(2, 2, 2, 2) - 8, [5, -5], name="conv")
    conv = b.requantize(acc, 3, 4, type=IntType(12))
    flat = b.flatten(conv, name="flat")
    fc = b.linear(flat, np.arange(32).reshape(4, 8) - 16, acc=IntType(48), name="fc")
    b.output(b.add(y, b.clamp(y, 0, 3, name="low"), acc=IntType(9), name="sum"))
    b.output(fc, "logits")
    b.output(y, "same")
    return b.build()


def inputs(count: int) -> dict[str, Any]:
    """Return random images."""
    rng = np.random.default_rng(count)
    return {"x": rng.integers(-128, 128, (count, 2, 3, 3)), "y": rng.integers(0, 16, (count, 4))}


def plain(values: Any) -> dict[str, Any]:
    """Return lists with their dtypes."""
    return {name: (str(values[name].dtype), values[name].tolist()) for name in values}


def test_values_have_the_smallest_dtype_of_their_type() -> None:
    run = simulate(network(), inputs(2))
    assert {name: (str(a.dtype), a.shape) for name, a in run.values.items()} == {
        "x": ("int8", (2, 2, 3, 3)), "y": ("uint8", (2, 4)), "conv.acc": ("int32", (2, 2, 2, 2)),
        "conv": ("int16", (2, 2, 2, 2)), "flat": ("int16", (2, 8)), "fc": ("int64", (2, 4)), "low": ("uint8", (2, 4)),
        "sum": ("int16", (2, 4))}
    assert list(run.outputs) == ["sum", "logits", "same"]


@pytest.mark.parametrize(("kept", "dtype"), [
    (IntType(1), "int8"), (IntType(8), "int8"), (IntType(9), "int16"), (IntType(17), "int32"), (IntType(33), "int64"),
    (IntType(64), "int64"), (IntType(1, False), "uint8"), (IntType(8, False), "uint8"), (IntType(16, False), "uint16"),
    (IntType(32, False), "uint32"), (IntType(63, False), "uint64")])
def test_dtype_of_every_width(kept: IntType, dtype: str) -> None:
    b = GraphBuilder("net")
    b.output(b.input("x", (2,), kept), "y")
    got = simulate(b.build(), {"x": np.array([[kept.qmin, kept.qmax]])}).outputs["y"]
    assert (str(got.dtype), got.tolist()) == (dtype, [[kept.qmin, kept.qmax]])


def test_keep() -> None:
    graph, data = network(), inputs(3)
    whole = simulate(graph, data)
    assert list(simulate(graph, data, keep="outputs").values) == ["y", "fc", "sum"]
    assert list(simulate(graph, data, keep=["conv", "x"]).values) == ["x", "conv"]
    assert list(simulate(graph, data, keep="flat").values) == ["flat"]
    assert list(simulate(graph, data, keep=[]).values) == []
    for keep in ("outputs", ["conv.acc"], []):
        run = simulate(graph, data, keep=keep)
        assert plain(run.outputs) == plain(whole.outputs)
        assert all(run.values[name].tolist() == whole.values[name].tolist() for name in run.values)
    with pytest.raises(InputError, match="keep: graph 'net' has no value 'nowhere'"):
        simulate(graph, data, keep=["nowhere"])
    with pytest.raises(InputError, match=r"has no value 'flat\.acc'"):
        simulate(graph, data, keep=["flat.acc"])


def test_acc_is_another_name_of_a_layer_of_one_op() -> None:
    values = simulate(network(), inputs(2)).values
    assert values["fc.acc"] is values["fc"]
    assert values["sum.acc"] is values["sum"]
    assert values["conv.acc"] is not values["conv"]
    assert ("fc.acc" in values, "flat.acc" in values, "fc.acc" in list(values)) == (True, False, False)
    with pytest.raises(KeyError, match=r"flat\.acc"):
        values["flat.acc"]
    assert simulate(network(), inputs(2), keep=["fc.acc"]).values["fc.acc"].tolist() == values["fc"].tolist()


@pytest.mark.parametrize("count", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
@pytest.mark.parametrize("kernel", ["auto", "reference"])
def test_blocks_threads_and_progress(count: int, kernel: str) -> None:
    graph, data = network(), inputs(count)
    told: list[int] = []
    run = simulate(graph, data, kernel=kernel, progress=told.append)
    assert sum(told) == count
    assert {len(a) for a in run.values.values()} == {count}
    for jobs in (2, 7):
        other = simulate(graph, data, kernel=kernel, jobs=jobs)
        assert plain(other.outputs) == plain(run.outputs)
        assert plain(other.values) == plain(run.values)
    singles = [simulate(graph, {name: a[k : k + 1] for name, a in data.items()}).outputs for k in range(min(count, 3))]
    for k, single in enumerate(singles):
        assert all(single[name][0].tolist() == run.outputs[name][k].tolist() for name in single)


def test_zero_images_pass_every_op() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (3, 4, 4), S8)
    y = b.avg_pool2d(b.max_pool2d(b.pad(x, (0, 1, 1), (0, 1, 1)), 2), 2)
    y = b.requantize(b.add(y, y), [1, 2, 3], 1)
    y = b.requantize(b.conv2d(y, np.ones((2, 3, 1, 1), int)), 1, 0)
    rows = b.linear(b.reshape(y, (2, -1)), [[1]])
    b.output(b.clamp(b.requantize(rows, [1], 0), 0, 5), "rows")
    b.output(b.flatten(y, "hwc"), "flat")
    for kernel in ("auto", "reference"):
        run = simulate(b.build(), {"x": np.zeros((0, 3, 4, 4), np.int8)}, kernel=kernel)
        assert {name: a.shape for name, a in run.outputs.items()} == {"rows": (0, 2, 1), "flat": (0, 2)}


@pytest.mark.parametrize("kernel", ["auto", "reference"])
def test_inputs_may_lie_in_memory_in_any_order(kernel: str) -> None:
    b = GraphBuilder("net")
    y = b.conv2d(b.input("x", (2, 1, 3), S8), [[[[1]], [[-2]]]])
    b.output(b.requantize(y, 1, 0), "y")
    channels_last = np.array([[[[1, 4], [2, 5], [3, 6]]]], np.int8)
    for data in (channels_last.transpose(0, 3, 1, 2), channels_last[..., ::-1].transpose(0, 3, 1, 2)[:, ::-1]):
        assert simulate(b.build(), {"x": data}, kernel=kernel).outputs["y"].tolist() == [[[[-7, -8, -9]]]]


def test_inputs_are_left_as_they_are() -> None:
    data = inputs(3)
    copies = {name: a.copy() for name, a in data.items()}
    run = simulate(network(), data)
    run.outputs["same"][:] = 0
    assert all(data[name].tolist() == copies[name].tolist() for name in data)


@pytest.mark.parametrize(("change", "pattern"), [
    ({"z": [[1]]}, "'z' is not an input of graph 'net'; inputs are x, y"),
    ({"y": np.zeros((2, 4), int)}, r"inputs have different numbers of images: \{'x': 3, 'y': 2\}"),
    ({"y": np.zeros((3, 5), int)}, r"input 'y': shape is \[3, 5\], expected \[N, 4\]"),
    ({"y": np.zeros(4, int)}, r"input 'y': shape is \[4\], expected \[N, 4\]"),
    ({"y": 5}, r"input 'y': shape is \[\], expected \[N, 4\]"),
    ({"y": np.zeros((3, 4))}, "input 'y': expected integers, got float64; quantize the array first"),
    ({"y": np.full((3, 4), 16)}, r"input 'y': value 16 at \[0, 0\] is outside u4 \(0..15\)"),
    ({"y": np.full((3, 4), -1)}, r"input 'y': value -1 at \[0, 0\] is outside u4"),
])
def test_inputs_refused(change: dict[str, Any], pattern: str) -> None:
    with pytest.raises(InputError, match=pattern):
        simulate(network(), {**inputs(3), **change})


def test_a_missing_input_and_an_unknown_kernel() -> None:
    with pytest.raises(InputError, match="input 'y' of graph 'net' is missing"):
        simulate(network(), {"x": inputs(1)["x"]})
    with pytest.raises(InputError, match="kernel 'fast' does not exist; use one of auto, reference"):
        simulate(network(), inputs(1), kernel="fast")


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_first_overflow_is_named_whatever_the_jobs(jobs: int) -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2,), S8)
    b.output(b.add(x, x, acc=S8, acc_overflow="error", name="sum"))
    data = np.zeros((5 * BLOCK, 2), int)
    data[2 * BLOCK + 3, 1], data[4 * BLOCK, 0] = 100, 90
    place = rf"add 'sum': value 200 at image {2 * BLOCK + 3}, index \[1\] is outside s8"
    with pytest.raises(OverflowDetected, match=place):
        simulate(b.build(), {"x": data}, jobs=jobs)
