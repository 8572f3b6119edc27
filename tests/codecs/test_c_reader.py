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
from edgeq.codecs import decode, get, names, read_header
from edgeq.emitters.c_library import reader_files
from edgeq.errors import CodecError, EdgeqError, InputError
from tests.codecs.c_reader import DRIVER, STATUS, compile_reader, results, sources
from tests.codecs.corpus import codecs, sparse, types
from tests.codecs.fuzz import MOST, frame, inputs, with_crc
from tests.codecs.test_faults import FAULTS
from tests.codecs.test_stored_bytes import CASES
from tests.tools import need_tool, run

pytestmark = pytest.mark.hardware
HUFFMAN, ANS = 9, 10
S2 = 0x82


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, compiled with the sanitizers."""
    return compile_reader(tmp_path_factory.mktemp("reader"), DRIVER, sources())


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver as on a device whose registers have 32 bits."""
    return compile_reader(tmp_path_factory.mktemp("narrow"), DRIVER, sources(), ["-DEDGEQ_WINDOW_BITS=32"])


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
    "nothing": (entropy(HUFFMAN, [3], 0, "01 00 00 00", ""), [0, 0, 0]),
}


@pytest.mark.parametrize("width", ["program", "narrow"])
def test_literal_blobs(width: str, request: pytest.FixtureRequest) -> None:
    program = request.getfixturevalue(width)
    plain = [(with_crc(bytes.fromhex(text) + bytes(4)), array) for _, _, array, _, text in CASES.values()]
    blobs = [blob for blob, _ in LITERAL.values()] + [blob for blob, _ in plain]
    expected = [values for _, values in LITERAL.values()] + [array.reshape(-1).tolist() for _, array in plain]
    for found, values in zip(results(program, blobs, 0), expected, strict=True):
        assert (found.status, found.elements.tolist()) == ("OK", values)


def test_every_rule_broken_once(program: Path) -> None:
    found = results(program, [blob for blob, _ in FAULTS], MOST)
    for (blob, message), result in zip(FAULTS, found, strict=True):
        header = read_header(blob)
        name, section = list(header.sections.items())[result.section]
        assert result.status not in ("OK", "END"), message
        assert result.section >= 0, message
        assert f"section '{name}'" in message, result
        assert section.offset <= result.offset <= section.offset + section.length, message


def broken(of: str, **changed: Any) -> bytes:
    """Return a literal blob with another codec, type, dims, fill, count, tables or data."""
    blob, _ = LITERAL[of]
    header = read_header(blob)
    tables, data = (blob[p.offset : p.offset + p.length] for p in header.sections.values())
    held = {"codec": blob[4], "type": blob[5], "dims": list(header.shape), "fill": 0, "count": header.count}
    sections = [bytes.fromhex(changed.pop("tables", tables.hex())), bytes.fromhex(changed.pop("data", data.hex()))]
    return frame(**(held | changed), sections=sections)


BROKEN: list[tuple[bytes, str, str]] = [
    (b"", "TRUNCATED", "header"),
    (b"EQB\1\1\x83\0\0\0\0", "TRUNCATED", "header"),
    (b"EQC" + broken("values")[3:], "MAGIC", "header"),
    (b"EQB\2" + broken("values")[4:], "VERSION", "header"),
    (broken("values")[:-1] + b"\0", "CRC", "header"),
    (broken("values", codec=11), "CODEC", "header"),
    (broken("values", type=0x80), "TYPE", "header"),
    (broken("values", type=0x91), "TYPE", "header"),
    (broken("values", dims=[1] * 33), "SHAPE", "header"),
    (broken("values", dims=[2**32]), "SHAPE", "header"),
    (broken("values", dims=[2**24, 2**24, 0]), "SHAPE", "header"),
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
    (broken("runs", tables="05 00 808004 00 02 01 00 10 00 1220"), "PARAMETER", "tables"),
    (broken("ans", tables="00 40 00 00 02 50 8400"), "PARAMETER", "tables"),
    (broken("ans", tables="00 f0 00 00 02 50 8400"), "PARAMETER", "tables"),
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
    (broken("model", tables="00 00 00 01 03 02 0006 0000 00 00 8180808001"), "TABLE", "tables"),  # z over 2^28
    (broken("model", tables="00 00 00 02 03 02 0006 0000 00 00 01"), "TABLE", "tables"),  # z, but no entry 0
    (broken("model", tables="00 00 00 01 03 02 0006 0000 02 02 00"), "TABLE", "tables"),  # no weight
    (broken("joint", tables="06 00 01 00 01 03 02 0006 0000 00"), "TABLE", "tables"),  # mode 2 has no model
    (broken("ans", tables="00 50 00 00 02 00 8400"), "TABLE", "tables"),  # no width
    (broken("ans", tables="00 50 00 00 02 50 8440"), "TABLE", "tables"),  # 33 states
    (broken("ans", tables="00 50 00 00 02 50 7c00"), "TABLE", "tables"),  # 31 states
    (broken("ans", tables="00 50 00 00 02 01 02 bbe0"), "TABLE", "tables"),  # 1 twice
    (broken("ans", tables="00 50 00 00 02 03 00"), "TABLE", "tables"),  # no weight
    (broken("restart", tables="00 00 01 01 03 00 2120 03 00010101"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 02 0000010001000100"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 01 01010101"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 01 00010301"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 01 00010102"), "RESTART", "tables"),
    (broken("restart", tables="00 00 01 01 03 00 2120 01 000101"), "RESTART", "tables"),
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


@pytest.mark.parametrize("width", ["program", "narrow"])
def test_every_rule_of_huffman_and_ans_broken_once(width: str, request: pytest.FixtureRequest) -> None:
    program = request.getfixturevalue(width)
    found = results(program, [blob for blob, _, _ in BROKEN], MOST)
    for (blob, status, section), result in zip(BROKEN, found, strict=True):
        name = "header" if result.section < 0 else ("tables", "data")[result.section]
        assert (result.status, name) == (status, section), blob.hex(" ")
        with pytest.raises(CodecError):
            decode(blob, max_elements=MOST)
    never = {"OK", "END", "SMALL_WORKSPACE", "WIDE", "SEGMENT"}  # the driver looks at these itself
    assert {status for _, status, _ in BROKEN} == set(STATUS) - never


def test_more_than_fits_is_refused_before_it_is_read(program: Path) -> None:
    """2^32 stored values of csr, and elements over the limit, in blobs that have no such bytes."""
    many = frame(5, 0x83, [2**17, 2**17], 0, 2**32, [bytes.fromhex("2011"), b"", b"", b""])
    assert [r.status for r in results(program, [many], 0)] == ["COUNT"]
    assert [r.status for r in results(program, [many], 2**33)] == ["LIMIT"]


def test_a_padding_value_may_be_the_last(program: Path) -> None:
    # run bits 2, style 1, W 8, G 0: 11 0000, four elements 0, and the others
    blob = frame(8, 4, [12], 0, 1, [bytes.fromhex("02010800"), b"", b"\xc0"])
    assert decode(blob).tolist() == [0] * 12
    (found,) = results(program, [blob], MOST)
    assert (found.status, found.elements.tolist()) == ("OK", [0] * 12)


def same(program: Path, blobs: Sequence[bytes], most: int) -> int:
    """Compare verdict and values with Python's; return the number of legal blobs."""
    legal = 0
    for blob, result in zip(blobs, results(program, blobs, most), strict=True):
        values = python_reads(blob, most)
        assert (result.status == "OK") == (values is not None), f"{result}: {blob.hex(' ')}"
        if values is not None:
            assert np.array_equal(values, result.elements), blob.hex(" ")
            legal += 1
    return legal


def python_reads(blob: bytes, most: int) -> np.ndarray | None:
    """Return the elements, row-major, or nothing where the blob is refused."""
    try:
        return decode(blob, max_elements=most).astype(np.int64).reshape(-1)
    except CodecError:
        return None


def test_every_codec_option_and_width(program: Path, narrow: Path) -> None:
    rng = np.random.default_rng(5)
    blobs = []
    for codec in codecs():
        step = 16 if codec.name in ("huffman", "ans") else 3
        for type in list(types(codec))[int(rng.integers(step)) :: step]:
            fill_value = int(rng.integers(type.qmin, type.qmax, endpoint=True))
            shape = ((5,), (3, 4), (2, 3, 3), (1, 40), (9, 2))[rng.integers(5)]
            blobs.append(codec.encode(sparse(rng, shape, type, fill_value), type=type, fill_value=fill_value))
    assert same(program, blobs, MOST) == same(narrow, blobs, MOST) == len(blobs) > 200


def encoded(name: str, options: dict[str, Any], array: np.ndarray, type: IntType, fill_value: int) -> bytes:
    """Return a blob, or nothing where the codec has no such options or holds no such tensor."""
    try:
        return get(name, **options).encode(array, type=type, fill_value=fill_value)
    except EdgeqError:
        return b""


def weights(
    rng: np.random.Generator, shape: tuple[int, ...], spread: float, fill_value: int, share: float
) -> np.ndarray:
    """Return a tensor as weights often are: ``share`` of it the fill value, the others around it."""
    far = np.clip(np.round(rng.laplace(0, spread, shape)), -100, 100).astype(np.int64)
    return fill_value + np.where(rng.random(shape) < share, 0, far)


@pytest.mark.parametrize("name", ["huffman", "ans"])
def test_every_mode_table_and_restart(name: str, program: Path, narrow: Path) -> None:
    rng = np.random.default_rng(6)
    blobs = []
    for mode in ("values", "runs", "joint"):
        for table in ("dense", "list", "model", "coarse", None):
            for word_bits, restart in ((8, "none"), (16, "channel"), (32, "bank"), (64, "channel")):
                options = {"mode": mode, "table": table, "word_bits": word_bits, "restart": restart, "banks": 3}
                for bits, spread, share in ((8, 2.0, 0.7), (16, 40.0, 0.2), (8, 1.0, 0.98)):
                    array = weights(rng, (5, 3, 11), spread, 3, share)
                    blobs.append(encoded(name, options, array, IntType(bits), 3))
    made = [blob for blob in blobs if blob]
    assert same(program, made, MOST) == same(narrow, made, MOST) == len(made) > 60


def test_damaged_blobs_have_pythons_verdict(program: Path, narrow: Path) -> None:
    blobs = list(inputs(5000, 7))
    assert 500 < same(program, blobs, MOST) < 2500
    assert same(narrow, blobs[:500], MOST) > 50


def test_headers_are_c_plus_plus(tmp_path: Path) -> None:
    headers = [path.name for path in reader_files() if path.suffix == ".h"]
    text = "".join(f'#include "{name}"\n' for name in headers)
    (tmp_path / "all.cc").write_text(f"{text}int main() {{ return EDGEQ_BLOB_OK; }}\n")
    flags = ["-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-fsyntax-only"]
    run([need_tool("g++"), *flags, f"-I{template_folder() / 'c'}", "all.cc"], tmp_path)


ALONE = """
#include "edgeq_{header}.h"

int main(void) {{
    const edgeq_codec *const codecs[] = {{&edgeq_codec_{codec}, NULL}};
    const uint8_t bytes[] = {{{bytes}}};
    static uint32_t workspace[1024];
    const edgeq_blob blob = {{bytes, sizeof bytes, workspace, 1024, 0, 0}};
    edgeq_decoder decoder;
    int32_t out[6];
    size_t count = 0;
    int status = edgeq_decoder_open(&decoder, &blob, codecs);
    status = status == EDGEQ_BLOB_OK ? edgeq_decoder_read(&decoder, out, 6, &count) : status;
    return status == EDGEQ_BLOB_OK && count == {count} && out[1] == {second} ? 0 : 1;
}}
"""


@pytest.mark.parametrize(("codec", "header", "blob", "count", "second"), [
    ("huffman", "huffman", LITERAL["runs"][0], 6, 0),
    ("packed", "plain", with_crc(bytes.fromhex(CASES["packed"][4]) + bytes(4)), 6, 0),
], ids=["huffman", "packed"])
def test_one_codec_alone(codec: str, header: str, blob: bytes, count: int, second: int, tmp_path: Path) -> None:
    main = tmp_path / "alone.c"
    values = ", ".join(map(str, blob))
    main.write_text(ALONE.format(header=header, codec=codec, bytes=values, count=count, second=second))
    files = reader_files(codec)
    assert not {"edgeq_blob.c", "edgeq_sparse.c", "edgeq_tans.c"} & {path.name for path in files}
    run([str(compile_reader(tmp_path, main, sources(codec), []))], tmp_path)


def test_the_example_of_the_readme(tmp_path: Path) -> None:
    text = (template_folder() / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```c\n(.*?)```", text, re.DOTALL)
    main = tmp_path / "example.c"
    main.write_text(example)
    program = compile_reader(tmp_path, main, sources(), [])
    values = np.arange(-70, 70)
    blob = get("huffman").encode(values, type=IntType(8))
    assert run([str(program)], tmp_path, blob).decode().split() == [str(v) for v in values]


def test_files_of_codecs() -> None:
    folder = template_folder() / "c"
    assert reader_files() == sorted(set().union(*(reader_files(name) for name in names()), [
        folder / "edgeq_blob.c", folder / "edgeq_blob.h"]))
    with pytest.raises(InputError, match="the C reader has no codec 'zip'; it has packed, "):
        reader_files("zip")
