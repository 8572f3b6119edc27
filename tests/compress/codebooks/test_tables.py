"""Tables of values: k-means as plain loops give it, its rules for what is degenerate, levels and fixed point."""

from __future__ import annotations

import time

import numpy as np
import pytest

from edgeq.arith.types import Rounding
from edgeq.compress.codebooks.line import nearest
from edgeq.compress.codebooks.tables import fixed_point, kmeans, linear

INITS = ("kmeans++", "random", "linear")
PAPER = np.array([2.09, -0.98, 1.48, 0.09, 0.05, -0.14, -1.08, 2.12, -0.91, 1.92, 0.0, -1.03, 1.87, 0.0, 1.53, 1.49])
"""Figure 3 of Deep Compression, arXiv 1510.00149; its centroids are 2.00, 1.50, 0.00 and -1.00."""


def values(count: int = 400, seed: int = 3) -> np.ndarray:
    """Return numbers with heavy tails, a quarter of them 0."""
    generator = np.random.default_rng(seed)
    drawn = generator.standard_t(3, count)
    return np.where(generator.random(count) < 0.25, 0.0, drawn)


def plain_lloyd(data: list[float], weights: list[float], start: list[float], zero: bool) -> list[float]:
    """Return centroids by loops over all values and all centroids, for starts of which none loses all its values."""
    centroids = list(start)
    while True:
        sums = [[0.0, 0.0] for _ in centroids]
        for x, w in zip(data, weights, strict=True):
            best = min(range(len(centroids)), key=lambda k: (abs(x - centroids[k]), k))
            sums[best][0] += w
            sums[best][1] += w * x
        moved = [c if zero and c == 0 else s / n for c, (n, s) in zip(centroids, sums, strict=True)]
        if np.allclose(moved, centroids, rtol=0, atol=1e-14):
            return moved
        centroids = moved


@pytest.mark.parametrize("init", ["kmeans++", "linear"])
def test_the_papers_figure(init: str) -> None:
    found = kmeans(PAPER, 4, init=init)
    np.testing.assert_allclose(found, [-1.0, 0.0, 1.5, 2.0], rtol=0, atol=1e-15)
    assert nearest(PAPER, found).tolist() == [3, 0, 2, 1, 1, 1, 0, 3, 0, 3, 1, 0, 3, 1, 2, 2]


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_plain_loops(zero: bool, weighted: bool) -> None:
    data = values()
    weights = np.random.default_rng(1).integers(1, 9, len(data)).astype(float)
    start = np.linspace(data.min(), data.max(), 7)
    if zero:
        start[np.argmin(np.abs(start))] = 0.0
    expected = plain_lloyd(data.tolist(), weights.tolist() if weighted else [1.0] * len(data), start.tolist(), zero)
    found = kmeans(data, 7, init="linear", zero=zero, weights=weights if weighted else None)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert not zero or 0.0 in found


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("init", INITS)
def test_each_centroid_is_the_mean_of_its_values_and_none_is_without(init: str, zero: bool) -> None:
    data = values(2000)
    for count in (2, 3, 16, 200):
        found = kmeans(data, count, init=init, zero=zero, seed=5)
        assert len(found) == count
        assert (np.diff(found) > 0).all()
        closest = np.abs(data[:, None] - found).argmin(1)
        for k, centroid in enumerate(found):
            own = data[closest == k]
            assert len(own)
            assert (centroid == 0) if zero and 0 in own else centroid == pytest.approx(own.mean(), abs=1e-12)


@pytest.mark.parametrize("init", INITS)
def test_a_centroid_without_values_takes_the_farthest(init: str) -> None:
    # equal steps from 0 to 1000 leave all but two of ten cells empty
    data = np.concatenate([np.arange(30.0), [1000.0]])
    found = kmeans(data, 10, init=init)
    assert len(found) == 10
    assert found[-1] == 1000.0
    assert np.bincount(nearest(data, found), minlength=10).min() >= 1


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("init", INITS)
def test_with_few_distinct_values_these_are_the_table(init: str, zero: bool) -> None:
    assert kmeans(np.array([0.1, -0.3, 0.1, 0.0]), 4, init=init, zero=zero).tolist() == [-0.3, 0.0, 0.1]
    assert kmeans(np.full(9, 0.1), 8, init=init, zero=zero).tolist() == ([0.0, 0.1] if zero else [0.1])
    assert kmeans(np.zeros(9), 8, init=init, zero=zero).tolist() == [0.0]
    assert kmeans(np.array([-0.0, 0.0]), 8, init=init, zero=zero).tolist() == [0.0]


@pytest.mark.parametrize("init", ["kmeans++", "linear"])
def test_all_positive_values_beside_a_pinned_zero(init: str) -> None:
    found = kmeans(np.array([5.0, 5.1, 5.2, 8.0, 8.1, 8.2, 8.3, 9.0]), 3, init=init, zero=True, seed=1)
    np.testing.assert_allclose(found, [0.0, 5.1, 8.32], rtol=0, atol=1e-12)


def test_the_mean_of_one_value_is_this_value() -> None:
    # running sums hold 0.1 beside 1e9 and lose most of its digits
    found = kmeans(np.array([-1e9, -1e9 + 1, 0.1, 7.0]), 3, init="linear")
    assert found.tolist() == [-1e9 + 0.5, 0.1, 7.0]


def test_the_seed_decides() -> None:
    data = values(500)
    for init in ("kmeans++", "random"):
        assert kmeans(data, 12, init=init, seed=1).tolist() == kmeans(data, 12, init=init, seed=1).tolist()
        assert kmeans(data, 12, init=init, seed=1).tolist() != kmeans(data, 12, init=init, seed=2).tolist()


def test_values_of_weight_zero_do_not_count() -> None:
    data, weights = np.array([0.0, 1.0, 2.0, 50.0]), np.array([3.0, 1.0, 1.0, 0.0])
    assert kmeans(data, 2, init="linear", weights=weights).tolist() == [0.25, 2.0]
    assert kmeans(data, 4, weights=np.zeros(4)).tolist() == [0.0, 1.0, 2.0, 50.0]


def test_better_starts_err_less_than_k_draws() -> None:
    data = values(4000)
    errors = {init: [np.square(data - (t := kmeans(data, 16, init=init, seed=s))[nearest(data, t)]).sum()
                     for s in range(5)] for init in ("kmeans++", "random")}
    assert np.mean(errors["kmeans++"]) < np.mean(errors["random"])


def test_a_million_weights_take_less_than_a_second() -> None:
    data = values(1_000_000)
    began = time.process_time()
    kmeans(data, 256, zero=True)
    assert time.process_time() - began < 3  # 0.3 on one core of 2024


@pytest.mark.parametrize(
    ("count", "k", "zero", "expected"),
    [
        (9, 5, False, [0, 2, 4, 6, 8]),          # ceil(0.009) = 1: from the smallest to the largest
        (1000, 2, False, [0, 999]),
        (1001, 2, False, [1, 999]),              # ceil(1.001) = 2: the second at either end
        (3001, 4, True, [0, 3, 1500, 2997]),
    ],
)
def test_linear_levels(count: int, k: int, zero: bool, expected: list[float]) -> None:
    shuffled = np.random.default_rng(1).permutation(count).astype(float)
    assert linear(shuffled, k, zero=zero).tolist() == expected


def test_linear_levels_of_a_constant() -> None:
    assert linear(np.full(5, 0.25), 4).tolist() == [0.25]
    assert linear(np.full(5, 0.25), 4, zero=True).tolist() == [0.0, 0.25]


@pytest.mark.parametrize(
    ("bits", "integer_bits", "rounding", "given", "expected"),
    [
        (4, 0, "floor", [-2, -1, -0.99, -0.01, 0, 0.01, 0.874, 0.875, 1, 2], [-8, -8, -8, -1, 0, 0, 6, 7, 7, 7]),
        (4, 0, "ties_even", [-0.0625, 0.0625, 0.1875, 0.99], [0, 0, 2, 7]),
        (4, 0, "ties_up", [-0.0625, 0.0625, 0.1875, 0.99], [0, 1, 2, 7]),
        (8, 3, "floor", [-9, -8, 7.96, 7.9375, 8, 0.0624], [-128, -128, 127, 127, 127, 0]),
        (1, 0, "floor", [-3, -0.5, 0, 3], [-1, -1, 0, 0]),
    ],
)
def test_fixed_point(bits: int, integer_bits: int, rounding: str, given: list, expected: list[int]) -> None:
    # bits with the sign, F = bits - 1 - integer_bits behind the point
    unit = 2.0 ** -(bits - 1 - integer_bits)
    found = fixed_point(np.array(given, dtype=float), bits, integer_bits, Rounding[rounding])
    assert (found / unit).tolist() == expected
