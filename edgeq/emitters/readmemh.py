"""Weights, bias, multipliers and shifts of every layer as `$readmemh` text, one tensor per file.

Source: design page "Artefacts".
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeq.emitters.memory_words import AUTO, Stored, WeightOptions, memories, text_reader
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.ir.graph import Graph
from edgeq.memory.hexadecimal import readmem_format
from edgeq.memory.text import TextFormat


def _stored_format(kept: Stored) -> TextFormat:
    return readmem_format(kept.packing.word_bits, profile=kept.holds.get("profile", "strict"))


read = text_reader(_stored_format)


@emitter("readmemh", "memory files for Verilog's $readmemh: weights, bias, multipliers, shifts", read=read)
def write(
    graph: Graph, vectors: Vectors, *, layout: str = "ohwi", lanes: int = 1, lane0: str = "lsb", pad_value: int = 0,
    word_bits: int | str = AUTO, flatten: str = "chw", profile: str = "strict",
) -> Iterator[EmittedFile]:
    """Yield one file per constant; ``profile`` strict has words alone, simulation a comment and an address.

    The other options are those of `WeightOptions`. Raises InputError for options that do not exist or do not fit.
    """
    del vectors
    said = provenance(graph)
    more = {} if profile == "strict" else {"profile": profile}
    for memory in memories(graph, WeightOptions(layout, lanes, lane0, pad_value, word_bits, flatten)):
        format = readmem_format(memory.packing.word_bits, profile=profile)
        yield memory.file("hex", format.encode(memory.rows, said), **more)
