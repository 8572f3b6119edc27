"""Name whole sets of rules, so that one word gives the integers of a known system.

Source: integer contract, section 7; `source` of each preset says where its system states its rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from edgeq.arith.types import Overflow, Rounding
from edgeq.errors import InputError, shown

R, O = Rounding, Overflow


@dataclass(frozen=True)
class RescaleRule:
    """How a real scale becomes a multiplier and a shift, and what requantize does with them.

    ``bits`` magnitude bits of the multiplier: 0 is a shift alone, None as many as the weights have. ``made`` rounds
    the multiplier itself; ``fraction`` tells that it is ``M0 * 2**bits`` of ``M0 < 1``, never renormalised.
    ``reduced16`` reduces a 31-bit multiplier to 16 bits, ``ties_up``, where operands have more than 8 bits.
    """

    bits: int | None = 31
    made: Rounding = R.ties_away
    rounding: Rounding = R.ties_up
    overflow: Overflow = O.saturate
    fraction: bool = False
    reduced16: bool = False


@dataclass(frozen=True)
class WeightRule:
    """How weights and bias become codes.

    ``codes``: symmetric (-qmax..qmax), full (qmin..qmax), unsigned with a zero point. ``scale``: free, power_of_two,
    or fixed (the preset's integer bits; what does not fit wraps). ``per`` lists the granularities that the system has,
    its own first. ``bias``: acc (any integer at the accumulator's scale), byte (8 bits, shifted to that scale),
    weight (a code at the weights' scale, shifted).
    """

    codes: Literal["symmetric", "full", "unsigned"] = "symmetric"
    scale: Literal["free", "power_of_two", "fixed"] = "free"
    rounding: Rounding = R.ties_even
    per: tuple[str, ...] = ("per_channel", "per_tensor")
    bias: Literal["acc", "byte", "weight"] = "acc"


@dataclass(frozen=True)
class ActivationRule:
    """How a range becomes codes.

    ``codes``: affine (signed with a zero point, the range widened to hold 0; symmetric past ``affine_bits``),
    symmetric, unsigned (signed and symmetric where something is negative), offset (unsigned with a zero point, the
    range as it is, stored with ``spare`` more bits and a sign; inputs without).
    ``cover`` is the part of the samples whose extremes count; ``before_limit`` observes what a ReLU reads.
    ``outputs`` tells that outputs are quantized too; ``rounding`` is that of the float input.
    """

    codes: Literal["affine", "symmetric", "unsigned", "offset"] = "affine"
    scale: Literal["free", "power_of_two", "fixed"] = "free"
    affine_bits: int = 32
    spare: int = 0
    cover: float | None = None
    before_limit: bool = False
    outputs: bool = False
    rounding: Rounding = R.ties_even


@dataclass(frozen=True)
class AccRule:
    """A declared accumulator: as many bits as activations have, each product cast to it before it is added."""

    rounding: Rounding
    overflow: Overflow


@dataclass(frozen=True)
class SumRule:
    """How two codes are brought to one scale before they are added: to twice the larger scale, over a power of two.

    ``headroom`` is the left shift of codes of at most 8 bits, ``wide_headroom`` of at most 16.
    """

    headroom: int
    wide_headroom: int


@dataclass(frozen=True)
class FunctionRule:
    """How functions are read from tables.

    ``rounding`` makes the entries; ``fixed`` tells that sigmoid and tanh have scales of their own at 8 and 16 bits;
    ``softmax`` is its rule where codes have 8 bits (past 12 bits it is tflite_s16 everywhere).
    """

    rounding: Rounding = R.ties_even
    fixed: bool = False
    softmax: Literal["table", "gemmlowp"] = "table"


@dataclass(frozen=True)
class Preset:
    """Rules that lowering applies throughout; ``average`` is the rounding and domain of average pools.

    ``bits`` of weights and activations unless the user says; ``one_width`` when the two must be equal;
    ``integer_bits`` those of ``ap_fixed<bits, integer_bits>``. ``accumulator`` None is the proven width; ``sums`` None
    is one scale of 32 bits, whatever the operands.
    """

    name: str
    source: str
    rescale: RescaleRule = field(default_factory=RescaleRule)
    weights: WeightRule = field(default_factory=WeightRule)
    activations: ActivationRule = field(default_factory=ActivationRule)
    average: tuple[Rounding, str] = (R.ties_away, "raw")
    accumulator: AccRule | None = None
    functions: FunctionRule = field(default_factory=FunctionRule)
    sums: SumRule | None = None
    bits: int = 8
    one_width: bool = False
    integer_bits: int | None = None

    def problem(self, wbits: int, abits: int, weights: str, fraction_bits: int) -> str | None:
        """Say which of the user's choices this system cannot have, None when it can have them all."""
        if weights not in self.weights.per:
            return f"weights {weights} does not apply: it has {self.weights.per[0]} weights"
        if self.one_width and wbits != abits:
            return f"wbits {wbits} and abits {abits} must be equal: it has one number of bits"
        if self.integer_bits is not None and min(wbits, abits) <= self.integer_bits:
            return f"wbits {wbits} and abits {abits} must be more than its {self.integer_bits} integer bits"
        if fraction_bits and (self.weights.bias != "acc" or self.rescale.fraction):
            return f"bias_fraction_bits {fraction_bits} does not apply: the scale of its bias is fixed"
        return None


_TFLITE = ActivationRule(affine_bits=8)
_TFLITE_SUMS = SumRule(20, 15)
_TFLITE_FUNCTIONS = FunctionRule(R.ties_away, fixed=True, softmax="gemmlowp")
_TABLE = (
    Preset("edgeq", "edgeq's own: 31-bit multiplier, one rounding, ties up"),
    Preset(
        "tflite", "TensorFlow Lite Micro, common.cc MultiplyByQuantizedMultiplier: gemmlowp's two roundings",
        RescaleRule(rounding=R.two_stage, reduced16=True), activations=_TFLITE, functions=_TFLITE_FUNCTIONS,
        sums=_TFLITE_SUMS),
    Preset(
        "tflite_single", "TensorFlow Lite built with TFLITE_SINGLE_ROUNDING", RescaleRule(reduced16=True),
        activations=_TFLITE, functions=_TFLITE_FUNCTIONS,
        sums=_TFLITE_SUMS),
    Preset(
        "cmsis_nn", "CMSIS-NN, arm_nnsupportfunctions.h arm_nn_requantize without CMSIS_NN_USE_SINGLE_ROUNDING",
        RescaleRule(rounding=R.two_stage, reduced16=True), activations=_TFLITE, functions=_TFLITE_FUNCTIONS,
        sums=_TFLITE_SUMS),
    Preset("tosa", "TOSA specification, RESCALE with single rounding", activations=_TFLITE,
           average=(R.ties_away, "centered"), sums=_TFLITE_SUMS),
    Preset(
        "onnx_qlinear", "ONNX operators QLinearConv, QLinearMatMul, QuantizeLinear: ties to even, then the zero point",
        RescaleRule(made=R.ties_even, rounding=R.ties_even), activations=ActivationRule(outputs=True),
        average=(R.ties_even, "centered")),
    Preset(
        "cnn_compress", "CNN_Compress, quantize.py and utils.py (XiaogegeChen/CNN_Compress)",
        RescaleRule(None, R.ties_even, R.floor, O.error, fraction=True),
        WeightRule("unsigned", per=("per_tensor",)),
        ActivationRule("offset", spare=2, cover=0.75, before_limit=True, outputs=True),
        average=(R.floor, "raw"), one_width=True),
    Preset(
        "ai8x", "ai8x-synthesis, izer/quantize.py, simulate.py, compute.py (MAX78000, MAX78002)",
        RescaleRule(0), WeightRule("full", "power_of_two", R.ties_up, per=("per_tensor",), bias="byte"),
        ActivationRule("symmetric", "power_of_two", rounding=R.ties_up), average=(R.to_zero, "raw")),
    Preset(
        "pulp", "NEMO, nemo/quant/pact.py PACT_IntegerAct (requantization factor 32); PULP-NN pulp_nn_quant_u8",
        RescaleRule(6, R.ties_even, R.floor), WeightRule(per=("per_tensor", "per_channel")),
        ActivationRule("unsigned"), average=(R.floor, "raw")),
    Preset(
        "nngen", "NNgen, nngen/verify/conv2d.py and pool.py, quantizer/util.py, with an int8 scale operand",
        RescaleRule(7, R.ties_even, R.ties_away, O.saturate_symmetric),
        WeightRule(per=("per_tensor", "per_channel")), ActivationRule("symmetric", outputs=True)),
    Preset(
        "ap_fixed", "hls4ml, nnet_dense_latency.h, nnet_pooling.h with ap_fixed<16,6> throughout (AP_TRN, AP_WRAP)",
        RescaleRule(0, rounding=R.floor, overflow=O.wrap),
        WeightRule("full", "fixed", R.floor, ("per_tensor",), bias="weight"),
        ActivationRule("symmetric", "fixed", outputs=True, rounding=R.floor), average=(R.to_zero, "raw"),
        accumulator=AccRule(R.floor, O.wrap), bits=16, integer_bits=6),
)
PRESETS = {p.name: p for p in _TABLE}
PRESET_FILE = "edgeq_preset"
"""The extra file of a .pt2 archive that names the preset its program was quantized for."""
FLOAT_KERNELS = ("fbgemm", "x86", "onednn", "qnnpack", "onnxruntime", "xnnpack")


def preset(name: str) -> Preset:
    """Return a preset; raises InputError with the list of names, or saying why a float kernel is none."""
    if name in PRESETS:
        return PRESETS[name]
    if name in FLOAT_KERNELS:
        raise InputError(
            f"preset {name!r}: this kernel rescales in float32, so no integer lowering equals it; lower with another "
            f"preset and compare with: edgeq compare --kernel {name}")
    raise InputError(f"preset {shown(name)} does not exist; use one of {', '.join(PRESETS)}")
