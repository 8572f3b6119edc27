"""LeNet-5 with half the filters of each convolution: chosen greedily, next layers refitted, then fine-tuned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.roads.lenet5 import CALIBRATION, FINE, NUMBERS, Mnist, dense, quantized, told
from benchmarks.roads.measured import Measured, measure
from edgeq import compress
from edgeq.compress.training import count_correct, train


def half(mnist: Mnist, cache: Path) -> Iterator[Measured]:
    """Yield the smaller network without and with refitting, and fine-tuned; integers of 8 bits, calibrated."""
    x = mnist.train.x
    for refitted in (False, True):
        small = compress.prune_channels(dense(mnist, cache), x[:1], {"conv*": 0.5}, "greedy",
                                        calibration=x[:CALIBRATION], reconstruct=refitted)
        what = "refitted" if refitted else "not refitted"
        yield _measured(f"half the filters, {what}", small.model, mnist)
        if refitted:
            train(small.model, mnist.train, replace(FINE, epochs=5), done=told("channels"))
            yield _measured("half the filters, refitted and fine-tuned", small.model, mnist)


def _measured(name: str, model: torch.nn.Module, mnist: Mnist) -> Measured:
    right = count_correct(model, mnist.test)
    numbers = sum(p.numel() for p in model.parameters())
    made = quantized(name, model, {"mode": "ptq"}, mnist, None)
    return measure(f"{name}, W8A8", made, mnist.test, 4 * NUMBERS, f"float {right}, {numbers:,} parameters")
