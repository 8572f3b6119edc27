"""Save a model of changed sizes, which the state dict of the original architecture no longer fits."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from edgeq.compress.tracing import copied, export, tensors_of
from edgeq.errors import InputError


def save_model(model: nn.Module, path: str | Path, example_inputs: object) -> None:
    """Write a model as a torch.export archive NAME.pt2, in evaluation mode, for any batch where its forward allows it.

    ``edgeq lower`` and ``torch.export.load`` read the file. Raises :class:`InputError` for another ending, ModelError
    where torch cannot export the model.
    """
    path = Path(path)
    if path.suffix != ".pt2":
        raise InputError(f"{path}: expected a name that ends in .pt2")
    model = copied(model).cpu().eval()
    torch.export.save(export(model, tensors_of(example_inputs, model)), path)
