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
from edgeq.compress.structured.measure import Rows, check_measurable, rows_of
from edgeq.compress.structured.rebuild import shrink, stored_tensors
from edgeq.compress.structured.reconstruct import output_of, refit, relative_error, without
from edgeq.compress.structured.report import GroupReport, OutputError, Pruned, Report, macs_of, parameters_of
from edgeq.compress.tracing import Traced, copied, tensors_of, trace
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
    errors: dict[str, OutputError] = field(default_factory=dict)
    """By the weight's name."""
    refits: list[str] = field(default_factory=list)
    """Weights in the order in which they were refitted."""

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

    def measure(self, layers: Sequence[Layer], calibration: Calibration) -> Measured:
        """Return the rows of layers. Raises InputError for a layer that cannot be measured."""
        check_measurable(layers)
        before, now = (rows_of(self.traced, stored, calibration.data, layers, calibration.positions, calibration.seed)
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
        for layer in self.groups[index].readers:
            columns = columns_of(self.structure.units, self.groups[index], layer)
            weight, _ = self._parameters(layer)
            weight.copy_(without(weight, layer, columns, kept))
            if measured is not None:
                self._refit(layer, measured)

    def settle(self, calibration: Calibration) -> None:
        """Refit once more, in the order of the calls, where a layer may have been refitted before what it reads was."""
        order = list(self.structure.layers)
        turns = [order.index(weight) for weight in self.refits]
        if turns == sorted(turns) and all(len(self.groups[index].readers) == 1 for index in self.kept):
            return
        for turn in sorted(set(turns)):
            layer = self.structure.layers[order[turn]]
            self._refit(layer, self.measure([layer], calibration))

    def _refit(self, layer: Layer, measured: Measured) -> None:
        weight, bias = self._parameters(layer)
        now, target = measured.now[layer.weight], measured.before[layer.weight].y
        removed = self.removed()
        read = [unit not in removed for unit in self.structure.units.roots(layer.reads)]
        new, shift = refit(layer, weight, bias, read, now, target)
        gone = relative_error(output_of(layer, weight, bias, now), target)
        refitted = relative_error(output_of(layer, new, shift, now), target)
        unknowns = sum(read) // layer.groups * weight[0, 0].numel() + (bias is not None)
        if layer.weight in self.errors:
            gone = max(gone, self.errors[layer.weight].removed)
        self.errors[layer.weight] = OutputError(layer.name, gone, refitted, len(target), unknowns)
        self.refits.append(layer.weight)
        weight.copy_(new)
        if bias is not None and shift is not None:
            bias.copy_(shift)

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
        errors, sizes = tuple(self.errors.values()), (parameters, parameters_of(model))
        return Pruned(model, Report(groups, errors, sizes, (macs, after)))
