"""Formats of constants with other options than their defaults: emitted into one folder, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeq import emit, verify
from tests.emitters.graphs import built

OTHERS: dict[str, dict[str, Any]] = {
    "npy": {"layout": "hwio"}, "npz": {"layout": "ohwi"},
    "bin": {"pack": "msb", "align": 64, "endian": "big"}, "axis": {"tdata_bits": 40, "pack": "lsb"},
    "decimal": {"layout": "ihwo"}, "c_arrays": {"section": ".weights", "align": 4, "layout": "hwio"},
    "hls": {"types": "ac_int", "layout": "oihw"},
}


@pytest.mark.parametrize("name", ["every_op", "small", "widths"])
def test_every_format_passes(name: str, tmp_path: Path) -> None:
    for kind, options in OTHERS.items():
        emit(built(name), kind, tmp_path / "out", **options)
    report = verify(tmp_path / "out")
    assert report.failures == ()
    assert report.not_run == ()
