"""Build the quantized model of a traced one: its graph again, with layers and quantizers as modules."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.fx import Graph, GraphModule, Node

from edgeq.arith.types import Rounding
from edgeq.compress.quantization import operators as ops
from edgeq.compress.quantization.assembly import has, put, put_tensor
from edgeq.compress.quantization.config import QuantConfig, Quantizer
from edgeq.compress.quantization.kinds import ACTIVATIONS, WEIGHTS, activation_quantizer, weight_quantizer
from edgeq.compress.quantization.layers import Average, Call, QuantizedLayer
from edgeq.compress.quantization.naming import layer_names, owner_of
from edgeq.compress.quantization.norms import Norm
from edgeq.compress.quantization.placement import absorbed, leaves, points, source_of
from edgeq.compress.quantization.reach import outermost
from edgeq.compress.quantization.tidy import tidy
from edgeq.compress.tracing import Traced, arguments_of, operator_of, shape_of
from edgeq.errors import ModelError
from edgeq.scheme.naming import unused

QUANTIZERS = "activations"
"""Where the quantizers of activations stand in the model, each under its layer's name."""


class Builder:
    """Walk a traced graph once, and build module and graph of the quantized model beside it."""

    def __init__(self, model: nn.Module, traced: Traced, config: QuantConfig) -> None:
        tidy(traced.graph)
        self.model, self.traced, self.config, self.old = model, traced, config, traced.graph
        self.names = layer_names(self.old, traced.tensors)
        found = points(self.old, traced.inputs, self.names, config.asks_for_output)
        self.outer, self.leaving = outermost(self.old, traced.inputs), leaves(self.old)
        self.by_node = {point.node: point for point in found}
        outer_sources = {source_of(node.args[0], self.by_node) for node in self.outer}  # type: ignore[arg-type]
        self.chosen = {
            node: config.activations_of(point.layer, outermost=node in outer_sources, is_input=point.is_input)
            for node, point in self.by_node.items()}
        weighted = [self.names[n] for n in self.names if operator_of(n) in ops.WEIGHTED | ops.NORMS]
        config.check_layers(weighted, [point.layer for point in found])
        self.root, self.graph = nn.Module(), Graph()
        self.env: dict[Node, Node] = {}
        self.sources: dict[Node, str] = {}
        self.layers: dict[tuple[Any, ...], str] = {}

    def build(self) -> GraphModule:
        """Return the quantized model; raises ModelError for what cannot be quantized, naming the layer."""
        for node in self.old.nodes:
            if node.op == "output":
                self._output(self._mapped(node.args[0]))
            elif node.op == "placeholder":
                self._placeholder(node)
            else:
                self._operator(node)
                self._quantize(node)
        made = GraphModule(self.root, self.graph, class_name=f"Quantized{type(self.model).__name__}")
        made.meta["config"] = self.config
        made.meta["before_lowering"] = "it was made by compress.quantize; give compress.convert(model)"
        return made

    def _output(self, found: Any) -> None:
        if self.traced.returns not in (None, tuple, list):
            raise ModelError("model: it returns neither a tensor nor a tuple of tensors; wrap it in a module that does")
        self.graph.output(found[0] if self.traced.returns is None else self.traced.returns(found))

    def _placeholder(self, node: Node) -> None:
        if node.name not in self.traced.inputs:
            return
        self.env[node] = self._noted(self.graph.placeholder(node.name), node.name)
        self.env[node].meta["shape"] = shape_of(node)
        self._quantize(node)

    def _operator(self, node: Node) -> None:
        name = operator_of(node)
        if name in ops.WEIGHTED:
            self._weighted(node)
        elif name in ops.NORMS:
            self._norm(node)
        elif name in ops.DROPOUTS:
            self._module(node, _dropout(node), (node.args[0],))
        elif ops.averages(node) and source_of(node.args[0], self.sources) is not None:  # type: ignore[arg-type]
            self._average(node)
        elif name in ops.PRODUCTS and any(self._is_stored(each) for each in node.all_input_nodes):
            raise ModelError(f"layer '{self.names[node]}': it multiplies by a stored matrix; write it as "
                             "nn.Linear or functional.linear")
        elif node in self.names and name != "getitem":
            self._module(node, Call(node.target), node.args, node.kwargs)  # type: ignore[arg-type]
        else:
            self.env[node] = self.graph.call_function(node.target, self._mapped(node.args), self._mapped(node.kwargs))  # type: ignore[arg-type]

    def _quantize(self, node: Node) -> None:
        point, chosen = self.by_node.get(node), self.chosen.get(node)
        if point is None or chosen is None or chosen.bits is None:
            return
        where, rules = f"layer '{point.layer}'", self.config.rules
        rounding = rules.activations.rounding if point.is_input else rules.rescale.rounding
        if operator_of(point.first) in ops.FUNCTIONS:
            rounding = rules.functions.rounding
        if chosen.method == "binary" and operator_of(node) in ("relu", "relu6"):
            raise ModelError(f"{where}: a binary activation is +1 wherever x >= 0, so after {operator_of(node)} it is "
                             "+1 everywhere; remove that, or give the layer another method")
        takes = chosen.method in ACTIVATIONS and "is_input" in ACTIVATIONS[chosen.method].options
        options = {**chosen.options, "is_input": True} if point.is_input and takes else chosen.options
        made = activation_quantizer(
            chosen.method, bits=chosen.bits, rules=rules, rounding=rounding, where=where, **options)
        path = f"{QUANTIZERS}.{point.layer}"
        put(self.root, path, made)
        self.env[node] = self._noted(self.graph.call_module(path, (self.env[node],)), point.layer)
        self.sources[node] = path

    def _weighted(self, node: Node) -> None:
        norm = self._absorbed_norm(node)
        path = self._layer(node, None if norm is None else self._norm_module(norm))
        if norm is not None:
            put(self.root, self._norm_path(norm), self._norm_module(norm))
        given = None if norm is None else self.graph.get_attr(self._norm_path(norm))
        args = (self._mapped(node.args[0]), self._source(node.args[0]), given)
        self.env[node] = self._noted(self.graph.call_module(path, args), self.names[node])

    def _layer(self, node: Node, norm: Norm | None) -> str:
        """Return the path of a layer's module, made at its first call."""
        given, where = arguments_of(node), self.names[node]
        weight, bias = (self._stored(given.get(name), where, name) for name in ("weight", "bias"))
        rest = node.args[3:]
        options = {k: v for k, v in node.kwargs.items() if k not in ("input", "weight", "bias")}
        key = (id(weight), id(bias), node.target, str(rest), str(options))
        if key not in self.layers:
            groups = given["groups"] if operator_of(node) in ops.TRANSPOSED else 0
            assert weight is not None
            chosen = self._weights_of(node)
            layer = QuantizedLayer(Call(node.target, rest, options), weight, bias, None, where,  # type: ignore[arg-type]
                                   folds=self.config.folds(chosen), transposed=groups)
            layer.weight_quantizer = self._weight_quantizer(
                chosen, layer.real(norm)[0].to(weight.dtype), where, whole=bool(groups))
            put(self.root, where, layer)
            self.layers[key] = where
        return self.layers[key]

    def _weights_of(self, node: Node) -> Quantizer:
        return self.config.weights_of(self.names[node], outermost=node in self.outer)

    def _weight_quantizer(self, chosen: Quantizer, weight: torch.Tensor, where: str, *, whole: bool) -> Any:
        if chosen.bits is None:
            return None
        takes = chosen.method in WEIGHTS and "per" in WEIGHTS[chosen.method].options
        options = {**chosen.options, "per": "tensor"} if whole and takes else chosen.options  # outputs are not first
        return weight_quantizer(chosen.method, weight.detach(), bits=chosen.bits,
                                rounding=self.config.rules.weights.rounding, where=f"layer '{where}'", **options)

    def _absorbed_norm(self, node: Node) -> Node | None:
        """Return the batch norm that becomes part of a layer."""
        norm = next((user for user in node.users if operator_of(user) in ops.NORMS), None)
        return norm if norm is not None and self._joins(norm) else None

    def _joins(self, norm: Node) -> bool:
        """Tell whether a batch norm is part of the layer before it: not before a sign, which takes it as thresholds."""
        layer = norm.args[0]
        if not absorbed(norm, self.leaving) or self._before_sign(norm) or not isinstance(layer, Node):
            return False
        return operator_of(layer) not in ops.TRANSPOSED or self.config.folds(self._weights_of(layer))

    def _before_sign(self, norm: Node) -> bool:
        chosen = self.chosen.get(norm)
        return chosen is not None and chosen.method == "binary" and self.config.batch_norm == "keep"

    def _norm(self, node: Node) -> None:
        if self._joins(node):
            self.env[node] = self.env[node.args[0]]  # type: ignore[index]
            return
        path, norm = self._norm_path(node), self._norm_module(node)
        put(self.root, path, norm)
        if self._before_sign(node):
            made = self.graph.call_module(path, (self._mapped(node.args[0]),))
        else:
            made = self._depthwise(node, path, norm)
        self.env[node] = self._noted(made, self.names[node])

    def _depthwise(self, node: Node, path: str, norm: Norm) -> Node:
        """Call a layer of one weight per channel, 1, whose batch norm is folded in."""
        rank, channels = len(shape_of(node) or ()), int(norm.running_mean.numel())
        if rank not in (2, 3, 4):
            raise ModelError(f"layer '{self.names[node]}': batch norm of {rank} dimensions; use 2 to 4")
        operator = {2: torch.ops.aten.linear.default, 3: torch.ops.aten.conv1d.default,
                    4: torch.ops.aten.conv2d.default}[rank]
        ones = torch.eye(channels) if rank == 2 else torch.ones(channels, *(1,) * (rank - 1))
        ones = ones.to(norm.running_mean)
        where = self.names[node]
        chosen = self.config.factors_of(where)
        layer = QuantizedLayer(Call(operator, (), {} if rank == 2 else {"groups": channels}), ones, None,
                               self._weight_quantizer(chosen, ones, where, whole=False), where)
        put(self.root, f"{path}.layer", layer)
        args = (self._mapped(node.args[0]), self._source(node.args[0]), self.graph.get_attr(path))
        return self.graph.call_module(f"{path}.layer", args)

    def _norm_path(self, node: Node) -> str:
        mean = self.traced.tensors.get(str(node.args[3]), "") if isinstance(node.args[3], Node) else ""
        return mean.rpartition(".")[0] or owner_of(node, self.traced.tensors) or node.name

    def _norm_module(self, node: Node) -> Norm:
        given, where = arguments_of(node), self._norm_path(node)
        if given["training"] or given["running_mean"] is None:
            raise ModelError(f"layer '{where}': batch norm without running statistics; use track_running_stats=True")
        stored = {name: self._stored(given[name], where, name)
                  for name in ("weight", "bias", "running_mean", "running_var")}
        try:
            own: Any = self.model.get_submodule(where)
        except AttributeError:
            own = None
        known = isinstance(own, nn.modules.batchnorm._BatchNorm)
        stored["num_batches_tracked"] = own.num_batches_tracked if known else None
        return Norm(stored, given["eps"], own.momentum if known else given["momentum"], where)

    def _average(self, node: Node) -> None:
        rounding, domain = self.config.rules.average
        own = self.config.preset == QuantConfig().preset
        layer = Average(Call(node.target, node.args[1:], dict(node.kwargs)),  # type: ignore[arg-type]
                        Rounding.ties_even if own else rounding, self.names[node], raw=not own and domain == "raw")
        source = self._source(node.args[0])
        self._module(node, layer, (node.args[0],))
        self.env[node].args = (*self.env[node].args, source)

    def _module(self, node: Node, module: nn.Module, args: Any, kwargs: Any = None) -> None:
        path = self.names[node]
        path = unused(path, {p for p, _ in self.root.named_modules()}) if has(self.root, path) else path
        put(self.root, path, module)
        made = self.graph.call_module(path, self._mapped(args), self._mapped(kwargs or {}))
        self.env[node] = self._noted(made, self.names[node])

    def _source(self, value: Any) -> Node | None:
        """Return the quantizer that made the codes of a value, as the graph reads it."""
        source = source_of(value, self.sources) if isinstance(value, Node) else None
        return None if source is None else self.graph.get_attr(self.sources[source])

    def _is_stored(self, node: Node) -> bool:
        return node.op == "placeholder" and node.name in self.traced.tensors

    def _stored(self, node: Any, where: str, what: str) -> torch.Tensor | None:
        """Return the tensor behind an argument of a layer."""
        if node is None:
            return None
        if not isinstance(node, Node) or not self._is_stored(node):
            raise ModelError(f"layer '{where}': its {what} is computed while the model runs; store it as a parameter")
        if node.name in self.traced.values:
            return self.traced.values[node.name]
        owner, _, leaf = self.traced.tensors[node.name].rpartition(".")
        value: torch.Tensor = getattr(self.model.get_submodule(owner), leaf)
        return value

    def _mapped(self, value: Any) -> Any:
        """Return arguments with the nodes of the new graph in place of those of the old."""
        return torch.fx.node.map_arg(value, self._node)

    def _node(self, node: Node) -> Node:
        if node not in self.env:  # a tensor that no layer owns
            path = self.traced.tensors[node.name]
            stored = self._stored(node, path, "tensor")
            assert stored is not None
            layer = next((self.names[u] for u in node.users if operator_of(u) in ops.WEIGHTED | ops.NORMS), None)
            if layer is not None:  # whose integers take its place
                raise ModelError(f"layer '{layer}': its '{path}' is read by another operator too; give that a tensor "
                                 "of its own")
            put_tensor(self.root, path, stored)
            self.env[node] = self.graph.get_attr(path)
        return self.env[node]

    def _noted(self, node: Node, layer: str) -> Node:
        node.meta["layer"] = layer
        return node


def _dropout(node: Node) -> nn.Module:
    probability = float(arguments_of(node)["p"])
    if operator_of(node) == "alpha_dropout":
        return nn.AlphaDropout(probability)
    if operator_of(node) == "dropout":
        return nn.Dropout(probability)
    rank = len(shape_of(node) or ())
    return {3: nn.Dropout1d, 5: nn.Dropout3d}.get(rank, nn.Dropout2d)(probability)


