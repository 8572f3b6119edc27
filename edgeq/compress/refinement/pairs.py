"""Find pairs of layers between which a channel may be scaled: one makes it, one alone reads it.

Between them are only operators f with f(s * x) = s * f(x) for s > 0, channel by channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch.fx import Node

from edgeq.compress.structured.layers import Layer, Structure
from edgeq.compress.tracing import Traced, arguments_of, operator_of, place_of

_SCALING = frozenset("""
    relu leaky_relu prelu abs neg dropout feature_dropout contiguous clone detach alias lift_fresh_copy
    max_pool1d max_pool2d max_pool3d max_pool2d_with_indices avg_pool1d avg_pool2d avg_pool3d
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
    upsample_nearest1d upsample_nearest2d upsample_bilinear2d upsample_linear1d upsample_bicubic2d
    mean sum amax amin permute transpose view reshape _unsafe_view flatten unflatten squeeze unsqueeze
""".split())
"""ReLU6 and hardtanh are not among them: their limits would have to be scaled, which their modules cannot hold."""


@dataclass(frozen=True)
class Norm:
    """A batch norm right after a layer: names of its tensors, None for what it lacks."""

    gamma: str | None
    beta: str | None
    mean: str
    variance: str
    eps: float


@dataclass(frozen=True)
class Made:
    """A layer that is called once, with the batch norm that follows it."""

    layer: Layer
    norm: Norm | None


@dataclass(frozen=True)
class Pair:
    """``columns[i]`` is the output of ``first`` that input i of ``second`` holds, -1 where another layer made it."""

    first: Made
    second: Made
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """Pairs in the order of the calls, and why the other layers make none, by name."""

    pairs: tuple[Pair, ...]
    reasons: Mapping[str, str]


def find_pairs(traced: Traced, structure: Structure) -> Found:
    """Return the pairs of a network."""
    search = _Search(traced, structure, {node: layer for layer in structure.layers.values() for node in layer.nodes})
    pairs, reasons = [], {}
    for layer in structure.layers.values():
        found = search.pair(layer)
        if isinstance(found, Pair):
            pairs.append(found)
        else:
            reasons[layer.name] = found
    return Found(tuple(pairs), reasons)


@dataclass(frozen=True)
class _Search:
    traced: Traced
    structure: Structure
    calls: Mapping[Node, Layer]

    def pair(self, layer: Layer) -> Pair | str:
        """Return the pair that a layer begins, or why it begins none."""
        if len(layer.nodes) > 1:
            return "it is called more than once"
        norm, node = self.norm_of(layer)
        if norm is not None and (norm.gamma is None or norm.beta is None):
            return "the batch norm after it has no factors"
        while True:
            if len(node.users) != 1:
                return f"its result has {len(node.users)} readers"
            node, read = next(iter(node.users)), node
            if node.op == "output":
                return "its result leaves the model"
            if node in self.calls:
                return self.reading(layer, norm, node, read)
            if not self.scales(node, read):
                return f"operator '{operator_of(node)}' at '{place_of(node)}' does not scale with what it reads"

    def reading(self, first: Layer, norm: Norm | None, node: Node, read: Node) -> Pair | str:
        """Return the pair with the layer that reads the value."""
        second = self.calls[node]
        if node.args[0] is not read or len(second.nodes) > 1:
            return f"'{second.name}', which reads its result, is called more than once"
        position = {label: index for index, label in enumerate(first.makes)}
        if not position.keys() <= set(second.reads):
            return f"'{second.name}' reads its result along another axis"
        columns = tuple(position.get(label, -1) for label in second.reads)
        return Pair(Made(first, norm), Made(second, self.norm_of(second)[0]), columns)

    def norm_of(self, layer: Layer) -> tuple[Norm | None, Node]:
        """Return the batch norm that alone reads a layer, and the node of its result or of the layer's own."""
        node = layer.nodes[0]
        user = next(iter(node.users), None)
        if user is None or len(node.users) != 1 or operator_of(user) != "batch_norm" or user.args[0] is not node:
            return None, node
        args = arguments_of(user)
        names = [self.own(args[key]) for key in ("weight", "bias", "running_mean", "running_var")]
        if names[2] is None or names[3] is None:
            return None, node
        return Norm(names[0], names[1], names[2], names[3], float(args["eps"])), user

    def own(self, node: Any) -> str | None:
        """Return the name of a stored tensor that one operator alone reads."""
        return self.traced.tensors.get(node.name) if isinstance(node, Node) and len(node.users) == 1 else None

    def scales(self, node: Node, read: Node) -> bool:
        """Tell whether an operator scales with its operand, each channel with its own factor."""
        name = operator_of(node)
        if name == "getitem":
            return bool(node.args[1] == 0)
        if name in ("pad", "constant_pad_nd"):
            return arguments_of(node)["value"] in (None, 0)
        if name == "cat":
            along = arguments_of(node)["dim"]
            return self.structure.values.get(read, {}).keys() == {along % len(read.meta["val"].shape)}
        return name in _SCALING and node.args[0] is read
