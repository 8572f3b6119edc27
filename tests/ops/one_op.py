"""A graph of one op, run by both kernels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType, simulate
from edgeq.errors import OverflowDetected
from edgeq.ir.op import OPS
from tests.oracles.products import Accumulator

S8, U8, S16, S32 = IntType(8), IntType(8, signed=False), IntType(16), IntType(32)


class Operand(NamedTuple):
    """Data (N, ...), type and zero point of one operand."""

    data: Any
    type: IntType = S8
    zero_point: int = 0


def operand(data: Any, type: IntType = S8, zero_point: int = 0) -> Operand:
    """Return an operand of one image from the nested list of a sample."""
    return Operand(np.array([data], dtype=np.int64), type, zero_point)


def random_operand(
    rng: np.random.Generator, shape: tuple[int, ...], type: IntType = S8, zero_point: int = 0
) -> Operand:
    """Return random codes of any value of the type, both ends among them."""
    data = rng.integers(type.qmin, type.qmax, shape, endpoint=True, dtype=np.int64)
    data.flat[0], data.flat[-1] = type.qmin, type.qmax
    return Operand(data, type, zero_point)


def graph_of(kind: str, operands: list[Operand], *arguments: Any, **attributes: Any) -> Graph:
    """Return a graph of one op called ``op``."""
    b = GraphBuilder("net")
    xs = [b.input(f"x{k}", o.data.shape[1:], o.type, o.zero_point) for k, o in enumerate(operands)]
    given = [xs] if OPS[kind].MANY else xs
    b.output(getattr(b, kind)(*given, *arguments, **attributes, name="op"), name="y")
    return b.build()


def run(kind: str, operands: list[Operand], *arguments: Any, **attributes: Any) -> np.ndarray:
    """Return the result of one op, the same from both kernels."""
    graph = graph_of(kind, operands, *arguments, **attributes)
    data = {f"x{k}": o.data for k, o in enumerate(operands)}
    auto, reference = (simulate(graph, data, kernel=kernel).outputs["y"] for kernel in ("auto", "reference"))
    assert auto.dtype == reference.dtype == graph.types["op"].type.dtype
    assert auto.tolist() == reference.tolist()
    return reference


def stopped(kind: str, operands: list[Operand], *arguments: Any, **attributes: Any) -> str:
    """Return the message of a run that stops, the same from both kernels."""
    graph = graph_of(kind, operands, *arguments, **attributes)
    data = {f"x{k}": o.data for k, o in enumerate(operands)}
    said = []
    for kernel in ("auto", "reference"):
        with pytest.raises(OverflowDetected) as caught:
            simulate(graph, data, kernel=kernel)
        said.append(str(caught.value))
    assert said[0] == said[1]
    return said[0]


def accumulator(attributes: dict[str, Any]) -> Accumulator:
    """Return what the op's ``acc*`` attributes declare, in the oracle's words."""
    acc = attributes.get("acc", S32)
    part = attributes.get("acc_product")
    cast = part and (part["shift"], part["rounding"], part["overflow"], (part["type"].qmin, part["type"].qmax))
    return Accumulator((acc.qmin, acc.qmax), attributes.get("acc_overflow", "wrap"),
                       attributes.get("acc_order", "kh,kw,ic"), attributes.get("acc_bias", "first"),
                       attributes.get("acc_lanes", 1), attributes.get("bias_fraction_bits", 0), cast)
