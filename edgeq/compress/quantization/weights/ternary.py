"""Weights -1, 0, +1. Source: Li and others, Ternary Weight Networks, arXiv 1605.04711; micronet, wbwtab."""

from __future__ import annotations

import torch

from edgeq.compress.quantization.options import check_choice, check_flag, check_positive
from edgeq.compress.quantization.rounding import VARIANTS, step_through
from edgeq.compress.quantization.scales import step_size
from edgeq.compress.quantization.weights.coded import PER, CodedWeight, Parts, along, positive, rows

RELEASE = 0.8
"""With hysteresis a weight goes back to 0 at this part of the threshold. Source: model-compression."""


class TernaryWeight(CodedWeight):
    """Codes ``sign(w)`` where ``|w| > t``, else 0, with ``t = factor * mean|w|`` of an output channel or of the layer.

    The scale is the mean of ``|w|`` over the codes that are not 0; a channel without any takes the layer's largest
    scale, so nothing is divided by zero. ``power_of_two`` takes the nearest power of two (of the logarithm).

    ``hysteresis``: ``|w| >= t`` gives -1 or +1, ``|w| <= 0.8 * t`` gives 0, and between the two a weight keeps the code
    that it had after the last ``forward`` in training mode; these codes are the buffer ``last``.

    Gradients: of the codes to w as ``gradient`` says, of the scale ``sign(w) / count`` for the weights it is made of.
    """

    last: torch.Tensor

    def __init__(
        self,
        weight: torch.Tensor,
        where: str,
        *,
        per: str = "channel",
        factor: float = 0.7,
        hysteresis: bool = False,
        power_of_two: bool = False,
        gradient: str = "plain",
    ) -> None:
        super().__init__(where, -1, 1)
        self.per = check_choice(per, PER, "per", where)
        self.factor = check_positive(factor, "factor", where)
        self.power_of_two = check_flag(power_of_two, "power_of_two", where)
        self.gradient = check_choice(gradient, VARIANTS, "gradient", where)
        self.hysteresis = check_flag(hysteresis, "hysteresis", where)
        if self.hysteresis:
            exact = weight.detach().double()
            self.register_buffer("last", _codes(exact, self._threshold(exact)).to(torch.int8))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the weight as its codes stand for it; in training mode codes are kept for the next hysteresis."""
        if self.hysteresis and self.training:
            with torch.no_grad():
                self.last.copy_(self._signs(weight.detach().double()))
        return super().forward(weight)

    def parts(self, weight: torch.Tensor) -> Parts:
        """Return codes, scale and zero point of a float64 weight."""
        signs = self._signs(weight.detach())
        held = rows(signs.abs(), self.per)
        mean = (rows(weight.abs(), self.per) * held).sum(1) / held.sum(1).clamp(min=1)
        scale = step_size(positive(mean), self.power_of_two)
        return Parts(step_through(signs, weight, self.gradient), scale, torch.zeros_like(scale.detach()))

    def _threshold(self, weight: torch.Tensor) -> torch.Tensor:
        return along(self.factor * rows(weight.abs(), self.per).mean(1), weight)

    def _signs(self, weight: torch.Tensor) -> torch.Tensor:
        threshold = self._threshold(weight)
        if not self.hysteresis:
            return _codes(weight, threshold)
        kept = torch.where(weight.abs() <= RELEASE * threshold, torch.zeros_like(weight), self.last.to(weight.dtype))
        return torch.where((weight.abs() >= threshold) & (weight != 0), torch.sign(weight), kept)


def _codes(weight: torch.Tensor, threshold: torch.Tensor) -> torch.Tensor:
    return torch.where(weight.abs() > threshold, torch.sign(weight), torch.zeros_like(weight))
