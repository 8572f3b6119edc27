"""Weights whose step size is learned. Source: Esser and others, Learned Step Size Quantization, arXiv 1902.08153."""

from __future__ import annotations

import math

import torch
from torch import nn

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.options import check_choice, check_flag
from edgeq.compress.quantization.rounding import codes_through
from edgeq.compress.quantization.scales import learned_step
from edgeq.compress.quantization.weights.coded import PER, CodedWeight, Parts, along, positive, rows


class LsqWeight(CodedWeight):
    """Codes ``clamp(round(w / s), lo, hi)``, zero point 0, of the learned ``s = |step|``, one per channel or one.

    The step starts at ``2 * mean|w| / sqrt(hi)``. Its gradient is ``lo`` below the limits, ``hi`` above, ``round(w/s)
    - w/s`` between, summed and times ``1 / sqrt(n * hi)`` for n weights per step; the weight's is 1 between, else 0.
    ``power_of_two`` takes the nearest power of two (of the logarithm), ``narrow`` leaves out the lowest code.
    """

    def __init__(
        self,
        weight: torch.Tensor,
        bits: int,
        rounding: Rounding,
        where: str,
        *,
        per: str = "channel",
        narrow: bool = False,
        power_of_two: bool = False,
    ) -> None:
        half = 1 << (bits - 1)
        super().__init__(where, 1 - half if check_flag(narrow, "narrow", where) else -half, half - 1)
        self.rounding = rounding
        self.power_of_two = check_flag(power_of_two, "power_of_two", where)
        matrix = rows(weight.detach().double(), check_choice(per, PER, "per", where))
        self.gradient_scale = 1 / math.sqrt(matrix.shape[1] * self.hi)
        self.step = nn.Parameter(positive(2 * matrix.abs().mean(1) / math.sqrt(self.hi)).float())

    def parts(self, weight: torch.Tensor) -> Parts:
        """Return codes, scale and zero point of a float64 weight."""
        scale = learned_step(self.step, self.gradient_scale, self.power_of_two)
        codes = codes_through(weight / along(scale, weight), self.lo, self.hi, self.rounding)
        return Parts(codes, scale, torch.zeros_like(scale.detach()))
