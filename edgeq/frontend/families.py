"""Hold the tables that families of operators fill: how a call is read, and how a float operator becomes integers.

A family is one file of :mod:`edgeq.frontend.lowerings`: its float operators, which say where quantizers go
(:class:`~edgeq.frontend.float_graph.FloatOp`), the functions that read its calls, those that lower it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from edgeq.frontend.float_graph import FloatNode, FloatOp

if TYPE_CHECKING:
    from edgeq.frontend.context import Context
    from edgeq.frontend.reader import Reader
    from edgeq.frontend.states import State

Translated = tuple[FloatOp, tuple[str, ...]]
Translation = Callable[["Reader"], Translated]
PartTranslation = Callable[["Reader", int], Translated]
Lowering = Callable[["Context", list["State"], FloatNode], "State"]

TRANSLATIONS: dict[str, Translation] = {}
"""Operator name, whatever its overload, to the function that reads its calls."""
PARTS: dict[str, PartTranslation] = {}
"""Operator that gives several results to the function that reads what takes out one of them."""
LOWERINGS: dict[type[FloatOp], Lowering] = {}
"""Float operator to the function that lowers a node of it, given what is known of its operands."""

_T = TypeVar("_T", bound=Translation)
_P = TypeVar("_P", bound=PartTranslation)
_L = TypeVar("_L", bound=Lowering)


def translates(*names: str) -> Callable[[_T], _T]:
    """Let a function read the calls of the named operators."""

    def register(function: _T) -> _T:
        TRANSLATIONS.update(dict.fromkeys(names, function))
        return function

    return register


def takes_apart(*names: str) -> Callable[[_P], _P]:
    """Let a function read each result of the named operators."""

    def register(function: _P) -> _P:
        PARTS.update(dict.fromkeys(names, function))
        return function

    return register


def lowers(*kinds: type[FloatOp]) -> Callable[[_L], _L]:
    """Let a function lower nodes of the given operators."""

    def register(function: _L) -> _L:
        LOWERINGS.update(dict.fromkeys(kinds, function))
        return function

    return register
