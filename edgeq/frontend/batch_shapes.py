"""State when an operator that rearranges a tensor leaves the batch in place; rewrite the sizes it bakes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping

from edgeq.frontend.batch_scope import (
    Scope,
    argument,
    first_value,
    ints,
    is_fixed,
    only_first,
    refuse,
    shown,
    touches_batch,
)
from edgeq.frontend.operators import Group
from edgeq.frontend.program import Arg, Call, Ref, call_refs, refs

_ALL = 2**63 - 1
"""The end that stands for "up to the last" in a slice."""


def _axis(scope: Scope, call: Call) -> Call:
    if is_fixed(scope, call):
        return call
    first = first_value(call)
    only_first(scope, call)
    assert first is not None
    default = () if call.op in ("flip", "roll") else 0
    position = {"split": 2, "split_with_sizes": 2, "chunk": 2, "roll": 2}.get(call.op, 1)
    dims = ints(argument(call, position, "dims" if call.op in ("flip", "roll") else "dim", default))
    if (not dims or touches_batch(dims, scope.rank(first))) and not _is_whole_slice(call):
        refuse(call, "it works along dimension 0, the batch", "work on each sample by itself")
    return scope.keep(call)


def _is_whole_slice(call: Call) -> bool:
    """Say whether a slice takes everything."""
    start, end, step = (argument(call, place, name) for place, name in ((2, "start"), (3, "end"), (4, "step")))
    return call.op == "slice" and start in (None, 0) and end in (None, _ALL) and step in (None, 1)


def _view(scope: Scope, call: Call) -> Call:
    if is_fixed(scope, call):
        return call
    first = first_value(call)
    if first not in scope.batched or first is None:
        refuse(call, "it gives a fixed tensor the batch as a size", "use a tensor that broadcasts over the batch")
    before, after = scope.shape(first), scope.shape(call.name)
    rest = [size for size in after[1:] if size is not None]
    count = math.prod(size for size in before[1:] if size is not None)
    if not after or after[0] != scope.batch or len(rest) != len(after) - 1 or math.prod(rest) != count:
        refuse(
            call,
            f"it turns {shown(before)} into {shown(after)}, which mixes samples of the batch",
            "keep dimension 0: x.flatten(1) or x.reshape(x.size(0), ...)",
        )
    return scope.keep(dataclasses.replace(call, args=(call.args[0], (-1, *rest)), kwargs={}))


def _flatten(scope: Scope, call: Call) -> Call:
    first = first_value(call)
    if is_fixed(scope, call) or first is None:
        return call
    start, end = ints(argument(call, 1, "start_dim", 0)), ints(argument(call, 2, "end_dim", -1))
    rank = scope.rank(first)
    if start[0] % rank == 0 and end[0] % rank != 0:
        refuse(call, "it flattens the batch into the sample", "flatten from dimension 1: x.flatten(1)")
    return scope.keep(call)


def _permute(scope: Scope, call: Call) -> Call:
    first = first_value(call)
    if is_fixed(scope, call) or first is None:
        return call
    rank = scope.rank(first) + (1 if call.op == "unsqueeze" else 0)
    if call.op == "mT" and rank >= 3:
        return scope.keep(call)
    dims = ints(call.args[1:]) if call.op in ("transpose", "movedim", "unsqueeze") else ints(argument(call, 1, "dims"))
    moved = not dims or (dims[0] % rank != 0 if call.op == "permute" else touches_batch(dims, rank))
    if moved:
        refuse(
            call,
            f"it moves dimension 0 of {shown(scope.shape(first))}, the batch",
            "leave dimension 0 in place",
        )
    return scope.keep(call)


def _squeeze(scope: Scope, call: Call) -> Call:
    first = first_value(call)
    if is_fixed(scope, call) or first is None:
        return call
    shape = scope.shape(first)
    if call.target == "aten.squeeze.default":
        dims = tuple(axis for axis, size in enumerate(shape) if axis > 0 and size == 1)
        call = dataclasses.replace(call, target="aten.squeeze.dims", args=(call.args[0], dims))
        dropped = scope.batch == 1
    else:
        dropped = touches_batch(ints(argument(call, 1, "dim")), len(shape))
    if dropped:
        refuse(call, "it drops dimension 0, the batch, when that is 1", "name the dimensions, without 0")
    return scope.keep(call)


def _expand(scope: Scope, call: Call) -> Call:
    first = first_value(call)
    if is_fixed(scope, call) or first is None:
        return call
    size = argument(call, 1, "size")
    assert isinstance(size, tuple)
    if first in scope.batched:
        first_size = scope.shape(call.name)[0]
        if (
            len(size) != scope.rank(first)
            or first_size != scope.batch
            or any(name in scope.sizes for name in refs(size[1:]))
        ):
            refuse(call, "it repeats samples or adds a dimension before the batch", "expand dimensions from 1 on")
        return scope.keep(dataclasses.replace(call, args=(call.args[0], (-1, *size[1:])), kwargs={}))
    return _with_batch_first(scope, call, size)


def _with_batch_first(scope: Scope, call: Call, size: tuple[Arg, ...]) -> Call:
    """Keep a call that makes a tensor of the batch's size, if the batch is its dimension 0."""
    shape = scope.shape(call.name)
    if not size or not isinstance(size[0], Ref) or shape[0] is not None or None in shape[1:]:
        refuse(call, "it makes a tensor whose size mixes the batch", "give it the batch as dimension 0 alone")
    return scope.keep(call)


def _join(scope: Scope, call: Call) -> Call:
    if is_fixed(scope, call):
        return call
    names = list(refs(call.args[0]))
    rank = scope.rank(names[0]) + (1 if call.op == "stack" else 0)
    if touches_batch(ints(argument(call, 1, "dim", 0)), rank):
        refuse(call, "it joins along dimension 0, the batch", "join along dimension 1 or later")
    for name in names:
        if name not in scope.batched:
            refuse(
                call,
                f"it joins '{name}', which has no batch, to values that have",
                "expand it to the batch first",
            )
    return scope.keep(call)


def _pad(scope: Scope, call: Call) -> Call:
    first = first_value(call)
    if is_fixed(scope, call) or first is None:
        return call
    pads = call.args[1]
    rank = scope.rank(first)
    if isinstance(pads, tuple) and len(pads) == 2 * rank and pads[-2:] != (0, 0):
        refuse(call, "it pads dimension 0, the batch", "pad the sample alone")
    return scope.keep(call)


def _create(scope: Scope, call: Call) -> Call:
    if not any(name in scope.sizes for name in call_refs(call)):
        return call  # new_zeros(x, size) reads only the type of x
    position = 1 if call.op.startswith("new_") else 0
    size = call.args[position]
    others = [*refs(call.args[position + 1 :]), *refs(tuple(call.kwargs.values()))]
    if not isinstance(size, tuple) or any(name in scope.sizes for name in others):
        refuse(call, "it makes numbers from the batch size", "write the model so that each sample is by itself")
    return _with_batch_first(scope, call, size)


def _getitem(scope: Scope, call: Call) -> Call:
    return call if is_fixed(scope, call) else scope.keep(call)


def _size(scope: Scope, call: Call) -> Call:
    first = first_value(call)
    if first in scope.batched and (call.op == "sym_numel" or ints(call.args[1:2]) == (0,)):
        scope.sizes.add(call.name)
    return call


def _size_arithmetic(scope: Scope, call: Call) -> Call:
    if not is_fixed(scope, call):
        scope.sizes.add(call.name)
    return call


SHAPE_RULES: Mapping[Group, Callable[[Scope, Call], Call]] = {
    "axis": _axis,
    "view": _view,
    "flatten": _flatten,
    "permute": _permute,
    "squeeze": _squeeze,
    "expand": _expand,
    "join": _join,
    "pad": _pad,
    "create": _create,
    "getitem": _getitem,
    "size": _size,
    "size_arithmetic": _size_arithmetic,
}
"""What each group requires and how its calls are rewritten."""
