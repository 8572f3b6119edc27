"""Loops over values, words and digits.

A word is a row of bytes, least significant first; a value takes pieces of at most 32 bits, so that every
intermediate fits 64 bits. Loops move bits and look for faults; what a fault means is said by their callers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel

IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]

DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
BAD = 255
CODES = np.full(256, BAD, np.uint8)
"""The number that a character is as a digit, BAD for every other."""
CODES[DIGITS] = np.arange(16)


@kernel
def pack(values: IntArray, lanes: int, bits: int, reverse: bool, rows: ByteArray) -> None:
    """Put ``lanes`` values of ``bits`` each into every row, the first (with ``reverse`` the last) lowest."""
    words, size = rows.shape
    most = min(bits, 32)
    mask = (1 << most) - 1
    for w in range(words):
        kept, filled, at = 0, 0, 0
        for k in range(lanes):
            value = values[w * lanes + (lanes - 1 - k if reverse else k)]
            kept |= (value & mask) << filled
            filled += most
            while filled >= 8:
                rows[w, at] = kept & 255
                kept >>= 8
                filled -= 8
                at += 1
            if bits > 32:
                kept |= ((value >> 32) & ((1 << (bits - 32)) - 1)) << filled
                filled += bits - 32
                while filled >= 8:
                    rows[w, at] = kept & 255
                    kept >>= 8
                    filled -= 8
                    at += 1
        for b in range(at, size):
            rows[w, b] = kept
            kept = 0


@kernel
def unpack(rows: ByteArray, lanes: int, bits: int, reverse: bool, signed: bool, values: IntArray) -> int:
    """Take the values of every row back; return the first word with a bit set above its lanes, else -1."""
    words, size = rows.shape
    fault = -1
    most = min(bits, 32)
    mask, sign = (1 << most) - 1, most - 1
    for w in range(words):
        kept, filled, at = np.int64(0), 0, 0
        for k in range(lanes):
            while filled < most:
                kept |= np.int64(rows[w, at]) << filled
                filled += 8
                at += 1
            value = kept & mask
            kept >>= most
            filled -= most
            if bits > 32:
                n = bits - 32
                while filled < n:
                    kept |= np.int64(rows[w, at]) << filled
                    filled += 8
                    at += 1
                piece = kept & ((1 << n) - 1)
                kept >>= n
                filled -= n
                if signed:
                    piece -= (piece >> (n - 1)) << n
                value += piece << 32
            elif signed:
                value -= (value >> sign) << most
            values[w * lanes + (lanes - 1 - k if reverse else k)] = value
        for b in range(at, size):
            kept |= np.int64(rows[w, b])
        if kept != 0 and fault < 0:
            fault = w
    return fault


@kernel
def write_digits(rows: ByteArray, digits: ByteArray, unit: int, count: int, text: ByteArray, column: int) -> None:
    """Write each row as ``count`` digits of ``unit`` bits (1 or 4) into a row of ``text``, highest at ``column``."""
    for w in range(rows.shape[0]):
        place, left = column + count - 1, count
        for b in range(rows.shape[1]):
            code = np.int64(rows[w, b])
            if unit == 4:
                text[w, place] = digits[code & 15]
                if left > 1:
                    text[w, place - 1] = digits[code >> 4]
                place -= 2
                left -= 2
            else:
                for k in range(min(left, 8)):
                    text[w, place - k] = digits[(code >> k) & 1]
                place -= 8
                left -= 8


@kernel
def read_digits(text: ByteArray, codes: ByteArray, unit: int, count: int, column: int, rows: ByteArray) -> int:
    """Read the digits of each row of ``text`` back; return the first row with a wrong one, else -1."""
    for w in range(text.shape[0]):
        place, left, seen = column + count - 1, count, np.int64(0)
        for b in range(rows.shape[1]):
            low, high = np.int64(0), np.int64(0)
            if unit == 4:
                low = np.int64(codes[text[w, place]])
                if left > 1:
                    high = np.int64(codes[text[w, place - 1]])
                seen |= low | high
                rows[w, b] = (low | high << 4) & 255
                place -= 2
                left -= 2
            else:
                for k in range(min(left, 8)):
                    digit = np.int64(codes[text[w, place - k]])
                    seen |= digit
                    low |= digit << k
                rows[w, b] = low & 255
                place -= 8
                left -= 8
        if seen >> unit != 0:
            return w
    return -1


@kernel
def plain_words(text: ByteArray, out: ByteArray) -> tuple[int, int, int]:
    """Copy words, one a line in lower case, without comments, white space and addresses.

    Return the characters written, the words, and the place of the first address that is not that of the word after it,
    else -1. ``out`` has a character more than ``text``.
    """
    at, words, written = 0, 0, 0
    inside = False
    while at < text.size:
        code = np.int64(text[at])
        if code == 47 and at + 1 < text.size and text[at + 1] == 47:  # a comment, to the end of the line
            while at < text.size and text[at] != 10:
                at += 1
        elif code == 32 or 9 <= code <= 13:
            if inside:
                out[written] = 10
                written += 1
                words += 1
            inside = False
            at += 1
        elif code == 64 and not inside:
            start, address, digits = at, np.int64(0), 0
            at += 1
            while at < text.size and digits <= 16:
                digit = np.int64(text[at])
                if 48 <= digit <= 57:
                    address = address << 4 | (digit - 48)
                elif 97 <= digit | 32 <= 102:
                    address = address << 4 | ((digit | 32) - 87)
                else:
                    break
                digits += 1
                at += 1
            ends = at == text.size or text[at] == 32 or 9 <= text[at] <= 13 or text[at] == 47
            if not 1 <= digits <= 16 or not ends or address != words:
                return written, words, start
        else:
            out[written] = code + 32 if 65 <= code <= 90 else code
            written += 1
            inside = True
            at += 1
    if inside:
        out[written] = 10
        written += 1
        words += 1
    return written, words, -1
