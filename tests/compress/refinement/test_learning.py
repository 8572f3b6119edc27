"""Learned roundings against every possible one, and what they must leave alone."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from edgeq.compress import Reconstruct
from edgeq.compress.quantization.base import WeightCodes
from edgeq.compress.refinement.fixed import FixedCodes
from edgeq.compress.refinement.learning import Target, learned
from edgeq.compress.refinement.samples import Samples

SCALE, LO, HI = np.array([0.25, 0.5]), -7, 7
WEIGHT = np.array([[0.33, -0.13, 0.0, 0.60, 0.41, -0.88], [1.2, 0.77, -0.29, 0.0, 0.26, 3.9]])


def inputs() -> np.ndarray:
    """Return rows whose columns depend on each other, so that nearest rounding is not best."""
    draw = np.random.default_rng(3)
    return draw.normal(size=(400, 2)) @ draw.normal(size=(2, 6)) + 0.2 * draw.normal(size=(400, 6)) + 0.3


def nearest() -> WeightCodes:
    codes = np.clip(np.rint(WEIGHT / SCALE[:, None]), LO, HI)
    return WeightCodes(torch.tensor(codes).long(), torch.tensor(SCALE), torch.zeros(2).long(), LO, HI)


def error(codes: np.ndarray, x: np.ndarray) -> float:
    """Return the squared error after a ReLU, over the power of what is wanted, written for this test."""
    wanted, got = np.maximum(x @ WEIGHT.T, 0), np.maximum(x @ (codes * SCALE[:, None]).T, 0)
    return float(((got - wanted) ** 2).sum() / (wanted**2).sum())


def target(x: np.ndarray) -> Target:
    samples = Samples(torch.tensor(x).view(-1, 1, 6), torch.tensor(x @ WEIGHT.T))
    return Target(samples, torch.ones(2).double(), torch.zeros(2).double(), torch.relu)


def fitted(**changes: int) -> np.ndarray:
    options = Reconstruct(**{"steps": 200, "batch": 128, **changes})
    return learned(torch.tensor(WEIGHT), nearest(), target(inputs()), options).codes.numpy()


def best(row: int, x: np.ndarray) -> float:
    """Return the least squared error of one output over all ways to round its weights."""
    low = np.floor(WEIGHT[row] / SCALE[row])
    wanted = np.maximum(x @ WEIGHT[row], 0)
    found = []
    for up in itertools.product((0, 1), repeat=6):
        codes = np.clip(low + np.array(up) * (WEIGHT[row] != 0), LO, HI)
        found.append(((np.maximum(x @ codes * SCALE[row], 0) - wanted) ** 2).sum())
    return min(found)


def test_comes_near_the_best_of_all_roundings() -> None:
    x, codes = inputs(), fitted()
    least = sum(best(row, x) for row in (0, 1)) / (np.maximum(x @ WEIGHT.T, 0) ** 2).sum()
    assert error(nearest().codes.numpy(), x) > 20 * least
    assert least <= error(codes, x) < 3 * least


def test_every_code_is_the_one_below_or_above_within_limits_and_zeros_stay() -> None:
    codes = fitted()
    low = np.floor(WEIGHT / SCALE[:, None])
    assert ((codes == np.clip(low, LO, HI)) | (codes == np.clip(low + 1, LO, HI))).all()
    assert codes[0, 2] == codes[1, 3] == 0
    assert codes[1, 5] == 7  # 3.9 / 0.5 lies above the limit


def test_a_zero_stays_where_one_step_up_would_serve_better() -> None:
    x, more = torch.tensor(inputs()), torch.tensor(WEIGHT)
    more[0, 2] = more[1, 3] = 0.5
    wanted = Target(Samples(x.view(-1, 1, 6), x @ more.T), torch.ones(2).double(), torch.zeros(2).double(), torch.relu)
    codes = learned(torch.tensor(WEIGHT), nearest(), wanted, Reconstruct(steps=200, batch=128)).codes
    assert int(codes[0, 2]) == int(codes[1, 3]) == 0
    wrong = learned(torch.tensor(WEIGHT) + 1e-9, nearest(), wanted, Reconstruct(steps=200, batch=128)).codes
    assert int(wrong[0, 2]) == int(wrong[1, 3]) == 1


def test_equal_seeds_give_equal_codes() -> None:
    assert (fitted(seed=4) == fitted(seed=4)).all()


def test_asymmetric_codes_round_about_their_zero_point() -> None:
    near = nearest()
    moved = WeightCodes(near.codes + 3, near.scale, near.zero_point + 3, LO + 3, HI + 3)
    found = learned(torch.tensor(WEIGHT), moved, target(inputs()), Reconstruct(steps=200, batch=128))
    assert (found.codes.numpy() == fitted() + 3).all()
    assert (found.lo, found.hi, found.zero_point.tolist()) == (-4, 10, [3, 3])


def test_nearest_is_kept_where_no_step_was_of_use() -> None:
    x = torch.eye(6, dtype=torch.float64).repeat(10, 1)  # each weight alone: nearest is best
    wanted = x @ torch.tensor(WEIGHT).T
    alone = Target(Samples(x.view(-1, 1, 6), wanted), torch.ones(2).double(), torch.zeros(2).double(), lambda y: y)
    near = nearest()
    assert learned(torch.tensor(WEIGHT), near, alone, Reconstruct(steps=3)) is near


def test_fixed_codes_do_not_move_with_the_weight() -> None:
    made = WeightCodes(torch.tensor([[3, -1], [0, 7]]), torch.tensor([0.5, 0.25]).double(), torch.tensor([0, 2]), -8, 7)
    fixed = FixedCodes(made)
    value = fixed(torch.randn(2, 2))
    assert value.tolist() == [[1.5, -0.5], [-0.5, 1.25]]
    assert value.dtype == torch.float32
    again = FixedCodes(WeightCodes(made.codes * 0, made.scale * 0, made.zero_point * 0, -8, 7))
    again.load_state_dict(fixed.state_dict())
    assert again.codes(torch.zeros(2, 2)).codes.tolist() == [[3, -1], [0, 7]]
    assert (again.codes(value).lo, again.codes(value).hi) == (-8, 7)
