"""Read the cases of CMSIS-NN's unit tests and say their parameters in the words of the contract.

Source: ARM-software/CMSIS-NN, Tests/UnitTest/TestCases/TestData; its outputs were made by TensorFlow Lite and TFLite
Micro. There a shift is to the left, ``real scale = mult * 2**(shift - 31)``, and the offset of an operand is added.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgeq import Graph, IntType
from edgeq.arith.multiplier import Multiplier, reduced16

IntArray = np.ndarray[Any, np.dtype[np.integer[Any]]]
Words = dict[str, Any]
"""Attributes of an op by name."""


@dataclass(frozen=True)
class Case:
    """Arrays and parameters of one file, ``<op>__<case>.npz``."""

    path: Path
    meta: dict[str, Any]
    arrays: dict[str, IntArray]

    @property
    def name(self) -> str:
        """Name of the file without its suffix."""
        return self.path.stem

    def __getitem__(self, name: str) -> IntArray:
        return self.arrays[name]

    @property
    def op(self) -> str:
        """Family of the case, such as conv_s8."""
        return str(self.meta["op"])

    @property
    def act(self) -> tuple[int, int]:
        """Limits of the activation."""
        return self.meta["act_min"], self.meta["act_max"]


class Translation(NamedTuple):
    """A graph with the output ``y``, its inputs, and the file's expected output in the graph's layout."""

    graph: Graph
    inputs: dict[str, IntArray]
    expected: IntArray


def read_case(path: Path) -> Case:
    """Return a file's case."""
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored if name != "meta"}
        return Case(path, json.loads(str(stored["meta"])), arrays)


def type_of(array: IntArray) -> IntType:
    """Return the signed type of an array's dtype."""
    return IntType(8 * array.dtype.itemsize)


def channels_first(array: IntArray) -> IntArray:
    """Return (N, H, W, C) as (N, C, H, W)."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 1))


def rescale(mult: IntArray | int, shift: IntArray | int, *, reduced: bool = False) -> Words:
    """Return what `requantize` takes for ``mult * 2**(shift - 31)``: one value of each, or one per channel.

    ``reduced``: multipliers of 16 bits and one rounding, for int16 operands with sums of more than 32 bits.
    """
    pairs = np.broadcast(np.asarray(mult), np.asarray(shift))
    kept = [_multiplier(int(m), int(s), reduced=reduced) for m, s in pairs]
    shape = pairs.shape if pairs.size > 1 else ()
    columns = {"multiplier": [k.multiplier for k in kept], "shift": [k.shift for k in kept],
               "left_shift": [k.left_shift for k in kept]}
    words: Words = {name: np.array(values, np.int64).reshape(shape) for name, values in columns.items()}
    return words | {"rounding": "ties_up" if reduced else "two_stage"}


def _multiplier(mult: int, shift: int, *, reduced: bool) -> Multiplier:
    whole = Multiplier(mult, max(31 - shift, 0), max(shift - 31, 0), Fraction(0), flushed=False)
    return reduced16(whole) if reduced else whole
