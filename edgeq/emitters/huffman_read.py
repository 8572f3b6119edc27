"""Decode an image of the Verilog Huffman decoder back to its tensor, bit by bit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel
from edgeq.emitters.huffman_image import JOINT, LONGEST, RUNS, VALUES, Image, Words
from edgeq.errors import CodecError
from edgeq.ir.tensor import IntArray

Bits = npt.NDArray[np.uint8]
_FAULTS = ("", "the segment ends within a code", "bits are no code", "a run leaves the segment", "words are left over",
           "bits of padding are not zero")


def decode_image(image: Image, where: str) -> IntArray:
    """Return the tensor; raises CodecError naming ``where`` for words that are no stream of its tables."""
    codes = np.full(image.elements, image.fill_value & _mask(image), np.int64)
    ends = np.append(image.words[1:], image.stream.size)
    if (image.words > ends).any() or (ends > image.stream.size).any():
        raise CodecError(f"{where}: the restart table leaves the stream")
    numbers = np.array([image.mode, image.low_bits, image.type.bits, image.word_bits, *image.escape], np.int64)
    limits = np.stack([image.values.limits, image.runs.limits])
    firsts = np.stack([image.values.firsts, image.runs.firsts])
    for k, (first, end, count) in enumerate(zip(image.words, ends, image.counts, strict=True)):
        out = codes[k * image.segment : (k + 1) * image.segment]
        stored = out.size if image.mode == VALUES else int(count)
        fault = _decode_segment(_bits(image.stream[first:end], image.word_bits), stored, out, numbers, limits, firsts,
                                image.values.entries, image.runs.entries)
        if fault:
            raise CodecError(f"{where}: segment {k}: {_FAULTS[fault]}")
    codes &= _mask(image)
    return (codes - ((codes > image.type.qmax).astype(np.int64) << image.type.bits)).reshape(image.shape)


def _mask(image: Image) -> int:
    return (1 << image.type.bits) - 1


def _bits(words: Words, word_bits: int) -> Bits:
    return np.unpackbits(words.astype(f">u{word_bits // 8}").view(np.uint8))


@kernel
def _take(bits: Bits, place: int, limits: IntArray) -> int:
    """Return the length of the code at a place, 0 where the bits end within it, -1 for bits that are no code."""
    code = 0
    for length in range(1, LONGEST + 1):
        if place + length > bits.size:
            return 0
        code = code << 1 | int(bits[place + length - 1])
        if code << (LONGEST - length) < limits[length - 1]:
            return length
    return -1


@kernel
def _number(bits: Bits, place: int, length: int) -> int:
    """Return a field as a number."""
    number = 0
    for k in range(length):
        number = number << 1 | int(bits[place + k])
    return number


@kernel
def _decode_segment(
    bits: Bits, count: int, out: IntArray, numbers: IntArray, limits: IntArray, firsts: IntArray,
    values: IntArray, runs: IntArray,
) -> int:
    """Write the values of one segment into ``out``; return the number of a fault, 0 for none."""
    mode, low_bits, type_bits, word_bits, escape_length, escape_code = numbers
    place, element, stored, value_next = 0, 0, 0, mode != RUNS
    while stored < count:
        table = 0 if value_next else 1
        length = _take(bits, place, limits[table])
        if length < 1:
            return 1 if length == 0 else 2
        code = _number(bits, place, length)
        entry = (values if value_next else runs)[code + firsts[table, length - 1]]
        escape = length == escape_length and code == escape_code and (mode == JOINT or not value_next)
        place += length
        if mode == JOINT:
            element += entry >> type_bits
        elif not value_next:
            element += entry
            value_next = not escape
            continue
        if escape:
            continue
        if place + low_bits > bits.size:
            return 1
        if element >= out.size:
            return 3
        out[element] = entry + _number(bits, place, low_bits)
        place += low_bits
        element, stored, value_next = element + 1, stored + 1, mode != RUNS
    if -(-place // word_bits) * word_bits != bits.size:
        return 4
    return 5 if bits[place:].any() else 0
