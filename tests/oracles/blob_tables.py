"""Tables of the blob codecs huffman and ans, slowly: written from the page "Blobs" alone, nothing from edgeq.

A table becomes a list, one number per entry (length of its code, or frequency, 0 for an entry that never occurs), and
from that list a decoder with ``entry`` (what comes next) and ``advance`` (done with it).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from tests.oracles.blob_bytes import Bits, Bytes, bits_for, check, floor_log2

MAX_ENTRIES = 4096
MAX_LENGTH = 15


@dataclass(frozen=True)
class Alphabet:
    """What a table needs to know of its entries: their number, and how a model sees them."""

    name: str
    entries: int
    symbols: Callable[[int], int] | None
    """Symbol of an entry for tables with gaps (values, no codebook); None where the distance is the number."""
    special: int | None
    low_bits: int = 0
    modelled: bool = True

    def distance(self, entry: int) -> tuple[int, bool]:
        """Return (distance, below) of an entry."""
        if self.symbols is None:
            return entry, False
        s = self.symbols(entry)
        if s >= 0:
            return s, False
        return (-s if self.low_bits == 0 else -s - 1), True


def steps(section: Bytes, place: str) -> tuple[int, int]:
    """Read slope and curvature; return r in units of 2**-24 and q in units of 2**-23."""
    slope, curve = section.unsigned(2), section.unsigned(2)
    check(slope < 2**13, f"{place}: slope code")
    g = (256 + (slope & 255)) << (15 - (slope >> 8 & 15))
    r = 2**24 + g if slope & 2**12 else 2**24 - g
    e = curve >> 8 & 127
    check(e <= 14, f"{place}: curvature code")
    g = 0 if curve & 32767 == 0 else (256 + (curve & 255)) << (14 - e)
    return r, 2**23 + g if curve & 32768 else 2**23 - g


def model_weights(section: Bytes, alphabet: Alphabet) -> list[int]:
    """Read a model and return the weight of each entry."""
    r, q = steps(section, alphabet.name)
    gaps = [section.varint(), section.varint()] if alphabet.symbols is not None else [0, 0]
    z = section.varint()
    check(max(gaps) <= 65536, f"{alphabet.name}: gap over 65536")
    check(z <= 2**28, f"{alphabet.name}: special weight over 2**28")
    check(z == 0 or alphabet.special is not None, f"{alphabet.name}: special weight without a special entry")
    farthest = max(alphabet.distance(i)[0] for i in range(alphabet.entries))
    w, by_distance = 2**31, {}
    for distance in range(min(gaps), farthest + 1):
        by_distance[distance] = max(1, w // 2**16)
        w, r = min(2**38, w * r // 2**24), min(2**25 - 1, r * q // 2**23)
    weights = []
    for i in range(alphabet.entries):
        distance, below = alphabet.distance(i)
        weights.append(z if i == alphabet.special else 0 if distance < gaps[not below] else by_distance[distance])
    check(any(weights), f"{alphabet.name}: no entry occurs")
    return weights


def depths(weights: list[int]) -> list[int]:
    """Return the depth of each leaf of the tree of two queues."""
    leaves = sorted((x, i) for i, x in enumerate(weights) if x > 0)
    if len(leaves) == 1:
        return [1 if x > 0 else 0 for x in weights]
    inner: list[tuple[int, tuple[object, object]]] = []
    queue = [(x, entry) for x, entry in leaves]
    for _ in range(len(leaves) - 1):
        pair = []
        for _ in range(2):
            take_leaf = bool(queue) and (not inner or queue[0][0] <= inner[0][0])
            pair.append(queue.pop(0) if take_leaf else inner.pop(0))
        inner.append((pair[0][0] + pair[1][0], (pair[0][1], pair[1][1])))
    found = [0] * len(weights)
    todo: list[tuple[object, int]] = [(inner[0][1], 0)]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, tuple):
            todo += [(node[0], depth + 1), (node[1], depth + 1)]
        elif isinstance(node, int):
            found[node] = depth
    return found


def lengths_of_weights(weights: list[int]) -> list[int]:
    """Return code lengths of at most 15 bits."""
    found = depths(weights)
    while max(found) > MAX_LENGTH:
        weights = [(x + 1) // 2 for x in weights]
        found = depths(weights)
    return found


def frequencies_of_weights(weights: list[int], t: int) -> list[int]:
    """Return frequencies that add up to 2**t."""
    total, size, occurring = sum(weights), 2**t, [i for i, x in enumerate(weights) if x > 0]
    check(len(occurring) <= size, "model: more entries than the table has places")
    check(total > 0, "model: no entry occurs")
    rare = {i for i in occurring if weights[i] * size < total}
    others = [i for i in occurring if i not in rare]
    found = [int(i in rare) for i in range(len(weights))]
    whole, so_far, given = sum(weights[i] for i in others), 0, 0
    for i in others:
        so_far += weights[i]
        found[i] = max(1, so_far * (size - len(rare)) // whole - given)
        given += found[i]
    largest = found.index(max(found))
    found[largest] += size - sum(found)
    check(found[largest] >= 1, "model: largest frequency below 1")
    return found


def kind_of(section: Bytes, alphabet: Alphabet, with_parameter: tuple[int, ...]) -> tuple[int, int]:
    """Read the first byte of a table: its kind and p, 0 unless the kind is one of those given."""
    first = section.unsigned(1)
    kind, p = first & 15, first >> 4
    check(p == 0 or kind in with_parameter, f"{alphabet.name}: p = {p} of kind {kind}")
    check(kind <= 1 or (kind == 2 and alphabet.modelled) or (kind == 3 and 3 in with_parameter),
          f"{alphabet.name}: kind {kind}")
    return kind, p


def huffman_lengths(section: Bytes, alphabet: Alphabet) -> list[int]:
    """Read a table of code lengths, in any of the three kinds."""
    kind, longest = kind_of(section, alphabet, (1,))
    if kind == 0:
        return section.fields(alphabet.entries, 4)
    if kind == 2:
        return lengths_of_weights(model_weights(section, alphabet))
    check(longest >= 1, f"{alphabet.name}: longest length 0")
    counts = [section.varint() for _ in range(longest)]
    check(counts[-1] > 0, f"{alphabet.name}: no code of the longest length")
    check(sum(counts) <= alphabet.entries, f"{alphabet.name}: more codes than entries")
    numbers, found = iter(section.fields(sum(counts), bits_for(alphabet.entries))), [0] * alphabet.entries
    for length, count in enumerate(counts, 1):
        last = -1
        for entry in itertools.islice(numbers, count):
            check(last < entry < alphabet.entries and found[entry] == 0, f"{alphabet.name}: entry {entry} out of order")
            found[entry], last = length, entry
    return found


def ans_frequencies(section: Bytes, alphabet: Alphabet, t: int) -> list[int]:
    """Read a table of frequencies, in any of the four kinds."""
    kind, p = kind_of(section, alphabet, (0, 3))
    if kind == 0:
        check(p >= 1, f"{alphabet.name}: width 0")
        return section.fields(alphabet.entries, p)
    if kind == 1:
        return listed_frequencies(section, alphabet, t)
    weights = model_weights(section, alphabet) if kind == 2 else coarse_weights(section, alphabet, p)
    return frequencies_of_weights(weights, t)


def listed_frequencies(section: Bytes, alphabet: Alphabet, t: int) -> list[int]:
    count, width, last = section.varint(), bits_for(alphabet.entries), -1
    check(count <= alphabet.entries, f"{alphabet.name}: more codes than entries")
    found = [0] * alphabet.entries
    for pair in section.fields(count, width + t):
        entry = pair >> t
        check(last < entry < alphabet.entries, f"{alphabet.name}: entry {entry} out of order")
        found[entry], last = (pair & (2**t - 1)) + 1, entry
    return found


def coarse_weights(section: Bytes, alphabet: Alphabet, p: int) -> list[int]:
    """Read weights in a few bits each: an exponent e and the bits f below the leading one."""
    m, x = p & 7, 3 if p & 8 else 4
    codes = [(field >> m, field & (2**m - 1)) for field in section.fields(alphabet.entries, x + m)]
    return [f if e == 0 else (2**m + f) << (e - 1) for e, f in codes]


def canonical_codes(lengths: list[int], place: str) -> dict[str, int]:
    """Return entry by code, as a text of bits."""
    used = [length for length in lengths if length > 0]
    kraft = sum(2 ** (MAX_LENGTH - length) for length in used)
    check(kraft <= 2**MAX_LENGTH, f"{place}: codes overlap")
    check(kraft == 2**MAX_LENGTH or used == [1], f"{place}: codes leave room")
    codes: dict[str, int] = {}
    code, last = 0, 0
    for length, entry in sorted((length, entry) for entry, length in enumerate(lengths) if length > 0):
        code <<= length - last
        codes[f"{code:0{length}b}"] = entry
        code, last = code + 1, length
    return codes


class HuffmanStream:
    """The codes of one segment."""

    def __init__(self, bits: Bits) -> None:
        self.bits = bits

    def entry(self, codes: dict[str, int]) -> int:
        """Read bits until they are a code."""
        code = ""
        while code not in codes:
            check(len(code) < MAX_LENGTH and (code == "" or len(codes) > 1), f"{self.bits.place}: no such code")
            code += str(self.bits.take(1))
        return codes[code]

    def advance(self, codes: dict[str, int]) -> None:
        """Nothing follows a symbol."""

    def end(self) -> None:
        """Nothing follows the last symbol."""


@dataclass(frozen=True)
class AnsTable:
    """By state: the entry, the number of bits read after it, and what they are added to."""

    entries: list[int]
    bits: list[int]
    bases: list[int]


def ans_table(frequencies: list[int], t: int, place: str) -> AnsTable:
    """Spread the entries and number their states."""
    size = 2**t
    check(sum(frequencies) == size, f"{place}: frequencies add up to {sum(frequencies)}, not {size}")
    spread, p = [0] * size, 0
    for entry, frequency in enumerate(frequencies):
        for _ in range(frequency):
            spread[p] = entry
            p = (p + size // 2 + size // 8 + 3) % size
    x, widths, bases = list(frequencies), [], []
    for entry in spread:
        widths.append(t - floor_log2(x[entry]))
        bases.append((x[entry] << widths[-1]) - size)
        x[entry] += 1
    return AnsTable(spread, widths, bases)


class AnsStream:
    """The states of one segment."""

    def __init__(self, bits: Bits, t: int) -> None:
        self.bits, self.t = bits, t
        self.state: int | None = None

    def entry(self, table: AnsTable) -> int:
        """Return the entry at the state; the first state stands before the first symbol."""
        if self.state is None:
            self.state = self.bits.take(self.t)
        return table.entries[self.state]

    def advance(self, table: AnsTable) -> None:
        """Go to the next state."""
        assert self.state is not None
        self.state = table.bases[self.state] + self.bits.take(table.bits[self.state])

    def end(self) -> None:
        """Refuse a last state other than 0."""
        check(self.state in (None, 0), f"{self.bits.place}: last state {self.state}, not 0")
