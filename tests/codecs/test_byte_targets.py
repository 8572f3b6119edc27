"""Bytes of the reference networks' weights: whole blobs, with headers, tables and crc; the same on every machine."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest

from edgeq.codecs import decode, get
from tests.codecs.networks import Layer, lenet5, resnet8
from tests.data import need_data

pytestmark = pytest.mark.judge


def data_folder() -> Path:
    need_data("lenet5_reference/lenet5_sparse_quantized_int.yml")
    return need_data("resnet8_cifar10/weights_float32.npz").parent.parent


def total(name: str, layers: list[Layer]) -> int:
    size = 0
    for layer in layers:
        blob = get(name).encode(layer.weight, type=layer.type, fill_value=layer.fill_value)
        assert np.array_equal(decode(blob), layer.weight)
        size += len(blob)
    return size


def test_lenet5() -> None:
    """61,470 weights; one file of `xz -9e` of them is 9,960 bytes (design page of compression)."""
    layers = lenet5(data_folder())
    assert sum(layer.weight.size for layer in layers) == 61470
    assert total("huffman", layers) <= 9000
    assert total("best", layers) <= 8700


@pytest.mark.parametrize(("bits", "pruned", "entropy", "most", "huffman_most"), [
    (8, 0.0, 70764, 1.025, 1.025), (4, 0.0, 30812, 1.025, 1.025), (8, 0.8, 20576, 1.07, 1.07),
    (4, 0.8, 12958, 1.03, 1.035),
])
def test_resnet8_is_near_its_entropy(bits: int, pruned: float, entropy: int, most: float, huffman_most: float) -> None:
    layers = resnet8(data_folder(), bits, pruned)
    assert round(sum(layer.entropy_bytes for layer in layers)) == entropy
    best = total("best", layers)
    assert best <= entropy * most
    assert total("huffman", layers) <= entropy * huffman_most
    if pruned:
        xz = sum(len(lzma.compress(layer.packed, preset=9 | lzma.PRESET_EXTREME)) for layer in layers)
        assert best <= 0.9 * xz
