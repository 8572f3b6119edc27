"""TFLite Micro's int8 outputs for accumulators around every rounding boundary, by three layers and both kernels."""

from __future__ import annotations

import numpy as np
import pytest

from tests.data import need_data
from tests.judges.edge_requant import TRIPLES, run_triple
from tests.judges.quick import STEP

pytestmark = pytest.mark.judge

FILE = "conformance/edge_requant.npz"


@pytest.mark.parametrize("triple", range(TRIPLES))
def test_every_accumulator_of_a_triple_of_scales(triple: int) -> None:
    assert run_triple(need_data(FILE), triple) == 3 * 3_302


def test_the_triples_are_the_whole_file() -> None:
    with np.load(need_data(FILE)) as stored:
        shapes = {name: stored[name].shape for name in stored}
    outputs = dict.fromkeys(("acc", "y_fc", "y_conv", "y_dw"), (TRIPLES, 3_302))
    assert shapes == {"s_in": (TRIPLES,), "s_w": (TRIPLES,), "s_out": (TRIPLES,), **outputs}
    assert 3 * TRIPLES * 3_302 == 198_120


def test_the_quick_accumulators_are_two_thousand() -> None:
    path = need_data(FILE)
    assert sum(run_triple(path, k, ["auto"], STEP) for k in range(TRIPLES)) == 2_040
