"""Take the removed channels out of every tensor of a model."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from edgeq.compress.structured.layers import Layer, Structure

Removed = frozenset[int]
"""Roots of the units that are removed."""


def stored_tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return parameters and buffers by qualified name; a shared one goes by all its names."""
    return {**dict(model.named_parameters(remove_duplicate=False)), **dict(model.named_buffers(remove_duplicate=False))}


def shrink(model: nn.Module, structure: Structure, removed: Removed) -> None:
    """Replace the tensors of a model by smaller ones and set the sizes that its modules state."""
    stored = stored_tensors(model)
    smaller: dict[int, torch.Tensor] = {}
    for name in structure.tensors:
        if name in stored:
            values = _selected(stored[name].detach(), name, structure, removed)
            if values.shape != stored[name].shape:
                smaller[id(stored[name])] = values.clone()
    parts = {id(stored[name]): layer for name, layer in structure.layers.items() if name in stored}
    for module in model.modules():
        layer = next((parts[id(p)] for p in module._parameters.values() if id(p) in parts), None)
        _replace(module, smaller)
        _state_sizes(module, layer)


def _selected(values: torch.Tensor, name: str, structure: Structure, removed: Removed) -> torch.Tensor:
    layer = structure.layers.get(name)
    if layer is not None and layer.groups > 1 and not layer.depthwise:
        values = _within_groups(values, layer, structure, removed)
    for axis, labels in structure.tensors[name].items():
        kept = [i for i, unit in enumerate(structure.units.roots(labels)) if unit not in removed]
        if len(kept) < len(labels):
            values = values.index_select(axis, torch.tensor(kept, device=values.device))
    return values


def _within_groups(values: torch.Tensor, layer: Layer, structure: Structure, removed: Removed) -> torch.Tensor:
    """Remove the inputs of each group of a convolution: they are other ones in each."""
    reads = structure.units.roots(layer.reads)
    width, made = values.shape[1], values.shape[0] // layer.groups
    parts = []
    for k in range(layer.groups if reads else 0):
        kept = [j for j in range(width) if reads[k * width + j] not in removed]
        parts.append(values[k * made : (k + 1) * made][:, kept])
    return torch.cat(parts) if parts else values


def _replace(module: nn.Module, smaller: Mapping[int, torch.Tensor]) -> None:
    for name, parameter in module._parameters.items():
        if id(parameter) in smaller and parameter is not None:
            module._parameters[name] = nn.Parameter(smaller[id(parameter)], parameter.requires_grad)
    for name, buffer in module._buffers.items():
        if id(buffer) in smaller:
            module._buffers[name] = smaller[id(buffer)]


def _state_sizes(module: nn.Module, layer: Layer | None) -> None:
    """Bring the numbers that a module keeps about its tensors up to date."""
    if isinstance(module, nn.modules.conv._ConvNd) and layer is not None:
        if layer.depthwise:
            module.groups = module.weight.shape[0] * module.groups // module.out_channels
        module.out_channels = module.weight.shape[0]
        module.in_channels = module.weight.shape[1] * module.groups
    elif isinstance(module, nn.Linear):
        module.out_features, module.in_features = module.weight.shape
    elif isinstance(module, nn.modules.batchnorm._BatchNorm):
        first = next((t for t in (module.weight, module.running_mean) if t is not None), None)
        module.num_features = module.num_features if first is None else len(first)
    elif isinstance(module, nn.PReLU):
        module.num_parameters = len(module.weight)
