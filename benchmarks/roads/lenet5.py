"""LeNet-5 on MNIST: the dense float network, and what every road from it shares.

5,000 training images are held out for choices; nothing is chosen on the test images, and of a training the last epoch
is taken. The dense network is kept in the cache folder, where other roads begin with it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from edgeq import compress
from edgeq.compress.training import Examples, Recipe, count_correct, make_examples, train

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "lenet5"))
from export import normalize, read_mnist
from model import BinaryLeNet5, LeNet5

SEED = 0
HELD_OUT = 5000
EPOCHS = 10
RECIPE = Recipe(epochs=EPOCHS, batch=128, lr=4e-3, optimizer="adamw", weight_decay=0.05, seed=SEED)
FINE = replace(RECIPE, lr=1e-3, weight_decay=0.0)
"""Fine-tuning: as many epochs, from a quarter of the learning rate."""

CALIBRATION = 1024
FROZEN_FROM = 0.7
"""Part of the epochs after which ranges and statistics of batch norm stay."""

NUMBERS = 61_706
"""Weights and biases of the network, batch norm folded."""


@dataclass(frozen=True)
class Mnist:
    """Training images without those held out, those held out, test images."""

    train: Examples
    held_out: Examples
    test: Examples


def load_mnist(data: Path) -> Mnist:
    """Return the images as the network takes them."""
    (images, labels), (test_x, test_y) = (read_mnist(data, part) for part in ("train", "t10k"))
    x, cut = normalize(images).numpy(), len(labels) - HELD_OUT
    return Mnist(make_examples(x[:cut], labels[:cut], "train"), make_examples(x[cut:], labels[cut:], "held out"),
                 make_examples(normalize(test_x).numpy(), test_y, "test"))


def told(name: str) -> Any:
    """Return what training tells after each epoch."""
    return lambda epoch, loss: print(f"{name}: epoch {epoch + 1}, loss {loss:.4f}", file=sys.stderr, flush=True)


def fresh(kind: type[torch.nn.Module] = LeNet5, **options: Any) -> torch.nn.Module:
    """Return an untrained network, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return kind(**options)


def dense(mnist: Mnist, cache: Path) -> LeNet5:
    """Return the dense float network: trained, or from the cache."""
    model, kept = fresh(batch_norm=True), cache / "dense.pt"
    if kept.exists():
        model.load_state_dict(torch.load(kept, weights_only=True))
    else:
        train(model, mnist.train, RECIPE, done=told("dense"))
        torch.save(model.state_dict(), kept)
    return model.eval()


def pruned(mnist: Mnist, cache: Path, stages: list[float]) -> LeNet5:
    """Return the network pruned to the last stage, one threshold for all layers, and fine-tuned; kept in the cache."""
    model, kept = dense(mnist, cache), cache / f"pruned-{stages[-1]}.pt"
    if kept.exists():
        model.load_state_dict(torch.load(kept, weights_only=True))
    else:
        schedule = compress.Schedule(model, [{"pattern": "*.weight", "stages": stages, "scope": "global"}])
        train(model, mnist.train, FINE, made=schedule.keeper.attach, begin=schedule.begin, done=told(kept.stem))
        torch.save(model.state_dict(), kept)
    return model.eval()


def quantized(
    name: str, model: torch.nn.Module, config: Mapping[str, Any], mnist: Mnist, recipe: Recipe | None = FINE,
    *, sparse: bool = False,
) -> torch.nn.Module:
    """Return the network quantized: calibrated on training images, then trained unless ``recipe`` is None.

    ``sparse``: zeros stay zero.
    """
    made = compress.quantize(model, config, mnist.train.x[:2], calibration=mnist.train.x[:CALIBRATION])
    if recipe is not None:
        freezing = int(FROZEN_FROM * recipe.epochs)
        train(made, mnist.train, recipe, made=compress.MaskKeeper(made).attach if sparse else None,
              begin=lambda epoch: compress.freeze(made) if epoch == freezing else None, done=told(name))
    compress.freeze(made)
    held = count_correct(made.eval(), mnist.held_out)
    print(f"{name}: {held} of {HELD_OUT} held out right", file=sys.stderr, flush=True)
    return made


__all__ = ["BinaryLeNet5", "LeNet5"]
