"""Images of another size: nearest neighbour by whole factors, bilinear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import sizes
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.states import State


@dataclass(frozen=True)
class Upsample(fg.FloatOp):
    """Each value repeated down and across."""

    KEEPS = CHOOSES = True

    factors: tuple[int, int]


@dataclass(frozen=True)
class Resize(fg.FloatOp):
    """Values interpolated between the four around each place."""

    COMPUTES = True

    size: tuple[int, int]
    mode: str

    @property
    def settings(self) -> frozenset[str]:
        """Those of its sums."""
        return frozenset({"acc", "acc_overflow", "preset"})


@translates("upsample_nearest2d")
def _nearest(r: Reader) -> Translated:
    value = r.value(0, "input")
    (height, width), (rows, columns) = sizes(r, value)[1:], sizes(r, r.call.name)[1:]
    if rows % height or columns % width:
        raise r.unsupported(
            f"nearest neighbour from {height}x{width} to {rows}x{columns} is no whole factor; resize by one, or with "
            "mode='bilinear'")
    return Upsample((rows // height, columns // width)), (value,)


@translates("upsample_bilinear2d")
def _bilinear(r: Reader) -> Translated:
    value, corners = r.value(0, "input"), bool(r.get(2, "align_corners", False))
    old, new = sizes(r, value)[1:], sizes(r, r.call.name)[1:]
    for before, after, factor in zip(old, new, _factors(r), strict=True):
        if not corners and factor is not None and before * factor != after:
            raise r.unsupported(
                f"a scale factor of {factor} does not make {after} of {before} exactly; give interpolate a size")
    return Resize((new[0], new[1]), "align_corners" if corners else "half_pixel"), (value,)


def _factors(r: Reader) -> tuple[Any, Any]:
    """Return the factors that torch was given, None for a size."""
    if r.call.target.endswith(".vec"):
        given = r.get(3, "scale_factors")
        return (None, None) if given is None else (given[0], given[-1])
    return r.get(3, "scales_h"), r.get(4, "scales_w")


@lowers(Upsample)
def _lower_nearest(context: Context, states: list[State], node: fg.FloatNode) -> State:
    assert isinstance(node.op, Upsample)
    state = context.operand(states[0])
    return context.moved(state, context.builder.upsample(state.value, node.op.factors, name=node.layer), node)


@lowers(Resize)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    op, x = node.op, context.operand(states[0])
    assert isinstance(op, Resize)
    value = context.summed("resize_bilinear", [x.value], node, size=op.size, mode=op.mode)
    made, own = value.type.scale, x.value.type.scale
    assert isinstance(made, float)
    assert isinstance(own, float)
    return State(value, x.scale * (made / own), 0, code=False, reach=x.reach, layer=node.layer, sum=True,
                 long=context.long(value, node.layer))
