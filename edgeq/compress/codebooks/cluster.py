"""Replace the weights of a model by values of small tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from edgeq.arith.types import Rounding
from edgeq.compress.codebooks import tables as kinds
from edgeq.compress.codebooks.clustered import Clustered, ClusteredWeight, as_rows, from_rows
from edgeq.compress.codebooks.line import Places, Reals, nearest
from edgeq.compress.codebooks.rules import ClusterRule, ClusterRules, make_cluster_rules
from edgeq.compress.pruning.masks import given_importance
from edgeq.compress.pruning.weights import Weight, bake, find_weights
from edgeq.compress.rules import match
from edgeq.errors import InputError


def cluster(model: torch.nn.Module, rules: ClusterRules) -> Clustered:
    """Replace each weight that a rule holds for by the nearest value of its table, in place; see `ClusterRule`.

    Masks of ``torch.nn.utils.prune`` are made permanent first. Types and devices stay; the values of a table are
    numbers of the weight's type. A tied weight is clustered once.

    Raises InputError for a wrong rule, one that matches nothing, and weights that are not finite; the weights are as
    they were then. Source: Han, Mao and Dally, "Deep Compression", arXiv 1510.00149, section 3.

    >>> model = torch.nn.Linear(4, 1)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[2.0, 0.0, 1.5, -3.0]]))
    >>> print(cluster(model, {"pattern": "weight", "values": 3, "init": "linear"}))
    weight  shape  parameters  values  index bits  table bits  entropy  RMS error
    weight  1x4             4       3           8          96      1.5   0.176777
    total                   4       -           8          96        -          -
    >>> model.weight.tolist()
    [[1.75, 0.0, 1.75, -3.0]]
    """
    made = make_cluster_rules(rules)
    weights = find_weights(model)
    found = {w.name: cluster_weight(w, rule) for rule, chosen in match(weights, made) for w in chosen}
    bake(model)
    for weight in find_weights(model):
        if weight.name in found:
            _write(weight, found[weight.name])
    return Clustered(tuple(found[w.name] for w in weights if w.name in found))


def cluster_weight(weight: Weight, rule: ClusterRule) -> ClusteredWeight:
    """Return the table and the indices of one weight, which stays as it is; raises InputError."""
    values = weight.values()
    rows = as_rows(weight, values, _row_count(weight, rule))
    found = find_tables(rows, rule, weight.name, _importance(weight, rule, len(rows)))
    centroids = found.filled().to(values.dtype)
    return ClusteredWeight(
        weight.name, rule.method, centroids[0] if rule.per == "tensor" else centroids, tuple(map(len, found.tables)),
        from_rows(weight, torch.from_numpy(found.places)), rule.fix_zeros, found.squared_error,
        rule.bits if rule.method == "fixed_point" else None)


@dataclass(frozen=True, eq=False)
class Found:
    """The table of each row of values, and the places in it: int64 (rows, values)."""

    tables: tuple[Reals, ...]
    places: Places
    squared_error: float

    def filled(self) -> torch.Tensor:
        """Return the tables as one, float64; a shorter row is filled up with its last value."""
        most = max(map(len, self.tables))
        return torch.from_numpy(np.stack([np.pad(each, (0, most - len(each)), mode="edge") for each in self.tables]))


def find_tables(
    rows: torch.Tensor, rule: ClusterRule, name: str, importance: Sequence[Reals | None] | None = None
) -> Found:
    """Return the tables of values, one for each row, with entries of their dtype; raises InputError naming ``name``."""
    exact = rows.detach().cpu().double().numpy()
    if not np.isfinite(exact).all():
        raise InputError(f"'{name}' holds numbers that are not finite; it cannot be clustered")
    weights = importance or [None] * len(exact)
    tables = tuple(_as_stored(_table(row, rule, _seed(rule.seed, name, k), weights[k]), rows.dtype)
                   for k, row in enumerate(exact))
    places = np.stack([_places(row, table, rule) for row, table in zip(exact, tables, strict=True)])
    errors = [np.square(table[place] - row).mean() for row, table, place in zip(exact, tables, places, strict=True)]
    return Found(tables, places, float(np.mean(errors)))


def _row_count(weight: Weight, rule: ClusterRule) -> int:
    if rule.per == "tensor":
        return 1
    groups, outputs = weight.by_channels(weight.parameter).shape[:2]
    return groups * outputs


def _table(row: Reals, rule: ClusterRule, seed: int, importance: Reals | None) -> Reals:
    if rule.method == "kmeans":
        return kinds.kmeans(row, rule.count, init=rule.init, seed=seed, zero=rule.fix_zeros, weights=importance)
    if rule.method == "linear":
        return kinds.linear(row, rule.count, zero=rule.fix_zeros)
    return np.unique(_fixed(row, rule))


def _places(row: Reals, made: Reals, rule: ClusterRule) -> Places:
    return nearest(_fixed(row, rule) if rule.method == "fixed_point" else row, made)


def _fixed(row: Reals, rule: ClusterRule) -> Reals:
    return kinds.fixed_point(row, rule.count.bit_length() - 1, rule.integer_bits, Rounding[rule.rounding])


def _as_stored(made: Reals, dtype: torch.dtype) -> Reals:
    """Return a table as numbers of the weight's type; those that become equal are one."""
    return np.unique(torch.from_numpy(made).to(dtype).double().numpy())


def _importance(weight: Weight, rule: ClusterRule, count: int) -> Sequence[Reals] | None:
    if rule.importance is None:
        return None
    given = given_importance(weight, rule.pattern, rule.importance)
    if bool((given < 0).any()):
        raise InputError(f"rule '{rule.pattern}': importance of '{weight.name}' holds {float(given.min()):g}, expected "
                         "numbers from 0 on; take their squares or magnitudes")
    return list(as_rows(weight, given, count).numpy())


def _seed(seed: int, name: str, row: int) -> int:
    """Return a seed that depends on the rule's, the weight's name and the row alone."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}:{row}".encode()).digest()[:7], "big")


@torch.no_grad()
def _write(weight: Weight, found: ClusteredWeight) -> None:
    weight.parameter.copy_(expanded(weight, found.centroids, found.indices))


def expanded(weight: Weight, centroids: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """Return the values that indices stand for, in the weight's shape."""
    if centroids.ndim == 1:
        return centroids[indices]
    return from_rows(weight, centroids.gather(1, as_rows(weight, indices, len(centroids))))
