"""Streams of bits as 64-bit words, bit 0 in the most significant bit of word 0: what the loops of huffman and ans use.

`to_words` and `from_words` go between these and the stored words of `word_bits` bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import primitive
from edgeq.codecs.bits import Bytes, readonly, swap_words

Words = npt.NDArray[np.uint64]

SPARE = 3
"""Zero words after a stream that is read: a peek begins at most at the stream's end and 64 bits."""


def to_words(data: Bytes) -> Words:
    """Return plain bytes as words, with `SPARE` zero words behind.

    >>> [hex(w) for w in to_words(np.array([0x12, 0x34], np.uint8)).tolist()]
    ['0x1234000000000000', '0x0', '0x0', '0x0']
    """
    padded = np.zeros(8 * (-(-data.size // 8) + SPARE), np.uint8)
    padded[: data.size] = data
    return readonly(padded.view(">u8").astype(np.uint64))


def from_words(words: Words, count: int, word_bits: int) -> Bytes:
    """Return the first ``count`` stored words of ``word_bits`` bits."""
    data = words.byteswap(inplace=True).view(np.uint8)[: count * word_bits // 8]
    return swap_words(data, word_bits)


@primitive
def peek64(words: Words, position: int) -> np.uint64:
    """Return the 64 bits at ``position``."""
    place = np.uint64(position) >> np.uint64(6)
    shift = np.uint64(position) & np.uint64(63)
    low = (words[place + np.uint64(1)] >> np.uint64(1)) >> (np.uint64(63) - shift)
    return (words[place] << shift) | low


@primitive
def peek(words: Words, position: int, bits: int) -> int:
    """Return the field of 0..63 bits at ``position``."""
    return np.int64((peek64(words, position) >> np.uint64(1)) >> np.uint64(63 - bits))


@primitive
def poke(words: Words, position: int, value: int, bits: int) -> None:
    """Store a field of 0..63 bits at ``position`` of words that are still zero there."""
    if bits == 0:
        return
    place = position >> 6
    room = 64 - (position & 63)
    if bits <= room:
        words[place] |= np.uint64(value) << np.uint64(room - bits)
    else:
        words[place] |= np.uint64(value) >> np.uint64(bits - room)
        words[place + 1] |= np.uint64(value) << np.uint64(64 + room - bits)
