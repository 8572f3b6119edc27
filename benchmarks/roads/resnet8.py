"""MLPerf Tiny's ResNet-8 on CIFAR-10 images without training: 8, 4 and fewer bits, and what refinement wins back.

Calibrated on images 0..499 of the 3,000 that are there; all 3,000 are counted, as for the float network.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.roads.measured import Measured, measure
from edgeq import compress
from edgeq.compress.training import Examples, count_correct, make_examples

CALIBRATION = 500
NUMBERS = 77_706
"""Weights and biases of the network."""

MSE: dict[str, Any] = {"observer": "mse"}
MIN_MAX: dict[str, Any] = {"observer": "min_max"}
FULL: dict[str, Any] = {"equalize": True, "bias_correction": True, "reconstruct": {"steps": 500}}


def config(wbits: int, abits: int, refine: dict[str, Any], least: int | None = 8) -> dict[str, Any]:
    """Return a configuration; ``least`` bits of first and last layer."""
    return {"mode": "ptq", "weights": {"bits": wbits} | MSE, "activations": {"bits": abits} | MIN_MAX,
            "refine": refine, "first_last_bits": least}


ROADS = {
    "W8A8": {"mode": "ptq", "activations": MIN_MAX},
    "W4A8, nearest rounding": config(4, 8, {}),
    "W4A8, equalized, bias corrected": config(4, 8, {"equalize": True, "bias_correction": True}),
    "W4A8, refined": config(4, 8, FULL),
    "all 4 bits, nearest rounding": config(4, 4, {}, None),
    "all 4 bits, refined": config(4, 4, FULL, None),
}


def load(data: Path) -> tuple[Any, Examples]:
    """Return the float network and the images as it takes them, raw pixels."""
    path = Path(__file__).resolve().parents[2] / "examples" / "resnet8" / "model.py"
    spec = importlib.util.spec_from_file_location("resnet8_model", path)  # LeNet-5's example has a model.py too
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    with np.load(data / "resnet8_cifar10" / "cifar10_3000.npz") as stored:
        images = make_examples(stored["x"].transpose(0, 3, 1, 2).astype(np.float32), stored["y"], "CIFAR-10 images")
    return example.load_reference(data / "resnet8_cifar10" / "weights_float32.npz"), images


def without_training(data: Path) -> tuple[int, Iterator[Measured]]:
    """Return the float network's right answers, and the networks."""
    model, images = load(data)
    return count_correct(model, images), _rows(model, images)


def _rows(model: Any, images: Examples) -> Iterator[Measured]:
    for name, chosen in ROADS.items():
        made = compress.quantize(model, chosen, images.x[:2], calibration=images.x[:CALIBRATION])
        print(f"{name}: quantized", file=sys.stderr, flush=True)
        yield measure(name, made.eval(), images, 4 * NUMBERS)
