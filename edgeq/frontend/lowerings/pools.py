"""Pools over rows and columns, or over a line: largest value and mean of each window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from edgeq.arith.types import IntType, Rounding
from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import pair, sides, sizes
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.settings import LayerSettings
from edgeq.frontend.states import State
from edgeq.ir.builder import Value
from edgeq.scheme.presets import preset

_FINE_SHIFT = 12
"""Extra fraction bits under an average that is rounded to another scale right after."""


@dataclass(frozen=True)
class MaxPool(fg.FloatOp):
    """Largest value of each window."""

    KEEPS = CHOOSES = True

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    ceil_mode: bool


@dataclass(frozen=True)
class AvgPool(fg.FloatOp):
    """Mean of each window; ``kernel`` None is the whole image, ``keep`` tells whether the axes stay."""

    KEEPS = True

    kernel: tuple[int, int] | None
    stride: tuple[int, int] | None = None
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    ceil_mode: bool = False
    count_include_pad: bool = True
    keep: bool = True

    @property
    def settings(self) -> frozenset[str]:
        """The preset's rounding and domain."""
        return frozenset({"preset"})


@translates("max_pool1d", "max_pool2d", "max_pool2d_with_indices")
def _max_pool(r: Reader) -> Translated:
    kernel = _places(r, r.get(1, "kernel_size"))
    if _places(r, r.get(4, "dilation")) != (1, 1):
        raise r.unsupported("dilated max pooling has no lowering")
    padding = sides(_places(r, r.get(3, "padding"), 0))
    op = MaxPool(kernel, _places(r, r.get(2, "stride"), kernel), padding, bool(r.get(5, "ceil_mode", False)))
    return op, (r.value(0, "self"),)


@translates("avg_pool1d", "avg_pool2d")
def _avg_pool(r: Reader) -> Translated:
    if r.get(6, "divisor_override") is not None:
        raise r.unsupported("avg_pool2d with divisor_override has no lowering")
    kernel = _places(r, r.get(1, "kernel_size"))
    stride, padding = _places(r, r.get(2, "stride"), kernel), sides(_places(r, r.get(3, "padding"), 0))
    ceil_mode, include = bool(r.get(4, "ceil_mode", False)), bool(r.get(5, "count_include_pad", True))
    return AvgPool(kernel, stride, padding, ceil_mode, include), (r.value(0, "self"),)


def _places(r: Reader, value: object, default: object = 1) -> tuple[int, int]:
    """Return (rows, columns); of a line the columns, one row."""
    made = pair(value, default)  # type: ignore[arg-type]
    return made if r.call.op.endswith(("2d", "2d_with_indices")) else (0 if default == 0 else 1, made[1])


@translates("adaptive_avg_pool1d", "adaptive_avg_pool2d", "_adaptive_avg_pool2d")
def _adaptive_avg_pool(r: Reader) -> Translated:
    value = r.value(0, "self")
    height, width = (1, *sizes(r, value)[1:])[-2:]
    out = _places(r, r.get(1, "output_size"))
    if height % out[0] or width % out[1]:
        raise r.unsupported(f"adaptive pooling of {height}x{width} to {out[0]}x{out[1]} has uneven windows")
    kernel = (height // out[0], width // out[1])
    return AvgPool(kernel, kernel), (value,)


@lowers(MaxPool)
def _lower_max(context: Context, states: list[State], node: fg.FloatNode) -> State:
    compared = fg.steps_alone(node.value, context.readers, context.outputs)
    op, state = node.op, states[0] if compared else context.operand(states[0])
    assert isinstance(op, MaxPool)
    image = _image(context, state.value, node.layer)
    value = context.builder.max_pool2d(image, op.kernel, op.stride, op.padding, op.ceil_mode, name=node.layer)
    made = _line(context, value, state.value, node.layer)
    if compared:  # the steps hold the bias: the sums alone stand for no value of the program
        return replace(state, value=made, layer=node.layer, sum=False)
    return context.moved(state, made, node)


@lowers(AvgPool)
def _lower_average(context: Context, states: list[State], node: fg.FloatNode) -> State:
    op, state = node.op, context.operand(states[0])
    assert isinstance(op, AvgPool)
    following = [(q.scale, q.zero_point) for q in _quantizers(context, node.value)] if state.code else []
    own = (state.scale.item(), state.zero_point) if state.code else None
    if any(code != own for code in following) or (state.levels and own not in following):
        fine = state.scale.item() / 2**_FINE_SHIFT
        value = context.builder.requantize(state.value, 1, 0, _FINE_SHIFT, type=IntType(32), scale=fine,
                                           clamp=_fine_limits(state), name=f"{node.layer}.x")
        state = State(value, np.array([fine]), 0, code=False, reach=state.reach, layer=node.layer)
    rules = context.settings.of(node.layer).rules
    rounding, domain = rules.average
    if own in following and rules == preset(LayerSettings().preset):  # the model's own quantizer: ties to even
        rounding, domain = Rounding.ties_even, "centered"
    image = _image(context, state.value, node.layer)
    kernel = op.kernel or (image.shape[1], image.shape[2])
    value = context.builder.avg_pool2d(
        image, kernel, op.stride or kernel, op.padding, op.count_include_pad, op.ceil_mode, rounding, domain,
        name=node.layer,
    )
    context.traced.append((value, node.value))
    made = _line(context, value, state.value, node.layer)
    if not op.keep:
        made = context.builder.flatten(made, name=f"{node.layer}.flatten")
    return replace(state, value=made, layer=node.layer, sum=made is value)


def _image(context: Context, value: Value, layer: str) -> Value:
    """Return a line (C, L) as an image of one row."""
    if len(value.shape) != 2:
        return value
    return context.builder.reshape(value, (value.shape[0], 1, value.shape[1]), name=f"{layer}.row")


def _line(context: Context, value: Value, operand: Value, layer: str) -> Value:
    """Return an image of one row as a line, where the operand was one."""
    if len(operand.shape) != 2:
        return value
    return context.builder.reshape(value, (value.shape[0], value.shape[2]), name=f"{layer}.line")


def _quantizers(context: Context, value: str) -> Iterator[fg.Quantize]:
    """Yield the quantizers that read a value, moved or limited or neither."""
    for reader in context.readers.get(value, []):
        if isinstance(reader.op, fg.Quantize):
            yield reader.op
        elif (reader.op.KEEPS and not isinstance(reader.op, AvgPool)) or isinstance(reader.op, fg.Limit):
            yield from _quantizers(context, reader.value)


def _fine_limits(state: State) -> tuple[int, int]:
    kept = state.value.type
    return (kept.lo - kept.zero_point) * 2**_FINE_SHIFT, (kept.hi - kept.zero_point) * 2**_FINE_SHIFT
