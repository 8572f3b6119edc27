"""Quantizers of weights to test, and the value that codes stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.base import WeightCodes, WeightQuantizer
from edgeq.compress.quantization.kinds import weight_quantizer

CASES: list[tuple[str, dict[str, Any]]] = [
    ("uniform", {}),
    ("uniform", {"per": "tensor", "narrow": False}),
    ("uniform", {"symmetric": False}),
    ("uniform", {"symmetric": False, "per": "tensor", "power_of_two": True}),
    ("uniform", {"power_of_two": True, "gradient": "soft"}),
    ("uniform", {"observer": "mse"}),
    ("uniform", {"observer": "mse", "symmetric": False}),
    ("uniform", {"observer": "percentile", "percentile": 0.9}),
    ("uniform", {"range": [-0.5, 0.25], "symmetric": False}),
    ("lsq", {}),
    ("lsq", {"per": "tensor", "narrow": True}),
    ("lsq", {"power_of_two": True}),
    ("dorefa", {}),
    ("binary", {}),
    ("binary", {"scaled": False}),
    ("binary", {"center": True, "clip": True, "per": "tensor"}),
    ("binary", {"power_of_two": True}),
    ("ternary", {}),
    ("ternary", {"hysteresis": True, "per": "tensor"}),
    ("ternary", {"power_of_two": True, "factor": 1.2}),
]

QUICK = [case for case in CASES if case[1].get("observer") != "mse"]


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def made(method: str, weight: torch.Tensor, bits: int = 4, **options: Any) -> WeightQuantizer:
    return weight_quantizer(method, weight, bits=bits, rounding=Rounding.ties_even, where="conv1", **options)


def value(codes: WeightCodes) -> np.ndarray:
    shape = (-1,) + (1,) * (codes.codes.ndim - 1)
    return codes.scale.numpy().reshape(shape) * (codes.codes - codes.zero_point.reshape(shape)).numpy()
