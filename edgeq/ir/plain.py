"""Turn ops and inputs into plain data and back, by reflection over their fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import IntEnum
from fractions import Fraction
from typing import Any

from edgeq.arith.types import IntType, Rounding, parse_name, parse_type
from edgeq.errors import GraphError, shown
from edgeq.ir.fields import integer, integers, optional
from edgeq.ir.fields import scale as to_scale
from edgeq.ir.graph import GraphInput
from edgeq.ir.op import OPS, Op
from edgeq.ir.quantization import Affine, Codes, InputQuantization, Table
from edgeq.ir.tensor import Constant, TensorType

Store = Callable[[str, Constant], Any]
"""Keeps a tensor under a hint of its name and returns what to write in its place: a path."""
Fetch = Callable[[Any], Constant]
"""Returns the tensor that `Store` wrote so."""


def op_to_plain(op: Op, store: Store, *, remarks: bool = True) -> dict[str, Any]:
    """Return the fields of an op as plain data; tensors go through ``store``.

    A remark that is None is left out, as all are unless ``remarks``.
    """
    kept = {}
    for field in dataclasses.fields(op):  # type: ignore[arg-type]
        value = getattr(op, field.name)
        if "remark" not in field.metadata or (remarks and value is not None):
            kept[field.name] = _plain(field.name, value, store)
    return kept


def op_from_plain(kind: str, data: Mapping[str, Any], fetch: Fetch) -> Op:
    """Return the op; raises GraphError for an unknown kind or field."""
    if kind not in OPS:
        raise GraphError(f"op {shown(kind)} is unknown to this edgeq; ops are {', '.join(sorted(OPS))}")
    known = {f.name for f in dataclasses.fields(OPS[kind])}  # type: ignore[arg-type]
    extra = sorted(set(data) - known)
    if extra:
        raise GraphError(f"{kind}: field {shown(extra[0])} is unknown")
    try:
        return OPS[kind](**{name: _value(value, fetch) for name, value in data.items()})
    except TypeError as error:
        raise GraphError(f"{kind}: {str(error).replace('__init__() ', '')}") from None


def input_to_plain(item: GraphInput, store: Store) -> dict[str, Any]:
    """Return an input as plain data."""
    return {
        "name": item.name,
        "shape": list(item.type.shape),
        "type": str(item.type.type),
        "zero_point": item.type.zero_point,
        "scale": _plain("scale", item.type.scale, store),
        "quantization": _quantization_to_plain(item.name, item.quantization, store),
    }


def input_from_plain(data: Mapping[str, Any], fetch: Fetch) -> GraphInput:
    """Return the input; raises KeyError, TypeError or GraphError for malformed data."""
    scale = data.get("scale")
    kept = TensorType(
        integers(data["shape"]), parse_type(data["type"]), integer(data["zero_point"]),
        optional(to_scale)(tuple(scale) if isinstance(scale, list) else scale),
    )
    return GraphInput(str(data["name"]), kept, _quantization_from_plain(data["quantization"], fetch))


def _quantization_to_plain(name: str, quantization: InputQuantization, store: Store) -> dict[str, Any]:
    if isinstance(quantization, Table):
        path = store(f"{name}.table", quantization.table)
        return {"kind": Table.KIND, "table": {"tensor": path}, "rounding": quantization.rounding.name}
    if isinstance(quantization, Affine):
        return {"kind": Affine.KIND, "scale": str(quantization.scale), "rounding": quantization.rounding.name}
    return {"kind": Codes.KIND}


def _quantization_from_plain(data: Mapping[str, Any], fetch: Fetch) -> InputQuantization:
    match data["kind"]:
        case Table.KIND:
            return Table(fetch(data["table"]["tensor"]), parse_name(Rounding, data["rounding"]))
        case Affine.KIND:
            return Affine(_fraction(data["scale"]), parse_name(Rounding, data["rounding"]))
        case Codes.KIND:
            return Codes()
    raise GraphError(f"input quantization {shown(data['kind'])} is unknown")


def _fraction(text: str) -> Fraction:
    """Return ``p`` or ``p/q``; other notations could ask for numbers that fill the memory."""
    numerator, _, denominator = text.partition("/")
    if not (numerator.isdecimal() and (denominator or "1").isdecimal() and int(denominator or 1)):
        raise GraphError(f"{shown(text)} is not a positive fraction p/q")
    return Fraction(int(numerator), int(denominator or 1))


def _plain(name: str, value: Any, store: Store) -> Any:
    if isinstance(value, Constant):
        return int(value.array) if not value.shape else {"tensor": store(name, value)}
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, IntType):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(name, v, store) for v in value]
    return value.as_dict() if hasattr(value, "as_dict") else value


def _value(data: Any, fetch: Fetch) -> Any:
    if isinstance(data, dict) and set(data) == {"tensor"}:
        return fetch(data["tensor"])
    return data
