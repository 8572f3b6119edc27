"""Run a program on batches of arrays by an interpreter over the allow-listed operators."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import torch

from edgeq.errors import InputError, ModelError
from edgeq.frontend.operators import GROUP_OF, canonical_target, group_of
from edgeq.frontend.program import Arg, Call, Program, ProgramInput, Ref, call_refs
from edgeq.frontend.quantized import QUANTIZED

Array = np.ndarray[Any, Any]

_DTYPES = {
    name: getattr(torch, name)
    for name in [
        "float16",
        "float32",
        "float64",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
    ]
}
_NAMED: dict[str, Any] = {
    **_DTYPES,
    "strided": torch.strided,
    "contiguous_format": torch.contiguous_format,
    "channels_last": torch.channels_last,
    "channels_last_3d": torch.channels_last_3d,
    "preserve_format": torch.preserve_format,
}

OnValue = Callable[[str, torch.Tensor], None]


@cache
def function_of(target: str) -> Callable[..., Any]:
    """Give the torch function behind an allow-listed target. Raises :class:`KeyError` for any other."""
    target = canonical_target(target)
    if target not in GROUP_OF:
        raise KeyError(target)
    if target in QUANTIZED:
        return QUANTIZED[target]
    if target == "aten._native_batch_norm_legit_no_training.default":
        return _batch_norm
    namespace, name, *overload = target.split(".")
    if namespace == "operator":
        found: Callable[..., Any] = getattr(operator, name)
        return found
    packet = getattr(torch.ops.aten, name)
    chosen: Callable[..., Any] = getattr(packet, overload[0])
    return chosen


def _batch_norm(
    x: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    mean: torch.Tensor,
    variance: torch.Tensor,
    momentum: float,
    eps: float,
) -> tuple[torch.Tensor, None, None]:
    """Normalize with stored statistics, as the decomposed operator does, sizes checked."""
    return torch.batch_norm(x, weight, bias, mean, variance, False, momentum, eps, False), None, None


def run(program: Program, inputs: Mapping[str, Array], on_value: OnValue | None = None) -> dict[str, Array]:
    """Run a program.

    ``inputs``: one array per input, all with the same batch as dimension 0; cast to the declared type.
    ``on_value``: called as ``on_value(name, tensor)`` for every input and every tensor that a call gives, in
    order, while the tensor is alive; the tensor must not be changed.

    Returns output name to array. Raises :class:`InputError` for inputs that do not fit,
    :class:`~edgeq.errors.UnsupportedOpError` for an operator outside the allow-list (before anything runs)
    and :class:`ModelError` where torch refuses a call.
    """
    for call in program.calls:
        group_of(call)
    values: dict[str, Any] = _checked_inputs(program, inputs)
    visit = on_value or (lambda _name, _tensor: None)
    with torch.no_grad():
        for name, value in values.items():
            visit(name, value)
        constants = {name: tensor_of(array) for name, array in program.constants.items()}
        values.update(constants)
        for call, last_used in zip(program.calls, _last_used(program), strict=True):
            values[call.name] = result = evaluate(call, values)
            if isinstance(result, torch.Tensor):
                visit(call.name, result)
            for name in last_used:
                del values[name]
    return {name: values[name].numpy().copy() for name in program.outputs}


def tensor_of(array: Array) -> torch.Tensor:
    """Give a tensor of an array's numbers, in the same memory where that may be written."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def _checked_inputs(program: Program, inputs: Mapping[str, Array]) -> dict[str, Any]:
    known = [item.name for item in program.inputs]
    for name in inputs:
        if name not in known:
            raise InputError(f"input '{name}' is unknown; the model's inputs are {', '.join(known)}")
    batches: dict[str, int] = {}
    tensors: dict[str, Any] = {}
    for item in program.inputs:
        if item.name not in inputs:
            raise InputError(f"input '{item.name}' is missing; the model's inputs are {', '.join(known)}")
        array = np.asarray(inputs[item.name])
        _check_shape(item, array)
        batches[item.name] = array.shape[0]
        tensors[item.name] = torch.from_numpy(np.array(array, dtype=item.dtype, order="C"))
    if len(set(batches.values())) > 1:
        raise InputError(f"inputs have different batch sizes {batches}; dimension 0 must be the same for all")
    return tensors


def _check_shape(item: ProgramInput, array: Array) -> None:
    fits = array.ndim == len(item.shape) and all(
        size is None or size == got for size, got in zip(item.shape, array.shape, strict=True)
    )
    if not fits:
        expected = ["N" if size is None else size for size in item.shape]
        raise InputError(f"input '{item.name}' has shape {list(array.shape)}, expected {expected}".replace("'N'", "N"))


def _last_used(program: Program) -> list[list[str]]:
    """Give for each call the values that nothing reads after it."""
    seen = set(program.outputs)
    result: list[list[str]] = []
    for call in reversed(program.calls):
        names = [name for name in dict.fromkeys((*call_refs(call), call.name)) if name not in seen]
        seen.update(names)
        result.append(names)
    return result[::-1]


def evaluate(call: Call, values: Mapping[str, Any]) -> Any:
    """Run one call on the values that it reads, by name; :class:`ModelError` where torch refuses it."""
    args = [_value(arg, values) for arg in call.args]
    kwargs = {key: _value(arg, values) for key, arg in call.kwargs.items()}
    try:
        return function_of(call.target)(*args, **kwargs)
    except Exception as error:  # torch raises many kinds
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"{call.where()}: torch refuses it: {reason}; arguments {_shapes(args)}") from error


def _value(arg: Arg, values: Mapping[str, Any]) -> Any:
    if isinstance(arg, Ref):
        return values[arg.name]
    if isinstance(arg, tuple):
        return [_value(item, values) for item in arg]
    if isinstance(arg, str):
        return _NAMED.get(arg, arg)
    return arg


def _shapes(args: Iterable[Any]) -> str:
    shown = (str(list(arg.shape)) if isinstance(arg, torch.Tensor) else str(arg) for arg in args)
    return ", ".join(shown)
