"""The constants of a graph as words of memory, and back: what every format of memory files shares.

A format turns the words of one `Memory` into its text and yields ``memory.file(ending, data)``; its reader is
`memory_reader` of a function that gives the words back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeq.arith.types import IntType
from edgeq.emitters.flattening import Columns, moved_columns, restore_columns
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.emitters.registry import EmittedFile, Reader
from edgeq.errors import ArtefactError, InputError, shown
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.memory.packing import MAX_WORD_BITS, Packing, pack_words, require_pad, require_range, unpack_words
from edgeq.memory.text import TextFormat
from edgeq.memory.tiles import Tiling, parse_layout, parse_notation
from edgeq.memory.words import ByteArray

AUTO = "auto"


@dataclass(frozen=True)
class WeightOptions:
    """How weights lie in memory; other tensors have one value a word, in row-major order.

    ``layout`` is the order of the axes, in tiles where it has blocks; ``flatten`` the order of columns that follow a
    flatten (chw: as in the graph; hwc); ``lanes`` weights share a word of ``word_bits`` (auto: just as wide as they
    are), lane 0 in the ``lane0`` (lsb or msb) bits; ``pad_value`` is in lanes and parts of tiles that no weight takes.
    With ``whole_rows`` each output channel, then the slowest axis, starts a word.
    """

    layout: str = "ohwi"
    lanes: int = 1
    lane0: str = "lsb"
    pad_value: int = 0
    word_bits: int | str = AUTO
    flatten: str = "chw"
    whole_rows: bool = False

    def tiling(self) -> Tiling:
        """Return the layout; raises InputError for one that does not exist or has no whole rows."""
        tiling = parse_layout(self.layout)
        if self.whole_rows and (tiling.blocks or not tiling.order.startswith("o")):
            raise InputError(f"layout {shown(self.layout)}: banking by channels needs ohwi or oihw")
        return tiling

    def packing(self, parameter: Parameter) -> Packing:
        """Return how the parameter is packed; raises InputError naming it for options that do not fit it."""
        width = None if self.word_bits == AUTO else self.word_bits
        if isinstance(width, str):
            raise InputError(f"word_bits {shown(width)} is not {AUTO} or a number from 1 to {MAX_WORD_BITS}")
        try:
            return Packing(parameter.type.bits, self.lanes, self.lane0, self.pad_value, width)
        except InputError as error:
            raise InputError(f"{parameter.name}: {error}") from None


@dataclass(frozen=True)
class Memory:
    """One constant as words: ``rows`` (depth, bytes of a word), how they were made, and the manifest's fields."""

    parameter: Parameter
    tiling: Tiling
    packing: Packing
    rows: ByteArray = field(repr=False)
    columns: Columns | None = None

    @property
    def is_weight(self) -> bool:
        """Whether the options of weights were applied."""
        return self.parameter.tensor == "weight"

    @property
    def holds(self) -> dict[str, Any]:
        """Manifest fields."""
        kept = self.parameter
        made = {
            "tensor": kept.name, "layer": kept.layer, "shape": list(kept.array.shape), "axes": kept.axes,
            "layout": str(self.tiling), "type": {"bits": kept.type.bits, "signed": kept.type.signed},
            "packing": self.packing.as_dict(), "depth": len(self.rows),
        }
        return made if self.columns is None else made | {"columns": self.columns.as_dict()}

    def file(self, ending: str, data: bytes, **more: Any) -> EmittedFile:
        """Return the file of the whole memory, with ``more`` fields in the manifest."""
        return EmittedFile(f"{self.parameter.stem}.{ending}", data, self.holds | more)


def memories(graph: Graph, options: WeightOptions) -> Iterator[Memory]:
    """Yield every constant as words; raises InputError for options that do not exist or do not fit."""
    tiling = options.tiling()
    columns = moved_columns(graph, options.flatten)
    for parameter in parameters(graph):
        if parameter.tensor == "weight":
            kept = tiling.restricted(parameter.axes)
            packing = options.packing(parameter)
            yield _memory(parameter, kept, packing, columns.get(parameter.layer), options.whole_rows)
        else:
            yield _memory(parameter, Tiling(parameter.axes), Packing(parameter.type.bits), None, False)


def _memory(parameter: Parameter, tiling: Tiling, packing: Packing, columns: Columns | None, rows: bool) -> Memory:
    require_range(parameter.array.reshape(-1), parameter.type, parameter.name)
    values = parameter.array.astype(parameter.type.dtype)
    if columns is not None:
        values = columns.turned(values)
    require_pad(packing, parameter.type, parameter.name)
    flat = tiling.apply(values, parameter.axes, packing.pad_value)
    if rows:
        flat = _row_tiles(packing.lanes).apply(flat.reshape(len(values), -1), "or", packing.pad_value)
    return Memory(parameter, tiling, packing, pack_words(flat, parameter.type, packing, parameter.name), columns)


@dataclass(frozen=True)
class Stored:
    """The manifest's fields of one file of words, checked against each other."""

    path: str
    holds: Mapping[str, Any]
    type: IntType
    packing: Packing
    depth: int
    count: int
    tiling: Tiling
    row_tiles: Tiling | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor in the graph."""
        return tuple(self.holds["shape"])

    def tensor(self, rows: ByteArray, first_line: int | None) -> dict[str, Array]:
        """Return the tensor of words by its name; raises CodecError naming the file and the fault."""
        flat = unpack_words(rows, self.type, self.count, self.packing, self.path, first_line)
        axes, pad = self.holds["axes"], self.packing.pad_value
        if self.row_tiles:
            shape = (self.shape[0], math.prod(self.shape[1:]))
            flat = self.row_tiles.undo(flat, "or", shape, pad, self.path).reshape(-1)
        array = self.tiling.undo(flat, axes, self.shape, pad, self.path)
        if "columns" in self.holds:
            array = restore_columns(array, self.holds["columns"], self.path)
        return {self.holds["tensor"]: array}


def stored(holds: Mapping[str, Any], *, whole_rows: bool = False) -> Stored:
    """Return the fields of a file of words; raises ArtefactError where they contradict each other.

    ``whole_rows`` says that each output channel starts a word.
    """
    path, fields, shape, axes = holds["path"], holds["packing"], tuple(holds["shape"]), holds["axes"]
    kept = IntType(holds["type"]["bits"], holds["type"]["signed"])
    lanes, bits = fields["lanes"], fields["word_bits"]
    if not isinstance(bits, int) or (bits != kept.bits * lanes and not kept.bits * lanes < bits <= MAX_WORD_BITS):
        raise ArtefactError(f"{path}: manifest says {bits} bits a word, not {kept.bits * lanes}")
    packing = Packing(kept.bits, lanes, fields["lane0"], fields["pad_value"],
                      None if bits == kept.bits * lanes else bits)
    tiling = _tiling(holds["layout"], axes, path)
    if len(shape) != len(axes) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise ArtefactError(f"{path}: manifest says shape {shown(list(shape))} of axes {shown(axes)}")
    row_tiles = _row_tiles(lanes) if whole_rows else None
    if row_tiles is not None:
        count = math.prod(row_tiles.padded("or", (shape[0], math.prod(shape[1:]))))
    else:
        count = math.prod(tiling.padded(axes, shape))
    depth = packing.depth(count)
    if depth != holds["depth"]:
        raise ArtefactError(f"{path}: manifest says depth {shown(holds['depth'])}, not {depth}")
    return Stored(path, holds, kept, packing, depth, count, tiling, row_tiles)


def _row_tiles(lanes: int) -> Tiling:
    """Return the layout of rows (o, r) in which a row takes whole words."""
    return Tiling("or", (("r", lanes),))


def _tiling(layout: str, axes: str, path: str) -> Tiling:
    try:
        return parse_notation(layout, axes)
    except InputError as error:
        raise ArtefactError(f"{path}: manifest: {error}") from None


WordReader = Callable[[bytes, Stored], tuple[ByteArray, int | None]]
"""Give the words of a file and the line of the first, None where lines are no words."""


def memory_reader(words_of: WordReader) -> Reader:
    """Return the reader of a format whose files hold one tensor each."""

    def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
        """Return the tensor of one file by its name, axes in the IR's order; raises CodecError naming the fault."""
        kept = stored(holds)
        rows, first_line = words_of(files[kept.path], kept)
        return kept.tensor(rows, first_line)

    return read


def text_reader(format_of: Callable[[Stored], TextFormat]) -> Reader:
    """Return the reader of a format of text whose files hold one tensor each."""
    return memory_reader(lambda data, kept: format_of(kept).decode(data, kept.path, kept.depth))
