"""Integer weights of the reference networks: what the byte targets and `benchmarks/codecs.py` measure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeq import IntType
from edgeq.codecs.cnn_compress import parse


@dataclass(frozen=True)
class Layer:
    """The weights of a layer as integers, beside their type and the value that stands for 0."""

    name: str
    weight: np.ndarray
    type: IntType
    fill_value: int

    @property
    def packed(self) -> bytes:
        """The values back to back, first in the least significant bits."""
        bits = (self.weight.reshape(-1, 1) >> np.arange(self.type.bits)) & 1
        return np.packbits(bits.astype(np.uint8), bitorder="little").tobytes()

    @property
    def entropy_bytes(self) -> float:
        """Order-0 entropy: what no code of single values goes below, tables left out."""
        counts = np.unique(self.weight, return_counts=True)[1]
        return math.fsum(-c * math.log2(c / self.weight.size) for c in counts.tolist()) / 8


def lenet5(data: Path) -> list[Layer]:
    """Return the pruned 8-bit LeNet-5, whose fill values are its weight zero points."""
    layers = parse((data / "lenet5_reference/lenet5_sparse_quantized_int.yml").read_bytes(), "lenet5").layers
    return [Layer(x.name, x.weight, IntType(x.n_bits, signed=False), int(x.wz)) for x in layers]


def resnet8(data: Path, bits: int, pruned: float) -> list[Layer]:
    """Return ResNet-8, symmetric per output channel after the smallest magnitudes of each layer became 0."""
    with np.load(data / "resnet8_cifar10/weights_float32.npz") as held:
        weights = {k: held[k].astype(np.float64) for k in held.files if held[k].ndim >= 2}
    return [Layer(k, _quantized(_pruned(w, pruned), bits), IntType(bits), 0) for k, w in weights.items()]


def _pruned(weight: np.ndarray, share: float) -> np.ndarray:
    smallest = np.argsort(np.abs(weight).reshape(-1), kind="stable")[: round(weight.size * share)]
    kept = weight.reshape(-1).copy()
    kept[smallest] = 0
    return kept.reshape(weight.shape)


def _quantized(weight: np.ndarray, bits: int) -> np.ndarray:
    largest = np.abs(weight).reshape(weight.shape[0], -1).max(1) / (2 ** (bits - 1) - 1)
    largest[largest == 0] = 1
    return np.rint(weight / largest.reshape(-1, *(1,) * (weight.ndim - 1))).astype(np.int64)


def networks(data: Path) -> Iterator[tuple[str, list[Layer]]]:
    """Yield every network by name."""
    yield "LeNet-5, 8 bits, 90 % pruned", lenet5(data)
    for bits in (8, 4):
        for share in (0.0, 0.8):
            yield f"ResNet-8, {bits} bits, {round(100 * share)} % pruned", resnet8(data, bits, share)
