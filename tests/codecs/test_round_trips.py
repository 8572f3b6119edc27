"""What every codec writes, an independent reader of the page and the codec itself read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pytest

from edgeq import IntType
from edgeq.codecs import Codec, decode, get, read_header
from tests.codecs.corpus import SHAPES, codecs, sparse, types
from tests.oracles.blob_reader import read_blob

Item = TypeVar("Item")


def shown(codec: Codec) -> str:
    return str(codec)


def check(codec: Codec, array: np.ndarray, type: IntType, fill_value: int) -> bytes:
    blob = codec.encode(array, type=type, fill_value=fill_value)
    read = codec.decode(blob)
    assert (read.shape, read.tolist()) == (array.shape, array.tolist())
    assert read.dtype == type.dtype
    assert read.flags.writeable
    assert read.flags.c_contiguous
    header = read_header(blob)
    assert (header.codec, header.type, header.fill_value) == (codec.name, type, fill_value)
    assert header.count == array.size or not codec.stores_all
    other = read_blob(blob, array.size)
    assert (other.codec_name, other.bits, other.signed) == (codec.name, type.bits, type.signed)
    assert (other.fill_value, other.count) == (fill_value, header.count)
    assert (other.shape, other.values) == (array.shape, array.reshape(-1).tolist())
    return blob


def some(codec: Codec, items: Sequence[Item], turn: int) -> Sequence[Item]:
    """Return all items for a codec with its defaults, for one with another option the one whose turn it is."""
    if codec == get(codec.name):
        return items
    return items[(codecs().index(codec) + turn) % len(items) :][:1]


@pytest.mark.parametrize("codec", codecs(), ids=shown)
def test_every_width_and_fill_value(codec: Codec) -> None:
    rng = np.random.default_rng(1)
    for turn, type in enumerate(types(codec)):
        for fill_value in some(codec, (type.qmin, 0, type.qmax), turn):
            check(codec, sparse(rng, SHAPES[rng.integers(len(SHAPES))], type, fill_value), type, fill_value)


@pytest.mark.parametrize("codec", codecs(), ids=shown)
def test_every_shape(codec: Codec) -> None:
    rng = np.random.default_rng(2)
    for turn, shape in enumerate((*SHAPES, (1,) * 32, (0,) * 32, (300,), (1, 70), (70, 1), (5, 1, 13))):
        for type in some(codec, (IntType(8), IntType(5, signed=False)), turn):
            check(codec, sparse(rng, shape, type, 3), type, 3)


@pytest.mark.parametrize("codec", codecs(), ids=shown)
def test_everything_and_nothing_stored(codec: Codec) -> None:
    for value in (-8, 0, 7):
        check(codec, np.full((3, 5), value), IntType(4), 7)


@pytest.mark.parametrize("codec", codecs(), ids=shown)
def test_large(codec: Codec) -> None:
    rng = np.random.default_rng(3)
    for type in some(codec, (IntType(8), IntType(11)), 0):
        array = np.where(rng.random((64, 30, 50)) < 0.8, -1, rng.integers(type.qmin, type.qmax + 1, (64, 30, 50)))
        assert np.array_equal(codec.decode(codec.encode(array, type=type, fill_value=-1)), array)


@pytest.mark.parametrize("name", ["csr", "csc"])
@pytest.mark.parametrize(("count", "width"), [(65535, 16), (65536, 32)])
def test_width_of_indptr(name: str, count: int, width: int) -> None:
    array = np.zeros((2, 32769), int)
    array.reshape(-1)[:count] = 1
    blob = check(get(name), array, IntType(2), 0)
    assert blob[read_header(blob).sections["parameters"].offset] == width


@pytest.mark.parametrize("style", ["escape", "padding"])
@pytest.mark.parametrize("run_bits", [2, 3, 16])
def test_every_run_around_a_cut(style: str, run_bits: int) -> None:
    full = 2**run_bits
    for times in (1, 2, 3):
        for run in range(times * full - 5, times * full + 3):
            array = np.zeros(max(run, 0) + 1, int)
            array[-1] = -1
            blob = get("zero_runs", run_bits=run_bits, style=style).encode(array, type=IntType(2))
            assert read_blob(blob).values == array.tolist()
            assert np.array_equal(decode(blob), array)


def test_65536_values_are_the_most_of_vanilla() -> None:
    array = np.arange(65536) * 65537 - 2**31
    blob = get("vanilla").encode(array, type=IntType(33))
    assert np.array_equal(decode(blob), array)
    array = np.arange(65536)
    assert np.array_equal(decode(get("vanilla").encode(array, type=IntType(16, signed=False))), array)


@pytest.mark.parametrize("codec", codecs(), ids=shown)
def test_the_array_may_lie_anyhow_in_memory(codec: Codec) -> None:
    array = np.arange(24, dtype=np.int64).reshape(2, 3, 4) % 7 - 3
    plain = codec.encode(array, type=IntType(8))
    turned = np.asfortranarray(array.astype(">i2"))
    narrow = array.astype(np.int8)
    narrow.flags.writeable = False
    assert codec.encode(turned, type=IntType(8)) == plain
    assert codec.encode(narrow, type=IntType(8)) == plain
    assert codec.encode(np.repeat(array, 2, axis=1)[:, ::2], type=IntType(8)) == plain
    for buffer in (bytearray(plain), memoryview(b"xxx" + plain)[3:]):
        assert np.array_equal(codec.decode(buffer), array)
