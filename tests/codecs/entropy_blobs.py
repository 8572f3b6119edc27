"""Blobs of huffman and ans worked out by hand from the format page, and each of its rules broken once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.codecs import read_header
from edgeq.codecs.varint import write_svarint, write_varint
from tests.codecs.fuzz import MOST, frame, with_crc
from tests.codecs.test_faults import matrix

HUFFMAN, ANS = 9, 10
S2 = 0x82


def entropy(codec: int, dims: list[int], count: int, tables: str, data: str, type: int = S2) -> bytes:
    """Return a blob of huffman or ans with fill value 0."""
    return frame(codec, type, dims, 0, count, [bytes.fromhex(tables), bytes.fromhex(data)])


# Worked out by hand from the page. Tables: flags, L and T, (M), G, lo, n, kind, table.
LITERAL: dict[str, tuple[bytes, list[int]]] = {
    # -1, 0, 1 of lengths 2 1 2: codes 10 0 11; 0 0 11 10
    "values": (entropy(HUFFMAN, [4], 2, "00 00 00 01 03 00 2120", "38"), [0, 0, 1, -1]),
    # the same in a word of 16 bits
    "words": (entropy(HUFFMAN, [4], 2, "10 00 00 01 03 00 2120", "0038"), [0, 0, 1, -1]),
    # list: longest 2, one of 1 bit (1), two of 2 bits (0, 2): 01 00 10
    "list": (entropy(HUFFMAN, [4], 2, "00 00 00 01 03 21 01 02 48", "38"), [0, 0, 1, -1]),
    # one value only, 1: its code is 0; three times
    "single": (entropy(HUFFMAN, [3], 3, "00 00 00 02 01 00 10", "00"), [1, 1, 1]),
    # L = 1: symbols -1 and 0 (1 bit each) and a low bit: -2 is -1 0, -1 is -1 1, 1 is 0 1: 00 01 11
    "low": (entropy(HUFFMAN, [3], 3, "00 01 00 01 02 00 11", "1c"), [-2, -1, 1]),
    # codebook 1 0 (01 00), V = 2; place 0 is code 0, place 1 code 1: 1 0
    "codebook": (entropy(HUFFMAN, [2], 1, "08 00 00 02 40 00 02 00 11", "40"), [1, 0]),
    # runs, M = 1 with escape: lengths 1 2 2 of runs 0, 1, escape: 0 10 11; the value is always 1: 0
    # 3 zeros and 1, then 1: escape escape run 1, 0, run 0, 0: 11 11 10 0 0 0
    "runs": (entropy(HUFFMAN, [6], 2, "05 00 01 00 02 01 00 10 00 1220", "f800"), [0, 0, 0, 1, 1, 0]),
    # joint, M = 1 with escape, values -1 0 1: entries 0..6; run 0: -1 0 1, run 1: -1 0 1, escape
    # used: 0 (run 0, -1), 5 (run 1, 1), 6: lengths 2 . . . . 1 2: 5 is 0, 0 is 10, 6 is 11
    # 0 0 1 -1: escape, run 1 and 1, run 0 and -1: 11 0 10
    "joint": (entropy(HUFFMAN, [4], 2, "06 00 01 00 01 03 00 20000120", "d0"), [0, 0, 1, -1]),
    # a row a segment: restart of one byte numbers, words 0 and 1, 1 and 1 values
    "restart": (entropy(HUFFMAN, [2, 2], 2, "00 00 01 01 03 00 2120 01 00010101", "6080"), [0, 1, -1, 0]),
    # a value that always occurs has all 32 states: no bits but the first state, 0
    "ans_single": (entropy(ANS, [3], 3, "00 50 00 02 01 01 01 f8", "00"), [1, 1, 1]),
    # 0 and 1 of frequency 16 each; the last step to state 0 is from x = 16: 0 at position 0, 1 at position 3;
    # 1 0: state 3 (00011), 0 leads to state 0, 0 to state 0
    "ans": (entropy(ANS, [2], 1, "00 50 00 00 02 50 8400", "18"), [1, 0]),
    # model: a = 0600: g = 256 << 9 = 2^17, no bend: r = 127/128 * 2^24; special entry 0 of weight 0; lo -1, n 3:
    # weights 2^15 at distance 0 and 32512 twice at 1, without the special: lengths 1 0 1: 0 is -1, 1 is 1: 1 0
    "model": (entropy(HUFFMAN, [2], 2, "00 00 00 01 03 02 0006 0000 00 00 00", "80"), [1, -1]),
    # coarse, m = 0, x = 4: fields 1 1 are weights 1 1: the same frequencies as before
    "coarse": (entropy(ANS, [2], 1, "00 50 00 00 02 03 11", "18"), [1, 0]),
    # weights of 21 entries that leave -1: of the two sevens the first, entry 2, becomes a 6; its third state, of x = 8,
    # is position 10 (01010) and leads to state 0 by 00
    "tie": (entropy(ANS, [1], 1, "00 50 00 00 15 03 1152211522221121222210", "50", type=0x88), [2]),
    "nothing": (entropy(HUFFMAN, [3], 0, "01 00 00 00", ""), [0, 0, 0]),
}


def broken(of: str, **changed: Any) -> bytes:
    """Return a literal blob with another codec, type, dims, fill, count, tables or data."""
    blob, _ = LITERAL[of]
    header = read_header(blob)
    tables, data = (blob[p.offset : p.offset + p.length] for p in header.sections.values())
    held = {"codec": blob[4], "type": blob[5], "dims": list(header.shape), "fill": 0, "count": header.count}
    sections = [bytes.fromhex(changed.pop("tables", tables.hex())), bytes.fromhex(changed.pop("data", data.hex()))]
    return frame(**(held | changed), sections=sections)


def book_of(size: int) -> bytes:
    """Return a blob of mode 1 of s13 without a stored value, with a codebook of ``size`` values."""
    bits = "".join(f"{value:013b}" for value in range(size))
    fields = int("0" + bits + "0" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")
    return entropy(HUFFMAN, [3], 0, f"09 00 00 00 {write_varint(size).hex()} {fields.hex()}", "", type=0x8D)


BROKEN: list[tuple[bytes, str, str]] = [
    (b"", "TRUNCATED", "header"),
    (b"EQB\1\1\x83\0\0\0\0", "TRUNCATED", "header"),
    (b"EQC" + broken("values")[3:], "MAGIC", "header"),
    (b"EQB\2" + broken("values")[4:], "VERSION", "header"),
    (broken("values")[:-1] + b"\0", "CRC", "header"),
    (broken("values", codec=0), "CODEC", "header"),
    (broken("values", codec=11), "CODEC", "header"),
    (broken("values", type=0x80), "TYPE", "header"),
    (broken("values", type=0x91), "TYPE", "header"),
    (broken("values", dims=[1] * 33), "SHAPE", "header"),
    (broken("values", dims=[2**32]), "SHAPE", "header"),
    (broken("values", dims=[2**24, 2**24, 0]), "SHAPE", "header"),
    (broken("values", dims=[0, 2**24, 2**24]), "SHAPE", "header"),
    (broken("values", dims=[MOST + 1]), "LIMIT", "header"),
    (broken("values", fill=2), "FILL_VALUE", "header"),
    (broken("values", fill=-3), "FILL_VALUE", "header"),
    (broken("values", count=5), "COUNT", "header"),
    (broken("values", codec=1), "SECTIONS", "header"),
    (with_crc(broken("values") + b"\0"), "LENGTH", "header"),
    (with_crc(broken("values")[:-1]), "LENGTH", "header"),
    (broken("values", count=3), "COUNT", "data"),
    (broken("values", tables="00"), "PARAMETER", "tables"),
    (broken("values", tables="03 00 00 01 03 00 2120"), "PARAMETER", "tables"),
    (broken("values", tables="40 00 00 01 03 00 2120"), "PARAMETER", "tables"),
    (broken("values", tables="04 00 00 01 03 00 2120"), "PARAMETER", "tables"),
    (broken("values", tables="00 50 00 01 03 00 2120"), "PARAMETER", "tables"),
    (broken("codebook", tables="08 01 00 02 40 00 02 00 11"), "PARAMETER", "tables"),
    (broken("runs", tables="05 00 00 00 02 01 00 10 00 1220"), "PARAMETER", "tables"),
    (broken("values", tables="00 00 8080808010 01 03 00 2120"), "PARAMETER", "tables"),  # 2^32 rows
    (broken("runs", tables="05 00 808004 00 02 01 00 10 00 1220"), "PARAMETER", "tables"),
    (broken("ans", tables="00 40 00 00 02 50 8400"), "PARAMETER", "tables"),
    (broken("ans", tables="00 f0 00 00 02 50 8400"), "PARAMETER", "tables"),
    (book_of(0), "TABLE", "tables"),
    (book_of(4097), "TABLE", "tables"),
    (broken("codebook", tables="08 00 00 02 50 00 02 00 11"), "TABLE", "tables"),  # 01 01: one value twice
    (broken("codebook", tables="08 00 00 02 48 00 02 00 11"), "TABLE", "tables"),  # padding
    (broken("codebook", tables="08 00 00 05 4000 00 02 00 11"), "TABLE", "tables"),  # five values of 2 bits
    (broken("codebook", tables="08 00 00 02 40 02 02 00 11"), "TABLE", "tables"),  # places 1 and 2
    (broken("values", tables="00 00 00 01 00 00 2120"), "TABLE", "tables"),  # no symbols
    (broken("values", tables="00 00 00 01 8120 00 2120"), "TABLE", "tables"),  # 4097 symbols
    (broken("values", tables="00 00 00 828010 03 00 2120"), "TABLE", "tables"),  # from 2^17 + 1
    (broken("values", tables="00 00 00 01 03 10 2120"), "TABLE", "tables"),  # p of a dense table
    (broken("values", tables="00 00 00 01 03 03 2120"), "TABLE", "tables"),  # coarse
    (broken("values", tables="00 00 00 01 03 04 2120"), "TABLE", "tables"),  # kind 4
    (broken("values", tables="00 00 00 01 03 00 2121"), "TABLE", "tables"),  # padding
    (broken("values", tables="00 00 00 01 03 00 1120"), "TABLE", "tables"),  # codes overlap
    (broken("values", tables="00 00 00 01 03 00 2220"), "TABLE", "tables"),  # codes leave room
    (broken("single", tables="00 00 00 02 01 00 20"), "TABLE", "tables"),
    (broken("single", tables="00 00 00 02 01 00 00"), "TABLE", "tables"),
    (broken("values", tables="00 00 00 01 03 01"), "TABLE", "tables"),  # a list without lengths
    (broken("values", tables="00 00 00 01 03 31 01 02 00 48"), "TABLE", "tables"),  # none of the longest
    (broken("values", tables="00 00 00 01 03 21 01 02 60"), "TABLE", "tables"),  # 1 2 0: not ascending
    (broken("values", tables="00 00 00 01 03 21 01 02 44"), "TABLE", "tables"),  # 1 0 1: twice
    (broken("values", tables="00 00 00 01 03 21 01 02 4c"), "TABLE", "tables"),  # 1 0 3: outside
    (broken("values", tables="00 00 00 01 03 21 01 03 48"), "TABLE", "tables"),  # more than there are
    (broken("model", tables="00 00 00 01 03 02 0026 0000 00 00 00"), "TABLE", "tables"),
    (broken("model", tables="00 00 00 01 03 02 0006 000f 00 00 00"), "TABLE", "tables"),
    (broken("model", tables="00 00 00 01 03 02 0006 0000 818004 00 00", data="00"), "TABLE", "tables"),  # gaps
    (broken("model", tables="00 00 00 01 03 02 0006 0000 00 818004 00", data="00"), "TABLE", "tables"),
    (broken("model", tables="00 00 00 01 03 02 0006 0000 00 00 8180808001"), "TABLE", "tables"),  # z over 2^28
    (broken("model", tables="00 00 00 02 03 02 0006 0000 00 00 01"), "TABLE", "tables"),  # z, but no entry 0
    (broken("model", tables="00 00 00 01 03 02 0006 0000 02 02 00"), "TABLE", "tables"),  # no weight
    (broken("joint", tables="06 00 01 00 01 03 02 0006 0000 00"), "TABLE", "tables"),  # mode 2 has no model
    (broken("ans", tables="00 50 00 00 02 00 8400"), "TABLE", "tables"),  # no width
    (broken("ans", tables="00 50 00 00 02 50 8440"), "TABLE", "tables"),  # 33 states
    (broken("ans", tables="00 50 00 00 02 50 7c00"), "TABLE", "tables"),  # 31 states
    (broken("ans", tables="00 50 00 00 02 01 02 83f0", data="00", count=2), "TABLE", "tables"),  # 1 twice
    (broken("ans", tables="00 50 00 00 02 03 00"), "TABLE", "tables"),  # no weight
    (broken("restart", tables="00 00 01 01 03 00 2120 03 00010101"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 02 0000010001000100"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 01 01010101"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 01 00010301"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 01 00010102"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 01 000101"), "RESTART", "tables"),
    (broken("restart", dims=[3, 2], count=3, tables="00 00 01 01 03 00 2120 01 000102010101"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 01 00020100"), "COUNT", "data"),
    (broken("values", tables="00 00 00 01 03 00 2120 00"), "LEFTOVER", "tables"),
    (broken("words", data="003800"), "LENGTH", "data"),
    (broken("values", data=""), "TRUNCATED", "data"),
    (broken("values", dims=[9]), "TRUNCATED", "data"),
    (broken("values", data="39"), "LEFTOVER", "data"),
    (broken("values", data="3800"), "LEFTOVER", "data"),
    (broken("words", data="80380000"), "LEFTOVER", "data"),
    (broken("words", tables="30 00 00 01 03 00 2120", data="0100000000000038"), "LEFTOVER", "data"),
    (broken("single", data="40"), "SYMBOL", "data"),
    (broken("low", type=0x81), "VALUE", "data"),  # -2 is no value of one bit
    (broken("runs", dims=[4]), "PLACE", "data"),
    (broken("joint", dims=[2]), "PLACE", "data"),
    (broken("runs", tables="05 00 01 00 00 01 00 10 00 1220"), "VALUE", "data"),  # the stored value is 0
    (broken("ans", data="19"), "LEFTOVER", "data"),
    (broken("ans", data="1a"), "LEFTOVER", "data"),  # ends in state 1
    (broken("nothing", data="00"), "LEFTOVER", "data"),
]

LONG = "80" * 9
SLY: list[tuple[bytes, str, str]] = [
    # columns 0 3 2 of a matrix of 3 columns: the 3 is the first place of row 1, in order
    (matrix("csr", "1002 000002000300 38 3980"), "PLACE", "indices"),
    (matrix("coo", "0102 2038 3980"), "PLACE", "coords"),
    # 10 bytes: 2^63 is no varint, 2^64 no svarint
    (matrix("zero_runs", f"020008{LONG}01 - 0ba6"), "PARAMETER", "parameters"),
    (matrix("fixed_point", f"{LONG}02 2300c0", 6), "PARAMETER", "parameters"),
]


def curve(rng: np.random.Generator) -> str:
    """Return the two codes of a model, steep as often as flat."""
    slope = int(rng.integers(1 << 13))
    bend = int(rng.integers(15 << 8)) | int(rng.integers(2)) << 15
    return (slope.to_bytes(2, "little") + bend.to_bytes(2, "little")).hex()


def any_table(rng: np.random.Generator, codec: int, kind: int, log2_states: int) -> str:
    """Return the section tables of mode values, W = 16, with a model or coarse weights drawn at random."""
    entries, low_bits = int(rng.integers(2, 40)), int(rng.integers(3))
    lo = -int(rng.integers(entries + 3)) + 2
    head = f"10{low_bits | log2_states << 4:02x}00{write_svarint(lo).hex()}{entries:02x}"
    if kind == 3:
        p = int(rng.integers(16))
        width = (3 if p >> 3 else 4) + (p & 7)
        bits = "".join(format(rng.integers(1 << width), f"0{width}b") for _ in range(entries))
        body = int(bits + "0" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big").hex()
        return f"{head}{3 | p << 4:02x}{body}"
    gaps = "".join(f"{int(rng.integers(3)) * int(rng.integers(4)):02x}" for _ in range(2))
    special = write_varint(int(rng.integers(1 << 20))).hex() if lo <= 0 < lo + entries and rng.integers(2) else "00"
    return f"{head}02{curve(rng)}{gaps}{special}"


def drawn(codec: int, kind: int, log2_states: int) -> list[bytes]:
    """Return blobs of one element with tables drawn at random.

    What the element is, and whether the bits are legal, tells where its symbol stands in the table.
    """
    rng = np.random.default_rng(codec + kind)
    starts: Sequence[int] = range(0, 1 << 16, 1 << 10)
    if codec == HUFFMAN:
        starts = [(1 << k) - 1 << 16 - k for k in range(16)]
    tables: list[tuple[str, Sequence[int]]] = [(any_table(rng, codec, kind, log2_states), starts) for _ in range(25)]
    if codec == HUFFMAN:  # codes over 15 bits: weights of a power of two each are halved
        tables.append(("10 00 00 00 14 02 0000 0000 00 00 00", range(0, 1 << 16, 1 << 8)))
    return [entropy(codec, [1], count, text, start.to_bytes(2, "little").hex(), type=0x88)
            for text, firsts in tables for start in firsts for count in (0, 1)]
