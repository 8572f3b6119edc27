"""Turn the graph of a torch.export archive, as parsed JSON, into calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeq.errors import ModelError, UnsafeModelError, UnsupportedOpError
from edgeq.frontend.origin import module_path_from_text, source_line
from edgeq.frontend.program import Arg, Call, Ref, ValueType
from edgeq.frontend.sizes import parse_size
from edgeq.frontend.tensors import element_type, value_element_type

Json = Mapping[str, Any]

_LAYOUTS = {7: "strided"}
_MEMORY_FORMATS = {1: "contiguous_format", 2: "channels_last", 3: "channels_last_3d", 4: "preserve_format"}
_PLAIN = ("as_int", "as_float", "as_string", "as_bool")
_PLAIN_LISTS = ("as_ints", "as_floats", "as_strings", "as_bools")
_SYMBOLS = ("as_sym_int", "as_sym_float", "as_sym_bool")
_SYMBOL_LISTS = ("as_sym_ints", "as_sym_floats", "as_sym_bools")


def variant(union: Json) -> tuple[str, Any]:
    """Give the one field that is set in a serialized union; :class:`ValueError` if there is not one."""
    if len(union) != 1:
        raise ValueError(f"a union with fields {sorted(union)}, expected one field")
    return next(iter(union.items()))


def read_calls(where: str, graph: Json) -> Iterator[Call]:
    """Yield the calls of a serialized graph, in order; an operator with several results is followed by one
    ``operator.getitem`` for each. Raises a :class:`ModelError` for what has no plain form.
    """
    for number, node in enumerate(graph["nodes"]):
        yield from _node_calls(where, number, node)


def read_types(where: str, graph: Json) -> dict[str, ValueType]:
    """Give the type of every tensor value of a serialized graph."""
    return {name: _value_type(f"{where}: value '{name}'", meta) for name, meta in graph["tensor_values"].items()}


def _value_type(where: str, meta: Json) -> ValueType:
    sizes = (variant(size) for size in meta["sizes"])
    shape = tuple(value if key == "as_int" else parse_size(value["expr_str"], where) for key, value in sizes)
    if not all(size is None or type(size) is int for size in shape):
        raise ValueError(f"shape {shape}")
    return ValueType(shape, value_element_type(meta["dtype"]))


def _node_calls(where: str, number: int, node: Json) -> Iterator[Call]:
    target = call_target(node["target"])
    metadata = node["metadata"]
    module = module_path_from_text(metadata.get("nn_module_stack", ""))
    source = source_line(metadata.get("stack_trace", ""))
    names, several = _result_names(node["outputs"])
    only = names[0] if len(names) == 1 and not several else None
    name = only or node.get("name") or f"call_{number}"
    call = Call(target, (), {}, name, module, source)
    refuse_special(where, call)
    args: list[Arg] = []
    kwargs: dict[str, Arg] = {}
    for item in node["inputs"]:
        value = _argument(where, call, item["arg"])
        if item.get("kind") == 2:
            kwargs[item["name"]] = value
        else:
            args.append(value)
    yield Call(target, tuple(args), kwargs, call.name, module, source)
    if several:
        for index, part in enumerate(names):
            if part is not None:
                yield Call("operator.getitem", (Ref(call.name), index), {}, part, module, source)


def call_target(text: str) -> str:
    """Give the short target of a serialized operator name: ``aten.relu.default``, ``operator.mul``."""
    text = text.removeprefix("torch.ops.")
    return "operator." + text.removeprefix("_operator.") if text.startswith("_operator.") else text


def refuse_special(where: str, call: Call) -> None:
    """Raise :class:`UnsupportedOpError` for a higher-order operator, which carries graphs of its own."""
    if call.target.startswith("higher_order."):
        kind = call.target.removeprefix("higher_order.").removesuffix(".default")
        raise UnsupportedOpError(
            f"{where}: higher-order operator {kind}: {call.where()}; control flow is not lowered, "
            "rewrite the model without it"
        )


def _result_names(outputs: list[Json]) -> tuple[list[str | None], bool]:
    """Give the names of an operator's results (``None``: absent), and whether they come as a tuple."""
    if len(outputs) == 1:
        key, value = variant(outputs[0])
        if key == "as_tensors":
            return [item["name"] for item in value], True
        if key == "as_tensor":
            return [value["name"]], False
        if key in _SYMBOLS:
            return [value["as_name"]], False
        if key == "as_none":
            return [], False
        raise ValueError(f"a result of kind {key}")
    names: list[str | None] = []
    for output in outputs:
        key, value = variant(output)
        if key not in ("as_tensor", "as_none"):
            raise ValueError(f"results of kind {key}")
        names.append(value["name"] if key == "as_tensor" else None)
    return names, bool(names)


def _argument(where: str, call: Call, union: Json) -> Arg:
    key, value = variant(union)
    if key == "as_none":
        return None
    if key in _PLAIN:
        return _plain(value)
    if key in _PLAIN_LISTS:
        return tuple(_plain(item) for item in value)
    if key == "as_tensor":
        return Ref(value["name"])
    if key == "as_tensors":
        return tuple(Ref(item["name"]) for item in value)
    if key == "as_optional_tensor":
        return _symbol(value)
    if key == "as_optional_tensors":
        return tuple(_symbol(item) for item in value)
    if key in _SYMBOLS:
        return _symbol(value)
    if key in _SYMBOL_LISTS:
        return tuple(_symbol(item) for item in value)
    if key == "as_scalar_type":
        return element_type(f"{where}: {call.where()}", value)
    if key == "as_memory_format":
        return _MEMORY_FORMATS[value]
    if key == "as_layout":
        return _LAYOUTS[value]
    if key == "as_device":
        return "cpu"
    if key == "as_custom_obj":
        raise UnsafeModelError(
            f"{where}: custom object of class {value['class_fqn']} in {call.where()}, which runs code when "
            "loaded; "
            "only --allow-code loads it"
        )
    raise ModelError(f"{where}: argument of kind {key.removeprefix('as_')} in {call.where()} is not supported")


def _plain(value: Any) -> Arg:
    if not isinstance(value, bool | int | float | str):
        raise ValueError(f"a plain argument {value!r}")
    return value


def _symbol(union: Json) -> Arg:
    key, value = variant(union)
    if key == "as_none":
        return None
    if key == "as_name":
        return Ref(value)
    if key == "as_tensor":
        return Ref(value["name"])
    return _plain(value)
