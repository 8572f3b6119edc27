"""What every quantizer of weights and of activations offers to the layers, and to the program that lowering reads."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import nn

from edgeq.scheme.activation_codes import ActivationCodes


@dataclass(frozen=True, eq=False)
class WeightCodes:
    """Integers of a weight: ``real = scale * (codes - zero_point)`` along dimension 0.

    ``codes``: int64, the weight's shape. ``scale``: float64 (O,) or (1,), each a float32 number. ``zero_point``: int64
    like ``scale``. ``lo`` and ``hi``: the limits of codes. ``codebook``: int64 (K,) or (O, K) that holds every code,
    with ``indices`` into it, int64 of the weight's shape; None where weights are not drawn from a table.
    """

    codes: torch.Tensor
    scale: torch.Tensor
    zero_point: torch.Tensor
    lo: int
    hi: int
    codebook: torch.Tensor | None = None
    indices: torch.Tensor | None = None


class WeightQuantizer(nn.Module):
    """Round a weight, outputs first, to what its codes stand for; gradients go straight through as its kind says.

    ``forward(weight)`` returns ``scale * (codes - zero_point)`` in the weight's dtype, in float64 exactly so.
    ``method`` and ``asked_bits`` are what the configuration says.
    """

    method = ""
    asked_bits = 0

    def extra_repr(self) -> str:
        """Return what the configuration says, for ``print``."""
        return f"{self.method}, bits={self.asked_bits}"

    @abstractmethod
    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the weight as its codes stand for it, shape and dtype as given."""

    @abstractmethod
    def codes(self, weight: torch.Tensor) -> WeightCodes:
        """Return the integers behind ``forward(weight)``."""

    def scale(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the scale of ``codes``, (O,) or (1,), without a gradient: that of the bias' steps needs it."""
        return self.codes(weight).scale


class ActivationQuantizer(nn.Module):
    """Round a value to what its codes stand for.

    In training mode, or while ``observing`` is set (calibration), ``forward`` updates the range or the step. A frozen
    quantizer keeps both; ``frozen`` is a buffer, so that a resumed one stays frozen. ``method`` and ``asked_bits`` are
    what the configuration says.
    """

    frozen: torch.Tensor
    method = ""
    asked_bits = 0

    def __init__(self) -> None:
        super().__init__()
        self.observing = False
        self.register_buffer("frozen", torch.tensor(False))

    def extra_repr(self) -> str:
        """Return what the configuration says, and whether the quantizer is frozen, for ``print``."""
        return f"{self.method}, bits={self.asked_bits}{', frozen' * bool(self.frozen)}"

    def freeze(self, frozen: bool = True) -> None:
        """Keep range and step from now on, or no longer."""
        self.frozen.fill_(frozen)

    def updates(self) -> bool:
        """Tell whether ``forward`` updates what the codes come from."""
        return (self.training or self.observing) and not bool(self.frozen)

    @abstractmethod
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the value as its codes stand for it, shape and dtype as given."""

    @abstractmethod
    def codes(self) -> ActivationCodes | None:
        """Return scale (a float32 number), zero point and limits; None for binary activations, which are -1 and +1."""
