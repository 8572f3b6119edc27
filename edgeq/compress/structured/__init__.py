"""Physically smaller models: channels leave every tensor that holds them.

::

    prune_channels(model, example_inputs, amount, method, calibration)    by the next layers' outputs; refits them
    slim(model, example_inputs, amount, regular=N)                        by |gamma| of batch norms
    add_slimming_gradient(model, s)                                       the sparse-training term for slim
    save_model(model, "NAME.pt2", example_inputs)                         what ``edgeq lower`` reads
    Pruned, Report                                                        the results
"""

from __future__ import annotations

from edgeq.compress.structured.channels import prune_channels
from edgeq.compress.structured.report import GroupReport, OutputError, Pruned, Report
from edgeq.compress.structured.saving import save_model
from edgeq.compress.structured.slimming import add_slimming_gradient, slim

__all__ = [
    "GroupReport", "OutputError", "Pruned", "Report", "add_slimming_gradient", "prune_channels", "save_model", "slim"]
