"""Round real tensors by the contract's names, and let gradients through.

Source of the names: integer contract, section 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from edgeq.arith.types import Rounding

Limit = float | torch.Tensor

VARIANTS = ("plain", "saturating", "soft")
"""What stands in for the derivative of a step function: 1; 1 inside its limits; a smooth curve inside its limits."""
SOFTNESS = 4.0
"""``k`` of the soft rounding: its gradient is 2.07 where codes change and 0.15 where they are met."""


def rounded(x: torch.Tensor, rounding: Rounding) -> torch.Tensor:
    """Return ``x`` rounded to integers, dtype kept; every rule is exact for every float.

    ``two_stage`` and ``two_stage_up`` are ``ties_up``: that is what they give for shifts of at most 31, and a real
    quotient has no second stage.

    >>> rounded(torch.tensor([-2.5, -0.5, 0.5, 2.5]), Rounding.ties_up).tolist()
    [-2.0, 0.0, 1.0, 3.0]
    """
    return _RULES[rounding](x)


def _ties_up(x: torch.Tensor) -> torch.Tensor:
    """Return ``floor(x + 0.5)`` without that sum, which float32 rounds: 0.49999997 gives 0, 2**23 + 1 itself."""
    below = torch.floor(x)
    return below + (x - below >= 0.5).to(x.dtype)


def _ties_down(x: torch.Tensor) -> torch.Tensor:
    return -_ties_up(-x)


def _ties_away(x: torch.Tensor) -> torch.Tensor:
    return torch.copysign(_ties_up(x.abs()), x)


def _ties_to_zero(x: torch.Tensor) -> torch.Tensor:
    return torch.copysign(_ties_down(x.abs()), x)


_RULES: dict[Rounding, Callable[[torch.Tensor], torch.Tensor]] = {
    Rounding.floor: torch.floor,
    Rounding.to_zero: torch.trunc,
    Rounding.ties_up: _ties_up,
    Rounding.ties_away: _ties_away,
    Rounding.ties_even: torch.round,
    Rounding.ties_to_zero: _ties_to_zero,
    Rounding.ties_down: _ties_down,
    Rounding.two_stage: _ties_up,
    Rounding.two_stage_up: _ties_up,
}


class _Through(torch.autograd.Function):
    """The value of the first operand, the gradient of the second."""

    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, surrogate: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[None, torch.Tensor]:  # noqa: ARG004
        return None, grads[0]


def through(value: torch.Tensor, surrogate: torch.Tensor) -> torch.Tensor:
    """Return ``value`` exactly; its gradient goes to ``surrogate``, of the same shape, as it is."""
    if not (torch.is_grad_enabled() and surrogate.requires_grad):
        return value.detach()
    result: torch.Tensor = _Through.apply(value.detach(), surrogate)  # type: ignore[no-untyped-call]
    return result


def codes_through(
    steps: torch.Tensor, lo: Limit, hi: Limit, rounding: Rounding, variant: str = "saturating"
) -> torch.Tensor:
    """Return ``clamp(round(steps), lo, hi)`` for integer limits, with a gradient to ``steps``.

    ``plain``: 1. ``saturating``: 1 for ``lo <= steps <= hi``, else 0. ``soft``: 0 outside the limits; inside, with
    ``f = steps - floor(steps) - 0.5``, ``k * (1 - tanh(k * f)**2) / (2 * tanh(k / 2))``, whose mean is 1.
    Source of soft: Gong and others, Differentiable Soft Quantization, arXiv 1908.05033, equation 4.
    """
    codes = _clamp(rounded(steps.detach(), rounding), lo, hi)
    if not (torch.is_grad_enabled() and steps.requires_grad):
        return codes
    return through(codes, _surrogate(steps, lo, hi, variant))


def sign_through(x: torch.Tensor, variant: str = "saturating") -> torch.Tensor:
    """Return +1 where ``x >= 0``, else -1, with a gradient to ``x`` as :func:`step_through` has it."""
    return step_through(torch.where(x >= 0, 1.0, -1.0).to(x.dtype), x, variant)


def step_through(steps: torch.Tensor, x: torch.Tensor, variant: str) -> torch.Tensor:
    """Return ``steps``, values -1, 0 and 1 made of ``x``, with a gradient to ``x``.

    ``plain``: 1. ``saturating``: 1 for ``|x| < 1``, else 0. ``soft``: ``max(0, 1 - |x|)``. Source: micronet, wbwtab.
    """
    if variant == "plain":
        return through(steps, x)
    if variant == "saturating":
        return through(steps, torch.where(x.abs() < 1, x, torch.zeros_like(x)))
    held = x.clamp(-1.0, 1.0)
    return through(steps, held - held * held.abs() / 2)


def _surrogate(steps: torch.Tensor, lo: Limit, hi: Limit, variant: str) -> torch.Tensor:
    if variant == "plain":
        return steps
    held = _clamp(steps, lo, hi)
    if variant == "saturating":
        return held
    middle = torch.floor(held).detach() + 0.5
    return middle + torch.tanh(SOFTNESS * (held - middle)) / (2 * math.tanh(SOFTNESS / 2))


def _clamp(x: torch.Tensor, lo: Limit, hi: Limit) -> torch.Tensor:
    return torch.clamp(x, torch.as_tensor(lo, dtype=x.dtype), torch.as_tensor(hi, dtype=x.dtype))
