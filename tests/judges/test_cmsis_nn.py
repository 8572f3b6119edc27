"""Every value of CMSIS-NN's unit-test cases, which TensorFlow Lite and TFLite Micro made, by both kernels."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.data import need_data
from tests.judges.cmsis_nn import TRANSLATIONS, cases, run_case
from tests.judges.quick import QUICK

pytestmark = pytest.mark.judge

FOLDER = "conformance/cmsis_nn"
FILES = {
    "avgpool_s16": 2, "avgpool_s8": 3, "batch_matmul_s16": 3, "batch_matmul_s8": 3, "conv_s16": 7, "conv_s4": 13,
    "conv_s8": 16, "depthwise_s16": 6, "depthwise_s4": 5, "depthwise_s8": 6, "elementwise_add_s16": 1,
    "elementwise_add_s8": 1, "elementwise_mul_s16": 1, "elementwise_mul_s8": 1, "fully_connected_s16": 2,
    "fully_connected_s4": 3, "fully_connected_s8": 4, "max_pool_s16": 2, "max_pool_s8": 4, "maximum_s8": 4,
    "minimum_s8": 4, "pad_s8": 1, "softmax_s16": 1, "softmax_s8": 1, "softmax_s8_s16": 1, "transpose_conv_s8": 4,
    "transpose_s8": 5,
}
"""Number of files of each family, 104 in all."""

VALUES = 77_588
"""Number of expected values of all files."""


def parameters() -> list[Path | None]:
    """Return the files that are there when tests are collected, None where there is no data."""
    root = os.environ.get("EDGEQ_DATA")
    return list(cases(Path(root, FOLDER))) if root else [None]


@pytest.mark.parametrize("path", parameters(), ids=lambda path: path.stem if path else "no data")
def test_every_value_of_a_case(path: Path | None) -> None:
    if path is None:
        need_data(FOLDER)
    else:
        assert run_case(path) > 0


def test_every_file_is_a_case_and_no_family_lacks_one() -> None:
    folder = need_data(FOLDER)
    judged = cases(folder)
    assert judged == sorted(folder.glob("*.npz"))
    assert {op: len(cases(folder, [op])) for op in TRANSLATIONS} == FILES
    assert len(judged) == sum(FILES.values()) == 104
    assert sum(np.load(path)["expected"].size for path in judged) == VALUES


def test_the_quick_cases_are_of_every_family() -> None:
    folder = need_data(FOLDER)
    assert {name.partition("__")[0] for name in QUICK} == set(FILES)
    assert set(QUICK) <= {path.stem for path in cases(folder)}


def case_file(folder: Path, expected: list[int]) -> Path:
    """Write a case made by hand: two values get the border 5 after them."""
    meta = {"op": "pad_s8", "case": "by_hand", "pre": [0], "post": [1], "value": 5}
    path = folder / "pad_s8__by_hand.npz"
    np.savez(path, input=np.array([-7, 3], np.int8), expected=np.array(expected, np.int8), meta=json.dumps(meta))
    return path


def test_a_case_counts_its_values(tmp_path: Path) -> None:
    assert run_case(case_file(tmp_path, [-7, 3, 5])) == 3


def test_a_value_that_differs_is_named(tmp_path: Path) -> None:
    told = r"^pad_s8__by_hand, kernel auto: 1 of 3 values differ, the first at \[0, 1\]: 3, expected 4$"
    with pytest.raises(AssertionError, match=told):
        run_case(case_file(tmp_path, [-7, 4, 5]))


def test_a_shape_that_differs_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"^pad_s8__by_hand, kernel auto: shape \(1, 3\), expected \(1, 2\)$"):
        run_case(case_file(tmp_path, [-7, 3]))
