"""One rule per operator: how the channels of its operands become those of its result.

A rule returns the labels of the result's axes, None if it cannot follow this call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch.fx import Node

from edgeq.compress.structured.layers import Layer, Structure, layer_name
from edgeq.compress.structured.moves import reshaped
from edgeq.compress.structured.units import Axes, Labels
from edgeq.compress.tracing import arguments_of, operator_of, place_of, shape_of


@dataclass(frozen=True)
class Place:
    """One call: its node, what is known so far, and the qualified names of stored tensors."""

    node: Node
    structure: Structure
    tensors: Mapping[str, str]

    @property
    def args(self) -> dict[str, Any]:
        """Arguments by name."""
        return arguments_of(self.node)

    def axes(self, node: object) -> Axes:
        """Return the labels of an operand."""
        return self.structure.values.get(node, {}) if isinstance(node, Node) else {}

    def shape(self, node: object) -> tuple[int, ...]:
        """Return an operand's shape, () for a number."""
        return (shape_of(node) or ()) if isinstance(node, Node) else ()

    def name(self, node: object) -> str | None:
        """Return the qualified name of a stored tensor, None for anything else."""
        return self.tensors.get(node.name) if isinstance(node, Node) else None

    def join(self, first: Labels | None, second: Labels | None, reason: str = "") -> Labels | None:
        """Join two axes; with one that holds no channels, the other's channels are kept."""
        units = self.structure.units
        if first is None or second is None:
            units.keep(first or second or (), reason or self.reason("joins them with what is no channel"))
            return None
        units.join(first, second)
        return first

    def reason(self, what: str) -> str:
        """Return a reason that names this operator."""
        return f"operator '{operator_of(self.node)}' at '{place_of(self.node)}' {what}"


def same(place: Place) -> Axes:
    """Pass every axis on."""
    return dict(place.axes(place.node.args[0]))


def elementwise(place: Place) -> Axes:
    """Join the operands' axes, aligned from the right; a size of 1 is repeated."""
    out = place.shape(place.node)
    result: Axes = {}
    operands = [item for item in place.node.args if isinstance(item, Node) and shape_of(item)]
    for axis, size in enumerate(out):
        found: list[Labels | None] = []
        for operand in operands:
            shape = place.shape(operand)
            own = axis - (len(out) - len(shape))
            if own >= 0 and shape[own] == size:
                found.append(place.axes(operand).get(own))
        labels = found[0] if found else None
        for other in found[1:]:
            labels = place.join(labels, other) if labels or other else None
        if labels is not None:
            result[axis] = labels
    return result


def convolution(place: Place) -> Axes | None:
    """Read the input's channels along the weight's axis 1, make those of its axis 0."""
    args = place.args
    x, weight, groups = args["input"], args["weight"], int(args["groups"])
    shape, name = place.shape(weight), place.name(weight)
    if name is None or len(place.shape(x)) != len(shape):
        return None
    makes, reads = place.axes(weight)[0], place.axes(x).get(1)
    place.structure.units.keep(() if reads else place.axes(weight)[1], "they are the model's inputs")
    depthwise = groups > 1 and shape[1] == 1
    if depthwise and reads is not None:
        place.structure.units.join([reads[o * groups // shape[0]] for o in range(shape[0])], makes)
    elif depthwise or (groups > 1 and reads is None):
        place.structure.units.keep(makes, place.reason("reads what is no channel in groups"))
    elif groups == 1 and reads is not None:
        place.structure.units.join(reads, place.axes(weight)[1])
    _bias(place, makes)
    _declare(place, name, makes, reads or (), groups, depthwise=depthwise)
    return {1: makes}


def linear(place: Place) -> Axes | None:
    """Read the last axis of the input, make the weight's axis 0."""
    x, weight = place.args["input"], place.args["weight"]
    name, last = place.name(weight), len(place.shape(x)) - 1
    if name is None or len(place.shape(weight)) != 2:
        return None
    makes, reads = place.axes(weight)[0], place.axes(x).get(last)
    place.join(reads, place.axes(weight)[1], "they are the model's inputs")
    _bias(place, makes)
    _declare(place, name, makes, reads or (), 1, depthwise=False)
    return {axis: labels for axis, labels in place.axes(x).items() if axis != last} | {last: makes}


def _bias(place: Place, makes: Labels) -> None:
    if place.args["bias"] is not None:
        place.join(makes, place.axes(place.args["bias"]).get(0))


def _declare(place: Place, weight: str, makes: Labels, reads: Labels, groups: int, *, depthwise: bool) -> None:
    known = place.structure.layers.get(weight)
    if known is None:
        layer = Layer(layer_name(weight), weight, place.name(place.args["bias"]), makes, reads, groups, depthwise,
                      [place.node])
        place.structure.layers[weight] = layer
        return
    known.nodes.append(place.node)
    if (known.groups, len(known.reads)) != (groups, len(reads)):
        place.structure.units.keep([*known.reads, *reads, *makes], place.reason("shares a weight in two ways"))
    elif groups > 1:
        place.structure.units.join(known.reads, reads)


def batch_norm(place: Place) -> Axes | None:
    """Scale and shift each channel by stored numbers."""
    args, labels = place.args, place.axes(place.node.args[0]).get(1)
    for key in ("weight", "bias", "running_mean", "running_var"):
        if args[key] is not None:
            place.join(labels, place.axes(args[key]).get(0))
    gamma = place.name(args["weight"])
    if gamma is not None and labels is not None:
        place.structure.norms.append((gamma, labels))
    return same(place)


def prelu(place: Place) -> Axes:
    """Multiply what is negative by one slope, or one per channel."""
    weight = place.args["weight"]
    if place.shape(weight) != (1,):
        place.join(place.axes(place.node.args[0]).get(1), place.axes(weight).get(0))
    return same(place)


def spatial(place: Place) -> Axes | None:
    """Work within each channel, along the axes from 2 on."""
    axes = place.axes(place.node.args[0])
    return None if any(axis > 1 for axis in axes) else dict(axes)


def pad(place: Place) -> Axes | None:
    """Add values around axes that hold no channels."""
    x, pads = place.node.args[0], place.args["pad"]
    touched = range(len(place.shape(x)) - len(pads) // 2, len(place.shape(x)))
    return None if any(axis in touched for axis in place.axes(x)) else same(place)


def concat(place: Place) -> Axes | None:
    """Put channels one after another."""
    operands, rank = list(place.args["tensors"]), len(place.shape(place.node))
    if any(len(place.shape(operand)) != rank for operand in operands):
        return None
    along = place.args["dim"] % rank
    result: Axes = {}
    for axis in range(rank):
        found = [place.axes(operand).get(axis) for operand in operands]
        if not any(found):
            continue
        if axis == along:
            result[axis] = tuple(unit for operand, labels in zip(operands, found, strict=True)
                                 for unit in labels or _kept(place, place.shape(operand)[axis]))
            continue
        joined = found[0]
        for other in found[1:]:
            joined = place.join(joined, other)
        if joined is not None:
            result[axis] = joined
    return result


def _kept(place: Place, count: int) -> Labels:
    """Return labels for indices that are no channels, so never removed."""
    labels = place.structure.units.fresh(count)
    place.structure.units.keep(labels, place.reason("joins them with what is no channel"))
    return labels


def reduction(place: Place) -> Axes | None:
    """Reduce axes that hold no channels."""
    x, args = place.node.args[0], place.args
    rank, dims = len(place.shape(x)), args.get("dim")
    dims = range(rank) if dims is None or dims == [] else (dims if isinstance(dims, list | tuple) else [dims])
    gone = {dim % rank for dim in dims}
    if any(axis in gone for axis in place.axes(x)):
        return None
    before = {axis: 0 if args.get("keepdim") else sum(g < axis for g in gone) for axis in range(rank)}
    return {axis - before[axis]: labels for axis, labels in place.axes(x).items()}


def permute(place: Place) -> Axes:
    """Exchange axes."""
    x, args = place.node.args[0], place.args
    rank = len(place.shape(x))
    order = list(range(rank))
    if "dims" in args:
        order = [dim % rank for dim in args["dims"]]
    else:
        a, b = args["dim0"] % rank, args["dim1"] % rank
        order[a], order[b] = b, a
    return {order.index(axis): labels for axis, labels in place.axes(x).items()}


def along(place: Place) -> Axes | None:
    """Work along one axis that holds no channels: cut it into parts, or normalize it."""
    x = place.node.args[0]
    axis = place.args["dim"] % len(place.shape(x))
    return None if axis in place.axes(x) else same(place)


def reshape(place: Place) -> Axes | None:
    """Keep the row-major order of the elements: (C, H, W) flattened repeats each channel H * W times."""
    x = place.node.args[0]
    return reshaped(place.axes(x), place.shape(x), place.shape(place.node))


_SAME = """
    relu relu6 hardtanh leaky_relu gelu silu hardswish hardsigmoid sigmoid tanh elu celu selu softplus mish
    dropout feature_dropout alpha_dropout neg abs sqrt square exp contiguous clone detach alias to
    _to_copy lift_fresh_copy
"""
_SPATIAL = """
    max_pool1d max_pool2d max_pool3d max_pool2d_with_indices avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d
    adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d upsample_nearest1d
    upsample_nearest2d upsample_bilinear2d upsample_linear1d upsample_bicubic2d
"""
_ALONG = "chunk split split_with_sizes slice narrow softmax log_softmax _softmax _log_softmax"
_RESHAPE = "view reshape _unsafe_view flatten unflatten squeeze unsqueeze"

RULES: dict[str, Callable[[Place], Axes | None]] = {
    **dict.fromkeys(_SAME.split(), same),
    **dict.fromkeys("add sub mul div maximum minimum pow clamp clamp_min clamp_max".split(), elementwise),
    **dict.fromkeys(["conv1d", "conv2d", "conv3d"], convolution),
    **dict.fromkeys(_SPATIAL.split(), spatial),
    **dict.fromkeys(["pad", "constant_pad_nd"], pad),
    **dict.fromkeys(["mean", "sum", "amax", "amin"], reduction),
    **dict.fromkeys(["permute", "transpose"], permute),
    **dict.fromkeys(_ALONG.split(), along),
    **dict.fromkeys(_RESHAPE.split(), reshape),
    "linear": linear, "batch_norm": batch_norm, "prelu": prelu, "cat": concat,
}  # fmt: skip
