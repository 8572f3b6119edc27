"""Function of one code, read from a table: sigmoid, tanh, SiLU, GELU, hard-swish.

Source: integer contract, section 6 (lut); TFLite's `LUTLookup`, TOSA's TABLE.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.arith.lookup import interpolate, interpolate_rounded, interpolation_index, lookup_index
from edgeq.arith.types import IntType
from edgeq.errors import shown
from edgeq.ir.fields import constant, int_type, integer, one_of, optional, scale
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import Constant, IntArray, Scale, TensorType

MOST_BITS = 12
"""Widest operand that has an entry per code."""
_S16 = IntType(16)
_ENTRIES = 513


@register
@dataclass(frozen=True)
class Lut(Op):
    """Read ``y`` from a table at ``x``.

    Semantics: ``y = table[x - qmin]``. With ``interpolation`` x has 16 bits and the table 513 entries:
    ``j = interpolation_index(x)``; ``tosa`` gives ``y = interpolate(x, table[j], table[j + 1])``, 128 times the value,
    ``tflite`` gives ``interpolate_rounded`` of the same. ``edgeq.arith.tables`` makes tables.

    Operands: x of any shape.

    Constraints:
        C1: without interpolation x has at most 12 bits and the table 2**bits entries
        C2: with interpolation x is s16, the table has 513 entries of 16 bits, neighbours differ by at most 16 bits
        C3: the output type has at most 32 bits and holds every result and the zero point
        C4: scale is one number or one per channel of x

    Hardware: one memory; with interpolation two reads, a subtraction and a 17 x 7 bit product.
    """

    KIND = "lut"

    table: Constant = attribute(constant)
    type: IntType = attribute(int_type, IntType(8))
    zero_point: int = attribute(integer, 0)
    scale: Scale = attribute(optional(scale), None)
    interpolation: str | None = attribute(optional(one_of("tosa", "tflite")), None)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C4."""
        (x,) = xs
        shape = self.table.shape
        if self.interpolation is None:
            yield "C1", x.type.bits <= MOST_BITS, (
                f"x is {x.type}; a table has an entry per code of at most {MOST_BITS} bits, interpolate one of 513")
            entries = 1 << x.type.bits
            yield "C1", shape == (entries,), f"table has shape {shape}, {x.type} needs ({entries},)"
        else:
            yield "C2", x.type == _S16, f"interpolation {self.interpolation} needs x of type s16, got {x.type}"
            for fault in line_table_faults(self.table):
                yield "C2", False, fault
        yield "C3", self.type.bits <= 32 and self.type.holds(*self._limits), (
            f"output type {self.type} must have at most 32 bits and hold {self._limits}")
        yield "C3", self.type.holds(self.zero_point, self.zero_point), (
            f"output type {self.type} does not hold zero point {self.zero_point}")
        yield "C4", self.infer(x).scales_fit, (
            f"scale {shown(self.scale)} must be one number or {x.channels}, one per channel")

    @property
    def _limits(self) -> tuple[int, int]:
        """Smallest and largest result: lines stay between their ends."""
        lo, hi = self.table.limits
        return (interpolate(0, lo, lo), interpolate(0, hi, hi)) if self.interpolation == "tosa" else (lo, hi)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return x's shape in the output type."""
        return replace(xs[0], type=self.type, zero_point=self.zero_point, scale=self.scale, limits=self._limits)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return the values read in the shape of x."""
        del reference
        y = np.empty(xs[0].shape, np.int64)
        if self.interpolation is None:
            _lut(xs[0].reshape(-1), types[0].type.qmin, self.table.array, y.reshape(-1))
        else:
            _interpolated(xs[0].reshape(-1), self.table.array, self.interpolation == "tflite", y.reshape(-1))
        return y


def line_table_faults(table: Constant) -> Iterator[str]:
    """Yield what keeps a table from being interpolated; TFLite keeps a step in 16 bits, and wraps beyond."""
    if table.shape != (_ENTRIES,):
        yield f"table has shape {table.shape}, interpolation needs ({_ENTRIES},)"
        return
    if not _S16.holds(*table.limits):
        yield f"entries {table.limits} must have 16 bits"
    steps = np.diff(table.array)
    lo, hi = int(steps.min()), int(steps.max())
    if not _S16.holds(lo, hi):
        yield f"neighbouring entries differ by {lo} to {hi}, beyond 16 bits; make the table less steep"


@kernel
def _lut(x: IntArray, lo: int, table: IntArray, y: IntArray) -> None:
    for i in range(x.size):
        y[i] = table[lookup_index(x[i], lo)]


@kernel
def _interpolated(x: IntArray, table: IntArray, rounded: bool, y: IntArray) -> None:
    for i in range(x.size):
        j = interpolation_index(x[i])
        if rounded:
            y[i] = interpolate_rounded(x[i], table[j], table[j + 1])
        else:
            y[i] = interpolate(x[i], table[j], table[j + 1])
