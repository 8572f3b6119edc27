"""Values moved: shapes, borders, parts of a tensor, tensors joined, pixels repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import axis, sizes
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, takes_apart, translates
from edgeq.frontend.program import Ref
from edgeq.frontend.reader import Reader
from edgeq.frontend.states import State, code_limits

_ALL = 2**63 - 1


@dataclass(frozen=True)
class Flatten(fg.FloatOp):
    """All values of a sample in one row."""

    KEEPS = CHOOSES = True


@dataclass(frozen=True)
class Reshape(fg.FloatOp):
    """Another shape of the sample."""

    KEEPS = CHOOSES = True

    shape: tuple[int, ...]


@dataclass(frozen=True)
class Transpose(fg.FloatOp):
    """The axes of the sample in another order."""

    KEEPS = CHOOSES = True

    perm: tuple[int, ...]


@dataclass(frozen=True)
class Slice(fg.FloatOp):
    """Part of the sample along one axis, which goes with ``drop``; ``stop`` None takes up to the last."""

    KEEPS = CHOOSES = True

    axis: int
    start: int
    stop: int | None
    step: int = 1
    drop: bool = False


@dataclass(frozen=True)
class PixelShuffle(fg.FloatOp):
    """Channels moved into squares of pixels."""

    KEEPS = CHOOSES = True

    factor: int


@dataclass(frozen=True)
class Concat(fg.FloatOp):
    """Values one behind the other along an axis, at the scale of the result."""

    COMPUTES = RIDES = True

    axis: int


@translates("view", "reshape", "_unsafe_view", "flatten", "unflatten", "squeeze", "unsqueeze")
def _view(r: Reader) -> Translated:
    shape = r.shape(r.call.name)[1:]
    if any(d is None for d in shape):
        raise r.unsupported("the shape after the batch must be fixed")
    kept = tuple(int(d or 0) for d in shape)
    return (Flatten() if len(kept) == 1 else Reshape(kept)), (r.value(0, "self"),)


@translates("constant_pad_nd", "pad")
def _pad(r: Reader) -> Translated:
    value = r.value(0, "self")
    rank = len(r.shape(value))
    amounts = [int(a) for a in r.get(1, "pad")]
    if r.call.op == "pad" and r.get(2, "mode", "constant") != "constant":
        raise r.unsupported(f"padding mode {r.get(2, 'mode')} has no lowering; use constant")
    fill = float(r.get(3 if r.call.op == "pad" else 2, "value", 0) or 0)
    if fill != fill or fill == np.inf:  # minus infinity, before max pooling, is the type's minimum
        raise r.unsupported(f"padding value {fill} has no lowering; use a finite one")
    if min(amounts, default=0) < 0 or len(amounts) > 2 * (rank - 1):
        raise r.unsupported("padding must not be negative and must leave the batch alone")
    before, after = [0] * rank, [0] * rank
    for k in range(len(amounts) // 2):
        before[rank - 1 - k], after[rank - 1 - k] = amounts[2 * k], amounts[2 * k + 1]
    return fg.Pad(tuple(before[1:]), tuple(after[1:]), fill), (value,)


@translates("permute", "transpose", "t", "numpy_T", "mT", "movedim")
def _permute(r: Reader) -> Translated:
    value = r.value(0, "self")
    order = list(range(len(r.shape(value))))
    if r.call.op == "permute":
        order = [int(d) % len(order) for d in r.get(1, "dims")]
    elif r.call.op in ("transpose", "mT"):
        a, b = (-2, -1) if r.call.op == "mT" else (int(r.get(1, "dim0")), int(r.get(2, "dim1")))
        order[a], order[b] = order[b], order[a]
    else:
        raise r.unsupported(f"{r.call.op} has no lowering; use permute")
    return Transpose(tuple(d - 1 for d in order[1:])), (value,)


@translates("slice")
def _slice(r: Reader) -> Translated:
    value, stop = r.value(0, "self"), r.get(3, "end")
    if int(r.get(1, "dim", 0)) % len(r.shape(value)) == 0:  # all samples: anything else is refused before
        return fg.Same(), (value,)
    kept = None if stop is None or stop >= _ALL else int(stop)
    return Slice(axis(r, value, r.get(1, "dim", 0)), int(r.get(2, "start") or 0), kept, int(r.get(4, "step", 1))), (
        value,)


@translates("narrow")
def _narrow(r: Reader) -> Translated:
    value = r.value(0, "self")
    at = axis(r, value, r.get(1, "dim"))
    start = int(r.get(2, "start")) % sizes(r, value)[at]
    return Slice(at, start, start + int(r.get(3, "length"))), (value,)


@translates("select")
def _select(r: Reader) -> Translated:
    value = r.value(0, "self")
    return _one(r, value, axis(r, value, r.get(1, "dim")), int(r.get(2, "index")))


def _one(r: Reader, value: str, at: int, index: int) -> Translated:
    start = index % sizes(r, value)[at]
    return Slice(at, start, start + 1, drop=True), (value,)


@takes_apart("chunk", "split", "split_with_sizes", "unbind")
def _part(r: Reader, index: int) -> Translated:
    value = r.value(0, "self")
    dim = r.get(1 if r.call.op == "unbind" else 2, "dim", 0)
    at = axis(r, value, dim)
    if r.call.op == "unbind":
        return _one(r, value, at, index)
    length, given = sizes(r, value)[at], r.get(1, "split_size_or_sections", r.get(1, "chunks", r.get(1, "split_size")))
    if isinstance(given, tuple):
        start = sum(int(s) for s in given[:index])
        return Slice(at, start, start + int(given[index])), (value,)
    size = -(-length // int(given)) if r.call.op == "chunk" else int(given)
    return Slice(at, index * size, min((index + 1) * size, length)), (value,)


@translates("pixel_shuffle")
def _pixel_shuffle(r: Reader) -> Translated:
    return PixelShuffle(int(r.get(1, "upscale_factor"))), (r.value(0, "self"),)


@translates("cat", "concat")
def _concat(r: Reader) -> Translated:
    refs = r.get(0, "tensors")
    if any(not isinstance(ref, Ref) or r.weights.is_constant(ref.name) for ref in refs):
        raise r.unsupported("it joins a constant; only values that are computed are joined")
    values = tuple(ref.name for ref in refs)
    return Concat(axis(r, values[0], r.get(1, "dim", 0))), values


@lowers(Concat)
def _lower_concat(context: Context, states: list[State], node: fg.FloatNode) -> State:
    assert isinstance(node.op, Concat)
    parts = context.aligned(states, node)
    value = context.builder.concat([p.value for p in parts], node.op.axis, name=node.layer)
    reach = max(p.reach for p in parts)
    return State(value, parts[0].scale, parts[0].zero_point, code=parts[0].code, reach=reach, layer=node.layer)


@lowers(Flatten, Reshape, fg.Pad, Transpose, Slice, PixelShuffle)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    state, b, name = context.operand(states[0]), context.builder, node.layer
    x = state.value
    match node.op:
        case Flatten():
            value = b.flatten(x, name=name)
        case Reshape() as op:
            value = b.reshape(x, op.shape, name=name)
        case Transpose() as op:
            value = b.transpose(x, op.perm, name=name)
        case PixelShuffle() as op:
            value = b.pixel_shuffle(x, op.factor, name=name)
        case fg.Pad() as op:
            kept = fg.Quantize(state.scale.item(), state.zero_point, x.type.type.qmin, x.type.type.qmax)
            fill = code_limits(fg.Limit(op.value, op.value), kept)[0]
            value = b.pad(x, op.before, op.after, fill, name=name)
        case Slice() as op:
            others = len(x.shape) - op.axis - 1
            ends = [(*(None,) * op.axis, end, *(None,) * others) for end in (op.start, op.stop, op.step)]
            value = b.slice(x, *ends, name=name)
            if op.drop:
                shape = value.shape[: op.axis] + value.shape[op.axis + 1 :]
                value = b.reshape(value, shape, name=f"{name}.drop")
    return context.moved(state, value, node)
