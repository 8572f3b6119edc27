"""The writing loop of ans: a segment is coded from its last symbol to its first, its bits from the end to the start.

It runs twice: first it counts the bits of each segment, then it writes them where they belong.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel
from edgeq.codecs.bits import Codes, Words, put_bits
from edgeq.codecs.segments import Places

IntArray = npt.NDArray[np.int64]


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
        run_entry, cuts, started = -1, 0, False
        while True:
            low, wide = 0, 0
            if run_entry >= 0:
                entry, run_entry = run_entry, -1
            elif cuts > 0:
                entry = escape
                cuts -= 1
            else:
                while mode != 0 and k >= first and codes[k] == fill:
                    k -= 1
                if k < first:
                    break
                code = codes[k]
                entry, low, wide, started = entry_of[code], low_of[code], low_bits, True
                k -= 1
                if mode != 0:
                    run = 0
                    while k >= first and codes[k] == fill:
                        run += 1
                        k -= 1
                    cuts = (run - 1) // max_run if run > max_run else 0
                    run -= cuts * max_run
                    entry += run * stride
                    run_entry = -1 if stride else first_run + run
            bits = (state + rise[entry]) >> 16
            position -= bits + wide
            if words.size:
                put_bits(words, position, (low << bits) | (state & ((1 << bits) - 1)), bits + wide)
            state = following[(state >> bits) + at[entry]]
        if started:
            position -= table_bits
            if words.size:
                put_bits(words, position, state - (1 << table_bits), table_bits)
        lengths[s] = ends[s] - position
