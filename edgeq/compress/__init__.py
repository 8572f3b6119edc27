"""Prune PyTorch models, keep what was pruned at zero while they train, and count what is left.

::

    prune                  set the least important weights to zero, by rules
    Rule, load_rules       one rule; the rules of a YAML file
    Schedule               prune in stages, epoch by epoch, in the user's own training loop
    MaskKeeper             zeros stay zero with any optimizer
    report                 sparsity, parameters and multiply-accumulates of each weight
    sensitivity            accuracy per weight and sparsity, and the rules it recommends
    prune_channels         a smaller model: channels taken out of every layer that holds them, the next layers refitted
    slim                   a smaller model by the factors of its batch norms
    add_slimming_gradient  the training term that makes these factors small
    equalize               bring the weights on both sides of each channel to one range, before they are quantized
    save_model             the smaller model as .pt2, which edgeq lower reads

Names are imported when first used: neither ``import edgeq`` nor ``import edgeq.compress`` imports torch. No module here
bears the name of a public function, since importing it would put the module in the function's place.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeq.compress.costs import report as report
    from edgeq.compress.pruning.keeper import MaskKeeper as MaskKeeper
    from edgeq.compress.pruning.prune import prune as prune
    from edgeq.compress.pruning.rules import Rule as Rule
    from edgeq.compress.pruning.rules import load_rules as load_rules
    from edgeq.compress.pruning.scan import sensitivity as sensitivity
    from edgeq.compress.pruning.schedule import Schedule as Schedule
    from edgeq.compress.refinement.equalization import equalize as equalize
    from edgeq.compress.structured.channels import prune_channels as prune_channels
    from edgeq.compress.structured.saving import save_model as save_model
    from edgeq.compress.structured.slimming import add_slimming_gradient as add_slimming_gradient
    from edgeq.compress.structured.slimming import slim as slim

_HOMES = {
    "MaskKeeper": "pruning.keeper",
    "Rule": "pruning.rules",
    "Schedule": "pruning.schedule",
    "load_rules": "pruning.rules",
    "prune": "pruning.prune",
    "add_slimming_gradient": "structured.slimming",
    "equalize": "refinement.equalization",
    "prune_channels": "structured.channels",
    "report": "costs",
    "save_model": "structured.saving",
    "sensitivity": "pruning.scan",
    "slim": "structured.slimming",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgeq.compress' has no attribute {name!r}")
    value = getattr(import_module(f"edgeq.compress.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
