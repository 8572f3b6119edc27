"""Tables that train in a loop of one's own: the paper's step, any optimizer, and what stays."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from edgeq.compress import CentroidTrainer, cluster, prune
from edgeq.errors import InputError
from tests.compress.codebooks.test_cluster import holding
from tests.compress.codebooks.test_tables import PAPER
from tests.compress.prune.test_keeper import OPTIMIZERS, network, steps

GRADIENT = [[-0.03, -0.01, 0.03, 0.02], [-0.01, 0.01, -0.02, 0.12], [-0.01, 0.02, 0.04, 0.01],
            [-0.07, -0.02, 0.01, -0.02]]
"""Figure 3 of Deep Compression; its reduced gradient is 0.04, 0.02, 0.04, -0.03 and its new centroids as below."""


def test_the_papers_step() -> None:
    model = holding(PAPER.reshape(4, 4))
    clustered = cluster(model, {"pattern": "weight", "bits": 2, "fix_zeros": False})
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    trainer = CentroidTrainer(model, clustered).attach(optimizer)
    (model.weight * torch.tensor(GRADIENT)).sum().backward()
    np.testing.assert_allclose(model.weight.grad[0], [0.04, -0.03, 0.02, 0.04], atol=1e-7)
    optimizer.step()
    trained = trainer.finish()["weight"]
    np.testing.assert_allclose(trained.centroids, [-0.97, -0.04, 1.48, 1.96], atol=1e-6)
    assert torch.equal(model.weight, trained.centroids[trained.indices])


@pytest.mark.parametrize("per", ["tensor", "channel"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_stay_on_their_table(name: str, per: str) -> None:
    model = network()
    prune(model, {"pattern": "*.weight", "sparsity": 0.5})
    zeros = [model[k].weight == 0 for k in (0, 2)]
    clustered = cluster(model, {"pattern": "*.weight", "values": 3, "per": per})
    before = [model[k].weight.detach().clone() for k in (0, 2)]
    optimizer = OPTIMIZERS[name](model.parameters())
    trainer = CentroidTrainer(model, clustered).attach(optimizer)
    steps(model, optimizer)
    trained = trainer.finish()
    for k, zero, was, each in zip((0, 2), zeros, before, trained, strict=True):
        weight = model[k].weight.detach()
        assert bool((weight[zero] == 0).all())
        assert not torch.equal(weight, was)
        rows = each.centroids.reshape(len(each.sizes), -1).expand(len(weight), -1)
        assert torch.equal(rows.gather(1, each.indices), weight)
    steps(model, optimizer, 1)
    assert len(model[0].weight.unique()) > 10  # finished: every weight for itself


def test_gradients_that_add_up_over_batches_are_summed_once() -> None:
    model = holding([[2.0, 0.0, 2.0]])
    clustered = cluster(model, {"pattern": "weight", "bits": 1})
    CentroidTrainer(model, clustered).attach(torch.optim.SGD(model.parameters(), lr=1.0))
    for _ in range(2):
        model(torch.tensor([[1.0, 5.0, 2.0]])).sum().backward()
    assert model.weight.grad.tolist() == [[6.0, 0.0, 6.0]]


def test_momentum_of_before_does_not_move_the_pinned_zero() -> None:
    model = holding([[2.0, 0.5, 2.5]])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.tensor([[1.0, 5.0, 2.0]])).sum().backward()
    optimizer.step()  # moves by -0.1, -0.5, -0.2 and will move on by 0.9 of it
    clustered = cluster(model, {"pattern": "weight", "bits": 1})
    assert model.weight.tolist() == [[pytest.approx(2.1), 0.0, pytest.approx(2.1)]]
    CentroidTrainer(model, clustered).attach(optimizer)
    model.weight.grad.zero_()
    optimizer.step()
    assert model.weight.tolist() == [[pytest.approx(2.1 - 0.135), 0.0, pytest.approx(2.1 - 0.135)]]


def test_what_is_refused() -> None:
    model = network()
    clustered = cluster(model, {"pattern": "0.weight", "bits": 2})
    with pytest.raises(InputError, match=r"expected a torch\.optim\.Optimizer"):
        CentroidTrainer(model, clustered).attach("adam")
    with pytest.raises(InputError, match="the optimizer holds none of the clustered weights"):
        CentroidTrainer(model, clustered).attach(torch.optim.SGD(network().parameters(), 0.1))
    with pytest.raises(InputError, match=r"'0.weight' was clustered, but the model has no such weight; it has weight"):
        CentroidTrainer(nn.Linear(2, 2), clustered)
    with pytest.raises(InputError, match=r"'0.weight' has shape \[2, 2\], it was clustered with \[8, 6\]"):
        CentroidTrainer(nn.Sequential(nn.Linear(2, 2)), clustered)
    fixed = cluster(model, {"pattern": "0.weight", "bits": 4, "method": "fixed_point"})
    with pytest.raises(InputError, match="fixed_point, which has no table to train; use kmeans"):
        CentroidTrainer(model, fixed)


def test_a_frozen_weight_is_left_alone() -> None:
    model = network()
    clustered = cluster(model, {"pattern": "*.weight", "bits": 2})
    model[0].weight.requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    before = model[0].weight.clone()
    CentroidTrainer(model, clustered).attach(optimizer)
    steps(model, optimizer)
    assert torch.equal(model[0].weight, before)
