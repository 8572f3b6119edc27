"""Quantize a model, calibrate and train it, and count before and after: what ``edgeq quantize`` does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch.fx import GraphModule

from edgeq.compress.costs import Report, count_uses, make_report
from edgeq.compress.pruning.keeper import MaskKeeper
from edgeq.compress.pruning.weights import bake
from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.config import QuantConfig, Refine
from edgeq.compress.quantization.layers import QuantizedLayer
from edgeq.compress.quantization.norms import Norm
from edgeq.compress.quantization.preparation import freeze, quantize
from edgeq.compress.quantization.stored import Stored
from edgeq.compress.training import Examples, Recipe, check_fit, count_correct, train
from edgeq.errors import InputError

CALIBRATION = 512
"""Examples of the training data that calibrate where no others are given."""


@dataclass(frozen=True, eq=False)
class Material:
    """What a model is quantized with; ``calibration``: float32 (N, ...)."""

    calibration: torch.Tensor | None = None
    examples: Examples | None = None
    validation: Examples | None = None

    @property
    def shown(self) -> torch.Tensor | None:
        """What calibrates: the data given for it, else the first examples of training."""
        if self.calibration is None and self.examples is not None:
            return self.examples.x[:CALIBRATION]
        return self.calibration


@dataclass
class Listener:
    """Who is told how far the work is: by default nobody.

    ``masked`` gets the number of weights kept at zero, ``took_up`` loss and right answers of each epoch that an
    unfinished training had, ``done`` an epoch's number from 0, its loss and how many validation examples are right
    after it, ``keep`` all that the work goes on from.
    """

    masked: Callable[[int], Any] = field(default=lambda _: None)
    took_up: Callable[[Sequence[tuple[float, int | None]]], Any] = field(default=lambda _: None)
    done: Callable[[int, float, int | None], Any] = field(default=lambda *_: None)
    keep: Callable[[Stored], Any] = field(default=lambda _: None)


@dataclass(frozen=True, eq=False)
class Outcome:
    """The quantized model, the counts of the float one, and of validation examples how many were right when."""

    model: GraphModule
    before: Report
    right_before: int | None
    right_calibrated: int | None
    right_after: int | None


def as_calibration(data: Any, source: str) -> torch.Tensor:
    """Return calibration data as float32; raises InputError for what is no array of floats with N first."""
    array = np.asarray(data)
    if array.dtype.kind != "f" or array.ndim < 2 or not len(array):
        raise InputError(f"{source}: is {array.dtype} of shape {list(array.shape)}, expected floats as the model takes "
                         "them, [N, ...]")
    return torch.from_numpy(array.astype(np.float32))


def check_mode(config: QuantConfig, material: Material, resumed: Stored | None) -> None:
    """Raise InputError for what the mode needs and was not given."""
    if config.mode == "qat" and material.examples is None and resumed is None:
        raise InputError("mode qat trains; give --train TRAIN.npz, or --mode ptq")
    if resumed is None and material.shown is None:
        raise InputError("the ranges of activations are found in data; give --calib X.npy or --train TRAIN.npz")


def run(
    model: torch.nn.Module, config: QuantConfig, recipe: Recipe, material: Material, *, freeze_after: float = 0.75,
    resumed: Stored | None = None, listener: Listener | None = None,
) -> Outcome:
    """Quantize a model; it is left as it is but for masks of ``torch.nn.utils.prune``, which are made permanent.

    In mode qat with examples it trains: ranges and batch norm stay as they are after the part ``freeze_after`` of the
    epochs, rounded up. Weights that are zero stay zero. ``resumed`` takes up a state that ``listener.keep`` was given:
    an unfinished training goes on, of a finished one another begins. Raises InputError for what does not fit.
    """
    told = listener or Listener()
    check_mode(config, material, resumed)
    if not 0 <= freeze_after <= 1:
        raise InputError(f"freeze-after is {freeze_after}, expected a part of the epochs, 0..1")
    plan = {"freeze_after": freeze_after, **asdict(recipe)}
    start = None if resumed is None or material.examples is None else resumed.training_of(plan)
    bake(model)
    given = [each for each in (material.examples, material.validation) if each is not None]
    for each in given:
        check_fit(model, each)
    inputs = _example(material)
    before, right = make_report(model, count_uses(model, inputs)), _right(model, material.validation)
    model.to(recipe.devices[0])
    made = _quantized(model, config, material, inputs, resumed)
    keeper = MaskKeeper(made, _zeros(made) if resumed is None else resumed.masks)
    told.masked(sum(int((~mask).sum()) for mask in keeper.masks.values()))
    calibrated = _right(made, material.validation)
    if config.mode == "ptq" or material.examples is None:
        told.keep(Stored.of(made, config, keeper.masks))
        return Outcome(made, before, right, calibrated, calibrated)
    had = () if start is None or resumed is None else resumed.epochs
    if start is None:
        thaw(made)
    else:
        told.took_up(had)
    _train(made, material, told, keeper, _Training(config, recipe, plan, start, [*had]))
    return Outcome(made, before, right, calibrated, _right(made, material.validation))


@dataclass(frozen=True, eq=False)
class _Training:
    """How a model trains: ``plan`` is what its state tells, ``start`` where it goes on, ``epochs`` those it has had."""

    config: QuantConfig
    recipe: Recipe
    plan: dict[str, Any]
    start: Mapping[str, Any] | None
    epochs: list[tuple[float, int | None]]


def _train(made: GraphModule, material: Material, told: Listener, keeper: MaskKeeper, training: _Training) -> None:
    recipe, epochs = training.recipe, training.epochs
    frozen_from = math.ceil(training.plan["freeze_after"] * recipe.epochs)

    def begin(epoch: int) -> None:
        if epoch >= frozen_from:
            freeze(made)

    def done(epoch: int, loss: float) -> None:
        right = _right(made, material.validation)
        epochs.append((loss, right))
        told.done(epoch, loss, right)

    def keep(state: dict[str, Any]) -> None:
        told.keep(Stored.of(made, training.config, keeper.masks, training.plan, tuple(epochs), state))

    assert material.examples is not None
    train(made, material.examples, recipe, made=keeper.attach, begin=begin, done=done, start=training.start, keep=keep)


def thaw(model: torch.nn.Module) -> None:
    """Let ranges and batch norm follow the data in training again."""
    for module in model.modules():
        if isinstance(module, ActivationQuantizer | Norm):
            module.freeze(False)


def _quantized(
    model: torch.nn.Module, config: QuantConfig, material: Material, inputs: torch.Tensor, resumed: Stored | None
) -> GraphModule:
    if resumed is None:
        return quantize(model, config, inputs, material.shown)
    bare = quantize(model, replace(config, mode="qat", refine=Refine()), inputs)
    resumed.load_into(bare)
    if config.mode == "ptq":
        bare.requires_grad_(False)
    return bare


def _example(material: Material) -> torch.Tensor:
    """Return one example to trace the model with."""
    for each in (material.examples, material.validation):
        if each is not None:
            return each.x[:1]
    if material.calibration is None:
        raise InputError("an input is needed to trace the model; give --calib X.npy, --train or --val")
    return material.calibration[:1]


def _zeros(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the masks of layers' weights that hold zeros."""
    layers = {name: module for name, module in model.named_modules() if isinstance(module, QuantizedLayer)}
    return {f"{name}.weight": layer.weight != 0 for name, layer in layers.items()
            if isinstance(layer.weight, torch.nn.Parameter) and not bool((layer.weight != 0).all())}


def _right(model: torch.nn.Module, validation: Examples | None) -> int | None:
    return None if validation is None else count_correct(model, validation)
