"""Weights, bias, multipliers and shifts of every layer as Intel memory initialization files, one tensor per file.

Source: Intel Quartus Prime help, "Memory Initialization File (.mif) Definition".
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeq.emitters.memory_words import AUTO, Stored, WeightOptions, memories, text_reader
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.ir.graph import Graph
from edgeq.memory.mif import mif_format
from edgeq.memory.text import TextFormat


def _stored_format(kept: Stored) -> TextFormat:
    return mif_format(kept.packing.word_bits, kept.depth)


read = text_reader(_stored_format)


@emitter("mif", "memory initialization files of Intel: weights, bias, multipliers, shifts", read=read)
def write(
    graph: Graph, vectors: Vectors, *, layout: str = "ohwi", lanes: int = 1, lane0: str = "lsb", pad_value: int = 0,
    word_bits: int | str = AUTO, flatten: str = "chw",
) -> Iterator[EmittedFile]:
    """Yield one file per constant; the options are those of `WeightOptions`.

    Raises InputError for options that do not exist or do not fit.
    """
    del vectors
    said = provenance(graph)
    for memory in memories(graph, WeightOptions(layout, lanes, lane0, pad_value, word_bits, flatten)):
        yield memory.file("mif", mif_format(memory.packing.word_bits, len(memory.rows)).encode(memory.rows, said))
