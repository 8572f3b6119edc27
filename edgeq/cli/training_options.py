"""The options of commands that train: where the examples are, and how to train on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeq.errors import InputError

if TYPE_CHECKING:
    from edgeq.compress.training import Recipe

_PATH = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--train", "train_file", type=_PATH, metavar="TRAIN.npz",
                 help="Fine-tune on these examples: x, float, N first, and y, integer labels."),
    click.option("--val", "val_file", type=_PATH, metavar="VAL.npz", help="Print the accuracy on these examples."),
    click.option("--epochs", type=int, metavar="N", help="Epochs of fine-tuning.  [default: 5]"),
    click.option("--lr", type=float, metavar="R",
                 help="Learning rate, falling as a half cosine to 0.  [default: 1e-3]"),
    click.option("--batch", type=int, metavar="N", help="Examples of a step.  [default: 64]"),
    click.option("--optimizer", metavar="adam|adamw|sgd", help="Optimizer.  [default: adam]"),
    click.option("--momentum", type=float, metavar="R", help="Momentum of sgd.  [default: 0.9]"),
    click.option("--weight-decay", type=float, metavar="R", help="Weight decay.  [default: 0]"),
    click.option("--seed", type=int, metavar="N", help="Seed of training and of random importance.  [default: 0]"),
    click.option("--log", type=_PATH, metavar="RUN.yaml", help="Write what happened, for edgeq train-report."),
    click.option("--device", metavar="NAME", help="cpu, cuda, or several GPUs: cuda:0,cuda:1.  [default: cpu]"),
)
_ONLY_WHEN_TRAINING = ("epochs", "lr", "batch", "optimizer", "momentum", "weight_decay")


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; a command is given them as ``train_file``, ``val_file``, ``log`` and ``recipe_options``."""

    def gathered(**given: Any) -> Any:
        names = (*_ONLY_WHEN_TRAINING, "seed", "device")
        chosen = {name: given.pop(name) for name in names}
        return command(recipe_options={k: v for k, v in chosen.items() if v is not None}, **given)

    gathered.__doc__, gathered.__name__ = command.__doc__, command.__name__
    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered


def make_recipe(options: dict[str, Any], train_file: Path | None, others: Mapping[str, Any] | None = None) -> Recipe:
    """Return the recipe that options describe; raises InputError for one that needs ``--train``, ``others`` too."""
    from edgeq.compress.training import Recipe

    useless = [name for name in _ONLY_WHEN_TRAINING if name in options]
    useless += [name for name, value in (others or {}).items() if value is not None]
    if useless and train_file is None:
        raise InputError(f"--{useless[0].replace('_', '-')} is for fine-tuning; give --train TRAIN.npz")
    chosen = dict(options)
    devices = tuple(chosen.pop("device", "cpu").split(","))
    return Recipe(devices=devices, **chosen)
