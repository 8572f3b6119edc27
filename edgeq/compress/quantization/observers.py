"""Watch values and say their range. Everything an observer knows is in buffers: a resumed one goes on where it was."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import nn

from edgeq.compress.quantization.code_rule import CodeRule
from edgeq.compress.quantization.options import check_fraction
from edgeq.compress.quantization.ranges import Bounds
from edgeq.errors import CalibrationError


class Observer(nn.Module):
    """The range of what ``observe`` was given, of the whole tensor or of each channel along ``axis``.

    ``seen`` counts the batches. An empty batch is no batch. ``rule`` says what codes the range is for.
    """

    seen: torch.Tensor

    def __init__(self, rule: CodeRule, channels: int | None = None, axis: int = 1) -> None:
        super().__init__()
        self.rule, self.channels, self.axis = rule, channels, axis
        self.register_buffer("seen", torch.tensor(0))

    def observe(self, x: torch.Tensor) -> None:
        """Take a batch into account; raises CalibrationError for NaN and infinity."""
        if x.numel() == 0:
            return
        with torch.no_grad():
            x = x.detach().float() if x.dtype != torch.float64 else x.detach()
            bounds = self._rows(x).aminmax(dim=1)
            if not (torch.isfinite(bounds.min).all() and torch.isfinite(bounds.max).all()):
                raise CalibrationError(f"{self.rule.where}: the value holds NaN or infinity; check data and training")
            self._take(x, (bounds.min, bounds.max))
            self.seen += 1

    def range(self) -> Bounds:
        """Return lowest and highest value, shape (1,) or (channels,); raises CalibrationError before any batch."""
        if int(self.seen) == 0:
            raise CalibrationError(f"{self.rule.where}: no data were seen yet; train, calibrate, or give its range")
        return self._range()

    @abstractmethod
    def _take(self, x: torch.Tensor, extremes: Bounds) -> None:
        """Take in a batch and its extremes."""

    @abstractmethod
    def _range(self) -> Bounds:
        """Return the range of at least one batch."""

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Load buffers that grow (one number per sample) whatever their size is now."""
        for name, buffer in self.named_buffers(recurse=False):
            found = state_dict.get(prefix + name)
            if found is not None and found.ndim == buffer.ndim and found.shape[1:] == buffer.shape[1:]:
                setattr(self, name, buffer.new_zeros(found.shape))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def _rows(self, x: torch.Tensor) -> torch.Tensor:
        if self.channels is None:
            return x.reshape(1, -1)
        return x.movedim(self.axis, 0).reshape(self.channels, -1)

    def _bounds(self, *names: str) -> None:
        for name in names:
            self.register_buffer(name, torch.zeros(self.channels or 1))


class MinMax(Observer):
    """The extremes of everything seen."""

    lo: torch.Tensor
    hi: torch.Tensor

    def __init__(self, rule: CodeRule, channels: int | None = None, axis: int = 1) -> None:
        super().__init__(rule, channels, axis)
        self._bounds("lo", "hi")

    def _take(self, x: torch.Tensor, extremes: Bounds) -> None:  # noqa: ARG002 - only extremes count
        first = self.seen == 0
        self.lo.copy_(torch.where(first, extremes[0], torch.minimum(self.lo, extremes[0])))
        self.hi.copy_(torch.where(first, extremes[1], torch.maximum(self.hi, extremes[1])))

    def _range(self) -> Bounds:
        return self.lo, self.hi


class MovingAverage(MinMax):
    """``lo += momentum * (min of the batch - lo)``, ``hi`` alike; the first batch is taken whole."""

    def __init__(self, rule: CodeRule, channels: int | None = None, axis: int = 1, *, momentum: float = 0.1) -> None:
        super().__init__(rule, channels, axis)
        self.momentum = check_fraction(momentum, "momentum", rule.where)

    def _take(self, x: torch.Tensor, extremes: Bounds) -> None:  # noqa: ARG002
        weight = torch.where(self.seen == 0, 1.0, self.momentum).to(self.lo.dtype)
        self.lo.lerp_(extremes[0].to(self.lo.dtype), weight)
        self.hi.lerp_(extremes[1].to(self.hi.dtype), weight)
