"""Small tensors, and the codecs that are registered, each with its options varied one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from edgeq import IntType
from edgeq.codecs import Codec, get, names
from edgeq.errors import InputError

OPTIONS: dict[str, tuple[Any, ...]] = {
    "run_bits": (2, 3, 16),
    "style": ("padding",),
    "word_bits": (16, 32, 64),
    "restart": ("channel", "bank"),
    "banks": (2,),
    "frac_bits": (-3, 4),
    "mode": ("joint",),
    "table": ("model",),
    "table_bits": (5,),
}
"""Values that tests try for an option beside its default; a codec's own options join here."""

ALWAYS: dict[str, dict[str, Any]] = {"restart": {"banks": 2}}
"""Options that go with another."""

SHAPES = ((), (0,), (1,), (3, 0, 2), (9,), (3, 5), (4, 3, 2), (1, 2, 1, 3), (6, 7))


@cache
def codecs() -> tuple[Codec, ...]:
    """Return every codec with its defaults and with each other value of each option; what is refused is left out."""
    found = []
    for name in names():
        found.append(get(name))
        known = get(name).options()
        for option in sorted(OPTIONS.keys() & known.keys()):
            for value in OPTIONS[option]:
                also = {k: v for k, v in ALWAYS.get(option, {}).items() if k in known}
                try:
                    found.append(get(name, **{option: value}, **also))
                except InputError:
                    continue
    return tuple(found)


def sparse(rng: np.random.Generator, shape: tuple[int, ...], type: IntType, fill_value: int) -> np.ndarray:
    """Return a tensor with extremes and all shares of its fill value, from none to all."""
    array = rng.integers(type.qmin, type.qmax, shape, endpoint=True, dtype=np.int64)
    array = np.where(rng.random(shape) < 0.2, [type.qmin, type.qmax][rng.integers(2)], array)
    array = np.where(rng.random(shape) < 0.3, min(fill_value + 1, type.qmax), array)
    return np.where(rng.random(shape) < rng.choice([0, 0.5, 0.9, 1]), fill_value, array)


def types(codec: Codec) -> Iterator[IntType]:
    """Yield every type that a codec holds."""
    for bits in range(1, codec.max_bits + 1):
        yield IntType(bits)
        if bits < 64:
            yield IntType(bits, signed=False)


@cache
def blobs() -> tuple[bytes, ...]:
    """Return small blobs of every codec, always the same."""
    rng = np.random.default_rng(0)
    made = []
    for codec in codecs():
        for shape in ((2, 3), (4, 3, 2), (), (0, 3)):
            type = IntType(int(rng.integers(2, 9)), signed=bool(rng.integers(2)))
            made.append(codec.encode(sparse(rng, shape, type, 1), type=type, fill_value=1))
    return tuple(made)
