"""Stages: exact counts at each epoch, nothing revived, resumed where it stopped."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeq.compress import MaskKeeper, Schedule
from edgeq.errors import InputError


def layer() -> nn.Sequential:
    """Return one linear layer of 100 weights, equal at every call."""
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(10, 10))


def train(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Train three steps."""
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(4, 10)).square().sum().backward()
        optimizer.step()


@pytest.mark.parametrize("importance", ["l1", "l2", "random"])
def test_stages_are_met_exactly_and_nothing_is_revived(importance: str) -> None:
    model = layer()
    optimizer = torch.optim.Adam(model.parameters(), 0.01, weight_decay=0.1)
    schedule = Schedule(model, {"pattern": "*.weight", "stages": [0.2, 0.5, 0.5, 0.93], "importance": importance})
    schedule.keeper.attach(optimizer)
    counts, gone = [], torch.zeros(10, 10, dtype=torch.bool)
    for epoch in range(6):
        schedule.begin(epoch)
        schedule.begin(epoch)
        train(model, optimizer)
        now = model[0].weight == 0
        assert bool((gone <= now).all())
        gone = now
        counts.append(int(gone.sum()))
    assert counts == [20, 50, 50, 93, 93, 93]


def test_a_rule_without_stages_prunes_in_the_first_epoch() -> None:
    model = layer()
    Schedule(model, {"pattern": "*.weight", "sparsity": 0.3}).begin(0)
    assert int((model[0].weight == 0).sum()) == 30


def test_resuming_gives_what_going_on_gives() -> None:
    def run(resumed: bool) -> torch.Tensor:
        rules = {"pattern": "*.weight", "stages": [0.2, 0.4, 0.6]}
        model = layer()
        optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
        schedule = Schedule(model, rules)
        schedule.keeper.attach(optimizer)
        for epoch in range(3):
            if resumed and epoch == 2:
                state, steps, masks = model.state_dict(), optimizer.state_dict(), schedule.keeper.state_dict()
                model = nn.Sequential(nn.Linear(10, 10))
                model.load_state_dict(state)
                optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
                optimizer.load_state_dict(steps)
                keeper = MaskKeeper(model)
                keeper.load_state_dict(masks)
                schedule = Schedule(model, rules, keeper)
                keeper.attach(optimizer)
            schedule.begin(epoch)
            train(model, optimizer)
        return model[0].weight.detach()

    assert torch.equal(run(False), run(True))


def test_mistakes_are_found_before_training() -> None:
    with pytest.raises(InputError, match=r"rule 'conv' matches no weight; the weights are 0.weight"):
        Schedule(layer(), {"pattern": "conv", "sparsity": 0.5})
    schedule = Schedule(layer(), {"pattern": "*.weight", "sparsity": 0.5})
    for epoch in (-1, 0.5, True):
        with pytest.raises(InputError, match=f"begin: epoch is {epoch}, expected an integer from 0 on"):
            schedule.begin(epoch)
