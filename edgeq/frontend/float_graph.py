"""Describe a network of real-valued operators: the captured program in the words that lowering knows.

A node keeps the name of the program's value that it computes, so that float and integer activations can be
compared, and the layer's name and place in the user's source for messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgeq.scheme.activation_codes import ActivationCodes

if TYPE_CHECKING:
    from edgeq.scheme.presets import Preset

FloatArray = npt.NDArray[np.float64]


class FloatOp:
    """An operator on real numbers; a family of :mod:`edgeq.frontend.lowerings` reads, quantizes and lowers it.

    ``COMPUTES``: its result has a scale of its own, so post-training quantization puts a quantizer behind it.
    ``KEEPS``: its result stands at its operand's scale. ``CHOOSES``: it holds values of its operand alone.
    ``RIDES``: where it alone reads a result, that result needs no quantizer: both are one change of scale.
    ``COMPARES``: it reads a result as it is, without a quantizer. ``READS_CODES``: it looks its operand up, so that
    must be quantized.
    """

    COMPUTES: ClassVar[bool] = False
    KEEPS: ClassVar[bool] = False
    CHOOSES: ClassVar[bool] = False
    RIDES: ClassVar[bool] = False
    COMPARES: ClassVar[bool] = False
    READS_CODES: ClassVar[bool] = False

    @property
    def settings(self) -> frozenset[str]:
        """Settings of its layer that matter to it, those of a quantizer apart."""
        return frozenset()

    def codes(self, bits: int, rules: Preset) -> Quantize | None:
        """Return the quantizer of its result where the preset fixes one, whatever the range."""
        del bits, rules
        return None


_SUMS = frozenset({"acc", "acc_overflow", "preset", "bias_fraction_bits"})
_WEIGHTS = frozenset({"wbits", "weights"})


@dataclass(frozen=True, eq=False)
class QuantizedWeight:
    """Weights that a quantizer already made integers: ``real = scale * (codes - zero_point)``, per channel.

    ``lo`` and ``hi`` are the limits that the quantizer declared; ``table`` says which table the codes were drawn from:
    "codebook", "codebook_per_channel", or None.
    """

    codes: npt.NDArray[np.int64]
    scale: FloatArray
    zero_point: npt.NDArray[np.int64]
    lo: int
    hi: int
    table: str | None = None


@dataclass(frozen=True, eq=False)
class Convolve(FloatOp):
    """Convolution or, with ``dense``, a fully connected layer; weight (O, I/groups, KH, KW) or (O, K).

    A weight (O, I/groups, K) is that of one row: its geometry is the last entry of each pair. ``transposed`` scatters
    and adds ``output_padding`` rows and columns.
    """

    COMPUTES = True

    weight: FloatArray
    bias: FloatArray | None
    quantized: QuantizedWeight | None = None
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    dense: bool = False
    transposed: bool = False
    output_padding: tuple[int, int] = (0, 0)

    @property
    def settings(self) -> frozenset[str]:
        """Those of its sums, and of weights that are not quantized yet."""
        return _SUMS | (_WEIGHTS if self.quantized is None else frozenset())


@dataclass(frozen=True, eq=False)
class BatchNorm(FloatOp):
    """Per channel ``x * gain + offset``, in float64."""

    gain: FloatArray
    offset: FloatArray


@dataclass(frozen=True)
class Limit(FloatOp):
    """Clamp to ``[lo, hi]``: ReLU, ReLU6, hard tanh."""

    COMPUTES = RIDES = True

    lo: float
    hi: float


@dataclass(frozen=True, eq=False)
class Threshold(FloatOp):
    """``unit * (start + step * count)``, count of the ``edges`` that a value meets: signs, comparisons.

    An edge ``(at, strict)`` is met by values at ``at`` and above, above alone where it is strict. What is compared is
    the operand after the maps of ``before``, in order, whose channels run along ``axis`` of the sample.
    """

    COMPARES = RIDES = True

    edges: tuple[tuple[float, bool], ...]
    start: int
    step: int
    unit: float = 1.0
    before: tuple[BatchNorm | Limit, ...] = ()
    axis: int = 0

    @property
    def channels(self) -> int:
        """Number of channels that the maps tell apart."""
        return max((m.gain.size for m in self.before if isinstance(m, BatchNorm)), default=1)


@dataclass(frozen=True)
class Pad(FloatOp):
    """Put a border of ``value`` around the sample; one pair per axis of the sample."""

    KEEPS = True

    before: tuple[int, ...]
    after: tuple[int, ...]
    value: float


@dataclass(frozen=True)
class Quantize(ActivationCodes, FloatOp):
    """Round to ``clamp(round(x / scale) + zero_point, lo, hi)`` and go on with the value that this stands for."""


@dataclass(frozen=True)
class Same(FloatOp):
    """The value itself: dropout in evaluation, clone, contiguous, dequantize."""


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


def steps_alone(value: str, readers: Mapping[str, list[FloatNode]], outputs: tuple[str, ...]) -> bool:
    """Tell whether steps alone read a value, themselves or through what chooses among its values."""
    read = readers.get(value, [])
    return bool(read) and value not in outputs and all(
        isinstance(r.op, Threshold) or (r.op.CHOOSES and steps_alone(r.value, readers, outputs)) for r in read)


def as_float64(array: Any) -> FloatArray:
    """Return any array of numbers in float64."""
    return np.asarray(array, dtype=np.float64)
