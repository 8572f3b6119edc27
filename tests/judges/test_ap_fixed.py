"""Xilinx's ap_fixed as judge: conversions under every rule, and dot products whose terms are cast and sums saturate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.judges.fixed_point import Fixed, accumulate, convert, dot_codes, dots, judge_conversions, judge_dots
from tests.judges.xilinx import conversion_answers, dot_answers

pytestmark = pytest.mark.judge


def test_conversions_are_xilinxs(tmp_path: Path) -> None:
    assert judge_conversions(conversion_answers(tmp_path)) >= 500_000


def test_dot_products_are_xilinxs(tmp_path: Path) -> None:
    assert judge_dots(dot_answers(tmp_path)) >= 20_000


def test_symmetric_saturation_moves_the_minimum_inside_the_range_too() -> None:
    """For ap_fixed<6, 6> the conversions above have it from Xilinx, every code of 8 bits."""
    got = convert(Fixed(5, 5), Fixed(4, 4, overflow="AP_SAT_SYM"), np.array([-16, -9, -8, -7, 7, 8]))
    assert got.tolist() == [-7, -7, -7, -7, 7, 7]


def test_the_dot_products_reach_what_they_are_for() -> None:
    """Sums saturate at both ends, and casting the products first changes more than half of the sums."""
    for kind in {k.taps: k for k in dots() if k.acc.overflow == "AP_SAT"}.values():
        x, weight, bias = dot_codes(kind)
        sums = accumulate(kind)
        assert kind.acc.type.qmax in sums
        assert kind.acc.type.qmin in sums
        shift = kind.x.fraction + kind.weight.fraction - kind.part.fraction
        late = np.clip((x @ weight.T + bias).ravel() >> shift, kind.acc.type.qmin, kind.acc.type.qmax)
        assert np.mean(late != sums) > 0.5
