"""A quantized model between two commands: its tensors, how it is quantized, and how far its training is."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import torch

from edgeq.compress.quantization.config import QuantConfig, Quantizer, make_config
from edgeq.errors import InputError, shown

VERSION = 1
_MARK = "edgeq_state"
_FIELDS = ("model", "config", "masks", "recipe", "epochs", "training")


@dataclass(frozen=True, eq=False)
class Stored:
    """A state: the model's tensors, its configuration, the masks of its zeros.

    Of a training also the recipe, loss and right answers of each epoch, and what `train` goes on from.
    """

    model: Mapping[str, torch.Tensor]
    config: QuantConfig
    masks: Mapping[str, torch.Tensor]
    recipe: Mapping[str, Any] | None = None
    epochs: tuple[tuple[float, int | None], ...] = ()
    training: Mapping[str, Any] | None = None
    where: str = field(default="state")

    @classmethod
    def of(
        cls, model: torch.nn.Module, config: QuantConfig, masks: Mapping[str, torch.Tensor],
        recipe: Mapping[str, Any] | None = None, epochs: tuple[tuple[float, int | None], ...] = (),
        training: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return the state of a model as it is now, on the CPU."""
        tensors = {name: value.detach().cpu() for name, value in model.state_dict().items()}
        return cls(tensors, config, {k: v.cpu() for k, v in masks.items()}, recipe, epochs, training)

    def as_bytes(self) -> bytes:
        """Return it as ``torch.save`` writes tensors in plain containers; equal states give equal bytes."""
        stream = io.BytesIO()
        torch.save({_MARK: VERSION, "model": dict(self.model), "config": _fields_of(self.config),
                    "masks": dict(self.masks), "recipe": self.recipe, "epochs": list(self.epochs),
                    "training": self.training}, stream)
        return stream.getvalue()

    def load_into(self, model: torch.nn.Module) -> None:
        """Give the tensors to a model; raises InputError where they are another's."""
        expected = model.state_dict()
        for name in [*expected, *self.model]:
            one, other = (_shape(tensors.get(name)) for tensors in (self.model, expected))
            if one != other:
                raise InputError(f"{self.where}: '{name}' is {one}, the model has {other}; it is of another model")
        model.load_state_dict(dict(self.model))

    def training_of(self, plan: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return what an unfinished training goes on from, None when it is finished or there was none.

        Raises InputError when it had another plan than ``plan``.
        """
        if self.training is None or self.recipe is None or len(self.epochs) >= int(self.recipe["epochs"]):
            return None
        for name, value in plan.items():
            was = self.recipe.get(name)
            if was != value:
                raise InputError(f"{self.where}: after {len(self.epochs)} of {self.recipe['epochs']} epochs of a "
                                 f"training with {name} {shown(was)}, got {shown(value)}; give the same options")
        return self.training


def is_state(loaded: object) -> bool:
    """Tell whether what a file held is a state."""
    return isinstance(loaded, Mapping) and _MARK in loaded


def as_state(loaded: Any, where: str) -> Stored:
    """Return the state that a file held; raises InputError naming ``where`` and the fault."""
    if not is_state(loaded):
        raise InputError(f"{where}: is no state of edgeq quantize; write one with --state")
    if not isinstance(loaded[_MARK], int) or loaded[_MARK] != VERSION:
        raise InputError(f"{where}: version {shown(loaded[_MARK])} is unknown; this edgeq reads version {VERSION}")
    missing = [name for name in _FIELDS if name not in loaded]
    if missing:
        raise InputError(f"{where}: has no {missing[0]!r}; it is damaged")
    model, config, masks, recipe, epochs, training = (loaded[name] for name in _FIELDS)
    for name, tensors in (("model", model), ("masks", masks)):
        _require(_are_tensors(tensors), where, f"{name} is {shown(type(tensors).__name__)}, expected names to tensors")
    _require(recipe is None or (isinstance(recipe, Mapping) and isinstance(recipe.get("epochs"), int)
                                and not any(isinstance(value, torch.Tensor) for value in recipe.values())), where,
             "recipe is no recipe of a training")
    _require(isinstance(epochs, list) and all(map(_is_epoch, epochs)), where, "epochs are no losses and right answers")
    _require(training is None or isinstance(training, Mapping), where, "training is no training")
    if training is not None:
        epoch = training.get("epoch")
        _require(isinstance(epoch, int) and epoch == len(epochs), where,
                 f"training is after {shown(epoch)} epochs, {len(epochs)} are told")
    return Stored(model, make_config(config), masks, recipe, tuple((loss, right) for loss, right in epochs), training,
                  where)


def _fields_of(config: QuantConfig) -> dict[str, Any]:
    """Return a configuration as the mapping that `make_config` takes."""
    plain = asdict(config)
    for kind in ("weights", "activations"):
        chosen: Quantizer = getattr(config, kind)
        plain[kind] = {"method": chosen.method, "bits": chosen.bits, **chosen.options}
    return plain


def _require(holds: bool, where: str, message: str) -> None:
    if not holds:
        raise InputError(f"{where}: {message}; it is damaged")


def _are_tensors(found: object) -> bool:
    return isinstance(found, Mapping) and all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in found.items())


def _is_epoch(found: object) -> bool:
    return (isinstance(found, tuple | list) and len(found) == 2 and isinstance(found[0], float)
            and (found[1] is None or (isinstance(found[1], int) and not isinstance(found[1], bool))))


def _shape(tensor: torch.Tensor | None) -> str:
    return "missing" if tensor is None else f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
