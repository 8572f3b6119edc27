"""The layers that make and read channels, and where each stored tensor holds which channel."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch.fx import Node

from edgeq.compress.structured.units import Axes, Labels, Units


@dataclass(frozen=True)
class Layer:
    """A convolution or a linear layer: one weight, and every call of it."""

    name: str
    weight: str
    bias: str | None
    makes: Labels
    reads: Labels
    groups: int
    depthwise: bool
    nodes: list[Node]


@dataclass
class Structure:
    """What following a graph found."""

    units: Units = field(default_factory=Units)
    values: dict[Node, Axes] = field(default_factory=dict)
    tensors: dict[str, Axes] = field(default_factory=dict)
    """Axes of each stored tensor by qualified name."""
    layers: dict[str, Layer] = field(default_factory=dict)
    """Layers by the qualified name of the weight, in the order of their first call."""
    norms: list[tuple[str, Labels]] = field(default_factory=list)
    """Gamma of each batch norm with the channels it scales."""


def layer_name(weight: str) -> str:
    """Return the name that a layer goes by.

    >>> layer_name("block.conv1.weight"), layer_name("kernel")
    ('block.conv1', 'kernel')
    """
    return weight.removesuffix(".weight")
