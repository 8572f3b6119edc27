"""The writing loops of huffman: all elements, or runs and values.

A field is a code and its length in bits in one integer: the length in the lower 8 bits, the code above them, for
`write_values` in the uppermost bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel, primitive
from edgeq.codecs.bits import Codes, Words, put_bits
from edgeq.codecs.segments import Places

IntArray = npt.NDArray[np.int64]
Fields = npt.NDArray[np.uint64]


@primitive
def _align(position: int, word_bits: int) -> int:
    return (position + word_bits - 1) // word_bits * word_bits


@kernel
def write_values(codes: Codes, bounds: Places, fields: Fields, pairs: Fields, bits: int, word_bits: int, words: Words,
                 starts: IntArray) -> None:
    """Write the field of each element, of two at a time where ``pairs`` has the fields of all pairs of codes.

    ``starts`` takes the bit at which each segment begins, and as the last the end.
    """
    short = pairs.size > 0
    for field in pairs:
        short = short and (field & np.uint64(255)) <= 32  # two of them fit into 64 bits
    for s in range(bounds.size - 1):
        k, stop = bounds[s], bounds[s + 1]
        place = np.uint64(starts[s] >> 6)
        filled = np.uint64(starts[s] & 63)
        held = words[place]
        while k < stop:
            if pairs.size and k + 1 < stop:
                field = pairs[(np.uint64(codes[k]) << np.uint64(bits)) | np.uint64(codes[k + 1])]
                k += 2
            else:
                field = fields[codes[k]]
                k += 1
            length = field & np.uint64(255)
            code = field ^ length
            if short and k + 1 < stop:
                field = pairs[(np.uint64(codes[k]) << np.uint64(bits)) | np.uint64(codes[k + 1])]
                k += 2
                more = field & np.uint64(255)
                code |= (field ^ more) >> length
                length += more
            first = held | (code >> filled)
            second = (code << np.uint64(1)) << (np.uint64(63) - filled)
            words[place] = first
            filled += length
            held = second if filled > 63 else first  # no branch: they would be guessed wrong
            place += filled >> np.uint64(6)
            filled &= np.uint64(63)
        if filled > 0:
            words[place] = held
        starts[s + 1] = _align(int(np.int64(place * np.uint64(64) + filled)), word_bits)


@primitive
def _put(words: Words, position: int, field: np.uint64) -> int:
    length = int(np.int64(field & np.uint64(255)))
    put_bits(words, position, int(np.int64(field >> np.uint64(8))), length)
    return position + length


@kernel
def write_runs(codes: Codes, bounds: Places, fill: int, max_run: int, stride: int, fields: Fields, run_fields: Fields,
               entry_of: IntArray, low_of: IntArray, low_bits: int, word_bits: int, words: Words,
               starts: IntArray) -> None:
    """Write a run and a value for each element but those of the fill value.

    ``stride`` 0: the run by ``run_fields``, whose last is the escape, then the value by ``fields``. Else both by
    ``fields``, at run * stride + the value's entry; the escape is the last of them.
    """
    escape = run_fields[-1] if stride == 0 else fields[-1]
    for s in range(bounds.size - 1):
        position, run = starts[s], 0
        for k in range(bounds[s], bounds[s + 1]):
            code = codes[k]
            if code == fill:
                run += 1
                continue
            while run > max_run:
                position = _put(words, position, escape)
                run -= max_run
            if stride == 0:
                position = _put(words, position, run_fields[run])
            position = _put(words, position, fields[run * stride + entry_of[code]])
            put_bits(words, position, low_of[code], low_bits)
            position += low_bits
            run = 0
        starts[s + 1] = _align(position, word_bits)
