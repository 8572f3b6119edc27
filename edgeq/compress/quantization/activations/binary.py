"""Activations -1 and +1. Source: Courbariaux and others, Binarized Neural Networks, arXiv 1602.02830; micronet."""

from __future__ import annotations

import torch

from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.options import check_choice
from edgeq.compress.quantization.rounding import VARIANTS, sign_through


class BinaryActivation(ActivationQuantizer):
    """+1 where ``x >= 0``, else -1; the gradient is 1 for ``|x| < 1`` unless ``gradient`` says otherwise."""

    def __init__(self, where: str, *, gradient: str = "saturating") -> None:
        super().__init__()
        self.gradient = check_choice(gradient, VARIANTS, "gradient", where)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the signs, shape and dtype as given."""
        return sign_through(x, self.gradient)

    def codes(self) -> None:
        """Return None: the program of a sign has no scale."""
