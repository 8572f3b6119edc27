"""huffman and ans: options, optimality, segments, and every damage named with its section and byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import IntType
from edgeq.codecs import Codec, decode, get, parts, read_header
from edgeq.codecs.varint import write_varint
from edgeq.errors import CodecError, InputError
from tests.codecs.fuzz import frame
from tests.oracles import entropy as oracle

S8, S16 = IntType(8), IntType(16)
NAMES = ("huffman", "ans")


def sparse(seed: int, shape: tuple[int, ...], share: float, spread: float = 20) -> np.ndarray:
    rng = np.random.default_rng(seed)
    array = np.clip(np.rint(rng.normal(0, spread, shape)), -127, 127).astype(int)
    return np.where(rng.random(shape) < share, -1, array)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [
    {}, {"mode": "values"}, {"mode": "runs"}, {"mode": "runs", "run_bits": 2}, {"mode": "joint"}, {"run_bits": 4},
    {"low_bits": 3}, {"table": "list"}, {"table": "model"}, {"table": "dense", "mode": "runs"},
    {"mode": "values", "low_bits": 8},
    *({"word_bits": w, "restart": r, "banks": 3, "mode": m} for w, r, m in (
        (8, "channel", "runs"), (16, "bank", "joint"), (32, "channel", "values"), (64, "bank", "runs"))),
], ids=str)
def test_options(name: str, options: dict[str, Any]) -> None:
    for seed, share in enumerate((0, 0.3, 0.9, 0.995, 1)):
        array = sparse(seed, (7, 90), share)
        blob = get(name, **options).encode(array, type=S8, fill_value=-1)
        assert np.array_equal(decode(blob), array)
        found = parts(blob)["parameters"].tolist()
        assert found[2] == options.get("word_bits", 8)
        if "run_bits" in options:
            assert found[5] == 2 ** options["run_bits"] - 2
        if "mode" in options:
            assert found[0] == ["values", "runs", "joint"].index(options["mode"])


@pytest.mark.parametrize("name", NAMES)
def test_wide_values_have_low_bits(name: str) -> None:
    rng = np.random.default_rng(3)
    array = rng.integers(-32768, 32768, (40, 50))
    array[0, :2] = -32768, 32767
    for mode in ("values", "runs", "joint"):
        blob = get(name, mode=mode).encode(array, type=S16, fill_value=-32768)
        assert np.array_equal(decode(blob), array)
        assert parts(blob)["parameters"][3] >= 4
    with pytest.raises(InputError, match="no table of at most 4096 entries holds this tensor of s16"):
        get(name, low_bits=0, mode="values").encode(array, type=S16)


@pytest.mark.parametrize("name", NAMES)
def test_a_few_distinct_wide_values_make_a_codebook(name: str) -> None:
    rng = np.random.default_rng(4)
    array = np.array([-30000, -77, 0, 4, 25000])[rng.integers(5, size=(30, 30))]
    blob = get(name).encode(array, type=S16)
    assert np.array_equal(decode(blob), array)
    assert sorted(parts(blob)["codebook"].tolist()) in ([-30000, -77, 0, 4, 25000], [-30000, -77, 4, 25000])
    assert len(blob) < 310  # 900 symbols of log2 5 bits are 262 bytes


@pytest.mark.parametrize("name", NAMES)
def test_a_given_codebook(name: str) -> None:
    array = sparse(5, (6, 50), 0.5).clip(-2, 2)
    book = (2, 1, -1, 0, -2, 99)
    blob = get(name, codebook=book).encode(array, type=S8, fill_value=-1)
    assert np.array_equal(decode(blob), array)
    assert parts(blob)["codebook"].tolist() == list(book)
    without = (2, 1, 0, -2)  # the fill value needs no place where runs are coded
    blob = get(name, codebook=without, mode="runs").encode(array, type=S8, fill_value=-1)
    assert np.array_equal(decode(blob), array)
    for options, fault in (({"codebook": (2, 1)}, "value -2 is not in the codebook"),
                           ({"codebook": ()}, "a list of distinct integers|1 to 4096 values, got 0"),
                           ({"codebook": (2, 2)}, "a list of distinct integers"),
                           ({"codebook": (300,)}, "has values outside s8"),
                           ({"codebook": tuple(range(4097))}, "a codebook has 1 to 4096 values, got 4097"),
                           ({"codebook": (0.5,)}, "a list of distinct integers")):
        with pytest.raises(InputError, match=fault):
            get(name, **options).encode(array, type=S8, fill_value=-1)


@pytest.mark.parametrize(("options", "fault"), [
    ({"mode": "best"}, "mode 'best'"), ({"table": "tree"}, "table 'tree'"), ({"run_bits": 1}, "run_bits 1"),
    ({"run_bits": 13}, "run_bits 13"), ({"low_bits": 16}, "low_bits 16"), ({"low_bits": True}, "low_bits True"),
    ({"run_bits": 3, "mode": "values"}, "expected mode runs or joint"), ({"word_bits": 24}, "word_bits 24"),
    ({"codebook": (1,), "low_bits": 2}, "0 with a codebook"), ({"restart": "row"}, "restart 'row'"),
    ({"table": "model", "mode": "joint"}, "dense or list"), ({"table_bits": 4}, "table_bits"),
])
def test_options_that_do_not_exist(options: dict[str, Any], fault: str) -> None:
    for name in NAMES:
        with pytest.raises(InputError, match=fault):
            get(name, **options)


def test_huffman_has_no_coarse_tables() -> None:
    for table in ("coarse", "x"):
        with pytest.raises(InputError, match=r"expected dense, list, model$"):
            get("huffman", table=table)
    assert isinstance(get("ans", table="coarse"), Codec)


def test_banks_have_to_be_said() -> None:
    for name in (*NAMES, "zero_runs", "best"):
        with pytest.raises(InputError, match="restart 'bank' needs the number of banks, 2 or more: give banks"):
            get(name, restart="bank")


def test_nothing_that_can_be_asked_for_is_smaller_than_what_is_chosen() -> None:
    rng = np.random.default_rng(11)
    array = np.clip(np.rint(rng.laplace(0, 12, (16, 27))), -127, 127).astype(int)
    array[rng.random(array.shape) > 0.3] = 0
    for name in NAMES:
        chosen = len(get(name).encode(array, type=S8))
        asked = [len(get(name, mode=mode, low_bits=low).encode(array, type=S8))
                 for mode in ("values", "runs", "joint") for low in range(7)]
        assert chosen <= min(asked)


def test_data_of_huffman_is_as_short_as_a_prefix_code_can_be() -> None:
    for seed in range(4):
        array = sparse(seed, (2000,), 0.2, spread=9)
        counts = np.bincount(array + 127).tolist()
        blob = get("huffman", mode="values", low_bits=0, table="dense").encode(array, type=S8)
        assert parts(blob)["data"].size == -(-oracle.fewest_bits(counts) // 8)


def test_data_of_ans_is_near_the_entropy() -> None:
    array = sparse(9, (20000,), 0.9, spread=4)
    counts = np.bincount(array + 127)
    share = counts[counts > 0] / array.size
    entropy = -(counts[counts > 0] * np.log2(share)).sum() / 8
    data = parts(get("ans", mode="values", table="dense", table_bits=12).encode(array, type=S8))["data"].size
    assert entropy <= data + 2
    assert data <= entropy * 1.002 + 3


def test_each_segment_reads_alone() -> None:
    array = sparse(11, (6, 40), 0.7)
    for name in NAMES:
        blob = get(name, restart="channel", mode="runs", word_bits=16).encode(array, type=S8, fill_value=-1)
        restart = parts(blob)["restart"]
        assert restart[:, 1].tolist() == (array != -1).sum(1).tolist()
        assert restart[0, 0] == 0
        assert (np.diff(restart[:, 0]) > 0).all()


H, A = 9, 10


@pytest.mark.parametrize(("codec", "dims", "count", "head", "data", "fault"), [
    (H, [6], 2, "030000 0103 00 2120", "c2", r"tables', byte 13: flags 0x03 with 0 low bits"),
    (H, [6], 2, "400000 0103 00 2120", "c2", r"flags 0x40"),
    (H, [6], 2, "040000 0103 00 2120", "c2", r"flags 0x04"),
    (H, [6], 2, "080100 01 00 0103 00 2120", "c2", r"flags 0x08 with 1 low bits"),
    (H, [6], 2, "005000 0103 00 2120", "c2", r"byte 14: a table of 2\^5 states"),
    (A, [6], 2, "004000 0002 50 a300", "c2", r"a table of 2\^4 states"),
    (A, [6], 2, "00f000 0002 50 a300", "c2", r"a table of 2\^15 states"),
    (H, [6], 2, "05000000 0002 00 11 00 11", "c2", r"byte 15: escapes need a largest run of 1 or more"),
    (H, [6], 2, "0100ffff7f00", "c2", r"largest run is at least 2097151, expected less than 65536"),
    (H, [6], 2, "000000 0100 00", "c2", r"0 symbols make a table of 0 entries"),
    (H, [6], 2, "000000 018120 00", "c2", r"number of symbols is at least 4097"),
    (H, [6], 2, "0100ff1f00 0101 00", "c2", r"a dense table needs 1 bytes, 0 are left"),
    (H, [6], 2, "0500ff1f00 0101 00", "c2", r"1 symbols make a table of 4097 entries"),
    (H, [6], 2, "000000 ffff1f 03 00 2120", "c2", r"symbols -262144..-262142 do not exist"),
    (H, [6], 2, "080000 02 0102 0003 00 2120", "c2", r"symbols 0..2 do not exist"),
    (H, [6], 2, "080000 00 0002 00 11", "c2", r"the codebook has no values"),
    (H, [6], 2, "0000 8080808010 0103 00 2120", "c2", r"rows of a segment is at least 4294967296"),
    (H, [6], 2, "000000 0103 02 00000000 818004 00 00", "c2", r"gap is at least 65537"),
    (H, [6], 2, "080000 02 0101 0002 00 11", "c2", r"the codebook has a value twice"),
    (H, [6], 2, "000000 0103 04 2120", "c2", r"byte 18: kind of table 0x04"),
    (H, [6], 2, "000000 0103 03 2120", "c2", r"kind of table 0x03"),
    (H, [6], 2, "020000 00 0103 02 2120", "c2", r"kind of table 0x02"),
    (H, [6], 2, "000000 0103 10 2120", "c2", r"a dense table's parameter is 1"),
    (A, [6], 2, "005000 0002 00 a300", "c2", r"a dense table's parameter is 0"),
    (A, [6], 2, "005000 0002 11 a300", "c2", r"a list's parameter is 1"),
    (H, [6], 2, "000000 0103 01 a300", "c2", r"a list's parameter is 0"),
    (H, [6], 2, "000000 0103 00 1110", "c2", r"table of 3 entries: codes overlap"),
    (H, [6], 2, "000000 0103 00 2220", "c2", r"codes leave room"),
    (H, [6], 2, "000000 0103 00 0000", "c2", r"no entry has a code"),
    (H, [6], 2, "000000 0103 00 0200", "c2", r"the only code is longer than 1 bit"),
    (H, [6], 2, "000000 0103 00 2121", "c2", r"the bits after a dense table are not zero"),
    (H, [6], 2, "000000 0103 00 21", "c2", r"a dense table needs 2 bytes, 1 are left"),
    (H, [6], 2, "000000 0103 21 0102 54", "c2", r"the entries of a list are not in canonical order"),
    (H, [6], 2, "000000 0103 21 0102 44", "c2", r"an entry of a list is there twice"),
    (H, [6], 2, "000000 0103 21 0102 4c", "c2", r"entry 3 is outside a table of 3"),
    (H, [6], 2, "000000 0103 21 0103 4c", "c2", r"a list of 4 codes for 3 entries"),
    (H, [6], 2, "000000 0103 31 010200 48", "c2", r"not in canonical order"),
    (A, [6], 2, "005000 0002 50 a320", "c2", r"the bits after a dense table are not zero"),
    (A, [6], 2, "005000 0002 50 a280", "c2", r"frequencies sum to 30, expected 32"),
    (A, [6], 2, "005000 0002 01 03 4eb0", "c2", r"number of entries is at least 3"),
    (A, [6], 2, "005000 0002 01 02 4ea0", "c2", r"frequencies sum to 31"),
    (A, [6], 2, "005000 0002 01 02 4d30", "c2", r"the entries of a list are not ascending"),
    (A, [6], 2, "005000 0003 03 0000", "c2", r"coarse weights of 0 entries have no table"),
    (A, [6], 2, "005000 0022 02 00100000 0000 00", "c2", r"model gives 33 entries, which have no table"),
    (H, [6], 2, "000000 0103 02 00200000 0000 00", "c2", r"model of slope 0x2000"),
    (H, [6], 2, "000000 0103 02 0000000f 0000 00", "c2", r"curvature 0x0f00"),
    (H, [6], 2, "000000 0202 02 00000000 0000 01", "c2", r"weight 1 does not exist"),
    (H, [6], 2, "000000 0103 02 00000000 0909 00", "c2", r"model gives 0 entries"),
    (H, [6], 2, "000000 0103 00 2120 00", "c2", r"1 bytes are left over"),
    (H, [2, 3], 2, "000001 0103 00 2120 01 0001 0102 00", "c2c2", r"segments hold 3 values, count says 2"),
    (H, [2, 3], 2, "000001 0103 00 2120 01 0101 0101", "c2c2", r"segment 0 does not begin where it may"),
    (H, [2, 3], 2, "000001 0103 00 2120 03", "c2c2", r"width 3 of restart"),
    (H, [2, 3], 2, "000001 0103 00 2120 01 0001", "c2c2", r"restart of 2 segments needs 4 bytes"),
    (H, [5], 1, "000000 0103 00 2120", "c2", r"data', byte 21: segment 0 ends at bit 6 of the section, but more"),
    (H, [6], 2, "000000 0103 00 2120", "c200", r"segment 0 ends at bit 8 of the section, but more"),
    (H, [6], 2, "000000 0103 00 2120", "", r"data', byte 21: the segment's bits end before its symbols"),
    (H, [7], 2, "000000 0103 00 2120", "c2", r"bits end before its symbols"),
    (H, [6], 3, "000000 0103 00 2120", "c2", r"segment 0 has 2 values other than the fill value, its count says 3"),
    (H, [1], 1, "000000 0e01 00 10", "80", r"these bits are no code of the table"),
    (H, [1], 1, "000000 800201 00 10", "00", r"a value is outside its type"),
    (H, [2], 1, "05000200 0002 00 11 00 1111", "00", r"codes overlap"),
    (H, [3], 1, "05000200 0002 00 11 00 2220", "00", r"codes leave room"),
    (H, [3], 1, "01000100 0002 00 11 00 11", "00", r"a stored value equals the fill value"),
    (H, [1], 1, "01000100 0002 00 11 00 11", "c0", r"a run or value lies outside the segment"),
    (H, [4], 1, "05000200 0002 00 11 00 1001", "f0", r"a run or value lies outside the segment"),
    (A, [3], 2, "005000 0002 50 a300", "70", r"the state after the last symbol is not 0"),
    (A, [3], 2, "005000 0002 50 a300", "", r"bits end before its symbols"),
    (H, [2, 2], 0, "01000000", "00", r"segment 0 ends at bit 0 of the section"),
    (H, [3], 1, "200000 0002 00 11", "000000", r"3 bytes are not whole words of 32 bits"),
])
def test_faults(codec: int, dims: list[int], count: int, head: str, data: str, fault: str) -> None:
    blob = frame(codec, 0x88, dims, 0, count, [bytes.fromhex(head), bytes.fromhex(data)])
    with pytest.raises(CodecError, match=fault) as caught:
        decode(blob, where="w.eqb")
    assert str(caught.value).startswith(f"w.eqb: {'huffman' if codec == H else 'ans'} blob, section '")


def test_a_huge_tensor_is_refused_before_memory_is_taken() -> None:
    blob = frame(H, 0x88, [2**31, 4], 0, 0, [bytes.fromhex("01000000"), b""])
    with pytest.raises(CodecError, match="more than the 2147483648 allowed"):
        decode(blob)


def test_values_out_of_reach_of_a_table_never_crash() -> None:
    for lo in (-(2**16), 2**16 - 2):
        code = -2 * lo - 1 if lo < 0 else 2 * lo
        head = bytes.fromhex("000f00") + write_varint(code) + bytes.fromhex("02 02 0000 0000 00 00 00")
        with pytest.raises(CodecError):
            decode(frame(H, 0x88, [4], 0, 4, [head, bytes(20)]))


@pytest.mark.parametrize("options", [{}, {"low_bits": 1}, {"restart": "channel", "word_bits": 16}], ids=str)
def test_large_tensors_of_short_codes(options: dict[str, Any]) -> None:
    """Rows of odd length, four codes at a time where all are short."""
    rng = np.random.default_rng(13)
    array = np.clip(np.rint(rng.standard_normal((33, 4099)) * 2), -7, 7).astype(np.int8)
    blob = get("huffman", mode="values", **options).encode(array, type=IntType(4))
    assert parts(blob)["values"].max() <= 14
    assert np.array_equal(decode(blob), array)


def test_large_tensors_take_the_fast_rows() -> None:
    """2^18 elements: rows of several codes, pairs of codes, and codes longer than a row's 12 bits."""
    rng = np.random.default_rng(12)
    array = np.clip(np.rint(rng.standard_normal(1 << 18) * 3), -127, 127).astype(np.int8)
    array[::5000] = rng.integers(-128, 128, array[::5000].size)
    for options in ({}, {"restart": "channel"}):
        matrix = array.reshape(128, -1)
        blob = get("huffman", mode="values", low_bits=0, table="dense", **options).encode(matrix, type=S8)
        assert parts(blob)["values"].max() > 12
        assert np.array_equal(decode(blob), matrix)
        header = read_header(blob)
        head, data = (blob[s.offset : s.offset + s.length] for s in header.sections.values())
        short = frame(H, 0x88, [128, 2048], 0, header.count, [head, data[:-100]])
        with pytest.raises(CodecError, match=r"huffman blob, section '\w+', byte"):
            decode(short)
