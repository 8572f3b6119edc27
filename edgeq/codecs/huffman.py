"""Canonical, length-limited Huffman codes of values, of runs and values, or of both as one symbol.

Source: README.md of this folder, "huffman and ans"; D. Huffman (1952); the pairing of runs and values is that of Han
et al., "Deep Compression" (2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgeq.codecs.bits import Bytes, new_words, stream_bytes, swap_words
from edgeq.codecs.canonical import canonical_codes
from edgeq.codecs.coding import JOINT, VALUES
from edgeq.codecs.entropy import Entropy, Lookup
from edgeq.codecs.histograms import Statistics
from edgeq.codecs.huffman_loops import Fields, write_runs, write_values
from edgeq.codecs.planning import Plan, entries_of_codes
from edgeq.codecs.segments import Places
from edgeq.codecs.tables import Table

IntArray = npt.NDArray[np.int64]

_PAIRS_FROM = 1 << 17
"""Elements from which a table of pairs pays for its making."""


@dataclass(frozen=True)
class Huffman(Entropy):
    """Huffman codes of at most 15 bits.

    >>> import numpy as np
    >>> from edgeq.arith.types import IntType
    >>> blob = Huffman().encode(np.array([1, 0, 0, 0, 0, -1]), type=IntType(8))
    >>> Huffman().decode(blob).tolist()
    [1, 0, 0, 0, 0, -1]
    """

    name: ClassVar[str] = "huffman"
    id: ClassVar[int] = 9

    @property
    def _first_table_bits(self) -> int:
        return 0

    def write_data(self, plan: Plan, statistics: Statistics) -> tuple[Bytes, Places]:
        tensor, bounds, coding = statistics.tensor, statistics.bounds, plan.coding
        starts = np.zeros(bounds.size, np.int64)
        if plan.values is None:
            return np.zeros(0, np.uint8), starts
        words = new_words(plan.data_bits + bounds.size * coding.word_bits)
        entry_of, low_of = entries_of_codes(statistics, plan.symbols)
        fields = _fields(plan.values)
        if coding.mode == VALUES:
            fields = _with_low_bits(fields[entry_of], low_of, coding.low_bits)
            pairs = _pairs(fields, tensor.type.bits, tensor.codes.size)
            write_values(tensor.codes, bounds, _uppermost(fields), _uppermost(pairs), tensor.type.bits,
                         coding.word_bits, words, starts)
        else:
            run_fields = _fields(plan.runs) if plan.runs is not None else np.zeros(1, np.uint64)
            stride = plan.symbols.count if coding.mode == JOINT else 0
            write_runs(tensor.codes, bounds, tensor.fill_code, coding.max_run, stride, fields, run_fields, entry_of,
                       low_of, coding.low_bits, coding.word_bits, words, starts)
        return swap_words(stream_bytes(words, int(starts[-1])), coding.word_bits), starts

    def section_bytes(self, plan: Plan, statistics: Statistics) -> tuple[int, int]:
        if plan.coding.rows_each:
            return super().section_bytes(plan, statistics)
        word_bits = plan.coding.word_bits
        return len(plan.head(statistics)), -(-plan.data_bits // word_bits) * word_bits // 8

    def lookup(self, numbers: IntArray) -> Lookup:
        longest = int(numbers.max())
        rows = np.full(1 << longest, -1, np.int64)
        order = np.lexsort((np.arange(numbers.size), numbers))
        order = order[numbers[order] > 0]
        repeated = np.repeat(order << 32 | numbers[order], 1 << (longest - numbers[order]))
        rows[: repeated.size] = repeated
        return Lookup(rows, longest)


def _fields(table: Table) -> Fields:
    return (canonical_codes(table.numbers) << 8 | table.numbers).astype(np.uint64)


def _with_low_bits(fields: Fields, low_of: IntArray, low_bits: int) -> Fields:
    code, length = fields >> np.uint64(8), fields & np.uint64(255)
    code = code << np.uint64(low_bits) | low_of.astype(np.uint64)
    return code << np.uint64(8) | (length + np.uint64(low_bits))


def _pairs(fields: Fields, bits: int, elements: int) -> Fields:
    """Return the fields of all pairs of codes, or none where they would not pay."""
    if bits > 8 or elements < _PAIRS_FROM:
        return np.zeros(0, np.uint64)
    code, length = fields >> np.uint64(8), fields & np.uint64(255)
    codes = (code[:, None] << length[None, :]) | code[None, :]
    lengths = length[:, None] + length[None, :]
    return np.ravel(codes << np.uint64(8) | lengths)


def _uppermost(fields: Fields) -> Fields:
    """Return fields with their codes in the uppermost bits."""
    code, length = fields >> np.uint64(8), fields & np.uint64(255)
    raised: Fields = code << (np.uint64(64) - np.maximum(length, np.uint64(1)))
    return raised | length
