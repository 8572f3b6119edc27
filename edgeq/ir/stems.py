"""Number the layers of a graph for the names of files."""

from __future__ import annotations

from edgeq.ir.graph import Graph
from edgeq.ir.naming import file_name


def layer_stems(graph: Graph) -> dict[str, str]:
    """Return the start of every layer's file names, ``<NN>_<layer>``; inputs have number 0.

    >>> import edgeq
    >>> b = edgeq.GraphBuilder("net")
    >>> b.output(b.clamp(b.input("x", (1,), edgeq.IntType(8)), 0, 5, name="a:relu"))
    >>> layer_stems(b.build())
    {'x': '00_x', 'a:relu': '01_a_relu'}
    """
    names = [layer.name for layer in graph.layers]
    width = max(2, len(str(len(names))))
    stems = {item.name: f"{0:0{width}}_{file_name(item.name)}" for item in graph.inputs}
    return stems | {name: f"{k:0{width}}_{file_name(name)}" for k, name in enumerate(names, 1)}
