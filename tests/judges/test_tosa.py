"""TOSA's reference model as judge: every value of every operator that both have, and accumulators that overflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeq import simulate
from edgeq.errors import OverflowDetected
from tests.judges.tosa_layers import near_ties
from tests.judges.tosa_model import Case, ReferenceModel, judge
from tests.judges.tosa_operators import OPERATORS
from tests.judges.tosa_products import Overflowing, long_matmul
from tests.tools import need_tool

pytestmark = pytest.mark.judge

VALUES = 200_000


@pytest.fixture(scope="module")
def model() -> Iterator[ReferenceModel]:
    """One process of the reference model for the whole file."""
    package = Path(need_tool("tosa"))
    running = ReferenceModel(package.parents[3] / "bin" / "python")
    yield running
    running.close()


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda o: o.__name__)
def test_every_value_is_tosas(model: ReferenceModel, operator: Callable[[int], list[Case]]) -> None:
    cases = operator(VALUES)
    assert judge(cases, model.outputs(cases)) >= VALUES


@pytest.mark.parametrize("high", [False, True], ids=["down", "up"])
def test_a_sum_that_the_model_wraps_silently_is_an_overflow(model: ReferenceModel, high: bool) -> None:
    """The model says TOSA_VALID and gives the sum modulo 2^32; `wrap` equals it, `error` stops, and only then."""
    layer = Overflowing(high)
    expected = model.outputs([layer.case()])
    judge([layer.case()], expected)
    exact = layer.exact()
    wrapped = expected[layer.case().name].ravel() != exact[:, -1]
    leaves = (exact.min(axis=1) < -(1 << 31)) | (exact.max(axis=1) >= 1 << 31)
    assert 20 < wrapped.sum() < 180
    graph = layer.graph("error")
    for sample, stops, lost in zip(layer.x[..., None, None], leaves, wrapped, strict=True):
        assert stops or not lost
        if stops:
            with pytest.raises(OverflowDetected, match=r"conv2d 'sum': value .* is outside s32"):
                simulate(graph, {"x": sample[None]})
        else:
            simulate(graph, {"x": sample[None]})


def test_a_product_that_the_model_wraps_silently_is_an_overflow(model: ReferenceModel) -> None:
    _, _, case = long_matmul()
    expected = model.outputs([case])
    assert expected[case.name].tolist() == [[[140_000 * 128 * 128 - (1 << 32), 70_000 * 128 * (128 - 127)]]]
    judge([case], expected)
    graph, data, _ = long_matmul("error")
    with pytest.raises(OverflowDetected, match=r"matmul 'product': value 2147483648 at image 0, index \[0, 0\]"):
        simulate(graph, data)


@pytest.mark.parametrize(("side", "differ"), [(127, 0), (128, 0), (181, 3)])
def test_a_mean_of_16_bits_is_tosas_up_to_2_to_14_values(model: ReferenceModel, side: int, differ: int) -> None:
    """TOSA multiplies by a reciprocal of 31 bits, as its specification says; past 2^14 values its error shows."""
    case = near_ties(side)
    assert np.count_nonzero(case.ours() != model.outputs([case])[case.name]) == differ
