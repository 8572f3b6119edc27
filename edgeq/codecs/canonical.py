"""Code lengths and canonical codes of at most 15 bits.

Source: format page `edgeq/codecs/README.md`, "Canonical codes" and "Lengths from weights"; D. Huffman (1952) by the two
queues of J. van Leeuwen (1976); the order of codes is that of RFC 1951, 3.2.2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel

IntArray = npt.NDArray[np.int64]

LONGEST = 15
"""Longest code in bits."""


def code_lengths(weights: IntArray) -> IntArray:
    """Return the length of each entry's code, 0 where the weight is 0.

    >>> code_lengths(np.array([5, 0, 1, 1, 9])).tolist()
    [2, 0, 3, 3, 1]
    """
    lengths = np.zeros(weights.size, np.int64)
    fill_lengths(np.ascontiguousarray(weights, np.int64), lengths)
    return lengths


def canonical_codes(lengths: IntArray) -> IntArray:
    """Return the code of each entry: shorter first, of equal length in order of number.

    >>> [f"{c:b}" for c in canonical_codes(np.array([3, 3, 3, 3, 3, 2, 4, 4]))]
    ['10', '11', '100', '101', '110', '0', '1110', '1111']
    """
    codes = np.zeros(lengths.size, np.int64)
    code = 0
    for length in range(1, LONGEST + 1):
        code <<= 1
        of_length = np.flatnonzero(lengths == length)
        codes[of_length] = code + np.arange(of_length.size)
        code += of_length.size
    return codes


def fault_of(lengths: IntArray) -> str:
    """Return what is wrong with a set of lengths, or nothing.

    >>> fault_of(np.array([1, 2])), fault_of(np.array([1, 1, 2])), fault_of(np.array([0, 1])), fault_of(np.array([0]))
    ('codes leave room', 'codes overlap', '', 'no entry has a code')
    """
    used = lengths[lengths > 0]
    if used.size == 0:
        return "no entry has a code"
    if used.size == 1:
        return "" if used[0] == 1 else "the only code is longer than 1 bit"
    taken = int((1 << (LONGEST - used)).sum())
    if taken == 1 << LONGEST:
        return ""
    return "codes overlap" if taken > 1 << LONGEST else "codes leave room"


@kernel
def fill_lengths(weights: IntArray, lengths: IntArray) -> None:
    """Write the length of each entry's code; weights are halved until none is longer than 15 bits."""
    entries = np.flatnonzero(weights)
    lengths[:] = 0
    leaves = entries.size
    if leaves == 1:
        lengths[entries[0]] = 1
    if leaves < 2:
        return
    weight = weights[entries]
    node = np.empty(2 * leaves, np.int64)
    parent = np.empty(2 * leaves, np.int64)
    while True:
        order = np.argsort(weight, kind="mergesort")
        for k in range(leaves):
            node[k] = weight[order[k]]
        leaf, inner = 0, leaves
        for made in range(leaves, 2 * leaves - 1):
            total = 0
            for _ in range(2):
                if leaf < leaves and (inner == made or node[leaf] <= node[inner]):
                    total += node[leaf]
                    parent[leaf] = made
                    leaf += 1
                else:
                    total += node[inner]
                    parent[inner] = made
                    inner += 1
            node[made] = total
        root = 2 * leaves - 2
        node[root] = 0
        for k in range(root - 1, -1, -1):
            node[k] = node[parent[k]] + 1
        longest = 0
        for k in range(leaves):
            lengths[entries[order[k]]] = node[k]
            longest = max(longest, node[k])
        if longest <= 15:
            return
        weight = (weight + 1) >> 1
