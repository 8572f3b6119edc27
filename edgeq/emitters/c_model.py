"""Describe a graph as a C project: names, parameter structs, arena, steps, recorded vectors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from edgeq.emitters import c_text
from edgeq.emitters.c_arena import plan
from edgeq.emitters.glue import comment
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.emitters.registry import EmittedFile, Vectors, provenance
from edgeq.errors import ArtefactError, InputError
from edgeq.ir.graph import Graph, GraphInput, Node
from edgeq.ir.naming import identifier
from edgeq.ir.quantization import Table
from edgeq.ir.stems import layer_stems, short_name
from edgeq.ir.tensor import Array, TensorType

_FOLDER = "vectors"


class Project:
    """The C project of one graph with the vectors that it replays.

    Raises GraphError for what C cannot name or hold, ArtefactError for vectors that are missing or empty.
    """

    def __init__(self, graph: Graph, vectors: Vectors) -> None:
        self.graph = graph
        self.vectors = vectors
        self.net = net_name(graph)
        self.images = _count(graph, vectors)
        self._stems = layer_stems(graph)
        self._numbers = {name: k for k, name in enumerate(graph.types)}
        self._layers = {n.name: n.layer for n in graph.nodes} | {i.name: i.name for i in graph.inputs}

    @cached_property
    def common(self) -> dict[str, Any]:
        """Values of the templates of the model and of its check."""
        arena = plan(self.graph)
        values = [self._value(name, arena.offsets[name]) for name in self.graph.types]
        inputs = [self._input(item) for item in self.graph.inputs]
        outputs = [{"symbol": self._symbol(o.value), "comment": comment(f"{o.name}: value {o.value}")}
                   for o in self.graph.outputs]
        return {
            "provenance": comment(provenance(self.graph)), "name": comment(self.graph.name), "net": self.net,
            "guard": self.net.upper(), "values": values, "inputs": inputs, "outputs": outputs,
            "tables": any(i["table"] for i in inputs), "steps": [self._step(n) for n in self.graph.nodes],
            "arena_bytes": arena.size, "largest": max(v["bytes"] for v in values),
            "images": self.images, "layers": len(self.graph.layers),
        }

    @property
    def library(self) -> set[str]:
        """Names of the kernels that the network calls."""
        return {n.op.KIND for n in self.graph.nodes} | ({"table"} if self.common["tables"] else set())

    def _symbol(self, value: str) -> str:
        return f"{self.net}_value_{identifier(value)}"

    def _value(self, name: str, offset: int) -> dict[str, Any]:
        kept = self.graph.types[name]
        c_text.require_rank(kept.shape, f"value '{name}'")
        return {
            "symbol": self._symbol(name), "number": self._numbers[name],
            "comment": comment(f"{name}: {kept}{_said_scale(kept)}"),
            "offset": offset, "bytes": kept.size * kept.type.dtype.itemsize, "rank": len(kept.shape),
            "element": c_text.element_code(kept.type.dtype), "shape": c_text.braces(kept.shape), "axis": kept.axis,
            "zero_point": c_text.integer(kept.zero_point), "type": c_text.type_initializer(kept.type),
            "layer": c_text.string(self._layers[name]), "role": self._role(name), "file": self._file(name),
        }

    def _input(self, item: GraphInput) -> dict[str, Any]:
        kept = item.type
        table = self._constants.get((item.name, "table"))
        dtype = np.dtype(np.uint8) if table else kept.type.dtype
        said = "uint8 pixels" if table else c_text.element_type(dtype)
        return {
            "symbol": self._symbol(item.name), "table": f"{symbol_of(self.net, table)}_constant" if table else "",
            "size": kept.size, "bytes": kept.size * dtype.itemsize, "element": c_text.element_code(dtype),
            "file": self._file(item.name, "pixels") if table else self._file(item.name),
            "comment": comment(f"{item.name}: {said} {list(kept.shape)}"),
        }

    def _step(self, node: Node) -> dict[str, Any]:
        return {
            "symbol": self._symbol(node.name), "kind": node.op.KIND, "params": self._struct(node),
            "operands": [self._symbol(v) for v in node.inputs], "many": node.op.MANY,
            "comment": comment(f"{node.name}: {node.op.KIND}"),
        }

    # Parameters

    @cached_property
    def _constants(self) -> dict[tuple[str, str], Parameter]:
        return {(p.layer, p.tensor): p for p in parameters(self.graph)}

    def _struct(self, node: Node) -> str:
        stem = self._stems[node.layer].replace(".", "_")
        return f"{self.net}_{stem}_{node.op.KIND}"

    def tensors(self) -> list[dict[str, Any]]:
        """Return the manifest fields of every array of the parameter file."""
        return [
            {"tensor": p.name, "layer": p.layer, "symbol": symbol_of(self.net, p), "shape": list(p.array.shape),
             "layout": p.axes, "type": {"bits": p.type.bits, "signed": p.type.signed},
             "element": c_text.element_type(p.type.dtype)}
            for p in self._constants.values()
        ]

    def parameter_header(self) -> bytes:
        """Return the text of ``<net>_params.h``: what the parameter file defines."""
        guard = f"{self.net.upper()}_PARAMS_H"
        kinds = sorted({n.op.KIND for n in self.graph.nodes})
        lines = [*self._head("parameters of the network"), f"#ifndef {guard}", f"#define {guard}", ""]
        lines += [*(f'#include "edgeq_{kind}.h"' for kind in kinds), '#include "edgeq_platform.h"', ""]
        for p in self._constants.values():
            symbol, dims = symbol_of(self.net, p), ",".join(map(str, p.array.shape))
            lines.append(f"/* {comment(p.name)}: {p.type}[{dims}], {p.axes or 'scalar'} */")
            lines.append(f"extern const {c_text.element_type(p.type.dtype)} {symbol}[{p.array.size}];")
            lines += [f"extern const edgeq_constant {symbol}_constant;"] if p.tensor == "table" else []
        lines.append("")
        lines += [f"extern const edgeq_{n.op.KIND}_params {self._struct(n)};" for n in self.graph.nodes]
        return "\n".join([*lines, "", "#endif", ""]).encode("ascii")

    def parameter_source(self) -> bytes:
        """Return the text of ``<net>_params.c``: constant arrays and one struct per op."""
        includes = [f'#include "{self.net}_params.h"', "", '#include "edgeq_arith.h"', ""]
        parts = ["\n".join([*self._head("parameters of the network"), *includes])]
        for p in self._constants.values():
            symbol = symbol_of(self.net, p)
            parts.append(f"/* {comment(p.name)} */\n{c_text.array_definition(symbol, p.type.dtype, p.array)}")
            if p.tensor == "table":
                made = c_text.constant_initializer(symbol, p.type.dtype, p.array.shape)
                parts.append(f"const edgeq_constant {symbol}_constant = {made};\n")
        parts += [self._struct_definition(node) for node in self.graph.nodes]
        return "\n".join(parts).encode("ascii")

    def _head(self, what: str) -> list[str]:
        return [f"/* {self.common['provenance']}", " *", f" * The {what} {self.common['name']}.", " */"]

    def _struct_definition(self, node: Node) -> str:
        def place(field: str) -> str:
            p = self._constants[node.layer, field]
            return c_text.constant_initializer(symbol_of(self.net, p), p.type.dtype, p.array.shape)

        body = c_text.struct_initializer(node.op, place)
        proofs = node.op.proofs(*(self.graph.types[v] for v in node.inputs))
        proven = "".join(f"    .{name} = {'true' if holds else 'false'},\n" for name, holds in proofs.items())
        return f"const edgeq_{node.op.KIND}_params {self._struct(node)} = {body[:-1]}{proven}}};\n"

    # Vectors

    def _role(self, value: str) -> str:
        layer = self._layers[value]
        if value in {i.name for i in self.graph.inputs}:
            return "in"
        return "out" if value == layer else "acc"

    def _file(self, value: str, role: str = "") -> str:
        return f"{self._stems[self._layers[value]]}.{role or self._role(value)}.bin"

    def vector_files(self) -> Iterator[EmittedFile]:
        """Yield every recorded value as raw little endian integers, and pixels where an input has a table."""
        for item in self.graph.inputs:
            if isinstance(item.quantization, Table):
                made = pixels(item.quantization, self.vectors[item.name], item)
                yield self._vector(item.name, "pixels", f"{item.name}.pixels", made)
        for name, kept in self.graph.types.items():
            yield self._vector(name, self._role(name), name, self.vectors[name].astype(kept.type.dtype))

    def _vector(self, value: str, role: str, tensor: str, array: Array) -> EmittedFile:
        kept = self.graph.types[value]
        holds = {
            "content": "vectors", "tensor": tensor, "layer": self._layers[value], "role": role,
            "shape": list(array.shape), "layout": "row-major", "element": array.dtype.name, "endian": "little",
            "type": {"bits": kept.type.bits, "signed": kept.type.signed},
        }
        if role == "pixels":
            holds["type"] = {"bits": 8, "signed": False}
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        return EmittedFile(f"{_FOLDER}/{self._file(value, role)}", data, holds)


def pixels(table: Table, codes: Array, item: GraphInput) -> Array:
    """Return the smallest uint8 pixels that the table turns into ``codes``; raises InputError where none does."""
    rows = np.broadcast_to(table.table.array, (item.type.channels, 256))
    made = np.empty(codes.shape, np.uint8)
    for c, row in enumerate(rows):
        known, first = np.unique(row, return_index=True)
        wanted = codes[:, c]
        place = np.minimum(np.searchsorted(known, wanted), known.size - 1)
        if (known[place] != wanted).any():
            raise InputError(f"input '{item.name}': the vectors hold codes of channel {c} that no pixel gives")
        made[:, c] = first[place]
    return made


def _said_scale(kept: TensorType) -> str:
    if kept.scale is None:
        return ""
    if not isinstance(kept.scale, tuple):
        return f" scale {kept.scale!r}"
    return f" scales {min(kept.scale)!r} to {max(kept.scale)!r} along axis {kept.axis}"


def net_name(graph: Graph) -> str:
    """Return the graph's name as the start of every identifier."""
    name = identifier(short_name(graph.name))
    return f"net_{name}" if name.startswith("edgeq") else name


def symbol_of(net: str, parameter: Parameter) -> str:
    """Return the name of a constant's array."""
    return f"{net}_{parameter.stem.replace('.', '_')}"


def _count(graph: Graph, vectors: Vectors) -> int:
    """Return the number of images; every value has to have as many, at least one."""
    counts = set()
    for name, kept in graph.types.items():
        if name not in vectors:
            raise ArtefactError(f"the vectors of graph '{graph.name}' lack value '{name}'")
        array = vectors[name]
        if array.shape[1:] != kept.shape:
            shape = list(array.shape)
            raise ArtefactError(f"vectors of '{name}' have shape {shape}, expected N and then {list(kept.shape)}")
        counts.add(len(array))
    if len(counts) != 1 or 0 in counts:
        raise ArtefactError(f"vectors of graph '{graph.name}' hold {sorted(counts)} images, not one count from 1 up")
    return counts.pop()

