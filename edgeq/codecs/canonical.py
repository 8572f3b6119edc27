"""Code lengths and canonical codes of at most 15 bits.

Source: format page `edgeq/codecs/README.md`, "Canonical codes" and "Lengths from weights"; D. Huffman (1952) by the two
queues of J. van Leeuwen (1976); the order of codes is that of RFC 1951, 3.2.2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeq.arith.jit import kernel
from edgeq.codecs.bits import readonly

IntArray = npt.NDArray[np.int64]

LONGEST = 15
"""Longest code in bits."""


def code_lengths(weights: IntArray) -> IntArray:
    """Return the length of each entry's code, 0 where the weight is 0.

    >>> code_lengths(np.array([5, 0, 1, 1, 9])).tolist()
    [2, 0, 3, 3, 1]
    """
    entries = np.flatnonzero(weights)
    lengths = np.zeros(weights.size, np.int64)
    weight = weights[entries]
    depth = np.ones(entries.size, np.int64)
    while entries.size > 1:
        order = np.argsort(weight, kind="stable")
        _fill_depths(readonly(weight[order]), depth)
        if depth.max() <= LONGEST:
            entries = entries[order]
            break
        weight = (weight + 1) >> 1
    lengths[entries] = depth
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
def _fill_depths(weight: IntArray, depth: IntArray) -> None:
    """Write the depth of each leaf, given the weights of two or more leaves in ascending order."""
    leaves = weight.size
    node, parent = np.empty(2 * leaves, np.int64), np.empty(2 * leaves, np.int64)
    leaf, inner = 0, leaves
    for made in range(leaves, 2 * leaves - 1):
        node[made] = 0
        for _ in range(2):
            if leaf < leaves and (inner == made or weight[leaf] <= node[inner]):
                node[made] += weight[leaf]
                parent[leaf] = made
                leaf += 1
            else:
                node[made] += node[inner]
                parent[inner] = made
                inner += 1
    node[2 * leaves - 2] = 0
    for k in range(2 * leaves - 3, -1, -1):
        node[k] = node[parent[k]] + 1
    for k in range(leaves):
        depth[k] = node[k]
