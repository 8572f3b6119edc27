"""Bring the weights of two layers that follow each other to equal ranges, channel by channel.

With r1 the largest magnitude of the weights that make a channel and r2 that of the weights that read it,
``s = sqrt(r1 * r2) / r2``; the first layer's are divided by s, the second's multiplied. Then both have sqrt(r1 * r2).

Source: Nagel, van Baalen, Blankevoort, Welling, Data-Free Quantization Through Weight Equalization and Bias
Correction (2019), section 4.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from edgeq.compress.refinement.pairs import Made, Norm, Pair, find_pairs
from edgeq.compress.structured.follow import follow
from edgeq.compress.structured.rebuild import stored_tensors
from edgeq.compress.tracing import copied, tensors_of, trace
from edgeq.table import table

_SWEEPS, _SETTLED = 200, 1e-6
"""Passes over all pairs; the largest |log s| that ends them."""
_DEAD = 2.0**-20
"""Part of a layer's largest range below which a channel counts as dead: a factor would make its bias a giant."""


@dataclass(frozen=True)
class PairReport:
    """Two layers, and the largest range over the smallest before and after: of the channels that the first makes and
    of the channels as the second reads them; dead channels do not count.
    """

    first: str
    second: str
    channels: int
    made: tuple[float, float]
    read: tuple[float, float]


@dataclass(frozen=True)
class Equalization:
    """What was equalized, why each other layer begins no pair, and the passes it took."""

    pairs: tuple[PairReport, ...]
    reasons: Mapping[str, str]
    sweeps: int

    def __str__(self) -> str:
        rows = [[p.first, p.second, p.channels, *p.made, *p.read] for p in self.pairs]
        head = ["layer", "read by", "channels", "made, max/min", "after", "read, max/min", "after"]
        return "\n".join([table(head, rows), *(f"{name}: {why}" for name, why in self.reasons.items())])


def equalize(model: nn.Module, example_inputs: object) -> Equalization:
    """Equalize the ranges of a model's weights in place; what the model computes stays, but for rounding.

    ``example_inputs``: one array or tensor, or a tuple of them, batch first. Pairs are convolutions and linear layers
    where nothing but the second reads what the first makes, after ReLU, pools, moves, concatenation or the like. A
    batch norm right after the first is divided in place of the weight, factor and offset, and counts in the ranges
    as folded, so names and shapes stay. Pruned weights stay zero.

    Raises :class:`InputError` for the inputs, :class:`ModelError` where torch cannot trace the model.
    """
    reference = copied(model)
    traced = trace(reference, tensors_of(example_inputs, reference))
    found = find_pairs(traced, follow(traced))
    work = _Work.of(model, reference, found.pairs)
    reasons = dict(found.reasons)
    pairs = []
    for pair in found.pairs:
        tied = work.tied(pair)
        if tied:
            reasons[pair.first.layer.name] = f"'{tied}' is shared by several layers"
        else:
            pairs.append(pair)
    before = [work.spreads(pair) for pair in pairs]
    sweeps = work.settle(pairs)
    work.write()
    reports = tuple(
        PairReport(pair.first.layer.name, pair.second.layer.name, len(pair.first.layer.makes),
                   (old[0], new[0]), (old[1], new[1]))
        for pair, old in zip(pairs, before, strict=True) for new in [work.spreads(pair)])
    return Equalization(reports, reasons, sweeps)


@dataclass
class _Work:
    """A model's parameters by name, and float64 copies of those in pairs."""

    parameters: dict[str, torch.Tensor]
    shared: frozenset[int]
    values: dict[str, torch.Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, model: nn.Module, reference: nn.Module, pairs: tuple[Pair, ...]) -> _Work:
        """Copy the tensors of pairs; a weight that ``torch.nn.utils.prune`` masks is taken with its zeros."""
        stored, given = stored_tensors(model), stored_tensors(reference)
        counts = Counter(id(tensor) for tensor in stored.values())
        known = {name.removesuffix("_orig"): tensor for name, tensor in stored.items()}
        work = cls(known, frozenset(key for key, count in counts.items() if count > 1))
        for name in (name for pair in pairs for made in (pair.first, pair.second) for name in _names(made)):
            work.values[name] = given[name].detach().to("cpu", torch.float64, copy=True)
        return work

    def tied(self, pair: Pair) -> str | None:
        """Return a tensor of a pair that goes by several names, None if there is none."""
        names = (name for made in (pair.first, pair.second) for name in _names(made))
        return next((name for name in names if id(self.parameters[name]) in self.shared), None)

    def settle(self, pairs: list[Pair]) -> int:
        """Equalize pair after pair until factors stay 1; return the passes."""
        for sweep in range(1, _SWEEPS + 1):
            if max((self._scale(pair) for pair in pairs), default=0.0) < _SETTLED:
                return sweep
        return _SWEEPS

    def _scale(self, pair: Pair) -> float:
        """Equalize one pair; return the largest |log s|."""
        made, read = self.ranges(pair)
        factors = torch.where(_live(made, read), (made * read).sqrt() / read, 1.0)
        first, second, norm = pair.first.layer, pair.second.layer, pair.first.norm
        for name in _scaled(first.weight, first.bias, norm):
            self.values[name] /= _along_rows(factors, self.values[name])
        weight = self.values[second.weight]
        columns = torch.tensor(pair.columns)
        inputs = torch.where(columns >= 0, factors[columns.clamp(min=0)], 1.0)
        rows = len(weight) // second.groups
        weight *= inputs.view(second.groups, -1).repeat_interleave(rows, 0).view(*weight.shape[:2], *_ones(weight, 2))
        return float(factors.log().abs().max())

    def ranges(self, pair: Pair) -> tuple[torch.Tensor, torch.Tensor]:
        """Return r1 and r2 by channel of the first layer, with batch norms folded."""
        made = self._weight(pair.first).flatten(1).amax(1)
        weight, groups = self._weight(pair.second), pair.second.layer.groups
        inputs = weight.flatten(2).amax(2) if weight.ndim > 2 else weight
        inputs = inputs.view(groups, -1, inputs.shape[1]).amax(1).flatten()
        columns = torch.tensor(pair.columns)
        own = columns >= 0
        return made, torch.zeros_like(made).scatter_reduce(0, columns[own], inputs[own], "amax")

    def spreads(self, pair: Pair) -> tuple[float, float]:
        """Return the largest range over the smallest, of what is made and of what is read."""
        made, read = self.ranges(pair)
        live = _live(made, read)
        if not live.any():
            return 1.0, 1.0
        return float(made[live].max() / made[live].min()), float(read[live].max() / read[live].min())

    def _weight(self, made: Made) -> torch.Tensor:
        """Return the magnitudes of a layer's weight, times the gain of its batch norm."""
        weight, norm = self.values[made.layer.weight].abs(), made.norm
        if norm is None:
            return weight
        gain = (self.values[norm.variance] + norm.eps).rsqrt()
        if norm.gamma is not None:
            gain = gain * self.values[norm.gamma].abs()
        return weight * _along_rows(gain, weight)

    @torch.no_grad()
    def write(self) -> None:
        """Put the values into the model."""
        for name, values in self.values.items():
            self.parameters[name].copy_(values)


def _names(made: Made) -> list[str]:
    norm = made.norm
    return [*_scaled(made.layer.weight, made.layer.bias, None),
            *([] if norm is None else [n for n in (norm.gamma, norm.beta, norm.variance) if n is not None])]


def _scaled(weight: str, bias: str | None, norm: Norm | None) -> list[str]:
    """Return the tensors that are divided: those of the batch norm where there is one."""
    return [n for n in ((weight, bias) if norm is None else (norm.gamma, norm.beta)) if n is not None]


def _live(made: torch.Tensor, read: torch.Tensor) -> torch.Tensor:
    return (made > _DEAD * made.max()) & (read > _DEAD * read.max())


def _along_rows(factors: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return factors.view(-1, *_ones(like, 1))


def _ones(like: torch.Tensor, held: int) -> list[int]:
    return [1] * (like.ndim - held)
