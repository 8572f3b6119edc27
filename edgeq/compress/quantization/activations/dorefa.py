"""DoReFa's activations. Source: Zhou and others, DoReFa-Net, arXiv 1606.06160, equation 10; micronet, dorefa."""

from __future__ import annotations

import math

import numpy as np
import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.activations.coded import fake_quant
from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.options import check_choice, check_positive
from edgeq.compress.quantization.rounding import VARIANTS
from edgeq.errors import InputError
from edgeq.scheme.activation_codes import ActivationCodes
from edgeq.scheme.presets import Preset


class DorefaActivation(ActivationQuantizer):
    """Codes ``clamp(round(x / scale), 0, N)``, ``N = 2**bits - 1``, at the scale ``1 / (factor * N)``.

    DoReFa-Net and micronet return ``round(N * clamp(factor * x, 0, 1)) / N``, which is ``factor`` times this value: one
    quantizer without a product that the integers would have to undo. A weight that was trained behind theirs is
    multiplied by ``factor``. ``factor: 1`` is DoReFa-Net's, 0.1 micronet's.
    """

    def __init__(
        self, bits: int, rules: Preset, rounding: Rounding, where: str, *, factor: float = 0.1,
        gradient: str = "saturating",
    ) -> None:
        super().__init__()
        top = 2**bits - 1
        with np.errstate(over="ignore"):  # reported below
            scale = float(np.float32(1 / (check_positive(factor, "factor", where) * top)))
        if not 0 < scale < math.inf:
            raise InputError(f"{where}: factor is {factor}, which gives the scale {scale}; use a number such as 0.1")
        self.rounding = rounding
        self.gradient = check_choice(gradient, VARIANTS, "gradient", where)
        self._codes = ActivationCodes(scale, 0, 0, top, rules.activations.rounding)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the value as its codes stand for it."""
        return fake_quant(x, self._codes, self.rounding, self.gradient)

    def codes(self) -> ActivationCodes:
        """Return scale, zero point 0 and limits."""
        return self._codes
