"""Codecs of a blob that are streams (zero_runs, huffman, ans), slowly: written from the page "Blobs" alone.

Imports nothing from edgeq. A reader fills ``blob.values``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.oracles import blob_tables as tables
from tests.oracles.blob_bytes import Bits, Blob, Bytes, as_signed, check

WORDS = (8, 16, 32, 64)


@dataclass(frozen=True)
class Segment:
    """Elements first..end-1, the number of stored values among them, and their bits."""

    first: int
    end: int
    count: int
    bits: Bits


def segments(blob: Blob, rows: int, word: int) -> list[Segment]:
    """Cut the tensor and its data section into segments of ``rows`` rows."""
    data, restart = blob.sections["data"], blob.cursor("restart")
    if rows == 0 or blob.n == 0:
        restart.end()
        return [Segment(0, blob.n, blob.count, Bits(data, word, "data"))]
    number, width = -(-blob.rows // rows), restart.unsigned(1)
    check(width in (1, 2, 4), f"restart: width {width}")
    check(len(restart.data) == 1 + 2 * width * number, "restart: length")
    pairs = [(restart.unsigned(width), restart.unsigned(width)) for _ in range(number)]
    largest = max(max(pair) for pair in pairs)
    check(width == (1 if largest < 2**8 else 2 if largest < 2**16 else 4), "restart: width is not the smallest")
    check(sum(count for _, count in pairs) == blob.count, "restart: values do not add up to the count")
    size = word // 8
    starts = [start * size for start, _ in pairs] + [len(data)]
    check(starts[0] == 0 and starts == sorted(starts), "restart: begins do not ascend from 0")
    found = []
    for i, (_, count) in enumerate(pairs):
        first, end = i * rows * blob.columns, min((i + 1) * rows, blob.rows) * blob.columns
        found.append(Segment(first, end, count, Bits(data[starts[i] : starts[i + 1]], word, "data")))
    return found


def word_bits(parameters: Bytes) -> int:
    word = parameters.unsigned(1)
    check(word in WORDS, f"parameters: word of {word} bits")
    return word


def read_zero_runs(blob: Blob) -> None:
    parameters = blob.cursor("parameters")
    r, style, word, rows = parameters.unsigned(1), parameters.unsigned(1), word_bits(parameters), parameters.varint()
    parameters.end()
    check(2 <= r <= 16, f"parameters: run bits {r}")
    check(style in (0, 1), f"parameters: style {style}")
    blob.values = [blob.fill_value] * blob.n
    for segment in segments(blob, rows, word):
        place, bits, value, ones = segment.first, segment.bits, None, 2**r - 1
        for _ in range(segment.count):
            run = bits.take(r)
            while style == 0 and run == ones:
                place += 2**r - 2
                check(place < segment.end, "data: run leaves its segment")
                run = bits.take(r)
            place += run
            check(place < segment.end, "data: run leaves its segment")
            value = as_signed(bits.take(blob.bits), blob.bits) if blob.signed else bits.take(blob.bits)
            check(value != blob.fill_value or (style == 1 and run == ones), "data: a stored value is the fill value")
            blob.values[place] = value
            place += 1
        check(value != blob.fill_value, "data: padding value at the end of a segment")
        bits.end()


@dataclass(frozen=True)
class Coding:
    """Parameters and tables of huffman and ans."""

    mode: int
    low_bits: int
    longest_run: int
    lo: int
    n: int
    codebook: list[int] | None
    stream: Callable[[Bits], Any]
    values: Any
    runs: Any


def read_entropy(blob: Blob) -> None:
    """Read a blob of huffman or ans."""
    p = blob.cursor("parameters")
    mode, word, low_bits, longest = p.unsigned(1), word_bits(p), p.unsigned(1), p.varint()
    escape, rows, t = p.unsigned(1), p.varint(), p.unsigned(1)
    p.end()
    check(mode <= 2, f"parameters: mode {mode}")
    check(low_bits <= 15, f"parameters: low bits {low_bits}")
    check(longest < (2**16 if mode else 1), f"parameters: largest run {longest}")
    check(escape == 0 or (escape == 1 and longest >= 1), f"parameters: escape {escape}")
    check(5 <= t <= 14 if blob.codec_name == "ans" else t == 0, f"parameters: table size {t}")
    codebook = read_codebook(blob)
    check(codebook is None or low_bits == 0, "parameters: low bits beside a codebook")
    blob.values = [blob.fill_value] * blob.n
    if blob.n == 0 or (mode > 0 and blob.count == 0):
        check(not blob.sections["value table"] and not blob.sections["run table"], "tables without a symbol")
        cut = segments(blob, rows, word)
    else:
        cut = segments(blob, rows, word)
        coding = read_tables(blob, mode, low_bits, longest, escape, t, codebook)
        for segment in cut:
            (read_values if mode == 0 else read_runs)(blob, coding, segment)
    for segment in cut:
        segment.bits.end()


def read_codebook(blob: Blob) -> list[int] | None:
    section = blob.cursor("codebook")
    if not section.data:
        return None
    size = section.varint()
    check(size > 0, "codebook: no values")
    found = blob.typed(section.rest(), size, "codebook")
    check(len(set(found)) == size, "codebook: a value twice")
    return found


def read_tables(
    blob: Blob, mode: int, low_bits: int, longest: int, escape: int, t: int, codebook: list[int] | None
) -> Coding:
    section = blob.cursor("value table")
    lo, n = section.svarint(), section.varint()
    span = (0, len(codebook)) if codebook is not None else (-(2**16), 2**16)
    check(n > 0 and span[0] <= lo and lo + n <= span[1], f"value table: symbols from {lo}, {n} of them")
    entries = (longest + 1) * n + escape if mode == 2 else n
    symbols = (lambda i: lo + i) if codebook is None else None
    special = -lo if mode == 0 and codebook is None and lo <= 0 < lo + n else None
    values = decoder(blob, section, tables.Alphabet(entries, symbols, special, low_bits, mode != 2), t)
    section, runs = blob.cursor("run table"), None
    if mode == 1:
        special = longest + 1 if escape else None
        runs = decoder(blob, section, tables.Alphabet(longest + 1 + escape, None, special, 0), t)
    section.end()

    def stream(bits: Bits) -> Any:
        return tables.HuffmanStream(bits) if blob.codec_name == "huffman" else tables.AnsStream(bits, t)

    return Coding(mode, low_bits, longest, lo, n, codebook, stream, values, runs)


def decoder(blob: Blob, section: Bytes, alphabet: tables.Alphabet, t: int) -> Any:
    check(alphabet.entries <= tables.MAX_ENTRIES, f"{section.place}: {alphabet.entries} entries")
    if blob.codec_name == "huffman":
        return tables.canonical_codes(tables.huffman_lengths(section, alphabet), section.place)
    return tables.ans_table(tables.ans_frequencies(section, alphabet, t), t, section.place)


def element(blob: Blob, coding: Coding, symbol: int, low: int) -> int:
    """Return the value of a symbol (lo .. lo + n - 1) and its low part."""
    if coding.codebook is not None:
        return coding.codebook[symbol]
    value = blob.fill_value + (symbol << coding.low_bits) + low
    check(blob.in_type(value), f"data: value {value} is not in the type")
    return value


def read_values(blob: Blob, coding: Coding, segment: Segment) -> None:
    """Mode 0: the symbol of each element."""
    stream, different = coding.stream(segment.bits), 0
    for place in range(segment.first, segment.end):
        entry = stream.entry(coding.values)
        low = segment.bits.take(coding.low_bits)
        stream.advance(coding.values)
        blob.values[place] = element(blob, coding, coding.lo + entry, low)
        different += blob.values[place] != blob.fill_value
    stream.end()
    check(different == segment.count, "data: elements that differ from the fill value are not the count")


def read_runs(blob: Blob, coding: Coding, segment: Segment) -> None:
    """Modes 1 and 2: before each stored value its run."""
    stream, place = coding.stream(segment.bits), segment.first
    first_table = coding.runs if coding.mode == 1 else coding.values
    per_run = 1 if coding.mode == 1 else coding.n
    for _ in range(segment.count):
        while (entry := stream.entry(first_table)) == (coding.longest_run + 1) * per_run:
            stream.advance(first_table)
            place += coding.longest_run
            check(place < segment.end, "data: run leaves its segment")
        place += entry // per_run
        check(place < segment.end, "data: run leaves its segment")
        if coding.mode == 1:
            stream.advance(coding.runs)
            entry = stream.entry(coding.values)
        low = segment.bits.take(coding.low_bits)
        stream.advance(coding.values)
        blob.values[place] = element(blob, coding, coding.lo + entry % coding.n, low)
        check(blob.values[place] != blob.fill_value, "data: a stored value is the fill value")
        place += 1
    stream.end()
