"""Take fields out of the plain data of a YAML text: of the right kind, or a CodecError naming place and field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from edgeq.artefacts.manifest import parse_yaml
from edgeq.errors import CodecError

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def dump_block(data: Any) -> bytes:
    """Return ``data`` as the YAML that CNN_Compress writes: block style, keys sorted."""
    text: str = yaml.dump(data, Dumper=_Dumper, default_flow_style=False, sort_keys=True)
    return text.encode()


def parse_document(data: bytes, head: str, where: str) -> tuple[Mapping[str, Any], list[Any]]:
    """Return a document's fields and its layers; raises CodecError unless ``head`` is what it says of itself."""
    plain = parse_yaml(data, where, CodecError)
    if not isinstance(plain, dict) or plain.get("head") != head:
        raise CodecError(f"{where}: 'head' is not {head}; files of integers say int_values, of reals float_value")
    return plain, field(plain, "layers", list, where)


def field(item: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    """Return a field of one kind."""
    value = item.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise CodecError(f"{where}: {name!r} is missing or not of kind {kind.__name__}")
    return value


def integer(item: Mapping[str, Any], name: str, where: str) -> int:
    """Return an integer field; raises CodecError for one past 64 bits too."""
    value = int(field(item, name, int, where))
    if not -(1 << 63) <= value < 1 << 63:
        raise CodecError(f"{where}: {name!r} does not fit 64 bits")
    return value


def number(item: Mapping[str, Any], name: str, where: str) -> float:
    """Return a real field."""
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CodecError(f"{where}: {name!r} is missing or not a number")
    return float(value)


def integers(item: Mapping[str, Any], name: str, where: str) -> npt.NDArray[np.int64]:
    """Return nested lists of integers."""
    array = _array(item, name, "ragged or holds numbers past 64 bits", where)
    if array.size and array.dtype.kind != "i":
        raise CodecError(f"{where}: {name} must hold integers")
    return array.astype(np.int64)


def reals(item: Mapping[str, Any], name: str, where: str) -> npt.NDArray[np.float64]:
    """Return nested lists of finite numbers."""
    array = _array(item, name, "ragged", where)
    if array.size and array.dtype.kind not in "if":
        raise CodecError(f"{where}: {name} must hold numbers")
    if not np.isfinite(array.astype(np.float64)).all():
        raise CodecError(f"{where}: {name} holds a number that is not finite")
    return array.astype(np.float64)


def _array(item: Mapping[str, Any], name: str, fault: str, where: str) -> npt.NDArray[Any]:
    try:
        return np.array(field(item, name, list, where))
    except (ValueError, OverflowError):
        raise CodecError(f"{where}: {name} is {fault}") from None
