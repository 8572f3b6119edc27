"""Run layers in PyTorch's quantized engines."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.float_kernels.layers import Made

ENGINES = ("fbgemm", "x86", "onednn", "qnnpack")


def has_vnni() -> bool:
    """Tell whether 8-bit products are added in 32 bits: without it engines add pairs in 16 bits, which saturate."""
    info = Path("/proc/cpuinfo")
    return info.is_file() and re.search(r"\bavx512_vnni\b", info.read_text()) is not None


def need_exact_products(bits: int) -> None:
    """Skip 8-bit activations on a CPU without VNNI."""
    if bits == 8 and not has_vnni():
        pytest.skip("without avx512_vnni products of 8-bit activations saturate; only the 7-bit rows are judged")


def missing(engine: str) -> str | None:
    """Return why an engine cannot be run here."""
    torch = pytest.importorskip("torch")
    if engine not in torch.backends.quantized.supported_engines:
        return f"PyTorch here has no quantized engine {engine}"
    if engine == "x86" and not has_vnni():
        return "without avx512_vnni the engine x86 is fbgemm throughout"
    return None


@contextmanager
def quantized_engine(engine: str) -> Iterator[Any]:
    """Give torch with one thread and the engine chosen; both are put back."""
    import torch

    before, threads = torch.backends.quantized.engine, torch.get_num_threads()
    torch.backends.quantized.engine = engine
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "torch.quantize_per_tensor", UserWarning)  # the engines' only entry
            yield torch
    finally:
        torch.backends.quantized.engine = before
        torch.set_num_threads(threads)


def torch_codes(engine: str, made: Made) -> Any:
    """Return the output codes of the engine's own kernel, int64."""
    case = made.case
    with quantized_engine(engine) as torch:
        ops = torch.ops.quantized
        x = torch._make_per_tensor_quantized_tensor(
            torch.from_numpy(made.x), float(made.input_scale), made.input_zero_point)
        codes = torch.from_numpy(made.weight)
        if case.per_channel:
            scales = torch.from_numpy(made.weight_scale.astype(np.float64))
            weight = torch._make_per_channel_quantized_tensor(
                codes, scales, torch.zeros(len(scales), dtype=torch.long), 0)
        else:
            weight = torch._make_per_tensor_quantized_tensor(codes, float(made.weight_scale), 0)
        bias, output = torch.from_numpy(made.bias), (float(made.output_scale), made.zero_point)
        if case.kind == "linear":
            packed = ops.linear_prepack(weight, bias)
            y = (ops.linear_relu if case.relu else ops.linear)(x, packed, *output)
        else:
            packed = ops.conv2d_prepack(weight, bias, [case.stride] * 2, [made.padding] * 2, [case.dilation] * 2,
                                        case.groups)
            y = (ops.conv2d_relu if case.relu else ops.conv2d)(x, packed, *output)
        return y.int_repr().numpy().astype(np.int64)
