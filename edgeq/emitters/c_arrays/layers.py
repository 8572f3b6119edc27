"""Find the layers that libraries of kernels know: weights, one accumulator, one requantize; refuse the others by name.

Both libraries keep activations channels last, so the columns of a linear layer that follows a flatten of
(C, H, W) are put in the order (H, W, C).
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.arith.types import IntType, Overflow
from edgeq.emitters.flattening import Columns, moved_columns
from edgeq.errors import InputError
from edgeq.ir.graph import Graph, Layer
from edgeq.ir.tensor import Array, Constant, TensorType
from edgeq.ops.conv1d import Conv1d
from edgeq.ops.conv2d import Conv2d
from edgeq.ops.linear import Linear
from edgeq.ops.requantize import Requantize

_ACC = IntType(32)


@dataclass(frozen=True)
class Where:
    """A flavour and a layer, for messages."""

    flavour: str
    layer: str

    def require(self, holds: bool, fault: str, advice: str) -> None:
        """Raise InputError naming the layer, the fault and the remedy, unless ``holds``."""
        if not holds:
            raise InputError(f"c_arrays flavour {self.flavour}: layer '{self.layer}': {fault}; {advice}, or emit with "
                             "flavour=plain")


@dataclass(frozen=True)
class WeightedLayer:
    """A convolution or linear layer and its requantize: ``lo`` and ``hi`` bound every sum."""

    op: Conv2d | Conv1d | Linear
    requantize: Requantize
    x: TensorType
    y: TensorType
    lo: int
    hi: int


def has_constants(layer: Layer) -> bool:
    """Tell whether a layer needs anything from memory."""
    return any(isinstance(value, Constant) for node in layer.nodes for value in vars(node.op).values())


def weighted_layer(graph: Graph, layer: Layer, where: Where) -> WeightedLayer | None:
    """Return the layer, None when it has no weights.

    Raises InputError for weights, sums or codes that 8-bit kernels with accumulators of 32 bits do not have.
    """
    op, *rest = (node.op for node in layer.nodes)
    if not isinstance(op, Conv2d | Conv1d | Linear):
        return None
    where.require(len(rest) == 1 and isinstance(rest[0], Requantize), "its accumulator is not requantized",
                  "lower with --out-bits 8")
    assert isinstance(rest[0], Requantize)
    x, y = graph.types[layer.inputs[0]], graph.types[layer.output]
    bounds = op.bounds(x)
    made = WeightedLayer(op, rest[0], x, y, int(bounds.lo.min()), int(bounds.hi.max()))
    _check_codes(made, where)
    _check_sums(made, where)
    return made


def _check_codes(layer: WeightedLayer, where: Where) -> None:
    for what, kept in (("input", layer.x.type), ("output", layer.y.type), ("weight", layer.op.weight_type)):
        where.require(kept.signed and kept.bits <= 8, f"{what} codes are {kept}, its kernels take signed ones of at "
                      "most 8 bits", "lower with --wbits 8 --abits 8 --out-bits 8 and a preset of signed codes")
    where.require(layer.requantize.left_shift.limits == (0, 0), "a left_shift has no place",
                  "use a multiplier with a smaller shift")
    where.require(layer.requantize.overflow in (Overflow.saturate, Overflow.saturate_symmetric),
                  f"overflow {layer.requantize.overflow.name}, where its kernels saturate", "lower with another preset")


def _check_sums(layer: WeightedLayer, where: Where) -> None:
    op = layer.op
    where.require(not op.bias_fraction_bits and op.acc_product is None,
                  "bias_fraction_bits and acc_product have no place", "lower without them")
    held = _ACC.holds(layer.lo, layer.hi) and op.acc.holds(layer.lo, layer.hi)
    where.require(held, f"sums reach {layer.lo}..{layer.hi}, which its accumulator of 32 bits and the declared "
                  f"{op.acc} do not both hold", "use --acc-bits auto and smaller biases")
    bias = (0, 0) if op.bias is None else op.bias.limits
    where.require(_ACC.holds(*bias), f"bias reaches {bias[0]}..{bias[1]}, its kernels take 32 bits",
                  "use smaller biases")


def limits(requantize: Requantize) -> tuple[int, int]:
    """Return the smallest and largest code that leaves, symmetric saturation included."""
    lo, hi = requantize.limits
    if requantize.overflow is Overflow.saturate_symmetric:
        lo = max(lo, -requantize.type.qmax)
    return lo, hi


def columns_last(graph: Graph, flavour: str) -> dict[str, Columns]:
    """Return by layer the linear weights whose columns follow a flatten of (C, ...): they go in the order (..., C)."""
    try:
        return moved_columns(graph, "hwc")
    except InputError as error:
        said = str(error).removesuffix("; use flatten=chw")
        raise InputError(f"c_arrays flavour {flavour}: {said}; emit with flavour=plain") from None


def require_one(values: Array, what: str, where: Where) -> int:
    """Return the one value; raises InputError when channels differ."""
    first = int(values.flat[0])
    where.require(bool((values == first).all()), f"{what} differs between channels, it has one per layer",
                  "lower with --weights per_tensor")
    return first
