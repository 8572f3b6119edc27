"""Weights of one bit. Source: Rastegari and others, XNOR-Net, arXiv 1603.05279; micronet, wbwtab."""

from __future__ import annotations

import torch

from edgeq.compress.quantization.base import WeightCodes
from edgeq.compress.quantization.options import check_choice, check_flag
from edgeq.compress.quantization.rounding import VARIANTS, sign_through
from edgeq.compress.quantization.scales import step_size
from edgeq.compress.quantization.weights.coded import PER, CodedWeight, Parts, refuse_zeros, rows
from edgeq.errors import InputError


class BinaryWeight(CodedWeight):
    """Codes ``sign(w)``, +1 for 0, at the scale ``mean|w|`` of each output channel or of the layer.

    ``center`` subtracts the mean over input channels first and ``clip`` limits to [-1, 1] then; ``scaled: false`` has
    the scale 1; ``power_of_two`` takes the nearest power of two (of the logarithm). A channel of zeros gets the layer's
    largest scale over 4096, since a scale must be above 0. A pruned weight is refused: no code is 0.

    Gradients: of the codes to w as ``gradient`` says, of the scale ``sign(w) / n``, of ``clip`` 0 outside.
    """

    def __init__(
        self,
        weight: torch.Tensor,
        where: str,
        *,
        per: str = "channel",
        scaled: bool = True,
        center: bool = False,
        clip: bool = False,
        power_of_two: bool = False,
        gradient: str = "plain",
    ) -> None:
        super().__init__(where, -1, 1)
        self.per = check_choice(per, PER, "per", where)
        self.scaled, self.center = check_flag(scaled, "scaled", where), check_flag(center, "center", where)
        self.clip = check_flag(clip, "clip", where)
        self.power_of_two = check_flag(power_of_two, "power_of_two", where)
        self.gradient = check_choice(gradient, VARIANTS, "gradient", where)
        refuse_zeros(weight, "binary", where)
        if self.center and (weight.ndim < 2 or weight.shape[1] == 1):
            raise InputError(f"{where}: center subtracts the mean over input channels and there is one per group, so "
                             "nothing would be left; leave center out for this layer")

    def parts(self, weight: torch.Tensor) -> Parts:
        """Return codes, scale and zero point of a float64 weight."""
        if self.center:
            weight = weight - weight.mean(1, keepdim=True)
        if self.clip:
            weight = weight.clamp(-1.0, 1.0)
        scale = self._scale(rows(weight, self.per).abs())
        return Parts(sign_through(weight, self.gradient), scale, torch.zeros_like(scale.detach()))

    def codes(self, weight: torch.Tensor) -> WeightCodes:
        """Return the integers behind ``forward(weight)``; raises InputError for a pruned weight."""
        refuse_zeros(weight, "binary", self.where)
        return super().codes(weight)

    def _scale(self, sizes: torch.Tensor) -> torch.Tensor:
        mean = sizes.mean(1)
        if not self.scaled:
            return torch.ones_like(mean.detach())
        largest = mean.detach().max()
        least = torch.where(largest > 0, largest, torch.ones_like(largest)) / 4096
        return step_size(torch.maximum(mean, least), self.power_of_two)
