"""The tracer: intervals of every operation, widths, obligations, and what both printers make of a node."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq.arith import primitives as p
from edgeq.arith.print_c import FLOOR_SHIFT, print_c
from edgeq.arith.print_verilog import print_verilog
from edgeq.arith.symbol import Interval, argument, interval_of
from edgeq.arith.trace import trace
from edgeq.arith.types import Overflow, Rounding
from tests.arith import forms
from tests.tools import compile_c, lint_verilog, run

OPS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
    ">>": operator.rshift, "<<": operator.lshift, "min": min, "max": max,
    "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}
TIGHT = ("+", "-", "*", "//", ">>", "<<", "min", "max", "<", "<=", ">", ">=")  # the ends are taken


def _rule(op: str) -> Callable[[Any, Any], Any]:
    """Return an operation as a rule of two named arguments."""
    function: Callable[[Any, Any], Any] = {**OPS, "min": p.minimum, "max": p.maximum}[op]
    return lambda a, b: function(a, b)


def _intervals(op: str, k: int) -> list[Interval]:
    """Return every interval that operand ``k`` may have, small ones only."""
    if k == 1 and op in (">>", "<<"):
        lo, hi = 0, 5
    elif k == 1 and op in ("//", "%"):
        lo, hi = 1, 6
    else:
        lo, hi = -6, 6
    return [(a, b) for a in range(lo, hi + 1) for b in range(a, hi + 1)]


@pytest.mark.parametrize("op", OPS)
def test_interval_holds_every_result_and_is_tight_where_ends_give_ends(op: str) -> None:
    for a, b in product(_intervals(op, 0), _intervals(op, 1)):
        results = {int(OPS[op](x, y)) for x in range(a[0], a[1] + 1) for y in range(b[0], b[1] + 1)}
        lo, hi = interval_of(op, [a, b])
        assert lo <= min(results), f"{a} {op} {b}"
        assert max(results) <= hi, f"{a} {op} {b}"
        if op in TIGHT:
            assert (lo, hi) == (min(results), max(results)), f"{a} {op} {b}"


def test_interval_of_select_is_the_hull() -> None:
    assert interval_of("select", [(0, 1), (-3, -2), (5, 9)]) == (-3, 9)


def test_a_division_by_what_may_be_zero_is_refused() -> None:
    with pytest.raises(ValueError, match=r"// needs a positive divisor, got 0\.\.4"):
        interval_of("//", [(0, 9), (0, 4)])


def test_a_traced_value_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match="write select"):
        bool(argument("x", 0, 1) > 0)

    def stray(x: int) -> int:
        return 1 if x > 0 else 0

    with pytest.raises(TypeError, match="no truth value"):
        trace("stray", stray, {"x": (-1, 1)})


LAYER = {
    "x": (-1000000, 1000000), "x_zero_point": (0, 0), "multiplier": (1 << 30, (1 << 31) - 1), "left_shift": (0, 0),
    "shift": (38, 38), "rounding": (Rounding.ties_up, Rounding.ties_up), "zero_point": (-5, -5),
    "lo": (-128, -128), "hi": (127, 127), "overflow": (Overflow.saturate, Overflow.saturate),
    "clamp_lo": (-128, -128), "clamp_hi": (127, 127),
}


def test_widths_of_one_requantize() -> None:
    """21 bits times 31 bits; 14 are left after the shift; the parameters vanish."""
    found = trace("requantize", p.requantize, LAYER)
    assert [a.name for a in found.arguments] == ["x", "multiplier"]
    product_step = found.steps[0]
    assert (product_step.op, product_step.bits) == ("*", 52)  # 10**6 * (2**31 - 1) < 2**51
    quotient = next(s for s in found.steps if s.op == ">>")
    assert (quotient.interval, quotient.bits) == ((-7813, 7812), 14)
    assert found.result_intervals == ((-128, 127),)
    assert found.widest == 52
    assert found.proven
    assert found.relied_on == ()


def test_an_unproven_obligation_is_reported() -> None:
    found = trace("requantize", p.requantize, {**LAYER, "x": (-(1 << 40), 1 << 40)})
    assert not found.proven
    assert [(o.limits, o.traced) for o in found.obligations if not o.holds] == [
        ((-(1 << 62), (1 << 62) - 1), (-(1 << 40) * ((1 << 31) - 1), (1 << 40) * ((1 << 31) - 1)))
    ]
    assert found.relied_on == (("x * multiplier", (-(1 << 62), (1 << 62) - 1)),)
    assert "x * multiplier in -2^62 .. 2^62 - 1" in print_c(found, ["Change the scale."])


def test_a_shift_that_may_pass_its_limit_is_an_unproven_obligation() -> None:
    found = trace("requantize", p.requantize, {**LAYER, "shift": (0, 63)})
    assert [o.limits for o in found.obligations if not o.holds] == [(0, 62)]


def test_what_a_certain_condition_was_computed_from_is_relied_on() -> None:
    """The product, 2**70, passes 63 bits; `narrow` gives 0 whatever it is, and `+ 0` drops what it came from."""
    ranges = {"x": (1 << 40,) * 2, "multiplier": (1 << 30,) * 2, "shift": (0, 0), "rounding": (0, 0), "lo": (0, 0),
              "hi": (1, 1), "overflow": (int(Overflow.zero),) * 2}

    def rule(x: Any, multiplier: Any, shift: Any, rounding: Any, lo: Any, hi: Any, overflow: Any) -> Any:
        t = p.rescale(x, 0, multiplier, 0, shift, rounding, 0)
        return x + p.narrow(t, lo, hi, overflow)

    found = trace("rule", rule, ranges)
    assert found.result_intervals == ((1 << 40, 1 << 40),)
    assert [o.traced for o in found.obligations if not o.holds] == [(1 << 70, 1 << 70)]
    assert not found.proven


def test_c_refuses_what_64_bits_cannot_hold() -> None:
    with pytest.raises(ValueError, match=r"product: t0 \(\*\) needs 65 bits"):
        print_c(trace("product", _rule("*"), {"a": (-(1 << 63), 0), "b": (-1, 1)}))
    with pytest.raises(ValueError, match=r"far: t0 shifts by more than 63"):
        print_c(trace("far", _rule(">>"), {"a": (-8, 7), "b": (0, 64)}))


def test_c_text_of_shifts() -> None:
    found = trace("shifts", lambda x, n: (x >> n) + (x << 2), {"x": (-8, 7), "n": (0, 3)})
    assert print_c(found) == (
        "static inline int64_t edgeq_shifts(\n"
        "    int64_t x, int64_t n) {\n"
        "    const int64_t t0 = edgeq_floor_shift(x, n);\n"
        "    const int64_t t1 = x * (INT64_C(1) << INT64_C(2));\n"
        "    const int64_t t2 = t0 + t1;\n"
        "    return t2;\n"
        "}\n"
    )


def test_verilog_text_of_one_bit_and_of_unread_bits() -> None:
    found = trace("low", lambda x, s: (x & 1) + s, {"x": (-8, 7), "s": (-1, 0)})
    body = print_verilog(found, "A test.").split("module ")[1]
    assert body == (
        "edgeq_arith_low (\n"
        "    input  wire signed [3:0] x,\n"
        "    input  wire signed [0:0] s,\n"
        "    output wire signed [1:0] y\n"
        ");\n"
        "    wire signed [3:0] t0_full = x & 4'sh1;\n"
        "    wire signed [1:0] t0 = $signed(t0_full[1:0]);\n"
        "    wire signed [1:0] t1 = t0 + $signed({{1{s}}, s});\n"
        "    assign y = t1;\n"
        "    // Not needed for the result.\n"
        "    wire unused = &{\n"
        "        1'b0,\n"
        "        t0_full[3:2]};\n"
        "endmodule\n\n`default_nettype wire\n"
    )


RANGES: dict[str, list[tuple[Interval, Interval]]] = {
    ">>": [((-9, 6), (0, 5)), ((-1, 0), (0, 1)), ((3, 40), (2, 3))],
    "<<": [((-9, 6), (0, 5)), ((-1, 0), (0, 1)), ((0, 3), (2, 3))],
    "//": [((-9, 6), (1, 5)), ((-1, 0), (1, 2)), ((3, 40), (2, 3))],
    "%": [((-9, 6), (1, 5)), ((-1, 0), (1, 2)), ((3, 40), (2, 3)), ((0, 3), (4, 9))],
}
COMMON: list[tuple[Interval, Interval]] = [((-9, 6), (-3, 17)), ((-1, 0), (-1, 0)), ((0, 1), (-1, 0)), ((2, 9), (3, 4))]


def _one_op(op: str, a: Interval, b: Interval) -> tuple[forms.Module, np.ndarray, np.ndarray]:
    """Return an untitled module of one operation, and every pair of operands."""
    pairs = np.array(list(product(range(a[0], a[1] + 1), range(b[0], b[1] + 1))), np.int64)
    found = trace("op", _rule(op), {"a": a, "b": b})
    return forms.Module(Path(), found, {"a": a, "b": b}), pairs[:, 0], pairs[:, 1]


@pytest.mark.hardware
@pytest.mark.parametrize("op", OPS)
def test_each_operation_printed_as_verilog_and_as_c(op: str, tmp_path: Path) -> None:
    functions, mains = [], []
    for k, (a, b) in enumerate(RANGES.get(op, COMMON)):
        plain, x, y = _one_op(op, a, b)
        expected = np.array([OPS[op](int(i), int(j)) for i, j in zip(x, y, strict=True)], np.int64)
        module = forms.Module(tmp_path / f"edgeq_op{k}.v", plain.trace, plain.ranges)
        module.path.write_text(print_verilog(module.trace, "A test.", module=module.path.stem))
        lint_verilog(module.path)
        lines = forms.check_iverilog(module, {"a": x, "b": y}, expected, tmp_path)
        assert lines == [f"EDGEQ_TB PASS outputs={len(expected)}"]
        functions.append(print_c(module.trace).replace("edgeq_op(", f"edgeq_op{k}("))
        mains += [f"    if (edgeq_op{k}({i}, {j}) != {e}) {{ return 1; }}\n"
                  for i, j, e in zip(x, y, expected, strict=True)]
    source = "#include <stdint.h>\n" + FLOOR_SHIFT + "".join(functions)
    source += "int main(void) {\n" + "".join(mains) + "    return 0;\n}\n"
    run([str(compile_c(source, tmp_path / "op"))], tmp_path)
