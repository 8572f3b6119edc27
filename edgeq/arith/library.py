"""Say which scalar rules are printed, for which ranges, and write the files of `hw_templates`.

``python -m edgeq.arith.library DIR`` writes ``DIR/c/edgeq_arith.h`` and ``DIR/rtl/edgeq_arith_<rule>.v``.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
import textwrap
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

from edgeq.arith import elementwise as e
from edgeq.arith import lookup, softmax
from edgeq.arith import primitives as p
from edgeq.arith.print_c import FLOOR_SHIFT, describe, print_c
from edgeq.arith.print_verilog import print_verilog
from edgeq.arith.symbol import Interval
from edgeq.arith.trace import Trace, trace
from edgeq.arith.types import MAX_SHIFT, IntType, Overflow, Rounding

PROVENANCE = "Printed by edgeq from {}; do not edit."

Ranges = Mapping[str, Interval]


def _signed(bits: int) -> Interval:
    return IntType(bits).qmin, IntType(bits).qmax


ROUNDINGS: Interval = (min(Rounding), max(Rounding))
ONE_STAGE: Interval = (int(Rounding.floor), int(Rounding.ties_down))
OVERFLOWS: Interval = (min(Overflow), max(Overflow))

C_RANGES: Ranges = {
    "lo": (-(1 << 62), 0), "hi": (0, (1 << 62) - 1), "clamp_lo": _signed(64), "clamp_hi": _signed(64),
    "shift": (0, 62), "left_shift": (0, 62), "fraction_bits": (0, 62),
    "multiplier": (-(1 << 31), (1 << 32) - 1),
    "rounding": ROUNDINGS, "overflow": OVERFLOWS, "zero_point": _signed(32), "x_zero_point": _signed(32),
    "w_zero_point": _signed(17), "count": (1, (1 << 31) - 1),
}
"""Ranges in the C header: any type of up to 63 bits (unsigned: 62), any multiplier of the contract."""

_PAIR: Ranges = {name: _signed(33) for name in ("x1", "x1_zero_point", "x2", "x2_zero_point")}
_Q31: Interval = (0, (1 << 31) - 1)
_TOTALS: Interval = (1, (1 << 31) - 1)
_SHARES: Ranges = {"bits": (8, 16), "lo": (-(1 << 15), 0), "hi": (0, (1 << 16) - 1)}
ACTIVATIONS: tuple[tuple[Callable[..., Any], Ranges], ...] = (
    (lookup.lookup_index, {"x": (-2048, 4095), "lo": (-2048, 0)}),
    (lookup.interpolation_index, {"x": _signed(16)}),
    (lookup.interpolate, {name: _signed(16) for name in ("x", "entry", "following")}),
    (lookup.interpolate_rounded, {name: _signed(16) for name in ("x", "entry", "following")}),
    (lookup.is_below, {"x": _signed(64), "bound": _signed(64)}),
    (lookup.passes_threshold, {"x": _signed(62), "threshold": _signed(64), "direction": (-1, 1)}),
    (lookup.threshold_level, {"count": (0, (1 << 16) - 1), "start": _signed(33), "step": _signed(34)}),
    (softmax.softmax_distance, {"largest": (-(1 << 15), (1 << 16) - 1), "x": (-(1 << 15), (1 << 16) - 1)}),
    (softmax.bit_length, {"x": (0, (1 << 32) - 1)}),
    (softmax.high_multiply, {"a": _signed(32), "b": _signed(32)}),
    (softmax.softmax_reciprocal, {"total": _TOTALS}),
    (softmax.softmax_term, {"exponential": _Q31}),
    (softmax.softmax_gemmlowp, {"exponential": _Q31, "reciprocal": _Q31, "total": _TOTALS, **_SHARES}),
    (softmax.softmax_table, {"exponential": _Q31, "total": (1, (1 << 47) - 1), **_SHARES}),
    (softmax.softmax_s16_fraction, {"total": _TOTALS}),
    (softmax.softmax_s16, {"exponential": (0, (1 << 15) - 1), "reciprocal": _signed(16), "total": _TOTALS}),
)
"""Rules of `lookup` and `softmax`: printed as C and as Verilog for one set of ranges."""

_SOURCE: Ranges = {"place": (0, (1 << 31) - 1), "step": (1, (1 << 31) - 1), "offset": _signed(32), "unit": (1, 1 << 16)}
_CORNERS = ("top_left", "top_right", "bottom_left", "bottom_right")
_SQUARE: Ranges = {**dict.fromkeys((*_CORNERS, "zero_point"), _signed(33)), **dict.fromkeys(("weight_y", "weight_x"),
                   (0, (1 << 16) - 1)), **dict.fromkeys(("unit_y", "unit_x"), (1, 1 << 16))}
C_RULES: tuple[tuple[Callable[..., Any], Ranges], ...] = (
    (p.saturate, {"x": _signed(64), "lo": _signed(64), "hi": _signed(64)}),
    (p.wrap, {"x": _signed(64)}),
    (p.narrow, {"x": _signed(64)}),
    (p.round_shift, {"x": _signed(63)}),
    (p.cast, {"x": _signed(63)}),
    (p.multiply, {"x": _signed(32), "x_zero_point": _signed(17), "w": _signed(32)}),
    (p.accumulate, {"acc": _signed(63), "term": _signed(63)}),
    (p.add, _PAIR),
    (p.add_wrap64, {"a": _signed(64), "b": _signed(64)}),
    (p.mul_shift_wide, {"x": _signed(64), "shift": (0, MAX_SHIFT)}),
    (p.rescale, {"x": _signed(63)}),
    (p.rescale_wide, {"x": _signed(63), "shift": (0, MAX_SHIFT)}),
    (p.requantize, {"x": _signed(63)}),
    (p.requantize_wide, {"x": _signed(63), "shift": (0, MAX_SHIFT)}),
    (p.divide_by_count, {"total": _signed(63), "rounding": ONE_STAGE}),
    (p.average, {"total": _signed(63), "rounding": ONE_STAGE}),
    (e.difference, _PAIR), (e.subtract, _PAIR), (e.centred_product, _PAIR), (e.multiply_codes, _PAIR),
    (e.larger, {"x1": _signed(64), "x2": _signed(64)}), (e.smaller, {"x1": _signed(64), "x2": _signed(64)}),
    (e.index_of_larger, {name: _signed(64) for name in ("best", "index", "x", "place")}),
    *ACTIVATIONS,
    (e.source_index, _SOURCE), (e.source_weight, _SOURCE), (e.bilinear, _SQUARE), (e.resize_codes, _SQUARE),
)

_EIGHT: Interval = (-128, 255)  # a code of 8 bits, signed or not
RTL_RANGES: Ranges = {
    "x": _signed(32), "lo": (-128, 0), "hi": (0, 255), "clamp_lo": _EIGHT, "clamp_hi": _EIGHT,
    "shift": (0, 62), "left_shift": (0, 0), "fraction_bits": (0, 0), "multiplier": (0, (1 << 31) - 1),
    "rounding": ROUNDINGS, "overflow": OVERFLOWS, "zero_point": _EIGHT, "x_zero_point": (0, 0),
    "w_zero_point": _EIGHT, "count": (1, (1 << 16) - 1), "total": _signed(32),
}
"""Ranges of the Verilog modules: 32-bit accumulators, 8-bit codes; one value means no port."""

_ACC: Ranges = {"lo": (-(1 << 31), 0), "hi": (0, (1 << 31) - 1)}
_CODES: Ranges = dict.fromkeys(_PAIR, _EIGHT)
_PLACES: Ranges = {"place": (0, 4095), "step": (1, 32767), "offset": _signed(16), "unit": (1, 2048)}
_BLEND: Ranges = {**dict.fromkeys((*_CORNERS, "zero_point"), _EIGHT), **dict.fromkeys(("weight_y", "weight_x"),
                  (0, 2047)), **dict.fromkeys(("unit_y", "unit_x"), (1, 2048))}
RTL_RULES: tuple[tuple[Callable[..., Any], Ranges], ...] = (
    (p.saturate, {"lo": _EIGHT, "hi": _EIGHT}),
    (p.wrap, {}),
    (p.narrow, {}),
    (p.round_shift, {"x": _signed(48)}),
    (p.cast, {"lo": (-(1 << 15), 0), "hi": (0, (1 << 16) - 1)}),
    (p.multiply, {"x": _EIGHT, "x_zero_point": _EIGHT, "w": _EIGHT}),
    (p.accumulate, {**_ACC, "acc": _signed(32), "term": _signed(19)}),
    (p.add, {**_ACC, "x1": _signed(32), "x1_zero_point": (0, 0), "x2": _signed(32), "x2_zero_point": (0, 0)}),
    (p.add_wrap64, {"a": _signed(64), "b": _signed(64)}),
    (p.mul_shift_wide, {"x": _signed(48), "shift": (0, MAX_SHIFT)}),
    (p.rescale, {}),
    (p.rescale_wide, {"x": _signed(48), "shift": (0, MAX_SHIFT)}),
    (p.requantize, {}),
    (p.requantize_wide, {"x": _signed(48), "shift": (0, MAX_SHIFT)}),
    (p.divide_by_count, {"rounding": ONE_STAGE}),
    (p.average, {"rounding": ONE_STAGE}),
    (e.difference, _CODES), (e.subtract, {**_ACC, **_CODES}),
    (e.centred_product, _CODES), (e.multiply_codes, {**_ACC, **_CODES}),
    (e.larger, {"x1": _EIGHT, "x2": _EIGHT}), (e.smaller, {"x1": _EIGHT, "x2": _EIGHT}),
    (e.index_of_larger, {"best": _EIGHT, "index": (0, 4095), "x": _EIGHT, "place": (0, 4095)}),
    *ACTIVATIONS,
    (e.source_index, _PLACES), (e.source_weight, _PLACES), (e.bilinear, _BLEND), (e.resize_codes, {**_ACC, **_BLEND}),
)


def traced(rule: Callable[..., Any], common: Ranges, own: Ranges) -> Trace:
    """Trace a rule, each argument in its own range or else in the common one.

    >>> traced(p.wrap, RTL_RANGES, {}).result_intervals
    ((-128, 511),)
    """
    ranges = {name: {**common, **own}[name] for name in inspect.signature(rule).parameters}
    return trace(rule.__name__, rule, ranges)


def describe_rule(rule: Callable[..., Any]) -> list[str]:
    """Return a rule's sentence and its text, both as they stand in its module."""
    sentence = inspect.cleandoc(rule.__doc__ or "").split(">>>")[0].replace("``", "").rstrip()
    source = textwrap.dedent(inspect.getsource(rule))
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    body = textwrap.dedent("\n".join(source.split("\n")[function.body[0].end_lineno:])).rstrip()
    return [*sentence.split("\n"), "", *(f"    {line}" for line in body.split("\n"))]


def _enum(kind: type[IntEnum]) -> str:
    name = kind.__name__
    members = ",\n".join(f"    EDGEQ_{name.upper()}_{m.name.upper()} = {m.value}" for m in kind)
    return f"/* Codes of the argument `{name.lower()}`. */\nenum edgeq_{name.lower()} {{\n{members}\n}};\n"


_C_HEAD = f"""\
/* {PROVENANCE.format("edgeq/arith")}
 * SPDX-License-Identifier: MIT
 *
 * What every integer of an exported model means: one function per scalar rule, C99, no undefined
 * behaviour within the ranges named at each function. `shift` shifts right; `rounding` and `overflow`
 * are codes of the enums below; `lo` and `hi` are the limits of a type. Under overflow "error" the
 * value is returned as it is and the caller stops. Each comment quotes the rule's text (Python,
 * unbounded integers: `//` and `>>` round toward minus infinity).
 */
#ifndef EDGEQ_ARITH_H
#define EDGEQ_ARITH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif
"""
_C_TAIL = """\
#ifdef __cplusplus
}
#endif

#endif
"""


def c_header() -> str:
    """Return the text of ``c/edgeq_arith.h``."""
    functions = [print_c(traced(rule, C_RANGES, own), describe_rule(rule)) for rule, own in C_RULES]
    return "\n".join([_C_HEAD, _enum(Rounding), _enum(Overflow), FLOOR_SHIFT, *functions, _C_TAIL])


def verilog_module(rule: Callable[..., Any], own: Ranges) -> str:
    """Return the text of ``rtl/edgeq_arith_<rule>.v``."""
    found = traced(rule, RTL_RANGES, own)
    ports = {a.name for a in found.arguments}
    fixed = [f"{name} = {({**RTL_RANGES, **own})[name][0]}" for name in inspect.signature(rule).parameters
             if name not in ports]
    comment = [*describe_rule(rule), "", f"Combinational. Result in {describe(found.result_intervals[0])}."]
    if fixed:
        comment.append(f"Fixed: {', '.join(fixed)}.")
    if not found.proven:
        raise ValueError(f"{found.name}: the ranges of the printed module do not prove it")
    written = PROVENANCE.format(f"{rule.__module__.replace('.', '/')}.py")
    return print_verilog(found, written, comment=[*comment, "Ranges of the ports:"])


def library() -> dict[str, str]:
    """Return every printed file by its path below ``hw_templates``."""
    modules = {f"rtl/edgeq_arith_{rule.__name__}.v": verilog_module(rule, own) for rule, own in RTL_RULES}
    return {"c/edgeq_arith.h": c_header(), **modules}


def write(folder: Path) -> list[Path]:
    """Write every printed file below ``folder``, each under another name first; return their paths."""
    written = []
    for name, text in library().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")
        partial.write_bytes(text.encode("ascii"))
        os.replace(partial, path)  # noqa: PTH105
        written.append(path)
    return written


if __name__ == "__main__":
    write(Path(sys.argv[1]))
