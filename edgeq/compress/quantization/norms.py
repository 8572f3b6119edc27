"""Batch norm as quantized layers use it: statistics of the batch while it trains, running ones once frozen."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from edgeq.errors import InputError


class Norm(nn.Module):
    """Scale and shift channels; names and meaning of parameters and buffers are those of torch's batch norm.

    ``frozen``: the running statistics serve in training mode too and stay as they are.
    """

    frozen: torch.Tensor
    weight: torch.Tensor | None
    bias: torch.Tensor | None
    running_mean: torch.Tensor
    running_var: torch.Tensor
    num_batches_tracked: torch.Tensor | None

    def __init__(
        self, stored: dict[str, torch.Tensor | None], eps: float, momentum: float | None, where: str
    ) -> None:
        super().__init__()
        for name in ("weight", "bias"):
            value = stored.get(name)
            self.register_parameter(name, value if isinstance(value, nn.Parameter) or value is None
                                    else nn.Parameter(value))
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, stored.get(name))
        self.register_buffer("frozen", torch.tensor(False))
        self.eps, self.momentum, self.where = eps, momentum, where

    def freeze(self, frozen: bool = True) -> None:
        """Keep the running statistics from now on, or no longer."""
        self.frozen.fill_(frozen)

    @property
    def uses_batch(self) -> bool:
        """Tell whether statistics come from the batch."""
        return self.training and not bool(self.frozen)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise ``x`` (N, C, ...)."""
        if self.uses_batch:
            self._check(x)
        factor = self._count() if self.uses_batch else 0.0
        return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias,
                                     self.uses_batch, factor, self.eps)

    def constants(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return gain and offset of ``x * gain + offset`` by the running statistics, float64 (C,)."""
        mean, var = self.running_mean.double(), self.running_var.double()
        gain = 1 / torch.sqrt(var + self.eps)
        if self.weight is not None:
            gain = self.weight.double() * gain
        offset = -mean * gain if self.bias is None else self.bias.double() - mean * gain
        return gain, offset

    def batch_constants(self, x: torch.Tensor, shift: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return gain and offset for ``x`` by its own statistics, and take these into the running ones.

        ``shift`` (C,) is added to ``x`` by the layer: it moves the running mean, and the offset takes it back.
        """
        self._check(x)
        wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
        dims = [d for d in range(x.ndim) if d != 1]
        var, mean = torch.var_mean(wide, dims, correction=0)
        self._update(mean.detach(), var.detach(), shift, x.numel() // x.shape[1])
        gain = 1 / torch.sqrt(var + self.eps)
        gain = gain if self.weight is None else self.weight * gain
        return gain, -mean * gain if self.bias is None else self.bias - mean * gain

    def _check(self, x: torch.Tensor) -> None:
        if x.numel() == x.shape[1]:
            raise InputError(f"layer '{self.where}': batch norm trains on more than one value per channel, "
                             f"got {list(x.shape)}; use a larger batch, or freeze it")

    @torch.no_grad()
    def _update(self, mean: torch.Tensor, var: torch.Tensor, shift: torch.Tensor | None, count: int) -> None:
        factor = self._count()
        seen = mean if shift is None else mean + shift.detach()
        self.running_mean.lerp_(seen.to(self.running_mean), factor)
        unbiased = var * (count / (count - 1))
        self.running_var.lerp_(unbiased.to(self.running_var), factor)

    def _count(self) -> float:
        """Count a batch, and return the part that it has in the running statistics."""
        if self.num_batches_tracked is None:
            return 0.1 if self.momentum is None else self.momentum
        self.num_batches_tracked.add_(1)
        return 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
