"""State, group by group, when an operator that computes keeps samples apart."""

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
    no_sizes,
    only_first,
    refuse,
    touches_batch,
)
from edgeq.frontend.batch_shapes import SHAPE_RULES
from edgeq.frontend.operators import Group
from edgeq.frontend.program import Arg, Call, Ref, ValueType, call_refs


def _pointwise(scope: Scope, call: Call) -> Call:
    if is_fixed(scope, call):
        return call
    no_sizes(scope, call)
    tensors = [name for name in call_refs(call) if name in scope.types or name in scope.batched]
    rank = max(scope.rank(name) for name in tensors)
    for name in tensors:
        if name in scope.batched and scope.rank(name) != rank:
            refuse(
                call,
                f"'{name}' is broadcast so that its batch meets another dimension",
                "give both the same rank",
            )
    renamed = {
        name: _one_row(scope, call, name) for name in tensors if name not in scope.batched and scope.rank(name) == rank
    }
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
        refuse(call, f"'{name}' has {rows} rows, one for each exported sample", "use one row for all samples")
    if name not in scope.rows:
        new = scope.rows[name] = f"{name}_row"
        scope.constants[new] = array[:1].copy()
        scope.types[new] = ValueType((1, *scope.shape(name)[1:]), scope.types[name].dtype)
    return scope.rows[name]


def _layer(scope: Scope, call: Call) -> Call:
    if is_fixed(scope, call):
        return call
    first = first_value(call)
    only_first(scope, call)
    assert first is not None
    needed = _least_rank(scope, call)
    if scope.rank(first) < needed:
        refuse(call, f"its input {list(scope.shape(first))} has no batch of its own", f"pass {needed} dimensions")
    return scope.keep(call)


def _least_rank(scope: Scope, call: Call) -> int:
    if "conv" in call.op:
        weight = call.args[1]
        return scope.rank(weight.name) if isinstance(weight, Ref) else 3
    for rank, mark in ((3, "1d"), (4, "2d"), (4, "pixel_"), (4, "channel_")):
        if mark in call.op:
            return rank
    return 2


def _matmul(scope: Scope, call: Call) -> Call:
    if is_fixed(scope, call):
        return call
    no_sizes(scope, call)
    operands = [arg.name for arg in (call.args[1:3] if call.op == "addmm" else call.args[:2]) if isinstance(arg, Ref)]
    added = call.args[0] if call.op == "addmm" else None
    if isinstance(added, Ref) and (added.name in scope.batched or scope.rank(added.name) > 1):
        refuse(call, "the added term is not one row for all samples", "use a bias of one dimension")
    left, right = operands
    together = left in scope.batched and right in scope.batched
    if together and scope.rank(left) == scope.rank(right) >= 3:
        return scope.keep(call)
    if call.op == "matmul" and left not in scope.batched and scope.rank(left) <= 2 and scope.rank(right) >= 3:
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
    if is_fixed(scope, call):
        return call
    first = first_value(call)
    only_first(scope, call)
    assert first is not None
    rank = scope.rank(first)
    if call.op == "layer_norm":
        dims: tuple[int, ...] = tuple(range(-len(ints(argument(call, 1, "normalized_shape"))), 0))
    else:
        position, name = _REDUCED.get(call.op, (1, "dim"))
        dims = ints(argument(call, position, name, -1 if call.op == "glu" else None))
    if not dims or touches_batch(dims, rank):
        refuse(
            call,
            f"it works over dimension 0 of {list(scope.shape(first))}, the batch",
            "name other dimensions",
        )
    return scope.keep(call)


def _block(scope: Scope, call: Call) -> Call:
    """Treat torchao's affine quantization, whose blocks may be the tensor or one index of a dimension."""
    if is_fixed(scope, call):
        return call
    first, scale = first_value(call), call.args[2]
    only_first(scope, call)
    assert first is not None
    blocks, sizes = ints(call.args[1]), scope.shape(first)
    count = math.prod(size or 0 for size in scope.shape(scale.name)) if isinstance(scale, Ref) else 1
    channels = [axis for axis in range(1, len(sizes)) if blocks[axis] == 1 and sizes[axis] == count]
    if count != 1 and not channels:
        refuse(call, "its scales differ by sample", "quantize per tensor or per channel")
    return scope.keep(call)


def _reduce_all(scope: Scope, call: Call) -> Call:
    if not is_fixed(scope, call):
        refuse(call, "it works over all dimensions, the batch among them", "name the dimensions, without 0")
    return call


def _lookup(scope: Scope, call: Call) -> Call:
    if not is_fixed(scope, call):
        refuse(call, "its table or its indices depend on the input", "look up constants alone: weights of a codebook")
    return call


RULES: Mapping[Group, Callable[[Scope, Call], Call]] = {
    "pointwise": _pointwise,
    "layer": _layer,
    "matmul": _matmul,
    "reduce": _reduce,
    "reduce_all": _reduce_all,
    "block": _block,
    "lookup": _lookup,
    **SHAPE_RULES,
}
"""What each group of operators requires and how its calls are rewritten."""
