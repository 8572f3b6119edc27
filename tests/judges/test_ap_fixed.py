"""Xilinx's ap_fixed as judge: conversions under every rule, and dot products whose terms are cast and sums saturate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.judges.fixed_point import (
    CONVERSIONS,
    MODES,
    Fixed,
    accumulate,
    conversion_codes,
    convert,
    dot_codes,
    dot_rows,
    dots,
)
from tests.tools import need_tool, run

pytestmark = pytest.mark.judge

SOURCE = Path(__file__).with_name("ap_fixed.cc")


def answers(calls: Sequence[str], codes: Sequence[np.ndarray], folder: Path) -> np.ndarray:
    """Return what a program of these calls writes, given these codes."""
    compiler, headers = need_tool("g++"), need_tool("ap_fixed")
    lines = [f'#include "{SOURCE}"', "int main() {", *(f"    {call}" for call in calls), "}"]
    (folder / "main.cc").write_text("\n".join(lines) + "\n")
    warnings = ["-Wall", "-Wextra", "-Werror", "-isystem", headers]
    run([compiler, "-std=c++17", "-O0", *warnings, "main.cc", "-o", "main"], folder)
    data = np.concatenate([c.ravel() for c in codes]).astype(np.int64)
    return np.frombuffer(run([str(folder / "main")], folder, data.tobytes()), np.int64)


def compare(name: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Fail with the first value that differs."""
    wrong = np.flatnonzero(ours.astype(np.int64) != theirs)
    assert not len(wrong), (
        f"{name}: {len(wrong)} of {ours.size} differ, first at {wrong[0]}: edgeq {ours[wrong[0]]}, "
        f"ap_fixed {theirs[wrong[0]]}")


def test_conversions_are_xilinxs(tmp_path: Path) -> None:
    plans = [(s, t.under(mode)) for s, t in CONVERSIONS for mode in MODES]
    codes = [conversion_codes(s, t) for s, t in plans]
    calls = [f"convert<{s.cpp}, {t.cpp}>(read({len(c)}));" for (s, t), c in zip(plans, codes, strict=True)]
    theirs = np.split(answers(calls, codes, tmp_path), np.cumsum([len(c) for c in codes])[:-1])
    for (s, t), given, result in zip(plans, codes, theirs, strict=True):
        compare(f"{s.cpp} to {t.cpp}", convert(s, t, given), result)
    assert sum(map(len, codes)) >= 500_000


def test_symmetric_saturation_moves_the_minimum_inside_the_range_too() -> None:
    """ap_fixed<4,4,AP_TRN,AP_SAT_SYM> of -8 is -7, as test_conversions sees it from Xilinx for <6,6>."""
    got = convert(Fixed(5, 5), Fixed(4, 4, overflow="AP_SAT_SYM"), np.array([-16, -9, -8, -7, 7, 8]))
    assert got.tolist() == [-7, -7, -7, -7, 7, 7]


def test_dot_products_are_xilinxs(tmp_path: Path) -> None:
    plans = list(dots())
    rows = [dot_rows(kind) for kind in plans]
    calls = [f"dot<{k.cpp}>(read({r.size}), {k.taps});" for k, r in zip(plans, rows, strict=True)]
    theirs = np.split(answers(calls, rows, tmp_path), np.cumsum([len(r) for r in rows])[:-1])
    for kind, result in zip(plans, theirs, strict=True):
        compare(kind.cpp, accumulate(kind), result)
    assert sum(map(len, rows)) >= 20_000


def test_the_dot_products_reach_what_they_are_for() -> None:
    """Sums saturate at both ends, and casting the products first changes sums."""
    for kind in {k.taps: k for k in dots() if k.acc.overflow == "AP_SAT"}.values():
        x, weight, bias = dot_codes(kind)
        sums = accumulate(kind)
        assert kind.acc.type.qmax in sums
        assert kind.acc.type.qmin in sums
        shift = kind.x.fraction + kind.weight.fraction - kind.part.fraction
        late = np.clip((x @ weight.T + bias).ravel() >> shift, kind.acc.type.qmin, kind.acc.type.qmax)
        assert np.mean(late != sums) > 0.5
