"""Write the smallest blob of all codecs; every codec's bytes are counted, only the smallest is written.

The bytes of codecs without segments follow from the tensor's histograms; those of ans take a pass over the tensor that
counts its bits. Where segments are asked for, their padding is counted by writing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from edgeq.arith.types import IntType
from edgeq.codecs.ans import Ans
from edgeq.codecs.bits import Codes, require_word_bits
from edgeq.codecs.blob import MAX_ELEMENTS, Buffer, Stored, write_blob
from edgeq.codecs.codec import Codec, decode, parts
from edgeq.codecs.coding import MODES
from edgeq.codecs.counting import blob_bytes, plain_sections, smallest_zero_runs
from edgeq.codecs.entropy import Entropy
from edgeq.codecs.histograms import Statistics, statistics_of
from edgeq.codecs.huffman import Huffman
from edgeq.codecs.planning import Plan
from edgeq.codecs.registry import get, names
from edgeq.codecs.segments import require_restart, rows_per_segment, segment_bounds
from edgeq.codecs.tensor import Array, Tensor, to_tensor
from edgeq.codecs.zero_runs import ZeroRuns
from edgeq.errors import InputError, shown

Writer = Callable[[], tuple[int, Sequence[Any]]]


class Candidate(NamedTuple):
    """A codec, the options that it takes for a tensor, and the bytes of its blob."""

    codec: str
    options: dict[str, Any]
    bytes: int


@dataclass(frozen=True)
class _Choice:
    candidate: Candidate
    id: int
    write: Writer


@dataclass(frozen=True)
class Best(Codec):
    """The smallest blob of all codecs, of equal sizes the one of the lowest id.

    ``among`` names the codecs to choose from, None all. With ``restart`` only codecs that have it are candidates.

    >>> import numpy as np
    >>> best = Best()
    >>> array = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5])
    >>> best.candidates(array, type=IntType(8))[0]
    Candidate(codec='packed', options={}, bytes=32)
    >>> blob = best.encode(array, type=IntType(8))
    >>> len(blob), blob[4], best.decode(blob)[-1]
    (20, 7, np.int8(5))
    """

    name: ClassVar[str] = "best"
    id: ClassVar[int] = 0
    sections: ClassVar[tuple[str, ...]] = ()
    max_bits: ClassVar[int] = 64

    among: tuple[str, ...] | None = None
    word_bits: int = 8
    restart: str = "none"
    banks: int = 1

    def __post_init__(self) -> None:
        among = self.among
        listed = isinstance(among, list | tuple) and len(among) > 0 and all(name in names() for name in among)
        if not (among is None or listed):
            raise InputError(f"best: among {shown(self.among)} must name some of {', '.join(names())}")
        require_word_bits(self.word_bits)
        require_restart(self.restart, self.banks)

    def candidates(self, array: Array, *, type: IntType, fill_value: int = 0,
                   where: str = "tensor") -> list[Candidate]:
        """Return every codec that holds the tensor with the bytes of its smallest blob, in order of ids."""
        return [choice.candidate for choice in self._choices(to_tensor(array, type, fill_value, where))]

    def encode(self, array: Array, *, type: IntType, fill_value: int = 0, where: str = "tensor") -> bytes:
        tensor = to_tensor(array, type, fill_value, where)
        choice = self._smallest(tensor)
        return write_blob(choice.id, tensor, *choice.write())

    def decode(self, blob: Buffer, *, max_elements: int = MAX_ELEMENTS, where: str = "blob") -> Array:
        return decode(blob, max_elements=max_elements, where=where)

    def parts(self, blob: Buffer, *, max_elements: int = MAX_ELEMENTS, where: str = "blob") -> dict[str, Array]:
        return parts(blob, max_elements=max_elements, where=where)

    def write(self, tensor: Tensor) -> tuple[int, Sequence[Any]]:
        return self._smallest(tensor).write()

    def read(self, stored: Stored) -> Codes:
        return get(stored.header.codec).read(stored)

    def unpack(self, stored: Stored) -> dict[str, Array]:
        return get(stored.header.codec).unpack(stored)

    def _smallest(self, tensor: Tensor) -> _Choice:
        choices = list(self._choices(tensor))
        if not choices:
            raise InputError(f"{tensor.where}: no codec of {shown(self.among or names())} holds {tensor.type} with "
                             f"restart {self.restart}")
        return min(choices, key=lambda choice: choice.candidate.bytes)

    def _choices(self, tensor: Tensor) -> Iterator[_Choice]:
        among = self.among or names()
        if tensor.type.bits > 16:
            for name in ("packed", "fixed_point", "vanilla"):
                if name in among and self.restart == "none":
                    yield from _written(get(name), tensor)
            return
        rows_each = rows_per_segment(self.restart, self.banks, tensor.rows)
        statistics = statistics_of(tensor, segment_bounds(tensor, rows_each))
        plain = plain_sections(statistics) if self.restart == "none" else {}
        for name in names():
            if name not in among:
                continue
            if name in plain:
                yield _plain(name, plain[name], statistics)
            elif name == "zero_runs":
                yield self._zero_runs(statistics)
            elif name in ("huffman", "ans"):
                yield self._entropy(Huffman if name == "huffman" else Ans, statistics)

    def _zero_runs(self, statistics: Statistics) -> _Choice:
        tensor = statistics.tensor
        found, count, lengths = smallest_zero_runs(statistics, self.word_bits)
        options = found | self._common()
        codec = ZeroRuns(**options)
        if self.restart != "none":
            count, sections = codec.write(tensor)
            lengths = [len(s) for s in sections]
        size = blob_bytes(tensor, count, lengths)
        return _Choice(Candidate("zero_runs", options, size), codec.id, lambda: codec.write(tensor))

    def _entropy(self, kind: type[Entropy], statistics: Statistics) -> _Choice:
        codec = kind(**self._common())
        plan = codec.plan(statistics)
        head, data = codec.section_bytes(plan, statistics)
        size = blob_bytes(statistics.tensor, statistics.stored, [head, data])
        options = _options_of(plan) | self._common()
        return _Choice(Candidate(kind.name, options, size), codec.id,
                       lambda: (statistics.stored, codec.write_plan(plan, statistics)))

    def _common(self) -> dict[str, Any]:
        """Return the options that are not at their defaults."""
        options = {"word_bits": self.word_bits, "restart": self.restart, "banks": self.banks}
        return {k: v for k, v in options.items() if v != Best.options()[k]}


def _written(codec: Codec, tensor: Tensor) -> Iterator[_Choice]:
    """Yield a codec by its sections, nothing where it cannot hold the tensor."""
    try:
        count, sections = codec.write(tensor)
    except InputError:
        return
    size = blob_bytes(tensor, count, [len(memoryview(s).cast("B")) for s in sections])
    yield _Choice(Candidate(codec.name, {}, size), codec.id, lambda: (count, sections))


def _plain(name: str, lengths: Sequence[int], statistics: Statistics) -> _Choice:
    codec, tensor = get(name), statistics.tensor
    count = tensor.codes.size if codec.stores_all else statistics.stored
    size = blob_bytes(tensor, count, lengths)
    return _Choice(Candidate(name, {}, size), codec.id, lambda: codec.write(tensor))


def _options_of(plan: Plan) -> dict[str, Any]:
    coding = plan.coding
    options: dict[str, Any] = {"mode": MODES[coding.mode]}
    if coding.codebook is None:
        options["low_bits"] = coding.low_bits
    else:
        options["codebook"] = coding.codebook.tolist()
    return options | ({"table_bits": coding.table_bits} if coding.table_bits else {})
