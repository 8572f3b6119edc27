"""Choose which channels stay, by what the next layers make of them.

Channel c adds Z_c = X_c W_c to a layer's outputs Y. With G[c, d] = <Z_c, Z_d> and q[c] = <Z_c, Y>, the squared error of
a choice S is |Y|^2 - 2 sum_S q + sum_SS G, so the rows themselves are needed once only.

Sources of the methods: greedy, Luo et al., ThiNet (2017), applied as a removal; lasso, He et al., Channel Pruning for
Accelerating Very Deep Neural Networks (2017).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from edgeq.compress.structured.groups import Group
from edgeq.compress.structured.layers import Layer
from edgeq.compress.structured.measure import Rows
from edgeq.compress.structured.units import Units

Array = np.ndarray[Any, Any]

_PENALTIES, _FALL, _SWEEPS, _SETTLED = 200, 0.95, 50, 1e-4
"""Penalties tried, each times the one before; sweeps for each; the change of a factor that ends them."""

METHODS = ("greedy", "lasso", "random", "l1", "l2")


@dataclass(frozen=True)
class Products:
    """G (channels, channels) and q (channels) of the layers that read a group, summed."""

    g: torch.Tensor
    q: torch.Tensor


def columns_of(units: Units, group: Group, layer: Layer) -> list[int | None]:
    """Return the channel of the group, by position, that each input channel of a layer holds."""
    position = {unit: index for index, unit in enumerate(group.units)}
    return [position.get(unit) for unit in units.roots(layer.reads)]


def products(
    layer: Layer, columns: Sequence[int | None], channels: int, weight: torch.Tensor, bias: torch.Tensor | None,
    now: Rows, target: torch.Tensor,
) -> Products:
    """Return the products of one layer: ``now`` are its rows as they are, ``target`` the outputs it should have."""
    area = weight[0, 0].numel()
    owner = torch.tensor([-1 if c is None else c for c in columns]).repeat_interleave(area)
    wanted = target if bias is None else target - bias.double().cpu()
    g, q = torch.zeros(channels, channels, dtype=torch.float64), torch.zeros(channels, dtype=torch.float64)
    for inputs, outputs in slices(layer, weight):
        w, x, own = weight[outputs].flatten(1).double().cpu(), now.x[:, inputs], owner[inputs]
        mine = own >= 0
        rest = wanted[:, outputs] - x[:, ~mine] @ w[:, ~mine].T
        x, w, spread = x[:, mine], w[:, mine], torch.eye(channels, dtype=torch.float64)[own[mine]]
        g += spread.T @ ((x.T @ x) * (w.T @ w)) @ spread
        q += spread.T @ ((x.T @ rest) * w.T).sum(dim=1)
    return Products(g, q)


def slices(layer: Layer, weight: torch.Tensor) -> list[tuple[slice, slice]]:
    """Return the inputs and outputs that belong together: one pair for each group of a convolution."""
    width, made = weight[0].numel(), weight.shape[0] // layer.groups
    return [(slice(k * width, (k + 1) * width), slice(k * made, (k + 1) * made)) for k in range(layer.groups)]


def chosen(method: str, group: Group, kept: int, found: Products | None, norms: torch.Tensor, seed: int) -> list[int]:
    """Return the positions of the channels that stay, ascending, equally many of each run."""
    share = kept // group.base
    if method == "greedy" and found is not None:
        return _greedy(group.runs(), share, found)
    if method == "lasso" and found is not None:
        return largest(_lasso(found, kept), group.runs(), share)
    if method == "random":
        generator = torch.Generator().manual_seed(seed)
        return largest(torch.rand(len(group.units), generator=generator).tolist(), group.runs(), share)
    return largest(norms.tolist(), group.runs(), share)


def largest(scores: Sequence[float], runs: Sequence[range], share: int) -> list[int]:
    """Return the positions of the largest scores of each run; of equal ones the first stays.

    >>> largest([1.0, 3.0, 2.0, 5.0, 5.0, 5.0], [range(0, 3), range(3, 6)], 2)
    [1, 2, 3, 4]
    """
    return sorted(i for run in runs for i in sorted(run, key=lambda i: -scores[i])[:share])


def _greedy(runs: Sequence[range], share: int, found: Products) -> list[int]:
    """Remove, one at a time, the channel whose removal adds least to the squared error."""
    kept = [list(run) for run in runs]
    inside = torch.ones(len(found.q), dtype=torch.float64)
    for _ in range(sum(len(run) - share for run in kept)):
        added = found.g.diagonal() + 2 * found.q - 2 * (found.g @ inside)
        _, worst, run = min((float(added[i]), -i, run) for run in kept if len(run) > share for i in run)
        run.remove(-worst)
        inside[-worst] = 0
    return sorted(i for run in kept for i in run)


def _lasso(found: Products, kept: int) -> list[float]:
    """Return scores: channels still used when a rising penalty leaves ``kept`` of them, by what they add.

    Minimizes |Y - sum b_c Z_c|^2 / 2 + penalty * sum |b_c| by coordinate descent, with penalties that fall from where
    all b are 0; a channel whose b stays 0 scores below all others.
    """
    g, q = found.g.numpy(), found.q.numpy()
    b, pulls = np.zeros_like(q), q.copy()  # pulls = q - g b
    penalty = float(np.abs(q).max())
    for _ in range(_PENALTIES):
        penalty *= _FALL
        for _ in range(_SWEEPS):
            if _sweep(g, b, pulls, penalty) < _SETTLED:
                break
        if np.count_nonzero(b) >= kept:
            break
    power = np.sqrt(np.maximum(g.diagonal(), 0))
    unused = power / (float(power.sum()) or 1.0) - 1
    scores: list[float] = np.where(b != 0, np.abs(b) * power, unused).tolist()
    return scores


def _sweep(g: Array, b: Array, pulls: Array, penalty: float) -> float:
    """Set each b in turn to its best value, the others given; return the largest change."""
    largest_change = 0.0
    for c, own in enumerate(g.diagonal().tolist()):
        if own <= 0:
            continue
        pull = float(pulls[c]) + own * float(b[c])
        change = max(abs(pull) - penalty, 0) / own * (1 if pull > 0 else -1) - float(b[c])
        if change:
            b[c] += change
            pulls -= g[c] * change
            largest_change = max(largest_change, abs(change))
    return largest_change


def norms_of(units: Units, group: Group, stored: Mapping[str, torch.Tensor], method: str) -> torch.Tensor:
    """Return the l1 norm of the weights that make each channel, or for l2 the squared norm, summed over the layers."""
    position = {unit: index for index, unit in enumerate(group.units)}
    total = torch.zeros(len(group.units), dtype=torch.float64)
    for layer in group.makers:
        weight = stored[layer.weight].detach().double().flatten(1).cpu()
        sizes = weight.abs().sum(dim=1) if method == "l1" else weight.square().sum(dim=1)
        total.index_add_(0, torch.tensor([position[unit] for unit in units.roots(layer.makes)]), sizes)
    return total
