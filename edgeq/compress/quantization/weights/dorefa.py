"""DoReFa's weights. Source: Zhou and others, DoReFa-Net, arXiv 1606.06160, equation 9."""

from __future__ import annotations

import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.base import WeightCodes
from edgeq.compress.quantization.options import check_choice
from edgeq.compress.quantization.rounding import VARIANTS, codes_through
from edgeq.compress.quantization.weights.coded import CodedWeight, Parts, refuse_zeros


class DorefaWeight(CodedWeight):
    """Odd codes ``2 * round(u * N) - N`` at the scale ``1 / N``, with ``u = tanh(w) / (2 * max|tanh(w)|) + 1/2``.

    ``N = 2**bits - 1``; one scale for the layer; ties away from zero. The codes need ``bits + 1`` bits in two's
    complement and ``bits`` as encoding bipolar. No code is 0: a pruned weight is refused.
    """

    def __init__(self, weight: torch.Tensor, bits: int, where: str, *, gradient: str = "plain") -> None:
        self.top = 2**bits - 1
        super().__init__(where, -self.top, self.top)
        self.gradient = check_choice(gradient, VARIANTS, "gradient", where)
        refuse_zeros(weight, "dorefa", where)

    def parts(self, weight: torch.Tensor) -> Parts:
        """Return codes, scale and zero point of a float64 weight."""
        bent = torch.tanh(weight)
        part = bent / (2 * bent.abs().max()).clamp(min=2.0**-1000) + 0.5
        codes = codes_through(part * self.top, 0, self.top, Rounding.ties_away, self.gradient)
        scale = weight.new_tensor([1 / self.top]).float().double()
        return Parts(2 * codes - self.top, scale, torch.zeros_like(scale))

    def codes(self, weight: torch.Tensor) -> WeightCodes:
        """Return the integers behind ``forward(weight)``; raises InputError for a pruned weight."""
        refuse_zeros(weight, "dorefa", self.where)
        return super().codes(weight)
