"""Memory files on Python integers: words by shifting, files as their documentation says, orders by nested loops."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence


def word_of(lanes: Sequence[int], bits: int, lane0: str) -> int:
    """Return the word that holds the lanes, two's complement each."""
    ordered = lanes if lane0 == "lsb" else list(reversed(lanes))
    return sum((value % (1 << bits)) << (bits * k) for k, value in enumerate(ordered))


def words_of(values: Sequence[int], bits: int, lanes: int, lane0: str, pad: int) -> list[int]:
    """Return all words, the last one padded."""
    padded = [*values, *[pad] * (-len(values) % lanes)]
    return [word_of(padded[k : k + lanes], bits, lane0) for k in range(0, len(padded), lanes)]


def values_of(words: Sequence[int], bits: int, lanes: int, lane0: str, *, signed: bool) -> list[int]:
    """Return the values of all lanes."""
    values = []
    for word in words:
        parts = [word >> (bits * k) & ((1 << bits) - 1) for k in range(lanes)]
        values += parts if lane0 == "lsb" else parts[::-1]
    return [v - (1 << bits) if signed and v >> (bits - 1) else v for v in values]


def read_lines(text: bytes, base: int) -> list[int]:
    """Read `$readmemh` (base 16) or `$readmemb` (base 2) text as IEEE 1364 17.2.9 says, from address 0 without gaps."""
    words: list[int] = []
    for token in re.sub(rb"//[^\n]*|/\*.*?\*/", b" ", text, flags=re.DOTALL).split():
        if token.startswith(b"@"):
            assert int(token[1:], 16) == len(words)
        else:
            words.append(int(token.replace(b"_", b""), base))
    return words


def read_coe(text: bytes) -> list[int]:
    """Read a coefficient file as UG896 says: keyword=value; what follows ``;`` on a line is a comment."""
    fields = {}
    for statement in re.sub(r";[^\n]*", ";", text.decode("ascii")).split(";")[:-1]:
        if statement.strip():
            key, _, value = statement.partition("=")
            fields[key.strip().lower()] = value
    base = int(fields["memory_initialization_radix"])
    return [int(word, base) for word in re.split(r"[\s,]+", fields["memory_initialization_vector"].strip())]


def read_mif(text: bytes) -> tuple[int, list[int]]:
    """Read width and words of a memory initialization file as the Quartus help says."""
    plain = re.sub(r"%.*?%", " ", text.decode("ascii"), flags=re.DOTALL)
    plain = re.sub(r"--[^\n]*", " ", plain)
    head, _, body = re.sub(r"\s+", " ", plain).partition("CONTENT BEGIN")
    fields = {k.strip(): v.strip() for k, _, v in (part.partition("=") for part in head.split(";")) if v}
    bases = {"BIN": 2, "OCT": 8, "UNS": 10, "HEX": 16}
    address, data = bases[fields["ADDRESS_RADIX"]], bases[fields["DATA_RADIX"]]
    words: dict[int, int] = {}
    content, end, _ = body.partition("END;")
    assert end
    for pair in content.split(";")[:-1]:
        at, _, value = pair.partition(":")
        span = re.fullmatch(r"\s*\[\s*(\w+)\s*\.\.\s*(\w+)\s*\]\s*", at)
        first, last = (int(v, address) for v in (span.groups() if span else (at, at)))
        numbers = [int(v, data) for v in value.split()]
        for k in range(first, last + 1 if span else first + len(numbers)):
            words[k] = numbers[(k - first) % len(numbers)]
    assert sorted(words) == list(range(int(fields["DEPTH"])))
    return int(fields["WIDTH"]), [words[k] for k in range(len(words))]


def read_intel_hex(text: bytes) -> list[tuple[int, bytes]]:
    """Read address and data of every data record as Intel's specification says."""
    records: list[tuple[int, bytes]] = []
    base = 0
    lines = text.decode("ascii").splitlines()
    for line in lines:
        assert line.startswith(":")
        body = bytes.fromhex(line[1:])
        assert sum(body) % 256 == 0
        assert len(body) == body[0] + 5
        kind, address, data = body[3], body[1] * 256 + body[2], body[4:-1]
        if kind == 0:
            records.append((base + address, data))
        elif kind == 2:
            base = int.from_bytes(data, "big") * 16
        elif kind == 4:
            base = int.from_bytes(data, "big") * 65536
        else:
            assert (kind, line) == (1, lines[-1])
    assert lines[-1] == ":00000001FF"
    return records


def tiled(order: str, blocks: Sequence[tuple[str, int]], size: Mapping[str, int]) -> Iterator[dict[str, int] | None]:
    """Yield the index of every place in memory, axis to number; None where a tile sticks out.

    Every block is a loop of its own, the last one innermost; an axis' index is that of its loops in mixed radix.
    """
    tile = dict.fromkeys(order, 1)
    for axis, n in blocks:
        tile[axis] *= n
    loops = [(axis, -(-size[axis] // tile[axis])) for axis in order] + list(blocks)
    for counters in itertools.product(*(range(n) for _, n in loops)):
        at = dict.fromkeys(order, 0)
        for (axis, n), counter in zip(loops, counters, strict=True):
            at[axis] = at[axis] * n + counter
        yield at if all(at[axis] < size[axis] for axis in order) else None
