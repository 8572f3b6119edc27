"""Encode a tensor with a codec given by name; of `best` say what was tried too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeq.arith.types import IntType
from edgeq.codecs.best import Best
from edgeq.codecs.registry import get, names
from edgeq.codecs.tensor import Array

BEST = Best.name
AUTO = "auto"
"""How a user writes the default of an option that the encoder chooses."""


@dataclass(frozen=True)
class Chosen:
    """A blob, the codec and the options that made it.

    Of `best`, ``tried`` has the bytes of the smallest blob of each codec.
    """

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
    """Return the options of a codec with their defaults."""
    return get(name).options()


def without_auto(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options but those that are "auto" and are the encoder's choice by default.

    >>> without_auto("huffman", {"mode": "auto", "run_bits": 4, "word_bits": "auto"})
    {'run_bits': 4, 'word_bits': 'auto'}
    """
    defaults = options_of(name)
    return {k: v for k, v in options.items() if not (v == AUTO and defaults.get(k, v) is None)}


def encode_as(
    name: str, array: Array, type: IntType, fill_value: int, options: Mapping[str, Any], where: str = "tensor"
) -> Chosen:
    """Return the blob of ``array`` by the codec called ``name``.

    Raises InputError for a codec, an option or a type that does not fit, CodecError for a value outside ``type``.
    """
    options = without_auto(name, options)
    codec, tried = get(name, **options), {}
    if isinstance(codec, Best):
        found = codec.candidates(array, type=type, fill_value=fill_value, where=where)
        tried = {each.codec: each.bytes for each in found}
        smallest = min(found, key=lambda each: each.bytes, default=None)
        if smallest is not None:
            codec, options = get(smallest.codec, **smallest.options), smallest.options
    blob = codec.encode(array, type=type, fill_value=fill_value, where=where)
    return Chosen(codec.name, dict(options), blob, tried)
