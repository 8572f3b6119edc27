"""Name whole sets of rules, so that one word gives the integers of a known system.

Source: integer contract, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.arith.types import Rounding
from edgeq.errors import InputError


@dataclass(frozen=True)
class Preset:
    """Rules that lowering applies throughout.

    ``multiplier_bits`` magnitude bits of a requantize multiplier; ``multiplier_rounding`` how the multiplier
    itself is rounded; ``rounding`` of the requantize; ``average`` the rounding and domain of average pools.
    """

    name: str
    source: str
    multiplier_bits: int = 31
    multiplier_rounding: Rounding = Rounding.ties_away
    rounding: Rounding = Rounding.ties_up
    average: tuple[Rounding, str] = (Rounding.ties_away, "raw")


PRESETS = {
    p.name: p
    for p in (
        Preset("edgeq", "31-bit multiplier, one rounding, ties up"),
        Preset("tflite", "TFLite Micro: gemmlowp's two roundings", rounding=Rounding.two_stage),
        Preset("tflite_single", "TFLite built with TFLITE_SINGLE_ROUNDING"),
        Preset("cmsis_nn", "CMSIS-NN default: gemmlowp's two roundings", rounding=Rounding.two_stage),
        Preset("tosa", "TOSA RESCALE, single round", average=(Rounding.ties_away, "centered")),
    )
}
FLOAT_KERNELS = ("fbgemm", "x86", "onednn", "qnnpack", "onnxruntime", "xnnpack")


def preset(name: str) -> Preset:
    """Return a preset; raises InputError with the list of names, or saying why a float kernel is none."""
    if name in PRESETS:
        return PRESETS[name]
    if name in FLOAT_KERNELS:
        raise InputError(
            f"preset {name!r}: this kernel rescales in float32, so no integer lowering equals it; lower with another "
            f"preset and compare with: edgeq compare --kernel {name}")
    raise InputError(f"preset {name!r} does not exist; use one of {', '.join(PRESETS)}")
