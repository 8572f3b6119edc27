"""Count, layer by layer, where a kernel's own outputs differ from its formula and from the integers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from edgeq.arith.types import Rounding
from edgeq.float_kernels.layers import kernel_layers
from tests.float_kernels.layers import Case, Made, integer_graph, make, run
from tests.float_kernels.onnx_kernels import onnx_codes
from tests.float_kernels.torch_kernels import torch_codes


@dataclass(frozen=True)
class Count:
    """Outputs of a layer; those where the kernel differs from its formula, from the integers, from finer biases."""

    case: Case
    outputs: int
    formula: int
    integers: int
    fraction_bits_8: int


@dataclass(frozen=True, eq=False)
class Integers:
    """A layer, its graph, accumulators and codes; codes with 8 fraction bits in the bias."""

    made: Made
    acc: Any
    codes: Any
    finer: Any


@lru_cache(maxsize=32)
def integers(case: Case) -> Integers:
    """Return the layer in integers, simulated once for all kernels."""
    made = make(case)
    acc, codes = run(integer_graph(made), made)
    finer = run(integer_graph(made, 8), made)[1]
    return Integers(made, acc.astype(np.int32), codes.astype(np.uint8), finer.astype(np.uint8))


def formula(kernel: str, made: Made, acc: Any) -> Any:
    """Return the codes of the kernel's formula from the accumulators of the integer graph."""
    (layer,), _ = kernel_layers(integer_graph(made), kernel)
    return layer.codes(acc.astype(np.int64))


def measure_torch(engine: str, layers: Iterable[Case]) -> list[Count]:
    """Count over layers run in one of PyTorch's engines."""
    return [_count(engine, case) for case in layers]


def _count(engine: str, case: Case) -> Count:
    kept = integers(case)
    y = torch_codes(engine, kept.made)
    ours = (formula(engine, kept.made, kept.acc), kept.codes, kept.finer)
    return Count(case, y.size, *(int(np.count_nonzero(codes != y)) for codes in ours))


def measure_onnx(layers: Iterable[Case]) -> list[Count]:
    """Count over layers run by ONNX Runtime: an int32 bias, none in linear layers, no ReLU; the integers' ties to even.

    ``formula`` counts unsigned and signed codes; ``fraction_bits_8`` is that of the integers, as the bias is theirs.
    """
    return [_count_onnx(replace(case, relu=False)) for case in layers]


def _count_onnx(case: Case) -> Count:
    made = make(case)
    graph = integer_graph(made, rounding=Rounding.ties_even, bias=0 if case.kind == "linear" else None)
    (layer,), _ = kernel_layers(graph, "onnxruntime")
    acc, codes = run(graph, made)
    expected = layer.codes(acc)
    unsigned, signed = (onnx_codes(made, layer.rescale.bias_codes, signed=signed) for signed in (False, True))
    wrong = int(np.count_nonzero(expected != unsigned)) + int(np.count_nonzero(expected != signed))
    integer = int(np.count_nonzero(codes != unsigned))
    return Count(case, unsigned.size, wrong, integer, integer)


def total(counts: list[Count]) -> tuple[int, int, int, int]:
    """Return the sums: outputs, formula, integers, 8 fraction bits."""
    fields = ("outputs", "formula", "integers", "fraction_bits_8")
    outputs, *rest = (sum(getattr(c, name) for c in counts) for name in fields)
    return outputs, rest[0], rest[1], rest[2]
