"""Free a program of the batch size it was exported with: after ``rebatch`` it runs on any batch.

Every value either holds the batch as dimension 0 or does not depend on it. Sizes that bake the batch
(``view(1, -1)``) are rewritten; an operator that mixes samples or moves the batch is refused by name.
"""

from __future__ import annotations

import dataclasses

from edgeq.errors import ModelError
from edgeq.frontend.batch_rules import RULES
from edgeq.frontend.batch_scope import Scope
from edgeq.frontend.operators import group_of
from edgeq.frontend.program import Call, Program, ProgramInput, ValueType, drop_unused


def rebatch(program: Program) -> Program:
    """Rewrite what bakes the batch size.

    Returns a program whose batched values have shape ``(None, ...)``, equal to the given one at the exported
    batch. Raises :class:`~edgeq.errors.UnsupportedOpError` naming the operator and its source line where
    samples are mixed, the batch is moved, or the operator is not supported, and :class:`ModelError` if an
    input has no batch.
    """
    scope = Scope(dict(program.types), dict(program.constants), _exported_batch(program))
    scope.batched.update(item.name for item in program.inputs)
    calls = tuple(_rewritten(scope, call) for call in program.calls)
    inputs = tuple(_open(item) for item in program.inputs)
    types = {name: _open_type(scope, name, type) for name, type in scope.types.items()}
    for name in program.outputs:
        if name not in scope.batched:
            raise ModelError(f"output '{name}' does not depend on the input's batch; return one result per sample")
    names = {**program.constant_names, **scope.constant_names(program)}
    return drop_unused(Program(inputs, scope.constants, calls, program.outputs, names, types))


def _rewritten(scope: Scope, call: Call) -> Call:
    rule = RULES[group_of(call)]
    try:
        return rule(scope, call)
    except (IndexError, KeyError, TypeError, ValueError, AssertionError, ZeroDivisionError) as error:
        reason = f"{type(error).__name__} {error}".rstrip()
        raise ModelError(f"{call.where()}: its arguments do not fit the operator ({reason}); export again") from error


def _exported_batch(program: Program) -> int | None:
    """Give the batch of the export, ``None`` if it was left open."""
    batches: set[int | None] = set()
    for item in program.inputs:
        if not item.shape:
            raise ModelError(f"input '{item.name}' is a scalar; dimension 0 of every input must be the batch")
        for axis, size in enumerate(item.shape[1:], 1):
            if size is None:
                raise ModelError(
                    f"input '{item.name}': dimension {axis} was exported with an open size; only dimension "
                    "0, "
                    "the batch, may vary"
                )
        batches.add(item.shape[0])
    if len(batches) > 1:
        shown = {item.name: item.shape[0] for item in program.inputs}
        raise ModelError(f"inputs have different batch sizes {shown}; dimension 0 of every input must be the batch")
    return batches.pop() if batches else None


def _open(item: ProgramInput) -> ProgramInput:
    return dataclasses.replace(item, shape=(None, *item.shape[1:]))


def _open_type(scope: Scope, name: str, type: ValueType) -> ValueType:
    return dataclasses.replace(type, shape=(None, *type.shape[1:])) if name in scope.batched else type
