"""Bring scales to the numbers that are stored: float32, or powers of two."""

from __future__ import annotations

import torch

from edgeq.compress.quantization.rounding import through


def stored_scale(scale: torch.Tensor) -> torch.Tensor:
    """Return float64 scales rounded to float32, the gradient as if they were not."""
    return through(scale.detach().float().double(), scale)


def nearest_power_of_two(scale: torch.Tensor) -> torch.Tensor:
    """Return ``2**rint(log2(scale))``; the gradient as if nothing was rounded."""
    held = scale.detach()
    return through(torch.ldexp(torch.ones_like(held), torch.round(torch.log2(held)).int()), scale)


def enclosing_power_of_two(least: torch.Tensor) -> torch.Tensor:
    """Return the smallest powers of two that are at least these positive numbers.

    The tensor form of :func:`edgeq.scheme.activation_codes.power_of_two`.
    """
    fraction, exponent = torch.frexp(least)
    return torch.ldexp(torch.ones_like(least), exponent - (fraction == 0.5).int())
