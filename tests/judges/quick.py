"""A small part of the judges' numbers, for runs without compiled kernels.

From the repository's folder: ``python -c "from tests.judges.quick import judge; judge('DATA/conformance')"``. It raises
AssertionError, naming the case, at the first value that differs, and is made for NUMBA_DISABLE_JIT=1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.judges.cmsis_nn import KERNELS, run_case
from tests.judges.edge_requant import TRIPLES, run_triple

QUICK = (
    "avgpool_s16__avgpooling_int16_2",
    "avgpool_s16__avgpooling_int16",
    "avgpool_s8__avgpooling_2",
    "batch_matmul_s16__batch_matmul_3_s16",
    "batch_matmul_s8__batch_matmul_5_s8",
    "conv_s16__requantize_s64",
    "conv_s4__conv_1_x_n_1_int4",
    "conv_s4__conv_2x3_dilation_int4",
    "conv_s4__conv_dilation_golden_int4",
    "conv_s8__conv_2x3_dilation",
    "conv_s8__conv_4",
    "conv_s8__grouped_conv_2",
    "depthwise_s16__dw_int16xint8_fast_stride",
    "depthwise_s4__depthwise_int4_generic_3",
    "depthwise_s8__depthwise_2",
    "depthwise_s8__depthwise_kernel_3x3_null_bias",
    "elementwise_add_s16__add_s16",
    "elementwise_add_s8__add",
    "elementwise_mul_s16__mul_s16",
    "elementwise_mul_s8__mul",
    "fully_connected_s16__fc_int16_slow",
    "fully_connected_s4__fully_connected_int4_5",
    "fully_connected_s8__fully_connected_null_bias_0",
    "fully_connected_s8__fully_connected_w_zp",
    "max_pool_s16__maxpool_int16_2",
    "max_pool_s8__maxpooling_6",
    "maximum_s8__maximum_scalar_2_int8",
    "minimum_s8__minimum_scalar_2_int8",
    "pad_s8__pad_int8_1",
    "softmax_s16__softmax_s16",
    "softmax_s8__softmax",
    "softmax_s8_s16__softmax_s8_s16",
    "transpose_conv_s8__reverse_transpose_conv_1",
    "transpose_s8__transpose_3dim",
)
"""Small cases of every family, without their suffix."""

STEP = 100
"""Of the edge accumulators every 100th of each triple and layer, 2,040 in all."""


def judge(folder: str | Path, kernels: Sequence[str] = KERNELS) -> int:
    """Run the small cases and accumulators of a folder ``conformance``; return how many values were compared."""
    count = sum(run_case(Path(folder, "cmsis_nn", f"{name}.npz"), kernels) for name in QUICK)
    return count + sum(run_triple(Path(folder, "edge_requant.npz"), k, kernels, STEP) for k in range(TRIPLES))
