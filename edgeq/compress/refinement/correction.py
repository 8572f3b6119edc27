"""Take the mean error of a layer's outputs into its bias.

Source: Nagel and others, Data-Free Quantization Through Weight Equalization and Bias Correction (2019), section 4.2 and
appendix D, the empirical form: ``bias += E[float output] - E[quantized output]`` per channel. The means are taken after
the ReLU that follows, where the paper takes them before: what the ReLU cuts off does not matter.
"""

from __future__ import annotations

import torch
from torch import nn

from edgeq.compress.refinement.samples import operator_name
from edgeq.compress.refinement.walk import Visit

ROUNDS, LEAST = 3, 0.05
"""Steps of the correction, and the least slope that it believes."""


@torch.no_grad()
def correct(visit: Visit) -> float:
    """Correct the bias of a layer, or of the batch norm that it holds; return the largest correction.

    A layer without either gets a bias.
    """
    shift = correction_of(visit)
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


def correction_of(visit: Visit) -> torch.Tensor:
    """Return what to add to each channel's output, so that its mean after the ReLU is that of the float layer.

    Without a ReLU or clamp this is E[float output] - E[quantized output]; with one, Newton's step is taken ROUNDS
    times, with the part of the values that the ReLU lets through as slope. In float64.
    """
    axis = -1 if operator_name(visit.layer.call) == "linear" else 1
    wanted, got = (torch.cat([each.movedim(axis, 0).flatten(1) for each in values], dim=1)
                   for values in (visit.wanted, visit.quantized()))
    aim = visit.limit(wanted)
    total = torch.zeros(len(got), dtype=torch.float64, device=got.device)
    for _ in range(ROUNDS):
        moved = got + total.to(got)[:, None]
        limited = visit.limit(moved)
        through = ((limited == moved) | (aim == wanted)).double().mean(1)
        total += (aim.double() - limited.double()).mean(1) / through.clamp(min=LEAST)
    return total
