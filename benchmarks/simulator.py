"""Speed of the simulator against torch's float32 eager mode, one thread each, interleaved; medians and ratios.

``python benchmarks/simulator.py`` measures the digits network, and with EDGEQ_DATA set the reference LeNet-5 and
ResNet-8 too. It also measures what ``edgeq --help`` costs beside a bare Python interpreter.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

import edgeq
from edgeq.frontend.lower import lower
from edgeq.table import table

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5


def seconds(work: Callable[[], Any]) -> float:
    """Return the wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float, float]:
    """Return the median of each and of the ratios ours/theirs, after one warm-up of each."""
    ours()
    theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    a, b = (statistics.median(p[k] for p in pairs) for k in (0, 1))
    return a, b, statistics.median(x / y for x, y in pairs)


def networks(folder: Path) -> Iterator[tuple[str, torch.nn.Module, np.ndarray]]:
    """Yield name, module and float images of each network that is at hand."""
    sys.path.insert(0, str(ROOT / "examples" / "digits"))
    from model import DigitsNet  # the example's own folder

    digits = DigitsNet()
    digits.load_state_dict(torch.load(ROOT / "examples/digits/digits_state.pt", weights_only=True))
    yield "digits 8x8", digits.eval(), np.load(ROOT / "examples/digits/test_x.npy")[:256]
    data = os.environ.get("EDGEQ_DATA")
    for name in ("lenet5", "resnet8") if data else ():
        script = ROOT / "examples" / name / "export.py"
        out = folder / name
        subprocess.run([sys.executable, script, data, "-o", out.with_suffix(".pt2"), "--arrays", out], check=True,
                       stdout=subprocess.DEVNULL)
        module = torch.export.load(out.with_suffix(".pt2")).module()  # written above by our own script
        yield name, module, np.load(out / "calib.npy")[:128]


def measure(name: str, module: torch.nn.Module, images: np.ndarray) -> list[Any]:
    """Return a row: images per second of both, and the ratio of times."""
    graph = lower(module, (torch.from_numpy(images[:2]),), calibration=images[:64])
    x = torch.from_numpy(images)
    inputs = {graph.inputs[0].name: images}

    def run_torch() -> None:
        with torch.no_grad():
            module(x)

    ours, theirs, ratio = interleaved(lambda: edgeq.simulate(graph, inputs, keep="all"), run_torch)
    return [name, len(images), round(len(images) / ours), round(len(images) / theirs), round(ratio, 2)]


def main() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(*network) for network in networks(Path(folder))]
    head = ["network", "images", "edgeq images/s, all values kept", "torch float32 images/s", "time ratio"]
    print(table(head, rows))
    helped = [sys.executable, "-m", "edgeq", "--help"]
    bare = [sys.executable, "-c", "pass"]
    a, b, ratio = interleaved(
        lambda: subprocess.run(helped, check=True, stdout=subprocess.DEVNULL), lambda: subprocess.run(bare, check=True)
    )
    row = ["edgeq --help", round(a, 3), round(b, 3), round(ratio, 1)]
    print(table(["command", "seconds", "bare python", "ratio"], [row]))


if __name__ == "__main__":
    main()
