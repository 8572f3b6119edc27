"""What commands read and write of a model: the module out of a file, the bytes of its state dict."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from torch.export import ExportedProgram
from torch.fx import GraphModule

from edgeq.errors import ModelError
from edgeq.scheme.presets import PRESET_FILE


def as_module(loaded: object, path: Path) -> torch.nn.Module:
    """Return what a file held as a module; raises ModelError for a captured program, whose modules are gone."""
    if isinstance(loaded, torch.nn.Module) and not isinstance(loaded, torch.jit.ScriptModule):
        return loaded
    raise ModelError(f"{path}: holds a captured program, which cannot be trained as modules; "
                     "give the state dict of the module with --arch FILE.py:NAME")


def state_bytes(model: torch.nn.Module) -> bytes:
    """Return the state dict as ``torch.save`` writes it, on the CPU; equal tensors give equal bytes."""
    stream = io.BytesIO()
    torch.save({name: value.cpu() for name, value in model.state_dict().items()}, stream)
    return stream.getvalue()


def program_bytes(program: ExportedProgram, preset: str) -> bytes:
    """Return a program as ``torch.export.save`` writes it, without the places in source files that torch notes.

    The preset that it was quantized for is an extra file, of which `edgeq lower` reminds.
    """
    for module in program.graph_module.modules():
        for node in module.graph.nodes if isinstance(module, GraphModule) else ():
            node.meta.pop("stack_trace", None)
    stream = io.BytesIO()
    torch.export.save(program, stream, extra_files={PRESET_FILE: preset})
    return stream.getvalue()
