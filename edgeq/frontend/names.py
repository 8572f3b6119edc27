"""Name the layers as people know them: torch's module path, or the operator and a counter for a functional call."""

from __future__ import annotations

from edgeq.frontend.program import Call, Program, Ref


def layer_names(program: Program) -> dict[str, str]:
    """Return a unique name for every call of a program.

    A call that owns parameters has the path of the module that holds them. Any other call has the path of its
    module when that module holds no other module and makes no other call; else it is functional, and its name
    is the one that torch numbers it by (``add``, ``add_1``).
    """
    paths = [c.module for c in program.calls]
    taken: dict[str, int] = {}
    names: dict[str, str] = {}
    for call in program.calls:
        name = _owner(program, call) or (call.module if _is_leaf(call.module, paths) else call.name)
        count = taken.get(name, 0)
        taken[name] = count + 1
        names[call.name] = name if not count else f"{name}_{count}"
    return names


def _owner(program: Program, call: Call) -> str:
    """Return the module whose parameter ``weight`` the call reads, "" when there is none."""
    for arg in call.args[1:]:
        if isinstance(arg, Ref):
            path, _, leaf = program.constant_names.get(arg.name, "").rpartition(".")
            if path and leaf in ("weight", "bias"):
                return path
    return ""


def _is_leaf(path: str, paths: list[str]) -> bool:
    return bool(path) and paths.count(path) == 1 and not any(p.startswith(path + ".") for p in paths)
