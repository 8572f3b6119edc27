"""Keep what a training needs to go on after an epoch, and give it back: the rest is then trained bit for bit alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from edgeq.errors import InputError, shown


def training_state(
    epoch: int, optimizer: torch.optim.Optimizer, order: torch.Generator, devices: Sequence[int]
) -> dict[str, Any]:
    """Return a training after ``epoch`` epochs as tensors in plain dictionaries, on the CPU.

    ``order`` draws the order of examples; the generators of the CPU and of GPUs ``devices`` draw what the model does.
    The learning rate is not among them: it follows from the recipe and the epoch.
    """
    moments = {number: {name: value.cpu() if isinstance(value, torch.Tensor) else value for name, value in kept.items()}
               for number, kept in optimizer.state_dict()["state"].items()}
    return {"epoch": epoch, "optimizer": moments, "order": order.get_state(),
            "generators": [torch.get_rng_state(), *(torch.cuda.get_rng_state(n) for n in devices)]}


def take_up(
    state: Mapping[str, Any], optimizer: torch.optim.Optimizer, order: torch.Generator, devices: Sequence[int]
) -> int:
    """Put a training where `training_state` found it, and return its epochs; raises InputError for another's state."""
    try:
        epoch, moments, generators = state["epoch"], state["optimizer"], list(state["generators"])
        _check_moments(optimizer, moments)
        if len(generators) != 1 + len(devices):
            raise InputError(f"state: of a training on {len(generators) - 1} GPUs, here are {len(devices)}; "
                             "give the same --device")
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
        order.set_state(state["order"])
        torch.set_rng_state(generators[0])
        for number, kept in zip(devices, generators[1:], strict=True):
            torch.cuda.set_rng_state(kept, number)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"state: is not of this training: {said}") from None
    return int(epoch)


def _check_moments(optimizer: torch.optim.Optimizer, moments: Mapping[int, Mapping[str, Any]]) -> None:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    for number, kept in moments.items():
        if not isinstance(number, int) or not 0 <= number < len(parameters):
            raise InputError(f"state: has moments of parameter {shown(number)}, the model has {len(parameters)}")
        for name, value in kept.items():
            wanted = [list(parameters[number].shape), []]
            if isinstance(value, torch.Tensor) and list(value.shape) not in wanted:
                raise InputError(f"state: {name} of parameter {number} has shape {list(value.shape)}, "
                                 f"expected {wanted[0]}")
