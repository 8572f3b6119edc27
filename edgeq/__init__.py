"""Lower trained PyTorch models to exact integers, simulate them bit for bit, emit the files hardware loads.

The public API::

    GraphBuilder, Graph, IntType          make a graph by hand
    lower                                 trained PyTorch model -> Graph (needs torch)
    simulate                              run a graph, every value of every layer
    save, load                            the bundle NAME.edgeq/; load reads a container NAME.eqbin too
    emit                                  graph -> files: c, readmemh, blobs of every codec, eqbin, yaml
    verify                                read emitted files back against the graph, run what runs
    codecs                                tensors to blobs and back
    compress                              prune PyTorch models (needs torch)
    errors                                every exception

Names are imported when first used, so that ``import edgeq`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeq.arith.types import IntType as IntType
    from edgeq.bundle import load as load
    from edgeq.bundle import save as save
    from edgeq.emission import emit as emit
    from edgeq.frontend.lower import lower as lower
    from edgeq.ir.builder import GraphBuilder as GraphBuilder
    from edgeq.ir.graph import Graph as Graph
    from edgeq.simulator import simulate as simulate
    from edgeq.verification import verify as verify

__version__ = "0.1.0"

_HOMES = {
    "GraphBuilder": "edgeq.ir.builder",
    "Graph": "edgeq.ir.graph",
    "IntType": "edgeq.arith.types",
    "lower": "edgeq.frontend.lower",
    "simulate": "edgeq.simulator",
    "save": "edgeq.bundle",
    "load": "edgeq.bundle",
    "emit": "edgeq.emission",
    "verify": "edgeq.verification",
}
_ROOMS = ("codecs", "compress", "errors")
__all__ = sorted([*_HOMES, *_ROOMS])


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"edgeq.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'edgeq' has no attribute {name!r}")
    if name == "GraphBuilder":
        import_module("edgeq.ops")  # fills the registry that its methods come from
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
