"""State, group by group, when an operator keeps samples apart, and how to rewrite the sizes it bakes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from edgeq.errors import UnsupportedOpError
from edgeq.frontend.operators import Group
from edgeq.frontend.program import Arg, Call, Program, Ref, ValueType, call_refs, refs

_ALL = 2**63 - 1
"""The end that stands for "up to the last" in a slice."""


@dataclass
class Scope:
    """Hold what is known while a program is walked.

    ``batch``: the batch of the export, ``None`` if open. ``batched``: names whose dimension 0 is the batch.
    ``sizes``: names of integers that depend on the batch. ``before``: calls to insert before the present one.
    """

    types: dict[str, ValueType]
    constants: dict[str, np.ndarray[Any, Any]]
    batch: int | None
    batched: set[str] = field(default_factory=set)
    sizes: set[str] = field(default_factory=set)
    before: list[Call] = field(default_factory=list)
    rows: dict[str, str] = field(default_factory=dict)

    def shape(self, name: str) -> tuple[int | None, ...]:
        return self.types[name].shape

    def rank(self, name: str) -> int:
        return len(self.types[name].shape)

    def batched_refs(self, call: Call) -> list[str]:
        return [name for name in call_refs(call) if name in self.batched]

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


def _argument(call: Call, position: int, name: str, default: Arg = None) -> Arg:
    if len(call.args) > position:
        return call.args[position]
    return call.kwargs.get(name, default)


def _first(call: Call) -> str | None:
    """Give the name of the first argument if it is a value."""
    first = call.args[0] if call.args else next(iter(call.kwargs.values()), None)
    return first.name if isinstance(first, Ref) else None


def _ints(arg: Arg) -> tuple[int, ...]:
    items = arg if isinstance(arg, tuple) else (arg,)
    return tuple(item for item in items if isinstance(item, int))


def _touches_batch(dims: Sequence[int], rank: int) -> bool:
    return any(dim % rank == 0 for dim in dims) if rank else True


def _fixed(scope: Scope, call: Call) -> bool:
    """Say whether nothing that the call reads depends on the batch."""
    return not any(name in scope.batched or name in scope.sizes for name in call_refs(call))


def _no_sizes(scope: Scope, call: Call) -> None:
    if any(name in scope.sizes for name in call_refs(call)):
        refuse(call, "it computes with the batch size", "write the model so that each sample is by itself")


def _pointwise(scope: Scope, call: Call) -> Call:
    if _fixed(scope, call):
        return call
    _no_sizes(scope, call)
    tensors = [name for name in call_refs(call) if name in scope.types]
    rank = max(scope.rank(name) for name in tensors)
    for name in tensors:
        if name in scope.batched and scope.rank(name) != rank:
            refuse(call, f"'{name}' is broadcast so that its batch meets another dimension", "give both the same rank")
    renamed = {name: _one_row(scope, call, name) for name in tensors if name not in scope.batched and scope.rank(name) == rank}
    args = tuple(_rename(arg, renamed) for arg in call.args)
    kwargs = {key: _rename(arg, renamed) for key, arg in call.kwargs.items()}
    return scope.keep(dataclasses.replace(call, args=args, kwargs=kwargs))


def _rename(arg: Arg, renamed: Mapping[str, str]) -> Arg:
    if isinstance(arg, Ref):
        return Ref(renamed.get(arg.name, arg.name))
    if isinstance(arg, tuple):
        return tuple(_rename(item, renamed) for item in arg)
    return arg


def _one_row(scope: Scope, call: Call, name: str) -> str:
    """Give a value with one row in place of one that repeats the same row for every sample of the export."""
    rows = scope.shape(name)[0]
    if rows == 1:
        return name
    array = scope.constants.get(name)
    if array is None or rows != scope.batch or not (array == array[:1]).all():
        refuse(call, f"'{name}' has {rows} rows that differ by sample", "use one row for all samples")
    if name not in scope.rows:
        new = scope.rows[name] = f"{name}_row"
        scope.constants[new] = array[:1].copy()
        scope.types[new] = ValueType((1, *scope.shape(name)[1:]), scope.types[name].dtype)
    return scope.rows[name]


def _layer(scope: Scope, call: Call) -> Call:
    if _fixed(scope, call):
        return call
    first = _first(call)
    _only_first(scope, call)
    assert first is not None
    needed = _least_rank(scope, call)
    if scope.rank(first) < needed:
        refuse(call, f"its input {list(scope.shape(first))} has no batch of its own", f"pass {needed} dimensions")
    return scope.keep(call)


def _only_first(scope: Scope, call: Call) -> None:
    _no_sizes(scope, call)
    others = [*refs(call.args[1:]), *refs(tuple(call.kwargs.values()))]
    if _first(call) not in scope.batched or any(name in scope.batched for name in others):
        refuse(call, "a parameter depends on the input's batch", "use parameters that are the same for all samples")


def _least_rank(scope: Scope, call: Call) -> int:
    if "conv" in call.op:
        weight = call.args[1]
        return scope.rank(weight.name) if isinstance(weight, Ref) else 3
    for rank, mark in ((3, "1d"), (4, "2d"), (4, "pixel_")):
        if mark in call.op:
            return rank
    return 2


def _matmul(scope: Scope, call: Call) -> Call:
    if _fixed(scope, call):
        return call
    _no_sizes(scope, call)
    operands = [arg.name for arg in (call.args[1:3] if call.op == "addmm" else call.args[:2]) if isinstance(arg, Ref)]
    added = call.args[0] if call.op == "addmm" else None
    if isinstance(added, Ref) and (added.name in scope.batched or scope.rank(added.name) > 1):
        refuse(call, "the added term is not one row for all samples", "use a bias of one dimension")
    left, right = operands
    together = left in scope.batched and right in scope.batched
    if together and scope.rank(left) == scope.rank(right) >= 3:
        return scope.keep(call)
    if together or right in scope.batched or scope.rank(left) < 2 or scope.rank(right) > 2:
        refuse(call, "the product mixes samples of the batch", "multiply each sample by fixed weights")
    return scope.keep(call)


_REDUCED: Mapping[str, tuple[int, str]] = {
    "quantize_per_channel": (3, "axis"),
    "dequantize_per_channel": (3, "axis"),
    "fake_quantize_per_channel_affine": (3, "axis"),
}


def _reduce(scope: Scope, call: Call) -> Call:
    if _fixed(scope, call):
        return call
    first = _first(call)
    _only_first(scope, call)
    assert first is not None
    rank = scope.rank(first)
    if call.op == "layer_norm":
        dims: tuple[int, ...] = tuple(range(-len(_ints(_argument(call, 1, "normalized_shape"))), 0))
    else:
        position, name = _REDUCED.get(call.op, (1, "dim"))
        dims = _ints(_argument(call, position, name, -1 if call.op == "glu" else None))
    if not dims or _touches_batch(dims, rank):
        refuse(call, f"it works over dimension 0 of {list(scope.shape(first))}, the batch", "name other dimensions")
    return scope.keep(call)


def _reduce_all(scope: Scope, call: Call) -> Call:
    if not _fixed(scope, call):
        refuse(call, "it works over all dimensions, the batch among them", "name the dimensions, without 0")
    return call


def _axis(scope: Scope, call: Call) -> Call:
    if _fixed(scope, call):
        return call
    first = _first(call)
    _only_first(scope, call)
    assert first is not None
    default = () if call.op in ("flip", "roll") else 0
    position = {"split": 2, "split_with_sizes": 2, "chunk": 2, "roll": 2}.get(call.op, 1)
    dims = _ints(_argument(call, position, "dims" if call.op in ("flip", "roll") else "dim", default))
    whole = call.op == "slice" and _argument(call, 2, "start") in (None, 0) and _argument(call, 3, "end") in (None, _ALL)
    if (not dims or _touches_batch(dims, scope.rank(first))) and not whole:
        refuse(call, "it works along dimension 0, the batch", "work on each sample by itself")
    return scope.keep(call)


def _view(scope: Scope, call: Call) -> Call:
    if _fixed(scope, call):
        return call
    first = _first(call)
    if first not in scope.batched or first is None:
        refuse(call, "it gives a fixed tensor the batch as a size", "use a tensor that broadcasts over the batch")
    before, after = scope.shape(first), scope.shape(call.name)
    rest = [size for size in after[1:] if size is not None]
    count = math.prod(size for size in before[1:] if size is not None)
    if not after or after[0] != scope.batch or len(rest) != len(after) - 1 or math.prod(rest) != count:
        refuse(
            call,
            f"it turns {_shown(before)} into {_shown(after)}, which mixes samples of the batch",
            "keep dimension 0: x.flatten(1) or x.reshape(x.size(0), ...)",
        )
    return scope.keep(dataclasses.replace(call, args=(call.args[0], (-1, *rest)), kwargs={}))


def _shown(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("N" if size is None else str(size) for size in shape) + "]"


def _flatten(scope: Scope, call: Call) -> Call:
    first = _first(call)
    if _fixed(scope, call) or first is None:
        return call
    start, end = _ints(_argument(call, 1, "start_dim", 0)), _ints(_argument(call, 2, "end_dim", -1))
    rank = scope.rank(first)
    if start[0] % rank == 0 and end[0] % rank != 0:
        refuse(call, "it flattens the batch into the sample", "flatten from dimension 1: x.flatten(1)")
    return scope.keep(call)


def _permute(scope: Scope, call: Call) -> Call:
    first = _first(call)
    if _fixed(scope, call) or first is None:
        return call
    rank = scope.rank(first) + (1 if call.op == "unsqueeze" else 0)
    if call.op == "mT" and rank >= 3:
        return scope.keep(call)
    dims = _ints(call.args[1:]) if call.op in ("transpose", "movedim", "unsqueeze") else _ints(_argument(call, 1, "dims"))
    moved = not dims or (dims[0] % rank != 0 if call.op == "permute" else _touches_batch(dims, rank))
    if moved:
        refuse(call, f"it moves dimension 0 of {_shown(scope.shape(first))}, the batch", "leave dimension 0 in place")
    return scope.keep(call)


def _squeeze(scope: Scope, call: Call) -> Call:
    first = _first(call)
    if _fixed(scope, call) or first is None:
        return call
    shape = scope.shape(first)
    if call.target == "aten.squeeze.default":
        dims = tuple(axis for axis, size in enumerate(shape) if axis > 0 and size == 1)
        call = dataclasses.replace(call, target="aten.squeeze.dims", args=(call.args[0], dims))
        dropped = scope.batch == 1
    else:
        dropped = _touches_batch(_ints(_argument(call, 1, "dim")), len(shape))
    if dropped:
        refuse(call, "it drops dimension 0, the batch, when that is 1", "name the dimensions, without 0")
    return scope.keep(call)


def _expand(scope: Scope, call: Call) -> Call:
    first = _first(call)
    if _fixed(scope, call) or first is None:
        return call
    size = _argument(call, 1, "size")
    assert isinstance(size, tuple)
    if first in scope.batched:
        if len(size) != scope.rank(first) or any(name in scope.sizes for name in refs(size[1:])):
            refuse(call, "it adds a dimension before the batch", "unsqueeze dimension 1 or later, then expand")
        return scope.keep(dataclasses.replace(call, args=(call.args[0], (-1, *size[1:])), kwargs={}))
    return _with_batch_first(scope, call, size)


def _with_batch_first(scope: Scope, call: Call, size: tuple[Arg, ...]) -> Call:
    """Keep a call that makes a tensor of the batch's size, if the batch is its dimension 0."""
    shape = scope.shape(call.name)
    if not size or not isinstance(size[0], Ref) or shape[0] is not None or None in shape[1:]:
        refuse(call, "it makes a tensor whose size mixes the batch", "give it the batch as dimension 0 alone")
    return scope.keep(call)


def _join(scope: Scope, call: Call) -> Call:
    if _fixed(scope, call):
        return call
    names = list(refs(call.args[0]))
    rank = scope.rank(names[0]) + (1 if call.op == "stack" else 0)
    if _touches_batch(_ints(_argument(call, 1, "dim", 0)), rank):
        refuse(call, "it joins along dimension 0, the batch", "join along dimension 1 or later")
    for name in names:
        if name not in scope.batched:
            refuse(call, f"it joins '{name}', which has no batch, to values that have", "expand it to the batch first")
    return scope.keep(call)


def _pad(scope: Scope, call: Call) -> Call:
    first = _first(call)
    if _fixed(scope, call) or first is None:
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
    return _with_batch_first(scope, call, size if isinstance(size, tuple) else (size,))


def _getitem(scope: Scope, call: Call) -> Call:
    return call if _fixed(scope, call) else scope.keep(call)


def _size(scope: Scope, call: Call) -> Call:
    first = _first(call)
    if first in scope.batched and (call.op == "sym_numel" or _ints(call.args[1:2]) == (0,)):
        scope.sizes.add(call.name)
    return call


def _size_arithmetic(scope: Scope, call: Call) -> Call:
    if not _fixed(scope, call):
        scope.sizes.add(call.name)
    return call


RULES: Mapping[Group, Callable[[Scope, Call], Call]] = {
    "pointwise": _pointwise,
    "layer": _layer,
    "matmul": _matmul,
    "reduce": _reduce,
    "reduce_all": _reduce_all,
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
"""What each group of operators requires and how its calls are rewritten."""
