"""How to train: optimizer, learning rate, batch, epochs, seed, devices."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch

from edgeq.errors import InputError, shown

OPTIMIZERS = ("adam", "adamw", "sgd")
_LARGEST = 1e6
"""Of a learning rate and a weight decay: their product, and what Adam makes of it, is still a float32."""


@dataclass(frozen=True)
class Recipe:
    """How to train: Adam, AdamW or SGD with a learning rate that falls as a half cosine to 0 over all epochs.

    ``devices``: names as torch knows them; with several the batch is split between them and gradients are summed.
    """

    epochs: int = 5
    lr: float = 1e-3
    batch: int = 64
    optimizer: str = "adam"
    momentum: float = 0.9
    weight_decay: float = 0.0
    seed: int = 0
    devices: tuple[str, ...] = ("cpu",)

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch", 1), ("seed", 0)):
            value: object = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name} is {shown(value)}, expected an integer from {least} on")
            if value >= 1 << 63:
                raise InputError(f"{name} is {shown(value)}, expected an integer of at most 63 bits")
        if not 0 < self.lr <= _LARGEST:
            raise InputError(f"lr is {self.lr}, expected a number above 0 and up to {_LARGEST:g}")
        if not 0 <= self.momentum < 1:
            raise InputError(f"momentum is {self.momentum}, expected a number from 0 to below 1")
        if not 0 <= self.weight_decay <= _LARGEST:
            raise InputError(f"weight_decay is {self.weight_decay}, expected a number from 0 to {_LARGEST:g}")
        if self.optimizer not in OPTIMIZERS:
            raise InputError(f"optimizer is {self.optimizer!r}, expected {', '.join(OPTIMIZERS)}")
        for device in self.devices:
            _check_device(device)
        if len(self.devices) > 1 and not all(device.startswith("cuda:") for device in self.devices):
            raise InputError(f"device {','.join(self.devices)}: several devices are GPUs with numbers: cuda:0,cuda:1")


def _check_device(device: str) -> None:
    try:
        torch.zeros(1, device=device).cpu()  # "meta" holds no numbers
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"device {device!r} cannot be used: {said}") from None


def falling_rate(optimizer: torch.optim.Optimizer, recipe: Recipe, epochs: int) -> torch.optim.lr_scheduler.LRScheduler:
    """Return the schedule of the learning rate as it is after some epochs."""
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.epochs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch expects a step of the optimizer before one of the schedule
        for _ in range(epochs):
            slower.step()
    return slower


def make_optimizer(model: torch.nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the recipe's optimizer for the model's trainable parameters; raises InputError when there are none."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    if not parameters:
        raise InputError("train: the model has no trainable parameters")
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, recipe.lr, recipe.momentum, weight_decay=recipe.weight_decay)
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(parameters, recipe.lr, weight_decay=recipe.weight_decay)
