"""Read streams of bits from 64-bit words, bit 0 in the most significant bit of word 0."""

from __future__ import annotations

import numpy as np

from edgeq.arith.jit import primitive
from edgeq.codecs.bits import Bytes, Words, readonly

SPARE = 3
"""Zero words after a stream that is read: a peek begins at most at the stream's end and 64 bits."""


def to_words(data: Bytes) -> Words:
    """Return plain bytes as words, with `SPARE` zero words behind.

    >>> [hex(w) for w in to_words(np.array([0x12, 0x34], np.uint8)).tolist()]
    ['0x1234000000000000', '0x0', '0x0', '0x0']
    """
    words = np.empty(-(-data.size // 8) + SPARE, np.uint64)
    words[-SPARE - 1 :] = 0
    words.view(np.uint8)[: data.size] = data
    return readonly(words.byteswap(inplace=True))


@primitive
def peek64(words: Words, position: int) -> np.uint64:
    """Return the 64 bits at ``position``."""
    place = np.uint64(position) >> np.uint64(6)
    shift = np.uint64(position) & np.uint64(63)
    low = (words[place + np.uint64(1)] >> np.uint64(1)) >> (np.uint64(63) - shift)
    found: np.uint64 = (words[place] << shift) | low
    return found


@primitive
def peek(words: Words, position: int, bits: int) -> int:
    """Return the field of 0..63 bits at ``position``."""
    return int(np.int64((peek64(words, position) >> np.uint64(1)) >> np.uint64(63 - bits)))
