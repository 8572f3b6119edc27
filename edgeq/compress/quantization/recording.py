"""Run a quantized model in float64, and say the codes that its activations stand for."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.fx import GraphModule, Interpreter, Node

from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.layers import Average
from edgeq.compress.quantization.preparation import check_quantized
from edgeq.compress.tracing import tensors_of


@dataclass(frozen=True, eq=False)
class Recorded:
    """Codes of each quantized value by layer, int64 (N, ...), and what leaves the model, float64 by position."""

    codes: dict[str, npt.NDArray[np.int64]]
    outputs: tuple[npt.NDArray[np.float64], ...]


def record(quantized: GraphModule, x: Any) -> Recorded:
    """Return what a quantized model computes in evaluation mode and float64; the model is left as it is.

    ``x``: one array or tensor, or a tuple of them, N first. Binary values have the codes -1 and +1; averages that are
    rounded to the codes that they read are among the layers.
    """
    check_quantized(quantized, "record")
    exact = copy.deepcopy(quantized).cpu().double().eval()
    recorder = _Recorder(exact)
    with torch.no_grad():
        made = recorder.run(*tensors_of(x, exact))
    outputs = made if isinstance(made, tuple | list) else (made,)
    return Recorded(recorder.codes, tuple(each.numpy() for each in outputs))


class _Recorder(Interpreter):
    def __init__(self, model: GraphModule) -> None:
        super().__init__(model)
        self.extra_traceback = False  # messages name the layer themselves
        self.codes: dict[str, npt.NDArray[np.int64]] = {}

    def run_node(self, n: Node) -> Any:
        """Run one node, and keep the codes of what it gives."""
        result = super().run_node(n)
        if n.op == "call_module":
            module = self.fetch_attr(str(n.target))
            source = self.fetch_attr(str(n.args[1].target)) if isinstance(module, Average) else module  # type: ignore[union-attr]
            if isinstance(source, ActivationQuantizer):
                self.codes[n.meta["layer"]] = _codes(result, source)
        return result


def _codes(value: torch.Tensor, source: ActivationQuantizer) -> npt.NDArray[np.int64]:
    made = source.codes()
    scale, zero_point = (1.0, 0) if made is None else (made.scale, made.zero_point)
    codes: npt.NDArray[np.int64] = (torch.round(value / scale).long() + zero_point).numpy()
    return codes
