"""Lengths, canonical codes, models, frequencies and states against published codes, hand-made tables and an oracle."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.codecs.canonical import canonical_codes, code_lengths, fault_of
from edgeq.codecs.coarse import best_coarse, coarse_fields, coarse_weights
from edgeq.codecs.fit import curvature_code, fit_model, log_table, slope_code
from edgeq.codecs.model import Model, shape_of_runs, shape_of_values, weights_of
from edgeq.codecs.tans import decoding_steps, encoding_moves, fixed_log2, frequencies
from tests.oracles import entropy as oracle

FIBONACCI = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181, 6765]

STATES_20_12 = [  # entry, bits, base of frequencies 20 and 12, worked out on paper
    (0, 1, 8), (0, 1, 10), (0, 1, 12), (1, 2, 16), (1, 2, 20), (0, 1, 14), (0, 1, 16), (0, 1, 18),
    (1, 2, 24), (1, 2, 28), (0, 1, 20), (0, 1, 22), (1, 1, 0), (1, 1, 2), (0, 1, 24), (0, 1, 26),
    (0, 1, 28), (1, 1, 4), (1, 1, 6), (0, 1, 30), (0, 0, 0), (0, 0, 1), (1, 1, 8), (0, 0, 2),
    (0, 0, 3), (0, 0, 4), (1, 1, 10), (1, 1, 12), (0, 0, 5), (0, 0, 6), (0, 0, 7), (1, 1, 14)]


def test_codes_of_rfc_1951() -> None:
    """Section 3.2.2: ABCDEFGH of lengths 3,3,3,3,3,2,4,4."""
    lengths = np.array([3, 3, 3, 3, 3, 2, 4, 4])
    codes = [f"{c:0{n}b}" for c, n in zip(canonical_codes(lengths), lengths, strict=True)]
    assert codes == ["010", "011", "100", "101", "110", "00", "1110", "1111"]


@pytest.mark.parametrize(("weights", "expected"), [
    ([], []), ([0, 0], [0, 0]), ([0, 9, 0], [0, 1, 0]), ([1, 1], [1, 1]), ([1, 0, 1], [1, 0, 1]),
    ([1, 1, 1], [2, 2, 1]),  # of the equals the leaf 2 is taken after 0 and 1, and then before their sum
    ([1, 1, 2, 2], [2, 2, 2, 2]), ([1, 1, 1, 1, 4], [3, 3, 3, 3, 1]), ([5, 9, 12, 13, 16, 45], [4, 4, 3, 3, 3, 1]),
])
def test_lengths(weights: list[int], expected: list[int]) -> None:
    assert code_lengths(np.array(weights, np.int64)).tolist() == expected


def test_lengths_are_those_of_the_oracle_and_optimal() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        weights = rng.integers(0, rng.choice([2, 5, 300]), rng.integers(1, 60))
        lengths = code_lengths(weights)
        assert lengths.tolist() == oracle.lengths(weights.tolist())
        if weights.any():
            assert int((weights * lengths).sum()) == oracle.fewest_bits(weights.tolist())
            assert fault_of(lengths) == ""


def test_lengths_stop_at_15_bits() -> None:
    free = code_lengths(np.array(FIBONACCI[:16]))
    assert free.tolist() == [15, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    limited = code_lengths(np.array(FIBONACCI))  # one halving makes 1, 1, 1, 2, 3, 4, 7, 11 of them
    assert limited.tolist() == [10, 10, 10, 10, 9, 9, 8, 8, 7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2]
    assert limited.tolist() == oracle.lengths(FIBONACCI)
    powers = [1 << k for k in range(20)]
    limited = code_lengths(np.array(powers))
    assert limited.max() == 15
    assert limited.tolist() == oracle.lengths(powers)
    assert fault_of(limited) == ""
    assert code_lengths(np.ones(4096, np.int64)).tolist() == [12] * 4096


@pytest.mark.parametrize(("lengths", "fault"), [
    ([0, 0], "no entry has a code"), ([2], "the only code is longer"), ([1, 1, 15], "overlap"), ([1, 3], "leave room"),
    ([1] * 3, "overlap"), ([15] * 4, "leave room"), ([0, 1, 0], ""), ([1, 2, 3, 3], ""),
])
def test_faults_of_lengths(lengths: list[int], fault: str) -> None:
    found = fault_of(np.array(lengths))
    assert fault in found
    assert bool(found) == bool(fault)


def test_weights_of_a_model_by_hand() -> None:
    # slope code 0: r = 2^24 - (256 << 15) = 2^23, a half at each step; z in place of the escape's weight
    assert weights_of(Model(0, 0, 0, 0, 7), shape_of_runs(4, True)).tolist() == [32768, 16384, 8192, 7]
    # 4096: the same step upwards, r = 3 * 2^23; gaps 2 and 1, so distance 1 has 2^31
    shape = shape_of_values(-3, 6, 0, True)
    assert weights_of(Model(4096, 0, 2, 1, 5), shape).tolist() == [73728, 49152, 0, 5, 32768, 49152]
    # low bits: symbols -2 and -1 lie at distances 1 and 0
    assert weights_of(Model(0, 0, 0, 0, 0), shape_of_values(-2, 3, 1, False)).tolist() == [16384, 32768, 32768]


def test_weights_of_models_are_those_of_the_oracle() -> None:
    rng = np.random.default_rng(1)
    for _ in range(150):
        slope = int(rng.integers(8192))
        curvature = int(rng.integers(15)) << 8 | int(rng.integers(256)) | int(rng.integers(2)) << 15
        lo, count, low_bits = int(rng.integers(-300, 40)), int(rng.integers(1, 400)), int(rng.integers(3))
        below, above, z = (int(v) for v in rng.integers(0, [9, 9, 2**28 + 1]))
        special = bool(rng.integers(2))
        model = Model(slope, curvature, below, above, z if special else 0)
        found = weights_of(model, shape_of_values(lo, count, low_bits, special))
        assert found.tolist() == oracle.value_weights(lo, count, low_bits, special, slope, curvature, below, above, z)


@pytest.mark.parametrize(("slope", "curvature"), [
    (8191, 33023), (4096, 33023), (4351, 0), (0, 255), (3840, 3839)])
def test_weights_at_the_ends_of_a_model(slope: int, curvature: int) -> None:
    found = weights_of(Model(slope, curvature, 0, 0, 0), shape_of_runs(4096, False))
    assert found.tolist() == oracle.curve(slope, curvature, 0, 4096)
    assert 1 <= found.min() <= found.max() <= 2**22


def test_codes_of_slopes_and_curvatures_by_growing_effect() -> None:
    assert [slope_code(i) for i in (-4096, -1, 0, 4095)] == [255, 3840, 7936, 4351]
    assert [curvature_code(i) for i in (-3839, -1, 0, 1, 256, 3839)] == [255, 3585, 0, 36353, 36096, 33023]


def test_a_model_finds_what_it_made() -> None:
    shape = shape_of_values(-60, 121, 0, True)
    for model in (Model(1500, 3000, 3, 2, 900000), Model(5200, 2300, 5, 5, 40000), Model(2300, 0, 1, 1, 32768)):
        counts = weights_of(model, shape) // 64
        found = fit_model(counts, shape)
        cost = [int((counts * (14 * 65536 - fixed_log2(14)[frequencies(weights_of(m, shape), 14)])).sum())
                for m in (model, found)]
        assert cost[1] <= cost[0] * 1.0005


@pytest.mark.parametrize(("weights", "bits", "expected"), [
    ([1, 1], 5, [16, 16]), ([1, 2], 5, [10, 22]), ([0, 7], 5, [0, 32]), ([5, 3], 5, [20, 12]),
    ([1, 0, 2000], 5, [1, 0, 31]),      # 1 * 32 < 2001 gets 1, the other what is left
    ([1] * 33, 5, None), ([0], 5, None), ([1] * 32, 5, [1] * 32),
])
def test_frequencies(weights: list[int], bits: int, expected: list[int] | None) -> None:
    found = frequencies(np.array(weights), bits)
    assert (None if found is None else found.tolist()) == expected


def test_frequencies_are_those_of_the_oracle() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        bits = int(rng.integers(5, 15))
        weights = rng.integers(0, rng.choice([2, 40, 2**22]), rng.integers(1, 300))
        weights[rng.integers(weights.size)] = rng.choice([1, 2**28])
        found = frequencies(weights, bits)
        expected = oracle.frequencies(weights.tolist(), bits)
        assert (None if found is None else found.tolist()) == expected
        assert found is None or int(found.sum()) == 2**bits


def test_states_worked_out_on_paper() -> None:
    steps = decoding_steps(np.array([20, 12]), 5)
    assert list(zip(steps.entry.tolist(), steps.bits.tolist(), steps.base.tolist(), strict=True)) == STATES_20_12
    assert oracle.states([20, 12], 5) == STATES_20_12


@pytest.mark.parametrize("bits", [5, 9, 14])
def test_states_and_moves_undo_each_other(bits: int) -> None:
    rng = np.random.default_rng(bits)
    frequency = frequencies(rng.integers(0, 50, 25), bits)
    assert frequency is not None
    steps, moves = decoding_steps(frequency, bits), encoding_moves(frequency, bits)
    assert list(zip(steps.entry, steps.bits, steps.base, strict=True)) == oracle.states(frequency.tolist(), bits)
    for entry in np.flatnonzero(frequency):
        x = np.arange(1 << bits, 2 << bits)
        taken = (x + moves.rise[entry]) >> 16
        before = moves.next[(x >> taken) + moves.at[entry]] - (1 << bits)
        assert (steps.entry[before] == entry).all()
        assert np.array_equal(steps.base[before] + (x & ((1 << taken) - 1)), x - (1 << bits))
        assert np.array_equal(steps.bits[before], taken)


def test_coarse_weights() -> None:
    assert coarse_weights(np.array([0, 1, 2, 3, 7, 15]), 0).tolist() == [0, 1, 2, 4, 64, 16384]
    assert coarse_weights(np.array([0, 3, 4, 7, 8, 63]), 2).tolist() == [0, 3, 4, 7, 8, 7 << 14]


def test_coarse_fields_are_the_nearest() -> None:
    counts = np.array([0, 1, 5, 11, 13, 100, 768])
    # 7 << 14 stands for 768; 3 exponent bits would make the largest weight 7 << 6 and 1 the least
    assert coarse_weights(coarse_fields(counts, 2, 3, 3), 2).tolist() == [0, 1, 3, 6, 8, 56, 448]
    fraction, exponent, scale = best_coarse(counts, 9, fixed_log2(14), 2**62)
    assert 0 <= fraction <= 5
    assert exponent in (3, 4)
    assert 0 <= scale < 1 << fraction
    assert best_coarse(counts, 9, fixed_log2(14), 20 << 16) == (0, 0, 0)


def test_logarithms() -> None:
    found = fixed_log2(14)
    assert found[[1, 2, 4, 16384]].tolist() == [0, 65536, 131072, 14 * 65536]
    for x in (3, 5, 7, 1000, 16383):  # 2^(found / 2^16) <= x < 2^((found + 2) / 2^16), in integers
        power = x**256
        assert (1 << (int(found[x]) >> 8)) <= power < 1 << ((int(found[x]) + 2) // 256 + 1)
    assert np.array_equal(log_table()[:16385], found)
