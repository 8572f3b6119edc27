"""What every quantizer of weights shares: codes and forward come from one computation, in float64."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch

from edgeq.compress.quantization.base import WeightCodes, WeightQuantizer
from edgeq.errors import InputError, ModelError

PER = ("channel", "tensor")


@dataclass(frozen=True, eq=False)
class Parts:
    """Codes of the weight's shape, scale and zero point (O,) or (1,): float64, codes and scale with gradients."""

    codes: torch.Tensor
    scale: torch.Tensor
    zero_point: torch.Tensor


class CodedWeight(WeightQuantizer):
    """A quantizer that says codes, scale and zero point; ``lo`` and ``hi`` are the limits of codes.

    Everything is computed in float64 whatever the weight's dtype is, so that training in float32 or under autocast
    and ``codes`` never disagree about a weight next to a tie.
    """

    def __init__(self, where: str, lo: int, hi: int) -> None:
        super().__init__()
        self.where, self.lo, self.hi = where, lo, hi

    @abstractmethod
    def parts(self, weight: torch.Tensor) -> Parts:
        """Return codes, scale and zero point of a float64 weight."""

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return ``scale * (codes - zero_point)``, shape and dtype as given."""
        parts = self.parts(weight.double())
        value = along(parts.scale, weight) * (parts.codes - along(parts.zero_point, weight))
        return value.to(weight.dtype)

    def codes(self, weight: torch.Tensor) -> WeightCodes:
        """Return the integers behind ``forward(weight)``; raises ModelError for NaN and infinity."""
        with torch.no_grad():
            exact = weight.detach().double()
            if not torch.isfinite(exact).all():
                raise ModelError(f"{self.where}: the weight holds NaN or infinity; train with a lower learning rate")
            parts = self.parts(exact)
        return WeightCodes(parts.codes.long(), parts.scale.clone(), parts.zero_point.long(), self.lo, self.hi)

    def scale(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the scale of ``codes``, (O,) or (1,)."""
        with torch.no_grad():
            return self.parts(weight.detach().double()).scale.clone()


def rows(weight: torch.Tensor, per: str) -> torch.Tensor:
    """Return a weight as (O, n), or as (1, n) per tensor."""
    return weight.reshape(weight.shape[0] if per == "channel" else 1, -1)


def along(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return (O,) or (1,) values as they broadcast along a weight's first dimension."""
    return values.reshape((-1,) + (1,) * (weight.ndim - 1))


def positive(scale: torch.Tensor) -> torch.Tensor:
    """Return scales with those of channels that hold nothing but zeros replaced by the largest, or by 1.

    A scale must be above 0 whatever it multiplies; the largest keeps the steps of the layer's bias fine.
    """
    largest = scale.detach().max()
    spare = torch.where(largest > SMALLEST, largest, torch.ones_like(largest))
    return torch.where(scale > SMALLEST, scale, spare)


SMALLEST = 2.0**-120
"""A channel whose scale would be below this is all zeros for any purpose."""


def refuse_zeros(weight: torch.Tensor, method: str, where: str) -> None:
    """Raise InputError where more than a tenth of a weight is exactly 0, which this method cannot say."""
    part = float((weight == 0).double().mean())
    if part > MOST_ZEROS:
        raise InputError(
            f"{where}: {part:.1%} of the weight is zero, as pruning leaves it, and method {method} has no code for 0: "
            f"use uniform, lsq or ternary, or a weight that is not pruned")


MOST_ZEROS = 0.1
"""Part of a weight that may be 0 by accident."""
