"""Weights, bias, multipliers and shifts of every layer as Xilinx coefficient files, one tensor per file.

Source: Xilinx UG896, "COE File Syntax".
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeq.emitters.memory_words import AUTO, Stored, WeightOptions, memories, text_reader
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.ir.graph import Graph
from edgeq.memory.coe import coe_format
from edgeq.memory.text import TextFormat


def _stored_format(kept: Stored) -> TextFormat:
    return coe_format(kept.packing.word_bits)


read = text_reader(_stored_format)


@emitter("coe", "coefficient files of Xilinx: weights, bias, multipliers, shifts", read=read)
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
        yield memory.file("coe", coe_format(memory.packing.word_bits).encode(memory.rows, said))
