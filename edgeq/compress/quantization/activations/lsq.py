"""Activations whose step is learned. Source: Esser and others, Learned Step Size Quantization, arXiv 1902.08153."""

from __future__ import annotations

import math

import torch
from torch import nn

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.activations.coded import at_least_float32
from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.options import check_choice, check_flag, check_whole
from edgeq.compress.quantization.rounding import VARIANTS, codes_through
from edgeq.compress.quantization.scales import learned_step
from edgeq.errors import CalibrationError
from edgeq.scheme.activation_codes import ActivationCodes
from edgeq.scheme.presets import Preset


class LsqActivation(ActivationQuantizer):
    """Codes ``clamp(round(x / s), lo, hi)``, zero point 0, of the learned ``s = |step|``.

    The first ``batches`` that are not all zero give the step its start, ``2 * mean|x| / sqrt(hi)``, and say whether
    codes are 0..2**bits - 1, as nothing negative was seen, or signed; ``signed`` says so beforehand. Gradients are
    those of :class:`LsqWeight`, with n the number of values of one sample.
    """

    step: nn.Parameter
    seen: torch.Tensor
    mean: torch.Tensor
    lowest: torch.Tensor

    def __init__(
        self,
        bits: int,
        rules: Preset,
        rounding: Rounding,
        where: str,
        *,
        signed: bool | None = None,
        batches: int = 1,
        power_of_two: bool = False,
        gradient: str = "saturating",
    ) -> None:
        super().__init__()
        self.bits, self.rounding, self.where = bits, rounding, where
        self.host_rounding = rules.activations.rounding
        self.signed = None if signed is None else check_flag(signed, "signed", where)
        self.batches = check_whole(batches, "batches", where)
        self.power_of_two = check_flag(power_of_two, "power_of_two", where)
        self.gradient = check_choice(gradient, VARIANTS, "gradient", where)
        self.step = nn.Parameter(torch.tensor(1.0))
        self.register_buffer("seen", torch.tensor(0))
        for name in ("mean", "lowest"):
            self.register_buffer(name, torch.tensor(0.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the value as its codes stand for it; zeros stay what they are until something else was seen."""
        real = at_least_float32(x)
        if self.updates() and int(self.seen) < self.batches:
            self._start(real.detach())
            if int(self.seen) == 0:
                return x
        lo, hi = self.limits()
        step = self.step.detach() if bool(self.frozen) else self.step
        values = max(real[:1].numel(), 1)
        scale = learned_step(step, 1 / math.sqrt(values * hi), self.power_of_two).to(real.dtype)
        return (codes_through(real / scale, lo, hi, self.rounding, self.gradient) * scale).to(x.dtype)

    def codes(self) -> ActivationCodes:
        """Return scale and limits; raises CalibrationError before anything but zeros was seen."""
        with torch.no_grad():
            scale = float(learned_step(self.step, 1.0, self.power_of_two))
        return ActivationCodes(scale, 0, *self.limits(), self.host_rounding)

    def limits(self) -> tuple[int, int]:
        """Return the lowest and the highest code; raises CalibrationError before anything but zeros was seen."""
        if int(self.seen) == 0:
            raise CalibrationError(f"{self.where}: no data but zeros were seen yet; train or calibrate first")
        signed = float(self.lowest) < 0 if self.signed is None else self.signed
        return (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1) if signed else (0, (1 << self.bits) - 1)

    def _start(self, x: torch.Tensor) -> None:
        """Take a batch into account for sign and first step; raises CalibrationError for NaN and infinity."""
        mean = x.double().abs().mean() if x.numel() else torch.tensor(0.0)
        if not torch.isfinite(mean):
            raise CalibrationError(f"{self.where}: the value holds NaN or infinity; check data and training")
        if float(mean) == 0.0:
            return
        with torch.no_grad():
            self.mean += (mean - self.mean) / (self.seen + 1)
            self.lowest.copy_(torch.minimum(self.lowest, x.min()))
            self.seen += 1
            self.step.copy_(2 * self.mean / math.sqrt(self.limits()[1]))
