"""Compute ahead what does not depend on the inputs."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from edgeq.frontend.interpret import evaluate, tensor_of
from edgeq.frontend.operators import GROUP_OF, canonical_target
from edgeq.frontend.program import Call, Program, call_refs, drop_unused


def fold_constants(program: Program) -> Program:
    """Replace calls that read constants alone by their results.

    Quantize and dequantize operators stay, and with them what reads their results: they carry the integer weights.
    Returns a program with equal outputs; an operator outside the allow-list is left for the caller to refuse.
    """
    values: dict[str, Any] = {name: tensor_of(array) for name, array in program.constants.items()}
    constants = dict(program.constants)
    kept: list[Call] = []
    for call in program.calls:
        if not _is_constant(call, values):
            kept.append(call)
            continue
        with torch.no_grad():
            values[call.name] = result = evaluate(call, values)
        if isinstance(result, torch.Tensor):
            constants[call.name] = result.numpy().copy()
    return drop_unused(dataclasses.replace(program, calls=tuple(kept), constants=constants))


def _is_constant(call: Call, values: dict[str, Any]) -> bool:
    target = canonical_target(call.target)
    if target not in GROUP_OF or "quantize_" in target:
        return False
    names = list(call_refs(call))
    return bool(names) and all(name in values for name in names)
