"""Improve a quantized model on calibration data, layer by layer in the order in which they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.fx import GraphModule

from edgeq.compress.quantization.config import Reconstruct
from edgeq.compress.quantization.layers import QuantizedLayer
from edgeq.compress.quantization.merging import values_of
from edgeq.compress.quantization.weights.lsq import LsqWeight
from edgeq.compress.quantization.weights.uniform import UniformWeight
from edgeq.compress.refinement.correction import correct
from edgeq.compress.refinement.fixed import FixedCodes
from edgeq.compress.refinement.learning import Target, learned
from edgeq.compress.refinement.samples import FOLLOWED, operator_name, samples_of
from edgeq.compress.refinement.walk import Visit, walk
from edgeq.compress.tracing import tensors_of
from edgeq.errors import CalibrationError, InputError
from edgeq.table import table

_CHUNK = 64


@dataclass(frozen=True)
class LayerReport:
    """Squared error of a layer's outputs over their power, with nearest and with learned rounding, and how many codes
    that changed, None where no rounding was learned; the largest correction of the bias, None without one.
    """

    layer: str
    nearest: float | None
    learned: float | None
    changed: int | None
    shift: float | None


@dataclass(frozen=True)
class Refinement:
    """What was done to each layer."""

    layers: tuple[LayerReport, ...]

    def __str__(self) -> str:
        head = ["layer", "error, nearest", "learned", "codes changed", "largest correction"]
        return table(head, [[r.layer, r.nearest, r.learned, r.changed, r.shift] for r in self.layers])


def refine(
    model: nn.Module, calibration: object, bias_correction: bool = True, reconstruct: Reconstruct | None = None
) -> Refinement:
    """Improve a calibrated model of ``quantize`` in place and report.

    ``reconstruct`` learns the rounding of the weights, whose codes are then fixed; ``bias_correction`` corrects
    biases. ``calibration``: arrays as the model takes them, batch first. Layers that are called more than once are
    left alone; roundings are learned for uniform and lsq weights of linear layers and of convolutions that are not
    transposed.

    Raises :class:`InputError` for a model that ``quantize`` did not make, :class:`CalibrationError` for no data.
    """
    if not isinstance(model, GraphModule) or not any(isinstance(m, QuantizedLayer) for m in model.modules()):
        raise InputError(f"refine: the model is a {type(model).__name__}, expected what compress.quantize returns")
    data = _batches(calibration, model)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        return Refinement(tuple(_refined(visit, bias_correction, reconstruct) for visit in walk(model, data)
                                if visit.layer.weight_quantizer is not None))
    finally:
        for module, mode in modes:
            module.training = mode


def _refined(visit: Visit, bias_correction: bool, reconstruct: Reconstruct | None) -> LayerReport:
    errors: tuple[float | None, float | None, int | None] = (None, None, None)
    if reconstruct is not None and _learns(visit.layer):
        errors = _reconstruct(visit, reconstruct)
    shift = correct(visit) if bias_correction else None
    return LayerReport(visit.layer.where, *errors, shift)


def _learns(layer: QuantizedLayer) -> bool:
    return isinstance(layer.weight_quantizer, UniformWeight | LsqWeight) and operator_name(layer.call) in FOLLOWED


@torch.no_grad()
def _reconstruct(visit: Visit, options: Reconstruct) -> tuple[float, float, int]:
    """Learn the rounding of a layer, and fix its codes."""
    layer, norm = visit.layer, visit.norm
    assert layer.weight_quantizer is not None
    weight, bias = layer.real(norm)
    near = layer.weight_quantizer.codes(weight)
    samples = samples_of(visit, torch.Generator().manual_seed(options.seed))
    factor = torch.ones(len(weight), dtype=torch.float64, device=weight.device)
    offset = torch.zeros_like(factor) if bias is None else bias
    if norm is not None and not layer.folds:
        factor, shift = norm.constants()
        offset = offset * factor + shift
    target = Target(samples, factor.to(samples.x), offset.to(samples.x), visit.limit)
    made = learned(weight, near, target, options)
    layer.weight_quantizer = FixedCodes(made)
    errors = [target.error(values_of(each).flatten(1).to(samples.x)) for each in (near, made)]
    return errors[0], errors[1], int((made.codes != near.codes).sum())


def _batches(calibration: object, model: nn.Module) -> Sequence[tuple[torch.Tensor, ...]]:
    tensors = tensors_of(calibration, model)
    if not tensors or any(len(each) != len(tensors[0]) for each in tensors):
        raise CalibrationError(f"refine: the inputs have {', '.join(str(len(each)) for each in tensors)} samples, "
                               "expected as many of each")
    if not all(torch.isfinite(each).all() for each in tensors):
        raise CalibrationError("refine: the calibration data hold NaN or infinity")
    return list(zip(*(torch.split(each, _CHUNK) for each in tensors), strict=True))
