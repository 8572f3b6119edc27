"""Prune and quantize PyTorch models, draw their weights from small tables, train what is left, and count it.

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
    cluster                weights become the values of small tables, by rules
    ClusterRule            one rule; load_cluster_rules reads those of a YAML file
    CentroidTrainer        the tables train, in the user's own training loop
    save_model             the smaller model as .pt2, which edgeq lower reads
    quantize               a copy whose weights and activations are quantized while it trains, or after calibration
    QuantConfig            how; load_config reads it from a YAML file
    refine                 correct biases and learn roundings of a calibrated model
    Reconstruct            how long a rounding is learned
    calibrate, freeze      show data to the quantizers of activations; keep ranges and batch norm from now on
    convert                the program of integers that edgeq lower reads

Names are imported when first used: neither ``import edgeq`` nor ``import edgeq.compress`` imports torch. No module here
bears the name of a public function, since importing it would put the module in the function's place.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeq.compress.codebooks.cluster import cluster as cluster
    from edgeq.compress.codebooks.rules import ClusterRule as ClusterRule
    from edgeq.compress.codebooks.rules import load_cluster_rules as load_cluster_rules
    from edgeq.compress.codebooks.trainer import CentroidTrainer as CentroidTrainer
    from edgeq.compress.costs import report as report
    from edgeq.compress.pruning.keeper import MaskKeeper as MaskKeeper
    from edgeq.compress.pruning.prune import prune as prune
    from edgeq.compress.pruning.rules import Rule as Rule
    from edgeq.compress.pruning.rules import load_rules as load_rules
    from edgeq.compress.pruning.scan import sensitivity as sensitivity
    from edgeq.compress.pruning.schedule import Schedule as Schedule
    from edgeq.compress.quantization.config import QuantConfig as QuantConfig
    from edgeq.compress.quantization.config import Reconstruct as Reconstruct
    from edgeq.compress.quantization.config import load_config as load_config
    from edgeq.compress.quantization.preparation import calibrate as calibrate
    from edgeq.compress.quantization.preparation import freeze as freeze
    from edgeq.compress.quantization.preparation import quantize as quantize
    from edgeq.compress.quantization.program import convert as convert
    from edgeq.compress.refinement.equalization import equalize as equalize
    from edgeq.compress.refinement.refining import refine as refine
    from edgeq.compress.structured.channels import prune_channels as prune_channels
    from edgeq.compress.structured.saving import save_model as save_model
    from edgeq.compress.structured.slimming import add_slimming_gradient as add_slimming_gradient
    from edgeq.compress.structured.slimming import slim as slim

_HOMES = {
    "CentroidTrainer": "codebooks.trainer",
    "ClusterRule": "codebooks.rules",
    "cluster": "codebooks.cluster",
    "load_cluster_rules": "codebooks.rules",
    "MaskKeeper": "pruning.keeper",
    "QuantConfig": "quantization.config",
    "Rule": "pruning.rules",
    "Schedule": "pruning.schedule",
    "load_rules": "pruning.rules",
    "prune": "pruning.prune",
    "calibrate": "quantization.preparation",
    "convert": "quantization.program",
    "freeze": "quantization.preparation",
    "load_config": "quantization.config",
    "quantize": "quantization.preparation",
    "add_slimming_gradient": "structured.slimming",
    "equalize": "refinement.equalization",
    "refine": "refinement.refining",
    "Reconstruct": "quantization.config",
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
