"""Print a trace as a combinational Verilog-2005 module, one named wire of exact width per step.

Every operand is brought to the width of its expression by hand, so no rule of the language about the
width or the sign of an expression decides a result.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeq.arith.print_c import describe_ranges
from edgeq.arith.trace import Step, Trace
from edgeq.arith.types import width_of

_COMPARE = ("<", "<=", ">", ">=", "==", "!=")
_COLUMNS = 110


def print_verilog(
    traced: Trace, provenance: str, module: str | None = None, comment: Sequence[str] = ()
) -> str:
    """Return the module ``edgeq_arith_<name>``: signed ports as wide as traced, outputs ``y`` or ``y0, y1``.

    ``provenance`` is the first comment line, without the slashes; ``comment`` is the module's purpose.
    """
    wires = _Wires(traced)
    outputs = ["y"] if len(traced.results) == 1 else [f"y{k}" for k in range(len(traced.results))]
    widths = [width_of(*interval) for interval in traced.result_intervals]
    ports = [f"    input  wire signed {_range(a.bits)} {a.name}" for a in traced.arguments]
    ports += [f"    output wire signed {_range(w)} {y}" for y, w in zip(outputs, widths, strict=True)]
    for step in traced.steps:
        wires.add(step)
    for port, result, width in zip(outputs, traced.results, widths, strict=True):
        wires.lines.append(f"    assign {port} = {wires.at(result, width)};")
    wires.close()
    about = [*comment, "", *(f"  {line}" for line in describe_ranges(traced.arguments))] if comment else []
    head = [provenance, "SPDX-License-Identifier: MIT", *([""] if about else []), *about]
    return "\n".join([
        *(f"// {line}".rstrip() for line in head), "", "`default_nettype none", "",
        f"module {module or f'edgeq_arith_{traced.name}'} (", ",\n".join(ports), ");",
        *wires.lines, "endmodule", "", "`default_nettype wire",
    ]) + "\n"


def _range(bits: int) -> str:
    return f"[{bits - 1}:0]"


def _upper(width: int, read: int) -> str:
    """Return the part-select of the bits from ``read`` up."""
    if read == 0:
        return ""
    return f"[{read}]" if read == width - 1 else f"[{width - 1}:{read}]"


def _constant(value: int, bits: int) -> str:
    return f"{bits}'sh{value & ((1 << bits) - 1):x}"


class _Wires:
    """The body of a module: widths of all names, lines so far, and how many low bits of each are read."""

    def __init__(self, traced: Trace) -> None:
        self.widths = {a.name: a.bits for a in traced.arguments}
        self.read = dict.fromkeys(self.widths, 0)
        self.lines: list[str] = []

    def width(self, ref: str | int) -> int:
        return width_of(ref, ref) if isinstance(ref, int) else self.widths[ref]

    def at(self, ref: str | int, bits: int) -> str:
        """Return the operand in exactly ``bits`` bits: sign extended by hand, or its low bits."""
        if isinstance(ref, int):
            return _constant(ref, bits)
        own = self.widths[ref]
        self.read[ref] = max(self.read[ref], min(own, bits))
        if own == bits:
            return ref
        if own > bits:
            return f"$signed({ref}{_range(bits)})"
        sign = ref if own == 1 else f"{ref}[{own - 1}]"
        return f"$signed({{{{{bits - own}{{{sign}}}}}, {ref}}})"

    def declare(self, name: str, bits: int, text: str) -> None:
        """Add a wire; a line that is too long is broken after its equals sign, then at its branches."""
        self.widths[name], self.read[name] = bits, 0
        line = f"    wire signed {_range(bits)} {name} = {text};"
        if len(line) > _COLUMNS:
            line = line.replace(" = ", " =\n        ", 1)
        if max(len(row) for row in line.split("\n")) > _COLUMNS:
            line = line.replace(" ? ", "\n        ? ").replace(" : ", "\n        : ")
        self.lines.append(line)

    def add(self, step: Step) -> None:
        """Add the wires of a step: computed at a width that holds everything, then cut."""
        widths = [self.width(o) for o in step.operands]
        wide = max(step.bits, *widths) if step.op in ("&", "|", "^") else step.bits
        if step.op in _COMPARE:
            text = _compared(self, step, max(widths))
        elif step.op in ("min", "max", "select"):
            text = _chosen(self, step, widths)
        elif step.op in ("<<", ">>"):
            wide = max(step.bits, widths[0])
            text = _shifted(self, step, wide)
        elif step.op in ("//", "%"):
            wide = max(widths)
            text = _divided(self, step, wide)
        else:
            text = f"{self.at(step.operands[0], wide)} {step.op} {self.at(step.operands[1], wide)}"
        if wide == step.bits:
            self.declare(step.name, wide, text)
        else:
            self.declare(f"{step.name}_full", wide, text)
            self.declare(step.name, step.bits, self.at(f"{step.name}_full", step.bits))

    def close(self) -> None:
        """Collect the bits that nothing reads into one wire whose name tells linters that it is meant."""
        rest = [
            f"{name}{_upper(width, self.read[name])}"
            for name, width in self.widths.items() if self.read[name] < width
        ]
        if rest:
            rows = ",\n        ".join(["1'b0", *rest])
            self.lines += ["    // Not needed for the result.", f"    wire unused = &{{\n        {rows}}};"]


def _compared(wires: _Wires, step: Step, wide: int) -> str:
    """Return a comparison as 0 or 1 in two bits, so that it is never negative."""
    a, b = step.operands
    return f"{{1'b0, {wires.at(a, wide)} {step.op} {wires.at(b, wide)}}}"


def _chosen(wires: _Wires, step: Step, widths: list[int]) -> str:
    if step.op == "select":
        condition, a, b = step.operands
        test = f"{wires.at(condition, widths[0])} != {_constant(0, widths[0])}"
    else:
        (a, b), wide = step.operands, max(widths)
        test = f"{wires.at(a, wide)} {'<' if step.op == 'min' else '>'} {wires.at(b, wide)}"
    return f"({test}) ? {wires.at(a, step.bits)} : {wires.at(b, step.bits)}"


def _shifted(wires: _Wires, step: Step, wide: int) -> str:
    value, amount = step.operands
    by = str(amount) if isinstance(amount, int) else f"$unsigned({wires.at(amount, wires.width(amount))})"
    return f"{wires.at(value, wide)} {'<<<' if step.op == '<<' else '>>>'} {by}"


def _divided(wires: _Wires, step: Step, wide: int) -> str:
    """Return floor division or its remainder; the divisor is positive, Verilog truncates toward zero."""
    a, b = (wires.at(o, wide) for o in step.operands)
    remainder, zero = f"{step.name}_rem", _constant(0, wide)
    wires.declare(remainder, wide, f"{a} % {b}")
    signed = wires.at(remainder, wide)
    if step.op == "%":
        return f"({signed} < {zero}) ? ({signed} + {b}) : {signed}"
    return f"({a} / {b}) - (({signed} < {zero}) ? {_constant(1, wide)} : {zero})"
