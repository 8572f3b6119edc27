"""Write a quantized model down as a program of integer weights, quantize and dequantize operators."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import torch
from torch import nn
from torch.export import ExportedProgram
from torch.fx import Graph, GraphModule, Node
from torch.fx.node import map_arg

from edgeq.compress.quantization.assembly import has, put, put_tensor
from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.layers import Average, Call, LayerCodes, QuantizedLayer
from edgeq.compress.quantization.preparation import check_quantized
from edgeq.compress.tracing import export
from edgeq.errors import ModelError
from edgeq.scheme.activation_codes import ActivationCodes
from edgeq.scheme.naming import unused

_TYPES = (torch.int8, torch.uint8, torch.int16, torch.int32)
CODES = "codes"
"""Where a program's quantize operators stand, each under its layer's name: that of the codes where no layer ends."""
_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)


def convert(quantized: GraphModule) -> ExportedProgram:
    """Return the program that ``edgeq lower`` makes integers of; the model is left as it is.

    Activations pass ``quantized_decomposed.quantize_per_tensor`` and ``dequantize_per_tensor``, binary ones
    ``where(x >= 0, 1, -1)``; weights and biases are integers under ``dequantize_per_channel``. Layers keep their names.
    ``torch.export.save(program, "net.pt2")`` writes it. Raises ModelError for a layer without integers,
    CalibrationError for an activation without a range.
    """
    check_quantized(quantized, "convert")
    importlib.import_module("torch.ao.quantization.fx._decomposed")  # defines the operators for torch
    exact = copy.deepcopy(quantized).cpu().double().eval()
    made = _Writer(exact).written().eval()
    inputs = [n for n in quantized.graph.nodes if n.op == "placeholder"]
    return export(made, tuple(torch.zeros(n.meta["shape"]) for n in inputs))


class _Writer:
    """Walk the graph of a quantized model in float64, and build that of the program beside it."""

    def __init__(self, model: GraphModule) -> None:
        self.model, self.root, self.graph = model, nn.Module(), Graph()
        self.env: dict[Node, Node] = {}

    def written(self) -> GraphModule:
        for node in self.model.graph.nodes:
            if node.op == "placeholder":
                self.env[node] = self.graph.placeholder(str(node.target))  # its node may not bear a builtin's name
            elif node.op == "output":
                self.graph.output(self._mapped(node.args[0]))
            elif node.op == "call_function":
                self.env[node] = self.graph.call_function(
                    node.target, self._mapped(node.args), self._mapped(node.kwargs))
            elif node.op == "call_module":
                self.env[node] = self._module(node, self.model.get_submodule(node.target))
        return GraphModule(self.root, self.graph, class_name=type(self.model).__name__)

    def _module(self, node: Node, module: nn.Module) -> Node:
        if isinstance(module, QuantizedLayer):
            return self._put(node, IntegerLayer(module.call, self._codes(node, module)), node.args[:1])
        if isinstance(module, ActivationQuantizer):
            return self._rounded(self.env[node.args[0]], module.codes(), node)  # type: ignore[index]
        if isinstance(module, Average):
            pooled = self._put(node, module.call, node.args[:1])
            return self._rounded(pooled, module.codes_of(self._at(node.args[1])), node)
        if isinstance(module, _DROPOUTS):
            return self.env[node.args[0]]  # type: ignore[index]
        return self._put(node, module.float(), node.args, node.kwargs)

    def _codes(self, node: Node, layer: QuantizedLayer) -> LayerCodes:
        where, source, norm = f"layer '{node.meta['layer']}'", self._at(node.args[1]), self._at(node.args[2])
        if source is None:
            raise ModelError(f"{where}: its input is not quantized (bits null), so it has no integers")
        made = layer.codes(source, norm)
        largest = 0 if made.bias is None else int(made.bias.abs().max())
        if largest >= 2**31:
            raise ModelError(f"{where}: its bias is {largest} steps of the sum, more than 32 bits hold; its weights or "
                             "its input are too small")
        return made

    def _at(self, node: Any) -> Any:
        """Return the module that a node of the graph hands over."""
        return self.model.get_submodule(str(node.target)) if isinstance(node, Node) else None

    def _rounded(self, value: Node, codes: ActivationCodes | None, node: Node) -> Node:
        path = f"{CODES}.{node.meta['layer']}"
        if codes is None:
            return self._called(path, Signs(), (value,))
        form = (codes.scale, codes.zero_point, codes.lo, codes.hi, storage(codes.lo, codes.hi))
        operators = torch.ops.quantized_decomposed
        stored = self._called(path, Call(operators.quantize_per_tensor.default, form), (value,))
        return self.graph.call_function(operators.dequantize_per_tensor.default, (stored, *form))

    def _put(self, node: Node, module: nn.Module, args: Any, kwargs: Any = None) -> Node:
        return self._called(node.meta["layer"], module, self._mapped(args), self._mapped(kwargs or {}))

    def _called(self, path: str, module: nn.Module, args: Any, kwargs: Any = None) -> Node:
        path = unused(path, {name for name, _ in self.root.named_modules()}) if has(self.root, path) else path
        put(self.root, path, module)
        return self.graph.call_module(path, args, kwargs)

    def _mapped(self, value: Any) -> Any:
        return map_arg(value, self._node)

    def _node(self, node: Node) -> Node:
        if node not in self.env:  # a tensor that no layer owns
            path = str(node.target)
            owner, _, leaf = path.rpartition(".")
            put_tensor(self.root, path, getattr(self.model.get_submodule(owner), leaf).detach().float())
            self.env[node] = self.graph.get_attr(path)
        return self.env[node]


class IntegerLayer(nn.Module):
    """A layer of integer weights and bias, as a program holds it."""

    def __init__(self, call: Call, made: LayerCodes) -> None:
        super().__init__()
        self.call, weight = call, made.weight
        self.lo, self.hi, self.kept = weight.lo, weight.hi, storage(weight.lo, weight.hi)
        outputs = weight.codes.shape[0]
        self.by_table = weight.codebook is not None
        stored = weight.codes.to(self.kept) if weight.indices is None else weight.indices
        self.register_buffer("weight", stored)
        if weight.codebook is not None:
            self.register_buffer("codebook", weight.codebook.to(self.kept))
        self.register_buffer("weight_scale", weight.scale.float().expand(outputs).clone())
        self.register_buffer("weight_zero_point", weight.zero_point.expand(outputs).clone())
        self.register_buffer("bias", None if made.bias is None else made.bias.int())
        if made.bias is not None:
            self.register_buffer("bias_scale", made.step.expand(made.bias.shape).clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the layer."""
        dequantize = torch.ops.quantized_decomposed.dequantize_per_channel.default
        weight = dequantize(self._codes(), self.weight_scale, self.weight_zero_point, 0, self.lo, self.hi, self.kept)
        bias = None
        if self.bias is not None:
            bias = dequantize(self.bias, self.bias_scale, None, 0, -(2**31), 2**31 - 1, torch.int32)
        return self.call(x, weight, bias)  # type: ignore[no-any-return]

    def _codes(self) -> torch.Tensor:
        if not self.by_table:
            return self.weight  # type: ignore[return-value]
        if self.codebook.ndim == 1:
            return torch.ops.aten.index.Tensor(self.codebook, [self.weight])  # type: ignore[no-any-return]
        rows = torch.gather(self.codebook, 1, self.weight.flatten(1))  # type: ignore[arg-type, operator]
        return rows.reshape(self.weight.shape)  # type: ignore[arg-type]


class Signs(nn.Module):
    """+1 where a value is at least 0, else -1."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("plus", torch.tensor(1.0))
        self.register_buffer("minus", torch.tensor(-1.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the signs."""
        return torch.where(x >= 0, self.plus, self.minus)  # type: ignore[arg-type]


def storage(lo: int, hi: int) -> torch.dtype:
    """Return the smallest element type that holds codes.

    >>> storage(-8, 7), storage(0, 255), storage(-512, 511)
    (torch.int8, torch.uint8, torch.int16)
    """
    return next(kind for kind in _TYPES if torch.iinfo(kind).min <= lo and hi <= torch.iinfo(kind).max)
