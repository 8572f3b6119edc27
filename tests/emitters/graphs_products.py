"""Graphs that reach the sums of products beside conv2d and linear: every geometry, rule and width."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from edgeq import GraphBuilder, IntType
from tests.emitters.made import S8, S16, S32, U8, Made, codes


def accumulators() -> Iterator[dict[str, Any]]:
    """Yield orders, lanes, rounded products; saturating, erring and wrapping, 62 to 64 bits."""
    part = {"shift": 2, "rounding": "ties_away", "overflow": "wrap", "type": IntType(9)}
    yield {"acc": IntType(14), "acc_overflow": "saturate", "acc_order": "kw,ic,kh", "acc_bias": "last"}
    yield {"acc": IntType(13), "acc_overflow": "saturate", "acc_order": "ic,kh,kw", "acc_lanes": 3}
    yield {"acc": IntType(14, signed=False), "acc_overflow": "saturate", "acc_order": "ic", "bias_type": S8}
    yield {"acc": IntType(10), "acc_overflow": "saturate", "acc_product": part, "bias_type": S8}
    yield {"acc": IntType(10), "acc_product": part, "bias_type": S8, "acc_lanes": 7}
    yield {"acc": IntType(9)}
    yield {"acc": IntType(9), "acc_overflow": "error", "acc_lanes": 2, "acc_bias": "last"}
    yield {"acc": IntType(62), "acc_overflow": "saturate", "bias_fraction_bits": 9}
    yield {"acc": IntType(63, signed=False), "bias_type": S8}
    yield {"acc": IntType(64)}


def transposed(images: int = 4) -> Made:
    """conv_transpose2d with gaps, cropping, added rows, groups and dilation, and under every accumulator."""
    rng = np.random.default_rng(21)
    b = GraphBuilder("transposed")
    x = b.input("x", (4, 3, 5), S8, zero_point=-7)
    quiet = b.input("quiet", (4, 3, 5), S8, zero_point=2)
    wide = b.input("wide", (1, 2, 3), S32, zero_point=-5)

    def weight(*shape: int, most: int = 128) -> Any:
        return rng.integers(-most, most, shape)

    b.output(b.conv_transpose2d(x, weight(3, 4, 3, 2), weight(3), stride=(2, 3), padding=(1, 0, 0, 2), name="gaps"))
    b.output(b.conv_transpose2d(x, weight(8, 1, 3, 3), 77, stride=2, groups=4, output_padding=(1, 0), name="depthwise"))
    b.output(b.conv_transpose2d(x, weight(2, 2, 2, 3), stride=(4, 2), dilation=(2, 4), groups=2, name="coprime"))
    b.output(b.conv_transpose2d(x, weight(2, 4, 1, 2), weight(2), padding=(-2, -1, -1, -3), dilation=(1, 5),
                                weight_zero_point=[-4, 11], name="beyond"))
    made = b.conv_transpose2d(x, weight(2, 4, 4, 4), stride=(1, 3), padding=(4, 6, 1, 5), name="cut")
    b.output(b.requantize(made, [1 << 30, 3 << 29], 40, zero_point=4))
    for k, declared in enumerate(accumulators()):
        errs = declared.get("acc_overflow") == "error"
        most = 3 if errs else 128
        b.output(b.conv_transpose2d(quiet if errs else x, weight(3, 4, 3, 2, most=most), weight(3, most=most),
                                    stride=(2, 1), padding=(1, 0, -1, 1), **declared, name=f"acc{k}"))
    big = weight(2, 1, 3, 2, most=1 << 15)
    big[0], big[1] = -(1 << 15), (1 << 15) - 1  # terms of 60 bits, six of them
    for bits in (62, 63, 64):
        b.output(b.conv_transpose2d(wide, big, [(1 << 60) - 1, -(1 << 60)], stride=(1, 2), weight_type=S16,
                                    bias_fraction_bits=14, acc=IntType(bits), name=f"wrap{bits}"))
    data = {"x": codes(rng, S8, (4, 3, 5), images), "wide": codes(rng, S32, (1, 2, 3), images)}
    return b.build(), data | {"quiet": rng.integers(0, 5, (images, 4, 3, 5))}  # no accumulator errs on these


def rows(images: int = 4) -> Made:
    """conv1d with one-sided padding, stride, dilation, groups, and under every accumulator."""
    rng = np.random.default_rng(22)
    b = GraphBuilder("rows")
    x = b.input("x", (6, 11), S8, zero_point=3)
    quiet = b.input("quiet", (6, 11), S8, zero_point=2)

    def weight(*shape: int, most: int = 128) -> Any:
        return rng.integers(-most, most, shape)

    b.output(b.conv1d(x, weight(4, 6, 3), weight(4), padding=(2, 0), name="causal"))
    b.output(b.conv1d(x, weight(4, 3, 4), -31, stride=3, groups=2, padding=(0, 5), name="grouped"))
    b.output(b.conv1d(x, weight(12, 1, 3), groups=6, dilation=4, padding=1, name="depthwise"))
    b.output(b.requantize(b.conv1d(x, weight(1, 6, 11), name="whole"), 5, 9))
    for k, declared in enumerate(accumulators()):
        errs = declared.get("acc_overflow") == "error"
        most = 3 if errs else 128
        b.output(b.conv1d(quiet if errs else x, weight(3, 6, 3, most=most), weight(3, most=most), padding=(1, 2),
                          weight_zero_point=1, stride=2, **declared, name=f"acc{k}"))
    data = {"x": codes(rng, S8, (6, 11), images)}
    return b.build(), data | {"quiet": rng.integers(0, 5, (images, 6, 11))}  # no accumulator errs on these


def varying(images: int = 4) -> Made:
    """matmul and reduce_sum: ranks, broadcasting, transposition, every accumulator that they have."""
    rng = np.random.default_rng(23)
    b = GraphBuilder("varying")
    x = b.input("x", (3, 1, 4, 5), S8, zero_point=-7)
    y = b.input("y", (2, 5, 3), U8, zero_point=131)
    quiet = b.input("quiet", (5, 6), S8, zero_point=2)
    wide = b.input("wide", (3, 4), S32, zero_point=-5)
    half = b.input("half", (5, 4), IntType(30, signed=False), zero_point=77)
    b.output(b.requantize(b.matmul(x, y, name="pairs"), 3, 9, axis=0))
    b.output(b.matmul(x, x, transpose1=True, name="gram"))
    b.output(b.matmul(y, x, True, True, name="both"))
    b.output(b.matmul(quiet, quiet, transpose2=True, acc=IntType(9), acc_overflow="error", name="erring"))
    b.output(b.matmul(wide, half, transpose2=True, acc=IntType(62), acc_overflow="saturate", name="saturated62"))
    for bits in (9, 62, 63, 64):
        b.output(b.matmul(half, wide, transpose2=True, acc=IntType(bits), acc_lanes=bits % 3 + 1, name=f"wrap{bits}"))
    b.output(b.matmul(half, wide, transpose2=True, acc=IntType(63, signed=False), name="wrap_u63"))
    for k, declared in enumerate(accumulators()):
        kept = {name: value for name, value in declared.items() if name in ("acc", "acc_overflow", "acc_lanes",
                                                                            "acc_product")}
        if kept.get("acc_overflow") != "error":
            b.output(b.matmul(x, y, **kept, name=f"acc{k}"))
            b.output(b.reduce_sum(x, (1, 3), acc=kept["acc"], acc_overflow=kept.get("acc_overflow", "wrap"),
                                  name=f"sum{k}"))
    b.output(b.reduce_sum(x, (3, 0), keepdims=True, acc=S8, acc_overflow="saturate", name="kept"))
    b.output(b.requantize(b.reduce_sum(x, (0, 1, 2, 3), name="all"), 1 << 30, 36, rounding="two_stage"))
    b.output(b.reduce_sum(y, (), name="none"))
    b.output(b.reduce_sum(quiet, (-1,), acc=IntType(8), acc_overflow="error", keepdims=True, name="erring_sum"))
    for bits in (33, 62, 64):
        b.output(b.reduce_sum(wide, (1,), acc=IntType(bits), name=f"wide{bits}"))
    data = {"x": codes(rng, S8, (3, 1, 4, 5), images), "y": codes(rng, U8, (2, 5, 3), images)}
    data |= {"wide": codes(rng, S32, (3, 4), images), "half": codes(rng, half.type.type, (5, 4), images)}
    return b.build(), data | {"quiet": rng.integers(-2, 7, (images, 5, 6))}  # no accumulator errs on these


GRAPHS: dict[str, Callable[[], Made]] = {"transposed": transposed, "rows": rows, "varying": varying}
