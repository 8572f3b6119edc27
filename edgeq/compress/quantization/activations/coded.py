"""What quantizers of activations share that have a scale: forward is computed from the codes that lowering reads."""

from __future__ import annotations

import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.rounding import codes_through
from edgeq.scheme.activation_codes import ActivationCodes


def fake_quant(x: torch.Tensor, codes: ActivationCodes, rounding: Rounding, gradient: str) -> torch.Tensor:
    """Return ``(clamp(round(x / scale) + zero_point, lo, hi) - zero_point) * scale``.

    Computed in the tensor's dtype, at least float32. In float64 it is exact but for the quotient.
    """
    real = at_least_float32(x)
    lo, hi = codes.lo - codes.zero_point, codes.hi - codes.zero_point
    return (codes_through(real / codes.scale, lo, hi, rounding, gradient) * codes.scale).to(x.dtype)


def at_least_float32(x: torch.Tensor) -> torch.Tensor:
    """Return float32 and float64 as they are, all else as float32: under autocast codes must not lose bits."""
    return x if x.dtype in (torch.float32, torch.float64) else x.float()
