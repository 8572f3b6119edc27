"""Real-valued stand-ins for torch's quantized functions and modules, with quantize and dequantize operators.

A stand-in computes on the numbers that codes stand for, then rounds to its own codes: what follows is an ordinary
program of float operators and quantizers. `edgeq.real` marks where a value stops being codes, so that
:mod:`edgeq.frontend.code_values` can tell a pool of codes, which torch rounds, from a pool of floats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from edgeq.errors import ModelError, UnsupportedOpError

REAL = "edgeq.real.default"
"""The operator that marks a value as read for its real numbers; it gives its operand."""


@torch.library.custom_op("edgeq::real", mutates_args=())
def _real(x: Tensor) -> Tensor:
    return x.clone()


@_real.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


def real(x: Tensor) -> Tensor:
    """Give the real numbers of a value that may be codes."""
    numbers: Tensor = torch.ops.edgeq.real.default(x)
    return numbers


@dataclass(frozen=True)
class Code:
    """``real = scale * (code - zero_point)``, codes of ``dtype``."""

    scale: float
    zero_point: int
    dtype: torch.dtype

    def round(self, x: Tensor) -> Tensor:
        """Round to codes and give the numbers that they stand for."""
        ops, limits = torch.ops.quantized_decomposed, torch.iinfo(self.dtype)
        fields = (self.scale, self.zero_point, limits.min, limits.max, self.dtype)
        rounded: Tensor = ops.dequantize_per_tensor.default(ops.quantize_per_tensor.default(x, *fields), *fields)
        return rounded


_CODES = {torch.quint8: torch.uint8, torch.qint8: torch.int8}


def code(scale: Any, zero_point: Any, dtype: torch.dtype) -> Code:
    """Return codes of a torch type; the scale is float32, as in torch's kernels."""
    if dtype not in _CODES:
        raise UnsupportedOpError(f"activations of type {dtype} have no lowering; use quint8 or qint8")
    limits = torch.iinfo(_CODES[dtype])
    single, zero = float(np.float32(float(scale))), int(zero_point)
    if not np.isfinite(single) or single <= 0 or not limits.min <= zero <= limits.max:
        raise ModelError(
            f"scale {float(scale):.9g} with zero point {zero} is none of {dtype}; calibrate the model again"
        )
    return Code(single, zero, _CODES[dtype])


class Products(nn.Module):
    """Convolution or linear layer of quantized weights, maybe an added value and ReLU, rounded to ``code``."""

    def __init__(
        self, weight: Tensor, bias: Tensor | None, function: Callable[..., Tensor], options: Mapping[str, Any],
        made: Code | None, *, relu: bool,
    ) -> None:
        super().__init__()
        channels = weight.shape[0]
        if weight.dtype is not torch.qint8:
            raise UnsupportedOpError(f"weights of type {weight.dtype} have no lowering; use qint8")
        if weight.qscheme() is torch.per_tensor_affine:
            scale, zero_point = (torch.full((channels,), v) for v in (weight.q_scale(), weight.q_zero_point()))
        elif weight.q_per_channel_axis() == 0:
            scale, zero_point = weight.q_per_channel_scales(), weight.q_per_channel_zero_points()
        else:
            axis = weight.q_per_channel_axis()
            raise UnsupportedOpError(f"weights quantized along axis {axis}; only axis 0, the outputs, is lowered")
        self.register_buffer("weight", weight.int_repr().contiguous())
        self.register_buffer("weight_scale", scale.float())
        self.register_buffer("weight_zero_point", zero_point.long())
        self.register_buffer("bias", None if bias is None else bias.detach().clone())
        self.function, self.options, self.made, self.relu = function, dict(options), made, relu

    def forward(self, x: Tensor, *added: Tensor) -> Tensor:
        """Compute the layer."""
        weight = torch.ops.quantized_decomposed.dequantize_per_channel.default(
            self.weight, self.weight_scale, self.weight_zero_point, 0, -128, 127, torch.int8
        )
        y = self.function(real(x), weight, self.bias, **self.options)
        for other in added:
            y = y + real(other)
        y = functional.relu(y) if self.relu else y
        return y if self.made is None else self.made.round(y)


class Rounded(nn.Module):
    """A real-valued module whose result is rounded to ``code``."""

    def __init__(self, module: nn.Module, made: Code) -> None:
        super().__init__()
        self.module, self.made = module, made

    def forward(self, x: Tensor) -> Tensor:
        """Compute the module and round."""
        return self.made.round(self.module(real(x)))


class Quantizer(nn.Module):
    """Rounds to ``code``."""

    def __init__(self, made: Code) -> None:
        super().__init__()
        self.made = made

    def forward(self, x: Tensor) -> Tensor:
        """Round."""
        return self.made.round(x)


class Leave(nn.Module):
    """Gives the real numbers of codes."""

    def forward(self, x: Tensor) -> Tensor:
        """Give the numbers."""
        return real(x)


class Functional(nn.Module):
    """The functions that an eager quantized model calls on a module of its own (QFunctional)."""

    def __init__(self, scale: float, zero_point: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.code = (scale, zero_point)
        self.dtype = dtype

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        """Add."""
        return add(x, y, *self.code, dtype=self.dtype)

    def add_relu(self, x: Tensor, y: Tensor) -> Tensor:
        """Add, then ReLU."""
        return add_relu(x, y, *self.code, dtype=self.dtype)

    def mul(self, x: Tensor, y: Tensor) -> Tensor:
        """Multiply."""
        return mul(x, y, *self.code, dtype=self.dtype)

    def cat(self, x: list[Tensor], dim: int = 0) -> Tensor:
        """Join along a dimension."""
        return cat(x, dim, *self.code, dtype=self.dtype)


def quantize(x: Tensor, scale: Any, zero_point: Any, dtype: torch.dtype) -> Tensor:
    """Stand for ``torch.quantize_per_tensor``."""
    return code(scale, zero_point, dtype).round(x)


def add(qa: Tensor, qb: Tensor, scale: Any, zero_point: Any, *, dtype: torch.dtype) -> Tensor:
    """Stand for ``quantized.add``; the arguments are called as torch calls them."""
    return code(scale, zero_point, dtype).round(real(qa) + real(qb))


def add_relu(qa: Tensor, qb: Tensor, scale: Any, zero_point: Any, *, dtype: torch.dtype) -> Tensor:
    """Stand for ``quantized.add_relu``."""
    return code(scale, zero_point, dtype).round(functional.relu(real(qa) + real(qb)))


def mul(qa: Tensor, qb: Tensor, scale: Any, zero_point: Any, *, dtype: torch.dtype) -> Tensor:
    """Stand for ``quantized.mul``."""
    return code(scale, zero_point, dtype).round(real(qa) * real(qb))


def cat(qx: list[Tensor], dim: int, scale: Any, zero_point: Any, *, dtype: torch.dtype) -> Tensor:
    """Stand for ``quantized.cat``."""
    return code(scale, zero_point, dtype).round(torch.cat([real(x) for x in qx], dim))


def hardswish(input: Tensor, output_scale: Any, output_zero_point: Any, *, dtype: torch.dtype) -> Tensor:
    """Stand for ``quantized.hardswish``."""
    return code(output_scale, output_zero_point, dtype).round(functional.hardswish(real(input)))


def sigmoid(qx: Tensor, output_scale: Any, output_zero_point: Any, *, dtype: torch.dtype) -> Tensor:
    """Stand for ``quantized.sigmoid``."""
    return code(output_scale, output_zero_point, dtype).round(torch.sigmoid(real(qx)))


def leaky_relu(
    qx: Tensor, negative_slope: float, inplace: bool, output_scale: Any, output_zero_point: Any, *, dtype: torch.dtype
) -> Tensor:
    """Stand for ``quantized.leaky_relu``."""
    del inplace
    return code(output_scale, output_zero_point, dtype).round(functional.leaky_relu(real(qx), negative_slope))


FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "add": add, "add_relu": add_relu, "mul": mul, "cat": cat, "hardswish": hardswish, "sigmoid": sigmoid,
    "leaky_relu": leaky_relu,
}  # fmt: skip
"""Name of a ``torch.ops.quantized`` function to its stand-in; each takes the element type as ``dtype``."""
PACKED: dict[str, tuple[Callable[..., Tensor], bool]] = {
    f"{name}{suffix}": (getattr(functional, name), bool(suffix))
    for name in ("conv1d", "conv2d", "linear")
    for suffix in ("", "_relu")
}
"""Name of a ``torch.ops.quantized`` function of packed weights to the float function, and whether ReLU follows."""
