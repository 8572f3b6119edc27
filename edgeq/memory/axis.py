"""Write bytes as the beats of one AXI4-Stream packet, ``tdata tkeep tlast`` in hexadecimal, and read them back.

One beat a line; byte 0 of the packet is tdata[7:0] of the first beat. tkeep has a bit per byte, all ones but in the
last beat, where the bytes past the end are 0; tlast is 1 in the last beat alone. An empty packet has no beats.

Source: AMBA AXI-Stream Protocol Specification, ARM IHI 0051B, sections 2.2 and 2.5.
"""

from __future__ import annotations

import re

import numpy as np

from edgeq.errors import CodecError, InputError, shown

MAX_TDATA_BITS = 1024


def check_tdata(bits: object) -> int:
    """Return the width of tdata; raises InputError unless it is a multiple of 8 up to 1024."""
    if isinstance(bits, bool) or not isinstance(bits, int) or bits % 8 or not 8 <= bits <= MAX_TDATA_BITS:
        raise InputError(f"tdata_bits {shown(bits)} is not a multiple of 8 from 8 to {MAX_TDATA_BITS}")
    return bits


def encode_axis(data: bytes, tdata_bits: int) -> bytes:
    """Return the beats of one packet.

    >>> print(encode_axis(bytes([1, 2, 3]), 16).decode(), end="")
    0201 3 0
    0003 1 1
    """
    width = check_tdata(tdata_bits) // 8
    beats = -(-len(data) // width)
    padded = np.zeros(beats * width, np.uint8)
    padded[: len(data)] = np.frombuffer(data, np.uint8)
    text = padded.reshape(-1, width)[:, ::-1].tobytes().hex()
    digits, keep = 2 * width, -(-width // 4)
    full = f" {(1 << width) - 1:0{keep}x} 0\n"
    lines = [text[k : k + digits] + full for k in range(0, len(text), digits)]
    if lines:
        kept = len(data) - (beats - 1) * width
        lines[-1] = f"{text[-digits:]} {(1 << kept) - 1:0{keep}x} 1\n"
    return "".join(lines).encode()


def decode_axis(text: bytes, tdata_bits: int, where: str) -> bytes:
    """Return the bytes of the packet; raises CodecError naming ``where``, the beat's line and the fault."""
    width = check_tdata(tdata_bits) // 8
    digits, keep = 2 * width, -(-width // 4)
    beat = re.compile(rf"([0-9a-f]{{{digits}}}) ([0-9a-f]{{{keep}}}) ([01])")
    lines = text.decode("ascii", "replace").split("\n")
    if lines.pop():
        raise CodecError(f"{where} line {len(lines) + 1}: the final newline is missing")
    parts, kept = [], width
    for number, line in enumerate(lines, 1):
        found, last = beat.fullmatch(line), number == len(lines)
        if found is None:
            raise CodecError(f"{where} line {number}: {line[:60]!r} is not a beat: {digits} hexadecimal digits of "
                             f"tdata, {keep} of tkeep, tlast")
        if (found[3] == "1") != last:
            said = "is 0 in the last beat" if last else "is 1 before the last beat"
            raise CodecError(f"{where} line {number}: tlast {said}")
        kept = _kept(int(found[2], 16), width, last, f"{where} line {number}")
        parts.append(found[1])
    data = np.frombuffer(bytes.fromhex("".join(parts)), np.uint8).reshape(-1, width)[:, ::-1].tobytes()
    end = len(data) - width + kept if data else 0
    if any(data[end:]):
        raise CodecError(f"{where} line {len(lines)}: a byte that tkeep leaves out is not 0")
    return data[:end]


def _kept(tkeep: int, width: int, last: bool, where: str) -> int:
    """Return how many bytes of a beat are kept; raises CodecError unless these are all, or the first of the last."""
    kept = tkeep.bit_length()
    if tkeep != (1 << kept) - 1 or not 1 <= kept <= width or (kept < width and not last):
        expected = "the first bytes" if last else "all bytes"
        raise CodecError(f"{where}: tkeep {tkeep:x} does not keep {expected} of the beat")
    return kept
