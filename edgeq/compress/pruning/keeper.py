"""Keep pruned weights at zero while any optimizer trains the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch.utils.hooks import RemovableHandle

from edgeq.compress.pruning.weights import Weight, find_weights
from edgeq.errors import InputError, shown


class MaskKeeper:
    """Set pruned weights back to zero after every step of the optimizers it is attached to.

    Without ``masks`` it keeps what is zero now in every weight of two or more dimensions, and what the masks of
    ``torch.nn.utils.prune`` leave out. Vectors (bias, batch norm) often start at zero and are left alone. ``masks``:
    name to a tensor of the weight's shape, true where a number is kept.

    Momentum, weight decay and adaptive steps move a weight whose gradient is zero; here the optimizer's own hook undoes
    that after the step, in place. A step that ``GradScaler`` skips changes nothing, so there is nothing to undo.
    Parameters are found by name at each step: the model may move to another device or type.

    >>> model = torch.nn.Linear(2, 1)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[0.0, 1.0]]))
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    >>> keeper = MaskKeeper(model).attach(optimizer)
    >>> model(torch.ones(1, 2)).sum().backward()
    >>> optimizer.step()
    >>> model.weight.tolist()
    [[0.0, 0.5]]
    """

    def __init__(self, model: torch.nn.Module, masks: Mapping[str, torch.Tensor] | None = None) -> None:
        self.model = model
        self.masks: dict[str, torch.Tensor] = {}
        self._handles: list[RemovableHandle] = []
        self.update(_zeros(model) if masks is None else masks)

    def attach(self, optimizer: torch.optim.Optimizer) -> Self:
        """Apply the masks after each of the optimizer's steps, and now; may be called for several optimizers.

        Raises InputError for what is no torch optimizer, and one that holds no parameter of the model.
        """
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise InputError(f"attach: got {type(optimizer).__name__}, expected a torch.optim.Optimizer; "
                             "with another kind call keeper.apply() after each step")
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        if not any(id(p) in held for p in self.model.parameters()):
            raise InputError("attach: the optimizer holds no parameter of the model; "
                             "make it from the parameters of the very model that the masks belong to")
        self._handles.append(optimizer.register_step_post_hook(self._after_step))
        self.apply()
        return self

    def detach(self) -> None:
        """Leave all optimizers; the masks stay, and `apply` still applies them."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _after_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        del optimizer, args, kwargs
        self.apply()

    @torch.no_grad()
    def apply(self) -> None:
        """Set to zero what the masks do not keep, also where it is infinite or no number."""
        for name, mask in self.masks.items():
            parameter = self._parameter(name)
            if mask.device != parameter.device:
                mask = self.masks[name] = mask.to(parameter.device)
            parameter.masked_fill_(~mask, 0)

    def _parameter(self, name: str) -> torch.Tensor:
        """Return the parameter, by the name that ``torch.nn.utils.prune`` gives it while it carries a mask there."""
        owner, _, leaf = name.rpartition(".")
        own = self.model.get_submodule(owner)._parameters
        found = own.get(leaf)
        found = own.get(f"{leaf}_orig") if found is None else found
        if found is None:
            raise InputError(f"mask '{name}': the model has no such parameter any more")
        return found

    def update(self, masks: Mapping[str, torch.Tensor]) -> None:
        """Add masks: what an old or a new one leaves out is zero from now on."""
        known = {name: weight for weight in find_weights(self.model) for name in weight.names}
        new: dict[str, torch.Tensor] = {}
        for name, mask in masks.items():
            weight = _known(known, name)
            kept = _checked(weight, mask)
            old = new.get(weight.name, self.masks.get(weight.name))
            new[weight.name] = kept if old is None else kept & old.to(kept.device)
        self.masks |= new
        self.apply()

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return a copy of the masks, which ``torch.load`` reads with ``weights_only=True``."""
        return {name: mask.clone() for name, mask in self.masks.items()}

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Replace the masks by stored ones and apply them; wrong ones leave what was there."""
        before, self.masks = self.masks, {}
        try:
            self.update(state)
        except BaseException:
            self.masks = before
            raise


def _zeros(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the masks of what is zero in a model, of weights with at least one zero."""
    masks = {}
    for weight in find_weights(model):
        if weight.mask is not None:
            masks[weight.name] = weight.mask != 0
        elif weight.parameter.ndim >= 2 and not bool((weight.parameter != 0).all()):
            masks[weight.name] = weight.parameter.detach() != 0
    return masks


def _known(known: Mapping[str, Weight], name: str) -> Weight:
    if name not in known:
        raise InputError(f"mask '{name}': the model has no such parameter; it has {', '.join(list(known)[:20])}")
    return known[name]


def _checked(weight: Weight, mask: object) -> torch.Tensor:
    """Return a mask as booleans of its own, on the parameter's device."""
    parameter = weight.parameter
    if not isinstance(mask, torch.Tensor):
        raise InputError(f"mask '{weight.name}' is {shown(mask)}, expected a tensor")
    if mask.shape != parameter.shape:
        raise InputError(f"mask '{weight.name}' has shape {list(mask.shape)}, the weight {list(parameter.shape)}")
    return (mask != 0).to(parameter.device)
