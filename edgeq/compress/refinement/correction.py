"""Take the mean error of a layer's outputs into its bias.

Source: Nagel and others, Data-Free Quantization Through Weight Equalization and Bias Correction (2019), section 4.2 and
appendix D, the empirical form: ``bias += E[float output] - E[quantized output]`` per channel, before the ReLU.
"""

from __future__ import annotations

import torch
from torch import nn

from edgeq.compress.refinement.samples import operator_name
from edgeq.compress.refinement.walk import Visit


@torch.no_grad()
def correct(visit: Visit) -> float:
    """Correct the bias of a layer, or of the batch norm that it holds; return the largest correction.

    A layer without either gets a bias.
    """
    shift = mean_error(visit)
    layer, norm = visit.layer, visit.norm
    if norm is not None and norm.bias is not None:
        norm.bias += shift.to(norm.bias)
        return float(shift.abs().max())
    own = shift if norm is None else shift / norm.constants()[0]
    if layer.bias is None:
        layer.bias = nn.Parameter(own.to(layer.weight))
    else:
        layer.bias += own.to(layer.bias)
    return float(shift.abs().max())


def mean_error(visit: Visit) -> torch.Tensor:
    """Return E[float output] - E[quantized output] by channel, in float64."""
    axis = -1 if operator_name(visit.layer.call) == "linear" else 1
    total: torch.Tensor = torch.zeros((), dtype=torch.float64)
    count = 0
    for wanted, got in zip(visit.wanted, visit.quantized(), strict=True):
        missing = (wanted.double() - got.double()).movedim(axis, 0).flatten(1)
        total, count = total.to(missing.device) + missing.sum(1), count + missing.shape[1]
    return total / count
