"""State what quantize and dequantize operators compute, as ``quantized_decomposed`` defines them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

Tensor = torch.Tensor


def quantize_per_tensor(
    x: Tensor, scale: float | Tensor, zero_point: int | Tensor, low: int, high: int, dtype: torch.dtype
) -> Tensor:
    """Compute ``clamp(round(x * (1 / scale)) + zero_point, low, high)``, ties to even.

    Source: ``torch/ao/quantization/fx/_decomposed.py``.
    """
    inverse = 1.0 / _scalar(scale)
    return torch.clamp(torch.round(x.to(torch.float32) * inverse) + int(zero_point), int(low), int(high)).to(dtype)


def dequantize_per_tensor(
    x: Tensor,
    scale: float | Tensor,
    zero_point: int | Tensor,
    low: int,  # noqa: ARG001 - part of the operator's signature
    high: int,  # noqa: ARG001
    dtype: torch.dtype,  # noqa: ARG001
    *,
    out_dtype: torch.dtype | None = None,
) -> Tensor:
    """Compute ``(x - zero_point) * scale``."""
    return (x.to(out_dtype or torch.float32) - int(zero_point)) * _scalar(scale)


def quantize_per_channel(
    x: Tensor, scales: Tensor, zero_points: Tensor, axis: int, low: int, high: int, dtype: torch.dtype
) -> Tensor:
    """Quantize with one scale and zero point per index of dimension ``axis``; rounding as per tensor."""
    inverse = 1.0 / _along(scales, axis, x.ndim)
    shifted = torch.round(x.to(torch.float32) * inverse) + _along(zero_points, axis, x.ndim)
    return torch.clamp(shifted, low, high).to(dtype)


def dequantize_per_channel(
    x: Tensor,
    scales: Tensor,
    zero_points: Tensor | None,
    axis: int,
    low: int,  # noqa: ARG001 - part of the operator's signature
    high: int,  # noqa: ARG001
    dtype: torch.dtype,  # noqa: ARG001
    *,
    out_dtype: torch.dtype | None = None,
) -> Tensor:
    """Compute ``(x - zero_points) * scales`` along dimension ``axis``."""
    x = x.to(out_dtype or torch.float32)
    if zero_points is not None:
        x = x - _along(zero_points, axis, x.ndim)
    return x * _along(scales, axis, x.ndim)


def quantize_affine(
    x: Tensor,
    block_size: Sequence[int],
    scale: Tensor,
    zero_point: Tensor | None,
    dtype: torch.dtype,
    low: int | None = None,
    high: int | None = None,
) -> Tensor:
    """Quantize per tensor (one scale) or per channel (block size 1 along one dimension).

    Source: ``torchao/quantization/quant_primitives.py``. Raises :class:`ValueError` for other blocks.
    """
    low = torch.iinfo(dtype).min if low is None else low
    high = torch.iinfo(dtype).max if high is None else high
    zeros = torch.zeros_like(scale) if zero_point is None or zero_point.numel() == 0 else zero_point
    if scale.numel() == 1:
        inverse = 1.0 / scale.reshape(())
        return torch.clamp(torch.round(x * inverse) + zeros.reshape(()), low, high).to(dtype)
    axis = _channel_axis(x, block_size, scale)
    return quantize_per_channel(x, scale.flatten(), zeros.flatten(), axis, low, high, dtype)


def dequantize_affine(
    x: Tensor,
    block_size: Sequence[int],
    scale: Tensor,
    zero_point: Tensor | None,
    dtype: torch.dtype,
    low: int | None = None,  # noqa: ARG001 - part of the operator's signature
    high: int | None = None,  # noqa: ARG001
    output_dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Compute ``(x - zero_point) * scale`` per tensor or per channel; blocks as :func:`quantize_affine`."""
    zeros = torch.zeros_like(scale) if zero_point is None or zero_point.numel() == 0 else zero_point
    if scale.numel() == 1:
        return (x.to(output_dtype) - zeros.reshape(())) * scale.reshape(())
    axis = _channel_axis(x, block_size, scale)
    return dequantize_per_channel(x, scale.flatten(), zeros.flatten(), axis, 0, 0, dtype, out_dtype=output_dtype)


def _channel_axis(x: Tensor, block_size: Sequence[int], scale: Tensor) -> int:
    axes = [axis for axis in range(x.ndim) if block_size[axis] == 1 and x.shape[axis] == scale.numel()]
    if not axes:
        raise ValueError(f"blocks {list(block_size)} are neither the tensor nor one channel each")
    return axes[0]


def _scalar(scale: float | Tensor) -> float:
    return float(scale)


def _along(values: Tensor, axis: int, rank: int) -> Tensor:
    shape = [1] * rank
    shape[axis] = -1
    return values.reshape(shape)


_PER_TENSOR = ("default", "tensor", "tensor2")
QUANTIZED: dict[str, Callable[..., Any]] = {
    **{f"quantized_decomposed.quantize_per_tensor.{name}": quantize_per_tensor for name in _PER_TENSOR},
    **{f"quantized_decomposed.dequantize_per_tensor.{name}": dequantize_per_tensor for name in _PER_TENSOR},
    "quantized_decomposed.quantize_per_channel.default": quantize_per_channel,
    "quantized_decomposed.dequantize_per_channel.default": dequantize_per_channel,
    "torchao.quantize_affine.default": quantize_affine,
    "torchao.dequantize_affine.default": dequantize_affine,
}
"""Target to function, for every quantize and dequantize operator."""
