"""Weights with evenly spaced codes, whose range is taken from the weight at each step."""

from __future__ import annotations

from typing import Any

import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.options import check_choice, check_flag, check_fraction, check_range
from edgeq.compress.quantization.ranges import Bounds, least_error_range, min_max_range, percentile_range
from edgeq.compress.quantization.rounding import VARIANTS, codes_through
from edgeq.compress.quantization.scales import enclosing_power_of_two, stored_scale
from edgeq.compress.quantization.weights.coded import PER, CodedWeight, Parts, along, positive, rows

OBSERVERS = ("min_max", "percentile", "mse")


class UniformWeight(CodedWeight):
    """Codes ``clamp(round(w / scale) + zero_point, lo, hi)``; the code of 0 is ``zero_point``, so zeros stay zeros.

    Symmetric: ``scale = max(-lo, hi) / qmax``, codes -qmax..qmax, with ``narrow: false`` from qmin on; zero point 0.
    Asymmetric: ``scale = (hi - lo) / (2**bits - 1)`` of a range widened to hold 0, codes qmin..qmax, ``zero_point =
    clamp(qmin - rint(lo / scale))``. ``power_of_two`` takes the next larger power of two.

    ``observer``: min_max, percentile (of the values in rising order), mse (the part of the range with the least
    squared error; some hundred passes over the weight). ``range`` fixes it. The gradient goes to the weight alone.
    """

    def __init__(
        self,
        bits: int,
        rounding: Rounding,
        where: str,
        *,
        per: str = "channel",
        symmetric: bool = True,
        narrow: bool = True,
        power_of_two: bool = False,
        observer: str = "min_max",
        percentile: float = 0.999,
        range: Any = None,
        gradient: str = "saturating",
    ) -> None:
        half = 1 << (bits - 1)
        low = 1 - half if check_flag(narrow, "narrow", where) and symmetric else -half
        super().__init__(where, low, half - 1)
        self.bits, self.rounding = bits, rounding
        self.per = check_choice(per, PER, "per", where)
        self.symmetric = check_flag(symmetric, "symmetric", where)
        self.power_of_two = check_flag(power_of_two, "power_of_two", where)
        self.observer = check_choice(observer, OBSERVERS, "observer", where)
        self.percentile = check_fraction(percentile, "percentile", where)
        self.fixed = None if range is None else check_range(range, where)
        self.gradient = check_choice(gradient, VARIANTS, "gradient", where)

    def parts(self, weight: torch.Tensor) -> Parts:
        """Return codes, scale and zero point of a float64 weight."""
        with torch.no_grad():
            scale, zero_point = self._steps(self._bounds(rows(weight, self.per)))
        codes = self._codes(weight, along(scale, weight), along(zero_point, weight))
        return Parts(codes, scale, zero_point)

    def _bounds(self, matrix: torch.Tensor) -> Bounds:
        if self.fixed is not None:
            ends = matrix.new_tensor(self.fixed)
            return ends[:1], ends[1:]
        if self.observer == "percentile":
            return percentile_range(matrix, self.percentile)
        seen = min_max_range(matrix)
        if self.observer == "min_max":
            return seen
        return least_error_range(lambda lo, hi: self._error(matrix, (lo, hi)), seen, self.symmetric)

    def _steps(self, seen: Bounds) -> Bounds:
        """Return scale and zero point of each range."""
        lo, hi = seen[0].clamp(max=0.0), seen[1].clamp(min=0.0)
        least = torch.maximum(-lo, hi) / self.hi if self.symmetric else (hi - lo) / (2**self.bits - 1)
        scale = positive(least)
        scale = enclosing_power_of_two(scale) if self.power_of_two else stored_scale(scale)
        if self.symmetric:
            return scale, torch.zeros_like(scale)
        return scale, (self.lo - torch.round(lo / scale)).clamp(self.lo, self.hi)

    def _codes(self, weight: torch.Tensor, scale: torch.Tensor, zero_point: torch.Tensor) -> torch.Tensor:
        steps = codes_through(
            weight / scale, self.lo - zero_point, self.hi - zero_point, self.rounding, self.gradient)
        return steps + zero_point

    def _error(self, matrix: torch.Tensor, seen: Bounds) -> torch.Tensor:
        scale, zero_point = (each[:, None] for each in self._steps(seen))
        return ((self._codes(matrix, scale, zero_point) - zero_point) * scale - matrix).square().sum(1)
