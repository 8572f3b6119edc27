"""The modules of a quantized model: layers with weights, average pools, and any other operator under its layer's name.

A layer is told, with each call, which activation quantizer made the codes of its input and which batch norm follows:
both are modules of the model, of which the layer holds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.base import ActivationQuantizer, WeightCodes, WeightQuantizer
from edgeq.compress.quantization.merging import codes_with_gain, values_of, with_gain
from edgeq.compress.quantization.norms import Norm
from edgeq.compress.quantization.rounding import rounded, through
from edgeq.errors import ModelError
from edgeq.scheme.activation_codes import ActivationCodes

Operator = Callable[..., torch.Tensor]


@dataclass(frozen=True, eq=False)
class LayerCodes:
    """Integers of a layer: those of its weight, of its bias (int64 (O,), None without one), one step of the bias."""

    weight: WeightCodes
    bias: torch.Tensor | None
    step: torch.Tensor


class Call(nn.Module):
    """One operator of the traced model with its fixed arguments."""

    def __init__(self, operator: Operator, rest: tuple[Any, ...] = (), options: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.operator, self.rest, self.options = operator, rest, options or {}

    def forward(self, *values: Any, **options: Any) -> torch.Tensor:
        """Apply the operator."""
        return self.operator(*values, *self.rest, **self.options, **options)

    def extra_repr(self) -> str:
        """Return the operator's name."""
        return str(self.operator)


class QuantizedLayer(nn.Module):
    """A convolution or a linear layer: ``weight`` quantized by ``weight_quantizer``, ``bias`` in steps of the sum.

    ``folds``: a batch norm is multiplied into the weight before that is quantized, by the statistics of the batch
    while it trains; else it follows the quantized weight, and once its statistics are fixed its gain goes into the
    scale: ``float32(scale * |gain|)``. ``transposed`` is the number of groups of a transposed convolution, else 0.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None

    def __init__(
        self, call: Call, weight: torch.Tensor, bias: torch.Tensor | None, weight_quantizer: WeightQuantizer | None,
        where: str, *, folds: bool = True, transposed: int = 0,
    ) -> None:
        super().__init__()
        self.call, self.where, self.folds, self.transposed = call, where, folds, transposed
        for name, value in (("weight", weight), ("bias", bias)):
            if isinstance(value, nn.Parameter) or value is None:
                self.register_parameter(name, value)
            else:
                self.register_buffer(name, value)
        self.weight_quantizer = weight_quantizer

    def forward(
        self, x: torch.Tensor, source: ActivationQuantizer | None = None, norm: Norm | None = None
    ) -> torch.Tensor:
        """Apply the layer; ``source`` made the codes of ``x``, ``norm`` follows."""
        if self.weight_quantizer is None:
            return self.plain(x, norm)
        if norm is not None and norm.uses_batch and not self.folds:
            normed: torch.Tensor = norm(self.call(x, self.weight_quantizer(self.weight), self.bias))
            return normed
        y: torch.Tensor = self.call(x, *self._operands(x, source, norm))
        return y

    def _operands(
        self, x: torch.Tensor, source: ActivationQuantizer | None, norm: Norm | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return weight and bias as their integers stand for them."""
        if norm is None:
            return self._rounded(self.weight, self.bias, source)
        return self._rounded(*self._folded(x, norm), source) if self.folds else self._merged(source, norm)

    def plain(self, x: torch.Tensor, norm: Norm | None = None) -> torch.Tensor:
        """Apply the layer and its batch norm with weights as they are."""
        y: torch.Tensor = self.call(x, self.weight, self.bias)
        return y if norm is None else norm(y)

    def real(self, norm: Norm | None = None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return weight and bias in float64, a batch norm that folds multiplied in by its running statistics."""
        weight, bias = self.weight.double(), None if self.bias is None else self.bias.double()
        if norm is None or not self.folds:
            return weight, bias
        gain, offset = norm.constants()
        return with_gain(weight, gain, self.transposed), offset if bias is None else bias * gain + offset

    @torch.no_grad()
    def codes(self, source: ActivationQuantizer, norm: Norm | None = None) -> LayerCodes:
        """Return the integers of the layer as it is in evaluation mode."""
        if self.weight_quantizer is None:
            raise ModelError(f"layer '{self.where}': its weights are not quantized (bits null); they have no integers")
        weight, bias = self.real(norm)
        made = self.weight_quantizer.codes(weight)
        if norm is not None and not self.folds:
            made, bias = self._with_norm(made, norm)
        step = made.scale * scale_of(source)
        return LayerCodes(made, None if bias is None else torch.round(bias.double() / step).long(), step)

    def _folded(self, x: torch.Tensor, norm: Norm) -> tuple[torch.Tensor, torch.Tensor | None]:
        if not norm.uses_batch:
            weight, bias = self.real(norm)
            return weight.to(self.weight.dtype), None if bias is None else bias.to(self.weight.dtype)
        gain, offset = norm.batch_constants(self.call(x, self.weight, None), self.bias)
        kept = self.weight.dtype
        return with_gain(self.weight, gain, self.transposed).to(kept), offset.to(kept)

    def _rounded(
        self, weight: torch.Tensor, bias: torch.Tensor | None, source: ActivationQuantizer | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        assert self.weight_quantizer is not None
        value = self.weight_quantizer(weight)
        if bias is None or source is None:
            return value, bias
        return value, in_steps(bias, self.weight_quantizer.scale(weight) * scale_of(source))

    def _merged(self, source: ActivationQuantizer | None, norm: Norm) -> tuple[torch.Tensor, torch.Tensor | None]:
        assert self.weight_quantizer is not None
        with torch.no_grad():
            made, _ = self._with_norm(self.weight_quantizer.codes(self.weight), norm)
        gain, offset = norm.constants()
        surrogate = with_gain(self.weight_quantizer(self.weight), gain.to(self.weight.dtype))
        weight = through(values_of(made).to(self.weight.dtype), surrogate)
        bias = (offset if self.bias is None else self.bias.double() * gain + offset).to(self.weight.dtype)
        return weight, bias if source is None else in_steps(bias, made.scale * scale_of(source))

    def _with_norm(self, made: WeightCodes, norm: Norm) -> tuple[WeightCodes, torch.Tensor]:
        gain, offset = norm.constants()
        bias = offset if self.bias is None else self.bias.double() * gain + offset
        return codes_with_gain(made, gain), bias


class Average(nn.Module):
    """An average pool whose result is rounded to the codes that it reads.

    ``raw`` rounds the mean of the codes, else the zero point is subtracted first.
    """

    def __init__(self, call: Call, rounding: Rounding, where: str, *, raw: bool) -> None:
        super().__init__()
        self.call, self.rounding, self.raw, self.where = call, rounding, raw, where

    def forward(self, x: torch.Tensor, source: ActivationQuantizer) -> torch.Tensor:
        """Pool ``x``, whose codes ``source`` made."""
        mean, made = self.call(x), self.codes_of(source)
        with torch.no_grad():  # of integers, so that ties are ties
            exact = self.call(torch.round(x.double() / made.scale))
            shift = made.zero_point if self.raw else 0
            steps = rounded(exact + shift, self.rounding) - shift
            value = steps.clamp(made.lo - made.zero_point, made.hi - made.zero_point) * made.scale
        return through(value.to(mean.dtype), mean)

    def codes_of(self, source: ActivationQuantizer) -> ActivationCodes:
        """Return the codes that are averaged; raises ModelError for binary values, whose means have none."""
        made = source.codes()
        if made is None:
            raise ModelError(f"layer '{self.where}': it averages binary values; give these more bits")
        return made


def scale_of(source: ActivationQuantizer) -> float:
    """Return the scale of a quantizer's codes; binary values are their own codes."""
    made = source.codes()
    return 1.0 if made is None else made.scale


def in_steps(bias: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """Return ``round(bias / step) * step``, ties to even, in float64; its gradient is the bias' own."""
    step = step.to(bias.device)
    return through((torch.round(bias.detach().double() / step) * step).to(bias.dtype), bias)


