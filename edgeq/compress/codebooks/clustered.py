"""What clustering gives: of each weight its table and its indices, and what they cost in theory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from edgeq.compress.pruning.weights import Weight
from edgeq.table import table

FLOAT_BITS = 32
"""Bits of a weight before, and of a number in a table."""


@dataclass(frozen=True, eq=False)
class ClusteredWeight:
    """One weight drawn from a table.

    ``centroids``: (K,), or (O, K) with a table for each output channel, ascending, in the weight's dtype; a shorter
    row is filled up with its last value. ``sizes``: values of each row before that. ``indices``: int64 of the weight's
    shape. ``zero``: one value of each row is 0 and stays there.
    ``value_bits``: bits in which a value itself is stored in place of an index, None where there is a table.
    ``squared_error``: the mean of the squared differences from the weight before.
    """

    name: str
    method: str
    centroids: torch.Tensor
    sizes: tuple[int, ...]
    indices: torch.Tensor
    zero: bool
    squared_error: float
    value_bits: int | None = None

    @property
    def parameters(self) -> int:
        """How many numbers the weight has."""
        return self.indices.numel()

    @property
    def index_bits(self) -> int:
        """Bits of all indices, each in the fewest whole bits for its table, which are 0 for a table of one value."""
        if self.value_bits is not None:
            return self.parameters * self.value_bits
        return self.parameters // len(self.sizes) * sum((size - 1).bit_length() for size in self.sizes)

    @property
    def table_bits(self) -> int:
        """Bits of the tables: 32 a value; for linear levels the first one and the step; none for fixed point."""
        if self.method == "linear":
            return 2 * FLOAT_BITS * len(self.sizes)
        return FLOAT_BITS * sum(self.sizes) if self.value_bits is None else 0

    @property
    def bits(self) -> int:
        """Bits of indices and tables together, as Deep Compression counts them."""
        return self.index_bits + self.table_bits

    @cached_property
    def entropy_bits(self) -> float:
        """Bits of all indices at the entropy of their counts, each alone: what no Huffman code can go below."""
        counts = torch.unique(self.indices, return_counts=True)[1].double()
        return float((counts * (counts.sum() / counts).log2()).sum())

    @property
    def rate(self) -> float:
        """Bits before, as float32, over bits after."""
        return FLOAT_BITS * self.parameters / self.bits

    @property
    def row(self) -> tuple[object, ...]:
        """One line of the printed table."""
        return (self.name, "x".join(map(str, self.indices.shape)), self.parameters, max(self.sizes), self.index_bits,
                self.table_bits, round(self.entropy_bits / self.parameters, 3), round(self.squared_error**0.5, 6))


@dataclass(frozen=True, eq=False)
class Clustered:
    """The weights that were clustered, in the order of the model."""

    weights: tuple[ClusteredWeight, ...]

    def __iter__(self) -> Iterator[ClusteredWeight]:
        return iter(self.weights)

    def __getitem__(self, name: str) -> ClusteredWeight:
        """Return a weight by its name; raises KeyError."""
        return {weight.name: weight for weight in self.weights}[name]

    @property
    def bits(self) -> int:
        """Bits of all indices and tables."""
        return sum(weight.bits for weight in self.weights)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as plain data, for YAML or JSON."""
        return {w.name: {"shape": list(w.indices.shape), "method": w.method, "values": max(w.sizes),
                         "index_bits": w.index_bits, "table_bits": w.table_bits, "entropy_bits": w.entropy_bits,
                         "squared_error": w.squared_error} for w in self.weights}

    def __str__(self) -> str:
        head = ["weight", "shape", "parameters", "values", "index bits", "table bits", "entropy", "RMS error"]
        total = ("total", "", sum(w.parameters for w in self), None, sum(w.index_bits for w in self),
                 sum(w.table_bits for w in self), None, None)
        return table(head, [*(w.row for w in self), total])


def as_rows(weight: Weight, tensor: torch.Tensor, count: int) -> torch.Tensor:
    """Return a tensor of the weight's shape as ``count`` rows: one, or one for each output channel."""
    return weight.by_channels(tensor).reshape(count, -1)


def from_rows(weight: Weight, rows: torch.Tensor) -> torch.Tensor:
    """Return what `as_rows` gave in the weight's own shape."""
    return weight.from_channels(rows.reshape(weight.by_channels(weight.parameter).shape))
