"""Hold what is known while the batch is followed through a program, and read the arguments of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from edgeq.errors import ModelError, UnsupportedOpError
from edgeq.frontend.program import Arg, Call, Program, Ref, ValueType, call_refs, refs


@dataclass
class Scope:
    """Hold what is known while a program is walked.

    ``batch``: the batch of the export, ``None`` if open. ``batched``: names whose dimension 0 is the batch.
    ``sizes``: names of integers that depend on the batch.
    """

    types: dict[str, ValueType]
    constants: dict[str, np.ndarray[Any, Any]]
    batch: int | None
    batched: set[str] = field(default_factory=set)
    sizes: set[str] = field(default_factory=set)
    rows: dict[str, str] = field(default_factory=dict)

    def shape(self, name: str) -> tuple[int | None, ...]:
        """Give the shape of a value; :class:`ModelError` if the program does not state it."""
        if name not in self.types:
            raise ModelError(f"value '{name}' has no recorded shape; the model file is damaged")
        return self.types[name].shape

    def rank(self, name: str) -> int:
        """Give the number of dimensions of a value."""
        return len(self.shape(name))

    def keep(self, call: Call) -> Call:
        """Record that the result holds the batch as dimension 0."""
        self.batched.add(call.name)
        return call

    def constant_names(self, program: Program) -> Mapping[str, str]:
        """Give the user's names of constants that were cut to one row."""
        names = program.constant_names
        return {new: names[old] for old, new in self.rows.items() if old in names}


def refuse(call: Call, why: str, advice: str) -> NoReturn:
    """Raise :class:`UnsupportedOpError` naming the call, what it does to the batch, and what to do."""
    raise UnsupportedOpError(f"{call.where()}: {why}; {advice}")


def argument(call: Call, position: int, name: str, default: Arg = None) -> Arg:
    """Give an argument that may be passed by position or by name."""
    if len(call.args) > position:
        return call.args[position]
    return call.kwargs.get(name, default)


def first_value(call: Call) -> str | None:
    """Give the name of the first argument if it is a value."""
    first = call.args[0] if call.args else next(iter(call.kwargs.values()), None)
    return first.name if isinstance(first, Ref) else None


def ints(arg: Arg) -> tuple[int, ...]:
    """Give the integers of an argument that is one integer or a list of them."""
    items = arg if isinstance(arg, tuple) else (arg,)
    return tuple(item for item in items if isinstance(item, int))


def touches_batch(dims: Sequence[int], rank: int) -> bool:
    """Say whether dimension 0 is among ``dims``, which may count from the end."""
    return any(dim % rank == 0 for dim in dims) if rank else True


def is_fixed(scope: Scope, call: Call) -> bool:
    """Say whether nothing that the call reads depends on the batch."""
    return not any(name in scope.batched or name in scope.sizes for name in call_refs(call))


def no_sizes(scope: Scope, call: Call) -> None:
    """Refuse a call that computes with the batch size."""
    if any(name in scope.sizes for name in call_refs(call)):
        refuse(call, "it computes with the batch size", "write the model so that each sample is by itself")


def only_first(scope: Scope, call: Call) -> None:
    """Refuse a call that reads the batch by another argument than its first."""
    no_sizes(scope, call)
    others = [*refs(call.args[1:]), *refs(tuple(call.kwargs.values()))]
    if first_value(call) not in scope.batched or any(name in scope.batched for name in others):
        refuse(
            call,
            "a parameter depends on the input's batch",
            "use parameters that are the same for all samples",
        )


def shown(shape: Sequence[int | None]) -> str:
    """Write a shape for a message, with N for the batch."""
    return "[" + ", ".join("N" if size is None else str(size) for size in shape) + "]"
