"""Name the layers as people know them: torch's module path, or the operator and a counter for a functional call."""

from __future__ import annotations

from collections.abc import Mapping

from edgeq.frontend.conditions import absorbed
from edgeq.frontend.program import Call, Program, Ref, refs
from edgeq.scheme.naming import unused

_PLACES = {"index": 1, "embedding": 1, "gather": 2}
"""Operators that look a table up, and which argument says where."""


def layer_names(program: Program) -> dict[str, str]:
    """Return a unique name for every call of a program that has a value of its own.

    A call that owns parameters has the path of the module that holds them. Any other call has the path of its
    module when that module holds no other module and makes no other call (what `where` compares is part of it);
    else it is functional, and its name is the one that torch numbers it by (``add``, ``add_1``). A name that an input
    or an earlier call has is followed by a number.
    """
    inside = absorbed(program)
    paths = [c.module for c in program.calls if c.op != "getitem" and c.name not in inside]
    stored = _stored_codes(program)
    wanted = {
        c.name: _owner(program, c, stored) or (c.module if _is_leaf(c.module, paths) else c.name)
        for c in program.calls if c.name not in inside
    }
    reserved = {*wanted.values(), *(i.name for i in program.inputs)}
    taken = {i.name for i in program.inputs}
    names: dict[str, str] = {}
    for call, name in wanted.items():
        names[call] = name if name not in taken else unused(name, taken | reserved)
        taken.add(names[call])
    return names


def _stored_codes(program: Program) -> dict[str, str]:
    """Return for every dequantized value the constant that holds its codes, or their places in a table."""
    calls = {c.name: c for c in program.calls}
    found: dict[str, str] = {}
    for call in program.calls:
        name = call.name if "dequantize" in call.op else ""
        while name in calls:
            made = calls[name]
            name = next(refs(made.args[_PLACES.get(made.op, 0) :]), "")
        if name:
            found[call.name] = name
    return found


def _owner(program: Program, call: Call, stored: Mapping[str, str]) -> str:
    """Return the module whose ``weight``, or whose codes, the call reads, "" when there is none."""
    for arg in call.args[1:]:
        if isinstance(arg, Ref):
            name = program.constant_names.get(stored.get(arg.name, arg.name), "")
            path, _, leaf = name.rpartition(".")
            if path and (leaf in ("weight", "bias") or arg.name in stored):
                return path
    return ""


def _is_leaf(path: str, paths: list[str]) -> bool:
    return bool(path) and paths.count(path) == 1 and not any(p.startswith(path + ".") for p in paths)
