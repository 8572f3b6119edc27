"""Print a trace as a C99 function on int64_t, free of undefined behaviour within its ranges."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from edgeq.arith.symbol import Interval, Symbol
from edgeq.arith.trace import Step, Trace

FLOOR_SHIFT = """\
/* Return x / 2^shift toward minus infinity, shift in 0 .. 63. The only right shift of negative values
 * in edgeq's C: C leaves x >> shift of a negative x to the compiler, ~x is never negative there. */
static inline int64_t edgeq_floor_shift(int64_t x, int64_t shift) {
    return x < 0 ? ~(~x >> shift) : x >> shift;
}
"""
"""What printed functions call; a file that holds them prints it first."""

_COLUMNS = 100


def print_c(traced: Trace, comment: Sequence[str] = ()) -> str:
    """Return a ``static inline`` function ``edgeq_<name>``; a pair of results leaves through pointers.

    ``comment`` is printed above it, followed by the ranges and by what they alone do not prove.
    Raises ValueError when a step needs more than 64 bits or shifts past them.
    """
    intervals = {a.name: a.interval for a in traced.arguments} | {s.name: s.interval for s in traced.steps}
    for step in traced.steps:
        _check(traced.name, step, intervals)
    lines = [f"    (void){a.name};" for a in traced.arguments if not _is_read(traced, a)]
    lines += [f"    const int64_t {s.name} = {_expression(s, intervals)};" for s in traced.steps]
    parameters = [f"int64_t {a.name}" for a in traced.arguments]
    if len(traced.results) == 1:
        lines.append(f"    return {_operand(traced.results[0])};")
        head = "static inline int64_t"
    else:
        head = "static inline void"
        for k, result in enumerate(traced.results):
            parameters.append(f"int64_t *y{k}")
            lines.append(f"    *y{k} = {_operand(result)};")
    signature = [f"{head} edgeq_{traced.name}(", *_wrapped(parameters or ["void"], ") {")]
    return "\n".join([*_comment(comment, traced), *signature, *lines, "}"]) + "\n"


def _comment(text: Sequence[str], traced: Trace) -> list[str]:
    if not text:
        return []
    lines = ["/*", *(f" * {line}".rstrip() for line in text), " *"]
    lines += [f" *   {line}" for line in describe_ranges(traced.arguments)]
    if traced.relied_on:
        lines += [" *", " * Relies on (edgeq proves it per layer):"]
        for formula, limits in traced.relied_on:
            lines += [f" *   {row}" for row in textwrap.wrap(f"{formula} in {describe(limits)}", _COLUMNS)]
    return [*lines, " */"]


def _wrapped(parts: Sequence[str], end: str) -> list[str]:
    """Return a list separated by commas in indented rows."""
    text, rows = "", []
    for k, part in enumerate(parts):
        piece = part + (", " if k + 1 < len(parts) else end)
        if len(text) + len(piece) > _COLUMNS:
            rows.append("    " + text.rstrip())
            text = ""
        text += piece
    return [*rows, "    " + text]


def _is_read(traced: Trace, argument: Symbol) -> bool:
    return argument.name in traced.results or any(argument.name in s.operands for s in traced.steps)


def _interval(ref: str | int, intervals: dict[str, Interval]) -> Interval:
    return (ref, ref) if isinstance(ref, int) else intervals[ref]


def _check(name: str, step: Step, intervals: dict[str, Interval]) -> None:
    """Refuse what int64_t or a shift of it cannot do."""
    if step.bits > 64:
        raise ValueError(f"{name}: {step.name} ({step.op}) needs {step.bits} bits, C has 64")
    most = {"<<": 62, ">>": 63}.get(step.op)
    if most is not None and _interval(step.operands[1], intervals)[1] > most:
        raise ValueError(f"{name}: {step.name} shifts by more than {most} ({step.op})")


def _operand(ref: str | int) -> str:
    if isinstance(ref, str):
        return ref
    if ref == -(1 << 63):
        return "INT64_MIN"
    return f"INT64_C({ref})" if ref >= 0 else f"(-INT64_C({-ref}))"


def _expression(step: Step, intervals: dict[str, Interval]) -> str:
    o = [_operand(r) for r in step.operands]
    may_be_negative = _interval(step.operands[0], intervals)[0] < 0
    match step.op:
        case "min":
            return f"{o[0]} < {o[1]} ? {o[0]} : {o[1]}"
        case "max":
            return f"{o[0]} > {o[1]} ? {o[0]} : {o[1]}"
        case "select":
            return f"{o[0]} != 0 ? {o[1]} : {o[2]}"
        case "<<" if may_be_negative:  # a negative value has no left shift in C
            return f"{o[0]} * (INT64_C(1) << {o[1]})"
        case ">>" if may_be_negative:
            return f"edgeq_floor_shift({o[0]}, {o[1]})"
        case "//":  # C divides toward zero
            return f"{o[0]} / {o[1]} - ({o[0]} % {o[1]} < 0)" if may_be_negative else f"{o[0]} / {o[1]}"
        case "%" if may_be_negative:
            remainder = f"{o[0]} % {o[1]}"
            return f"{remainder} + ({remainder} < 0 ? {o[1]} : 0)"
        case op:
            return f"{o[0]} {op} {o[1]}"


def describe_ranges(arguments: Sequence[Symbol]) -> list[str]:
    """Return one line per argument with its range, for the comment above printed text."""
    return [f"{a.name} in {describe(a.interval)}" for a in arguments]


def describe(interval: Interval) -> str:
    """Return a range as text, large limits as powers of two.

    >>> describe((-8, 7)), describe((-(1 << 31), (1 << 31) - 1))
    ('-8 .. 7', '-2^31 .. 2^31 - 1')
    """
    return f"{_power(interval[0])} .. {_power(interval[1])}"


def _power(value: int) -> str:
    size = abs(value)
    if size < 4096:
        return str(value)
    sign = "-" if value < 0 else ""
    if size & (size - 1) == 0:
        return f"{sign}2^{size.bit_length() - 1}"
    if (size + 1) & size == 0:
        return f"-(2^{size.bit_length()} - 1)" if sign else f"2^{size.bit_length()} - 1"
    return str(value)
