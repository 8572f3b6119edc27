"""Weights in Huffman codes for the Verilog decoder, with a testbench: `make check` decodes them.

Files per weight are those of `huffman_files`; `.vh` holds the decoder's constants.

Source: design page "Hardware templates"; `hw_templates/rtl/edgeq_huffman_decoder.v`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgeq.arith.types import IntType
from edgeq.codecs.codec import Codec
from edgeq.codecs.registry import get
from edgeq.emitters.huffman_files import constants, memory_files, read_image
from edgeq.emitters.huffman_image import Coded, make_image
from edgeq.emitters.huffman_read import decode_image
from edgeq.emitters.ordered import restored, stored_count, stored_shape, stored_type
from edgeq.emitters.registry import Check, EmittedFile, Vectors, emitter, provenance
from edgeq.emitters.rtl_project import MARK, SIMULATOR, placed, project_files, unplaced
from edgeq.emitters.rtl_weights import weights
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array, IntArray
from edgeq.memory.hexadecimal import decode_hex

AUTO = "auto"
FOLDER = "huffman_rtl"


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of a file of words or of expected elements; the other files hold none of their own."""
    part, path, files = holds.get("part"), holds["path"].rpartition("/")[2], unplaced(files)
    if part == "expected":
        return restored(decode_hex(files[path], stored_type(holds), stored_count(holds), where=path), holds, path)
    if part == "words":
        return restored(decode_image(read_image(files, holds, stored_shape(holds)), path), holds, path)
    return {}


@emitter("huffman_rtl", "Verilog Huffman decoder with the weights' memories; `make check` simulates it", read=read,
         check=Check(MARK, SIMULATOR, FOLDER))
def write(
    graph: Graph, vectors: Vectors, *, layout: str = "ohwi", flatten: str = "chw", word_bits: int = 32,
    mode: str = AUTO, run_bits: int | str = AUTO, low_bits: int | str = AUTO, restart: str = "none", banks: int = 1,
) -> Iterator[EmittedFile]:
    """Yield memories and constants of every weight, the decoder, its testbench and a Makefile.

    ``layout`` is the order of the weights, ohwi or oihw; ``flatten`` that of columns that follow a flatten. The
    others are those of the codec huffman; with auto it chooses what is smallest with its tables as lists, which is
    how memories hold them.
    Raises InputError for options that do not exist and for a type that huffman does not hold.
    """
    del vectors
    chosen = {name: value for name, value in (("mode", mode), ("run_bits", run_bits), ("low_bits", low_bits))
              if value != AUTO}
    codec = get("huffman", word_bits=word_bits, restart=restart, banks=banks, table="list", **chosen)
    yield from placed(_files(graph, codec, layout, flatten), FOLDER)


def _files(graph: Graph, codec: Codec, layout: str, flatten: str) -> Iterator[EmittedFile]:
    checked = []
    for weight in weights(graph, layout, flatten, "huffman_rtl"):
        kept, array = weight.parameter, weight.rows
        blob = codec.encode(array, type=kept.type, fill_value=weight.fill_value, where=kept.name)
        coded = coded_of(codec.parts(blob, where=kept.name), array, kept.type, weight.fill_value)
        image = make_image(coded, kept.name)
        yield from memory_files(image, array, kept.stem, weight.holds)
        checked.append(constants(image, kept.stem, weight.about))
    yield from project_files(checked, provenance(graph))


def coded_of(parts: Mapping[str, Array], array: IntArray, type: IntType, fill_value: int) -> Coded:
    """Return the parts of a huffman blob of ``array`` by name."""
    mode, escape, word_bits, low_bits, _, largest_run, rows, lo, _ = (int(v) for v in parts["parameters"])
    return Coded(
        type, array.shape, fill_value, mode, word_bits, low_bits, largest_run, bool(escape), rows,
        parts["codebook"].astype(np.int64), lo, parts["values"], parts["runs"], parts["data"].astype(np.uint64),
        parts["restart"][:, 0], parts["restart"][:, 1])
