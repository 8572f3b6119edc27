"""The quantizer of weights that draws them from a table: forward and integers agree, gradients reach the table."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from edgeq.arith.types import Rounding
from edgeq.compress.codebooks.quantizer import CodebookWeight
from edgeq.compress.quantization.kinds import weight_quantizer
from edgeq.errors import InputError, ModelError
from tests.compress.codebooks.test_tables import PAPER
from tests.compress.codebooks.test_trainer import GRADIENT


def weight(seed: int = 0, shape: tuple[int, ...] = (6, 3, 2, 2)) -> torch.Tensor:
    """Return a weight with some of its numbers pruned, and some near 0 that are not."""
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return torch.where(drawn.abs() < 0.1, 0.0, drawn)


def made(of: torch.Tensor, bits: int = 3, **options: object) -> CodebookWeight:
    """Return the quantizer as a configuration makes it."""
    found = weight_quantizer("codebook", of, bits=bits, rounding=Rounding.ties_even, where="fc1", **options)
    assert isinstance(found, CodebookWeight)
    return found


@pytest.mark.parametrize("per", ["tensor", "channel"])
@pytest.mark.parametrize("power_of_two", [False, True])
@pytest.mark.parametrize("value_bits", [2, 8])
def test_forward_is_the_integers_times_the_scale(per: str, power_of_two: bool, value_bits: int) -> None:
    w = weight()
    quantizer = made(w, per=per, power_of_two=power_of_two, value_bits=value_bits)
    found = quantizer.codes(w)
    assert found.codebook is not None
    assert found.indices is not None
    rows = 6 if per == "channel" else 1
    qmax = 2 ** (value_bits - 1) - 1
    assert (found.lo, found.hi, found.scale.tolist(), found.zero_point.tolist()) == (
        -qmax, qmax, quantizer.scale(w).tolist(), [0] * rows)
    assert found.codes.dtype == found.indices.dtype == found.codebook.dtype == torch.int64
    assert found.codes.abs().max() <= qmax
    table = found.codebook.reshape(rows, -1)
    assert table.shape[1] <= 8
    assert torch.equal(table.expand(6, -1).gather(1, found.indices.reshape(6, -1)).reshape(w.shape), found.codes)
    for row in table.tolist():
        distinct = sorted(set(row))
        assert row == distinct + [distinct[-1]] * (len(row) - len(distinct))
    forward = quantizer(w.double())
    pairs = zip(forward.flatten().tolist(), found.codes.flatten().tolist(), strict=True)
    for k, (value, code) in enumerate(pairs):
        scale = Fraction(found.scale[k // 12 if per == "channel" else 0].item())
        assert Fraction(value) == scale * code
        assert scale == Fraction(float(np.float32(float(scale))))
        assert not power_of_two or scale.numerator * scale.denominator & (scale.numerator * scale.denominator - 1) == 0
    assert torch.equal(quantizer(w), forward.float())
    assert bool((forward[w == 0] == 0).all())


def test_the_codes_of_known_centroids() -> None:
    w = torch.tensor([[2.0, 0.0, -1.0, 2.0, 0.013, -1.0]])
    found = made(w, bits=2, value_bits=8).codes(w)
    # scale 2/127: 2 -> 127, -1 -> -63.5, to even -64, 0.013 -> 0.83
    assert found.codes.tolist() == [[127, 0, -64, 127, 1, -64]]
    assert found.codebook.tolist() == [-64, 0, 1, 127]
    assert found.indices.tolist() == [[3, 1, 0, 3, 2, 0]]
    assert found.scale.tolist() == [float(np.float32(2 / 127))]
    found = made(w, bits=2, value_bits=4, power_of_two=True).codes(w)
    # scale 0.5, the power of two above 2/7; 0.013 -> 0 falls together with 0
    assert found.scale.tolist() == [0.5]
    assert found.codebook.tolist() == [-2, 0, 4]
    assert found.indices.tolist() == [[2, 1, 0, 2, 1, 0]]


def test_gradients_are_summed_as_in_the_paper() -> None:
    w = torch.tensor(PAPER.reshape(4, 4))
    quantizer = made(w, bits=2, fix_zeros=False)
    latent = torch.nn.Parameter(w.clone())
    (quantizer(latent) * torch.tensor(GRADIENT, dtype=torch.float64)).sum().backward()
    np.testing.assert_allclose(quantizer.centroids.grad, [[-0.03, 0.04, 0.02, 0.04]], atol=1e-12)
    assert latent.grad is None


@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_training_keeps_the_pinned_zero_and_equals_the_integers(per: str) -> None:
    w = weight()
    quantizer = made(w, per=per)
    optimizer = torch.optim.AdamW(quantizer.parameters(), lr=0.05, weight_decay=0.1)
    before = quantizer.codes(w).codes
    for _ in range(5):
        optimizer.zero_grad()
        (quantizer(w) - 2 * w).square().mean().backward()
        optimizer.step()
    found = quantizer.codes(w)
    assert not torch.equal(found.codes, before)
    assert int((before == 0).sum()) > int((w == 0).sum()) > 0
    assert bool((found.codes[before == 0] == 0).all())
    scale = found.scale.reshape(-1, 1, 1, 1)
    assert torch.equal(quantizer(w.double()), found.codes.double() * scale)


def test_a_weight_that_is_pruned_later_is_zero() -> None:
    w = weight()
    quantizer = made(w)
    w[0] = 0
    assert bool((quantizer(w)[0] == 0).all())
    assert bool((quantizer.codes(w).codes[0] == 0).all())


def test_centroids_may_pass_each_other() -> None:
    w = torch.tensor([[1.0, 2.0, 4.0, 0.0]])
    quantizer = made(w, bits=2, value_bits=4)
    with torch.no_grad():
        quantizer.centroids.copy_(torch.tensor([[0.0, 7.0, -3.0, 5.0]]))
    found = quantizer.codes(w)
    assert found.codes.tolist() == [[7, -3, 5, 0]]
    assert found.codebook.tolist() == [-3, 0, 5, 7]
    assert found.indices.tolist() == [[3, 0, 2, 1]]
    quantizer.assign(torch.tensor([[-9.0, 4.0, 2.4, 9.0]]))
    assert quantizer.codes(w).codes.tolist() == [[-3, 5, 0, 0]]  # the last is pruned in w


def test_assign_and_reassign() -> None:
    w = torch.tensor([[1.0, 2.0, 7.0, 0.0]])
    quantizer = made(w, bits=2, value_bits=4, reassign=True)
    latent = torch.nn.Parameter(torch.tensor([[1.6, 1.5, 6.0, 0.0]]))
    assert quantizer.eval()(latent).tolist() == [[1.0, 2.0, 7.0, 0.0]]
    value = quantizer.train()(latent)
    assert value.tolist() == [[2.0, 1.0, 7.0, 0.0]]  # 1.5 is as far from both: the smaller
    value.sum().backward()
    assert latent.grad.tolist() == [[1.0, 1.0, 1.0, 0.0]]  # what was pruned is not trained
    assert quantizer.centroids.grad.tolist() == [[0.0, 1.0, 1.0, 1.0]]
    fixed = made(w, bits=2, value_bits=4)
    fixed.assign(latent)
    assert fixed(latent).tolist() == [[2.0, 1.0, 7.0, 0.0]]


def test_training_with_centroids_as_they_are() -> None:
    w = torch.tensor([[1.0, 0.3, -1.0]])
    quantizer = made(w, bits=2, value_bits=2, round_in_training=False)
    assert quantizer(w)[0].tolist() == pytest.approx([1.0, 0.3, -1.0])
    assert quantizer.eval()(w).tolist() == [[1.0, 0.0, -1.0]]
    assert quantizer.train().codes(w).codes.tolist() == [[1, 0, -1]]
    assert made(w, train=False)(w).requires_grad is False


def test_degenerate_weights() -> None:
    zero = torch.zeros(2, 3)
    assert made(zero).codes(zero).codebook.tolist() == [0]
    assert made(zero, per="channel")(zero).tolist() == zero.tolist()
    one = torch.full((2, 3), -0.25)
    found = made(one, fix_zeros=False).codes(one)
    assert (found.codebook.tolist(), found.scale.tolist()) == ([-127], [float(np.float32(0.25 / 127))])
    with pytest.raises(InputError, match="'fc1' holds numbers that are not finite"):
        made(torch.tensor([[1.0, float("nan")]]))
    quantizer = made(one)
    with torch.no_grad():
        quantizer.centroids.fill_(float("nan"))
    with pytest.raises(ModelError, match="fc1: a centroid is NaN or infinite"):
        quantizer.codes(one)


def test_state_dict_restores_the_table() -> None:
    w, other = weight(0), weight(1)
    first, second = made(w, bits=2), made(other, bits=2)
    second.load_state_dict(first.state_dict())
    assert torch.equal(second.codes(w).codes, first.codes(w).codes)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bits": 17}, "fc1: method codebook of weights: bits is 17, expected 1..16"),
        ({"value_bits": 1}, "fc1: value_bits is 1, expected an integer 2..32"),
        ({"init": "uniform"}, r"fc1: init is 'uniform', expected one of kmeans\+\+, random, linear"),
        ({"per": "layer"}, "fc1: per is 'layer', expected one of tensor, channel"),
        ({"fix_zeros": "yes"}, "fc1: fix_zeros is 'yes', expected true or false"),
        ({"symmetric": True}, "method codebook of weights has no option 'symmetric'; its options are fix_zeros, init"),
    ],
)
def test_options_that_are_refused(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        made(weight(), **options)
