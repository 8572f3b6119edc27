"""Capture a torch model held in memory as a program, equal to what its saved archive gives."""

from __future__ import annotations

import contextlib
import copy
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram
from torch.fx import Node

from edgeq.errors import EdgeqError, ModelError
from edgeq.frontend.batch import rebatch
from edgeq.frontend.canonical import canonical
from edgeq.frontend.code_values import with_rounded_codes
from edgeq.frontend.graph_json import refuse_special
from edgeq.frontend.origin import module_path, source_line
from edgeq.frontend.program import Arg, Call, Program, ProgramInput, Ref, ValueType, check
from edgeq.frontend.quantized_model import is_quantized_model, rewritten
from edgeq.frontend.quiet import quiet
from edgeq.frontend.torchscript import from_torchscript

Array = np.ndarray[Any, Any]

_WHERE = "model"


def capture(model: torch.nn.Module | ExportedProgram, example_inputs: object = None) -> Program:
    """Capture a model.

    ``model``: an ``nn.Module`` (captured in evaluation mode; the caller's object is left as it is), a model that
    FX graph mode, eager mode or pt2e converted, a ``ScriptModule``, or an ``ExportedProgram``, which is taken as
    exported. ``example_inputs``: one array or tensor, or a tuple of them, each with the batch as dimension 0; not
    needed for an ``ExportedProgram``. Where the model allows it, the batch is left open.

    Returns the program. Raises :class:`ModelError` if torch cannot export the model.
    """
    if isinstance(model, ExportedProgram):
        return from_exported(model)
    if not isinstance(model, torch.nn.Module):
        raise ModelError(f"model: expected a torch.nn.Module or an ExportedProgram, got {type(model).__name__}")
    if isinstance(model, torch.jit.ScriptModule):
        model = from_torchscript(model)
    advice = getattr(model, "meta", {}).get("before_lowering")
    if isinstance(advice, str):
        raise ModelError(f"model: {advice}")
    inputs = _tensors(example_inputs, _floating_type(model))
    module, finish = _evaluation_copy(model), _as_it_is
    if is_quantized_model(module):
        module, finish = rewritten(module), with_rounded_codes
    attempts: list[Callable[[], Program]] = [
        lambda: finish(from_exported(_export(module, _two_samples(inputs), open_batch=True))),
        lambda: finish(from_exported(_export(module, inputs, open_batch=False))),
    ]
    failures: list[Exception] = []
    captured: list[Program] = []
    for attempt in attempts:
        try:
            program = attempt()
            captured.append(program)
            rebatch(program)
            return program
        except Exception as error:  # torch raises many kinds
            failures.append(error)
    if captured:
        return captured[0]
    failure = next((error for error in failures if isinstance(error, EdgeqError)), failures[-1])
    raise _export_error(failure) from failure


def _as_it_is(program: Program) -> Program:
    return program


def _export_error(error: Exception) -> Exception:
    if isinstance(error, EdgeqError):
        return error
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0] if lines else "no reason given"
    return ModelError(f"model: torch.export.export cannot capture it: {type(error).__name__}: {reason}")


def _tensors(example_inputs: object, floating: torch.dtype) -> tuple[torch.Tensor, ...]:
    """Give the example inputs as tensors; floating arrays take the module's own floating type."""
    if example_inputs is None:
        raise ModelError("model: example inputs are needed to capture a module; pass one array per input")
    items = example_inputs if isinstance(example_inputs, tuple | list) else (example_inputs,)
    tensors: list[torch.Tensor] = []
    for number, item in enumerate(items):
        if isinstance(item, np.ndarray):
            tensor = torch.from_numpy(np.array(item))
            tensor = tensor.to(floating) if tensor.is_floating_point() else tensor
        elif isinstance(item, torch.Tensor):
            tensor = item.detach().cpu()
        else:
            raise ModelError(f"model: example input {number} is {type(item).__name__}, expected an array or a tensor")
        if tensor.ndim == 0 or tensor.shape[0] == 0:
            raise ModelError(f"model: example input {number} has shape {list(tensor.shape)}, expected a batch first")
        tensors.append(tensor)
    return tuple(tensors)


def _floating_type(model: torch.nn.Module) -> torch.dtype:
    stored = [tensor for tensor in model.state_dict().values() if isinstance(tensor, torch.Tensor)]
    return next((tensor.dtype for tensor in stored if tensor.is_floating_point()), torch.float32)


def _two_samples(inputs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Repeat a batch of one: torch.export treats a size of 1 as a constant."""
    return tuple(torch.cat([item, item]) if item.shape[0] == 1 else item for item in inputs)


def _evaluation_copy(model: torch.nn.Module) -> torch.nn.Module:
    with quiet():
        module = copy.deepcopy(model).cpu()
        with contextlib.suppress(NotImplementedError):  # an exported module has no modes
            module.eval()
    return module


def _export(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], *, open_batch: bool) -> ExportedProgram:
    shapes = tuple({0: torch.export.Dim.AUTO} for _ in inputs) if open_batch else None
    with quiet(), torch.no_grad():
        return torch.export.export(module, inputs, dynamic_shapes=shapes)


def from_exported(exported: ExportedProgram) -> Program:
    """Convert an ``ExportedProgram`` to a program.

    Raises :class:`ModelError` for effects, mutated buffers, non-tensor inputs and outputs, and
    :class:`~edgeq.errors.UnsupportedOpError` for higher-order operators.
    """
    inputs: list[ProgramInput] = []
    names: dict[str, str] = {}
    types: dict[str, ValueType] = {}
    placeholders = {node.name: node for node in exported.graph.nodes if node.op == "placeholder"}
    for spec in exported.graph_signature.input_specs:
        kind, name = spec.kind.name, getattr(spec.arg, "name", "")
        if kind in ("PARAMETER", "BUFFER", "CONSTANT_TENSOR"):
            names[name] = str(spec.target)
        elif kind != "USER_INPUT":
            raise ModelError(f"model: input of kind {kind.lower()} is not supported; export without side effects")
        elif isinstance(placeholders[name].meta.get("val"), torch.Tensor):
            type = _value_type(placeholders[name].meta["val"])
            inputs.append(ProgramInput(name, type.shape, type.dtype))
        elif placeholders[name].users:
            raise ModelError(f"model: input '{name}' is not a tensor; pass tensors")
    for node in exported.graph.nodes:
        if isinstance(value := node.meta.get("val"), torch.Tensor):
            types[node.name] = _value_type(value)
    stored: Mapping[str, Any] = {**exported.constants, **exported.state_dict}
    constants = {name: _array(stored[user_name]) for name, user_name in names.items()}
    outputs = _outputs(exported)
    program = Program(tuple(inputs), constants, tuple(_calls(exported)), outputs, names, types)
    check(program, _WHERE)
    return canonical(program, _WHERE)


def _outputs(exported: ExportedProgram) -> tuple[str, ...]:
    names: list[str] = []
    for spec in exported.graph_signature.output_specs:
        if spec.kind.name == "BUFFER_MUTATION":
            raise ModelError(
                f"model: the graph changes buffer '{spec.target}' (batch norm in training mode?); "
                "call model.eval() before torch.export.export"
            )
        if spec.kind.name != "USER_OUTPUT":
            raise ModelError(f"model: output of kind {spec.kind.name.lower()} is not supported; export for inference")
        if isinstance(spec.arg, torch.export.graph_signature.TensorArgument):
            names.append(spec.arg.name)
        elif getattr(spec.arg, "value", 0) is not None:
            raise ModelError("model: an output is not a tensor; return tensors")
    if not names:
        raise ModelError("model: the model returns no tensor")
    return tuple(names)


def _value_type(value: torch.Tensor) -> ValueType:
    shape = tuple(_size(size) for size in value.shape)
    return ValueType(shape, dtype_name(value.dtype))


def _size(size: int | torch.SymInt) -> int | None:
    return int(size) if isinstance(size, int) else size.node.maybe_as_int()


def dtype_name(dtype: torch.dtype) -> str:
    """Give the numpy name of a torch element type; bfloat16, which is widened, is called float32."""
    return "float32" if dtype is torch.bfloat16 else str(dtype).removeprefix("torch.")


def _array(tensor: torch.Tensor) -> Array:
    tensor = tensor.detach().cpu()
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.to(torch.float32)
    return np.array(tensor.contiguous().numpy(), order="C")


def _calls(exported: ExportedProgram) -> Iterator[Call]:
    duplicates = dict(_duplicate_parts(exported))
    for node in exported.graph.nodes:
        if node.op != "call_function" or node.target is operator.getitem:
            continue
        call = _call(node, duplicates)
        refuse_special(_WHERE, call)
        yield call
        for index, part in sorted(_parts(node).items()):
            yield Call("operator.getitem", (Ref(node.name), index), {}, part.name, call.module, call.source)


def _parts(node: Node) -> dict[int, Node]:
    """Give the first getitem on each result of a call with several."""
    parts: dict[int, Node] = {}
    for user in node.users:
        if user.target is operator.getitem and isinstance(index := user.args[1], int):
            parts.setdefault(index, user)
    return parts


def _duplicate_parts(exported: ExportedProgram) -> Iterator[tuple[str, str]]:
    for node in exported.graph.nodes:
        parts = _parts(node)
        for user in node.users:
            if user.target is operator.getitem and isinstance(index := user.args[1], int):
                yield user.name, parts[index].name


def _call(node: Node, duplicates: Mapping[str, str]) -> Call:
    stack = node.meta.get("nn_module_stack") or {}
    return Call(
        _target(node.target),
        tuple(_argument(arg, duplicates) for arg in node.args),
        {key: _argument(arg, duplicates) for key, arg in node.kwargs.items()},
        node.name,
        module_path(path for path, _ in stack.values()),
        source_line(node.meta.get("stack_trace") or ""),
    )


def _target(target: Any) -> str:
    if isinstance(target, torch._ops.OpOverload):
        return str(target)
    if isinstance(target, torch._ops.HigherOrderOperator):
        return f"higher_order.{target._name}"
    module = str(getattr(target, "__module__", "")).replace("_operator", "operator")
    return f"{module}.{getattr(target, '__name__', target)}"


def _argument(arg: Any, duplicates: Mapping[str, str]) -> Arg:
    if arg is None or isinstance(arg, bool | int | float | str):
        return arg
    if isinstance(arg, Node):
        return Ref(duplicates.get(arg.name, arg.name))
    if isinstance(arg, list | tuple):
        return tuple(_argument(item, duplicates) for item in arg)
    if isinstance(arg, torch.dtype):
        return dtype_name(arg)
    if isinstance(arg, torch.device):
        return "cpu"
    if isinstance(arg, torch.memory_format | torch.layout):
        return str(arg).removeprefix("torch.")
    raise ModelError(f"model: an argument of type {type(arg).__name__} is not supported")
