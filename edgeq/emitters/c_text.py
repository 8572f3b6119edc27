"""Write Python values as C99 source: numbers, strings, arrays, and an op as the initializer of its struct."""

from __future__ import annotations

import dataclasses
import re
import textwrap
import types
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from edgeq.arith.types import IntType
from edgeq.errors import GraphError
from edgeq.ir.op import Op
from edgeq.ir.tensor import Array, Constant

MAX_RANK = 8
"""EDGEQ_MAX_RANK of `hw_templates/c/edgeq_tensor.h`."""

_PLAIN = 1 << 31
_COLUMNS = 106
_INDENT = "    "
_INTEGER = re.compile(r"INT64_MIN|(-?)(?:INT64_C\((\d+)\)|(\d+))")

Place = Callable[[str], str]
"""Returns the name of the array that holds a constant field of the op."""


def integer(value: int) -> str:
    """Return a decimal constant of any value of int64_t.

    >>> integer(-128), integer(1 << 31), integer(-(1 << 63))
    ('-128', 'INT64_C(2147483648)', 'INT64_MIN')
    """
    if value == -(1 << 63):
        return "INT64_MIN"
    if -_PLAIN < value < _PLAIN:
        return str(value)
    return f"{'-' if value < 0 else ''}INT64_C({abs(value)})"


def parse_integers(text: str) -> list[int]:
    """Return the integers of the inside of an array that `array_definition` wrote.

    >>> parse_integers("-1, INT64_C(2147483648), INT64_MIN") == [-1, 2**31, -2**63]
    True
    """
    found = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        match = _INTEGER.fullmatch(part)
        if match is None:
            raise ValueError(part)
        digits = match[2] or match[3]
        found.append(int(f"{match[1]}{digits}") if digits else -(1 << 63))
    return found


def string(text: str) -> str:
    """Return a string literal; all but plain characters are octal bytes of UTF-8.

    >>> print(string('a"b'))
    "a\\042b"
    """
    plain = re.compile(rb"[A-Za-z0-9_./:+ -]")
    data = (bytes([b]) for b in text.encode())
    return '"' + "".join(b.decode() if plain.match(b) else f"\\{b[0]:03o}" for b in data) + '"'


def element_type(dtype: np.dtype[Any]) -> str:
    """Return the C type of an element, ``int8_t`` .. ``uint64_t``."""
    return f"{'u' if dtype.kind == 'u' else ''}int{8 * dtype.itemsize}_t"


def element_code(dtype: np.dtype[Any]) -> str:
    """Return the code of an element type in `edgeq_tensor.h`."""
    return f"EDGEQ_{'U' if dtype.kind == 'u' else ''}INT{8 * dtype.itemsize}"


def braces(values: tuple[int, ...]) -> str:
    """Return an initializer; C99 has none that is empty."""
    return "{" + ", ".join(map(integer, values or (0,))) + "}"


def type_initializer(kept: IntType) -> str:
    """Return the initializer of an ``edgeq_type``."""
    return f"{{{kept.bits}, {_flag(kept.signed)}, {integer(kept.qmin)}, {integer(kept.qmax)}}}"


def array_definition(symbol: str, dtype: np.dtype[Any], array: Array) -> str:
    """Return the definition of a constant array."""
    head = f"EDGEQ_CONSTANT_PLACEMENT EDGEQ_ALIGN(16) const {element_type(dtype)} {symbol}[{array.size}]"
    return f"{head} = {{\n{rows_of(array)}}};\n"


def rows_of(array: Array) -> str:
    """Return the lines between the braces of an array."""
    numbers = textwrap.wrap(", ".join(integer(int(v)) for v in array.flat), _COLUMNS)
    return "".join(f"{_INDENT}{row}\n" for row in numbers)


def nested_rows(array: Array) -> str:
    """Return the lines between the braces of an array of several dimensions, each inner row in braces.

    >>> nested_rows(np.array([[[1, 2]], [[3, 4]]]))
    '    {{1, 2}},\\n    {{3, 4}}\\n'
    """
    return ",\n".join(f"{_INDENT}{_nested(row)}" for row in array) + "\n"


def _nested(array: Array) -> str:
    parts = (_nested(row) if array.ndim > 1 else integer(int(row)) for row in array)
    return "{" + ", ".join(parts) + "}"


def constant_initializer(symbol: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    """Return the initializer of an ``edgeq_constant``."""
    require_rank(shape, symbol)
    return f"{{{symbol}, {element_code(dtype)}, {len(shape)}, {braces(shape)}}}"


def require_rank(shape: tuple[int, ...], what: str) -> None:
    """Raise GraphError for more axes than the C views have."""
    if len(shape) > MAX_RANK:
        raise GraphError(f"{what}: emitted C has at most {MAX_RANK} dimensions, shape is {list(shape)}")


def struct_initializer(op: Op, place: Place) -> str:
    """Return the initializer of the op's parameter struct, one designated member per field.

    Fields of a base class go into a member named after it. A field that may be None has a member
    ``has_<field>``. Fields that hold real numbers are for people and are left out. C has no empty struct:
    an op without fields has the member ``unused``.
    """
    lines = [f".{member} = {text}," for member, text in _members(op, place)] or [".unused = false,"]
    return "{\n" + "".join(f"{_INDENT}{line}\n" for line in lines) + "}"


def _members(op: Op, place: Place) -> Iterator[tuple[str, str]]:
    hints = get_type_hints(type(op))
    for field in dataclasses.fields(op):  # type: ignore[arg-type]  # every op is a dataclass
        hint, value = hints[field.name], getattr(op, field.name)
        if float in _alternatives(hint):
            continue
        owner = next(c for c in reversed(type(op).__mro__) if field.name in vars(c).get("__annotations__", {}))
        prefix = "" if owner is type(op) else f"{owner.__name__.lower()}."
        if type(None) in _alternatives(hint):
            yield f"{prefix}has_{field.name}", _flag(value is not None)
        if value is not None:
            yield prefix + field.name, _initializer(field.name, value, place)


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _initializer(field: str, value: Any, place: Place) -> str:
    match value:
        case Constant():
            return place(field)
        case bool():
            return _flag(value)
        case IntEnum():
            return enumerator(type(value).__name__, value.name)
        case int():
            return integer(value)
        case str():
            return enumerator(field, value)
        case IntType():
            return type_initializer(value)
        case tuple():
            return braces(value)
    members = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
    return "{" + ", ".join(f".{name} = {_initializer(name, inner, place)}" for name, inner in members) + "}"


def enumerator(rule: str, name: str) -> str:
    """Return the C enumerator of a named rule.

    >>> enumerator("acc_order", "kh,kw,ic"), enumerator("Rounding", "ties_up")
    ('EDGEQ_ACC_ORDER_KH_KW_IC', 'EDGEQ_ROUNDING_TIES_UP')
    """
    return re.sub(r"[^A-Z0-9]+", "_", f"EDGEQ_{rule}_{name}".upper())


def _flag(value: bool) -> str:
    return "true" if value else "false"
