"""Find the weights of a model, and see each as output channels x input channels x kernel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.parameter import UninitializedParameter
from torch.nn.utils import prune as torch_prune

from edgeq.compress.pruning.rules import Rule
from edgeq.compress.rules import match as matched
from edgeq.errors import InputError

_ORIGINAL = "_orig"


@dataclass(frozen=True)
class Weight:
    """One parameter, whatever names it has: ``names`` holds them all, those of a tied weight too.

    ``module`` owns it as ``leaf``. ``mask``: the mask of ``torch.nn.utils.prune`` when the parameter carries one; the
    names are those that the weight has without it.
    """

    names: tuple[str, ...]
    parameter: torch.nn.Parameter
    module: torch.nn.Module
    leaf: str
    mask: torch.Tensor | None = None

    @property
    def name(self) -> str:
        """The first of its names."""
        return self.names[0]

    @property
    def groups(self) -> int:
        """Groups of the convolution, 1 elsewhere."""
        return int(self.module.groups) if isinstance(self.module, _ConvNd) and self._is_kernel() else 1

    @property
    def transposed(self) -> bool:
        """Tell whether input channels come before output channels, as in transposed convolutions."""
        return isinstance(self.module, _ConvTransposeNd) and self._is_kernel()

    def _is_kernel(self) -> bool:
        return self.leaf == "weight" and self.parameter.ndim >= 3

    def values(self) -> torch.Tensor:
        """Return what the model multiplies with: the parameter, with its mask applied."""
        values = self.parameter.detach()
        return values if self.mask is None else values * self.mask

    def by_channels(self, tensor: torch.Tensor) -> torch.Tensor:
        """View a tensor of the parameter's shape as (groups, outputs per group, inputs per group, kernel)."""
        if tensor.ndim < 2:
            return tensor.reshape(1, -1, 1, 1)
        first, second = tensor.shape[:2]
        seen = tensor.reshape(self.groups, first // self.groups, second, -1)
        return seen.transpose(1, 2) if self.transposed else seen

    def from_channels(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return a tensor made by `by_channels` in the parameter's own shape."""
        seen = tensor.transpose(1, 2) if self.transposed else tensor
        return seen.reshape(self.parameter.shape)


def find_weights(model: torch.nn.Module) -> tuple[Weight, ...]:
    """Return every floating-point parameter of a model once, in the order of the model."""
    names: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    found = (_weight(model, each) for each in names.values())
    return tuple(w for w in found if w.parameter.is_floating_point() and w.parameter.numel())


def _weight(model: torch.nn.Module, names: list[str]) -> Weight:
    owner, _, leaf = names[0].rpartition(".")
    module, parameter = model.get_submodule(owner), model.get_parameter(names[0])
    if isinstance(parameter, UninitializedParameter):
        raise InputError(f"'{names[0]}' has no shape yet; run the model once on an example")
    plain = leaf.removesuffix(_ORIGINAL)
    mask = getattr(module, f"{plain}_mask", None) if plain != leaf else None
    if not isinstance(mask, torch.Tensor):
        return Weight(tuple(names), parameter, module, leaf)
    return Weight(tuple(n.removesuffix(_ORIGINAL) for n in names), parameter, module, plain, mask)


def bake(model: torch.nn.Module) -> None:
    """Make the masks of ``torch.nn.utils.prune`` permanent; parameters stay the objects that an optimizer holds."""
    for module in model.modules():
        for hook in list(module._forward_pre_hooks.values()):
            if isinstance(hook, torch_prune.BasePruningMethod):
                torch_prune.remove(module, hook._tensor_name)  # type: ignore[no-untyped-call]


def match(weights: tuple[Weight, ...], rules: tuple[Rule, ...]) -> list[tuple[Rule, tuple[Weight, ...]]]:
    """Return the weights that each rule holds for, as all rules by pattern do.

    Raises InputError also for a weight that has no units of the rule's granularity.
    """
    held = matched(weights, rules)
    for rule, chosen in held:
        for weight in chosen:
            _check_granularity(rule, weight)
    return held


def _check_granularity(rule: Rule, weight: Weight) -> None:
    needed = {"element": 0, "kernel": 3, "filter": 2, "channel": 2}[rule.granularity]
    if weight.parameter.ndim < needed:
        others = "filter, channel or element" if weight.parameter.ndim == 2 else "element"
        raise InputError(f"rule '{rule.pattern}': '{weight.name}' of shape {list(weight.parameter.shape)} has no "
                         f"{rule.granularity}s; use {others}, or a narrower pattern")
