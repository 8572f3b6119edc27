"""A copy of a model from which channels are being removed, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from edgeq.compress.structured.choose import Products, columns_of, products
from edgeq.compress.structured.fixed_sizes import fitted
from edgeq.compress.structured.follow import follow
from edgeq.compress.structured.groups import Group, groups_of
from edgeq.compress.structured.layers import Layer, Structure
from edgeq.compress.structured.measure import Rows, rows_of
from edgeq.compress.structured.rebuild import shrink, stored_tensors
from edgeq.compress.structured.reconstruct import output_of, refit, relative_error, without
from edgeq.compress.structured.report import GroupReport, OutputError, Pruned, Report, macs_of, parameters_of
from edgeq.compress.structured.trace import Traced, copied, tensors_of, trace
from edgeq.errors import InputError


@dataclass(frozen=True)
class Calibration:
    """Inputs to measure on, at most ``positions`` random places of each sample in a convolution's output."""

    data: tuple[torch.Tensor, ...]
    positions: int
    seed: int

    def __post_init__(self) -> None:
        if isinstance(self.positions, bool) or self.positions < 1:
            raise InputError(f"positions must be a whole number from 1 on, got {self.positions!r}")


@dataclass(frozen=True)
class Measured:
    """Rows of a group's readers by weight: in the model as it was, and as it is now."""

    before: dict[str, Rows]
    now: dict[str, Rows]


@dataclass
class Removal:
    """The copy, its structure, its tensors as they were and as they are, and what was decided."""

    model: nn.Module
    inputs: tuple[torch.Tensor, ...]
    traced: Traced
    structure: Structure
    groups: list[Group]
    before: dict[str, torch.Tensor]
    stored: dict[str, torch.Tensor]
    kept: dict[int, list[int]] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    errors: list[OutputError] = field(default_factory=list)

    @classmethod
    def of(cls, model: nn.Module, example_inputs: object) -> Removal:
        """Trace a copy of a model."""
        model = copied(model)
        inputs = tensors_of(example_inputs, model)
        traced = trace(model, inputs)
        structure = follow(traced)
        stored = {name: tensor.detach() for name, tensor in stored_tensors(model).items()}
        before = {name: tensor.clone() for name, tensor in stored.items()}
        groups = groups_of(structure)
        reasons = {index: group.reason for index, group in enumerate(groups) if group.reason}
        return cls(model, inputs, traced, structure, groups, before, stored, reasons=reasons)

    def in_reading_order(self, indices: Sequence[int]) -> list[int]:
        """Return groups in the order of the first layer that reads them."""
        order = list(self.structure.layers)
        return sorted(indices, key=lambda index: min(order.index(r.weight) for r in self.groups[index].readers))

    def measure(self, index: int, calibration: Calibration) -> Measured:
        """Return the rows of the layers that read a group."""
        readers = self.groups[index].readers
        before, now = (rows_of(self.traced, stored, calibration.data, readers, calibration.positions, calibration.seed)
                       for stored in (self.before, self.stored))
        return Measured(before, now)

    def products(self, index: int, measured: Measured) -> Products:
        """Return what the channels of a group add to the layers that read them."""
        group = self.groups[index]
        parts = [products(layer, columns_of(self.structure.units, group, layer), len(group.units),
                          *self._parameters(layer), measured.now[layer.weight], measured.before[layer.weight].y)
                 for layer in group.readers]
        return Products(torch.stack([p.g for p in parts]).sum(dim=0), torch.stack([p.q for p in parts]).sum(dim=0))

    def take(self, index: int, kept: list[int], measured: Measured | None) -> None:
        """Remove all channels of a group but these; refit the layers that read them, if rows were measured."""
        self.kept[index] = kept
        group = self.groups[index]
        for layer in group.readers:
            weight, bias = self._parameters(layer)
            columns = columns_of(self.structure.units, group, layer)
            zeroed = without(weight, layer, columns, kept)
            if measured is not None:
                zeroed, bias = self._refitted(layer, zeroed, bias, measured)
            weight.copy_(zeroed)
            if layer.bias is not None and bias is not None:
                self.stored[layer.bias].copy_(bias)

    def _refitted(
        self, layer: Layer, weight: torch.Tensor, bias: torch.Tensor | None, measured: Measured
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        now, target = measured.now[layer.weight], measured.before[layer.weight].y
        removed = self.removed()
        read = [unit not in removed for unit in self.structure.units.roots(layer.reads)]
        new, shift = refit(layer, weight, bias, read, now, target)
        gone = relative_error(output_of(layer, weight, bias, now), target)
        refitted = relative_error(output_of(layer, new, shift, now), target)
        unknowns = sum(read) // layer.groups * weight[0, 0].numel() + (bias is not None)
        self.errors.append(OutputError(layer.name, gone, refitted, len(target), unknowns))
        return new, shift

    def _parameters(self, layer: Layer) -> tuple[torch.Tensor, torch.Tensor | None]:
        return self.stored[layer.weight], None if layer.bias is None else self.stored[layer.bias]

    def removed(self) -> frozenset[int]:
        """Return the units removed so far."""
        return frozenset(unit for index, kept in self.kept.items()
                         for position, unit in enumerate(self.groups[index].units) if position not in set(kept))

    def finish(self) -> Pruned:
        """Take the removed channels out of every tensor and check the smaller model."""
        parameters, macs = parameters_of(self.model), macs_of(self.structure, self.before)
        shrink(self.model, self.structure, self.removed())
        model, smaller = fitted(self.model, self.inputs, self.traced, self.structure, self.removed())
        groups = tuple(
            GroupReport(tuple(layer.name for layer in group.makers), len(group.units),
                        tuple(self.kept.get(index, range(len(group.units)))), self.reasons.get(index))
            for index, group in enumerate(self.groups))
        after = macs_of(follow(smaller), stored_tensors(model))
        return Pruned(model, Report(groups, tuple(self.errors), (parameters, parameters_of(model)), (macs, after)))
