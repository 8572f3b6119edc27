"""Fields of n bits in streams of bits, most significant bit first, in words of W bits.

Loops read plain bytes, W = 8, with `get_field`; they write words of 64 bits with `put_bits`, which `stream_bytes` turns
into plain bytes. Where W is wider than 8, `swap_words` turns plain bytes into stored words and back. A caller of
`get_field` and `put_bits` keeps their fields inside the stream.

Source: README.md of this folder, "Notation".
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel, primitive
from edgeq.errors import InputError, shown

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Codes = npt.NDArray[Any]
"""Values as fields: two's complement of B bits in uint8 (B <= 8), uint16 (B <= 16) or int64, one dimension."""

WORD_BITS = (8, 16, 32, 64)


def bits_for(count: int) -> int:
    """Return the bits of a field that holds 0..count-1.

    >>> [bits_for(n) for n in (0, 1, 2, 3, 256, 257)]
    [0, 0, 1, 2, 8, 9]
    """
    return max(count - 1, 0).bit_length()


def bytes_for(bits: int) -> int:
    """Return the bytes that ``bits`` bits take."""
    return -(-bits // 8)


def require_word_bits(word_bits: int) -> None:
    """Raise InputError for words that the format does not have."""
    if type(word_bits) is not int or word_bits not in WORD_BITS:
        raise InputError(f"word_bits {shown(word_bits)} does not exist; use 8, 16, 32 or 64")


def code_dtype(bits: int) -> np.dtype[Any]:
    """Return the dtype of the codes of values of ``bits`` bits."""
    return np.dtype(np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.int64)


def swap_words(data: Bytes, word_bits: int) -> Bytes:
    """Turn a stream of whole words from plain bit order into stored words, or back; read-only.

    >>> swap_words(np.array([1, 2, 3, 4], np.uint8), 16).tolist()
    [2, 1, 4, 3]
    """
    swapped = data if word_bits == 8 else data.view(f"u{word_bits // 8}").byteswap().view(np.uint8)
    return readonly(swapped)


def readonly(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a read-only view: all inputs of loops are, so that each loop is compiled for one kind of array."""
    view = array.view()
    view.flags.writeable = False
    return view


@primitive
def load64(data: Bytes, place: int) -> np.uint64:
    """Return eight bytes, the first in the uppermost bits."""
    word = np.uint64(0)
    for k in range(8):  # one load, once compiled
        word = (word << np.uint64(8)) | np.uint64(data[np.uint64(place + k)])
    return word


@primitive
def peek(data: Bytes, position: int, bits: int) -> int:
    """Return the field of 0..57 bits at ``position``; bits behind the last byte, of eight or more, are zeros."""
    place = min(position >> 3, data.size - 8)
    shift = position - 8 * place
    if shift > 63:
        return 0
    word = load64(data, place) << np.uint64(shift)
    return int(np.int64((word >> np.uint64(1)) >> np.uint64(63 - bits)))


@primitive
def get_field(data: Bytes, position: int, bits: int) -> int:
    """Return the field of ``bits`` (0..63) at bit ``position`` of plain bytes."""
    first = position >> 3
    if bits <= 57 and first + 8 <= data.size:
        word = load64(data, first) << np.uint64(position & 7)
        return int(np.int64((word >> np.uint64(1)) >> np.uint64(63 - bits)))
    value = 0
    left = bits
    while left > 0:
        room = 8 - (position & 7)
        take = min(room, left)
        value = (value << take) | ((int(data[position >> 3]) >> (room - take)) & ((1 << take) - 1))
        position += take
        left -= take
    return value


@primitive
def put_bits(words: Words, position: int, value: int, bits: int) -> None:
    """Store ``value``, 0..2^bits - 1 with ``bits`` 0..63, at bit ``position`` of words that are still zero there."""
    place = np.uint64(position >> 6)
    over = bits - 64 + (position & 63)  # bits that fall into the next word
    if over <= 0:
        words[place] |= np.uint64(value) << np.uint64(-over if bits else 0)
    else:
        words[place] |= np.uint64(value) >> np.uint64(over)
        words[place + np.uint64(1)] |= np.uint64(value) << np.uint64(64 - over)


def new_words(bits: int) -> Words:
    """Return zeros to `put_bits` into, enough for ``bits`` and for a field of no bits behind them."""
    return np.zeros(bits // 64 + 1, np.uint64)


def stream_bytes(words: Words, bits: int) -> Bytes:
    """Return the bytes of the first ``bits`` bits, in plain bit order; takes ``words`` over."""
    return words.byteswap(inplace=True).view(np.uint8)[: bytes_for(bits)]


@kernel
def _pack(codes: Codes, bits: int, words: Words) -> None:
    for k in range(codes.size):
        put_bits(words, k * bits, int(codes[k]), bits)


@kernel
def _unpack(data: Bytes, bits: int, codes: Codes) -> None:
    for k in range(codes.size):
        codes[k] = get_field(data, k * bits, bits)


def pack(codes: Codes, bits: int) -> Bytes:
    """Return the fields of ``codes`` in plain bytes, the last one padded with zeros.

    >>> pack(np.array([1, 2, 3], np.uint8), 3).tolist()
    [41, 128]
    """
    if bits == 8 * codes.itemsize:
        return np.ascontiguousarray(codes).astype(codes.dtype.newbyteorder(">"), copy=False).view(np.uint8)
    words = new_words(codes.size * bits)
    if bits:
        _pack(readonly(np.ascontiguousarray(codes)), bits, words)
    return stream_bytes(words, codes.size * bits)


def unpack(data: Bytes, bits: int, count: int) -> Codes:
    """Return ``count`` fields of 0..64 bits from the start of ``data``, which has to hold them.

    >>> unpack(np.array([41, 128], np.uint8), 3, 3).tolist()
    [1, 2, 3]
    """
    dtype = code_dtype(bits)
    if bits == 8 * dtype.itemsize:
        return np.ascontiguousarray(data[: count * dtype.itemsize]).view(dtype.newbyteorder(">")).astype(dtype)
    codes = np.zeros(count, dtype)
    if bits:
        _unpack(readonly(data), bits, codes)
    return codes


def padding_is_zero(data: Bytes, bits: int) -> bool:
    """Tell whether the bits of ``data`` from ``bits`` to the end of that byte are zero."""
    return bits % 8 == 0 or not int(data[bits // 8]) & ((1 << (-bits % 8)) - 1)
