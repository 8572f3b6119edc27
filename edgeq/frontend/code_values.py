"""Round what torch rounds when an operator reads quantized tensors: pools, limits and tables keep to codes.

A stand-in model (:mod:`edgeq.frontend.stand_ins`) computes on real numbers. Where torch's own kernel would take codes
and give codes, the same quantizer follows the operator; where it only moves codes, nothing is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edgeq.errors import UnsupportedOpError
from edgeq.frontend.program import Arg, Call, Program, Ref, ValueType, call_refs, map_call_refs, refs
from edgeq.frontend.stand_ins import REAL

_QUANTIZE = "quantized_decomposed.quantize_per_tensor.default"
_DEQUANTIZE = "quantized_decomposed.dequantize_per_tensor.default"
_MOVES = frozenset("""
    relu max_pool2d max_pool2d_with_indices max_pool1d flatten view reshape _unsafe_view squeeze unsqueeze permute
    transpose t slice select split split_with_sizes chunk getitem dropout feature_dropout alpha_dropout contiguous
    clone alias detach to
""".split())
"""Operators that give some of the codes they read."""
_ROUNDS = frozenset("""
    avg_pool2d adaptive_avg_pool2d _adaptive_avg_pool2d avg_pool1d adaptive_avg_pool1d mean relu6 hardtanh clamp
    clamp_min clamp_max
""".split())
"""Operators whose result torch rounds to the codes of their operand."""
_FIXED: dict[str, tuple[float, int]] = {"sigmoid": (1 / 256, 0), "hardsigmoid": (1 / 256, 0), "tanh": (1 / 128, 128)}
"""Operators that torch gives 8-bit codes of their own: scale and zero point of quint8."""

_Code = tuple[Arg, ...]


@dataclass
class _Codes:
    """``code`` of each value that stands for codes; ``name`` where a value has another name now."""

    types: dict[str, ValueType]
    code: dict[str, _Code] = field(default_factory=dict)
    name: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def add(self, call: Call) -> None:
        """Take over a call."""
        first = next(refs(call.args), None)
        call = map_call_refs(call, lambda n: Ref(self.name.get(n, n)))
        if call.target == REAL:
            self.calls.append(replace(call, target="aten.alias.default"))
            return
        self.calls.append(call)
        if call.target == _DEQUANTIZE:
            self.code[call.name] = call.args[1:]
        read = [n for n in call_refs(call) if n in self.code]
        if not read or call.target in (_QUANTIZE, _DEQUANTIZE):
            return
        code = self.code[read[0]]
        if call.op in _MOVES or (call.op in ("cat", "concat") and all(self.code.get(n) == code for n in read)):
            self.code[call.name] = code
        elif call.op in _ROUNDS:
            self._round(call, code)
        elif call.op in _FIXED and code[2] == 0:
            scale, zero_point = _FIXED[call.op]
            self._round(call, (scale, zero_point, *code[2:]))
        else:
            raise UnsupportedOpError(
                f"{call.where()}: reads quantized values ('{first}') and has no integer rule; dequantize before it, or "
                "let FX graph mode quantize it with its own scale"
            )

    def _round(self, call: Call, code: _Code) -> None:
        codes, numbers = f"{call.name}_codes", f"{call.name}_numbers"
        self.calls.append(Call(_QUANTIZE, (Ref(call.name), *code), {}, codes))
        self.calls.append(Call(_DEQUANTIZE, (Ref(codes), *code), {}, numbers))
        self.code[numbers] = code
        self.name[call.name] = numbers
        if call.name in self.types:
            kind = self.types[call.name]
            self.types |= {codes: replace(kind, dtype=str(code[-1])), numbers: kind}


def with_rounded_codes(program: Program) -> Program:
    """Return the program of a stand-in model with a quantizer wherever torch's kernels round.

    Raises UnsupportedOpError, with its place in the source, for an operator that reads codes and has no rule.
    """
    codes = _Codes(dict(program.types))
    for call in program.calls:
        codes.add(call)
    outputs = tuple(codes.name.get(name, name) for name in program.outputs)
    return replace(program, calls=tuple(codes.calls), outputs=outputs, types=codes.types)
