"""Train and score a classifier on arrays: the loop behind the commands. Equal seeds on an equal machine: equal weights.

The file of examples is an ``.npz`` with ``x``, float, N first, as the model takes it, and ``y``, N integer labels.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from edgeq.compress.going_on import take_up, training_state
from edgeq.compress.quantization.preparation import calibrate_new
from edgeq.compress.recipe import OPTIMIZERS, Recipe, falling_rate, make_optimizer
from edgeq.errors import InputError

__all__ = ["OPTIMIZERS", "Examples", "Recipe", "check_fit", "count_correct", "load_examples", "make_examples",
           "make_optimizer", "train"]

TEMPERATURE = 4.0
"""What scores are divided by before a teacher's probabilities are compared."""


@dataclass(frozen=True)
class Examples:
    """Inputs ``x``, float32 (N, ...), and labels ``y``, int64 (N,); ``source`` is what messages call them."""

    x: torch.Tensor
    y: torch.Tensor
    source: str = "examples"

    def __len__(self) -> int:
        return len(self.y)


def load_examples(path: str | Path) -> Examples:
    """Read ``x`` and ``y`` from an ``.npz``; raises InputError naming file and fault."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file of examples")
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path}: is no .npz file; write it with np.savez(path, x=x, y=y)")
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files if name in ("x", "y")}
    except (ValueError, KeyError, EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"{path}: cannot be read as .npz: {said}") from None
    missing = [name for name in ("x", "y") if name not in arrays]
    if missing:
        raise InputError(f"{path}: has no array {missing[0]!r}; write it with np.savez(path, x=x, y=y)")
    return make_examples(arrays["x"], arrays["y"], str(path))


def make_examples(x: Any, y: Any, source: str = "examples") -> Examples:
    """Check inputs and labels, and return them as tensors; raises InputError naming ``source`` and the fault."""
    inputs, labels = np.asarray(x), np.asarray(y)
    if inputs.ndim < 2 or not len(inputs):
        raise InputError(f"{source}: x has shape {list(inputs.shape)}, expected N examples of one or more numbers")
    if inputs.dtype.kind != "f":
        raise InputError(f"{source}: x is {inputs.dtype}, expected floats as the model takes them; "
                         "pixels are scaled first, as in (x/255 - mean)/std")
    if labels.dtype.kind not in "iu" or labels.shape != (len(inputs),):
        raise InputError(f"{source}: y is {labels.dtype} of shape {list(labels.shape)}, "
                         f"expected {len(inputs)} integer labels, one for each example of x")
    if labels.min() < 0:
        raise InputError(f"{source}: y[{int(labels.argmin())}] is {labels.min()}, expected labels from 0 on")
    if labels.max() > np.iinfo(np.int64).max:
        raise InputError(f"{source}: y[{int(labels.argmax())}] is {labels.max()}, expected labels of at most 63 bits")
    with np.errstate(over="ignore"):  # reported below
        stored = inputs.astype(np.float32)
    if not np.isfinite(stored).all():
        place = [int(v) for v in np.argwhere(~np.isfinite(stored))[0]]
        raise InputError(f"{source}: x{place} is {inputs[tuple(place)]}, not finite in float32")
    return Examples(torch.from_numpy(stored), torch.from_numpy(labels.astype(np.int64)), source)


def check_fit(model: torch.nn.Module, examples: Examples) -> None:
    """Raise InputError unless the model maps the examples to one score per class, with a class for every label."""
    shape = list(examples.x.shape[1:])
    try:
        with _evaluating(model), torch.no_grad():
            scores = model(examples.x[:1].to(_device_of(model)))
    except Exception as error:  # the user's own code may raise anything
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{examples.source}: the model cannot take x of shape [N, {', '.join(map(str, shape))}]: "
                         f"{said}") from error
    if not isinstance(scores, torch.Tensor) or scores.ndim != 2:
        got = list(scores.shape) if isinstance(scores, torch.Tensor) else type(scores).__name__
        raise InputError(f"{examples.source}: the model gives {got}, expected scores of shape [N, classes]")
    if int(examples.y.max()) >= scores.shape[1]:
        raise InputError(f"{examples.source}: y holds label {int(examples.y.max())}, "
                         f"the model has {scores.shape[1]} classes, 0..{scores.shape[1] - 1}")


def count_correct(model: torch.nn.Module, examples: Examples, batch: int = 256) -> int:
    """Return how many examples the model, in evaluation mode, gives their label."""
    device, correct = _device_of(model), 0
    with _evaluating(model), torch.no_grad():
        for x, y in zip(torch.split(examples.x, batch), torch.split(examples.y, batch), strict=True):
            correct += int((model(x.to(device)).argmax(1).cpu() == y).sum())
    return correct


def _device_of(model: torch.nn.Module) -> torch.device:
    return next((p.device for p in model.parameters()), torch.device("cpu"))


@contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode, and each of its modules back."""
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


def train(
    model: torch.nn.Module,
    examples: Examples,
    recipe: Recipe,
    *,
    made: Callable[[torch.optim.Optimizer], Any] | None = None,
    begin: Callable[[int], Any] | None = None,
    done: Callable[[int, float], Any] | None = None,
    start: Mapping[str, Any] | None = None,
    keep: Callable[[dict[str, Any]], Any] | None = None,
    teacher: torch.nn.Module | None = None,
) -> None:
    """Train a classifier in place with cross entropy, and leave it in evaluation mode on the first device.

    With a ``teacher``, a model with scores for the same classes, the loss is the mean of the cross entropy and of
    ``T**2`` times the divergence from the teacher's probabilities, both scores divided by T = 4. Source: Hinton et al.,
    "Distilling the Knowledge in a Neural Network" (2015).

    ``made`` is given the optimizer before the first step: the place to attach a mask keeper; ``begin`` is called
    before each epoch with its number from 0, ``done`` after it with the mean loss, then ``keep`` with what ``start``
    takes to go on from there, with this recipe and the model as it is then, bit for bit. The order of
    examples depends on the seed alone, not on what the model draws; torch's global generator is left as it was.
    A quantized model whose ranges are not known yet is calibrated on as many examples as a batch has.

    Raises InputError for examples that do not fit, and when the loss of an epoch is not finite.
    """
    model.to(recipe.devices[0])
    calibrate_new(model, examples.x[: recipe.batch])
    check_fit(model, examples)
    wanted = None if teacher is None else _scores(teacher, examples, model)
    gpus = _gpus(recipe.devices)
    parallel = model if len(gpus) < 2 else torch.nn.DataParallel(model, device_ids=gpus)
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(recipe.seed)
        optimizer = make_optimizer(model, recipe)
        if made is not None:
            made(optimizer)
        order = torch.Generator().manual_seed(recipe.seed)
        first = 0 if start is None else take_up(start, optimizer, order, gpus)
        slower = falling_rate(optimizer, recipe, first)
        for epoch in range(first, recipe.epochs):
            if begin is not None:
                begin(epoch)
            model.train()
            loss = _epoch(parallel, examples, wanted, recipe, optimizer, order)
            if not math.isfinite(loss):
                raise InputError(f"epoch {epoch + 1}: the loss is {loss}; use a smaller learning rate than {recipe.lr}")
            slower.step()
            if done is not None:
                done(epoch, loss)
            if keep is not None:
                keep(training_state(epoch + 1, optimizer, order, gpus))
    model.eval()


def _gpus(devices: tuple[str, ...]) -> list[int]:
    """Return the numbers of the GPUs among devices."""
    found = [torch.device(device) for device in devices]
    return [torch.cuda.current_device() if d.index is None else d.index for d in found if d.type == "cuda"]


def _scores(teacher: torch.nn.Module, examples: Examples, model: torch.nn.Module) -> torch.Tensor:
    """Return the teacher's scores for all examples, divided by the temperature."""
    teacher.to(_device_of(model))
    check_fit(teacher, examples)
    with _evaluating(teacher), torch.no_grad():
        parts = [teacher(x.to(_device_of(model))).cpu() for x in torch.split(examples.x, 256)]
    return torch.cat(parts) / TEMPERATURE


def _epoch(
    model: torch.nn.Module, examples: Examples, wanted: torch.Tensor | None, recipe: Recipe,
    optimizer: torch.optim.Optimizer, order: torch.Generator,
) -> float:
    """Train on every example once, in a new order, and return the mean loss."""
    total = 0.0
    for chosen in _batches(torch.randperm(len(examples), generator=order), recipe.batch):
        x, y = examples.x[chosen].to(recipe.devices[0]), examples.y[chosen].to(recipe.devices[0])
        soft = None if wanted is None else wanted[chosen].to(recipe.devices[0])
        loss = _loss(model, x, y, soft, examples.source)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += float(loss.detach()) * len(chosen)
    return total / len(examples)


def _loss(
    model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, wanted: torch.Tensor | None, source: str
) -> torch.Tensor:
    try:
        scores = model(x)
        hard = cross_entropy(scores, y)
        if wanted is None:
            return hard
        apart = kl_div(log_softmax(scores / TEMPERATURE, 1), log_softmax(wanted, 1), reduction="batchmean",
                       log_target=True)
        return (hard + TEMPERATURE**2 * apart) / 2
    except Exception as error:  # the user's own code may raise anything
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{source}: training on a batch of {len(y)} failed: {said}") from error


def _batches(order: torch.Tensor, batch: int) -> list[torch.Tensor]:
    """Return the batches; a last one of a single example joins the one before: batch norm cannot train on one."""
    parts = list(torch.split(order, batch))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return parts
