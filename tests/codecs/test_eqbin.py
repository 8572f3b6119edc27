"""The container of a network: literal bytes, every damage one clear error, no more memory than is allowed."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from edgeq.codecs import eqbin
from edgeq.codecs.eqbin import GRAPH, TENSOR, Section, decode_eqbin, encode_eqbin, read_eqbin
from edgeq.errors import CodecError, InputError

TEXT = Section(GRAPH, "graph", b"edgeq: 1\n")
BLOB = Section(TENSOR, "w", b"BLOB!")
LITERAL = bytes.fromhex("""
    45 51 42 49 4e 0d 0a 1a  01 00 04 00 3c 00 00 00  02 00 00 00 ec 4a 7b fc
    01 00 40 00 00 00 09 00 00 00 70 eb 95 f7 05 67 72 61 70 68
    02 00 50 00 00 00 05 00 00 00 95 ec 33 c0 01 77  00 00 00 00
    65 64 67 65 71 3a 20 31 0a 00 00 00 00 00 00 00
    42 4c 4f 42 21""")


def signed(data: bytes) -> bytes:
    """Return the file with the crc of its header made right, as an attacker would."""
    length = int.from_bytes(data[12:16], "little")
    head = data[:20] + bytes(4) + data[24:length]
    return data[:20] + struct.pack("<I", zlib.crc32(head)) + data[24:]


def put(place: int, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + new + data[place + len(new):]


def made(*entries: tuple[int, int, bytes, bytes], gap: bytes = b"") -> bytes:
    """Return a file of (kind, encoding, name field, stored bytes) without alignment, written by this test alone."""
    length = 24 + sum(14 + len(name) for _, _, name, _ in entries)
    head, body = b"", b""
    for kind, encoding, name, stored in entries:
        head += struct.pack("<BBIII", kind, encoding, length + len(body), len(stored), zlib.crc32(stored)) + name
        body += stored
    fixed = struct.pack("<8sHBBIII", b"EQBIN\r\n\x1a", 1, 0, 0, length, len(entries), 0)
    return signed(fixed + head + body + gap)


def refused(data: bytes, message: str = "net.eqbin: ") -> None:
    with pytest.raises(CodecError, match=message) as caught:
        decode_eqbin(data, "net.eqbin")
    assert str(caught.value).startswith("net.eqbin: ")
    assert len(str(caught.value).splitlines()) == 1


def test_literal_bytes() -> None:
    assert encode_eqbin([TEXT, BLOB]) == LITERAL
    assert decode_eqbin(LITERAL) == (TEXT, BLOB)
    assert [(s.offset, s.data, s.crc) for s in read_eqbin(LITERAL)] == [
        (64, b"edgeq: 1\n", 0xF795EB70), (80, b"BLOB!", 0xC033EC95)]


@pytest.mark.parametrize("align", [1, 2, 4, 16, 64, 4096])
def test_sections_begin_at_multiples(align: int) -> None:
    sections = (Section(GRAPH, "graph", b"x" * 100), Section(TENSOR, "empty", b""), Section(TENSOR, "é" * 100, b"yyy"))
    data = encode_eqbin(sections, align)
    assert decode_eqbin(data) == sections
    assert all(s.offset % align == 0 for s in read_eqbin(data))
    assert data.endswith(b"yyy")
    if align == 1:
        assert len(data) == 24 + (14 + 1 + 5) + (14 + 1 + 5) + (14 + 2 + 200) + 103


def test_text_in_zlib() -> None:
    text = Section(GRAPH, "graph", b"ab" * 5000, deflate=True)
    data = encode_eqbin([text, BLOB])
    assert len(data) < 200
    assert decode_eqbin(data) == (text, BLOB)
    place = struct.unpack_from("<I", data, 26)[0]
    assert zlib.decompress(data[place : place + struct.unpack_from("<I", data, 30)[0]]) == b"ab" * 5000


def test_what_cannot_be_written() -> None:
    for align in (0, -1, 3, 8192):
        with pytest.raises(InputError, match=f"align {align} must be a power of two from 1 to 4096"):
            encode_eqbin([TEXT], align)
    for sections, message in (
        ([], r"kinds \[\], expected one graph"), ([BLOB], "expected one graph"), ([TEXT, TEXT], "expected one graph"),
        ([TEXT, BLOB, BLOB], "two sections have one name"), ([TEXT, Section(TENSOR, "", b"")], "has 0 bytes"),
        ([TEXT, Section(TENSOR, "a\nb", b"")], "expected 1 to 4096, printable"),
        ([TEXT, Section(TENSOR, "a/b", b"")], r"without / and \\"),
        ([Section(GRAPH, "g", b"")], "the graph's section is called 'g', expected 'graph'"),
        ([TEXT, Section(TENSOR, "n" * 4097, b"")], "has 4097 bytes, expected 1 to 4096"),
        ([Section(GRAPH, "grape", b"")], "the graph's section is called 'grape', expected 'graph'"),
        ([Section(GRAPH, "graph", bytes(eqbin.MOST_TEXT + 1))], "the graph's text has more than 16777216 bytes"),
    ):
        with pytest.raises(CodecError, match=message):
            encode_eqbin(sections)


def test_every_cut_and_every_flipped_byte_is_found() -> None:
    for end in range(len(LITERAL)):
        refused(LITERAL[:end])
    for place in range(len(LITERAL)):
        refused(LITERAL[:place] + bytes([LITERAL[place] ^ 0x40]) + LITERAL[place + 1:])
    refused(LITERAL + b"\0", "the last section ends at byte 85, the file at byte 86")


@pytest.mark.parametrize(("change", "message"), [
    (put(0, b"PK"), "does not begin with the magic bytes of .eqbin"),
    (put(8, b"\2"), "version 2 at byte 8 is unknown; this edgeq reads version 1"),
    (put(10, b"\x0d"), "bytes 10 and 11 are 13 and 0, expected 0 to 12 and 0"),
    (put(11, b"\1"), "bytes 10 and 11 are 4 and 1"),
    (put(12, b"\xff\xff\xff\xff"), "header length 4294967295 at byte 12, the file has 85 bytes"),
    (put(12, b"\x17"), "header length 23 at byte 12"),
    (put(16, b"\1"), "the entries end at byte 44, the header at byte 60"),
    (put(16, b"\xff\xff\xff\xff"), "entry 2 at byte 60: passes the end of the header at byte 60"),
    (put(24, b"\2"), r"sections are of kinds \[2, 2\]"), (put(24, b"\3"), r"sections are of kinds \[3, 2\]"),
    (put(44, b"\1"), r"sections are of kinds \[1, 1\]"),
    (put(25, b"\2"), "entry 0 at byte 24: encoding 2 is unknown for kind 1"),
    (put(45, b"\1"), "entry 1 at byte 44: encoding 1 is unknown for kind 2"),
    (put(25, b"\1"), "entry 0 at byte 24: not what zlib wrote"),
    (put(26, b"\x3c"), "entry 0 at byte 24: the crc of section 'graph' is not that of its 9 bytes"),
    (put(26, b"\xff\xff\xff\xff"), "section 4294967295..4294967304 passes the end of the file at byte 85"),
    (put(30, b"\xff\xff\xff\xff"), "section 64..4294967359 passes the end of the file"),
    (put(34, b"\0"), "the crc of section 'graph'"),
    (put(38, b"\0"), "a name of 0 bytes, expected 1 to 4096 inside the header"),
    (put(38, b"\x7f"), "a name of 127 bytes"), (put(38, b"\x85\0"), "the name's length is not in its shortest form"),
    (put(39, b"\xff"), "the name is not UTF-8"),
    (put(39, b"\n"), r"the name '\\nraph' has characters that cannot be printed"),
    (put(39, b"/"), "the name '/raph' has characters that cannot be printed, or / or"),
    (put(39, b"\\"), "that cannot be printed, or / or"), (put(39, b"G"), "the graph's section is called 'Graph'"),
    (put(60, b"\1"), "the gap at byte 60 holds other bytes than 0"),
])
def test_a_signed_change_is_named(change: Callable[[bytes], bytes], message: str) -> None:
    refused(signed(change(LITERAL)), message)


def test_the_crc_of_the_header_is_asked_first() -> None:
    refused(put(38, b"\x7f")(LITERAL), "the header's crc at byte 20 is not that of its 60 bytes")


def test_files_that_no_writer_makes() -> None:
    graph, tensor = (1, 0, b"\5graph", b"text"), (2, 0, b"\1w", b"blob")
    assert decode_eqbin(made(graph, tensor))[1].data == b"blob"
    refused(made(graph, tensor, gap=b"more"), "the last section ends at byte")
    refused(made(graph, tensor, tensor), "two sections have one name")
    refused(made(tensor, graph), "expected one graph")
    refused(made(), "expected one graph")
    stream = zlib.compress(b"text")
    assert decode_eqbin(made((1, 1, b"\5graph", stream)))[0].data == b"text"
    for stored, message in ((stream + b"x", "does not end with its section"), (stream[:-1], "does not end"),
                            (b"", "does not end"), (stream[:-1] + b"x", "not what zlib wrote")):
        refused(made((1, 1, b"\5graph", stored)), message)


def test_a_zlib_bomb_takes_no_more_memory_than_is_allowed() -> None:
    squeezer = zlib.compressobj(9)
    stored = b"".join(squeezer.compress(bytes(1 << 20)) for _ in range(64)) + squeezer.flush()  # 64 MiB
    data = made((1, 1, b"\5graph", stored))
    began = time.monotonic()
    tracemalloc.start()
    refused(data, "entry 0 at byte 24: inflates to more than 16777216 bytes")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 << 24
    assert time.monotonic() - began < 5
