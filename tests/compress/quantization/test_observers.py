"""Observers: the ranges they say, and that a resumed one goes on where it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from edgeq.compress.quantization.code_rule import CodeRule
from edgeq.compress.quantization.observer_kinds import OBSERVERS, make_observer
from edgeq.compress.quantization.observers import Observer
from edgeq.errors import CalibrationError, InputError
from edgeq.scheme.presets import preset

RULE = CodeRule(8, preset("edgeq"), "conv1")


def seen(name: str, *batches: Any, rule: CodeRule = RULE, channels: int | None = None, **options: Any) -> Observer:
    observer = make_observer(name, rule, options, channels)
    for batch in batches:
        observer.observe(torch.as_tensor(batch))
    return observer


def ends(observer: Observer) -> list[Any]:
    return [each.tolist() for each in observer.range()]


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_min_max_is_the_extremes_of_all_batches() -> None:
    assert ends(seen("min_max", [[1.0, 2.0]], [[-3.0, 1.5]], [[0.0, 0.5]])) == [[-3], [2]]
    assert ends(seen("min_max", [[3.0, 4.0]])) == [[3], [4]]


def test_moving_average_takes_the_first_batch_whole() -> None:
    observer = seen("moving_average", [[-1.0, 4.0]])
    assert ends(observer) == [[-1], [4]]
    observer.observe(torch.tensor([[-2.0, 14.0]]))
    assert ends(observer) == [[pytest.approx(-1.1)], [pytest.approx(5.0)]]
    assert ends(seen("moving_average", [[0.0, 4.0]], [[0.0, 8.0]], momentum=0.5)) == [[0], [6]]


def test_cover_takes_the_numbered_extremes_of_the_samples() -> None:
    lows, highs = [-1.0, -5.0, -2.0, -4.0, -3.0, -6.0, -8.0, -7.0], [10.0, 80.0, 20.0, 70.0, 30.0, 60.0, 50.0, 40.0]
    batches = [[[low, 0.5, high] for low, high in zip(lows[a:b], highs[a:b], strict=True)] for a, b in ((0, 3), (3, 8))]
    # int(8 * 0.25) = 2 of -8 -7 -6 .., int(8 * 0.75) = 6 of 10 20 .. 70 80
    assert ends(seen("cover", *batches)) == [[-6], [70]]
    assert ends(seen("cover", *batches, cover=1.0)) == [[-8], [80]]


def test_percentile_is_that_of_the_values_to_one_bin() -> None:
    x = torch.cat([torch.arange(1, 1000).float() / 10, torch.tensor([5000.0])]).reshape(10, 100)
    lo, hi = seen("percentile", x[:4], x[4:], percentile=0.95, bins=16384).range()
    width = 8192 / 8192  # limit 8192 above 5000, half of 16384 bins
    assert 95.0 <= float(hi) <= 95.0 + width
    assert 5.1 - width <= float(lo) <= 5.1
    assert ends(seen("percentile", x, percentile=1.0)) == [[0], [5000]]


def test_percentile_of_almost_nothing_but_zeros_is_the_extremes() -> None:
    x = torch.zeros(1, 1000)
    x[0, 3] = 2.5
    assert ends(seen("percentile", x, percentile=0.9)) == [[0], [2.5]]


@pytest.mark.parametrize("name", ["percentile", "histogram"])
def test_counts_do_not_depend_on_the_order_of_batches(name: str) -> None:
    batches = [random(4, 50) * scale for scale in (0.01, 1.0, 300.0)]
    there, back = seen(name, *batches), seen(name, *reversed(batches))
    assert torch.equal(there.get_buffer("counts"), back.get_buffer("counts"))
    assert int(there.get_buffer("counts").sum()) == 600
    assert ends(there) == ends(back)


def error(x: np.ndarray, lo: float, hi: float, bits: int) -> float:
    """Squared error of PyTorch's affine codes, written out in numpy."""
    scale = np.float64(np.float32((hi - lo) / (2**bits - 1)))
    zero = np.rint(-lo / scale)
    codes = np.clip(np.rint(x / scale) + zero, 0, 2**bits - 1)
    return float((((codes - zero) * scale - x) ** 2).sum())


@pytest.mark.parametrize("name", ["histogram", "mse"])
@pytest.mark.parametrize("relu", [False, True])
def test_a_searched_range_is_near_the_best_of_all_pairs(name: str, relu: bool) -> None:
    x = random(8, 400)
    x[0, 0] = 15.0
    x = x.relu() if relu else x
    rule = CodeRule(4, preset("edgeq"), "conv1")
    lo, hi = (float(each) for each in seen(name, x, rule=rule).range())
    data = x.numpy().astype(np.float64)
    low, high = min(data.min(), 0), data.max()
    pairs = [(low * a / 24, high * b / 96) for a in range(25) for b in range(1, 97)]
    best = min(error(data, a, b, 4) for a, b in pairs)
    assert error(data, lo, hi, 4) < 1.1 * best < 0.7 * error(data, low, high, 4)


def test_mse_is_the_mean_over_batches_or_a_moving_average() -> None:
    a, b = torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0, 3.0]])
    found = [float(seen("mse", each).range()[1]) for each in (a, b)]
    assert float(seen("mse", a, b).range()[1]) == pytest.approx(sum(found) / 2)
    assert float(seen("mse", a, b, momentum=0.25).range()[1]) == pytest.approx(0.75 * found[0] + 0.25 * found[1])


def test_symmetric_codes_are_searched_at_both_ends_at_once() -> None:
    x = random(2, 2000)
    x[0, 0] = 30.0
    symmetric = CodeRule(4, preset("edgeq"), "conv1").changed(True, False)
    lo, hi = seen("mse", x, rule=symmetric).range()
    assert float(hi) < 5
    assert -float(lo) <= float(hi)


@pytest.mark.parametrize("name", OBSERVERS)
def test_resumed_observers_go_on_where_they_were(name: str) -> None:
    batches = [random(3, 20, seed=k) * (k + 1) for k in range(3)]
    straight = seen(name, *batches)
    resumed = make_observer(name, RULE, {})
    resumed.observe(torch.full((1, 2), 7.0))
    resumed.range()
    resumed.load_state_dict(seen(name, *batches[:2]).state_dict())
    for batch in batches[2:]:
        resumed.observe(batch)
    assert ends(resumed) == ends(straight)


def test_a_range_found_before_loading_is_not_kept() -> None:
    there, here = seen("histogram", random(3, 20)), seen("histogram", 9 * random(3, 20))
    here.range()
    here.load_state_dict(there.state_dict())
    assert ends(here) == ends(there)


@pytest.mark.parametrize("name", OBSERVERS)
def test_an_observer_per_channel_is_one_for_each(name: str) -> None:
    batches = [random(3, 2, 5, seed=k) for k in range(2)]
    batches[1][:, 1] *= 20
    lo, hi = seen(name, *batches, channels=2).range()
    for channel in range(2):
        alone = seen(name, *(batch[:, channel] for batch in batches))
        assert [[float(lo[channel])], [float(hi[channel])]] == ends(alone)


@pytest.mark.parametrize("name", OBSERVERS)
def test_a_constant_an_all_positive_and_an_all_zero_tensor_have_ranges(name: str) -> None:
    for value in (2.0, -2.0):
        lo, hi = (float(each) for each in seen(name, torch.full((4, 8), value)).range())
        codes = RULE.codes(lo, hi)
        assert abs((127 if value > 0 else -128) - codes.zero_point) * codes.scale == pytest.approx(2, rel=0.01)
    lo, hi = (float(each) for each in seen(name, torch.linspace(1, 2, 64).reshape(4, 16)).range())
    assert RULE.codes(lo, hi).zero_point == -128  # widened to hold 0
    assert ends(seen(name, torch.zeros(4, 8))) == [[0], [0]]


@pytest.mark.parametrize("name", OBSERVERS)
def test_nan_infinity_and_nothing_at_all(name: str) -> None:
    with pytest.raises(CalibrationError, match="conv1: no data were seen yet"):
        seen(name, torch.zeros(0, 4)).range()
    for bad in (float("nan"), float("inf"), -float("inf")):
        with pytest.raises(CalibrationError, match="conv1: the value holds NaN or infinity"):
            seen(name, torch.tensor([[1.0, bad]]))


@pytest.mark.parametrize("name", OBSERVERS)
def test_half_precision_and_float64_are_observed(name: str) -> None:
    x = torch.tensor([[-1.0, 0.5, 2.0]])
    assert ends(seen(name, x.half())) == ends(seen(name, x.double())) == ends(seen(name, x))


def test_options_are_checked() -> None:
    with pytest.raises(InputError, match="conv1: observer is 'best', expected one of min_max, moving_average"):
        make_observer("best", RULE, {})
    with pytest.raises(InputError, match="conv1: observer cover has no option 'momentum'; its options are cover"):
        make_observer("cover", RULE, {"momentum": 0.5})
    with pytest.raises(InputError, match="conv1: observer min_max has no option 'bins'; its options are none"):
        make_observer("min_max", RULE, {"bins": 4096})
    with pytest.raises(InputError, match="conv1: cover is 75, expected a number above 0 and up to 1"):
        make_observer("cover", RULE, {"cover": 75})
    with pytest.raises(InputError, match="conv1: bins is '1000', expected one of 1024, 2048"):
        make_observer("histogram", RULE, {"bins": 1000})
