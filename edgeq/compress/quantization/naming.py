"""Name the layers of a traced graph as lowering names them, so that one name holds in configuration and graph."""

from __future__ import annotations

from collections.abc import Mapping

from torch.fx import Graph, Node
from torch.nn import Module

from edgeq.compress.quantization.operators import NORMS, WEIGHTED, is_value
from edgeq.compress.tracing import operator_of
from edgeq.scheme.naming import unused

_INNER = "_empty_nn_module_stack_from_metadata_hook"


def layer_names(graph: Graph, stored: Mapping[str, str]) -> dict[Node, str]:
    """Return a unique name for every operator that gives a value; ``stored`` names the tensors of placeholders.

    An operator with a weight has the path of the module that owns it; the parameter's own name where it is not called
    ``weight``. Any other has the path of its module where that holds no other module and calls no other operator, else
    the name that torch numbers it by. A name that is taken is followed by a number.
    """
    calls = [n for n in graph.nodes if n.op == "call_function" and is_value(n)]
    paths = [module_of(n) for n in calls if operator_of(n) != "getitem"]
    inputs = [n.name for n in graph.nodes if n.op == "placeholder" and n.name not in stored]
    wanted = {n: owner_of(n, stored) or (module_of(n) if _is_leaf(module_of(n), paths) else n.name) for n in calls}
    reserved, taken = {*wanted.values(), *inputs}, set(inputs)
    names: dict[Node, str] = {}
    for node, name in wanted.items():
        free = name not in taken and not hasattr(Module, name)  # ``to``: no module may be called so
        names[node] = name if free else unused(name, taken | reserved)
        taken.add(names[node])
    return names


def module_of(node: Node) -> str:
    """Return the path of the module that calls an operator, "" for the model itself."""
    paths = [str(path) for path, _ in (node.meta.get("nn_module_stack") or {}).values()]
    return next((p for p in reversed(paths) if p != _INNER), "")


def owner_of(node: Node, stored: Mapping[str, str]) -> str:
    """Return the layer of an operator with a weight or with statistics, "" for any other."""
    name = operator_of(node)
    if name not in WEIGHTED | NORMS:
        return ""
    places = (1,) if name in WEIGHTED else (1, 3)
    for place in places:
        held = node.args[place] if place < len(node.args) else None
        full = stored.get(held.name, "") if isinstance(held, Node) else ""
        path, _, leaf = full.rpartition(".")
        if full:
            return path if path and leaf in ("weight", "running_mean") else full
    return ""


def _is_leaf(path: str, paths: list[str]) -> bool:
    return bool(path) and paths.count(path) == 1 and not any(p.startswith(path + ".") for p in paths)
