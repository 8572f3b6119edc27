"""List the operators that a program may hold: the allow-list, grouped by what each does to the batch.

The group of a target says how :mod:`edgeq.frontend.batch` treats it; whether the interpreter runs a target at
all is membership. A target in no group is refused by name.
"""

from __future__ import annotations

from typing import Literal

from edgeq.errors import UnsupportedOpError
from edgeq.frontend.program import Call

Group = Literal[
    "pointwise", "layer", "matmul", "reduce", "reduce_all", "axis", "view", "flatten", "permute", "squeeze",
    "block", "expand", "join", "pad", "create", "lookup", "getitem", "size", "size_arithmetic",
]  # fmt: skip

_GROUPS: dict[Group, str] = {
    # element by element, with broadcasting
    "pointwise": """
        add.Tensor add.Scalar sub.Tensor sub.Scalar rsub.Scalar rsub.Tensor mul.Tensor mul.Scalar div.Tensor
        div.Scalar neg.default abs.default exp.default sqrt.default rsqrt.default square.default
        reciprocal.default log.default pow.Tensor_Scalar maximum.default minimum.default sign.default
        floor.default ceil.default round.default relu.default relu6.default hardtanh.default clamp.default
        clamp.Tensor clamp_min.default clamp_max.default sigmoid.default tanh.default hardswish.default
        hardsigmoid.default silu.default gelu.default mish.default leaky_relu.default elu.default selu.default
        celu.default softplus.default threshold.default hardshrink.default
        log_sigmoid.default dropout.default feature_dropout.default alpha_dropout.default clone.default
        contiguous.default alias.default detach.default lift_fresh.default lift_fresh_copy.default
        _to_copy.default to.dtype to.device to.dtype_layout type_as.default positive.default
        zeros_like.default ones_like.default full_like.default eq.Tensor eq.Scalar ne.Tensor ne.Scalar
        lt.Tensor lt.Scalar le.Tensor le.Scalar gt.Tensor gt.Scalar ge.Tensor ge.Scalar where.self
        where.Scalar where.ScalarSelf where.ScalarOther logical_not.default logical_and.default
        fake_quantize_per_tensor_affine.default
        quantized_decomposed.quantize_per_tensor.default quantized_decomposed.quantize_per_tensor.tensor
        quantized_decomposed.quantize_per_tensor.tensor2 quantized_decomposed.dequantize_per_tensor.default
        quantized_decomposed.dequantize_per_tensor.tensor quantized_decomposed.dequantize_per_tensor.tensor2
    """,
    # each sample by itself, with parameters that are the same for all
    "layer": """
        conv1d.default conv2d.default conv1d.padding conv2d.padding conv3d.default convolution.default
        conv_transpose2d.input conv_transpose1d.default
        linear.default batch_norm.default _native_batch_norm_legit_no_training.default
        instance_norm.default group_norm.default
        max_pool1d.default max_pool2d.default max_pool2d_with_indices.default avg_pool1d.default
        avg_pool2d.default adaptive_avg_pool1d.default adaptive_avg_pool2d.default
        _adaptive_avg_pool2d.default adaptive_max_pool2d.default upsample_nearest2d.vec
        upsample_nearest2d.default upsample_bilinear2d.vec upsample_bilinear2d.default pixel_shuffle.default
        pixel_unshuffle.default channel_shuffle.default prelu.default
    """,
    "matmul": "matmul.default mm.default bmm.default addmm.default",
    # over named dimensions
    "reduce": """
        mean.dim sum.dim_IntList amax.default amin.default argmax.default argmin.default max.dim min.dim
        softmax.int _softmax.default log_softmax.int _log_softmax.default cumsum.default layer_norm.default
        quantized_decomposed.quantize_per_channel.default quantized_decomposed.dequantize_per_channel.default
        fake_quantize_per_channel_affine.default glu.default
    """,
    "reduce_all": "mean.default sum.default max.default min.default",
    # along one dimension, which may not be the batch
    "axis": """
        slice.Tensor select.int split.Tensor split.sizes split_with_sizes.default chunk.default unbind.int
        narrow.default unflatten.int flip.default roll.default
    """,
    "view": "view.default reshape.default _unsafe_view.default",
    "flatten": "flatten.using_ints",
    "permute": "permute.default transpose.int t.default numpy_T.default mT.default unsqueeze.default movedim.int",
    "squeeze": "squeeze.default squeeze.dim squeeze.dims",
    "expand": "expand.default",
    "join": "cat.default concat.default stack.default",
    "pad": "constant_pad_nd.default pad.default",
    "create": "zeros.default ones.default full.default arange.default new_zeros.default new_ones.default",
    # entries of a table, which are the same for all samples
    "lookup": "index.Tensor embedding.default gather.default",
    "block": "torchao.quantize_affine.default torchao.dequantize_affine.default",
    "getitem": "operator.getitem",
    "size": "sym_size.int sym_numel.default",
    "size_arithmetic": "operator.add operator.sub operator.mul operator.floordiv operator.neg",
}  # fmt: skip


def _target(name: str) -> str:
    return name if name.startswith(("quantized_decomposed.", "torchao.", "operator.")) else f"aten.{name}"


GROUP_OF: dict[str, Group] = {_target(name): group for group, names in _GROUPS.items() for name in names.split()}
"""The allow-list: full target to its group."""


def canonical_target(target: str) -> str:
    """Give the one spelling of operators that several namespaces define.

    >>> canonical_target("torchao.quantize_per_tensor.default")
    'quantized_decomposed.quantize_per_tensor.default'
    """
    namespace, _, rest = target.partition(".")
    if namespace in ("torchao", "pt2e_quant") and "quantize_per_" in rest:
        return f"quantized_decomposed.{rest}"
    return target


def group_of(call: Call) -> Group:
    """Give the group of a call's operator; :class:`UnsupportedOpError` if it is in none."""
    group = GROUP_OF.get(canonical_target(call.target))
    if group is None:
        raise UnsupportedOpError(
            f"{call.where()}: operator {call.target} is not supported; rewrite this line with supported operators "
            "(convolution, linear, pooling, activations, add, concat, reshape), or cut it off the exported model"
        )
    return group
