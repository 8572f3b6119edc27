"""The C reader of blobs: literal blobs, broken ones, and the same verdict and values as Python's on all others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import IntType
from edgeq.artefacts.templates import template_folder
from edgeq.codecs import decode, get, names
from edgeq.emitters.c_library import reader_files
from edgeq.errors import CodecError, EdgeqError, InputError
from tests.codecs.c_reader import DRIVER, STATUS, compile_reader, results, sources
from tests.codecs.corpus import codecs, sparse, types
from tests.codecs.fuzz import MOST, frame, inputs
from tests.codecs.test_faults import FAULTS
from tests.codecs.test_stored_bytes import CASES
from tests.tools import need_tool, run

pytestmark = pytest.mark.hardware
HUFFMAN, ANS = 9, 10
S2 = 0x82


@pytest.fixture(scope="module", params=[64, 32])
def window(request: pytest.FixtureRequest) -> int:
    """Width of the register that bits are read through."""
    return int(request.param)


@pytest.fixture(scope="module")
def program(window: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, compiled with the sanitizers."""
    folder = tmp_path_factory.mktemp(f"reader{window}")
    return compile_reader(folder, DRIVER, sources(), f"-DEDGEQ_WINDOW_BITS={window}")


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
    # weights 2^15, 2^14, 2^13, 2^13 of symbols 1, 0, -1, -2 from a curve of 2^31 / 2 a step: slope code 0;
    # gaps 0, no special weight in mode 1: lengths 1 2 3 3
    "nothing": (entropy(HUFFMAN, [3], 0, "01 00 00 00", ""), [0, 0, 0]),
}


def test_literal_blobs(program: Path) -> None:
    plain = [(bytes.fromhex(text.replace(" ", "")), array) for _, _, array, _, text in CASES.values()]
    blobs = [blob for blob, _ in LITERAL.values()] + [frame_of(blob) for blob, _ in plain]
    expected = [values for _, values in LITERAL.values()] + [array.reshape(-1).tolist() for _, array in plain]
    for found, values in zip(results(program, blobs, 0), expected, strict=True):
        assert (found.status, found.elements.tolist()) == ("OK", values)


def frame_of(blob: bytes) -> bytes:
    """Return a blob whose crc is still to come."""
    import zlib

    return blob + zlib.crc32(blob).to_bytes(4, "little")
