"""The writing loop of ans: a segment is coded from its last symbol to its first, its bits from the end to the start.

It runs twice: first it counts the bits of each segment, then it writes them where they belong.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel, primitive
from edgeq.codecs.bits import Codes, Words, put_bits
from edgeq.codecs.segments import Places

IntArray = npt.NDArray[np.int64]


@primitive
def _before(state: int, position: int, entry: int, low: int, low_bits: int, rise: IntArray, at: IntArray,
            following: IntArray, words: Words) -> tuple[int, int]:
    """Put one symbol before ``position``: its low bits, then the bits that lead on; return state and position."""
    bits = (state + rise[entry]) >> 16
    position -= bits
    if words.size:
        put_bits(words, position, state & ((1 << bits) - 1), bits)
        put_bits(words, position - low_bits, low, low_bits)
    return following[(state >> bits) + at[entry]], position - low_bits


@kernel
def write_ans(codes: Codes, bounds: Places, mode: int, fill: int, max_run: int, stride: int, escape: int,
              first_run: int, table_bits: int, rise: IntArray, at: IntArray, following: IntArray, entry_of: IntArray,
              low_of: IntArray, low_bits: int, words: Words, lengths: IntArray, ends: IntArray) -> None:
    """Count the bits of each segment where ``words`` is empty, else write each before its end.

    Modes "values" and "runs": entries of the value table from 0, of the run table from ``first_run``. Mode "joint":
    run * stride + the value's entry. ``escape`` is the entry of an escape.
    """
    for s in range(bounds.size - 1):
        state, position = 1 << table_bits, ends[s]
        k, first = bounds[s + 1] - 1, bounds[s]
        symbols = 0
        while k >= first:
            code = codes[k]
            k -= 1
            if mode == 0:
                state, position = _before(state, position, entry_of[code], low_of[code], low_bits, rise, at, following,
                                          words)
                symbols += 1
                continue
            if code == fill:
                continue
            run = 0
            while k >= first and codes[k] == fill:
                run += 1
                k -= 1
            cuts = (run - 1) // max_run if run > max_run else 0
            run -= cuts * max_run
            state, position = _before(state, position, run * stride + entry_of[code], low_of[code], low_bits, rise, at,
                                      following, words)
            if stride == 0:
                state, position = _before(state, position, first_run + run, 0, 0, rise, at, following, words)
            for _ in range(cuts):
                state, position = _before(state, position, escape, 0, 0, rise, at, following, words)
            symbols += 1
        if symbols:
            position -= table_bits
            if words.size:
                put_bits(words, position, state - (1 << table_bits), table_bits)
        lengths[s] = ends[s] - position
