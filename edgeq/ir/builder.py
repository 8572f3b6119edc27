"""Make a graph by hand: one method per op, found in the registry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from inspect import Parameter, Signature, signature
from typing import Any

from edgeq.arith.types import IntType
from edgeq.errors import GraphError, shown
from edgeq.ir.fields import int_type, integer, integers, optional
from edgeq.ir.fields import scale as to_scale
from edgeq.ir.graph import Graph, GraphInput, GraphOutput, Node, check_input
from edgeq.ir.op import OPS, Op
from edgeq.ir.quantization import Codes, InputQuantization
from edgeq.ir.tensor import Constant, Scale, TensorType


@dataclass(frozen=True, eq=False)
class Value:
    """A value of a graph under construction."""

    owner: GraphBuilder = field(repr=False)
    key: int
    type: TensorType

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.type.shape


@dataclass(frozen=True)
class _Draft:
    op: Op
    operands: tuple[int, ...]
    key: int
    name: str | None


class GraphBuilder:
    """Collect inputs, ops and outputs, checking each as it comes; `build` names the layers.

    Every op of the registry is a method: operands first (in a list where an op takes many), then the op's
    attributes in the order of its dataclass, and ``name=``. ``dir(b)`` lists them; ``help(b.conv2d)`` and, in a
    shell, ``edgeq ops conv2d`` show what one takes.

    >>> import edgeq
    >>> b = edgeq.GraphBuilder("net")
    >>> x = b.input("x", shape=(2,), type=edgeq.IntType(8, signed=True))
    >>> y = b.requantize(b.linear(x, [[1, -1]], name="fc"), 1, 1)
    >>> b.output(y, name="y")
    >>> sorted(b.build().types)
    ['fc', 'fc.acc', 'x']
    """

    def __init__(self, name: str = "net") -> None:
        self._name = name
        self._inputs: dict[int, GraphInput] = {}
        self._drafts: list[_Draft] = []
        self._outputs: list[tuple[int, str | None]] = []
        self._types: list[TensorType] = []
        self.metadata: dict[str, Any] = {}

    def input(
        self, name: str, shape: Sequence[int], type: IntType, zero_point: int = 0, scale: Scale = None,
        quantization: InputQuantization | None = None,
    ) -> Value:
        """Add an input of one sample's ``shape`` (channels first); returns its value.

        ``quantization`` says how the user's data become codes, by default they arrive as codes.
        """
        try:
            kept = TensorType(integers(shape), int_type(type), integer(zero_point), optional(to_scale)(scale))
        except GraphError as error:
            raise GraphError(f"input {shown(name)}: {error}") from None
        except (TypeError, ValueError, RuntimeError):
            raise GraphError(
                f"input {shown(name)}: shape {shown(shape)} and zero_point {shown(zero_point)} must be integers, type "
                f"{shown(type)} an IntType, scale {shown(scale)} {to_scale.__doc__}, or None") from None
        item = GraphInput(name, kept, Codes() if quantization is None else quantization)
        check_input(item)
        value = self._value(kept)
        self._inputs[value.key] = item
        return value

    def apply(self, op: Op, operands: Sequence[Value], name: str | None = None) -> Value:
        """Add an op that is already made; returns its result."""
        with self._naming(type(op), operands, name):
            self._require_own(op.KIND, operands, name)
            result = op.check(name or "", [v.type for v in operands])
        value = self._value(result)
        self._drafts.append(_Draft(op, tuple(v.key for v in operands), value.key, name))
        return value

    @contextmanager
    def _naming(self, cls: type[Op], operands: Sequence[Any], name: str | None) -> Iterator[None]:
        """Let the errors of an op without a name speak of it under the name that it would get."""
        try:
            yield
        except GraphError as error:
            if name:
                raise
            key = len(self._types)
            keys = tuple(v.key for v in operands if isinstance(v, Value) and v.owner is self) or (key,)
            draft = _Draft(cls, keys, key, None)  # type: ignore[arg-type]  # the class says what names depend on
            found = _names(self._inputs, [*self._drafts, draft])[key][0]
            raise GraphError(str(error).replace(f"{cls.KIND} ''", f"{cls.KIND} '{found}'", 1)) from None

    def _require_own(self, kind: str, operands: Sequence[Value], name: str | None) -> None:
        if not isinstance(name, str | None):
            raise GraphError(f"{kind}: the name {shown(name)} is not text")
        for operand in operands:
            if not isinstance(operand, Value) or operand.owner is not self:
                raise GraphError(f"{kind} '{name or ''}': operand {shown(operand)} is not a value of this graph")

    def output(self, value: Value, name: str | None = None) -> None:
        """Let a value leave the graph, under its layer's name unless ``name`` is given."""
        if not isinstance(value, Value) or value.owner is not self:
            raise GraphError(f"output: {shown(value)} is not a value of this graph")
        if not isinstance(name, str | None):
            raise GraphError(f"output: the name {shown(name)} is not text")
        self._outputs.append((value.key, name))

    def build(self) -> Graph:
        """Name the layers, check the whole and return the graph."""
        names = _names(self._inputs, self._drafts)
        nodes = tuple(
            Node(names[d.key][0], d.op, tuple(names[k][0] for k in d.operands), names[d.key][1]) for d in self._drafts
        )
        given = {d.key: d.name for d in self._drafts}
        outputs = tuple(
            GraphOutput(name or given.get(key) or names[key][0], names[key][0]) for key, name in self._outputs
        )
        return Graph(self._name, tuple(self._inputs.values()), nodes, outputs, dict(self.metadata))

    def name_of(self, value: Value) -> str:
        """Return the name that a value has in the graph as it stands."""
        return _names(self._inputs, self._drafts)[value.key][0]

    def __getattr__(self, kind: str) -> Callable[..., Value]:
        if kind.startswith("_") or kind not in OPS:
            raise AttributeError(f"there is no op {kind!r}; ops are {', '.join(sorted(OPS))}")
        cls = OPS[kind]

        def add(*arguments: Any, name: str | None = None, **attributes: Any) -> Value:
            operands: list[Value] = []
            with self._naming(cls, operands, name):
                rest = _split(cls, name, arguments, attributes, operands)
                self._require_own(kind, operands, name)
                cls.check_count(name or "", len(operands))
                return self.apply(_made(cls, name, operands, rest, attributes), operands, name)

        add.__name__, add.__doc__ = kind, cls.__doc__
        add.__signature__ = call_signature(cls)  # type: ignore[attr-defined]  # what help() shows
        return add

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *OPS]

    def _value(self, kept: TensorType) -> Value:
        self._types.append(kept)
        return Value(self, len(self._types) - 1, kept)


def call_signature(cls: type[Op]) -> Signature:
    """Return how an op's method is called: operands, attributes, name."""
    operands = [Parameter(o, Parameter.POSITIONAL_OR_KEYWORD) for o in cls.OPERANDS]
    derives = "make" in vars(cls)
    given = [*signature(cls.make).parameters.values()][1:] if derives else signature(cls).parameters.values()
    attributes = [p.replace(annotation=Parameter.empty, default=_shown(p.default)) for p in given]
    return Signature([*operands, *attributes, Parameter("name", Parameter.KEYWORD_ONLY, default=None)])


def _shown(default: Any) -> Any:
    """Return a default as a user would write it."""
    if isinstance(default, IntEnum):
        return default.name
    return int(default.array) if isinstance(default, Constant) else default


def _made(
    cls: type[Op], name: str | None, operands: Sequence[Value], rest: tuple[Any, ...], attributes: Mapping[str, Any]
) -> Op:
    """Return the op made from its attributes; raises GraphError with its kind and name."""
    try:
        return cls.make([v.type for v in operands], *rest, **attributes)
    except TypeError as error:
        text = re.sub(rf"{cls.__name__}\.(__init__|make)\(\)", "", str(error)).strip()
        known = ", ".join(call_signature(cls).parameters)
        raise GraphError(f"{cls.KIND} '{name or ''}': {text}; its arguments are {known}") from None
    except GraphError as error:
        raise GraphError(str(error).replace(f"{cls.KIND}:", f"{cls.KIND} '{name or ''}':", 1)) from None


def _split(
    cls: type[Op], name: str | None, arguments: tuple[Any, ...], attributes: dict[str, Any], operands: list[Any]
) -> tuple[Any, ...]:
    """Move the operands, given by place or by name, into ``operands``; return the attributes given by place."""
    rest = arguments
    for operand in cls.OPERANDS:
        if operand in attributes:
            operands.append(attributes.pop(operand))
        elif rest:
            operands.append(rest[0])
            rest = rest[1:]
    if not cls.MANY or not operands:
        return rest
    (listed,) = operands
    if not isinstance(listed, list | tuple):
        got = type(listed).__name__
        raise GraphError(f"{cls.KIND} '{name or ''}': {cls.OPERANDS[0]} must be a list of values, got {got}")
    operands[:] = listed
    return rest


def _names(inputs: Mapping[int, GraphInput], drafts: Sequence[_Draft]) -> dict[int, tuple[str, str]]:
    """Return (value name, layer name) of every value."""
    names = {key: (item.name, item.name) for key, item in inputs.items()}
    ends = {start: end for end, start in _joined(drafts).items()}
    by_key = {d.key: d for d in drafts}
    counters: dict[str, int] = {}
    taken = {item.name for item in inputs.values()} | {d.name for d in drafts if d.name}
    for draft in drafts:
        if draft.key in names:
            continue
        end = by_key.get(ends.get(draft.key, -1))
        layer = draft.name or (end.name if end else None) or _automatic(draft.op.KIND, counters, taken)
        if end is None:
            names[draft.key] = (layer, layer)
        else:
            names[draft.key] = (f"{layer}.acc", layer)
            names[end.key] = (layer, layer)
    return names


def _joined(drafts: Sequence[_Draft]) -> dict[int, int]:
    """Return the arithmetic op that each requantize or clamp completes: its only operand, read by it alone."""
    readers: dict[int, int] = {}
    for draft in drafts:
        for operand in draft.operands:
            readers[operand] = readers.get(operand, 0) + 1
    arithmetic = {d.key for d in drafts if d.op.ARITHMETIC}
    joined: dict[int, int] = {}
    for draft in drafts:
        first = draft.operands[0]
        if draft.op.ENDS_LAYER and first in arithmetic and readers[first] == 1:
            joined[draft.key] = first
    return joined


def _automatic(kind: str, counters: dict[str, int], taken: set[str]) -> str:
    while True:
        count = counters.get(kind, 0)
        counters[kind] = count + 1
        if f"{kind}_{count}" not in taken:
            return f"{kind}_{count}"
