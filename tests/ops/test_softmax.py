"""softmax: CMSIS-NN's cases, three rules against the oracle, where a run stops, constraints C1 to C7."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from edgeq import GraphBuilder, IntType
from edgeq.arith.softmax_tables import exponential_table, gemmlowp_table
from edgeq.errors import GraphError
from tests.data import need_data
from tests.ops.one_op import S8, S16, U8, Operand, operand, random_operand, run, stopped
from tests.oracles import nonlinear as oracle

U16 = IntType(16, signed=False)
FALLING = np.array([(2**31 - 1) * 9**d // 10**d for d in range(256)])
POWERS = (FALLING + 1) // 2
TABLES = {"table": POWERS, "gemmlowp": FALLING}
EXP16 = np.minimum(np.arange(513) ** 2 // 8, 32767)
INVERSE16 = 32767 - np.arange(513) * 32
S16_SCALING = {"multiplier": 3 << 29, "shift": 32}


def limits(kept: IntType) -> tuple[int, int]:
    """Return both ends of a type."""
    return kept.qmin, kept.qmax


def expected(x: Operand, axis: int, rule: str, table: Any, kept: IntType, **attributes: Any) -> Any:
    """Return the oracle's result for x (N, ...)."""
    def one(row: Any) -> Any:
        return oracle.softmax([int(v) for v in row], rule, [int(v) for v in table], limits(kept), **attributes)

    return np.apply_along_axis(one, axis % (x.data.ndim - 1) + 1, x.data)


def test_table_by_hand() -> None:
    """e = 2, 1: shares of 256 are 170.67 and 85.33; three equal ones 85.33; e = 4, 2, 2 are 128 and 64."""
    table = np.array([2, 1, *[0] * 254])
    assert run("softmax", [operand([5, 4])], 0, "table", table).tolist() == [[43, -43]]
    assert run("softmax", [operand([7, 7, 7])], 0, "table", table).tolist() == [[-43, -43, -43]]
    assert run("softmax", [operand([7])], 0, "table", table).tolist() == [[127]]
    assert run("softmax", [operand([5, 4, 4], U8)], 0, "table", 2 * table, type=U8).tolist() == [[128, 64, 64]]


def test_table_rounds_ties_up() -> None:
    """Of a sum of 512, 1 is a half, up to 1; 255 is 127.5, up to 128."""
    table = np.array([256, 255, 1, *[0] * 253])
    assert run("softmax", [operand([2, 1, 0], U8)], 0, "table", table, type=U8).tolist() == [[128, 128, 1]]


def test_gemmlowp_by_hand() -> None:
    """Equal codes share 256 (65536) evenly: four of them 64, one alone everything, clamped."""
    for entries, share in ((1, 127), (2, 0), (4, -64), (8, -96), (256, -127)):
        assert run("softmax", [operand([3] * entries)], 0, "gemmlowp", FALLING).tolist() == [[share] * entries]
    assert run("softmax", [operand([3] * 4)], 0, "gemmlowp", FALLING, type=S16).tolist() == [[-16384] * 4]


@pytest.mark.parametrize("kept", [S8, U8, S16, U16], ids=str)
@pytest.mark.parametrize("rule", ["table", "gemmlowp"])
def test_rules_by_distance_against_the_oracle(rule: str, kept: IntType) -> None:
    rng = np.random.default_rng(5)
    for given, entries in ((S8, 2), (S8, 10), (U8, 33)):
        x = random_operand(rng, (6, entries), given, 7)
        x.data[3:] = given.qmin + (x.data[3:] - given.qmin) // 16
        for table in (TABLES[rule], TABLES[rule][0] >> np.minimum(np.arange(256), 31)):
            got = run("softmax", [x], 0, rule, table, type=kept)
            assert got.tolist() == expected(x, 0, rule, table, kept).tolist()


def test_table_of_narrow_and_wide_codes_and_odd_types() -> None:
    rng = np.random.default_rng(6)
    for bits, to in ((1, S8), (4, IntType(11)), (12, IntType(13, signed=False))):
        x = random_operand(rng, (4, 5), IntType(bits))
        table = np.sort(rng.integers(1, 2**30, 1 << bits))[::-1]
        table[0] = 2**30
        assert run("softmax", [x], 0, "table", table, type=to).tolist() == expected(x, 0, "table", table, to).tolist()


@pytest.mark.parametrize("scaling", [
    (3 << 29, 32, 0, "two_stage"), (1 << 30, 30, 0, "two_stage"), ((1 << 31) - 1, 45, 0, "two_stage_up"),
    (3, 1, 2, "ties_even"), (1 << 30, 31, 3, "ties_up"), (0, 0, 0, "two_stage")])
def test_tflite_s16_against_the_oracle(scaling: Any) -> None:
    multiplier, shift, left_shift, rounding = scaling
    x = random_operand(np.random.default_rng(7), (6, 9), S16)
    x.data[3:] >>= 6
    kept = {"multiplier": multiplier, "shift": shift, "left_shift": left_shift, "rounding": rounding, "type": S16}
    got = run("softmax", [x], 0, "tflite_s16", EXP16, INVERSE16, **kept)
    want = expected(x, 0, "tflite_s16", EXP16, S16, inverse=INVERSE16.tolist(), scaling=scaling[:3], rounding=rounding)
    assert got.tolist() == want.tolist()


@pytest.mark.parametrize(("shape", "axis"), [((5,), 0), ((5,), -1), ((3, 4), 0), ((3, 4), 1), ((2, 3, 4), 1),
                                             ((2, 3, 4), -3), ((2, 1, 3, 2), 2), ((2, 1, 3, 2), 1)])
def test_any_axis_of_any_rank(shape: Any, axis: int) -> None:
    x = random_operand(np.random.default_rng(8), (2, *shape))
    for rule in ("table", "gemmlowp"):
        got = run("softmax", [x], axis, rule, TABLES[rule])
        assert got.tolist() == expected(x, axis, rule, TABLES[rule], S8).tolist()
    y = Operand(x.data * 200, S16)
    got = run("softmax", [y], axis, "tflite_s16", EXP16, INVERSE16, **S16_SCALING, type=S16)
    want = expected(y, axis, "tflite_s16", EXP16, S16, inverse=INVERSE16.tolist(), scaling=(3 << 29, 32, 0))
    assert got.tolist() == want.tolist()


def test_scale_and_zero_point_of_the_result() -> None:
    b = GraphBuilder("net")
    x, w = b.input("x", (2, 4), S8, scale=0.1, zero_point=3), b.input("w", (4,), S16)
    kinds = [b.softmax(x, 1, "gemmlowp", FALLING), b.softmax(x, 1, "gemmlowp", FALLING, type=S16),
             b.softmax(x, 1, "table", POWERS, type=U8),
             b.softmax(w, 0, "tflite_s16", EXP16, INVERSE16, **S16_SCALING, type=S16)]
    assert [(k.type.zero_point, k.type.scale, k.type.lo, k.type.hi) for k in kinds] == [
        (-128, 1 / 256, -128, 127), (-32768, 1 / 65536, -32768, 32767), (0, 1 / 256, 0, 255), (0, 1 / 32768, 0, 32767)]


def test_gemmlowp_stops_where_the_sum_passes_28_bits() -> None:
    """512 largest codes add 2**19 each: 2**28; 511 are fine; 16-bit results go on."""
    x = Operand(np.full((2, 2, 512), 5), S8)
    x.data[0, :, 0] = x.data[1, 0, 0] = -128
    said = stopped("softmax", [x], 1, "gemmlowp", FALLING)
    assert said.startswith("softmax 'op': value 268435456 at image 1, index [1, 0] is outside u28;")
    assert run("softmax", [Operand(x.data[:1], S8)], 1, "gemmlowp", FALLING).min() == -128
    wide = run("softmax", [x], 1, "gemmlowp", FALLING, type=S16)
    assert wide.tolist() == expected(x, 1, "gemmlowp", FALLING, S16).tolist()


@pytest.mark.judge
@pytest.mark.parametrize("case", ["softmax_s8__softmax", "softmax_s8_s16__softmax_s8_s16", "softmax_s16__softmax_s16"])
def test_cases_of_cmsis_nn(case: str) -> None:
    folder = need_data("conformance/cmsis_nn")
    with np.load(folder / f"{case}.npz") as data:
        x, y, meta = data["input"], data["expected"], json.loads(str(data["meta"]))
    given, kept = IntType(8 * x.itemsize), IntType(8 * y.itemsize)
    if given == S16:
        tables = [np.load(folder / f"softmax_s16_{name}_lut.npy") for name in ("exp", "one_by_one")]
        scaling = {"multiplier": meta["mult"], "shift": 31 - meta["shift"]}
        got = run("softmax", [Operand(x, given)], 0, "tflite_s16", *tables, **scaling, type=kept)
    else:
        table = gemmlowp_table(meta["mult"], meta["shift"], meta["diff_min"])
        got = run("softmax", [Operand(x, given)], 0, "gemmlowp", table, type=kept)
    assert y.size >= 10
    assert got.tolist() == y.tolist()


LINE = np.zeros(513, int)


@pytest.mark.parametrize(("label", "pattern", "kept", "shape", "arguments", "attributes"), [
    ("C1", "axis 1 is not an axis", S8, (3,), (1, "table", POWERS), {}),
    ("C1", "axis -2 is not an axis", S8, (3,), (-2, "table", POWERS), {}),
    ("C1", "axis 0 is not an axis", S8, (), (0, "table", POWERS), {}),
    ("C1", r"axis 0 of s8\[65537\] must have 1\.\.65536 codes", S8, (65537,), (0, "table", POWERS), {}),
    ("C2", "rule table needs x of at most 12 bits, got s13", IntType(13), (3,), (0, "table", POWERS), {}),
    ("C2", "rule gemmlowp needs x of 8 bits, got s7", IntType(7), (3,), (0, "gemmlowp", FALLING), {}),
    ("C2", "rule tflite_s16 needs x of type s16, got s8", S8, (3,), (0, "tflite_s16", EXP16), {}),
    ("C3", r"table has shape \(255,\), distances of s8 need \(256,\)", S8, (3,), (0, "table", POWERS[1:]), {}),
    ("C3", r"exponentials -1\.\.", S8, (3,), (0, "gemmlowp", np.append(FALLING[:-1], -1)), {}),
    ("C3", r"\.\.2147483648 must be in 0\.\.2\^31-1", S8, (3,), (0, "table", FALLING + 1), {}),
    ("C3", r"table starts with 16777216, exp\(0\) must be 2\^31-1, 1 in Q0\.31; softmax_tables\.gemmlowp_table makes",
     S8, (3,), (0, "gemmlowp", exponential_table(.1)), {}),
    ("C3", "table starts with 2147483646, ", S8, (3,), (0, "gemmlowp", FALLING - (FALLING > 0)), {}),
    ("C3", r"table starts with 2147483647, exp\(0\) must be a power of two; softmax_tables\.exponential_table makes",
     S8, (3,), (0, "table", FALLING), {}),
    ("C3", "table starts with 0, ", S8, (3,), (0, "table", POWERS * 0), {}),
    ("C3", "table starts with 3, ", S8, (3,), (0, "table", [3] * 256), {}),
    ("C3", "table rises after entry 0, exponentials fall", S8, (3,), (0, "table", [1, *[2] * 255]), {}),
    ("C3", "table rises after entry 253, ", S8, (3,), (0, "gemmlowp", [*FALLING[:254], *FALLING[:2]]), {}),
    ("C4", "rule table gives 8 to 16 bits, not s7", S8, (3,), (0, "table", POWERS), {"type": IntType(7)}),
    ("C4", "rule gemmlowp gives 8 to 16 bits, not s12", S8, (3,), (0, "gemmlowp", FALLING), {"type": IntType(12)}),
    ("C4", "rule tflite_s16 gives s16, not s8", S16, (3,), (0, "tflite_s16", EXP16, INVERSE16), {}),
    ("C5", "rule tflite_s16 needs reciprocal, 513 entries", S16, (3,), (0, "tflite_s16", EXP16), {"type": S16}),
    ("C5", r"table: table has shape \(256,\)", S16, (3,), (0, "tflite_s16", FALLING, EXP16), {"type": S16}),
    ("C5", r"reciprocal: entries \(0, 65534\)", S16, (3,), (0, "tflite_s16", EXP16, EXP16 * 2), {"type": S16}),
    ("C5", "exponentials from 0 must not be negative, and the last, 0, not 0", S16, (3,),
     (0, "tflite_s16", LINE, EXP16), {"type": S16}),
    ("C5", "exponentials from -1 must not be", S16, (3,), (0, "tflite_s16", EXP16 - 1, EXP16), {"type": S16}),
    ("C6", r"C2 of requantize: multipliers -1\.\.-1", S16, (3,), (0, "tflite_s16", EXP16, INVERSE16),
     {"type": S16, "multiplier": -1}),
    ("C6", r"C6 of requantize: two_stage needs multipliers below 2\^31", S16, (3,), (0, "tflite_s16", EXP16, INVERSE16),
     {"type": S16, "multiplier": 1 << 31}),
    ("C6", "a distance << 31 times 1073741824 passes 62 bits", S16, (3,), (0, "tflite_s16", EXP16, INVERSE16),
     {"type": S16, "multiplier": 1 << 30, "left_shift": 31, "rounding": "ties_up"}),
    ("C6", "or the shift 63 passes 62", S16, (3,), (0, "tflite_s16", EXP16, INVERSE16), {"type": S16, "shift": 63}),
    ("C7", "rule table has no reciprocal", S8, (3,), (0, "table", POWERS, EXP16), {}),
    ("C7", "rule gemmlowp has no reciprocal, multiplier", S8, (3,), (0, "gemmlowp", FALLING), {"shift": 1}),
])
def test_constraints_c1_to_c7(label: str, pattern: str, kept: IntType, shape: Any, arguments: Any, attributes: Any,
                              ) -> None:
    with pytest.raises(GraphError, match=f"softmax 'op' {label}: .*{pattern}"):
        run("softmax", [Operand(np.zeros((1, *shape), int), kept)], *arguments, **attributes)


def test_unknown_rule() -> None:
    with pytest.raises(GraphError, match="softmax 'op': rule: 'exact' is not one of table, gemmlowp, tflite_s16"):
        run("softmax", [operand([1])], 0, "exact", FALLING)


def test_shares_of_a_row_are_near_the_real_ones() -> None:
    """gemmlowp's row of e = 2**31 - 1, 0.9 of it ..: each code is within one of the exact share."""
    row = [0, -1, -5, -20]
    got = run("softmax", [operand(row)], 0, "gemmlowp", FALLING)[0].tolist()
    exps = [Fraction(int(FALLING[-q])) for q in row]
    assert [abs(code + 128 - 256 * e / sum(exps)) <= 1 for code, e in zip(got, exps, strict=True)] == [True] * 4
