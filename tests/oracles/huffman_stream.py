"""A tensor as words of canonical Huffman codes, element by element as the page of the format says it.

Lists and Python integers; a code is a text of 0 and 1. Source: edgeq/codecs/README.md, "huffman and ans".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class Stream:
    """What a blob would hold: code lengths per entry (0: never occurs), words, and per segment (word, values)."""

    lo: int
    value_lengths: list[int]
    run_lengths: list[int]
    words: list[int]
    restart: list[tuple[int, int]]
    codes: int
    """Number of codes in the stream."""


def codes_of(lengths: Sequence[int]) -> dict[int, str]:
    """Return entry to code: counted upwards by length, then by number, shifted left at each step of the length."""
    code, found = 0, {}
    for length in range(1, 16):
        for entry, own in enumerate(lengths):
            if own == length:
                found[entry] = format(code, f"0{length}b")
                code += 1
        code <<= 1
    return found


def lengths_of(weights: Sequence[int]) -> list[int]:
    """Return lengths of a Huffman code for weights whose code stays below 16 bits; a single entry gets 1."""
    groups = [(w, [k]) for k, w in enumerate(weights) if w]
    lengths = [0] * len(weights)
    if len(groups) == 1:
        lengths[groups[0][1][0]] = 1
    while len(groups) > 1:
        groups.sort(key=lambda g: g[0])
        (a, first), (b, second), *rest = groups
        for k in first + second:
            lengths[k] += 1
        groups = [*rest, (a + b, first + second)]
    assert max(lengths, default=0) <= 15
    return lengths


def encode(
    rows: Sequence[Sequence[int]], *, fill: int = 0, mode: int = 0, word_bits: int = 8, low: int = 0, most: int = 0,
    escape: bool = False, group: int = 0, codebook: Sequence[int] | None = None,
    value_lengths: Sequence[int] | None = None, run_lengths: Sequence[int] | None = None,
) -> Stream:
    """Return the stream of a matrix; ``most`` is the largest run, ``group`` the rows of a segment."""

    def symbol(value: int) -> int:
        return codebook.index(value) if codebook is not None else (value - fill) >> low

    elements = [v for row in rows for v in row if mode == 0 or v != fill]
    symbols = [symbol(v) for v in elements]
    lo = 0 if codebook is not None else min(symbols, default=0)
    n = len(codebook) if codebook is not None else max(symbols, default=0) - lo + 1
    size = group or len(rows)
    segments = [[v for row in rows[k : k + size] for v in row] for k in range(0, len(rows), size)]
    items: list[list[tuple[str, int, str]]] = [[] for _ in segments]  # table, entry, low bits
    for segment, found in zip(segments, items, strict=True):
        run = 0
        for value in segment:
            if mode and value == fill:
                run += 1
                continue
            while mode and run > most:
                assert escape
                found.append(("run", most + 1, "") if mode == 1 else ("value", (most + 1) * n, ""))
                run -= most
            entry, tail = symbol(value) - lo, format((value - fill) % (1 << low), f"0{low}b") if low else ""
            if mode == 1:
                found.append(("run", run, ""))
            found.append(("value", entry if mode < 2 else run * n + entry, tail))
            run = 0
    value_entries = n if mode < 2 else (most + 1) * n + int(escape)
    run_entries = most + 1 + int(escape) if mode == 1 else 0
    tables: dict[str, list[int]] = {}
    for name, entries, given in (("value", value_entries, value_lengths), ("run", run_entries, run_lengths)):
        counts = Counter(e for found in items for table, e, _ in found if table == name)
        tables[name] = list(given) if given is not None else lengths_of([counts[e] for e in range(entries)])
    texts = {name: codes_of(lengths) for name, lengths in tables.items()}
    words: list[int] = []
    restart = []
    for segment, found in zip(segments, items, strict=True):
        restart.append((len(words), sum(v != fill for v in segment)))
        bits = "".join(texts[table][entry] + tail for table, entry, tail in found)
        bits += "0" * (-len(bits) % word_bits)
        words += [int(bits[k : k + word_bits], 2) for k in range(0, len(bits), word_bits)]
    return Stream(lo, tables["value"], tables["run"], words, restart, sum(map(len, items)))
