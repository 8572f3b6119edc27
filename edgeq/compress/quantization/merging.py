"""Put the gain of a batch norm into weights, and into codes that weights already have."""

from __future__ import annotations

from dataclasses import replace

import torch

from edgeq.compress.quantization.base import WeightCodes


def with_gain(weight: torch.Tensor, gain: torch.Tensor, groups: int = 0) -> torch.Tensor:
    """Return a weight times a gain per output; ``groups`` is that of a transposed convolution, 0 for any other.

    >>> with_gain(torch.ones(2, 1), torch.tensor([3.0, 4.0])).tolist()
    [[3.0], [4.0]]
    """
    if not groups:
        return weight * along(gain, weight.ndim)
    inputs, outputs, *kernel = weight.shape
    parts = weight.reshape(groups, inputs // groups, outputs, -1)
    return (parts * gain.reshape(groups, 1, outputs, 1)).reshape(inputs, outputs, *kernel)


def along(values: torch.Tensor, rank: int) -> torch.Tensor:
    """Return (O,) or (1,) values as they broadcast along dimension 0 of ``rank``."""
    return values.reshape((-1,) + (1,) * (rank - 1))


def codes_with_gain(made: WeightCodes, gain: torch.Tensor) -> WeightCodes:
    """Return codes that stand for the weight times a gain per output, float64 (O,).

    The scale becomes ``float32(scale * |gain|)``. A negative gain makes codes ``-code``, or where these would leave the
    limits, or have a zero point, ``lo + hi - code``, zero point and table too. A gain of 0 leaves the scale and makes
    every code the zero point, which need not be in the table: then the table goes.
    """
    scale = (made.scale * gain.abs()).float().double()
    gone, turned, pivot = scale == 0, gain < 0, _pivots(made)
    zero_point = torch.where(turned, pivot - made.zero_point, made.zero_point.expand(gain.shape))
    columns = [along(v, made.codes.ndim) for v in (turned, gone, zero_point, pivot)]
    codes = torch.where(columns[0], columns[3] - made.codes, made.codes)
    changed = replace(made, codes=torch.where(columns[1], columns[2], codes),
                      scale=torch.where(gone, made.scale.expand(gain.shape), scale), zero_point=zero_point)
    if made.codebook is None:
        return changed
    if bool(gone.any()):
        return replace(changed, codebook=None, indices=None)
    tables = made.codebook.expand(len(gain), -1)
    tables = torch.where(turned[:, None], pivot[:, None] - tables, tables)
    return replace(changed, codebook=tables if bool(turned.any()) else made.codebook)


def _pivots(made: WeightCodes) -> torch.Tensor:
    """Return twice the code around which each output's codes turn: 0 where these are plain and stay in the limits."""
    seen = made.codes.flatten(1) if made.codebook is None else made.codebook.expand(len(made.codes), -1)
    fits = (made.zero_point == 0) & (-seen.amin(1) <= made.hi) & (-seen.amax(1) >= made.lo)
    return torch.where(fits, 0, made.lo + made.hi)


def values_of(made: WeightCodes) -> torch.Tensor:
    """Return ``scale * (codes - zero_point)`` in float64."""
    rank = made.codes.ndim
    return along(made.scale, rank) * (made.codes - along(made.zero_point, rank))
