"""Small tensors, and the codecs that are registered, each with its options varied one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from edgeq import IntType
from edgeq.codecs import Codec, get, names
from edgeq.errors import EdgeqError, InputError

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


@cache
def coded(name: str) -> tuple[bytes, ...]:
    """Return blobs of huffman or ans in every mode, with every kind of table and cut, of tensors as weights are."""
    rng = np.random.default_rng(6)
    made = []
    for mode in ("values", "runs", "joint"):
        for table in ("dense", "list", "model", "coarse", None):
            for word_bits, restart in ((8, "none"), (16, "channel"), (32, "bank"), (64, "channel")):
                options = {"mode": mode, "table": table, "word_bits": word_bits, "restart": restart, "banks": 3}
                for bits, spread, share in ((8, 2.0, 0.7), (16, 40.0, 0.2), (8, 1.0, 0.98)):
                    array = _weights(rng, (5, 3, 11), spread, 3, share)
                    made.append(_encoded(name, options, array, IntType(bits), 3))
    return tuple(blob for blob in made if blob)


def _encoded(name: str, options: dict[str, Any], array: np.ndarray, type: IntType, fill_value: int) -> bytes:
    """Return a blob, or nothing where the codec has no such options or holds no such tensor."""
    try:
        return get(name, **options).encode(array, type=type, fill_value=fill_value)
    except EdgeqError:
        return b""


def _weights(
    rng: np.random.Generator, shape: tuple[int, ...], spread: float, fill_value: int, share: float
) -> np.ndarray:
    """Return a tensor as weights often are: ``share`` of it the fill value, the others around it."""
    far = np.clip(np.round(rng.laplace(0, spread, shape)), -100, 100).astype(np.int64)
    return fill_value + np.where(rng.random(shape) < share, 0, far)
