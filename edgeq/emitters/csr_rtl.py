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
from edgeq.emitters.ordered import restored, stored_count, stored_shape, stored_type
from edgeq.emitters.registry import Check, EmittedFile, Vectors, emitter, provenance
from edgeq.emitters.rtl_project import MARK, SIMULATOR, Checked, placed, project_files, unplaced
from edgeq.emitters.rtl_weights import require_lines, weights
from edgeq.errors import CodecError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array, IntArray
from edgeq.memory.hexadecimal import decode_hex, encode_hex

FOLDER = "csr_rtl"


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of a file of entries or of expected elements; the other files hold none of their own."""
    part, path, files = holds.get("part"), holds["path"].rpartition("/")[2], unplaced(files)
    if part == "expected":
        return restored(decode_hex(files[path], stored_type(holds), stored_count(holds), where=path), holds, path)
    if part == "entries":
        return restored(_decoded(files, holds, stored_shape(holds), stored_type(holds)), holds, path)
    return {}


def _decoded(files: Mapping[str, bytes], holds: Mapping[str, Any], shape: tuple[int, ...], type: IntType) -> IntArray:
    path, count = f"{holds['stem']}.entries.hex", holds["count"]
    rows, columns = shape[0], math.prod(shape[1:])
    require_lines(files, f"{holds['stem']}.expected.hex", rows * columns)
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
         check=Check(MARK, SIMULATOR, FOLDER))
def write(graph: Graph, vectors: Vectors, *, layout: str = "ohwi", flatten: str = "chw") -> Iterator[EmittedFile]:
    """Yield memories and constants of every weight, the decoder, its testbench and a Makefile.

    ``layout`` is the order of the weights, ohwi or oihw; ``flatten`` that of columns that follow a flatten.
    Raises InputError for options that do not exist and for a type that csr does not hold.
    """
    del vectors
    yield from placed(_files(graph, layout, flatten), FOLDER)


def _files(graph: Graph, layout: str, flatten: str) -> Iterator[EmittedFile]:
    checked = []
    for weight in weights(graph, layout, flatten, "csr_rtl"):
        kept = weight.parameter
        rows = Rows(weight.rows, kept.type, weight.fill_value, kept.name)
        yield from (EmittedFile(f.path, f.data, {**weight.holds, **f.holds}) for f in rows.files(kept.stem))
        checked.append(rows.constants(kept.stem, weight.about))
    yield from project_files(checked, provenance(graph))


class Rows:
    """An array as sparse rows: its first axis against all others."""

    def __init__(self, array: IntArray, type: IntType, fill_value: int, where: str) -> None:
        codec = get("csr")
        parts = codec.parts(codec.encode(array, type=type, fill_value=fill_value, where=where), where=where)
        self.array, self.type, self.fill_value = array, type, fill_value
        self.indptr, self.indices, self.data = (parts[k].astype(np.int64) for k in ("indptr", "indices", "data"))
        self.rows, self.columns = array.shape[0], math.prod(array.shape[1:])
        self.row_bits, self.column_bits = (max(1, (n - 1).bit_length()) for n in (self.rows, self.columns))
        self.indptr_bits = 8 * parts["indptr"].itemsize

    def files(self, stem: str) -> Iterator[EmittedFile]:
        """Yield the memories; Verilog has no empty memory, so one without entries gets a word of zeros."""
        bits = self.type.bits
        entries = self.indices << bits | self.data & ((1 << bits) - 1)
        holds = {"stem": stem, "fill_value": self.fill_value, "count": self.data.size,
                 "column_bits": self.column_bits, "indptr_bits": self.indptr_bits}
        texts = {
            "indptr": encode_hex(self.indptr, IntType(self.indptr_bits, signed=False)),
            "entries": encode_hex(entries if entries.size else np.zeros(1, np.int64),
                                  IntType(self.column_bits + bits, signed=False)),
            "expected": encode_hex(self.array, self.type, where=stem),
        }
        for part, data in texts.items():
            yield EmittedFile(f"{stem}.{part}.hex", data, {**holds, "part": part})

    def constants(self, stem: str, about: str) -> Checked:
        """Return the constants for `edgeq_csr_check`."""
        bits = self.type.bits
        numbers = {"ROWS": self.rows, "COLUMNS": self.columns, "BITS": bits, "ROW_BITS": self.row_bits,
                   "COLUMN_BITS": self.column_bits, "COUNT_BITS": self.indptr_bits, "ENTRIES": self.data.size}
        return Checked("edgeq_csr_check", stem, about, {
            **{f"integer {name}": str(value) for name, value in numbers.items()},
            f"[{bits - 1}:0] FILL": f"{bits}'h{self.fill_value & ((1 << bits) - 1):x}",
            **{f"{part.upper()}_FILE": f'"{stem}.{part}.hex"' for part in ("indptr", "entries", "expected")},
        }, self.array.size)
