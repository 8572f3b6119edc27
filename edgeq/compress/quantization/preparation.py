"""Turn a float model into one that trains, or is calibrated, with quantized weights and activations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.fx import GraphModule, Interpreter

from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.building import Builder
from edgeq.compress.quantization.config import QuantConfig, make_config
from edgeq.compress.quantization.layers import Average, QuantizedLayer
from edgeq.compress.quantization.norms import Norm
from edgeq.compress.refinement.equalization import equalize
from edgeq.compress.refinement.refining import refine
from edgeq.compress.tracing import copied, tensors_of, trace
from edgeq.errors import CalibrationError, EdgeqError, InputError

BATCH = 64
"""Samples that calibration runs at a time, unless it is told."""


def quantize(
    model: nn.Module, config: QuantConfig | Mapping[str, Any] | None, example_inputs: Any, calibration: Any = None
) -> GraphModule:
    """Return a copy of a model whose weights and activations are quantized in forward; the model is left as it is.

    ``example_inputs``: one array or tensor, or a tuple of them, batch first; any batch runs afterwards.
    ``calibration``: as `calibrate` takes it; needed in mode ptq, whose weights do not train; in mode qat ranges start
    with the first batches of training where it is not given.

    Raises InputError for a configuration that does not fit, ModelError for a model that does not, CalibrationError.
    """
    chosen = make_config(config)
    if chosen.mode == "ptq" and calibration is None:
        raise CalibrationError("quantize: mode ptq finds the ranges of activations in data; give calibration")
    if chosen.refine.needs_data and calibration is None:
        raise CalibrationError("quantize: refine corrects biases and learns roundings on data; give calibration")
    if _is_quantized(model):
        raise InputError("quantize: the model is one that compress.quantize made; give the float model")
    kept = copied(model)
    if chosen.refine.equalize:
        equalize(kept, example_inputs)
    made = Builder(kept, trace(kept, tensors_of(example_inputs, kept)), chosen).build()
    made.train(model.training)
    if calibration is not None:
        calibrate(made, calibration)
    if chosen.refine.needs_data:
        refine(made, calibration, chosen.refine.bias_correction, chosen.refine.reconstruct)
    if chosen.mode == "ptq":
        made.requires_grad_(False)
        freeze(made)
    return made


def calibrate(quantized: GraphModule, x: Any, batch: int = BATCH) -> None:
    """Let the quantizers of activations see data, a batch at a time.

    The data run through the float model, batch norm by its running statistics: what an observer sees does not depend on
    the quantizers before it (as PyTorch's ``prepare`` does). ``x``: one array or tensor, or a tuple of them, N first.
    Frozen quantizers keep their ranges. Raises CalibrationError for data that are empty or not finite.
    """
    check_quantized(quantized, "calibrate")
    given = x if isinstance(x, tuple | list) else (x,)
    inputs = tuple(_checked(item, k, quantized) for k, item in enumerate(given))
    if len({len(item) for item in inputs}) > 1:
        raise CalibrationError(f"calibrate: the inputs have {', '.join(str(len(i)) for i in inputs)} samples, "
                               "expected as many of each")
    taken = [node.name for node in quantized.graph.nodes if node.op == "placeholder"]
    if len(inputs) != len(taken):
        raise CalibrationError(f"calibrate: got {len(inputs)} inputs, expected {len(taken)}: {', '.join(taken)}; "
                               "give all samples of an input in one array")
    floats = _Floats(quantized)
    with _observing(quantized), torch.no_grad():
        for start in range(0, len(inputs[0]), batch):
            _run(floats, tuple(item[start : start + batch] for item in inputs))


def _run(floats: _Floats, inputs: tuple[torch.Tensor, ...]) -> None:
    try:
        floats.run(*inputs)
    except EdgeqError:
        raise
    except Exception as error:  # the user's own code may raise anything
        shapes = ", ".join(str(list(item.shape[1:])) for item in inputs)
        said = " ".join(str(error).split()) or type(error).__name__
        raise CalibrationError(f"calibrate: the model cannot run samples of shape {shapes}: {said}") from error


def calibrate_new(model: nn.Module, x: torch.Tensor) -> None:
    """Show ``x`` to the quantizers of a model that has some without a range; any other model is left as it is."""
    quantizers = [module for module in model.modules() if isinstance(module, ActivationQuantizer)]
    if isinstance(model, GraphModule) and not all(_has_range(module) for module in quantizers):
        calibrate(model, x)


def _has_range(quantizer: ActivationQuantizer) -> bool:
    try:
        quantizer.codes()
    except CalibrationError:
        return False
    return True


def freeze(quantized: nn.Module, observers: bool = True, batch_norm: bool = True) -> None:
    """Keep from now on the ranges of activations, and the statistics of batch norm, in training too.

    What is frozen is part of the state dict.
    """
    check_quantized(quantized, "freeze")
    for module in quantized.modules():
        if (observers and isinstance(module, ActivationQuantizer)) or (batch_norm and isinstance(module, Norm)):
            module.freeze()


def check_quantized(model: object, name: str) -> None:
    """Raise InputError unless ``quantize`` made the model."""
    if not _is_quantized(model):
        raise InputError(f"{name}: got {type(model).__name__}, expected a model that compress.quantize made")


def _is_quantized(model: object) -> bool:
    return isinstance(model, GraphModule) and isinstance(model.meta.get("config"), QuantConfig)


def _checked(item: Any, number: int, model: nn.Module) -> torch.Tensor:
    if not isinstance(item, torch.Tensor | np.ndarray):
        raise CalibrationError(f"calibrate: input {number} is {type(item).__name__}, expected an array or a tensor")
    tensor = torch.from_numpy(np.array(item)) if isinstance(item, np.ndarray) else item.detach()
    if tensor.ndim == 0 or not len(tensor):
        raise CalibrationError(f"calibrate: input {number} has shape {list(tensor.shape)}, expected samples first")
    if not torch.isfinite(tensor).all():
        raise CalibrationError(f"calibrate: input {number} holds NaN or infinity")
    kept = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(()))
    return tensor.to(kept.device, kept.dtype)


@contextmanager
def _observing(model: nn.Module) -> Iterator[None]:
    """Let quantizers observe meanwhile, everything else in evaluation mode."""
    modes = [(module, module.training) for module in model.modules()]
    quantizers = [module for module in model.modules() if isinstance(module, ActivationQuantizer)]
    model.eval()
    try:
        for module in quantizers:
            module.observing = True
        yield
    finally:
        for module in quantizers:
            module.observing = False
        for any_module, mode in modes:
            any_module.training = mode


class _Floats(Interpreter):
    """Run the model with weights and activations as they are, and show each activation to its quantizer."""

    def __init__(self, model: GraphModule) -> None:
        super().__init__(model)
        self.extra_traceback = False  # messages name the layer themselves

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a layer without its quantizers."""
        module = self.fetch_attr(target)
        if isinstance(module, ActivationQuantizer):
            module(args[0])
            return args[0]
        if isinstance(module, QuantizedLayer):
            return module.plain(args[0], args[2])
        if isinstance(module, Average):
            return module.call(args[0])
        return super().call_module(target, args, kwargs)
