"""The examples run and show what their pages promise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_one_layer_shows_every_intermediate() -> None:
    done = subprocess.run([sys.executable, ROOT / "examples" / "01_one_layer.py"], capture_output=True, text=True,
                          check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "=== OFFLINE: real numbers, done once ==="
    device = lines.index("=== ON DEVICE: integers only ===")
    assert lines[device + 1] == "x  [102, -51, 38]"
    # 1619 + 102*64 + 51*32 + 38*127, the last factor 127 of the weight 1.0
    assert lines[device + 2 : device + 6] == [
        "channel 0: acc = bias = 1619", "    + (102 - 0) * 64  ->  acc = 8147", "    + (-51 - 0) * -32  ->  acc = 9779",
        "    + (38 - 0) * 127  ->  acc = 14605",
    ]  # fmt: skip
    assert 14605 * 1442928645 / 2**37 - 153 < 0.5
    assert lines[device + 6].endswith("= 153;  + -128, saturated to 8 bits: y = 25")
    assert lines[-1] == "EQUAL"
