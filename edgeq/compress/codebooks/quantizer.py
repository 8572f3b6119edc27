"""Weights drawn from a table that trains, whose entries are integers at one scale."""

from __future__ import annotations

import torch

from edgeq.arith.types import Rounding
from edgeq.compress.codebooks.cluster import find_tables
from edgeq.compress.codebooks.rules import GRANULARITIES, INITS, ClusterRule
from edgeq.compress.quantization.base import WeightCodes
from edgeq.compress.quantization.options import check_choice, check_flag
from edgeq.compress.quantization.rounding import rounded, through
from edgeq.compress.quantization.scales import enclosing_power_of_two, stored_scale
from edgeq.compress.quantization.weights.coded import CodedWeight, Parts, positive, rows
from edgeq.compress.rules import check_integer
from edgeq.errors import ModelError


class CodebookWeight(CodedWeight):
    """Each weight is ``scale * codes[index]``: at most ``2**bits`` codes of ``value_bits`` bits, -qmax..qmax.

    ``codes = round(centroids / scale)`` and ``scale = max|centroids| / qmax``, a float32 number, or the next larger
    power of two. ``centroids``, (1, K) or one row per output channel, begin as those of k-means on ``weight`` and
    train: each takes the sum of the gradients of its weights, past the rounding. The value of the weight that
    ``forward`` is given matters in two ways only. With ``fix_zeros`` a weight that is exactly 0 is 0, as is the one
    centroid that stays there. With ``reassign`` each forward in training takes the nearest code anew, and the weight
    trains too, straight through; else indices stay until `assign` is called, and the weight gets no gradient.

    ``train``: false keeps the centroids. ``round_in_training``: false trains with the centroids as they are, so that
    only evaluation, and what needs no gradient, equals the integers.
    Source: Han, Mao and Dally, "Deep Compression", arXiv 1510.00149, section 3.
    """

    indices: torch.Tensor
    free: torch.Tensor

    def __init__(
        self,
        weight: torch.Tensor,
        bits: int,
        rounding: Rounding,
        where: str,
        *,
        per: str = "tensor",
        init: str = "kmeans++",
        fix_zeros: bool = True,
        value_bits: int = 8,
        power_of_two: bool = False,
        train: bool = True,
        reassign: bool = False,
        round_in_training: bool = True,
        seed: int = 0,
    ) -> None:
        check_choice(per, GRANULARITIES, "per", where)
        check_choice(init, INITS, "init", where)
        check_integer(where, "value_bits", value_bits, 2, 32)
        check_integer(where, "bits", bits, 1, 16)
        check_integer(where, "seed", seed)
        for name, value in {"fix_zeros": fix_zeros, "power_of_two": power_of_two, "train": train,
                            "reassign": reassign, "round_in_training": round_in_training}.items():
            check_flag(value, name, where)
        half = 1 << (value_bits - 1)
        super().__init__(where, 1 - half, half - 1)
        self.rounding, self.per, self.fix_zeros, self.power_of_two = rounding, per, fix_zeros, power_of_two
        self.reassign, self.round_in_training = reassign, round_in_training
        rule = ClusterRule(where, bits=bits, init=init, fix_zeros=fix_zeros, per=per, seed=seed)
        centroids, indices = _start(weight, rule)
        self.centroids = torch.nn.Parameter(centroids, requires_grad=train)
        self.register_buffer("indices", indices)
        self.register_buffer("free", centroids != 0 if fix_zeros else torch.ones_like(centroids, dtype=torch.bool))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the codes of the weight times their scale, shape and dtype as given."""
        if not self.reassign:
            return super().forward(weight)
        if self.training:
            self.assign(weight)
        value = super().forward(weight)
        trained = weight * (weight != 0) if self.fix_zeros else weight
        return value + (trained - trained.detach())

    @torch.no_grad()
    def assign(self, weight: torch.Tensor) -> None:
        """Give each weight the index of the code whose value is nearest to it; ties go to the smaller value."""
        codes, scale = self._table()
        ascending, order = torch.sort(codes * scale[:, None], dim=1, stable=True)
        middles = (ascending[:, 1:] + ascending[:, :-1]) / 2
        matrix = rows(weight.detach().double(), self.per)
        places = torch.searchsorted(middles.contiguous(), matrix.contiguous())
        self.indices.copy_(order.gather(1, places).reshape(weight.shape))

    def parts(self, weight: torch.Tensor) -> Parts:
        """Return codes, scale and zero point of a float64 weight."""
        table, scale = self._table()
        codes = table.gather(1, rows(self.indices, self.per)).reshape(self.indices.shape)
        if self.fix_zeros:
            codes = torch.where(weight == 0, 0.0, codes)
        return Parts(codes, scale, torch.zeros_like(scale))

    def _table(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the codes of the centroids with their gradient, (1, K) or (O, K), and the scale of each row."""
        centroids = self.centroids.double() * self.free
        scale = positive(centroids.detach().abs().amax(1) / self.hi)
        scale = enclosing_power_of_two(scale) if self.power_of_two else stored_scale(scale)
        steps = centroids / scale[:, None]
        if self.training and torch.is_grad_enabled() and not self.round_in_training:
            return steps, scale
        return through(rounded(steps.detach(), self.rounding), steps), scale

    def codes(self, weight: torch.Tensor) -> WeightCodes:
        """Return the integers behind ``forward(weight)``, with their table.

        The table holds the codes that occur, ascending, each once; a shorter row is filled up with its last one.
        """
        if not bool(torch.isfinite(self.centroids).all()):
            raise ModelError(f"{self.where}: a centroid is NaN or infinite; train with a lower learning rate")
        found = super().codes(weight)
        matrix = rows(found.codes, self.per)
        occurring = [torch.unique(row, return_inverse=True) for row in matrix]
        most = max(len(values) for values, _ in occurring)
        table = torch.stack([torch.cat([values, values[-1:].expand(most - len(values))]) for values, _ in occurring])
        indices = torch.stack([places for _, places in occurring]).reshape(found.codes.shape)
        codebook = table if self.per == "channel" else table[0]
        return WeightCodes(found.codes, found.scale, found.zero_point, self.lo, self.hi, codebook, indices)


def _start(weight: torch.Tensor, rule: ClusterRule) -> tuple[torch.Tensor, torch.Tensor]:
    """Return centroids, (1, K) or (O, K), and indices of the weight's shape."""
    found = find_tables(rows(weight, rule.per), rule, rule.pattern)
    indices = torch.from_numpy(found.places).reshape(weight.shape).to(weight.device)
    return found.filled().to(dtype=weight.dtype, device=weight.device), indices
