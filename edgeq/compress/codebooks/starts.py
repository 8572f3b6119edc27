"""Choose the centroids that k-means begins with, ascending and distinct."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeq.compress.codebooks.line import Line, Reals

Start = Callable[[Line, int, np.random.Generator, bool], Reals]


def linear(line: Line, count: int, generator: np.random.Generator, zero: bool) -> Reals:
    """Return equal steps from the smallest value to the largest; with ``zero`` the level nearest to 0 becomes 0."""
    del generator
    levels = np.linspace(line.values[0], line.values[-1], count)
    if zero:
        levels[np.argmin(np.abs(levels))] = 0.0
    return np.unique(levels)


def random(line: Line, count: int, generator: np.random.Generator, zero: bool) -> Reals:
    """Return distinct values, drawn with their weights without putting back (Forgy); with ``zero`` one of them is 0."""
    others = line.values != 0 if zero else np.ones(len(line), dtype=bool)
    # the smallest of exponential draws divided by the weights: Efraimidis and Spirakis (2006)
    keys = -np.log1p(-generator.random(len(line))) / line.weights
    keys[~others] = np.inf
    drawn = line.values[np.argsort(keys, kind="stable")[: count - zero]]
    return np.unique(np.concatenate([drawn, [0.0]]) if zero else drawn)


def plus_plus(line: Line, count: int, generator: np.random.Generator, zero: bool) -> Reals:
    """Return values each drawn with its weight times its squared distance to the nearest one drawn before.

    The first is drawn with its weight; with ``zero`` it is 0. A draw changes the distances between its two neighbours
    alone, so all draws together cost about ``len(line) * log(count)``. Source: Arthur and Vassilvitskii (2007).
    """
    first = 0.0 if zero else float(line.values[_draw(line.weights, generator)])
    chosen = [first]
    gaps = [_Gap(line, -np.inf, first), _Gap(line, first, np.inf)]
    while len(chosen) < count:
        sums = np.array([gap.total for gap in gaps])
        if not sums.any():
            break
        place = _draw(sums, generator)
        value = gaps[place].draw(generator)
        halves = [_Gap(line, gaps[place].left, value), _Gap(line, value, gaps[place].right)]
        gaps[place : place + 1] = halves
        chosen.insert(place, value)
    return np.array(chosen)


class _Gap:
    """The values between two neighbouring centroids, and what each costs."""

    def __init__(self, line: Line, left: float, right: float) -> None:
        self.left, self.right = left, right
        start = np.searchsorted(line.values, left, side="right")
        end = np.searchsorted(line.values, right, side="left")
        self.values = line.values[start:end]
        away = np.minimum(self.values - left, right - self.values)
        self.costs = line.weights[start:end] * away * away
        self.total = float(self.costs.sum())

    def draw(self, generator: np.random.Generator) -> float:
        """Return a value, drawn with its cost."""
        return float(self.values[_draw(self.costs, generator)])


def _draw(chances: Reals, generator: np.random.Generator) -> int:
    """Return a place, drawn with chances that need not add up to 1; never one of chance 0."""
    running = np.cumsum(chances)
    drawn = min(generator.random() * running[-1], np.nextafter(running[-1], 0.0))
    return int(np.searchsorted(running, drawn, side="right"))


STARTS: dict[str, Start] = {"kmeans++": plus_plus, "random": random, "linear": linear}
