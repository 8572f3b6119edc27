"""LeNet-5 at few bits: pruned with 8 bits, 4 and 2 bits, ternary and binary weights, binary activations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.roads.lenet5 import (
    BINARY,
    FINE,
    NUMBERS,
    RECIPE,
    BinaryLeNet5,
    Mnist,
    dense,
    fresh,
    pruned,
    quantized,
)
from benchmarks.roads.measured import Measured, measure

QAT = replace(FINE, epochs=6)
LSQ: dict[str, Any] = {"method": "lsq"}
EIGHT_BITS: dict[str, Any] = {"method": "uniform", "bits": 8}
POWERS: dict[str, Any] = {"weights": {"power_of_two": True}, "activations": {"power_of_two": True}}


def few(bits: int) -> dict[str, Any]:
    """Return the configuration of learned steps at so many bits, first and last layer 8."""
    return {"weights": LSQ | {"bits": bits}, "activations": LSQ | {"bits": bits}}


def sparse(mnist: Mnist, cache: Path) -> Iterator[Measured]:
    """Yield the pruned networks with 8 bits."""
    for fraction in (0.9, 0.95):
        name = f"{fraction:.0%} sparse W8A8"
        made = quantized(name, pruned(mnist, cache, fraction), {}, mnist, replace(FINE, epochs=5), sparse=True,
                         teacher=dense(mnist, cache))
        yield measure(name, made, mnist.test, 4 * NUMBERS)


def few_bits(mnist: Mnist, cache: Path) -> Iterator[Measured]:
    """Yield 8 bits with powers of two, 4 bits, 2 bits, and ternary weights."""
    start = dense(mnist, cache)
    made = quantized("W8A8 PTQ", start, {"mode": "ptq"}, mnist, None)
    yield measure("W8A8, calibrated only", made, mnist.test, 4 * NUMBERS)
    made = quantized("W8A8 PTQ powers", start, POWERS | {"mode": "ptq"}, mnist, None)
    yield measure("W8A8, calibrated only, powers of two", made, mnist.test, 4 * NUMBERS)
    roads = {"W4A4": few(4), "W2A2": few(2), "ternary W, A8": {"weights": {"method": "ternary"}, "batch_norm": "keep"}}
    for name, config in roads.items():
        made = quantized(name, start, config, mnist, QAT)
        yield measure(f"{name}, first and last layer 8 bits", made, mnist.test, 4 * NUMBERS)


def binary(mnist: Mnist, cache: Path) -> Iterator[Measured]:
    """Yield W1A1 with first and last layer of 8 bits, and all layers binary; both from untrained networks."""
    del cache
    for name, least in (("W1A1, first and last layer 8 bits", 8), ("W1A1, all layers binary, images 8 bits", None)):
        config = BINARY | {"first_last_bits": least, "layers": {"x": {"activations": EIGHT_BITS}}}
        made = quantized(name, fresh(BinaryLeNet5), config, mnist, replace(RECIPE, weight_decay=0.0))
        yield measure(name, made, mnist.test, 4 * NUMBERS)
