"""Weights in compressed sparse row form for the Verilog decoder, with a testbench: `make check` decodes them.

Per weight `<NN>_<layer>.weight.<part>.hex`, one word a line: `indptr`; `entries`, the value in the low bits, its
column above; `expected`, the elements. `.vh` holds the decoder's constants.

Source: design page "Hardware templates"; `hw_templates/rtl/edgeq_csr_decoder.v`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgeq.arith.types import IntType
from edgeq.codecs.registry import get
from edgeq.emitters.registry import Check, EmittedFile, Vectors, emitter, provenance
from edgeq.emitters.rtl_project import MARK, SIMULATOR, Checked, project_files
from edgeq.emitters.rtl_weights import Weight, restored, stream_shape, stream_type, weights
from edgeq.errors import CodecError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array, IntArray
from edgeq.memory.hexadecimal import decode_hex, encode_hex


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of a file of entries or of expected elements; the other files hold none of their own."""
    part, path = holds.get("part"), holds["path"]
    if part == "expected":
        return restored(decode_hex(files[path], stream_type(holds), math.prod(holds["shape"]), where=path), holds)
    if part == "entries":
        return restored(_decoded(files, holds, stream_shape(holds), stream_type(holds)), holds)
    return {}


def _decoded(files: Mapping[str, bytes], holds: Mapping[str, Any], shape: tuple[int, ...], type: IntType) -> IntArray:
    path, count = holds["path"], holds["count"]
    rows, columns = shape[0], math.prod(shape[1:])
    column_bits, indptr_path = holds["column_bits"], f"{holds['stem']}.indptr.hex"
    indptr = decode_hex(files[indptr_path], IntType(holds["indptr_bits"], signed=False), rows + 1, where=indptr_path)
    entries = decode_hex(files[path], IntType(column_bits + type.bits, signed=False), max(count, 1), where=path)[:count]
    indptr, entries = indptr.astype(np.int64), entries.astype(np.int64)
    codes, indices = entries & ((1 << type.bits) - 1), entries >> type.bits
    if indptr[0] or indptr[-1] != count or (np.diff(indptr) < 0).any():
        raise CodecError(f"{indptr_path}: does not ascend from 0 to {count}")
    places = np.repeat(np.arange(rows), np.diff(indptr)) * columns + indices
    if (np.diff(places) <= 0).any() or (indices >= columns).any():
        raise CodecError(f"{path}: columns do not ascend within their row")
    flat = np.full(rows * columns, holds["fill_value"], np.int64)
    flat[places] = codes - ((codes > type.qmax).astype(np.int64) << type.bits)
    return flat.reshape(shape)


@emitter("csr_rtl", "Verilog decoder of sparse rows with the weights' memories; `make check` simulates it", read=read,
         check=Check(MARK, SIMULATOR))
def write(graph: Graph, vectors: Vectors, *, layout: str = "ohwi", flatten: str = "chw") -> Iterator[EmittedFile]:
    """Yield memories and constants of every weight, the decoder, its testbench and a Makefile.

    ``layout`` is the order of the weights, ohwi or oihw; ``flatten`` that of columns that follow a flatten.
    Raises InputError for options that do not exist and for a type that csr does not hold.
    """
    del vectors
    checked = []
    for weight in weights(graph, layout, flatten, "csr_rtl"):
        made = _Rows(weight)
        yield from made.files()
        checked.append(made.constants())
    yield from project_files("edgeq_csr_check", checked, provenance(graph))


class _Rows:
    """The sparse rows of one weight."""

    def __init__(self, weight: Weight) -> None:
        kept = weight.parameter
        self.weight, self.stem, self.type, self.array = weight, kept.stem, kept.type, weight.array
        codec = get("csr")
        blob = codec.encode(self.array, type=kept.type, fill_value=weight.fill_value, where=kept.name)
        parts = codec.parts(blob, where=kept.name)
        self.indptr = parts["indptr"].astype(np.int64)
        self.indices, self.data = parts["indices"].astype(np.int64), parts["data"].astype(np.int64)
        self.rows, self.columns = self.array.shape[0], math.prod(self.array.shape[1:])
        self.column_bits = max(1, (self.columns - 1).bit_length())
        self.row_bits = max(1, (self.rows - 1).bit_length())
        self.count_bits = 8 * parts["indptr"].itemsize

    def files(self) -> Iterator[EmittedFile]:
        """Yield the memories."""
        bits, stem = self.type.bits, self.stem
        entries = self.indices << bits | self.data & ((1 << bits) - 1)
        if not entries.size:
            entries = np.zeros(1, np.int64)
        common = {**self.weight.holds, "stem": stem, "fill_value": self.weight.fill_value, "count": self.data.size,
                  "column_bits": self.column_bits, "indptr_bits": self.count_bits}
        texts = {
            "indptr": encode_hex(self.indptr, IntType(self.count_bits, signed=False)),
            "entries": encode_hex(entries, IntType(self.column_bits + bits, signed=False)),
            "expected": encode_hex(self.array, self.type, where=stem),
        }
        for part, data in texts.items():
            yield EmittedFile(f"{stem}.{part}.hex", data, {**common, "part": part})

    def constants(self) -> Checked:
        """Return the constants for `edgeq_csr_check`."""
        bits = self.type.bits
        numbers = {"ROWS": self.rows, "COLUMNS": self.columns, "BITS": bits, "ROW_BITS": self.row_bits,
                   "COLUMN_BITS": self.column_bits, "COUNT_BITS": self.count_bits, "ENTRIES": self.data.size}
        return Checked(self.stem, self.weight.about, {
            **{f"integer {name}": str(value) for name, value in numbers.items()},
            f"[{bits - 1}:0] FILL": f"{bits}'h{self.weight.fill_value & ((1 << bits) - 1):x}",
            **{f"{part.upper()}_FILE": f'"{self.stem}.{part}.hex"' for part in ("indptr", "entries", "expected")},
        }, self.array.size)
