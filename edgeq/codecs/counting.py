"""Bytes of blobs without writing them, from a tensor's histograms.

Source: format page `edgeq/codecs/README.md`, "Header", "Codecs without entropy coding", "zero_runs".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeq.codecs.bits import bits_for, bytes_for
from edgeq.codecs.histograms import Statistics
from edgeq.codecs.tensor import Tensor
from edgeq.codecs.varint import write_svarint, write_varint
from edgeq.codecs.zero_runs import STYLES

_LARGEST_INDPTR = 1 << 32


def blob_bytes(tensor: Tensor, count: int, lengths: Sequence[int]) -> int:
    """Return the bytes of a blob whose sections have these lengths."""
    numbers = [len(write_varint(n)) for n in (*tensor.shape, count, *lengths)]
    return 7 + sum(numbers) + len(write_svarint(tensor.fill_value)) + 1 + sum(lengths) + 4


def plain_sections(statistics: Statistics) -> dict[str, list[int]]:
    """Return the lengths of the sections of each codec without entropy coding or runs."""
    tensor, kept = statistics.tensor, statistics.stored
    elements, bits, rows, columns = tensor.codes.size, tensor.type.bits, tensor.rows, tensor.columns
    distinct = statistics.values.size
    data, width = bytes_for(kept * bits), 2 if kept < 65536 else 4
    lengths = {
        "packed": [bytes_for(elements * bits)],
        "fixed_point": [1, bytes_for(elements * bits)],
        "vanilla": [len(write_varint(distinct)) + bytes_for(distinct * bits), bytes_for(elements * bits_for(distinct))],
        "coo": [len(tensor.shape), sum(bytes_for(kept * bits_for(d)) for d in tensor.shape), data],
        "csr": [2, (rows + 1) * width if elements else 0, bytes_for(kept * bits_for(columns)), data],
        "csc": [2, (columns + 1) * width if elements else 0, bytes_for(kept * bits_for(rows)), data],
        "bitmask": [bytes_for(elements), data],
    }
    if kept >= _LARGEST_INDPTR:
        del lengths["csr"], lengths["csc"]
    return lengths


def smallest_zero_runs(statistics: Statistics, word_bits: int) -> tuple[dict[str, Any], int, list[int]]:
    """Return options, number of stored values and lengths of sections of zero_runs in one segment."""
    tensor, kept = statistics.tensor, statistics.stored
    runs, times = statistics.runs
    best: tuple[int, dict[str, Any], int, list[int]] | None = None
    for style in STYLES:
        for run_bits in range(2, 17):
            cut = (1 << run_bits) - 2 if style == "escape" else 1 << run_bits
            cuts = int(((runs - (style == "escape")).clip(0) // cut * times).sum())
            count = kept if style == "escape" else kept + cuts
            bits = count * (run_bits + tensor.type.bits) + (cuts * run_bits if style == "escape" else 0)
            lengths = [4, 0, -(-bits // word_bits) * word_bits // 8]
            size = blob_bytes(tensor, count, lengths)
            if best is None or size < best[0]:
                best = size, {"run_bits": run_bits, "style": style}, count, lengths
    assert best is not None
    return best[1:]
