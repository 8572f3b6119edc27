"""Turn the calls of a captured program into the operators that lowering knows."""

from __future__ import annotations

import edgeq.frontend.lowerings  # noqa: F401 - fills the tables
from edgeq.errors import ModelError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.conditions import absorbed
from edgeq.frontend.families import PARTS, TRANSLATIONS, Translated
from edgeq.frontend.names import layer_names
from edgeq.frontend.program import Call, Program, Ref
from edgeq.frontend.reader import Reader
from edgeq.frontend.weights import Weights

_FIRST_OF_SEVERAL = {"_native_batch_norm_legit_no_training", "cudnn_batch_norm", "max_pool2d_with_indices"}
"""Operators that give several results, of which the first counts: what takes it apart stands for them."""


def translate(program: Program, weights: Weights) -> fg.FloatGraph:
    """Return the network of a program; raises UnsupportedOpError for an operator without a lowering."""
    inputs = tuple(fg.FloatInput(i.name, tuple(int(d or 0) for d in i.shape[1:])) for i in program.inputs)
    names = layer_names(program)
    nodes: list[fg.FloatNode] = []
    inside = absorbed(program)
    several = {c.name: c for c in program.calls if c.op in _FIRST_OF_SEVERAL or c.op in PARTS}
    for call in program.calls:
        if weights.is_constant(call.name) or call.name in several or call.name in inside:
            continue
        source = _source(call, several)
        made = call if source is None else source
        try:
            op, operands = _read(Reader(program, weights, made), call)
        except (TypeError, ValueError, OverflowError, IndexError, AttributeError) as cause:
            raise ModelError(f"{made.where()}: an argument is malformed ({cause}); export the model again") from None
        layer = names[call.name] if made.op in PARTS else names[made.name]
        nodes.append(fg.FloatNode(call.name, op, operands, layer, made.where()))
    constant = [o for o in program.outputs if weights.is_constant(o)]
    if constant:
        raise ModelError(f"output '{constant[0]}' does not depend on the input; nothing is left to lower")
    return fg.FloatGraph(inputs, tuple(nodes), program.outputs)


def _source(call: Call, several: dict[str, Call]) -> Call | None:
    """Return the call with several results of which this one takes out one that is known."""
    first = call.args[0] if call.op == "getitem" and call.args else None
    source = several.get(first.name) if isinstance(first, Ref) else None
    return source if source is not None and (source.op in PARTS or call.args[1:] == (0,)) else None


def _read(reader: Reader, call: Call) -> Translated:
    made = reader.call
    if made.op in PARTS and made is not call:
        return PARTS[made.op](reader, int(call.args[1]))  # type: ignore[arg-type]
    function = TRANSLATIONS.get(made.op)
    if function is None:
        raise reader.unsupported(
            f"operator {call.target} has no integer lowering; use convolution, linear, matmul, pooling, add, "
            "sub, mul, cat, clamps, softmax, sums, moves, or a function of one value such as sigmoid here, or cut it "
            "off the exported model"
        )
    return function(reader)
