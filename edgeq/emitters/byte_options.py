"""Options of the formats whose constants are streams of bytes, and the manifest fields that say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeq.emitters.ordered import Ordered, stored_type
from edgeq.errors import InputError, shown
from edgeq.memory.byte_stream import CONTAINERS, ENDIANS, PACKS, ByteStream, container

AUTO = "auto"


def byte_stream(item: Ordered, word_bits: int | str, endian: str, pack: str) -> ByteStream:
    """Return how a constant becomes bytes: ``word_bits`` a value (auto: the fewest that hold it), or, with ``pack`` lsb
    or msb, weights of less than 8 bits without gaps.

    Raises InputError naming the constant for options that do not exist or do not fit.
    """
    kept = item.parameter
    if word_bits != AUTO and (word_bits not in CONTAINERS or isinstance(word_bits, bool)):
        raise InputError(f"word_bits {shown(word_bits)} is not {AUTO} or one of {', '.join(map(str, CONTAINERS))}")
    if pack not in PACKS:
        raise InputError(f"pack {shown(pack)} does not exist; use one of {', '.join(PACKS)}")
    if endian not in ENDIANS:
        raise InputError(f"endian {shown(endian)} does not exist; use one of {', '.join(ENDIANS)}")
    bits = container(kept.type) if isinstance(word_bits, str) else word_bits
    packed = kept.tensor == "weight" and kept.type.bits < 8
    try:
        return ByteStream(kept.type, bits, endian, pack if packed else "none")
    except InputError as error:
        raise InputError(f"{kept.name}: {error}") from None


def byte_fields(stream: ByteStream) -> dict[str, Any]:
    """Return the manifest's fields of a stream."""
    if stream.pack != "none":
        return {"packing": {"word_bits": 8, "lane0": stream.pack, "pad_value": 0}}
    return {"packing": {"word_bits": stream.word_bits, "lanes": 1}, "endian": stream.endian}


def stored_stream(holds: Mapping[str, Any]) -> ByteStream:
    """Return the stream that manifest fields say."""
    fields = holds["packing"]
    if "lane0" in fields:
        return ByteStream(stored_type(holds), pack=fields["lane0"])
    return ByteStream(stored_type(holds), fields["word_bits"], holds["endian"])
