"""Encode a tensor with a codec given by name, `best` among them: the smallest blob of all that were tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeq.arith.types import IntType
from edgeq.codecs.registry import class_of_name, get, names
from edgeq.codecs.tensor import Array
from edgeq.errors import InputError

BEST = "best"


@dataclass(frozen=True)
class Chosen:
    """A blob, the codec and the options that made it; ``tried`` has the bytes of the smallest blob of each codec."""

    codec: str
    options: Mapping[str, Any]
    blob: bytes
    tried: Mapping[str, int] = field(default_factory=dict)


def choices() -> tuple[str, ...]:
    """Return every name that `encode_as` takes.

    >>> choices()[0], choices()[-1]
    ('packed', 'best')
    """
    return (*names(), BEST)


def options_of(name: str) -> dict[str, Any]:
    """Return the options of a codec with their defaults; `best` has none."""
    return {} if name == BEST else class_of_name(name).options()


def encode_as(
    name: str, array: Array, type: IntType, fill_value: int, options: Mapping[str, Any], where: str = "tensor"
) -> Chosen:
    """Return the blob of ``array`` by the codec called ``name``.

    Raises InputError for a codec, an option or a type that does not fit, CodecError for a value outside ``type``.
    """
    if name != BEST:
        codec = get(name, **options)
        return Chosen(name, dict(options), codec.encode(array, type=type, fill_value=fill_value, where=where))
    if options:
        raise InputError(f"codec best has no option {sorted(options)[0]!r}; it chooses codec and options itself")
    blobs = {}
    for each in names():
        codec = get(each)
        if type.bits <= codec.max_bits:
            blobs[each] = codec.encode(array, type=type, fill_value=fill_value, where=where)
    chosen = min(blobs, key=lambda each: len(blobs[each]))
    return Chosen(chosen, {}, blobs[chosen], {each: len(blob) for each, blob in blobs.items()})
