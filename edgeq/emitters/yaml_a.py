"""The integer YAML of CNN_Compress, for interchange: dense (``yaml``) or sparse (``yaml_coo, yaml_csr, yaml_csc``).

The layout knows layers of weights with one multiplier each and floor rounding; pools, flatten and clamps are
left to the program that reads it. What it cannot say is refused by name.

Source: design page "Artefacts", row YAML; integer contract, section 7 (CNN_Compress).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgeq.arith.types import Rounding
from edgeq.codecs.cnn_compress import Document, LayerValues, dump, parse
from edgeq.emitters.registry import EmittedFile, Vectors, emitter, provenance
from edgeq.errors import InputError
from edgeq.ir.graph import Graph, Layer
from edgeq.ir.stems import short_name
from edgeq.ir.tensor import Array, TensorType
from edgeq.ops.conv2d import Conv2d
from edgeq.ops.linear import Linear
from edgeq.ops.requantize import Requantize

SILENT = frozenset({"max_pool2d", "avg_pool2d", "flatten", "reshape", "clamp"})
"""Ops without parameters: the reading program knows them."""


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return weight, bias, weight zero point, multiplier and shift of every layer by tensor name."""
    document = parse(files[holds["path"]], holds["path"])
    tensors: dict[str, Array] = {}
    for layer in document.layers:
        tensors |= {
            f"{layer.name}.weight": layer.weight, f"{layer.name}.bias": layer.bias,
            f"{layer.name}.weight_zero_point": np.array(layer.wz), f"{layer.name}.multiplier": np.array(layer.mqm0),
            f"{layer.name}.shift": np.array(layer.mn + layer.n_bits),
        }
    return tensors


@emitter("yaml", "CNN_Compress's integer YAML for interchange, dense", read=read)
def write(graph: Graph, vectors: Vectors) -> Iterator[EmittedFile]:
    """Yield the one file; raises InputError naming the layer that the layout cannot hold."""
    del vectors
    yield _file(graph, "dense")


@emitter("yaml_coo", "CNN_Compress's integer YAML for interchange, coordinate form", read=read)
def write_coo(graph: Graph, vectors: Vectors) -> Iterator[EmittedFile]:
    """Yield the one file; raises InputError naming the layer that the layout cannot hold."""
    del vectors
    yield _file(graph, "coo")


@emitter("yaml_csr", "CNN_Compress's integer YAML for interchange, compressed rows (output channels)", read=read)
def write_csr(graph: Graph, vectors: Vectors) -> Iterator[EmittedFile]:
    """Yield the one file; raises InputError naming the layer that the layout cannot hold."""
    del vectors
    yield _file(graph, "csr")


@emitter("yaml_csc", "CNN_Compress's integer YAML for interchange, compressed columns", read=read)
def write_csc(graph: Graph, vectors: Vectors) -> Iterator[EmittedFile]:
    """Yield the one file; raises InputError naming the layer that the layout cannot hold."""
    del vectors
    yield _file(graph, "csc")


def _file(graph: Graph, form: str) -> EmittedFile:
    document = document_of(graph)
    text = f"# {provenance(graph)}\n".encode() + dump(document, form)
    tensors = [f"{layer.name}.{t}" for layer in document.layers for t in ("weight", "bias")]
    suffix = "" if form == "dense" else f"_{form}"
    holds = {"tensors": tensors, "layout": "oihw", "sparse": form != "dense"}
    return EmittedFile(f"{short_name(graph.name)}_int{suffix}.yml", text, holds)


def document_of(graph: Graph) -> Document:
    """Return the graph as a document; raises InputError naming the layer that the layout cannot hold."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise InputError(f"yaml: graph '{graph.name}' has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; "
                         "this layout holds one of each; use readmemh or coo")
    first, last = graph.inputs[0].type, graph.types[graph.outputs[0].value]
    layers = tuple(_layer(graph, layer) for layer in graph.layers if not _is_silent(layer))
    ins, outs = _scale(first, graph.inputs[0].name), _scale(last, graph.outputs[0].value)
    return Document(_float32(ins), first.zero_point, _float32(outs), last.zero_point, layers)


def _is_silent(layer: Layer) -> bool:
    return all(node.op.KIND in SILENT for node in layer.nodes)


def _layer(graph: Graph, layer: Layer) -> LayerValues:
    weighted, *rest = (node.op for node in layer.nodes)
    if not isinstance(weighted, Conv2d | Linear):
        raise _refusal(layer, f"op {weighted.KIND} has no place in this layout", "use readmemh, coo or c")
    if len(rest) != 1 or not isinstance(rest[0], Requantize):
        raise _refusal(layer, "its accumulator is not requantized", "let a requantize follow it")
    requantize = rest[0]
    n_bits = weighted.weight_type.bits
    _check_layer(layer, weighted, requantize)
    x, y = graph.types[layer.inputs[0]], graph.types[layer.output]
    ins, outs = _scale(x, layer.inputs[0]), _scale(y, layer.output)
    multiplier, shift = (int(c.array.flat[0]) for c in (requantize.multiplier, requantize.shift))
    weight_scale, bias_scale = _weight_scales(weighted, multiplier / 2**shift * outs / ins, ins)
    bias = np.zeros(1, np.int64) if weighted.bias is None else weighted.bias.array
    zero_point = int(weighted.weight_zero_point.array.flat[0])
    return LayerValues(
        layer.name, n_bits, _float32(ins), x.zero_point, _float32(outs), y.zero_point, weight_scale, zero_point,
        bias_scale, 0, shift - n_bits, multiplier, weighted.weight.array,
        np.array(np.broadcast_to(bias, (weighted.weight.shape[0],))))


def _weight_scales(weighted: Conv2d | Linear, derived: float, ins: float) -> tuple[float, float]:
    """Return the scales of weights and bias as float32, or what the multiplier says where none is recorded."""
    recorded = weighted.weight_scale
    if recorded is None:
        return derived, derived * ins
    scale = recorded if isinstance(recorded, float) else recorded[0]
    return _float32(scale), _float32(scale * ins)


def _check_layer(layer: Layer, weighted: Conv2d | Linear, requantize: Requantize) -> None:
    """Refuse what ``y = ((acc * mqm0) >> (mn + n_bits)) + outz`` cannot say."""
    advice = "lower with --preset cnn_compress, or use readmemh or coo"
    for name in ("multiplier", "shift", "left_shift"):
        _require_one(layer, name, requantize)
    _require_one(layer, "weight_zero_point", weighted)
    if requantize.rounding is not Rounding.floor:
        raise _refusal(layer, f"rounding {requantize.rounding.name}, where this layout's readers floor", advice)
    if requantize.left_shift.limits != (0, 0) or weighted.bias_fraction_bits or weighted.acc_product is not None:
        raise _refusal(layer, "left_shift, bias_fraction_bits and acc_product have no place in this layout", advice)
    if requantize.shift.limits[0] < weighted.weight_type.bits:
        raise _refusal(layer, f"shift {requantize.shift.limits[0]} is below n_bits {weighted.weight_type.bits}", advice)
    if isinstance(weighted, Conv2d) and weighted.groups != 1:
        raise _refusal(layer, f"groups={weighted.groups} has no place in this layout", "use readmemh or coo")


def _require_one(layer: Layer, name: str, op: Any) -> None:
    values = getattr(op, name).array
    if values.size > 1 and (values != values.flat[0]).any():
        raise _refusal(layer, f"{name} differs between channels, this layout holds one per layer",
                       "lower with --weights per_tensor, or use readmemh or coo")


def _refusal(layer: Layer, fault: str, advice: str) -> InputError:
    return InputError(f"yaml: layer '{layer.name}': {fault}; {advice}")


def _scale(kept: TensorType, value: str) -> float:
    if not isinstance(kept.scale, float):
        got = "one scale per channel" if kept.scale else "no scale"
        raise InputError(f"yaml: value '{value}' has {got}; this layout holds one real scale per tensor; "
                         "give scale= or use readmemh or coo")
    return kept.scale


def _float32(scale: float) -> float:
    """Return a scale as the layout stores it."""
    return float(np.float32(scale))
