"""Know which values of a program are constants, compute them, and find the integers behind quantized weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from edgeq.errors import ModelError
from edgeq.frontend.float_graph import FloatArray, QuantizedWeight, as_float64
from edgeq.frontend.interpret import evaluate, function_of
from edgeq.frontend.program import Arg, Call, Program, Ref, call_refs

_LOOKUPS = frozenset(("index", "embedding", "gather"))
_VIEWS = frozenset(("clone", "detach", "alias", "contiguous", "view", "_unsafe_view", "reshape", "flatten", "unflatten",
                    "squeeze", "unsqueeze", "to", "_to_copy"))
_PER_TENSOR, _PER_CHANNEL = "dequantize_per_tensor", "dequantize_per_channel"


class Weights:
    """The constants of a program: those stored, and those that the program computes from constants alone."""

    def __init__(self, program: Program) -> None:
        self._values: dict[str, Any] = {
            name: torch.from_numpy(np.array(array, copy=True)) for name, array in program.constants.items()
        }
        self._quantized: dict[str, QuantizedWeight] = {}
        self._tables: dict[str, str] = {}
        for call in program.calls:
            names = list(call_refs(call))
            if names and all(n in self._values for n in names):
                self._fold(call)

    def is_constant(self, name: str) -> bool:
        """Tell whether a value does not depend on any input."""
        return name in self._values

    def real(self, name: str) -> FloatArray:
        """Return a constant in float64; raises ModelError when it holds NaN or infinity."""
        if name in self._quantized:
            q = self._quantized[name]
            shape = (-1,) + (1,) * (q.codes.ndim - 1)
            return (q.codes - q.zero_point.reshape(shape)) * q.scale.reshape(shape)
        array = as_float64(self._values[name].detach().numpy())
        if not np.isfinite(array).all():
            raise ModelError(f"constant '{name}' holds NaN or infinity; the model is not usable")
        return array

    def quantized(self, name: str) -> QuantizedWeight | None:
        """Return the integers that a dequantize operator gave this constant, None when it is plain float."""
        return self._quantized.get(name)

    def _fold(self, call: Call) -> None:
        try:
            function_of(call.target)
        except KeyError:
            return
        with torch.no_grad():
            self._values[call.name] = evaluate(call, self._values)
        source = call.args[0].name if call.args and isinstance(call.args[0], Ref) else ""
        if call.op in _LOOKUPS:
            self._tables |= self._looked_up(call)
        elif call.op in _VIEWS and source in self._tables:
            self._tables[call.name] = self._tables[source]
        if call.op in (_PER_TENSOR, _PER_CHANNEL):
            self._quantized[call.name] = self._integers(call)
        elif call.op in ("clone", "detach", "alias", "contiguous") and source in self._quantized:
            self._quantized[call.name] = self._quantized[source]

    def _looked_up(self, call: Call) -> dict[str, str]:
        """Return which table the entries come from that a call takes, nothing where these are no single numbers."""
        table = np.asarray(self._argument(call.args[0]))
        if table.dtype.kind not in "iu":
            return {}
        if call.op == "gather":
            alike = table.ndim == 2 and bool((table == table[:1]).all())
            rows = table.ndim == 2 and call.args[1] in (1, -1)
            return {call.name: "codebook" if alike else "codebook_per_channel"} if rows else {}
        return {call.name: "codebook"} if table.size == table.shape[0] else {}

    def _argument(self, arg: Arg) -> Any:
        return self._values[arg.name] if isinstance(arg, Ref) else arg

    def _integers(self, call: Call) -> QuantizedWeight:
        codes, scale, zero_point = (self._argument(a) for a in call.args[:3])
        array = codes.detach().numpy().astype(np.int64)
        channels = array.shape[0] if array.ndim else 1
        axis = call.args[3] if call.op == _PER_CHANNEL else 0
        if axis not in (0, -array.ndim):
            raise ModelError(
                f"{call.where()}: weights quantized along axis {axis}; only axis 0, the outputs, is lowered"
            )
        lo, hi = call.args[4:6] if call.op == _PER_CHANNEL else call.args[3:5]
        scales = np.broadcast_to(as_float64(scale), (channels,)).copy()
        if not np.isfinite(scales).all() or scales.min() <= 0:
            raise ModelError(f"{call.where()}: a scale is zero, negative or not finite; calibrate the quantizer again")
        given = np.zeros(channels, np.int64) if zero_point is None else np.asarray(zero_point)
        zero_points = given.astype(np.int64)
        if not np.array_equal(zero_points, given):
            raise ModelError(f"{call.where()}: a zero point is no integer; quantize weights with zero points of codes")
        table = self._tables.get(call.args[0].name) if isinstance(call.args[0], Ref) else None
        zero_points = np.broadcast_to(zero_points, (channels,)).copy()
        return QuantizedWeight(array, scales, zero_points, int(lo), int(hi), table)  # type: ignore[arg-type]
