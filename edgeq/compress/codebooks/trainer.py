"""Train the values of tables in the user's own training loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import torch
from torch.utils.hooks import RemovableHandle

from edgeq.compress.codebooks.clustered import Clustered, ClusteredWeight, as_rows, from_rows
from edgeq.compress.pruning.weights import Weight, find_weights
from edgeq.errors import InputError


class CentroidTrainer:
    """Keep the weights of a clustered model on their tables while any optimizer trains: each value moves as one.

    The gradient of a weight becomes the sum of the gradients of all weights with the same value, as it is computed, so
    every optimizer gives them one step; after each of its steps they are set to one value again. Indices stay; a value
    0 that ``fix_zeros`` pinned stays 0. Source: Han, Mao and Dally, "Deep Compression", arXiv 1510.00149, section 3.3.

    A sum over many weights is large: use a smaller learning rate than before clustering with plain SGD.

    >>> model = torch.nn.Linear(3, 1, bias=False)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[2.0, 0.0, 2.0]]))
    >>> from edgeq.compress import cluster
    >>> clustered = cluster(model, {"pattern": "weight", "bits": 1})
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
    >>> trainer = CentroidTrainer(model, clustered).attach(optimizer)
    >>> model(torch.tensor([[1.0, 5.0, 2.0]])).sum().backward()
    >>> optimizer.step()
    >>> model.weight.tolist()
    [[1.25, 0.0, 1.25]]
    >>> trainer.finish()["weight"].centroids.tolist()
    [0.0, 1.25]
    """

    def __init__(self, model: torch.nn.Module, clustered: Clustered) -> None:
        known = {weight.name: weight for weight in find_weights(model)}
        self.model = model
        self._held = [_Held(_known(known, found), found) for found in clustered]
        self._handles: list[RemovableHandle] = []

    def attach(self, optimizer: torch.optim.Optimizer) -> Self:
        """Tie the weights from now on, through all steps of the optimizer; may be called for several optimizers.

        Raises InputError for what is no torch optimizer, and one that holds none of the clustered weights.
        """
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise InputError(f"attach: got {type(optimizer).__name__}, expected a torch.optim.Optimizer")
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        if not any(id(each.weight.parameter) in held for each in self._held):
            raise InputError("attach: the optimizer holds none of the clustered weights; "
                             "make it from the parameters of the very model that was clustered")
        if not self._handles:
            for each in self._held:
                if each.weight.parameter.requires_grad:
                    self._handles.append(each.weight.parameter.register_hook(each.summed))  # type: ignore[no-untyped-call]
        self._handles.append(optimizer.register_step_post_hook(self._after_step))
        self.apply()
        return self

    def _after_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        del optimizer, args, kwargs
        self.apply()

    def apply(self) -> None:
        """Set each weight to the mean of what the weights of its value are now, and those of a pinned 0 to 0."""
        for each in self._held:
            each.apply()

    def finish(self) -> Clustered:
        """Leave all optimizers, and return the tables as they were trained, with the indices of before."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self.apply()
        return Clustered(tuple(each.trained() for each in self._held))


def _known(known: dict[str, Weight], found: ClusteredWeight) -> Weight:
    weight = known.get(found.name)
    if weight is None:
        raise InputError(f"'{found.name}' was clustered, but the model has no such weight; it has "
                         f"{', '.join(list(known)[:20])}")
    if weight.parameter.shape != found.indices.shape:
        raise InputError(f"'{found.name}' has shape {list(weight.parameter.shape)}, it was clustered with "
                         f"{list(found.indices.shape)}")
    if found.method == "fixed_point":
        raise InputError(f"'{found.name}' was clustered with fixed_point, which has no table to train; use kmeans")
    return weight


class _Held:
    """One weight, where it is now, and the indices of its values."""

    def __init__(self, weight: Weight, found: ClusteredWeight) -> None:
        self.weight, self.found = weight, found
        centroids = found.centroids.reshape(len(found.sizes), -1)
        self.places = as_rows(weight, found.indices, len(found.sizes))
        self.counts = _sums(torch.ones(self.places.shape), self.places, centroids.shape[1])
        self.free = (centroids != 0) if found.zero else torch.ones_like(centroids, dtype=torch.bool)

    def to(self, device: torch.device) -> None:
        if self.places.device != device:
            self.places, self.counts, self.free = (t.to(device) for t in (self.places, self.counts, self.free))

    def summed(self, gradient: torch.Tensor) -> torch.Tensor:
        """Return the gradient of each weight's value, which is the sum over all weights that have it."""
        self.to(gradient.device)
        sums = self._sum(gradient).to(gradient.dtype) * self.free
        return from_rows(self.weight, sums.gather(1, self.places))

    @torch.no_grad()
    def apply(self) -> None:
        parameter = self.weight.parameter
        self.to(parameter.device)
        means = torch.where(self.free, self._sum(parameter) / self.counts.clamp(min=1), 0.0).to(parameter.dtype)
        parameter.copy_(from_rows(self.weight, means.gather(1, self.places)))
        self.means = means

    def _sum(self, tensor: torch.Tensor) -> torch.Tensor:
        rows = as_rows(self.weight, tensor.detach(), len(self.places)).double()
        return _sums(rows, self.places, self.counts.shape[1])

    def trained(self) -> ClusteredWeight:
        """Return the weight with its values as they are; values that no index names stay as they were."""
        before = self.found.centroids.reshape(self.means.shape).to(self.means)
        now = torch.where(self.counts > 0, self.means, before)
        return replace(self.found, centroids=now.reshape(self.found.centroids.shape).cpu())


def _sums(rows: torch.Tensor, places: torch.Tensor, count: int) -> torch.Tensor:
    """Return the sum of each row over equal places, float64."""
    return torch.zeros(len(rows), count, dtype=torch.float64, device=rows.device).scatter_add_(1, places, rows.double())
