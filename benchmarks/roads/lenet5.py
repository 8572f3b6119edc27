"""LeNet-5 on MNIST: the networks that several roads begin with, trained as `examples/lenet5/road.py` trains them.

They are kept in the cache folder. Of a training the last epoch is taken.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "lenet5"))
from model import BinaryLeNet5
from road import (
    BINARY,
    CALIBRATION,
    FINE,
    RECIPE,
    SEED,
    Mnist,
    fresh,
    load_mnist,
    prune,
    quantized,
    told,
    train_dense,
)

NUMBERS = 61_706
"""Weights and biases of the network, batch norm folded."""


def dense(mnist: Mnist, cache: Path) -> torch.nn.Module:
    """Return the dense float network."""
    return _kept(cache / "dense.pt", lambda: train_dense(mnist))


def pruned(mnist: Mnist, cache: Path, sparsity: float) -> torch.nn.Module:
    """Return the network pruned and fine-tuned."""

    def make() -> torch.nn.Module:
        model = dense(mnist, cache)
        prune(model, mnist, sparsity)
        return model

    return _kept(cache / f"pruned-{sparsity}.pt", make)


def _kept(path: Path, make: Callable[[], torch.nn.Module]) -> torch.nn.Module:
    model = fresh(batch_norm=True)
    if path.exists():
        model.load_state_dict(torch.load(path, weights_only=True))
    else:
        model = make()
        torch.save(model.state_dict(), path)
    return model.eval()


__all__ = ["BINARY", "CALIBRATION", "FINE", "RECIPE", "SEED", "BinaryLeNet5", "Mnist", "fresh", "load_mnist",
           "quantized", "told"]
