"""Weights in banks of equal depth, a `$readmemh` file each with a header of their sizes; other tensors in one file.

`<NN>_<layer>.<tensor>.b<NN>.mem` and `<NN>_<layer>.<tensor>.svh`. Banking interleaved and blocked deal words, channels
whole output channels: ``banks`` processing elements that each take ``lanes`` inputs a word.

Source: design page "Artefacts"; channels in turn as in FINN's matrix-vector unit.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgeq.arith.types import IntType
from edgeq.emitters.memory_words import AUTO, Memory, Stored, WeightOptions, memories, stored
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.errors import ArtefactError, InputError, shown
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.memory.banks import Banking
from edgeq.memory.hexadecimal import readmem_format
from edgeq.memory.packing import Packing, pack_words
from edgeq.memory.words import ByteArray


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of a file, that of all banks by the first; the other banks and headers give nothing."""
    if "part" in holds:
        return {}
    dealt = holds.get("banks", {"words": holds["depth"], "banking": ""})
    kept = stored({**holds, "depth": dealt["words"]}, whole_rows=dealt["banking"] == "channels")
    if "banks" not in holds:
        rows, line = readmem_format(kept.packing.word_bits).decode(files[kept.path], kept.path, kept.depth)
        return kept.tensor(rows, line)
    return _collected(files, holds, kept) if holds["banks"]["index"] == 0 else {}


def _collected(files: Mapping[str, bytes], holds: Mapping[str, Any], kept: Stored) -> Mapping[str, Array]:
    try:
        banking = Banking(holds["banks"]["count"], holds["banks"]["banking"])
    except InputError as error:
        raise ArtefactError(f"{kept.path}: manifest: {error}") from None
    rows, depth = _rows(kept.tiling.order, kept.shape), holds["depth"]
    if depth != banking.depth(kept.depth, rows):
        raise ArtefactError(f"{kept.path}: manifest says banks of depth {shown(depth)}, not "
                            f"{banking.depth(kept.depth, rows)}")
    format, stem = readmem_format(kept.packing.word_bits), kept.path.removesuffix(_ending(0, banking.banks))
    held = []
    for path in (stem + _ending(k, banking.banks) for k in range(banking.banks)):
        if path not in files:
            raise ArtefactError(f"{path}: is missing")
        held.append(format.decode(files[path], path, depth)[0])
    words = banking.collect(held, kept.depth, rows, _pad_word(kept.type, kept.packing), stem)
    return dataclasses.replace(kept, path=stem).tensor(words, None)


@emitter("banks", "weights in banks to be read in parallel: $readmemh files and a header of their sizes", read=read)
def write(
    graph: Graph, vectors: Vectors, *, banks: int = 2, banking: str = "interleaved", layout: str = "ohwi",
    lanes: int = 1, lane0: str = "lsb", pad_value: int = 0, word_bits: int | str = AUTO, flatten: str = "chw",
) -> Iterator[EmittedFile]:
    """Yield a file per bank of each weight and its header, and one file per other constant.

    ``banking`` interleaved puts word i in bank ``i % banks``, blocked in bank ``i // ceil(N / banks)``, channels output
    channel o in bank ``o % banks``, each channel from a new word on. The other options are those of `WeightOptions`.
    Raises InputError for options that do not exist or do not fit.
    """
    del vectors
    said, dealt = provenance(graph), Banking(banks, banking)
    options = WeightOptions(layout, lanes, lane0, pad_value, word_bits, flatten, whole_rows=banking == "channels")
    for memory in memories(graph, options):
        if memory.is_weight:
            yield from _files(memory, dealt, said)
        else:
            yield memory.file("mem", readmem_format(memory.packing.word_bits).encode(memory.rows))


def _files(memory: Memory, banking: Banking, said: str) -> Iterator[EmittedFile]:
    format = readmem_format(memory.packing.word_bits)
    rows = _rows(memory.tiling.order, memory.parameter.array.shape)
    held = banking.deal(memory.rows, rows, _pad_word(memory.parameter.type, memory.packing))
    fields = {"count": banking.banks, "banking": banking.kind, "words": len(memory.rows)}
    for index, words in enumerate(held):
        yield memory.file(_ending(index, banking.banks)[1:], format.encode(words), depth=len(words),
                          banks={"index": index, **fields})
    name = "L" + re.sub("[^A-Za-z0-9]", "_", memory.parameter.stem).upper()
    sizes = {"BANKS": banking.banks, "DEPTH": len(held[0]), "WIDTH": memory.packing.word_bits}
    text = "".join(f"localparam {name}_{key} = {value};\n" for key, value in sizes.items())
    yield EmittedFile(f"{memory.parameter.stem}.svh", f"// {said}\n{text}".encode("ascii", "replace"),
                      {"tensor": memory.parameter.name, "layer": memory.parameter.layer, "part": "header"})


def _ending(index: int, banks: int) -> str:
    return f".b{index:0{max(2, len(str(banks - 1)))}}.mem"


def _rows(order: str, shape: tuple[int, ...]) -> int:
    """Return the output channels, which are the first axis of weights."""
    return shape[0] if order.startswith("o") else 1


def _pad_word(type: IntType, packing: Packing) -> ByteArray:
    word: ByteArray = pack_words(np.full(packing.lanes, packing.pad_value), type, packing, "pad")[0]
    return word
