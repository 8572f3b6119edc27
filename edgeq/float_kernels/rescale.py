"""Write down the float32 arithmetic between accumulator and output code of known kernels, one function each.

Every operation is rounded to float32, ties to even, in the order of the text; ``f32(acc)`` is the integer accumulator
without bias, its zero points subtracted. All end in ``clamp(rint(v) + zero_point, lo, hi)``, ties to even; a fused
ReLU is ``lo = zero_point``. Values past 2^31 saturate here; the kernels' own conversion does not define them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeq.float_kernels.float32 import Float32, float32, fused_multiply_add
from edgeq.ir.tensor import IntArray

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rescale:
    """The real numbers of a layer and the limits of its output codes.

    ``weight_scale`` has shape () per tensor or (O,) per channel; ``bias`` (O,) or () is real, ``bias_codes`` its
    integers in units of input scale times weight scale. ``axis`` is that of the channels in arrays (N, ...).
    ``offset`` makes a code unsigned, as PyTorch's activations are: 128 for signed codes of 8 bits.
    """

    input_scale: float
    weight_scale: Reals
    output_scale: float
    zero_point: int
    lo: int
    hi: int
    bias: Reals
    bias_codes: IntArray
    axis: int = 1
    offset: int = 0


Rule = Callable[[IntArray, Rescale], IntArray]


def fbgemm(acc: IntArray, layer: Rescale) -> IntArray:
    """Return the codes of PyTorch's fbgemm engine.

    ``s = sx * sw``. Per channel ``(f32(acc) + bias / s) * (s / sy)``; per tensor the reciprocal is taken once and the
    compiler fuses: ``fma(bias, 1 / s, f32(acc)) * (s / sy)``.

    With 8-bit activations its depthwise kernels add pairs of products in 16 bits that saturate, so their accumulator
    is another one.

    Source: FBGEMM ``src/QuantUtilsAvx2.cc`` and ``QuantUtilsAvx512.cc``, requantizeOutputProcessing; measured against
    PyTorch 2.13 (tests/float_kernels/test_judge_torch.py).
    """
    s = float32(layer.input_scale) * float32(layer.weight_scale)
    per_channel, bias = _columns(s, acc, layer), _columns(layer.bias, acc, layer)
    total = float32(acc) + bias / per_channel if s.ndim else fused_multiply_add(bias, float32(1) / s, acc)
    return _codes(total * (per_channel / float32(layer.output_scale)), layer)


def onednn(acc: IntArray, layer: Rescale) -> IntArray:
    """Return the codes of PyTorch's onednn engine.

    ``((f32(acc) * r(sx)) * sw + bias) * (1 / sy) + f32(zero_point)``, ``r(s) = 1 / (1 / s)``; rounded after the zero
    point of the unsigned code was added.

    Source: oneDNN's brgemm kernels as ONEDNN_VERBOSE names them (brg_conv_fwd, brgdmm_dw, brg_matmul); the order was
    found by measuring against PyTorch 2.13: convolutions equal it on 42,249,600 of 42,249,600 outputs, linear layers
    on all but 10 of 107,080,000.
    """
    scale = float32(1) / (float32(1) / float32(layer.input_scale))
    real = (float32(acc) * scale) * _columns(layer.weight_scale, acc, layer) + _columns(layer.bias, acc, layer)
    scaled = real * (float32(1) / float32(layer.output_scale))
    return _clamped(scaled + float32(layer.zero_point + layer.offset), -layer.offset, layer)


def qnnpack(acc: IntArray, layer: Rescale) -> IntArray:
    """Return the codes of PyTorch's qnnpack engine.

    ``s = sx * sw``, ``bias_q = rint(bias * (1 / s))``; ``f32(acc + bias_q) * (s * (1 / sy))``. The kernel rounds the
    bias itself, in float32.

    Source: PyTorch ``aten/src/ATen/native/quantized/cpu/qnnpack``, requantization in float32; measured against
    PyTorch 2.13.
    """
    s = _columns(float32(layer.input_scale) * float32(layer.weight_scale), acc, layer)
    bias = np.rint(_columns(layer.bias, acc, layer) * (float32(1) / s)).astype(np.int64)
    return _codes(float32(acc + bias) * (s * (float32(1) / float32(layer.output_scale))), layer)


def onnxruntime(acc: IntArray, layer: Rescale) -> IntArray:
    """Return the codes of ONNX Runtime's QLinearConv and QLinearMatMul on the CPU.

    ``f32(acc + bias_codes) * ((sx * sw) / sy)``; the int32 bias is a tensor of the model.

    Source: onnxruntime ``core/mlas/lib/quantize.cpp`` MlasRequantizeOutput; measured against ONNX Runtime 1.31.
    """
    s = float32(layer.input_scale) * float32(layer.weight_scale)
    scale = _columns(s / float32(layer.output_scale), acc, layer)
    bias = layer.bias_codes.reshape(_shape(layer.bias_codes.ndim, acc, layer))
    return _codes(float32(acc + bias) * scale, layer)


def xnnpack(acc: IntArray, layer: Rescale) -> IntArray:
    """Return the codes of XNNPACK's qs8 and qu8 kernels with float32 requantization.

    The arithmetic of `onnxruntime`: ``f32(acc + bias_codes) * ((sx * sw) / sy)``.

    Source: XNNPACK ``src/operators/convolution-nhwc.c`` (scale) and ``src/qs8-requantization/fp32-*.c``; not measured,
    neither PyTorch's nor ONNX Runtime's packages for x86 contain it.
    """
    return onnxruntime(acc, layer)


def qlinear_add(
    a: IntArray, b: IntArray, scales: tuple[float, float, float], zero_points: tuple[int, int, int],
    limits: tuple[int, int],
) -> IntArray:
    """Return the codes of ONNX Runtime's QLinearAdd (com.microsoft); scales and zero points are of a, b, output.

    ``ra = sa / sy``, ``rb = sb / sy``, ``fixed = zy - fma(ra, za, rb * zb)``; ``fma(a, ra, fma(b, rb, fixed))``: zero
    points are inside the sum that is rounded.

    Source: onnxruntime ``core/mlas/lib/intrinsics/avx2/qladd_avx2.cpp``, whose scalar product the compiler fuses;
    measured against ONNX Runtime 1.31.
    """
    sa, sb, sy = (float32(s) for s in scales)
    za, zb, zy = (float32(z) for z in zero_points)
    ra, rb = sa / sy, sb / sy
    fixed = zy - fused_multiply_add(ra, za, rb * zb)
    total = fused_multiply_add(a, ra, fused_multiply_add(b, rb, fixed))
    rounded: IntArray = np.clip(np.rint(total.astype(np.float64)), *limits).astype(np.int64)
    return rounded


def _shape(ndim: int, acc: IntArray, layer: Rescale) -> tuple[int, ...]:
    """Return the shape in which a value per channel meets the accumulators."""
    return tuple(-1 if k == layer.axis else 1 for k in range(acc.ndim)) if ndim else ()


def _columns(values: npt.ArrayLike, acc: IntArray, layer: Rescale) -> Float32:
    kept = float32(values)
    return kept.reshape(_shape(kept.ndim, acc, layer))


def _codes(values: Float32, layer: Rescale) -> IntArray:
    return _clamped(values, layer.zero_point, layer)


def _clamped(values: Float32, shift: int, layer: Rescale) -> IntArray:
    rounded = np.rint(values).astype(np.float64) + shift
    kept: IntArray = np.clip(rounded, layer.lo, layer.hi).astype(np.int64)
    return kept
