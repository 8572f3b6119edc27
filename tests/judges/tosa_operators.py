"""Every operator that TOSA's reference model judges, and answers of the model kept in a file.

With kept answers the judge needs neither the model nor Numba, so that it can run again and again over changed rules::

    python -m tests.judges.tosa_operators store answers.npz 500 .venv-judges/bin/python
    NUMBA_DISABLE_JIT=1 python -m tests.judges.tosa_operators judge answers.npz 500
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.judges.tosa_layers import avg_pool2d, conv2d, depthwise_conv2d, max_pool2d
from tests.judges.tosa_model import Case, ReferenceModel, judge
from tests.judges.tosa_moves import argmax, concat, pad, reduce_sum, slices, transpose
from tests.judges.tosa_products import matmul, transpose_conv2d
from tests.judges.tosa_rescale import rescale_16, rescale_double, rescale_single
from tests.judges.tosa_resize import resize_bilinear
from tests.judges.tosa_values import add, clamp, maximum, minimum, mul, sub, table_8, table_16

Operator = Callable[[int], list[Case]]
OPERATORS: tuple[Operator, ...] = (
    rescale_single, rescale_double, rescale_16, conv2d, depthwise_conv2d, transpose_conv2d, matmul, max_pool2d,
    avg_pool2d, table_8, table_16, add, sub, mul, maximum, minimum, clamp, transpose, concat, slices, pad, argmax,
    reduce_sum, resize_bilinear,
)
"""Each gives cases with about so many output values as it is told."""


def store(path: Path, values: int, python: Path, operators: tuple[Operator, ...] = OPERATORS) -> None:
    """Ask the model, which runs in ``python``, and keep what it says."""
    model = ReferenceModel(python)
    np.savez(path, **model.outputs([case for operator in operators for case in operator(values)]))
    model.close()


def judge_stored(path: Path, values: int, operators: tuple[Operator, ...] = OPERATORS) -> int:
    """Compare edgeq with kept answers for as many values; returns how many were equal, all."""
    with np.load(path) as answers:
        expected = dict(answers)
    return sum(judge(operator(values), expected) for operator in operators)


if __name__ == "__main__":
    task, file, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if task == "store":
        store(file, count, Path(sys.argv[4]))
    else:
        sys.stdout.write(f"{judge_stored(file, count)} values\n")
