"""Judge the simulator by CMSIS-NN's unit-test cases: each a graph of ops, equal on every value.

From a script: ``for path in cases(folder): run_case(path)``; `QUICK` names the smallest cases of each family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from edgeq import simulate
from tests.judges import cmsis_nn_layers as layers
from tests.judges import cmsis_nn_values as values
from tests.judges.cmsis_nn_files import Case, IntArray, Translation, read_case

KERNELS = ("auto", "reference")

TRANSLATIONS: dict[str, Callable[[Case], Translation]] = {
    "avgpool_s16": values.avg_pool2d,
    "avgpool_s8": values.avg_pool2d,
    "batch_matmul_s16": layers.matmul,
    "batch_matmul_s8": layers.matmul,
    "conv_s16": layers.conv2d,
    "conv_s4": layers.conv2d,
    "conv_s8": layers.conv2d,
    "depthwise_s16": layers.depthwise,
    "depthwise_s4": layers.depthwise,
    "depthwise_s8": layers.depthwise,
    "elementwise_add_s16": values.add,
    "elementwise_add_s8": values.add,
    "elementwise_mul_s16": values.mul,
    "elementwise_mul_s8": values.mul,
    "fully_connected_s16": layers.linear,
    "fully_connected_s4": layers.linear,
    "fully_connected_s8": layers.linear,
    "max_pool_s16": values.max_pool2d,
    "max_pool_s8": values.max_pool2d,
    "maximum_s8": values.maximum,
    "minimum_s8": values.minimum,
    "pad_s8": values.pad,
    "softmax_s16": values.softmax,
    "softmax_s8": values.softmax,
    "softmax_s8_s16": values.softmax,
    "transpose_conv_s8": layers.conv_transpose2d,
    "transpose_s8": values.transpose,
}
"""The translation of each family of files."""


def cases(folder: Path, ops: Iterable[str] = TRANSLATIONS) -> list[Path]:
    """Return the files of the named families in a folder."""
    return sorted(path for op in ops for path in folder.glob(f"{op}__*.npz"))


def run_case(path: Path, kernels: Sequence[str] = KERNELS) -> int:
    """Run one file's case with each kernel; return how many values were compared, AssertionError where one differs."""
    case = read_case(path)
    graph, inputs, expected = TRANSLATIONS[case.op](case)
    for kernel in kernels:
        equal(f"{case.name}, kernel {kernel}", simulate(graph, inputs, kernel, "outputs").outputs["y"], expected)
    return expected.size


def equal(what: str, got: IntArray, expected: IntArray) -> None:
    """Raise AssertionError with the first value that differs."""
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, expected {expected.shape}"
    assert got.dtype == expected.dtype, f"{what}: dtype {got.dtype}, expected {expected.dtype}"
    wrong = np.argwhere(got != expected)
    if not len(wrong):
        return
    first = tuple(int(i) for i in wrong[0])
    raise AssertionError(f"{what}: {len(wrong)} of {got.size} values differ, the first at {list(first)}: "
                         f"{got[first]}, expected {expected[first]}")
