"""The C reader of blobs: literal blobs, broken ones, and the same verdict and values as Python's on all others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edgeq import IntType
from edgeq.artefacts.templates import template_folder
from edgeq.codecs import decode, get, names, read_header
from edgeq.emitters.c_library import reader_files
from edgeq.errors import CodecError, InputError
from tests.codecs.c_reader import DRIVER, STATUS, compile_reader, results, sources
from tests.codecs.corpus import blobs, codecs, coded, sparse, types
from tests.codecs.entropy_blobs import ANS, BROKEN, HUFFMAN, LITERAL, SLY, book_of, broken, drawn
from tests.codecs.fuzz import MOST, agreed, frame, inputs, with_crc
from tests.codecs.test_faults import FAULTS, matrix
from tests.codecs.test_stored_bytes import CASES
from tests.tools import need_tool, run

pytestmark = pytest.mark.hardware


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver, compiled with the sanitizers."""
    return compile_reader(tmp_path_factory.mktemp("reader"), DRIVER, sources())


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver as on a device whose registers have 32 bits."""
    return compile_reader(tmp_path_factory.mktemp("narrow"), DRIVER, sources(), ["-DEDGEQ_WINDOW_BITS=32"])


@pytest.mark.parametrize("width", ["program", "narrow"])
def test_literal_blobs(width: str, request: pytest.FixtureRequest) -> None:
    program = request.getfixturevalue(width)
    plain = [(with_crc(bytes.fromhex(text) + bytes(4)), array) for _, _, array, _, text in CASES.values()]
    given = [blob for blob, _ in LITERAL.values()] + [blob for blob, _ in plain]
    expected = [values for _, values in LITERAL.values()] + [array.reshape(-1).tolist() for _, array in plain]
    for found, values in zip(results(program, given, 0), expected, strict=True):
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


def test_faults_that_look_legal(program: Path) -> None:
    for (blob, status, section), result in zip(SLY, results(program, [b for b, _, _ in SLY], MOST), strict=True):
        assert (result.status, list(read_header(blob).sections)[result.section]) == (status, section)
        assert python_reads(blob, MOST) is None


def test_the_widest_numbers_are_legal(program: Path) -> None:
    given = [matrix("fixed_point", "ff01 2300c0", 6), matrix("fixed_point", "fe01 2300c0", 6),
             matrix("zero_runs", "020008ffffffff0f 010000 -", 0), book_of(1), book_of(4096),
             *(broken("model", tables=f"00 00 00 01 03 02 0006 0000 {gaps} 00", data="00") for gaps in (
                 "808004 00", "00 808004"))]
    for blob, result in zip(given, results(program, given, MOST), strict=True):
        assert (result.status, agreed(blob)) == ("OK", True), blob.hex(" ")


def test_more_than_fits_is_refused_before_it_is_read(program: Path) -> None:
    """2^32 stored values of csr, and elements over the limit, in blobs that have no such bytes."""
    many = frame(5, 0x83, [2**17, 2**17], 0, 2**32, [bytes.fromhex("2011"), b"", b"", b""])
    assert [r.status for r in results(program, [many], 0)] == ["COUNT"]
    assert [r.status for r in results(program, [many], 2**33)] == ["LIMIT"]


def test_a_padding_value_may_be_the_last(program: Path) -> None:
    # run bits 2, style 1, W 8, G 0: 11 0000, four elements 0, and the others
    blob = frame(8, 4, [12], 0, 1, [bytes.fromhex("02010800"), b"", b"\xc0"])
    assert decode(blob).tolist() == [0] * 12
    assert agreed(blob)
    (found,) = results(program, [blob], MOST)
    assert (found.status, found.elements.tolist()) == ("OK", [0] * 12)


def same(program: Path, given: Sequence[bytes], most: int) -> int:
    """Compare verdict and values with Python's; return the number of legal blobs."""
    legal = 0
    for blob, result in zip(given, results(program, given, most), strict=True):
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
    made = list(blobs())  # every option of every codec
    for codec in codecs():
        if codec.name in ("huffman", "ans"):
            continue
        for type in list(types(codec))[int(rng.integers(3)) :: 3]:
            fill_value = int(rng.integers(type.qmin, type.qmax, endpoint=True))
            shape = ((5,), (3, 4), (2, 3, 3), (1, 40), (9, 2))[rng.integers(5)]
            made.append(codec.encode(sparse(rng, shape, type, fill_value), type=type, fill_value=fill_value))
    assert same(program, made, MOST) == same(narrow, made, MOST) == len(made) > 300


@pytest.mark.parametrize("name", ["huffman", "ans"])
def test_every_mode_table_and_restart(name: str, program: Path, narrow: Path) -> None:
    made = coded(name)
    assert same(program, made, MOST) == same(narrow, made, MOST) == len(made) > 60


@pytest.mark.parametrize(("codec", "kind", "log2_states"), [(HUFFMAN, 2, 0), (ANS, 2, 6), (ANS, 3, 6)])
def test_tables_from_weights(codec: int, kind: int, log2_states: int, program: Path) -> None:
    """One element: what it is, and whether the bits are legal, tells where its symbol stands in the table."""
    given = drawn(codec, kind, log2_states)
    assert same(program, given, MOST) > len(given) // 12


def test_damaged_blobs_have_pythons_verdict(program: Path, narrow: Path) -> None:
    given = list(inputs(5000, 7))
    assert 500 < same(program, given, MOST) < 2500
    assert same(narrow, given[:500], MOST) > 50


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
        folder / f"edgeq_{name}" for name in ("blob.c", "blob.h", "blob_codecs.c", "blob_codecs.h")]))
    with pytest.raises(InputError, match="the C reader has no codec 'zip'; it has packed, "):
        reader_files("zip")
