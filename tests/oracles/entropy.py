"""Codes, models and tables of huffman and ans from the format page, in Python integers; imports nothing from edgeq."""

from __future__ import annotations

import heapq


def fewest_bits(counts: list[int]) -> int:
    """Return the bits of an optimal prefix code: the sum of all merged weights, by a heap."""
    heap = [c for c in counts if c]
    if len(heap) == 1:
        return heap[0]
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        merged = heapq.heappop(heap) + heapq.heappop(heap)
        total += merged
        heapq.heappush(heap, merged)
    return total


def lengths(weights: list[int]) -> list[int]:
    """Return code lengths: merge the two smallest nodes, leaves before inner nodes, lower numbers first."""
    found = [0] * len(weights)
    used = [i for i, w in enumerate(weights) if w]
    if len(used) == 1:
        found[used[0]] = 1
    while len(used) > 1:
        # weight, 0 for a leaf and 1 for an inner node, number of the entry or of the making; the leaves below
        nodes = [(weights[i], 0, i, [i]) for i in used]
        found = [0] * len(weights)
        for made in range(len(used) - 1):
            nodes.sort(key=lambda node: node[:3])
            one, two = nodes[0], nodes[1]
            nodes[:2] = [(one[0] + two[0], 1, made, one[3] + two[3])]
            for leaf in nodes[0][3]:
                found[leaf] += 1
        if max(found) <= 15:
            break
        weights = [(w + 1) // 2 for w in weights]
    return found


def curve(slope: int, curvature: int, first: int, size: int) -> list[int]:
    """Return the model's weights at distances ``first`` to ``size - 1``."""
    step = (256 + slope % 256) << (15 - slope // 256 % 16)
    r = 2**24 + step if slope // 4096 else 2**24 - step
    bend = (256 + curvature % 256) << (14 - curvature // 256 % 128) if curvature % 32768 else 0
    q = 2**23 + bend if curvature // 32768 else 2**23 - bend
    w, out = 2**31, []
    for _ in range(first, size):
        out.append(max(1, w // 2**16))
        w = min(2**38, w * r // 2**24)
        r = min(2**25 - 1, r * q // 2**23)
    return out


def value_weights(lo: int, count: int, low_bits: int, special: bool, slope: int, curvature: int, below: int,
                  above: int, z: int) -> list[int]:
    """Return the weights of value symbols ``lo .. lo + count - 1`` without a codebook."""
    first = min(below, above)
    at = curve(slope, curvature, first, max(-lo, lo + count) + 1)
    out = []
    for s in range(lo, lo + count):
        distance = s if s >= 0 else -s if low_bits == 0 else -s - 1
        gone = distance < (above if s >= 0 else below)
        out.append(z if special and s == 0 else 0 if gone else at[distance - first])
    return out


def frequencies(weights: list[int], table_bits: int) -> list[int] | None:
    """Return frequencies that sum to 2^T, None where the page gives none."""
    states, total = 2**table_bits, sum(weights)
    used = [i for i, w in enumerate(weights) if w]
    if not used or len(used) > states:
        return None
    small = [i for i in used if weights[i] * states < total]
    others = [i for i in used if weights[i] * states >= total]
    found = [0] * len(weights)
    for i in small:
        found[i] = 1
    y = d = 0
    for i in others:
        y += weights[i]
        found[i] = max(1, y * (states - len(small)) // sum(weights[k] for k in others) - d)
        d += found[i]
    largest = found.index(max(found))
    found[largest] += states - sum(found)
    return found if found[largest] >= 1 else None


def states(frequency: list[int], table_bits: int) -> list[tuple[int, int, int]]:
    """Return entry, bits and base of each state."""
    size = 2**table_bits
    entry, p = [-1] * size, 0
    for i, times in enumerate(frequency):
        for _ in range(times):
            entry[p] = i
            p = (p + size // 2 + size // 8 + 3) % size
    x, out = list(frequency), []
    for i in entry:
        bits = table_bits - (x[i].bit_length() - 1)
        out.append((i, bits, (x[i] << bits) - size))
        x[i] += 1
    return out
