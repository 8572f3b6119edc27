"""Numbers on a line, in ascending order, with sums over any stretch of them in constant time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Line:
    """Distinct values ascending, each with its weight above 0, and running sums of weights and of weighted values.

    A *cut* of the line into cells is their edges: cell i holds the places ``edges[i]`` to ``edges[i + 1] - 1``.
    """

    values: Reals
    weights: Reals
    mass: Reals
    moment: Reals

    @classmethod
    def of(cls, values: Reals, weights: Reals | None = None) -> Line:
        """Return the line of values in any order; equal ones add their weights, those of weight 0 are left out."""
        if weights is None:
            distinct, counts = np.unique(values, return_counts=True)
            sums: Reals = counts.astype(np.float64)
        else:
            kept = weights > 0
            distinct, places = np.unique(values[kept], return_inverse=True)
            sums = np.bincount(places.reshape(-1), weights[kept], len(distinct)).astype(np.float64)
        return cls(distinct, sums, _running(sums), _running(sums * distinct))

    def __len__(self) -> int:
        return len(self.values)

    def cut(self, centroids: Reals) -> Places:
        """Return the edges of the cells whose values are nearest to each of ascending centroids; ties go down."""
        inner = np.searchsorted(self.values, middles(centroids), side="right")
        return np.concatenate([[0], inner, [len(self)]]).astype(np.int64)

    def means(self, edges: Places, otherwise: Reals) -> Reals:
        """Return the weighted mean of each cell, within the cell's own values; ``otherwise`` where a cell is empty."""
        start, end = edges[:-1], edges[1:]
        full = end > start
        means = otherwise.copy()
        sums = (self.moment[end] - self.moment[start])[full] / (self.mass[end] - self.mass[start])[full]
        # the running sums round; a mean is never outside its cell, and that of equal values is their value
        means[full] = np.clip(sums, self.values[start[full]], self.values[end[full] - 1])
        return means

    def farthest(self, centroids: Reals, edges: Places, count: int) -> Reals:
        """Return at most ``count`` values that are farthest from their cell's centroid, the farthest first.

        Of equal distances the smaller value comes first; values that lie on their centroid are none.
        """
        full = edges[1:] > edges[:-1]
        ends = np.concatenate([edges[:-1][full], edges[1:][full] - 1])
        places, first = np.unique(ends, return_index=True)
        distance = np.abs(self.values[places] - np.tile(centroids[full], 2)[first])
        order = np.argsort(-distance, kind="stable")[:count]
        found: Reals = self.values[places[order[distance[order] > 0]]]
        return found


def _running(terms: Reals) -> Reals:
    return np.concatenate([[0.0], np.cumsum(terms)])


def middles(centroids: Reals) -> Reals:
    """Return the middle between each two neighbours."""
    middle: Reals = centroids[:-1] + (centroids[1:] - centroids[:-1]) / 2
    return middle


def nearest(values: Reals, table: Reals) -> Places:
    """Return the place of the entry of an ascending table that is nearest to each value; ties go down.

    >>> nearest(np.array([0.1, 0.5, 0.6, 9.0]), np.array([0.0, 1.0])).tolist()
    [0, 0, 1, 1]
    """
    return np.searchsorted(middles(table), values, side="left").astype(np.int64)
