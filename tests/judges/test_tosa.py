"""TOSA's reference model as judge: every value of every operator that both have, and accumulators that overflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType, simulate
from edgeq.errors import OverflowDetected
from tests.judges.tosa_layers import S8, avg_pool2d, channels_first, channels_last, conv2d, depthwise_conv2d, max_pool2d
from tests.judges.tosa_model import Case, ReferenceModel, Tensor, judge, number
from tests.judges.tosa_rescale import rescale_16, rescale_double, rescale_single
from tests.tools import need_tool

pytestmark = pytest.mark.judge

VALUES = 200_000
OPERATORS = (rescale_single, rescale_double, rescale_16, conv2d, depthwise_conv2d, max_pool2d, avg_pool2d)


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
