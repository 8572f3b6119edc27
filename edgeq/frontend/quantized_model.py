"""Rewrite a model of torch's quantized modules and functions as one of float operators and quantizers.

Sources: FX graph mode (``convert_fx``) and eager mode (``torch.ao.quantization.convert``). The rewritten model is
captured like any other; every weight, scale and zero point is the quantized model's own.
"""

from __future__ import annotations

import importlib
import inspect
import operator
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeVar

import torch
from torch import nn
from torch.fx import GraphModule, Node
from torch.nn import functional

from edgeq.errors import EdgeqError, UnsupportedOpError
from edgeq.frontend import stand_ins

_STATIC = "use static quantization (prepare_fx, calibrate, convert_fx) of the modules that lower"
_Made = TypeVar("_Made")
_PARTS = (".quantized.", ".qat.", ".observer", ".fake_quantize")


def is_quantized_model(model: nn.Module) -> bool:
    """Tell whether a model holds torch's quantized modules or calls its quantized functions."""
    for module in model.modules():
        if _is_quantized_class(type(module)):
            return True
        if isinstance(module, GraphModule) and any(_is_quantized_node(n) for n in module.graph.nodes):
            return True
    return False


def rewritten(model: nn.Module) -> nn.Module:
    """Return the model with stand-ins; ``model`` is changed and must be a copy.

    Raises UnsupportedOpError, naming the module or function, for what has none.
    """
    dtype = _element_type(model)
    model = _replaced(model, "", dtype)
    for path, module in list(model.named_modules()):
        if isinstance(module, GraphModule):
            _rewrite_calls(module, path, dtype)
    return model


def _is_quantized_class(kind: type) -> bool:
    """Tell whether a class belongs to torch's quantization and computes something else than its float base."""
    package = kind.__module__
    if not package.startswith(("torch.ao.nn.", "torch.ao.quantization.")):
        return False
    return kind.__name__ == "QFunctional" or (
        "functional_modules" not in package and any(part in package for part in _PARTS)
    )


def _is_quantized_node(node: Node) -> bool:
    if node.op == "call_method":
        return node.target == "dequantize"
    return node.op == "call_function" and _function_name(node.target) is not None


def _function_name(target: Any) -> str | None:
    """Return the name of a torch function that makes, reads or leaves quantized tensors, else None.

    >>> _function_name(torch.ops.quantized.add), _function_name(torch.relu)
    ('quantized.add', None)
    """
    if target in (torch.quantize_per_tensor, torch.dequantize):
        return str(target.__name__)
    name = str(target)
    if name in ("aten.quantize_per_tensor", "aten.quantize_per_tensor.default", "aten.dequantize.self"):
        return name.split(".")[1]
    return ".".join(name.split(".")[:2]) if name.startswith("quantized.") else None


def _element_type(model: nn.Module) -> torch.dtype:
    """Return the one element type of a model's activations."""
    found: set[Any] = {m.dtype for m in model.modules() if type(m).__name__ == "Quantize"}
    for module in model.modules():
        if isinstance(module, GraphModule):
            found |= {
                a for n in module.graph.nodes for a in (*n.args, *n.kwargs.values())
                if _function_name(n.target) == "quantize_per_tensor" and isinstance(a, torch.dtype)
            }
    if len(found) > 1:
        raise UnsupportedOpError(
            f"model: activations of {len(found)} element types ({', '.join(sorted(map(str, found)))}); use one"
        )
    return next(iter(found), torch.quint8)


def _replaced(module: nn.Module, path: str, dtype: torch.dtype) -> nn.Module:
    """Return a module, its parts and itself replaced."""
    if _is_quantized_class(type(module)):
        make = _table().get(type(module))
        if make is None:
            raise _unsupported(f"module '{path}' ({type(module).__module__}.{type(module).__name__})")
        return _named(lambda: make(module, dtype), f"module '{path}' ({type(module).__name__})")
    for name, part in list(module.named_children()):
        setattr(module, name, _replaced(part, f"{path}.{name}".lstrip("."), dtype))
    return module


def _unsupported(what: str) -> UnsupportedOpError:
    if "dynamic" in what:
        return UnsupportedOpError(f"{what}: dynamic quantization chooses scales while it runs; {_STATIC}")
    if ".qat." in what or ".observer" in what or ".fake_quantize" in what:
        return UnsupportedOpError(f"{what}: the model is prepared and not converted; call convert_fx or convert")
    return UnsupportedOpError(
        f"{what} has no integer lowering; use convolution, linear, add, pooling, ReLU here, or keep it in float "
        "(qconfig None) at the end of the model"
    )


def _named(make: Callable[[], _Made], where: str) -> _Made:
    """Make a stand-in; its errors begin with where it stands."""
    try:
        return make()
    except EdgeqError as error:
        raise type(error)(f"{where}: {error}") from None


def _rewrite_calls(module: GraphModule, path: str, dtype: torch.dtype) -> None:
    for node in list(module.graph.nodes):
        if _is_quantized_node(node):
            where = f"{node.target if node.op == 'call_method' else _function_name(node.target)} '{node.name}'"
            _named(lambda node=node: _rewrite(module, node, dtype), f"{path}: {where}" if path else where)  # type: ignore[misc]
    for node in reversed(list(module.graph.nodes)):
        if node.op == "get_attr" and not node.users:
            module.graph.erase_node(node)
            _forget(module, str(node.target))
    module.graph.eliminate_dead_code()
    module.delete_all_unused_submodules()
    module.recompile()


def _forget(module: nn.Module, path: str) -> None:
    """Drop packed weights that nothing reads any more: torch.export takes no such attribute."""
    holder, _, name = path.rpartition(".")
    try:
        parent = operator.attrgetter(holder)(module) if holder else module
    except AttributeError:
        return
    if isinstance(getattr(parent, name, None), torch.ScriptObject):
        delattr(parent, name)


def _rewrite(module: GraphModule, node: Node, dtype: torch.dtype) -> None:
    name = "dequantize" if node.op == "call_method" else str(_function_name(node.target))
    short = name.removeprefix("quantized.")
    node.args = tuple(_literal(module, a) for a in node.args)
    node.kwargs = {key: _literal(module, a) for key, a in node.kwargs.items()}
    if name == "dequantize":
        node.op, node.target = "call_function", stand_ins.real
    elif name == "quantize_per_tensor":
        node.target = stand_ins.quantize
        _check_code(node)
    elif short in ("relu6", "dropout"):  # torch's dropout of codes gives its operand
        node.target = functional.relu6 if short == "relu6" else torch.ops.aten.alias.default
        node.args, node.kwargs = node.args[:1], {}
    elif short in stand_ins.PACKED:
        _unpack(module, node, short, dtype)
    elif short in stand_ins.FUNCTIONS:
        if short in ("add", "add_relu", "mul") and not all(isinstance(a, Node) for a in node.args[:2]):
            raise UnsupportedOpError("an operand is a number; only two computed values are lowered")
        node.target, node.kwargs = stand_ins.FUNCTIONS[short], {**node.kwargs, "dtype": dtype}
        _check_code(node)
    else:
        raise _unsupported(f"function {name}")


def _check_code(node: Node) -> None:
    """Refuse a scale or zero point that no codes have, or that is no number."""
    given = inspect.signature(node.target).bind(*node.args, **node.kwargs).arguments  # type: ignore[arg-type]
    scale, zero_point = (next(v for k, v in given.items() if k.endswith(name)) for name in ("scale", "zero_point"))
    if isinstance(scale, Node) or isinstance(zero_point, Node):
        raise UnsupportedOpError("its scale or zero point is computed while the model runs; use stored numbers")
    stand_ins.code(scale, zero_point, given["dtype"])


def _literal(module: GraphModule, arg: Any) -> Any:
    """Return the number behind a stored scale or zero point, any other argument as it is."""
    if not isinstance(arg, Node) or arg.op != "get_attr":
        return arg
    stored = operator.attrgetter(str(arg.target))(module)
    return stored.item() if isinstance(stored, torch.Tensor) and stored.numel() == 1 else arg


def _unpack(module: GraphModule, node: Node, name: str, dtype: torch.dtype) -> None:
    """Put a module in place of a call on packed weights."""
    x, packed, *rest = node.args
    numbers = [*rest, *(v for k, v in node.kwargs.items() if "scale" in k), *(
        v for k, v in node.kwargs.items() if "zero_point" in k)]
    if not isinstance(packed, Node) or packed.op != "get_attr" or len(numbers) != 2:
        raise UnsupportedOpError("the weights are packed while the model runs; use a module (nn.Conv2d, nn.Linear)")
    made = stand_ins.code(numbers[0], numbers[1], dtype)
    layer = _unpacked(operator.attrgetter(str(packed.target))(module), name, made)
    path = str(packed.target).partition("._packed_params")[0]
    if path == packed.target or path in {n.target for n in module.graph.nodes if n.op == "call_module"}:
        path = f"{node.name}_layer"  # weights of no module, or of one that is called twice
    module.add_submodule(path, layer)
    node.op, node.target, node.args, node.kwargs = "call_module", path, (x,), {}


def _unpacked(packed: Any, name: str, made: stand_ins.Code) -> stand_ins.Products:
    """Return the layer of packed weights that ``quantized.<name>`` reads."""
    function, relu = stand_ins.PACKED[name]
    weight, bias = packed.unpack()
    options: dict[str, Any] = {}
    if function is not functional.linear:
        options = {
            key: tuple(getattr(packed, key)()) for key in ("stride", "padding", "dilation")
        } | {"groups": packed.groups()}
    if function is functional.conv1d and weight.ndim == 4:
        weight = weight.squeeze(2)
        options |= {key: options[key][-1:] for key in ("stride", "padding", "dilation")}
    return stand_ins.Products(weight, bias, function, options, made, relu=relu)


def _conv(function: Callable[..., torch.Tensor], *, relu: bool) -> Callable[[Any, torch.dtype], nn.Module]:
    def make(m: Any, dtype: torch.dtype) -> nn.Module:
        if m.padding_mode != "zeros":
            raise UnsupportedOpError(f"padding mode {m.padding_mode} has no lowering; use zeros")
        options = {"stride": m.stride, "padding": m.padding, "dilation": m.dilation, "groups": m.groups}
        made = stand_ins.code(m.scale, m.zero_point, dtype)
        return stand_ins.Products(m.weight(), m.bias(), function, options, made, relu=relu)

    return make


def _linear(m: Any, dtype: torch.dtype, *, relu: bool = False) -> nn.Module:
    made = stand_ins.code(m.scale, m.zero_point, dtype)
    return stand_ins.Products(m.weight(), m.bias(), functional.linear, {}, made, relu=relu)


def _reference(function: Callable[..., torch.Tensor]) -> Callable[[Any, torch.dtype], nn.Module]:
    """Return the maker of a layer of quantized weights whose result stays real (convert_to_reference_fx)."""
    names = () if function is functional.linear else ("stride", "padding", "dilation", "groups")
    return lambda m, _: stand_ins.Products(
        m.get_quantized_weight(), m.bias, function, {n: getattr(m, n) for n in names}, None, relu=False
    )


def _batch_norm(m: Any, dtype: torch.dtype, *, relu: bool = False) -> nn.Module:
    norm = nn.BatchNorm2d(m.num_features, eps=m.eps)
    norm.load_state_dict({n: getattr(m, n) for n in ("weight", "bias", "running_mean", "running_var")}, strict=False)
    body = nn.Sequential(norm, nn.ReLU()) if relu else norm
    return stand_ins.Rounded(body.eval(), stand_ins.code(m.scale, m.zero_point, dtype))


def _rounded(make: Callable[[Any], nn.Module]) -> Callable[[Any, torch.dtype], nn.Module]:
    return lambda m, dtype: stand_ins.Rounded(make(m), stand_ins.code(m.scale, m.zero_point, dtype))


@cache
def _table() -> dict[type, Callable[[Any, torch.dtype], nn.Module]]:
    """Return the stand-in of each quantized module; torch's packages are imported on first use."""
    importlib.import_module("torch.ao.quantization.fx._decomposed")  # defines quantize operators for torch
    names = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized", "torch.ao.nn.quantized.reference")
    return dict(_modules(*map(importlib.import_module, names)))


def _modules(q: Any, fused: Any, reference: Any) -> Iterator[tuple[type, Callable[[Any, torch.dtype], nn.Module]]]:
    yield q.Conv1d, _conv(functional.conv1d, relu=False)
    yield q.Conv2d, _conv(functional.conv2d, relu=False)
    yield fused.ConvReLU1d, _conv(functional.conv1d, relu=True)
    yield fused.ConvReLU2d, _conv(functional.conv2d, relu=True)
    yield fused.ConvAdd2d, _conv(functional.conv2d, relu=False)
    yield fused.ConvAddReLU2d, _conv(functional.conv2d, relu=True)
    yield q.Linear, _linear
    yield fused.LinearReLU, lambda m, dtype: _linear(m, dtype, relu=True)
    yield reference.Conv1d, _reference(functional.conv1d)
    yield reference.Conv2d, _reference(functional.conv2d)
    yield reference.Linear, _reference(functional.linear)
    yield q.BatchNorm2d, _batch_norm
    yield fused.BNReLU2d, lambda m, dtype: _batch_norm(m, dtype, relu=True)
    yield q.Quantize, lambda m, _: stand_ins.Quantizer(stand_ins.code(m.scale, m.zero_point, m.dtype))
    yield q.DeQuantize, lambda _m, _: stand_ins.Leave()
    yield q.QFunctional, lambda m, dtype: stand_ins.Functional(m.scale, m.zero_point, dtype)
    yield q.Dropout, lambda _m, _: nn.Identity()
    yield q.ReLU6, lambda _m, _: nn.ReLU6()
    yield q.Hardswish, _rounded(lambda _m: nn.Hardswish())
    yield q.LeakyReLU, _rounded(lambda m: nn.LeakyReLU(m.negative_slope))
