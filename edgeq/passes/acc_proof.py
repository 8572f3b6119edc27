"""Compare the accumulators that a graph declares with the widths that its weights prove.

Source: integer contract, section 4 (Proof).
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.arith.types import IntType, width_of
from edgeq.ir.graph import Graph


@dataclass(frozen=True)
class AccProof:
    """One accumulator: ``needed`` bits are proven to suffice for every input; ``short`` lists the channels (and
    the bits each lacks) for which the declared type is narrower than its proof.
    """

    layer: str
    declared: IntType
    overflow: str
    needed: int
    lo: int
    hi: int
    short: tuple[tuple[int, int], ...]

    @property
    def holds(self) -> bool:
        """Whether no input can overflow the declared type."""
        return not self.short


def prove_accumulators(graph: Graph) -> tuple[AccProof, ...]:
    """Return a proof for every op that has an accumulator, in order of execution."""
    proofs = []
    for node in graph.nodes:
        bounds = node.op.bounds(*(graph.types[v] for v in node.inputs))
        if bounds is None:
            continue
        acc: IntType = graph.types[node.name].type
        pairs = list(zip(bounds.lo.tolist(), bounds.hi.tolist(), strict=True))
        short = tuple(
            (c, width_of(lo, hi) - acc.bits) for c, (lo, hi) in enumerate(pairs) if not acc.holds(lo, hi)
        )
        lo, hi = min(p[0] for p in pairs), max(p[1] for p in pairs)
        rule = getattr(node.op, "acc_overflow").name  # noqa: B009 - every op with bounds declares it
        proofs.append(AccProof(node.layer, acc, rule, width_of(lo, hi), lo, hi, short))
    return tuple(proofs)
