"""Bias and accumulator with fraction bits: every integer by hand, proofs and widths included."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from edgeq.errors import InputError
from edgeq.passes.acc_proof import prove_accumulators
from tests.oracles import lowering as oracle

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.frontend.lowering import OneInput, conv, linear, lower, op, stored  # noqa: E402

ROWS, BIAS = [[0.7, -0.31, 0.02], [0.013, 0.5, -0.2]], [0.2503, -0.0031]
X, Y = (-1.3, 2.1), (-4.0, 7.5)


def layer(fraction_bits: int, **options):
    fc = linear(ROWS, BIAS)
    model = OneInput(lambda m, x: m.last(torch.relu(m.fc(x))), fc=fc, last=nn.Flatten(1))
    graph = lower(model, (3,), ranges={"x": X, "fc": Y}, input_type="int8", bias_fraction_bits=fraction_bits, **options)
    return graph, fc


@pytest.mark.parametrize("fraction_bits", [0, 1, 8, 20])
def test_every_integer(fraction_bits: int) -> None:
    graph, fc = layer(fraction_bits)
    x, y = oracle.activation(*X, 8), oracle.activation(*Y, 8)
    made = oracle.weights(stored(fc, "weight"), stored(fc, "bias"), x, 8)
    fine = [round(Fraction(b) / (Fraction(s) * Fraction(x.scale)) * 2**fraction_bits)
            for b, s in zip(stored(fc, "bias"), made.scales, strict=True)]
    product, last = op(graph, "fc.acc"), op(graph, "fc")
    assert product.bias_fraction_bits == fraction_bits
    assert product.weight.array.tolist() == made.codes
    assert product.bias.array.tolist() == fine
    rescale = [(m, s + fraction_bits) for m, s in oracle.multipliers(made, x, y)]
    got = zip(last.multiplier.per_channel(2).tolist(), last.shift.per_channel(2).tolist(), strict=True)
    assert list(got) == rescale
    wide = oracle.Weights([[w << fraction_bits for w in row] for row in made.codes], made.scales, fine)
    lo, hi = oracle.acc_limits(wide, x)
    assert product.acc == IntType(oracle.signed_bits(lo, hi))
    assert [(p.lo, p.hi, p.needed) for p in prove_accumulators(graph)] == [(lo, hi, oracle.signed_bits(lo, hi))]
    codes = np.random.default_rng(3).integers(-128, 128, (200, 3))
    run = edgeq.simulate(graph, {"x": codes})
    for row, acc, out in zip(codes.tolist(), run.values["fc.acc"].tolist(), run.values["fc"].tolist(), strict=True):
        sums = [b + 2**fraction_bits * sum(w * (c - x.zero_point) for w, c in zip(line, row, strict=True))
                for line, b in zip(made.codes, fine, strict=True)]
        assert acc == sums
        assert out == [min(max(((a * m + (1 << (s - 1))) >> s) + y.zero_point, y.zero_point), 127)
                       for a, (m, s) in zip(sums, rescale, strict=True)]


def test_the_bias_rounds_finer() -> None:
    """0.2503 is 41.6 steps: 42 without fraction bits, 41 + 157/256 with eight."""
    graph, _ = layer(0)
    fine, fc = layer(8)
    step = Fraction(op(fine, "fc.acc").weight_scale[0]) * Fraction(graph.types["x"].scale)
    exact = Fraction(stored(fc, "bias")[0]) / step
    assert abs(op(graph, "fc.acc").bias.array[0] - exact) > Fraction(1, 100)
    assert abs(Fraction(int(op(fine, "fc.acc").bias.array[0]), 256) - exact) <= Fraction(1, 512)


def test_outputs_and_chosen_layers() -> None:
    """A per-channel accumulator that leaves at 32 bits, and a convolution of its own setting."""
    parts = {"a": conv([[[[0.5]]], [[[-3.0]]]], [0.1, 0.2]), "b": conv([[[[0.5]], [[1.0]]]], [0.3])}
    model = OneInput(lambda m, x: m.b(m.a(x)), **parts)
    config = {"layers": {"a": {"bias_fraction_bits": 8}}}
    graph = lower(model, (1, 2, 2), ranges={"x": X, "a": Y}, config=config)
    last = "b.acc" if "b.acc" in graph.types else "b"
    assert [op(graph, n).bias_fraction_bits for n in ("a.acc", last)] == [8, 0]
    plain, fine = (lower(OneInput(lambda m, x: m.a(x), a=parts["a"]), (1, 2, 2), ranges={"x": X}, bias_fraction_bits=f)
                   for f in (0, 8))
    first, second = (op(g, "a") for g in (plain, fine))  # two scales of channels, brought to one
    assert (first.type, second.type) == (IntType(32), IntType(32))
    assert (second.shift.array - first.shift.array).tolist() == [8, 8]
    with pytest.raises(InputError, match="bias_fraction_bits has no effect on 'x'"):
        lower(model, (1, 2, 2), ranges={"x": X, "a": Y}, config={"layers": {"x": {"bias_fraction_bits": 8}}})


def test_two_stage_needs_32_bits() -> None:
    with pytest.raises(edgeq.errors.ModelError, match=r"layer 'fc'.*C6: two_stage needs x within 32 bits"):
        layer(20, preset="tflite")
