"""Trace a model into one graph of tensor operators, whatever way its forward is written."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.fx import Graph, Node
from torch.nn.utils import prune

from edgeq.errors import InputError, ModelError


@dataclass(frozen=True)
class Traced:
    """A graph; the qualified name of each stored tensor by placeholder; placeholders of constants and of inputs."""

    graph: Graph
    tensors: Mapping[str, str]
    constants: frozenset[str]
    inputs: tuple[str, ...]
    values: Mapping[str, torch.Tensor]
    """Constants of the code by placeholder."""
    batch: int | None
    """Samples that the graph takes at a time, None for any number."""
    returns: type | None
    """The type of what the model returns: None for one tensor, tuple or list of tensors, object for anything else."""


def copied(model: torch.nn.Module) -> torch.nn.Module:
    """Return a copy with pruning masks of ``torch.nn.utils.prune`` multiplied in; the caller's model is left alone."""
    memo: dict[int, Any] = {}
    for module in model.modules():
        for value in vars(module).values():
            if isinstance(value, torch.Tensor) and not value.is_leaf:  # a masked weight; torch copies only leaves
                memo[id(value)] = value.detach().clone()
    result = copy.deepcopy(model, memo)
    for module in result.modules():
        for name in [name.removesuffix("_orig") for name in module._parameters if name.endswith("_orig")]:
            if hasattr(module, f"{name}_mask"):
                prune.remove(module, name)  # type: ignore[no-untyped-call]
    return result


def tensors_of(example_inputs: object, model: torch.nn.Module) -> tuple[torch.Tensor, ...]:
    """Return example inputs as tensors where the model is, in its floating type."""
    items = example_inputs if isinstance(example_inputs, tuple | list) else (example_inputs,)
    kept = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(()))
    found = []
    for number, item in enumerate(items):
        if not isinstance(item, torch.Tensor | np.ndarray):
            raise InputError(f"example input {number} is {type(item).__name__}, expected an array or a tensor")
        tensor = torch.from_numpy(np.array(item)) if isinstance(item, np.ndarray) else item.detach()
        if tensor.ndim == 0 or tensor.shape[0] == 0:
            raise InputError(f"example input {number} has shape {list(tensor.shape)}, expected a batch first")
        found.append(tensor.to(kept.device, kept.dtype if tensor.is_floating_point() else tensor.dtype))
    return tuple(found)


def export(model: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> torch.export.ExportedProgram:
    """Export a model in evaluation mode, for any batch where its forward allows it.

    Raises :class:`ModelError` where torch.export cannot.
    """
    two = tuple(torch.cat([item, item]) if item.shape[0] == 1 else item for item in inputs)
    shapes = tuple({0: torch.export.Dim.AUTO} for _ in inputs)
    with _quiet(), _evaluating(model), torch.no_grad():
        try:
            exported = torch.export.export(model, two, dynamic_shapes=shapes, strict=False)
            if batch_of(exported) is None:
                return exported
        except Exception:  # torch raises many kinds; the samples as they were given may do
            pass
        try:
            return torch.export.export(model, inputs, strict=False)
        except Exception as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), "no reason given")
            raise ModelError(f"model: torch.export cannot trace it: {type(error).__name__}: {reason}") from error


def trace(model: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> Traced:
    """Return the graph of a model in evaluation mode."""
    exported = export(model, inputs)
    tensors, constants, given, values = {}, set(), [], {}
    for spec in exported.graph_signature.input_specs:
        name, kind = str(getattr(spec.arg, "name", "")), spec.kind.name
        if kind in ("PARAMETER", "BUFFER", "CONSTANT_TENSOR"):
            tensors[name] = str(spec.target)
        if kind == "CONSTANT_TENSOR":
            constants.add(name)
            values[name] = exported.constants[str(spec.target)].detach()
        if kind == "USER_INPUT":
            given.append(name)
    return Traced(exported.graph, tensors, frozenset(constants), tuple(given), values, batch_of(exported),
                  _returns(exported))


def batch_of(exported: torch.export.ExportedProgram) -> int | None:
    """Return the batch that a program is made for, None if it takes any."""
    given = exported.graph_signature.user_inputs[0]
    node = next(node for node in exported.graph.nodes if node.name == given)
    size = node.meta["val"].shape[0]
    return size if isinstance(size, int) else size.node.maybe_as_int()


def _returns(exported: torch.export.ExportedProgram) -> type | None:
    spec = exported.call_spec.out_spec
    plain = spec.type in (None, tuple, list) and all(child.type is None for child in spec.children())
    return spec.type if plain else object


def shape_of(node: Node) -> tuple[int, ...] | None:
    """Return the shape of a node's tensor with the batch of the example, None for what is no tensor."""
    value = node.meta.get("val")
    if not isinstance(value, torch.Tensor):
        return None
    return tuple(int(n) if isinstance(n, int) else int(n.node.hint) for n in value.shape)


def operator_of(node: Node) -> str:
    """Return the operator's name without overload and without the mark of in-place operators."""
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return str(getattr(node.target, "__name__", node.target))
    return str(schema.name).removeprefix("aten::").removesuffix("_")


def place_of(node: Node) -> str:
    """Return the module that calls an operator."""
    stack = node.meta.get("nn_module_stack") or {}
    path = next(reversed([str(path) for path, _ in stack.values()]), "")
    return path or "the model's forward"


def arguments_of(node: Node) -> dict[str, Any]:
    """Return an operator's arguments by name, defaults included."""
    declared = node.target._schema.arguments  # type: ignore[union-attr]
    found = {item.name: item.default_value for item in declared}
    found |= {item.name: value for item, value in zip(declared, node.args, strict=False)}
    return found | dict(node.kwargs)


@contextlib.contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode meanwhile, each module back as it was afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("torch")
    level = logger.level
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):  # torch prints the graph it gave up on
        warnings.simplefilter("ignore")
        logger.setLevel(logging.CRITICAL)  # a model that states sizes is traced to see that it fails
        try:
            yield
        finally:
            logger.setLevel(level)
