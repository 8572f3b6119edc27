"""Read the arguments of one call of a captured program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeq.errors import ModelError, UnsupportedOpError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.program import Call, Program, Ref
from edgeq.frontend.weights import Weights


@dataclass(frozen=True, eq=False)
class Reader:
    """Read the arguments of one call, by place or by name, with the defaults of the operator's schema."""

    program: Program
    weights: Weights
    call: Call

    def get(self, place: int, name: str, default: Any = None) -> Any:
        """Return an argument."""
        if len(self.call.args) > place:
            return self.call.args[place]
        return self.call.kwargs.get(name, default)

    def value(self, place: int, name: str) -> str:
        """Return the name of a computed operand; refuses a constant in its place."""
        ref = self.get(place, name)
        if not isinstance(ref, Ref) or self.weights.is_constant(ref.name):
            raise self.unsupported(f"argument '{name}' is a constant, not a value that is computed")
        return ref.name

    def constant(self, place: int, name: str) -> fg.FloatArray | None:
        """Return a constant operand in float64, None when it is left out."""
        ref = self.get(place, name)
        if ref is None:
            return None
        if not isinstance(ref, Ref) or not self.weights.is_constant(ref.name):
            raise self.unsupported(f"argument '{name}' is computed at run time; it must be a parameter or a constant")
        return self.weights.real(ref.name)

    def quantized(self, place: int, name: str) -> fg.QuantizedWeight | None:
        """Return the integers behind a constant operand, None for float weights."""
        ref = self.get(place, name)
        return self.weights.quantized(ref.name) if isinstance(ref, Ref) else None

    def shape(self, name: str) -> tuple[int | None, ...]:
        """Return the shape of a value with the batch in front; raises ModelError when the file does not tell it."""
        if name not in self.program.types:
            raise ModelError(f"{self.call.where()}: the shape of '{name}' is unknown; export the model again")
        return self.program.types[name].shape

    def unsupported(self, reason: str) -> UnsupportedOpError:
        """Return the error that names the call and says why and what to do."""
        return UnsupportedOpError(f"{self.call.where()}: {reason}")
