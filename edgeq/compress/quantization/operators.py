"""Say what each operator of a traced graph does to a scale, as lowering does: it decides where quantizers go."""

from __future__ import annotations

from torch.fx import Node

from edgeq.compress.tracing import arguments_of, operator_of, shape_of

WEIGHTED = frozenset({"conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d", "linear"})
TRANSPOSED = frozenset({"conv_transpose1d", "conv_transpose2d"})
LIMITS = frozenset({"relu", "relu6", "hardtanh", "clamp", "clamp_min", "clamp_max"})
AVERAGES = frozenset({"avg_pool1d", "avg_pool2d", "adaptive_avg_pool1d", "adaptive_avg_pool2d"})
DROPOUTS = frozenset({"dropout", "feature_dropout", "alpha_dropout"})
PRODUCTS = frozenset({"matmul", "mm", "bmm", "addmm", "baddbmm"})
FUNCTIONS = frozenset(
    "sigmoid tanh silu gelu hardswish hardsigmoid elu celu selu softplus mish exp".split())
NORMS = frozenset({"batch_norm"})
_SLOPES = frozenset({"leaky_relu", "prelu"})
_JOINS = frozenset({"cat", "concat", "maximum", "minimum"})
_MOVES = frozenset(
    """
    max_pool1d max_pool2d max_pool2d_with_indices view reshape _unsafe_view flatten unflatten squeeze unsqueeze
    constant_pad_nd pad permute transpose t numpy_T mT movedim slice narrow select chunk split split_with_sizes unbind
    pixel_shuffle upsample_nearest2d clone contiguous alias detach lift_fresh lift_fresh_copy expand to _to_copy getitem
    """.split()
)
_COMPARES = frozenset({"argmax"})


def is_value(node: Node) -> bool:
    """Tell whether a node gives a tensor, or several, and no size."""
    value = node.meta.get("val")
    return any(hasattr(item, "dtype") for item in (value if isinstance(value, list | tuple) else (value,)))


def averages(node: Node) -> bool:
    """Tell whether a node is an average pool: also a mean over rows and columns of images."""
    name = operator_of(node)
    if name != "mean":
        return name in AVERAGES
    shape = shape_of(node.all_input_nodes[0]) or ()
    dims = arguments_of(node).get("dim") or ()
    return len(shape) == 4 and sorted(d % 4 for d in (dims if isinstance(dims, list | tuple) else (dims,))) == [2, 3]


def keeps(node: Node) -> bool:
    """Tell whether a result stands at its operand's scale."""
    return operator_of(node) in _MOVES | DROPOUTS or averages(node)


def compares(node: Node) -> bool:
    """Tell whether a node reads a result as it is, without a quantizer."""
    return operator_of(node) in _COMPARES


def computes(node: Node) -> bool:
    """Tell whether a result has a scale of its own."""
    return node.op == "call_function" and is_value(node) and not keeps(node) and not compares(node)


def rides(node: Node) -> bool:
    """Tell whether a result that this node alone reads needs no quantizer: both are one change of scale."""
    return operator_of(node) in LIMITS | _SLOPES | _JOINS or _is_factor(node)


def reads_one(node: Node) -> bool:
    """Tell whether a node that rides has one computed operand."""
    return operator_of(node) not in _JOINS


def is_limit(node: Node) -> bool:
    """Tell whether a node is a clamp."""
    return operator_of(node) in LIMITS


def _is_factor(node: Node) -> bool:
    """Tell whether a node multiplies by one positive number: the scale takes it."""
    if operator_of(node) not in ("mul", "div") or not isinstance(node.args[0], Node):
        return False
    other = node.args[1]
    return isinstance(other, int | float) and not isinstance(other, bool) and other > 0
