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
    """Return what is stored of a parameter; with ``own_codebook`` the codec numbers the values of one codebook itself.

    The fill value is the weight zero point. Where it differs between channels it is the most frequent of these, the
    smallest of equally frequent ones. Through a mapping it is the code of that value; where no weight has it, the
    most frequent code, the smallest of equally frequent ones.
    """
    fill = 0 if parameter.fill_value is None else most_frequent(parameter.fill_value.array)
    mapping, kept = _mapping(parameter, own_codebook=own_codebook)
    if not mapping:
        return Stored(parameter.array, kept, fill)
    codes = _codes(parameter.array, mapping)
    same = codes[parameter.array == fill] if parameter.encoding != "codebook_per_channel" else codes[:0]
    return Stored(codes, kept, int(same[0]) if same.size else most_frequent(codes), mapping)


def from_codes(codes: IntArray, mapping: Mapping[str, Any], where: str) -> IntArray:
    """Return the values of codes (O, ...); raises CodecError naming ``where`` for a code that has none."""
    if "values" not in mapping:
        return codes * int(mapping.get("multiply", 1)) + int(mapping.get("add", 0))
    values = np.array(mapping["values"], np.int64)
    if values.ndim == 2 and values.shape[0] != codes.shape[0]:
        raise CodecError(f"{where}: a codebook of {values.shape[0]} channels for {codes.shape[0]}")
    size = values.shape[-1]
    if codes.size and not 0 <= codes.min() <= codes.max() < size:
        raise CodecError(f"{where}: a code is outside the {size} values of its codebook")
    if values.ndim == 1:
        return np.asarray(values[codes], np.int64)
    return np.take_along_axis(values, codes.reshape(codes.shape[0], -1), 1).reshape(codes.shape)


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
    own = own_codebook and parameter.encoding == "codebook"
    if not parameter.encoding.startswith("codebook") or own or not parameter.array.size:
        return {}, kept
    values = table_of(parameter)
    codes = smallest_type(0, max(values.shape[-1] - 1, 0))
    if codes.bits < kept.bits:
        return {"encoding": parameter.encoding, "values": values.tolist()}, codes
    return {}, kept


def table_of(parameter: Parameter) -> IntArray:
    """Return the distinct values of a weight, ascending: (K,), or (O, K) per channel, rows filled with zeros."""
    if parameter.encoding != "codebook_per_channel":
        return np.unique(parameter.array)
    rows = [np.unique(row) for row in parameter.array]
    table = np.zeros((len(rows), max(row.size for row in rows)), np.int64)
    for kept, row in zip(table, rows, strict=True):
        kept[: row.size] = row
    return table


def encoding_text(parameter: Parameter) -> str:
    """Return the type of a weight and its encoding, for people.

    ``s8``; ``s2, bipolar, 1 bit``; ``s2, ternary``; ``s8, codebook of 16 values, 4-bit indices``.
    """
    kept = str(parameter.type)
    if parameter.encoding == "int":
        return kept
    if not parameter.encoding.startswith("codebook"):
        bits = max(parameter.type.bits - 1, 1)
        return f"{kept}, {parameter.encoding}" + (f", {bits} bit{'s'[: bits - 1]}" * (parameter.encoding == "bipolar"))
    size = table_of(parameter).shape[-1]
    per = " per channel" * (parameter.encoding == "codebook_per_channel")
    return f"{kept}, codebook of {size} values{per}, {smallest_type(0, max(size - 1, 0)).bits}-bit indices"


def _codes(array: IntArray, mapping: Mapping[str, Any]) -> IntArray:
    if "values" in mapping:
        values = np.array(mapping["values"], np.int64)
        if values.ndim == 1:
            return np.searchsorted(values, array).astype(np.int64)
        return np.stack([np.searchsorted(np.unique(row), row).astype(np.int64) for row in array])
    codes: IntArray = (array - mapping["add"]) // mapping["multiply"]
    return codes
