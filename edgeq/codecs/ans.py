"""Tabled asymmetric numeral systems: as huffman, but a symbol may take a fraction of a bit.

Source: README.md of this folder, "huffman and ans"; J. Duda, "Asymmetric numeral systems" (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from edgeq.codecs.ans_loops import write_ans
from edgeq.codecs.bits import Bytes, Words, new_words, stream_bytes, swap_words
from edgeq.codecs.coding import JOINT
from edgeq.codecs.entropy import Entropy, Lookup, require, within
from edgeq.codecs.histograms import Statistics
from edgeq.codecs.planning import Plan, entries_of_codes
from edgeq.codecs.segments import Places, write_restart
from edgeq.codecs.tans import FEWEST_BITS, MOST_BITS, decoding_steps, encoding_moves

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ans(Entropy):
    """tANS with tables of 2^``table_bits`` states, 5 to 14, None for the best.

    >>> import numpy as np
    >>> from edgeq.arith.types import IntType
    >>> blob = Ans().encode(np.array([1, 0, 0, 0, 0, -1]), type=IntType(8))
    >>> Ans().decode(blob).tolist()
    [1, 0, 0, 0, 0, -1]
    """

    name: ClassVar[str] = "ans"
    id: ClassVar[int] = 10

    table_bits: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        expected = f"{FEWEST_BITS} to {MOST_BITS}"
        require(self.table_bits is None or within(self.table_bits, FEWEST_BITS, MOST_BITS), "table_bits",
                 self.table_bits, expected)

    @property
    def _first_table_bits(self) -> int:
        return MOST_BITS

    @property
    def _fixed_table_bits(self) -> int | None:
        return self.table_bits

    def write_data(self, plan: Plan, statistics: Statistics) -> tuple[Bytes, Places]:
        bounds, coding = statistics.bounds, plan.coding
        if plan.values is None:
            return np.zeros(0, np.uint8), np.zeros(bounds.size, np.int64)
        lengths, starts = self.segment_bits(plan, statistics)
        words = new_words(int(starts[-1]))
        self._write(plan, statistics, words, lengths, starts[:-1] + lengths)
        return swap_words(stream_bytes(words, int(starts[-1])), coding.word_bits), starts

    def section_bytes(self, plan: Plan, statistics: Statistics) -> tuple[int, int]:
        starts = self.segment_bits(plan, statistics)[1] if plan.values else np.zeros(statistics.bounds.size, np.int64)
        restart = write_restart(plan.coding.rows_each, starts // self.word_bits, statistics.kept)
        return len(plan.head(statistics)) + len(restart), int(starts[-1]) // 8

    def segment_bits(self, plan: Plan, statistics: Statistics) -> tuple[IntArray, IntArray]:
        """Return the bits of each segment, and the bit at which each begins, with the end as the last."""
        lengths, ends = np.zeros((2, statistics.bounds.size - 1), np.int64)
        self._write(plan, statistics, np.zeros(0, np.uint64), lengths, ends)
        word_bits = plan.coding.word_bits
        return lengths, np.append(0, np.cumsum(-(-lengths // word_bits))) * word_bits

    def _write(self, plan: Plan, statistics: Statistics, words: Words, lengths: IntArray,
               ends: IntArray) -> None:
        assert plan.values is not None
        tensor, coding, symbols = statistics.tensor, plan.coding, plan.symbols
        entry_of, low_of = entries_of_codes(statistics, symbols)
        moves = [encoding_moves(t.numbers, coding.table_bits) for t in (plan.values, plan.runs) if t is not None]
        rise = np.concatenate([m.rise for m in moves])
        at = np.concatenate([m.at + (k << coding.table_bits) for k, m in enumerate(moves)])
        following = np.concatenate([m.next for m in moves])
        stride = symbols.count if coding.mode == JOINT else 0
        write_ans(tensor.codes, statistics.bounds, coding.mode, tensor.fill_code, coding.max_run, stride,
                  rise.size - 1, symbols.count, coding.table_bits, rise, at, following, entry_of, low_of,
                  coding.low_bits, words, lengths, ends)

    def lookup(self, numbers: IntArray) -> Lookup:
        steps = decoding_steps(numbers, int(numbers.sum()).bit_length() - 1)
        return Lookup(steps.entry << 32 | steps.base << 8 | steps.bits, 0)
