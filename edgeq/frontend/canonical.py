"""Bring a program to one form: no in-place operators, no assertions, nothing unused, evaluation mode only."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgeq.errors import ModelError, UnsupportedOpError
from edgeq.frontend.program import Call, Program, Ref, call_refs, drop_unused, map_call_refs
from edgeq.frontend.tensors import DTYPES

Array = np.ndarray[Any, Any]

_VIEW_NAMES = """
    view _unsafe_view reshape flatten permute transpose t numpy_T unsqueeze squeeze expand expand_as
    slice select narrow split split_with_sizes chunk unbind getitem alias detach contiguous view_as
    movedim swapaxes unflatten dropout feature_dropout to
"""
_VIEWS = frozenset(_VIEW_NAMES.split())
"""Operators whose result may share memory with their first argument."""

_TRAINING_FLAG = {
    "batch_norm": (5, "training"),
    "native_batch_norm": (5, "training"),
    "cudnn_batch_norm": (5, "training"),
    "_native_batch_norm_legit": (5, "training"),
    "dropout": (2, "train"),
    "feature_dropout": (2, "train"),
    "alpha_dropout": (2, "train"),
    "native_dropout": (2, "train"),
}
_ALWAYS_TRAINING = frozenset(("_batch_norm_with_update", "_native_batch_norm_legit_functional"))

_COPIES = frozenset(f"aten.{name}.default" for name in ("lift_fresh", "lift_fresh_copy", "detach", "alias", "clone"))
_FILLS = {"aten.zeros.default": 0, "aten.ones.default": 1, "aten.full.default": None, "aten.arange.default": None}
_KNOWN_TYPES = frozenset(DTYPES.values())
_LARGEST_LITERAL = 1 << 20


def canonical(program: Program, where: str) -> Program:
    """Rewrite in-place operators as functional ones and drop what no output needs.

    Raises :class:`ModelError`, beginning with ``where``, for an operator in training mode (advice: call
    ``.eval()``), and :class:`UnsupportedOpError` for an in-place change of a value that other names still
    share.
    """
    program = drop_unused(_literals(_functional(program, where)))
    for call in program.calls:
        _check_evaluation(call, where)
    return program


def _check_evaluation(call: Call, where: str) -> None:
    position, name = _TRAINING_FLAG.get(call.op, (0, ""))
    flag = call.kwargs.get(name, call.args[position] if name and len(call.args) > position else False)
    if flag is True or call.op in _ALWAYS_TRAINING:
        raise ModelError(f"{where}: {call.where()} is in training mode; call model.eval() before exporting")


def in_place(target: str) -> str | None:
    """Give the functional counterpart of an in-place operator, or ``None`` for any other operator.

    >>> in_place("aten.relu_.default"), in_place("aten.relu.default"), in_place("aten.add_.Tensor")
    ('aten.relu.default', None, 'aten.add.Tensor')
    """
    parts = target.split(".")
    if len(parts) != 3 or parts[0] != "aten" or not parts[1].endswith("_") or parts[1].endswith("__"):
        return None
    return f"aten.{parts[1][:-1]}.{parts[2]}"


def _literals(program: Program) -> Program:
    """Turn tensors that the graph makes from numbers, and copies of stored tensors, into constants."""
    constants = dict(program.constants)
    names = dict(program.constant_names)
    calls: list[Call] = []
    for call in program.calls:
        base = call.args[0] if call.args else None
        if call.target in _COPIES and isinstance(base, Ref) and base.name in constants:
            constants[call.name] = constants[base.name]
            if base.name in names:
                names[call.name] = names[base.name]
        elif (array := _literal(program, call)) is not None:
            constants[call.name] = array
        else:
            calls.append(call)
    return dataclasses.replace(program, constants=constants, constant_names=names, calls=tuple(calls))


def _literal(program: Program, call: Call) -> Array | None:
    """Give the array that ``zeros``, ``ones``, ``full`` or ``arange`` makes, unless its size varies or is large."""
    type = program.types.get(call.name)
    if call.target not in _FILLS or type is None or type.dtype not in _KNOWN_TYPES:
        return None
    shape = [size for size in type.shape if size is not None]
    if len(shape) != len(type.shape) or math.prod(shape) > _LARGEST_LITERAL:
        return None
    if call.op == "arange":
        return np.arange(shape[0], dtype=type.dtype) if call.args == (shape[0],) else None
    fill = call.args[1] if call.op == "full" else _FILLS[call.target]
    return np.full(shape, fill, type.dtype) if isinstance(fill, int | float) else None


def _functional(program: Program, where: str) -> Program:
    memory = _Memory(where, program, _later_uses(program))
    calls: list[Call] = []
    for index, call in enumerate(program.calls):
        functional = in_place(call.target)
        base = call.args[0] if call.args else None
        renamed = map_call_refs(call, lambda name: Ref(memory.now(name)))
        if functional is not None:
            renamed = dataclasses.replace(renamed, target=functional)
        if isinstance(base, Ref) and functional is not None:
            if call.op != "detach_":
                memory.check_change(call, base.name, index)
            memory.share(base.name, call.name)
            memory.rename(base.name, call.name)
        elif isinstance(base, Ref) and call.op in _VIEWS:
            memory.share(base.name, call.name)
        calls.append(renamed)
    outputs = tuple(memory.now(name) for name in program.outputs)
    return dataclasses.replace(program, calls=tuple(calls), outputs=outputs)


def _later_uses(program: Program) -> dict[str, int]:
    """Give the index of the last call that reads each value; outputs are read after the last call."""
    uses: dict[str, int] = {}
    for index, call in enumerate(program.calls):
        uses.update(dict.fromkeys(call_refs(call), index))
    uses.update(dict.fromkeys(program.outputs, len(program.calls)))
    return uses


@dataclass
class _Memory:
    """Follow which names may share memory, and which name holds the present contents of each.

    ``current``: name to the name that replaced it, absent where none did. ``families``: name to all names
    that may share its memory, itself included.
    """

    where: str
    program: Program
    last_use: dict[str, int]
    current: dict[str, str] = field(default_factory=dict)
    families: dict[str, set[str]] = field(default_factory=dict)

    def now(self, name: str) -> str:
        return self.current.get(name, name)

    def share(self, base: str, name: str) -> None:
        family = self.families.setdefault(base, {base})
        family.add(name)
        self.families[name] = family

    def rename(self, base: str, name: str) -> None:
        before = self.now(base)
        replaced = [old for old, new in self.current.items() if new == before]
        for old in (*replaced, before, base):
            self.current[old] = name

    def check_change(self, call: Call, base: str, index: int) -> None:
        """Refuse to change a stored tensor in place, or a value of which a view is read afterwards."""
        for name in sorted(self.families.get(base, {base})):
            if name in self.program.constants:
                user_name = self.program.constant_names.get(name, name)
                raise ModelError(
                    f"{self.where}: {call.where()} changes the stored tensor '{user_name}'; "
                    "call model.eval() before exporting, or keep state out of forward"
                )
            if self.now(name) != self.now(base) and self.last_use.get(name, -1) > index:
                raise UnsupportedOpError(
                    f"{self.where}: {call.where()} changes '{base}' in place while '{name}' shares its "
                    "memory and is "
                    "read later; write it without the trailing underscore (or inplace=False)"
                )
