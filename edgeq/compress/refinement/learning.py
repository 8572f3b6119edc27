"""Learn for each weight whether it is rounded up or down, so that the layer's output changes least.

``code = floor(w / scale) + h`` with ``h = clamp(1.2 * sigmoid(v) - 0.1, 0, 1)``. Minimised are the squared error of the
outputs after their ReLU, over the power of what is wanted, and ``mean(1 - |2h - 1|**beta)``, whose beta falls from 20
to 2 as a half cosine after a fifth of the steps; at the end h is 1 where it is above 1/2.

Source: Nagel, Amjad, van Baalen, Louizos, Blankevoort, Up or Down? Adaptive Rounding for Post-Training Quantization
(2020), equations 16, 20 to 25; the normalisation of both terms is edgeq's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from edgeq.compress.quantization.base import WeightCodes
from edgeq.compress.quantization.config import Reconstruct
from edgeq.compress.quantization.merging import along
from edgeq.compress.refinement.samples import Samples

_STRETCH, _SHIFT = 1.2, 0.1
_WARM, _STEEP, _FLAT = 0.2, 20.0, 2.0


@dataclass(frozen=True)
class Target:
    """What a layer should give: rows, a factor (outputs) and an offset (outputs) after the product, its limit."""

    samples: Samples
    factor: torch.Tensor
    offset: torch.Tensor
    limit: Callable[[torch.Tensor], torch.Tensor]

    def output(self, weight: torch.Tensor, rows: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the limited outputs of a weight (outputs, inputs of a product) and the wanted ones."""
        x, wanted = (each if rows is None else each[rows] for each in (self.samples.x, self.samples.y))
        groups = x.shape[1]
        product = torch.einsum("rgk,gok->rgo", x, weight.view(groups, -1, x.shape[2])).flatten(1)
        got = product * self.factor + self.offset
        return self.limit(got), self.limit(wanted)

    def error(self, weight: torch.Tensor) -> float:
        """Return |got - wanted|**2 / |wanted|**2 over all rows."""
        got, wanted = self.output(weight)
        return float((got - wanted).square().sum() / wanted.square().sum().clamp(min=torch.finfo(got.dtype).tiny))


@torch.enable_grad()
def learned(weight: torch.Tensor, near: WeightCodes, target: Target, options: Reconstruct) -> WeightCodes:
    """Return codes of a weight, each the one below or the one above; what is 0 stays the zero point.

    ``near`` are the codes by nearest rounding, which are returned if they serve better.
    """
    dtype = target.samples.x.dtype
    steps = (weight.double() / along(near.scale, weight.ndim)).flatten(1)
    zero_point = along(near.zero_point, 2).double()
    below, scale, lo, hi = (each.to(dtype) for each in (
        torch.floor(steps), along(near.scale, 2), near.lo - zero_point, near.hi - zero_point))
    v = _logit((steps - torch.floor(steps)).clamp(0.01, 0.99)).to(dtype).requires_grad_()
    free = (steps != 0).to(dtype)

    def rounded(up: torch.Tensor) -> torch.Tensor:
        return torch.minimum(torch.maximum(below + up * free, lo), hi)

    _descend(v, lambda: rounded(_up(v)) * scale, target, options)
    codes = rounded((_up(v.detach()) > 0.5).to(dtype))
    nearest = (near.codes.flatten(1) - zero_point).to(dtype)
    if target.error(nearest * scale) <= target.error(codes * scale):
        return near
    return replace(near, codes=(codes.double() + zero_point).long().view(weight.shape))


def _descend(v: torch.Tensor, value: Callable[[], torch.Tensor], target: Target, options: Reconstruct) -> None:
    optimizer = torch.optim.Adam([v], lr=options.lr)
    generator = torch.Generator().manual_seed(options.seed)
    count = len(target.samples.x)
    power = target.limit(target.samples.y).square().mean().clamp(min=torch.finfo(v.dtype).tiny)
    for step in range(options.steps):
        rows = torch.randint(count, (min(options.batch, count),), generator=generator).to(v.device)
        got, wanted = target.output(value(), rows)
        loss = (got - wanted).square().mean() / power
        done = (step / options.steps - _WARM) / (1 - _WARM)
        if done > 0:
            beta = _FLAT + (_STEEP - _FLAT) * 0.5 * (1 + math.cos(math.pi * done))
            loss = loss + (1 - (2 * _up(v) - 1).abs().pow(beta)).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _up(v: torch.Tensor) -> torch.Tensor:
    return (torch.sigmoid(v) * _STRETCH - _SHIFT).clamp(0, 1)


def _logit(h: torch.Tensor) -> torch.Tensor:
    """Return v with ``_up(v) = h``."""
    return -torch.log(_STRETCH / (h + _SHIFT) - 1)
