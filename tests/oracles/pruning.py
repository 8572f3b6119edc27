"""Choose what to prune, index by index on exact fractions; imports nothing from edgeq and no torch."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

Index = tuple[int, ...]


def unit_of(index: Index, granularity: str, shape: Index, groups: int, transposed: bool) -> Index:
    """Return the unit of one number as (group, output in it, input in it, place in the kernel), -1 where it spans all.

    A convolution's weight is [outputs, inputs of a group, ...], a transposed one's [inputs, outputs of a group, ...];
    the first axis runs through the groups one after the other.
    """
    per_group = shape[0] // groups
    group, first, second = index[0] // per_group, index[0] % per_group, index[1]
    output, input = (second, first) if transposed else (first, second)
    place = 0
    for size, k in zip(shape[2:], index[2:], strict=True):
        place = place * size + k
    return {
        "element": (group, output, input, place), "kernel": (group, output, input, -1),
        "filter": (group, output, -1, -1), "channel": (group, -1, input, -1),
    }[granularity]


def half_even(value: Fraction) -> int:
    """Round to the nearest integer, a tie to the even one."""
    low = value.numerator // value.denominator
    rest = value - low
    return low + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and low % 2 == 1))


def pruned_numbers(
    values: dict[Index, float], shape: Index, granularity: str, fraction: Fraction, power: int = 1, groups: int = 1,
    transposed: bool = False,
) -> set[Index]:
    """Return the indices that are pruned: the units with the least sum of ``|w| ** power``, the first of a tie."""
    scores: dict[Index, Fraction] = {}
    for index in product(*map(range, shape)):
        unit = unit_of(index, granularity, shape, groups, transposed)
        scores[unit] = scores.get(unit, Fraction(0)) + abs(Fraction(values[index])) ** power
    ranked = sorted(scores, key=lambda unit: (scores[unit], unit))
    gone = set(ranked[: half_even(fraction * len(ranked))])
    return {i for i in values if unit_of(i, granularity, shape, groups, transposed) in gone}
