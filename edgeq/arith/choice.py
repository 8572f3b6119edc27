"""Write conditions as values: what the scalar rules use in place of ``if``, ``min``, ``max`` and ``assert``.

Each works on Python integers, on the tracer's symbols, and inside Numba kernels.
"""

from __future__ import annotations

from typing import Any

from numba.extending import overload

from edgeq.arith import symbol
from edgeq.arith.symbol import Symbol


def select(condition: Any, a: Any, b: Any) -> int:
    """Return ``a if condition else b``; both are always evaluated."""
    chosen: int = symbol.choose(condition, a, b) if isinstance(condition, Symbol) else (a if condition else b)
    return chosen


def minimum(a: Any, b: Any) -> int:
    """Return the smaller value."""
    least: int = symbol.operate("min", a, b) if isinstance(a, Symbol) or isinstance(b, Symbol) else min(a, b)
    return least


def maximum(a: Any, b: Any) -> int:
    """Return the larger value."""
    most: int = symbol.operate("max", a, b) if isinstance(a, Symbol) or isinstance(b, Symbol) else max(a, b)
    return most


def within(x: Any, lo: int, hi: int) -> int:
    """Return ``x``, relied on to be in ``[lo, hi]``: a tracer proves it, Python integers check it."""
    if not isinstance(x, Symbol) and not lo <= x <= hi:
        raise OverflowError(f"{x} is outside {lo}..{hi}")
    value: Any = symbol.relied_on(x, lo, hi) if isinstance(x, Symbol) else x
    kept: int = value
    return kept


# Numba matches an overload to its implementation by the bare signature: these carry no annotations.
@overload(select)
def _select_compiled(condition, a, b):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return lambda condition, a, b: a if condition else b


@overload(minimum)
def _minimum_compiled(a, b):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return lambda a, b: min(a, b)


@overload(maximum)
def _maximum_compiled(a, b):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return lambda a, b: max(a, b)


@overload(within)
def _within_compiled(x, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001 - proven beforehand
    return lambda x, lo, hi: x  # noqa: ARG005
