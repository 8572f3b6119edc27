"""Take the tensors of a flavour's C text back by what their manifest lines say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgeq.emitters.c_text import parse_integers
from edgeq.emitters.ordered import restored, stored_count
from edgeq.errors import CodecError
from edgeq.ir.tensor import Array

_ARRAY = re.compile(r"const \w+ (\w+)((?:\[\d+\])+)(?: row_align\w*\(1\))? = \{([^;]*)\};")
_STRUCT = re.compile(r"const (?:struct )?\w+ (\w+) = \{(\.[^;]*)\};")


def read_tensors(text: str, tensors: list[Mapping[str, Any]], path: str) -> dict[str, Array]:
    """Return every tensor by its name; raises CodecError naming the symbol that is missing or malformed."""
    arrays = {symbol: (dims, body) for symbol, dims, body in _ARRAY.findall(text)}
    structs = dict(_STRUCT.findall(text))
    found: dict[str, Array] = {}
    for line in tensors:
        symbol, _, field = line["symbol"].partition(".")
        where = f"{path}, {line['symbol']}"
        values = _field(structs, symbol, field, line, where) if field else _array(arrays, symbol, where)
        found |= restored(_plain(values, line, where), line, where)
    return found


def _array(arrays: Mapping[str, tuple[str, str]], symbol: str, where: str) -> Array:
    if symbol not in arrays:
        raise CodecError(f"{where}: the file has no such array")
    dims, body = arrays[symbol]
    try:
        values = np.array(parse_integers(re.sub(r"[{}]", " ", body)), np.int64)
    except (ValueError, OverflowError) as cause:
        raise CodecError(f"{where}: {str(cause)[:60]!r} is not an integer of 64 bits") from None
    expected = int(np.prod([int(d) for d in re.findall(r"\d+", dims)], dtype=np.int64))
    if values.size != expected:
        raise CodecError(f"{where}: has {values.size} values, declares {expected}")
    return values


def _field(structs: Mapping[str, str], symbol: str, field: str, line: Mapping[str, Any], where: str) -> Array:
    """Return a scale of a struct as the integer that it is times a power of two."""
    match = re.search(rf"\.{field} = ([^,}}]+)", structs.get(symbol, ""))
    if match is None:
        raise CodecError(f"{where}: the file has no such field")
    try:
        value = float.fromhex(match[1]) * 2.0 ** line["times_2_to"]
    except (ValueError, OverflowError):
        raise CodecError(f"{where}: {match[1][:60]!r} is not a float") from None
    if not value.is_integer():
        raise CodecError(f"{where}: {match[1]} is not a whole number of 2^-{line['times_2_to']}")
    return np.array([int(value)])


def _plain(values: Array, line: Mapping[str, Any], where: str) -> Array:
    """Return the values as the graph holds them: unpacked, shifts to the right."""
    if line.get("packing") == "s4":
        values = _unpacked(values, stored_count(line), where)
    if "minus_from" in line:
        values = line["minus_from"] - values
    if line["shape"] == [] and values.size:
        if (values != values[0]).any():
            raise CodecError(f"{where}: its values differ, the graph has one")
        return values[:1]
    return values


def _unpacked(values: Array, count: int, where: str) -> Array:
    if values.size != -(-count // 2) or (values < -128).any() or (values > 127).any():
        raise CodecError(f"{where}: {values.size} bytes do not hold {count} values of 4 bits")
    nibbles = np.stack([values & 15, values >> 4 & 15], axis=1).reshape(-1)
    if nibbles[count:].any():
        raise CodecError(f"{where}: the nibble after the last value is not 0")
    return ((nibbles ^ 8) - 8)[:count]
