"""Describe a captured model as a flat list of calls on named values, without torch.

A :class:`Program` is in static single assignment form: every name is defined once, before its first use.
Dimension 0 of every input is the batch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from edgeq.errors import ModelError


@dataclass(frozen=True)
class Ref:
    """Refer to a value by its name."""

    name: str


Arg: TypeAlias = "bool | int | float | str | Ref | tuple[Arg, ...] | None"
"""An argument of a call. Element types (``"float32"``), devices, layouts and memory formats are strings."""


@dataclass(frozen=True)
class ValueType:
    """Give the type of a tensor value.

    ``shape``: one entry per dimension; ``None`` where the size varies with the batch.
    ``dtype``: a numpy name (``"float32"``, ``"int8"``, ``"bool"``...).
    """

    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class ProgramInput:
    """Name one input of the user's model; dimension 0 of ``shape`` is the batch (``None``: any)."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True)
class Call:
    """Call one operator.

    ``target``: such as ``aten.conv2d.default`` or ``operator.getitem`` (which takes one result of a call with
    several).  ``name``: the value it defines.  ``module``: path of the innermost torch module
    (``layer1.0.conv1``) or ``""``.  ``source``: ``file.py:12 in forward: x = self.conv(x)`` or ``""``.
    """

    target: str
    args: tuple[Arg, ...]
    kwargs: Mapping[str, Arg]
    name: str
    module: str = ""
    source: str = ""

    @property
    def op(self) -> str:
        """Give the target without namespace and overload: ``conv2d`` for ``aten.conv2d.default``."""
        parts = self.target.split(".")
        return parts[1] if len(parts) > 1 else parts[0]

    def where(self) -> str:
        """Describe the call for an error message: target, value name, module path and source line."""
        place = f"{self.target} '{self.name}'"
        if self.module:
            place += f" in module '{self.module}'"
        return place + (f" ({self.source})" if self.source else "")


@dataclass(frozen=True)
class Program:
    """Hold a captured model.

    ``constants``: value name to array (parameters, buffers, literal tensors); bfloat16 is widened to float32.
    ``constant_names``: value name to the name in the user's module, such as ``conv1.weight``.
    ``types``: the type of every tensor value that the source recorded, constants and results alike.
    """

    inputs: tuple[ProgramInput, ...]
    constants: Mapping[str, np.ndarray[Any, Any]]
    calls: tuple[Call, ...]
    outputs: tuple[str, ...]
    constant_names: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, ValueType] = field(default_factory=dict)


def refs(arg: Arg) -> Iterator[str]:
    """Yield the name of every value that an argument refers to, in order.

    >>> list(refs((Ref("a"), 1, (Ref("b"), None))))
    ['a', 'b']
    """
    if isinstance(arg, Ref):
        yield arg.name
    elif isinstance(arg, tuple):
        for item in arg:
            yield from refs(item)


def call_refs(call: Call) -> Iterator[str]:
    """Yield the name of every value that a call reads, positional arguments first."""
    yield from refs(call.args)
    yield from refs(tuple(call.kwargs.values()))


def map_refs(arg: Arg, change: Callable[[str], Arg]) -> Arg:
    """Replace every reference in an argument by what ``change`` gives for its name."""
    if isinstance(arg, Ref):
        return change(arg.name)
    if isinstance(arg, tuple):
        return tuple(map_refs(item, change) for item in arg)
    return arg


def map_call_refs(call: Call, change: Callable[[str], Arg]) -> Call:
    """Replace every reference that a call makes by what ``change`` gives for its name."""
    args = tuple(map_refs(arg, change) for arg in call.args)
    kwargs = {key: map_refs(arg, change) for key, arg in call.kwargs.items()}
    return dataclasses.replace(call, args=args, kwargs=kwargs)


def drop_unused(program: Program) -> Program:
    """Remove calls and constants that no output depends on. Inputs stay."""
    used = set(program.outputs)
    kept: list[Call] = []
    for call in reversed(program.calls):
        if call.name in used:
            kept.append(call)
            used.update(call_refs(call))
    named = used | {item.name for item in program.inputs}
    return dataclasses.replace(
        program,
        calls=tuple(reversed(kept)),
        constants={name: array for name, array in program.constants.items() if name in used},
        constant_names={name: fqn for name, fqn in program.constant_names.items() if name in used},
        types={name: type for name, type in program.types.items() if name in named},
    )


def check(program: Program, where: str) -> None:
    """Check single assignment: every value is defined once and before its use.

    Raises :class:`ModelError`, beginning with ``where``, on the first violation.
    """
    defined: set[str] = set()

    def define(name: str) -> None:
        if name in defined:
            raise ModelError(f"{where}: value '{name}' is defined twice; the model file is damaged")
        defined.add(name)

    for item in program.inputs:
        define(item.name)
    for name in program.constants:
        define(name)
    for call in program.calls:
        for name in call_refs(call):
            if name not in defined:
                raise ModelError(
                    f"{where}: {call.where()} uses '{name}' before it is defined; the model file is damaged"
                )
        define(call.name)
    for name in program.outputs:
        if name not in defined:
            raise ModelError(f"{where}: output '{name}' is not defined; the model file is damaged")
