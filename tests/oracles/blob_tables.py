"""Tables of the blob codecs huffman and ans, slowly: written from the page "Blobs" alone, nothing from edgeq.

A table becomes a list, one number per entry (length of its code, or frequency, 0 for an entry that never occurs), and
from that list a decoder with ``entry`` (what comes next) and ``advance`` (done with it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracles.blob_bytes import Bits, Bytes, bits_for, check, floor_log2

MAX_ENTRIES = 4096
MAX_LENGTH = 15


@dataclass(frozen=True)
class Alphabet:
    """What a table needs to know of its entries: their number, and how a model sees them."""

    entries: int
    symbols: Callable[[int], int] | None
    """Symbol of an entry for tables with gaps (values, no codebook); None where the distance is the number."""
    special: int | None
    low_bits: int
    modelled: bool = True

    def distance(self, entry: int) -> tuple[int, bool]:
        """Return (distance, below) of an entry."""
        if self.symbols is None:
            return entry, False
        s = self.symbols(entry)
        if s >= 0:
            return s, False
        return (-s if self.low_bits == 0 else -s - 1), True


def model_weights(section: Bytes, alphabet: Alphabet) -> list[int]:
    """Read a model and return the weight of each entry."""
    slope, curve = section.unsigned(2), section.unsigned(2)
    gap_below = section.varint() if alphabet.symbols is not None else 0
    gap_above = section.varint() if alphabet.symbols is not None else 0
    z = section.varint()
    section.end()
    check(z <= 2**28, f"{section.place}: special weight over 2**28")
    check(z == 0 or alphabet.special is not None, f"{section.place}: special weight without a special entry")
    e = slope >> 8
    check(e <= 15, f"{section.place}: slope code")
    r = 2**24 - ((256 + (slope & 255)) << (15 - e))
    e = (curve >> 8) & 127
    check(e <= 14, f"{section.place}: curvature code")
    g = 0 if curve & 32767 == 0 else (256 + (curve & 255)) << (14 - e)
    q = 2**23 + g if curve & 32768 else 2**23 - g
    farthest = max(alphabet.distance(i)[0] for i in range(alphabet.entries))
    w, by_distance = 2**31, []
    for _ in range(farthest + 1):
        by_distance.append(max(1, w // 2**16))
        w, r = w * r // 2**24, min(2**24, r * q // 2**23)
    weights = []
    for i in range(alphabet.entries):
        distance, below = alphabet.distance(i)
        gap = gap_below if below else gap_above
        weights.append(z if i == alphabet.special else 0 if distance < gap else by_distance[distance])
    check(any(weights), f"{section.place}: no entry occurs")
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
    rare = {i for i in occurring if weights[i] * size < total}
    rest = sum(weights[i] for i in occurring if i not in rare)
    found = [0] * len(weights)
    for i in occurring:
        found[i] = 1 if i in rare else max(1, weights[i] * (size - len(rare)) // rest)
    largest = found.index(max(found))
    found[largest] += size - sum(found)
    check(found[largest] >= 1, "model: largest frequency below 1")
    return found


def huffman_lengths(section: Bytes, alphabet: Alphabet) -> list[int]:
    """Read a table of code lengths, in any of the three kinds."""
    kind, entries = section.unsigned(1), alphabet.entries
    if kind == 0:
        bits = Bits(section.rest(), 8, section.place)
        found = [bits.take(4) for _ in range(entries)]
        bits.end()
        return found
    if kind == 1:
        longest = section.unsigned(1)
        check(1 <= longest <= MAX_LENGTH, f"{section.place}: longest length {longest}")
        counts = [section.varint() for _ in range(longest)]
        check(counts[-1] > 0, f"{section.place}: no code of the longest length")
        check(sum(counts) <= entries, f"{section.place}: more codes than entries")
        bits, found = Bits(section.rest(), 8, section.place), [0] * entries
        for length, count in enumerate(counts, 1):
            last = -1
            for _ in range(count):
                entry = bits.take(bits_for(entries))
                check(last < entry < entries and found[entry] == 0, f"{section.place}: entry {entry} out of order")
                found[entry], last = length, entry
        bits.end()
        return found
    check(kind == 2 and alphabet.modelled, f"{section.place}: kind {kind}")
    return lengths_of_weights(model_weights(section, alphabet))


def ans_frequencies(section: Bytes, alphabet: Alphabet, t: int) -> list[int]:
    """Read a table of frequencies, in any of the three kinds."""
    kind, entries = section.unsigned(1), alphabet.entries
    if kind == 0:
        width = section.unsigned(1)
        check(1 <= width <= 15, f"{section.place}: width {width}")
        bits = Bits(section.rest(), 8, section.place)
        found = [bits.take(width) for _ in range(entries)]
        bits.end()
        return found
    if kind == 1:
        count, last = section.varint(), -1
        check(count <= entries, f"{section.place}: more codes than entries")
        bits, found = Bits(section.rest(), 8, section.place), [0] * entries
        for _ in range(count):
            entry = bits.take(bits_for(entries))
            check(last < entry < entries, f"{section.place}: entry {entry} out of order")
            found[entry], last = bits.take(t) + 1, entry
        bits.end()
        return found
    check(kind == 2 and alphabet.modelled, f"{section.place}: kind {kind}")
    return frequencies_of_weights(model_weights(section, alphabet), t)


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
