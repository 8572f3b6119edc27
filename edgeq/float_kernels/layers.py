"""Read from a graph what a float32 kernel needs of each layer: scales, real bias, limits, and the rule that applies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgeq.errors import InputError
from edgeq.float_kernels import rescale
from edgeq.float_kernels.rescale import Rescale, Rule
from edgeq.ir.graph import Graph, Layer, Node
from edgeq.ir.tensor import IntArray
from edgeq.ops.conv2d import Conv2d
from edgeq.ops.linear import Linear
from edgeq.ops.requantize import Requantize

Products = Conv2d | Linear
_CODE_BITS = 8
_MOST_GROUPS = 100


@dataclass(frozen=True, eq=False)
class KernelLayer:
    """A layer that the kernel can state: its accumulator's node, the value it reads, the value it gives."""

    name: str
    acc: Node
    output: str
    rule: Rule
    rescale: Rescale

    @property
    def op(self) -> Products:
        """The sum of products."""
        assert isinstance(self.acc.op, Products)
        return self.acc.op

    def codes(self, acc: IntArray) -> IntArray:
        """Return the kernel's codes from the graph's accumulators (N, ...)."""
        shape = [-1 if k == self.rescale.axis else 1 for k in range(acc.ndim)]
        bias = self.op.bias_values(self.op.weight.shape[0], self.op.bias).reshape(shape)
        return self.rule((acc - bias) >> self.op.bias_fraction_bits, self.rescale)  # the bits that fall off are 0


@dataclass(frozen=True)
class Unstated:
    """A layer whose codes the kernel's formula does not give, and why."""

    name: str
    reason: str


def _x86(op: Products) -> Rule:
    """Return onednn's rule for convolutions of at most 100 groups with symmetric weights, else fbgemm's.

    Source: PyTorch ``ATen/native/quantized/cpu/OnednnUtils.h``, should_use_onednn_quant, on a CPU with AVX512 VNNI.
    """
    symmetric = op.weight_zero_point.limits == (0, 0)
    return rescale.onednn if isinstance(op, Conv2d) and op.groups <= _MOST_GROUPS and symmetric else rescale.fbgemm


KERNELS: dict[str, Callable[[Products], Rule]] = {
    "fbgemm": lambda _: rescale.fbgemm,
    "x86": _x86,
    "onednn": lambda _: rescale.onednn,
    "qnnpack": lambda _: rescale.qnnpack,
    "onnxruntime": lambda _: rescale.onnxruntime,
    "xnnpack": lambda _: rescale.xnnpack,
}
"""Kernel to the rule that it applies to an op."""

_INTEGER_BIAS = ("onnxruntime", "xnnpack")
"""Kernels whose bias is an int32 tensor of the model; the others take the real one."""


def kernel_layers(graph: Graph, kernel: str) -> tuple[list[KernelLayer], list[Unstated]]:
    """Return the layers that the kernel can state, and every other one with the reason.

    Raises InputError for an unknown kernel, and for a graph with no layer to state.
    """
    if kernel not in KERNELS:
        raise InputError(f"kernel {kernel!r} does not exist; use one of {', '.join(KERNELS)}")
    stated, unstated = [], []
    for layer in graph.layers:
        reason = _reason(graph, layer, kernel)
        if reason is None:
            stated.append(_stated(graph, layer, kernel))
        else:
            unstated.append(Unstated(layer.name, reason))
    if not stated:
        rescaled = {layer.name for layer in graph.layers if _rescales(layer)}
        said = [f"layer '{u.name}': {u.reason}" for u in unstated if u.name in rescaled]
        what = said[0] if said else "it has no layer with weights"
        raise InputError(f"kernel {kernel}: no layer of graph '{graph.name}' can be stated; {what}")
    return stated, unstated


def _rescales(layer: Layer) -> bool:
    """Tell whether a layer has weights that kernels know, or changes scale."""
    return any(isinstance(node.op, Products | Requantize) for node in layer.nodes)


def _reason(graph: Graph, layer: Layer, kernel: str) -> str | None:
    """Return why a layer cannot be stated."""
    op, last = layer.nodes[0].op, layer.nodes[-1].op
    if not isinstance(op, Products):
        return f"{op.KIND}: the kernels' rules are for conv2d and linear"
    if not isinstance(last, Requantize):
        return "its result is the accumulator, which is not rescaled"
    if last.type.bits > _CODE_BITS:
        return f"its results have {last.type.bits} bits, the kernels give {_CODE_BITS}"
    read = graph.types[layer.inputs[0]]
    if not _is_exact(op, layer, graph):
        return "its accumulator may overflow or rounds its products, so sum and bias cannot be told apart"
    for name, value in (("scale of its operand", read.scale), ("scale of its result", last.scale)):
        if not isinstance(value, float):
            return f"the {name} is not recorded" if value is None else f"the {name} is not one number"
    if op.weight_scale is None:
        return "weight_scale is not recorded; lower the model again, or give it to the op"
    if kernel in _INTEGER_BIAS and op.bias_fraction_bits:
        return f"its bias has {op.bias_fraction_bits} fraction bits, the bias of {kernel} has none"
    if kernel not in _INTEGER_BIAS and op.bias is not None and op.bias_real is None:
        return "bias_real is not recorded; lower the model again, or give it to the op"
    return None


def _is_exact(op: Products, layer: Layer, graph: Graph) -> bool:
    bounds = op.bounds(graph.types[layer.inputs[0]])
    holds = bounds is not None and op.acc.holds(int(bounds.lo.min()), int(bounds.hi.max()))
    return holds and op.acc_product is None


def _stated(graph: Graph, layer: Layer, kernel: str) -> KernelLayer:
    node, last, read = layer.nodes[0], layer.nodes[-1].op, graph.types[layer.inputs[0]]
    op = node.op
    assert isinstance(op, Products)
    assert isinstance(last, Requantize)
    assert isinstance(read.scale, float)
    assert isinstance(last.scale, float)
    lo, hi = last.limits
    numbers = Rescale(
        read.scale, np.array(op.weight_scale), last.scale, last.zero_point, lo, hi,
        np.array(op.bias_real or 0.0), op.bias_values(op.weight.shape[0], op.bias), graph.types[node.name].axis + 1,
        -last.type.qmin)
    return KernelLayer(layer.name, node, layer.output, KERNELS[kernel](op), numbers)
