"""The whole graph in one file, `<graph>.eqbin`: its text, and a blob per tensor; `edgeq.load` reads it as a bundle.

Weights go through the codec, with the weight zero point as fill value; other tensors are packed, and those of few
values stand in the text.

Source: the page "Blobs" of `edgeq/codecs`, its last part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeq.artefacts.manifest import dump_yaml
from edgeq.bundle import DIGEST, VERSION, graph_digest, graph_to_plain, parse_container, tensor_name
from edgeq.codecs.choice import BEST, Chosen, choices, encode_as
from edgeq.codecs.eqbin import GRAPH, TENSOR, Section, encode_eqbin, tensor_path
from edgeq.emitters.parameters import declared, parameters
from edgeq.emitters.registry import EmittedFile, Vectors, emitter
from edgeq.emitters.stored import most_frequent
from edgeq.errors import InputError
from edgeq.ir.graph import Graph, Node
from edgeq.ir.stems import short_name
from edgeq.ir.tensor import Array, Constant

_TEXTS = ("plain", "zlib")


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return every constant of the graph in the file; raises BundleError naming the first fault."""
    return {p.name: p.array for p in parameters(parse_container(files[holds["path"]], holds["path"]))}


@emitter("eqbin", "the whole graph in one file that edgeq loads as a bundle: text and a blob per tensor", read=read)
def write(
    graph: Graph, vectors: Vectors, *, codec: str = BEST, align: int = 16, inline: int = 8, text: str = "plain",
    remarks: bool = True,
) -> Iterator[EmittedFile]:
    """Yield the file: weights by ``codec``, sections at multiples of ``align`` bytes.

    Tensors of at most ``inline`` values stand in the text, which is stored as it is (``plain``) or with ``zlib``.
    ``remarks``: false leaves out metadata and the real numbers beside the integers, which decide no result.
    Raises InputError for an option that does not exist.
    """
    del vectors
    if codec not in choices():
        raise InputError(f"codec {codec!r} does not exist; codecs are {', '.join(choices())}")
    if text not in _TEXTS:
        raise InputError(f"text {text!r} does not exist; the graph's text is stored as one of {', '.join(_TEXTS)}")
    for name, given in (("align", align), ("inline", inline)):
        if isinstance(given, bool) or not isinstance(given, int) or given < 0:
            raise InputError(f"{name}={given!r}: write a number from 0 up")
    chosen: dict[str, Chosen] = {}

    def keep(node: Node | None, field: str, value: Constant) -> Any:
        if value.array.size <= inline:
            return {"shape": list(value.shape), "data": value.array.reshape(-1).tolist()}
        name = tensor_name(node, field)
        chosen[name] = _encode(node, field, value, codec, name)
        return tensor_path(name)

    if not isinstance(remarks, bool):
        raise InputError(f"remarks={remarks!r}: write true or false")
    plain = graph_to_plain(graph, keep, remarks=remarks)
    metadata = dict(graph.metadata) if remarks else {}
    data = {"edgeq": VERSION, DIGEST: graph_digest(graph), **plain, "metadata": metadata}
    sections = [Section(GRAPH, "graph", dump_yaml(data), deflate=text == "zlib")]
    sections += [Section(TENSOR, name, made.blob) for name, made in chosen.items()]
    contents = encode_eqbin(sections, align)
    lines = [_line(name, made) for name, made in chosen.items()]
    holds = {"content": "network", "bytes": len(contents), "tensors": lines}
    yield EmittedFile(f"{short_name(graph.name)}.eqbin", contents, holds)


def _encode(node: Node | None, field: str, value: Constant, codec: str, name: str) -> Chosen:
    """Return the blob of a tensor: a weight's by ``codec``, any other's packed."""
    kept = value.smallest if node is None else declared(node.op, field, value)
    zero_point = getattr(node.op, "weight_zero_point", None) if node is not None and field == "weight" else None
    if zero_point is None:
        return encode_as("packed", value.array, kept, 0, {}, name)
    return encode_as(codec, value.array, kept, most_frequent(zero_point.array), {}, name)


def _line(name: str, made: Chosen) -> dict[str, Any]:
    line: dict[str, Any] = {"tensor": name, "codec": made.codec, "bytes": len(made.blob)}
    return line | ({"options": dict(made.options), "tried": dict(made.tried)} if made.tried else {})
