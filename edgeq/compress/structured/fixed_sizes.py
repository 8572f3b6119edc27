"""Check that a smaller model computes what the larger one did; rewrite ``view(-1, 400)`` where its forward says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import fx, nn
from torch.fx import Node

from edgeq.compress.structured.layers import Structure
from edgeq.compress.structured.rebuild import Removed
from edgeq.compress.tracing import Traced, operator_of, place_of, shape_of, trace
from edgeq.errors import ModelError

_MOVES = ("view", "reshape", "_unsafe_view", "flatten")


def fitted(
    model: nn.Module, inputs: tuple[torch.Tensor, ...], traced: Traced, structure: Structure, removed: Removed
) -> tuple[nn.Module, Traced]:
    """Return the model, or one with the same modules and parameters whose flattening no longer states a size; and its
    graph.

    Raises :class:`ModelError` where the forward states a size in another way.
    """
    misfit = ""
    candidates: tuple[Callable[[nn.Module], nn.Module | None], ...] = (lambda same: same, _flattening)
    for candidate in candidates:
        found = candidate(model)
        if found is None:
            continue
        try:
            smaller = trace(found, inputs)
        except ModelError as error:
            misfit = misfit or str(error).removeprefix("model: ")
            continue
        wrong = _misfit(smaller, traced, structure, removed)
        if wrong is None:
            return found, smaller
        misfit = misfit or wrong
    raise ModelError(f"model: its forward states a number of channels ({misfit}); write torch.flatten(x, 1) in place "
                     "of a view with a number, and take other sizes from x.shape or from the modules")


def _misfit(smaller: Traced, traced: Traced, structure: Structure, removed: Removed) -> str | None:
    """Return where the smaller model departs from what is expected of it, None if nowhere."""
    wanted, got = list(_steps(traced)), list(_steps(smaller))
    for (before, kind, _), (after, other, shape) in zip(wanted, got, strict=False):
        expected = _expected(before, structure, removed)
        if (kind, expected) != (other, shape):
            return (f"'{operator_of(after)}' at '{place_of(after)}' gives {list(shape)}, expected {kind} of "
                    f"{list(expected)}")
    return None if len(wanted) == len(got) else f"{len(got)} operators, expected {len(wanted)}"


def _steps(traced: Traced) -> Iterator[tuple[Node, str, tuple[int, ...]]]:
    for node in traced.graph.nodes:
        shape = shape_of(node)
        if node.op == "call_function" and shape is not None:
            name = operator_of(node)
            yield node, "reshape" if name in _MOVES else name, shape


def _expected(node: Node, structure: Structure, removed: Removed) -> tuple[int, ...]:
    axes, shape = structure.values.get(node, {}), list(shape_of(node) or ())
    for axis, labels in axes.items():
        shape[axis] = sum(unit not in removed for unit in structure.units.roots(labels))
    return tuple(shape)


def _flattening(model: nn.Module) -> nn.Module | None:
    """Return the model with ``view(-1, K)`` replaced by flatten, None where its forward depends on the mode."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        graphs = []
        for mode in (True, False):
            model.train(mode)
            graphs.append(fx.Tracer().trace(model))
    except Exception:  # a forward that fx cannot trace raises many kinds
        return None
    finally:
        for module, mode in modes:
            module.training = mode
    if str(graphs[0]) != str(graphs[1]):
        return None
    for node in graphs[0].nodes:
        if node.target in ("view", "reshape", torch.reshape) and _states_size(node):
            with graphs[0].inserting_after(node):
                node.replace_all_uses_with(graphs[0].call_function(torch.flatten, (node.args[0], 1)))
            graphs[0].erase_node(node)
    result = fx.GraphModule(model, graphs[0], type(model).__name__)
    for name, module in result.named_modules():
        module.training = model.get_submodule(name).training
    return result


def _states_size(node: Node) -> bool:
    sizes = node.args[1] if isinstance(node.args[1], list | tuple) else node.args[1:]
    return len(sizes) == 2 and isinstance(sizes[1], int) and sizes[1] > 0
