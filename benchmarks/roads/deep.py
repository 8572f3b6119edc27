"""Deep Compression of LeNet-5: pruned, weights drawn from tables whose values train, all of it coded in one file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.roads.lenet5 import FINE, NUMBERS, Mnist, dense, pruned, quantized
from benchmarks.roads.measured import Measured, measure

TRAINED = replace(FINE, epochs=4)


def deep(mnist: Mnist, cache: Path) -> Iterator[Measured]:
    """Yield the network with fewer weights left each time, and tables of 16 values."""
    for sparsity, bits in ((0.97, 4), (0.975, 4), (0.98, 4)):
        name = f"{sparsity:.1%} sparse, tables of {1 << bits}"
        config: dict[str, Any] = {"weights": {"method": "codebook", "bits": bits}, "first_last_bits": None}
        made = quantized(name, pruned(mnist, cache, sparsity), config, mnist, TRAINED, sparse=True,
                         teacher=dense(mnist, cache))
        yield measure(name, made, mnist.test, 4 * NUMBERS)
