"""Weights, bias, multipliers and shifts of every layer as Intel HEX records, one tensor per file.

Source: Intel Hexadecimal Object File Format Specification, revision A, 1988; Intel Quartus Prime help.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeq.emitters.memory_words import AUTO, Stored, WeightOptions, memories, memory_reader
from edgeq.emitters.registry import EmittedFile, Vectors, emitter
from edgeq.errors import InputError
from edgeq.ir.graph import Graph
from edgeq.memory.intel_hex import IntelHex
from edgeq.memory.words import ByteArray

ENDINGS = {"standard": "ihex", "quartus": "hex"}
"""Quartus knows the format by the ending .hex, which elsewhere names `$readmemh` text."""


def _words(data: bytes, kept: Stored) -> tuple[ByteArray, int | None]:
    return IntelHex(kept.packing.word_bits, kept.holds["profile"]).decode(data, kept.path, kept.depth), None


read = memory_reader(_words)


@emitter("intel_hex", "Intel HEX records, for loaders or for Quartus: weights, bias, multipliers, shifts", read=read)
def write(
    graph: Graph, vectors: Vectors, *, layout: str = "ohwi", lanes: int = 1, lane0: str = "lsb", pad_value: int = 0,
    word_bits: int | str = AUTO, flatten: str = "chw", profile: str = "standard",
) -> Iterator[EmittedFile]:
    """Yield one file per constant; ``profile`` standard counts bytes and ends in .ihex, quartus words and .hex.

    The other options are those of `WeightOptions`. Raises InputError for options that do not exist or do not fit.
    """
    del vectors
    for memory in memories(graph, WeightOptions(layout, lanes, lane0, pad_value, word_bits, flatten)):
        try:
            records = IntelHex(memory.packing.word_bits, profile)
            data = records.encode(memory.rows)
        except InputError as error:
            raise InputError(f"{memory.parameter.name}: {error}") from None
        endian = "little" if profile == "standard" else "big"
        yield memory.file(ENDINGS[profile], data, profile=profile, endian=endian)
