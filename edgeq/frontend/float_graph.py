"""Describe a network of real-valued operators: the captured program in the words that lowering knows.

A node keeps the name of the program's value that it computes, so that float and integer activations can be
compared, and the layer's name and place in the user's source for messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import Rounding

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class QuantizedWeight:
    """Weights that a quantizer already made integers: ``real = scale * (codes - zero_point)``, per channel.

    ``lo`` and ``hi`` are the limits that the quantizer declared.
    """

    codes: npt.NDArray[np.int64]
    scale: FloatArray
    zero_point: npt.NDArray[np.int64]
    lo: int
    hi: int


@dataclass(frozen=True, eq=False)
class Convolve:
    """Convolution or, with ``dense``, a fully connected layer; weight (O, I/groups, KH, KW) or (O, K)."""

    weight: FloatArray
    bias: FloatArray | None
    quantized: QuantizedWeight | None = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    dense: bool = False


@dataclass(frozen=True, eq=False)
class BatchNorm:
    """Per channel ``x * gain + offset``, in float64."""

    gain: FloatArray
    offset: FloatArray


@dataclass(frozen=True)
class Limit:
    """Clamp to ``[lo, hi]``: ReLU, ReLU6, hard tanh."""

    lo: float
    hi: float


@dataclass(frozen=True)
class Sum:
    """Add two values."""


@dataclass(frozen=True)
class MaxPool:
    """Largest value of each window."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    ceil_mode: bool


@dataclass(frozen=True)
class AvgPool:
    """Mean of each window; ``kernel`` None is the whole image, ``keep`` tells whether the axes stay."""

    kernel: tuple[int, int] | None
    stride: tuple[int, int] | None = None
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    ceil_mode: bool = False
    count_include_pad: bool = True
    keep: bool = True


@dataclass(frozen=True)
class Pad:
    """Put a border of ``value`` around the sample; one pair per axis of the sample."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    value: float


@dataclass(frozen=True)
class Flatten:
    """All values of a sample in one row."""


@dataclass(frozen=True)
class Reshape:
    """Another shape of the sample."""

    shape: tuple[int, ...]


@dataclass(frozen=True)
class Quantize:
    """Round to ``clamp(round(x / scale) + zero_point, lo, hi)`` and go on with the value that this stands for.

    ``rounding`` is what the host does to a float input; elsewhere the layer's preset decides.
    """

    scale: float
    zero_point: int
    lo: int
    hi: int
    rounding: Rounding = Rounding.ties_even


@dataclass(frozen=True)
class Same:
    """The value itself: dropout in evaluation, clone, contiguous, dequantize."""


FloatOp = Convolve | BatchNorm | Limit | Sum | MaxPool | AvgPool | Pad | Flatten | Reshape | Quantize | Same


@dataclass(frozen=True, eq=False)
class FloatNode:
    """One operator; ``value`` is the program's name of its result, ``layer`` what people call it."""

    value: str
    op: FloatOp
    inputs: tuple[str, ...]
    layer: str
    where: str


@dataclass(frozen=True)
class FloatInput:
    """An input of the network: its name and one sample's shape."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class FloatGraph:
    """Inputs, nodes in order of execution, and the values that leave."""

    inputs: tuple[FloatInput, ...]
    nodes: tuple[FloatNode, ...]
    outputs: tuple[str, ...]

    def consumers(self) -> dict[str, list[FloatNode]]:
        """Return the nodes that read each value."""
        readers: dict[str, list[FloatNode]] = {}
        for node in self.nodes:
            for value in node.inputs:
                readers.setdefault(value, []).append(node)
        return readers

    def producers(self) -> dict[str, FloatNode]:
        """Return the node that computes each value."""
        return {n.value: n for n in self.nodes}


def as_float64(array: Any) -> FloatArray:
    """Return any array of numbers in float64."""
    return np.asarray(array, dtype=np.float64)
