"""Make the names of files from those of a graph: layers numbered, none longer than file systems hold."""

from __future__ import annotations

from edgeq.errors import GraphError
from edgeq.ir.graph import Graph
from edgeq.ir.naming import file_name

LONGEST = 200
"""Bytes of a file's name that are made from names of the graph: file systems hold 255, temporary names need some."""


def short_name(name: str) -> str:
    """Return `file_name` of a name of the graph; raises GraphError for more than 200 characters.

    >>> short_name("layer1/conv:0.weight")
    'layer1_conv_0.weight'
    """
    made = file_name(name)
    if len(made) > LONGEST:
        raise GraphError(f"name '{name[:60]}..' has {len(name)} characters; files are called after it, and their names "
                         f"have at most {LONGEST}; give the layer, input or graph a shorter one")
    return made


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
    stems = {item.name: f"{0:0{width}}_{short_name(item.name)}" for item in graph.inputs}
    return stems | {name: f"{k:0{width}}_{short_name(name)}" for k, name in enumerate(names, 1)}
