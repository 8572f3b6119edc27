"""Parts of blobs, put together by hand from the page "Blobs": what `tests.oracles.blob_reader` is tried on."""

from __future__ import annotations

import zlib


def varint(value: int) -> bytes:
    """Return an unsigned LEB128."""
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127)
    return bytes([group | 128 for group in groups[:-1]] + groups[-1:])


def svarint(value: int) -> bytes:
    return varint(2 * value if value >= 0 else -2 * value - 1)


def stream(text: str, word: int = 8) -> bytes:
    """Return a bit stream written as 0 and 1; blanks only help the eye."""
    text = text.replace(" ", "")
    text += "0" * (-len(text) % word)
    return b"".join(int(text[i : i + word], 2).to_bytes(word // 8, "little") for i in range(0, len(text), word))


def with_crc(data: bytes) -> bytes:
    return data + zlib.crc32(data).to_bytes(4, "little")


def assemble(
    codec: int, type_: tuple[str, int], shape: tuple[int, ...], fill: int, count: int, *sections: bytes
) -> bytes:
    """Put header, sections and crc together; the type is ("s", 8) or ("u", 4)."""
    head = b"EQB\x01" + bytes([codec, type_[1] + 128 * (type_[0] == "s"), len(shape)])
    head += b"".join(varint(dim) for dim in shape) + svarint(fill) + varint(count) + bytes([len(sections)])
    return with_crc(head + b"".join(varint(len(section)) for section in sections) + b"".join(sections))


def entropy(
    mode: int, word: int = 8, low: int = 0, longest: int = 0, escape: int = 0, rows: int = 0, t: int = 0
) -> bytes:
    """Return the parameters of huffman and ans; M is there in modes 1 and 2 only."""
    flags = mode | escape << 2 | {8: 0, 16: 1, 32: 2, 64: 3}[word] << 4
    return bytes([flags, low | t << 4]) + (varint(longest) if mode else b"") + varint(rows)


def state_table(frequencies: list[int], t: int) -> list[tuple[int, int, int]]:
    """Return (entry, bits, base) of each state."""
    size, p = 1 << t, 0
    spread = [-1] * size
    for entry, frequency in enumerate(frequencies):
        for _ in range(frequency):
            assert spread[p] == -1
            spread[p] = entry
            p = (p + (size >> 1) + (size >> 3) + 3) % size
    table, x = [], list(frequencies)
    for entry in spread:
        bits = t - (x[entry].bit_length() - 1)
        table.append((entry, bits, (x[entry] << bits) - size))
        x[entry] += 1
    return table


def ans_stream(symbols: list[tuple[list[int], int, str]], t: int) -> str:
    """Code symbols, each (frequencies of its table, entry, low bits), backwards from the last state 0."""
    text, state = "", 0
    for frequencies, entry, low in reversed(symbols):
        for position, (i, bits, base) in enumerate(state_table(frequencies, t)):
            if i == entry and base <= state < base + (1 << bits):
                text = low + (f"{state - base:0{bits}b}" if bits else "") + text
                state = position
                break
        else:
            raise AssertionError("no state leads on")
    return f"{state:0{t}b}" + text if symbols else ""


def with_tables(parameters: bytes, codebook: bytes, *rest: bytes) -> bytes:
    """Return the section tables; a codebook sets its bit in the parameters."""
    return bytes([parameters[0] | (8 if codebook else 0)]) + parameters[1:] + codebook + b"".join(rest)


def huffman(parameters: bytes, type_: tuple[str, int], shape: tuple[int, ...], fill: int, count: int,
            value_table: bytes, run_table: bytes, data: bytes, codebook: bytes = b"", restart: bytes = b"") -> bytes:
    tables = with_tables(parameters, codebook, value_table, run_table, restart)
    return assemble(9, type_, shape, fill, count, tables, data)


def ans(parameters: bytes, type_: tuple[str, int], shape: tuple[int, ...], fill: int, count: int,
        value_table: bytes, run_table: bytes, data: bytes, codebook: bytes = b"", restart: bytes = b"") -> bytes:
    tables = with_tables(parameters, codebook, value_table, run_table, restart)
    return assemble(10, type_, shape, fill, count, tables, data)


def coded(symbols: list[tuple[list[int], int, str]], t: int = 5, word: int = 8) -> bytes:
    return stream(ans_stream(symbols, t), word)


U4, S4, S5, U16 = ("u", 4), ("s", 4), ("s", 5), ("u", 16)
ESCAPE, PADDING = bytes([2, 0, 8, 0]), bytes([2, 1, 8, 0])  # r = 2
ROWS = bytes([2, 0, 16, 1])  # r = 2, words of 16 bits, one row a segment
TWO_ROWS = stream("10 0001", 16) + stream("00 0011", 16)  # [0, 0, 1, 0], [3, 0, 0, 0]
VALUES_120 = stream("0 0 10 11 0")  # 0, 0, 1, 2, 0
TABLE = svarint(0) + varint(3)  # symbols 0, 1, 2
DENSE = TABLE + b"\x00" + stream("0001 0010 0010")  # codes 0, 10, 11
LIST = TABLE + bytes([0x21, 1, 2]) + stream("00 01 10")
HALVES = bytes([0x00, 0x00, 0x00, 0x00])  # a model: slope 0.5, no curvature
RUNS = b"\x00" + stream("0001 0010 0011 0011")  # runs 0, 1, 2 and the escape: 0, 10, 110, 111
ONE_TWO = svarint(1) + varint(2) + b"\x00" + stream("0001 0001")  # symbols 1 and 2: 0 and 1
RUN_STREAM = stream("111 10 1  0 0")  # escape, run 1, value 2; run 0, value 1: [0, 0, 0, 2, 1, 0]
JOINT_TABLE = svarint(1) + varint(2) + bytes([0x21, 0, 4]) + stream("000 001 011 100")
"""M = 1: entries 0 (run 0, symbol 1), 1 (0, 2), 3 (1, 2), 4 (escape): 00, 01, 10, 11; entry 2 never occurs."""
MODEL_0 = svarint(-2) + varint(4) + b"\x02" + HALVES + varint(1) + varint(1) + varint(2**20)
"""Symbols -2..1: 16384, 32768, 2**20 (special), 32768: lengths 3, 3, 1, 2."""
F3, F2, F4 = [17, 9, 6], [20, 12], [16, 9, 4, 3]
V2 = svarint(1) + varint(2) + b"\x50" + stream("10100 01100")
R4 = b"\x50" + stream("10000 01001 00100 00011")
V3_LIST = TABLE + b"\x01" + varint(3) + stream("00 10000 01 01000 10 00101")
JOINT_ANS = svarint(1) + varint(2) + b"\x01" + varint(4) + stream("000 01111 001 01000 011 00011 100 00010")
FJ = [16, 9, 0, 4, 3]
