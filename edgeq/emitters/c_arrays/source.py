"""Pieces of C that every flavour is made of: arrays with their placement, structs, macros; their manifest lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeq.emitters.c_text import integer, rows_of
from edgeq.emitters.parameters import Parameter
from edgeq.errors import InputError, shown
from edgeq.ir.tensor import Array

ALIGNMENTS = (4, 16, 64)
_SECTION = re.compile(r"[A-Za-z0-9_.$,-]{1,64}")


@dataclass(frozen=True)
class Placement:
    """Where arrays are placed: aligned to ``align`` bytes, in ``section`` or, when empty, where the build says.

    Raises InputError for others.
    """

    align: int = 16
    section: str = ""

    def __post_init__(self) -> None:
        if self.align not in ALIGNMENTS or isinstance(self.align, bool):
            raise InputError(f"align {shown(self.align)} is not one of {', '.join(map(str, ALIGNMENTS))}")
        if self.section != "" and not (isinstance(self.section, str) and _SECTION.fullmatch(self.section)):
            raise InputError(f"section {shown(self.section)} is not a section's name: letters, digits, _ . $ , and -, "
                             "at most 64")

    def __str__(self) -> str:
        where = f'EDGEQ_SECTION("{self.section}")' if self.section else "EDGEQ_CONSTANT_PLACEMENT"
        return f"{where} EDGEQ_ALIGN({self.align})"


@dataclass(frozen=True)
class Unit:
    """What one layer adds: a comment, lines of the header, definitions of the source, manifest lines of its tensors."""

    comment: str
    declarations: tuple[str, ...] = ()
    definitions: tuple[str, ...] = ()
    tensors: tuple[Mapping[str, Any], ...] = ()


@dataclass
class Builder:
    """Collect the pieces of a `Unit`."""

    comment: str
    place: Placement
    declarations: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    tensors: list[Mapping[str, Any]] = field(default_factory=list)

    def array(self, symbol: str, element: str, values: Array) -> None:
        """Add an array, its values as they stand."""
        self.declarations.append(f"extern const {element} {symbol}[{values.size}];")
        self.definitions.append(f"{self.place} const {element} {symbol}[{values.size}] = {{\n{rows_of(values)}}};\n")

    def tensor(self, symbol: str, parameter: Parameter, layout: str, **more: Any) -> None:
        """Add the manifest line of a tensor that ``symbol`` holds."""
        self.tensors.append(tensor_line(symbol, parameter, layout, **more))

    def struct(self, kind: str, symbol: str, fields: Mapping[str, Any]) -> None:
        """Add a constant struct; a field is a number, text, or a mapping of fields."""
        self.declarations.append(f"extern const {kind} {symbol};")
        self.definitions.append(f"const {kind} {symbol} = {initializer(fields)};\n")

    def macro(self, symbol: str, value: int) -> None:
        """Add a macro of a number."""
        self.declarations.append(f"#define {symbol.upper()} {macro_value(value)}")

    @property
    def unit(self) -> Unit:
        """What was collected."""
        return Unit(self.comment, tuple(self.declarations), tuple(self.definitions), tuple(self.tensors))


def tensor_line(symbol: str, parameter: Parameter, layout: str, **more: Any) -> dict[str, Any]:
    """Return the manifest line of a tensor: how its values are stored beside what they are."""
    return {
        "tensor": parameter.name, "layer": parameter.layer, "symbol": symbol, "shape": list(parameter.array.shape),
        "axes": parameter.axes, "layout": layout,
        "type": {"bits": parameter.type.bits, "signed": parameter.type.signed}, **more,
    }


def initializer(fields: Mapping[str, Any]) -> str:
    """Return a designated initializer.

    >>> initializer({"stride": {"w": 1, "h": 2}, "bias": "true"})
    '{.stride = {.w = 1, .h = 2}, .bias = true}'
    """
    parts = []
    for name, value in fields.items():
        text = initializer(value) if isinstance(value, Mapping) else integer(value) if isinstance(value, int) else value
        parts.append(f".{name} = {text}")
    return "{" + ", ".join(parts) + "}"


def macro_value(value: int) -> str:
    """Return a number as a macro's text.

    >>> macro_value(-3)
    '(-3)'
    """
    return integer(value) if value >= 0 else f"({integer(value)})"
