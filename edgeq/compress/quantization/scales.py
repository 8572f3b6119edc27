"""Bring scales to the numbers that are stored: float32, or powers of two."""

from __future__ import annotations

import torch

from edgeq.compress.quantization.rounding import through


def stored_scale(scale: torch.Tensor) -> torch.Tensor:
    """Return float64 scales rounded to float32, the gradient as if they were not."""
    return through(scale.detach().float().double(), scale)


def step_size(scale: torch.Tensor, power_of_two: bool) -> torch.Tensor:
    """Return float64 scales as they are stored: the nearest power of two (of the logarithm), or the nearest float32."""
    return nearest_power_of_two(scale) if power_of_two else stored_scale(scale)


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


def learned_step(step: torch.Tensor, gradient_scale: float, power_of_two: bool) -> torch.Tensor:
    """Return the scale that a learned step stands for, float64: its magnitude as stored, at least ``2**-100``.

    The step's gradient is that of the scale, times the sign of the step, times ``gradient_scale``.
    """
    size = step.double().abs()
    kept = step_size(size.detach().clamp(min=2.0**-100), power_of_two)
    return through(kept, size * gradient_scale)
