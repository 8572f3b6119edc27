"""c_arrays refuses, naming the layer and the remedy, what a flavour cannot express."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.emitters.c_arrays import write
from edgeq.errors import InputError
from edgeq.ir.quantization import Table
from edgeq.ir.tensor import Constant

S8, S4 = IntType(8), IntType(4)


def emitted(net: Graph, **options: Any) -> None:
    assert list(write(net, {}, **options))


def one(flavour: str, **changes: Any) -> Graph:
    """One convolution that a flavour expresses; ``changes`` go to the input, the convolution or its requantize."""
    b = GraphBuilder("net")
    x = b.input("x", **{"shape": (2, 4, 4), "type": S8} | changes.get("input", {}))
    conv = {"weight": np.ones((2, 2, 3, 3), int), "name": "conv"} | changes.get("conv", {})
    scale = {"multiplier": 1, "shift": 4, "rounding": "ties_even"}
    if flavour == "cmsis_nn":
        scale = {"multiplier": 1 << 30, "shift": 35, "rounding": "two_stage"}
    b.output(b.requantize(b.conv2d(x, **conv), **scale | changes.get("requantize", {})))
    return b.build()


@pytest.mark.parametrize(("changes", "fault"), [
    ({"requantize": {"rounding": "floor"}}, "rounding floor, where CMSIS-NN has two_stage, or ties_up when built with "
     "CMSIS_NN_USE_SINGLE_ROUNDING; lower with --preset cmsis_nn, or emit with flavour=plain"),
    ({"conv": {"weight_zero_point": 1}}, "weight_zero_point 1, which linear layers of 8 bits alone have; lower with"),
    ({"conv": {"weight_type": IntType(9)}}, "weight codes are s9, its kernels take signed ones of at most 8 bits; "),
    ({"input": {"type": IntType(8, signed=False)}}, "input codes are u8, its kernels take signed ones"),
    ({"requantize": {"type": IntType(16)}}, "output codes are s16, its kernels take signed ones"),
    ({"requantize": {"left_shift": 1}}, "a left_shift has no place; use a multiplier with a smaller shift"),
    ({"requantize": {"overflow": "wrap"}}, "overflow wrap, where its kernels saturate; "),
    ({"requantize": {"shift": 62, "rounding": "ties_up", "multiplier": 1 << 31}}, "its multiplier does not fit 32"),
    ({"requantize": {"shift": 0, "rounding": "ties_up"}}, "shifts 0..0 leave those of CMSIS-NN; "),
    ({"requantize": {"shift": 63}}, "shifts 63..63 leave those of CMSIS-NN; "),
    ({"requantize": {"shift": 11}}, "sums -2304..2286 are shifted left by 20, past 32 bits; "),
    ({"conv": {"bias_fraction_bits": 2}}, "bias_fraction_bits and acc_product have no place; "),
    ({"conv": {"acc": IntType(10), "acc_overflow": "saturate"}}, "sums reach -2304..2286, which its accumulator of 32 "
     "bits and the declared s10 do not both hold; "),
    ({"conv": {"weight_type": S4, "groups": 2, "weight": np.ones((4, 1, 1, 1), int)}}, ""),
    ({"conv": {"weight_type": S4, "groups": 2, "weight": np.ones((4, 2, 1, 1), int)}, "input": {"shape": (4, 4, 4)}},
     "groups of weights of 4 bits have no kernel; use weights of 8 bits"),
])
def test_what_cmsis_nn_cannot_express(changes: dict[str, Any], fault: str) -> None:
    refused("cmsis_nn", changes, fault)


@pytest.mark.parametrize(("changes", "fault"), [
    ({}, ""),
    ({"requantize": {"multiplier": [1, 2]}}, "multiplier differs between channels, it has one per layer; lower with "
     "--weights per_tensor, or emit with flavour=plain"),
    ({"requantize": {"shift": [1, 2]}}, "shift differs between channels, it has one per layer; lower with"),
    ({"input": {"zero_point": 3}}, "zero points 3 of the input, 0 of the output and 0 of the weights, where it has "
     "none; lower with symmetric codes, as --preset nngen has them"),
    ({"requantize": {"zero_point": -1}}, "zero points 0 of the input, -1 of the output"),
    ({"conv": {"weight_zero_point": 1}}, "zero points 0 of the input, 0 of the output and 1 of the weights"),
    ({"requantize": {"type": IntType(7)}}, "output codes are s7, its elem_t has 8 bits; "),
    ({"requantize": {"clamp": (0, 6)}}, r"clamp \(0, 6\), where it has RELU or none; "),
    ({"conv": {"padding": (0, 1, 0, 1)}}, r"kernel \[3, 3\], stride \[1, 1\], padding \[0, 1, 0, 1\], dilation "),
    ({"conv": {"stride": (1, 2)}}, r"kernel \[3, 3\], stride \[1, 2\]"),
    ({"conv": {"weight": np.ones((4, 2, 1, 1), int), "groups": 2}, "input": {"shape": (4, 2, 2)}},
     "groups=2, where it has 1 or one per channel; "),
    ({"requantize": {"rounding": "ties_up"}}, r"its float32 scale, rounded half to even, does not give the graph's "
     r"integers \(ties_up, saturate\): 128 of the 4591 sums -2304..2286 differ; emit with exact=false, which writes"),
    ({"requantize": {"rounding": "ties_up", "multiplier": 5461, "shift": 16}}, ""),  # no tie among these sums
    ({"requantize": {"overflow": "saturate_symmetric"}}, r"its .* \(ties_even, saturate_symmetric\): 265 of the 4591"),
    ({"requantize": {"multiplier": 7281, "shift": 20}}, ""),
    ({"requantize": {"multiplier": 7283, "shift": 20}}, ""),  # products pass 24 bits, and round to the same codes
    ({"requantize": {"multiplier": (1 << 31) - 1, "shift": 35}}, r"its float32 scale, .*: 127 of the 4591 sums"),
    ({"conv": {"bias": 1 << 25}}, ""),
    ({"conv": {"bias": [-(1 << 24), 1 << 24]}}, "its float32 scale, .* sums -16779520..16779502 are too many to try"),
])
def test_what_gemmini_cannot_express(changes: dict[str, Any], fault: str) -> None:
    refused("gemmini", changes, fault)


def refused(flavour: str, changes: dict[str, Any], fault: str) -> None:
    """Check that a change is refused with this fault; one without a fault is expressed."""
    net = one(flavour, **changes)
    if not fault:
        emitted(net, flavour=flavour)
        return
    with pytest.raises(InputError, match=f"^c_arrays flavour {flavour}: layer 'conv': {fault}"):
        emitted(net, flavour=flavour)


@pytest.mark.parametrize("flavour", ["cmsis_nn", "gemmini"])
def test_networks_that_flavours_cannot_express(flavour: str) -> None:
    b = GraphBuilder("net")
    table = Table(Constant(np.arange(256)[None] // 2 - 64))
    x = b.input("x", (1, 2, 2), S8, quantization=table)
    b.output(x)
    with pytest.raises(InputError, match="input 'x': a table of pixels has no place; lower with --input-type float32"):
        emitted(b.build(), flavour=flavour)
    b = GraphBuilder("net")
    b.output(b.lut(b.input("x", (2,), S8), np.arange(256) - 128, name="gelu"))
    with pytest.raises(InputError, match="layer 'gelu': op lut has constants, and no place here; "):
        emitted(b.build(), flavour=flavour)
    b = GraphBuilder("net")
    b.output(b.linear(b.input("x", (2,), S8), [[1, 2]], name="fc"))
    with pytest.raises(InputError, match="layer 'fc': its accumulator is not requantized; lower with --out-bits 8"):
        emitted(b.build(), flavour=flavour)
    for option in ({"layout": "hwio"}, {"flatten": "hwc"}):
        with pytest.raises(InputError, match=f"flavour {flavour}: has an order of its own; leave layout and flatten"):
            emitted(one("gemmini"), flavour=flavour, **option)
    b = GraphBuilder("net")
    y = b.flatten(b.input("x", (2, 2, 2), S8))
    b.output(b.linear(b.add(y, y, acc=S8, acc_overflow="saturate"), np.ones((1, 8), int), name="fc"))
    with pytest.raises(InputError, match=f"flavour {flavour}: flatten hwc: columns of .* emit with flavour=plain$"):
        emitted(b.build(), flavour=flavour)
