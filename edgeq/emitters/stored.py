"""Choose what a codec is given for a constant: codes, their type, the fill value, and the way back to the values.

A weight encoding changes what is stored, never what is meant: ``value = multiply * code + add``, or
``value = values[code]``.

Source: integer contract, section 2 (weight encodings).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeq.arith.types import IntType, smallest_type
from edgeq.emitters.parameters import Parameter
from edgeq.errors import CodecError
from edgeq.ir.tensor import IntArray

_TERNARY = IntType(2)


@dataclass(frozen=True)
class Stored:
    """Codes in the parameter's own axes, their type, the fill value among them, and how a code becomes a value.

    ``mapping`` is what the manifest says: the encoding, with ``multiply`` and ``add`` or with ``values``; empty
    where codes are values.
    """

    array: IntArray
    type: IntType
    fill_value: int
    mapping: Mapping[str, Any] = field(default_factory=dict)


def to_stored(parameter: Parameter, *, own_codebook: bool = False) -> Stored:
    """Return what is stored of a parameter; with ``own_codebook`` the codec numbers the values of a codebook itself.

    The fill value is the weight zero point. Where it differs between channels it is the most frequent of these, the
    smallest of equally frequent ones. Through a mapping it is the code of that value; where no weight has it, the
    most frequent code, the smallest of equally frequent ones.
    """
    fill = 0 if parameter.fill_value is None else most_frequent(parameter.fill_value.array)
    mapping, kept = _mapping(parameter, own_codebook=own_codebook)
    if not mapping:
        return Stored(parameter.array, kept, fill)
    codes = _codes(parameter.array, mapping)
    same = codes[parameter.array == fill]
    return Stored(codes, kept, int(same[0]) if same.size else most_frequent(codes), mapping)


def from_codes(codes: IntArray, mapping: Mapping[str, Any], where: str) -> IntArray:
    """Return the values of codes; raises CodecError naming ``where`` for a code that has none."""
    if "values" not in mapping:
        return codes * int(mapping.get("multiply", 1)) + int(mapping.get("add", 0))
    values = np.array(mapping["values"], np.int64)
    if codes.size and not 0 <= codes.min() <= codes.max() < values.size:
        raise CodecError(f"{where}: a code is outside the {values.size} values of its codebook")
    found: IntArray = values[codes]
    return found


def most_frequent(array: IntArray) -> int:
    """Return the most frequent value, the smallest of equally frequent ones, 0 when there is none.

    >>> import numpy as np
    >>> most_frequent(np.array([5, 3, 5, 3, 9]))
    3
    """
    values, counts = np.unique(array, return_counts=True)
    return int(values[counts.argmax()]) if values.size else 0


def _mapping(parameter: Parameter, *, own_codebook: bool) -> tuple[dict[str, Any], IntType]:
    """Return the mapping, empty for none, and the type of the codes."""
    kept = parameter.type
    if parameter.encoding == "bipolar" and kept.bits > 1:
        bits = kept.bits - 1
        return {"encoding": "bipolar", "multiply": 2, "add": 1 - (1 << bits)}, IntType(bits, signed=False)
    if parameter.encoding == "ternary" and kept.bits > 1:
        return {"encoding": "ternary", "multiply": 1, "add": 0}, _TERNARY
    values = np.unique(parameter.array).tolist() if parameter.encoding == "codebook" and not own_codebook else []
    codes = smallest_type(0, max(len(values) - 1, 0))
    if values and codes.bits < kept.bits:
        return {"encoding": "codebook", "values": values}, codes
    return {}, kept


def _codes(array: IntArray, mapping: Mapping[str, Any]) -> IntArray:
    if "values" in mapping:
        return np.searchsorted(np.array(mapping["values"], np.int64), array).astype(np.int64)
    codes: IntArray = (array - mapping["add"]) // mapping["multiply"]
    return codes
