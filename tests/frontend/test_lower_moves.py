"""Moves give torch's own rearrangement of the codes; resizing is checked in exact rationals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import edgeq

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402

from tests.frontend.lowering import OneInput, centred, codes, linear, lower, noise, rescaled  # noqa: E402

X, Y = (-1.3, 2.1), (-1.0, 2.0)

MOVES = {
    "slice": (lambda x: x[:, 1:, ::2, -2:], (3, 4, 5), ["slice"] * 3),
    "slice of all samples": (lambda x: x[:, :, 1], (3, 4), ["slice", "reshape"]),
    "select": (lambda x: x[:, -1], (3, 4), ["slice", "reshape"]),
    "select inside": (lambda x: x.select(2, 1), (3, 4, 2), ["slice", "reshape"]),
    "narrow": (lambda x: x.narrow(2, -3, 2), (3, 4), ["slice"]),
    "chunk": (lambda x: x.chunk(3, 1)[1], (7, 2), ["slice"]),
    "last chunk": (lambda x: x.chunk(3, 1)[2], (7, 2), ["slice"]),
    "split": (lambda x: x.split(2, 2)[2], (2, 5), ["slice"]),
    "split sizes": (lambda x: x.split([1, 3, 1], -1)[1], (2, 5), ["slice"]),
    "unbind": (lambda x: x.unbind(1)[1], (2, 5), ["slice", "reshape"]),
    "permute": (lambda x: x.permute(0, 3, 1, 2), (2, 3, 4), ["transpose"]),
    "permute from the end": (lambda x: x.permute(0, -1, -2), (2, 3), ["transpose"]),
    "transpose": (lambda x: x.transpose(-1, 1), (2, 3, 4), ["transpose"]),
    "mT": (lambda x: x.mT, (2, 3), ["transpose"]),
    "unsqueeze": (lambda x: x.unsqueeze(1), (2, 3), ["reshape"]),
    "squeeze": (lambda x: x.squeeze(1), (1, 3), ["flatten"]),
    "unflatten": (lambda x: x.unflatten(1, (2, 3)), (6, 2), ["reshape"]),
    "pixel shuffle": (lambda x: F.pixel_shuffle(x, 2), (8, 2, 3), ["pixel_shuffle"]),
    "nearest": (lambda x: F.interpolate(x, scale_factor=2), (2, 3, 4), ["upsample"]),
    "nearest by two factors": (lambda x: F.interpolate(x, size=(9, 4)), (2, 3, 4), ["upsample"]),
}


@pytest.mark.parametrize("name", MOVES)
def test_moves(name: str) -> None:
    function, shape, kinds = MOVES[name]
    graph = lower(OneInput(lambda m, x: function(x)), shape, ranges={"x": X})
    assert [n.op.KIND for n in graph.nodes] == kinds
    values = codes(graph, noise(3, *shape))
    (output,) = graph.outputs
    assert values[output.value].tolist() == function(torch.from_numpy(values["x"]).double()).long().tolist()
    kept = graph.types[output.value]
    assert (kept.scale, kept.zero_point) == (graph.types["x"].scale, graph.types["x"].zero_point)


def test_parts_that_all_are_used() -> None:
    def function(m, x):
        a, b, c = x.chunk(3, 1)
        return m.fc(a), b.flatten(1), c

    graph = lower(OneInput(function, fc=linear([[1.0, 0.5]])), (3, 2), ranges={"x": X})
    values = codes(graph, noise(2, 3, 2))
    assert values["getitem_2"].tolist() == values["x"][:, 2:].tolist()
    assert values["getitem"].tolist() == values["x"][:, :1].tolist()


def place(o: int, old: int, new: int, corners: bool) -> Fraction:
    """Return where an output pixel lies in the original, within it."""
    if corners:
        at = Fraction(o * (old - 1), new - 1) if new > 1 else Fraction(0)
    else:
        at = (Fraction(2 * o + 1) * old / new - 1) / 2
    return min(max(at, Fraction(0)), Fraction(old - 1))


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("size", [(6, 8), (5, 3), (1, 7)])
def test_bilinear(corners: bool, size: tuple[int, int]) -> None:
    graph = lower(OneInput(lambda m, x: F.interpolate(x, size=size, mode="bilinear", align_corners=corners)), (2, 3, 4),
                  ranges={"x": X, "upsample_bilinear2d": Y}, out_bits=8)
    assert [n.op.KIND for n in graph.nodes] == ["resize_bilinear", "requantize"]
    values = codes(graph, noise(2, 2, 3, 4))
    x, acc = centred(graph, values, "x"), values["upsample_bilinear2d.acc"]
    units = round(graph.types["x"].scale / graph.types["upsample_bilinear2d.acc"].scale)
    for n, c, oh, ow in np.ndindex(*acc.shape):
        y_at, x_at = place(oh, 3, size[0], corners), place(ow, 4, size[1], corners)
        top, left = int(y_at), int(x_at)
        bottom, right = min(top + 1, 2), min(left + 1, 3)
        dy, dx = y_at - top, x_at - left
        exact = ((1 - dy) * ((1 - dx) * int(x[n, c, top, left]) + dx * int(x[n, c, top, right]))
                 + dy * ((1 - dx) * int(x[n, c, bottom, left]) + dx * int(x[n, c, bottom, right])))
        assert acc[n, c, oh, ow] == exact * units
    kept = graph.types["upsample_bilinear2d"]
    assert values["upsample_bilinear2d"].ravel().tolist() == rescaled(acc, graph.types["x"].scale / units, kept)


def test_scale_factor_that_divides() -> None:
    """torch takes the factor, not the size, for its positions: they agree where the size is exact."""
    model = OneInput(lambda m, x: F.interpolate(x, scale_factor=(2.0, 1.5), mode="bilinear")).eval()
    data = noise(4, 2, 3, 4)
    graph = edgeq.lower(model, (torch.zeros(2, 2, 3, 4),), data, abits=16)
    (output,) = graph.outputs
    kept = graph.types[output.value]
    got = (codes(graph, data)[output.value] - kept.zero_point) * kept.scale
    real = model(torch.from_numpy(data)).numpy()
    # half a step of the 16-bit input and half of the output; another position would be off by percents
    assert np.abs(got - real).max() <= (graph.types["x"].scale + kept.scale) * 0.51
