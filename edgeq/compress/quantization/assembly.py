"""Put modules and tensors at the paths of a model that is being built."""

from __future__ import annotations

import torch
from torch import nn


def put(root: nn.Module, path: str, module: nn.Module) -> None:
    """Put a module at a path; what already stands below the path stays below it."""
    owner, _, leaf = path.rpartition(".")
    parent = _made(root, owner)
    before = parent._modules.get(leaf)
    if before is not None:
        for name, child in before.named_children():
            module.add_module(name, child)
    parent.add_module(leaf, module)


def put_tensor(root: nn.Module, path: str, value: torch.Tensor) -> None:
    """Put a parameter or a buffer at a path."""
    owner, _, leaf = path.rpartition(".")
    parent = _made(root, owner)
    if isinstance(value, nn.Parameter):
        parent.register_parameter(leaf, value)
    else:
        parent.register_buffer(leaf, value)


def has(root: nn.Module, path: str) -> bool:
    """Tell whether a path is taken by a module that computes."""
    try:
        return type(root.get_submodule(path)) is not nn.Module
    except AttributeError:
        return False


def _made(root: nn.Module, path: str) -> nn.Module:
    for name in filter(None, path.split(".")):
        if root._modules.get(name) is None:
            root.add_module(name, nn.Module())
        root = root._modules[name]  # type: ignore[assignment]
    return root
