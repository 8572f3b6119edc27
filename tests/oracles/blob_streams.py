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


def segments(blob: Blob, restart: Bytes, rows: int, word: int) -> list[Segment]:
    """Cut the tensor and its data section into segments of ``rows`` rows; restart stands at the end of its section."""
    data = blob.sections["data"]
    check(rows < 2**32, f"parameters: {rows} rows a segment")
    if rows == 0 or blob.n == 0:
        restart.end()
        return [Segment(0, blob.n, blob.count, Bits(data, word, "data"))]
    number, width = -(-blob.rows // rows), restart.unsigned(1)
    check(width in (1, 2, 4), f"restart: width {width}")
    check(len(restart.data) == restart.at + 2 * width * number, "restart: length")
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


def read_zero_runs(blob: Blob) -> None:
    parameters = blob.cursor("parameters")
    r, style, word = parameters.unsigned(1), parameters.unsigned(1), parameters.unsigned(1)
    rows = parameters.varint()
    parameters.end()
    check(2 <= r <= 16, f"parameters: run bits {r}")
    check(style in (0, 1), f"parameters: style {style}")
    check(word in WORDS, f"parameters: word of {word} bits")
    blob.values = [blob.fill_value] * blob.n
    for segment in segments(blob, blob.cursor("restart"), rows, word):
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
class Parameters:
    """What stands at the beginning of the section tables."""

    mode: int
    escape: int
    has_codebook: bool
    word: int
    low_bits: int
    t: int
    longest_run: int
    rows: int


@dataclass(frozen=True)
class Coding:
    """Parameters and tables of huffman and ans."""

    parameters: Parameters
    lo: int
    n: int
    codebook: list[int] | None
    stream: Callable[[Bits], Any]
    values: Any
    runs: Any


def read_entropy(blob: Blob) -> None:
    """Read a blob of huffman or ans."""
    section = blob.cursor("tables")
    p = read_parameters(section, blob.codec_name)
    codebook = read_codebook(blob, section) if p.has_codebook else None
    coded = blob.n > 0 and (p.mode == 0 or blob.count > 0)
    coding = read_tables(blob, section, p, codebook) if coded else None
    blob.values = [blob.fill_value] * blob.n
    for segment in segments(blob, section, p.rows, p.word):
        if coding is not None:
            (read_values if p.mode == 0 else read_runs)(blob, coding, segment)
        segment.bits.end()


def read_parameters(section: Bytes, codec: str) -> Parameters:
    flags, widths = section.unsigned(1), section.unsigned(1)
    mode, escape, t = flags & 3, flags >> 2 & 1, widths >> 4
    check(mode <= 2, f"parameters: mode {mode}")
    check(flags < 64, "parameters: bits 6 and 7")
    check(5 <= t <= 14 if codec == "ans" else t == 0, f"parameters: table size {t}")
    longest = section.varint() if mode > 0 else 0
    check(longest < 2**16, f"parameters: largest run {longest}")
    check(escape == 0 or longest >= 1, "parameters: escape in mode 0 or beside M = 0")
    has_codebook, low_bits = bool(flags >> 3 & 1), widths & 15
    check(not has_codebook or low_bits == 0, "parameters: low bits beside a codebook")
    return Parameters(mode, escape, has_codebook, 8 << (flags >> 4), low_bits, t, longest, section.varint())


def read_codebook(blob: Blob, section: Bytes) -> list[int]:
    size = section.varint()
    check(1 <= size <= 4096, f"codebook: {size} values")
    found = blob.typed(section.take(-(-size * blob.bits // 8)), size, "codebook")
    check(len(set(found)) == size, "codebook: a value twice")
    return found


def read_tables(blob: Blob, section: Bytes, p: Parameters, codebook: list[int] | None) -> Coding:
    lo, n = section.svarint(), section.varint()
    fine = n >= 1 and lo >= -65536 and lo + n <= 65536 if codebook is None else (lo, n) == (0, len(codebook))
    check(fine, f"value table: symbols from {lo}, {n} of them")
    entries = (p.longest_run + 1) * n + p.escape if p.mode == 2 else n
    symbols = (lambda i: lo + i) if codebook is None else None
    special = -lo if p.mode == 0 and codebook is None and lo <= 0 < lo + n else None
    alphabet = tables.Alphabet("value table", entries, symbols, special, p.low_bits, p.mode != 2)
    values, runs = decoder(blob, section, alphabet, p.t), None
    if p.mode == 1:
        special = p.longest_run + 1 if p.escape else None
        alphabet = tables.Alphabet("run table", p.longest_run + 1 + p.escape, None, special)
        runs = decoder(blob, section, alphabet, p.t)

    def stream(bits: Bits) -> Any:
        return tables.HuffmanStream(bits) if blob.codec_name == "huffman" else tables.AnsStream(bits, p.t)

    return Coding(p, lo, n, codebook, stream, values, runs)


def decoder(blob: Blob, section: Bytes, alphabet: tables.Alphabet, t: int) -> Any:
    check(alphabet.entries <= tables.MAX_ENTRIES, f"{alphabet.name}: {alphabet.entries} entries")
    if blob.codec_name == "huffman":
        return tables.canonical_codes(tables.huffman_lengths(section, alphabet), alphabet.name)
    return tables.ans_table(tables.ans_frequencies(section, alphabet, t), t, alphabet.name)


def element(blob: Blob, coding: Coding, symbol: int, low: int) -> int:
    """Return the value of a symbol (lo .. lo + n - 1) and its low part."""
    if coding.codebook is not None:
        return coding.codebook[symbol]
    value = blob.fill_value + (symbol << coding.parameters.low_bits) + low
    check(blob.in_type(value), f"data: value {value} is not in the type")
    return value


def read_values(blob: Blob, coding: Coding, segment: Segment) -> None:
    """Mode 0: the symbol of each element."""
    stream, different = coding.stream(segment.bits), 0
    for place in range(segment.first, segment.end):
        entry = stream.entry(coding.values)
        low = segment.bits.take(coding.parameters.low_bits)
        stream.advance(coding.values)
        blob.values[place] = element(blob, coding, coding.lo + entry, low)
        different += blob.values[place] != blob.fill_value
    stream.end()
    check(different == segment.count, "data: elements that differ from the fill value are not the count")


def read_runs(blob: Blob, coding: Coding, segment: Segment) -> None:
    """Modes 1 and 2: before each stored value its run."""
    stream, place, p = coding.stream(segment.bits), segment.first, coding.parameters
    first_table = coding.runs if p.mode == 1 else coding.values
    per_run = 1 if p.mode == 1 else coding.n
    for _ in range(segment.count):
        while (entry := stream.entry(first_table)) == (p.longest_run + 1) * per_run:
            stream.advance(first_table)
            place += p.longest_run
            check(place < segment.end, "data: run leaves its segment")
        place += entry // per_run
        check(place < segment.end, "data: run leaves its segment")
        if p.mode == 1:
            stream.advance(coding.runs)
            entry = stream.entry(coding.values)
        low = segment.bits.take(p.low_bits)
        stream.advance(coding.values)
        blob.values[place] = element(blob, coding, coding.lo + entry % coding.n, low)
        check(blob.values[place] != blob.fill_value, "data: a stored value is the fill value")
        place += 1
    stream.end()
