"""Refit the weights of a layer to the outputs that it had before channels were removed."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from edgeq.compress.structured.choose import slices
from edgeq.compress.structured.layers import Layer
from edgeq.compress.structured.measure import Rows


def without(weight: torch.Tensor, layer: Layer, columns: Sequence[int | None], kept: Sequence[int]) -> torch.Tensor:
    """Return a weight with 0 where it reads a removed channel."""
    result = weight.clone()
    removed = [column is not None and column not in set(kept) for column in columns]
    width = weight.shape[1]
    made = weight.shape[0] // layer.groups
    for index, gone in enumerate(removed):
        if gone:
            group, own = divmod(index, width)
            result[group * made : (group + 1) * made, own] = 0
    return result


def refit(
    layer: Layer, weight: torch.Tensor, bias: torch.Tensor | None, read: Sequence[bool], now: Rows,
    target: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the weight and bias nearest to the ones given among those that bring ``target`` closest.

    Least squares in float64 by singular values, so inputs that depend on each other are no obstacle; ``read`` tells
    for each input channel whether it is still there.
    """
    new, shift = weight.clone(), None if bias is None else bias.clone()
    area = weight[0, 0].numel()
    there = torch.tensor(list(read)).repeat_interleave(area)
    for inputs, outputs in slices(layer, weight):
        own = there[inputs]
        x = now.x[:, inputs][:, own]
        if bias is not None:
            x = torch.cat([x, torch.ones(len(x), 1, dtype=torch.float64)], dim=1)
        missing = target[:, outputs] - output_of(layer, weight, bias, now)[:, outputs]
        step = torch.linalg.lstsq(x, missing, driver="gelsd").solution
        flat = new[outputs].flatten(1).double()
        flat[:, own] += step[: int(own.sum())].T.to(flat.device)
        new[outputs] = flat.reshape(new[outputs].shape).to(new.dtype)
        if shift is not None:
            shift[outputs] = (shift[outputs].double() + step[-1].to(shift.device)).to(shift.dtype)
    return new, shift


def output_of(layer: Layer, weight: torch.Tensor, bias: torch.Tensor | None, now: Rows) -> torch.Tensor:
    """Return what a layer gives for its rows, in float64."""
    result = torch.zeros(len(now.x), weight.shape[0], dtype=torch.float64)
    for inputs, outputs in slices(layer, weight):
        result[:, outputs] = now.x[:, inputs] @ weight[outputs].flatten(1).double().cpu().T
    return result if bias is None else result + bias.double().cpu()


def relative_error(got: torch.Tensor, wanted: torch.Tensor) -> float:
    """Return |got - wanted| / |wanted|, both as root sums of squares; 0 where both are 0."""
    size, error = float(wanted.norm()), float((got - wanted).norm())
    return error / size if size else (0.0 if error == 0 else float("inf"))
