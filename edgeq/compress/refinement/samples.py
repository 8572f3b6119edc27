"""Take rows of numbers where a quantized layer reads, and what the float layer gives there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from edgeq.compress.quantization.layers import Call
from edgeq.compress.refinement.walk import Visit
from edgeq.compress.structured.measure import patches_of

POSITIONS = 16
"""Random places of each sample that are looked at in a convolution's result."""
FOLLOWED = ("linear", "conv1d", "conv2d")


@dataclass(frozen=True)
class Samples:
    """``x`` (rows, groups, inputs of a product) as the quantized model has them, ``y`` (rows, outputs) as wanted."""

    x: torch.Tensor
    y: torch.Tensor


def operator_name(call: Call) -> str:
    """Return the name of a layer's operator."""
    return str(call.operator._schema.name).removeprefix("aten::")  # type: ignore[attr-defined]


def samples_of(visit: Visit, generator: torch.Generator) -> Samples:
    """Return the rows of a layer whose operator is one of FOLLOWED."""
    call, weight = visit.layer.call, visit.layer.weight
    parts = []
    for x, y in zip(visit.given, visit.wanted, strict=True):
        if operator_name(call) == "linear":
            parts.append((x.reshape(-1, 1, x.shape[-1]), y.reshape(-1, y.shape[-1])))
            continue
        args = _arguments(call)
        patches, y = patches_of(x, list(weight.shape[2:]), args), y.flatten(2)
        places = torch.randperm(y.shape[2], generator=generator)[:POSITIONS].to(y.device)
        patches, y = patches[:, :, places].transpose(1, 2), y[:, :, places].transpose(1, 2)
        parts.append((patches.reshape(-1, int(args["groups"]), weight[0].numel()), y.flatten(0, 1)))
    return Samples(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _arguments(call: Call) -> dict[str, Any]:
    """Return a convolution's arguments by name, defaults included."""
    declared = call.operator._schema.arguments  # type: ignore[attr-defined]
    found = {item.name: item.default_value for item in declared}
    found |= {item.name: value for item, value in zip(declared[3:], call.rest, strict=False)}
    return found | call.options
