"""Say how the user's data become the codes of an input, and prepare calibration data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from edgeq.arith.types import IntType
from edgeq.errors import CalibrationError, InputError
from edgeq.frontend.float_graph import Quantize
from edgeq.frontend.program import Program
from edgeq.ir.quantization import Affine, Codes, InputQuantization, Table, round_fraction
from edgeq.ir.tensor import Array, Constant

_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})(e[+-]?[0-9]{1,3}|/[0-9]{1,40})?", re.IGNORECASE)

_LARGEST = 2**127
INPUT_TYPES = ("float32", "uint8", "int8")


@dataclass(frozen=True)
class InputChoice:
    """How data arrive: ``float32`` arrays, ``uint8`` pixels with mean and standard deviation, ``int8`` codes.

    A pixel p stands for ``(p / 255 - mean) / std``, per channel or alike for all.
    """

    kind: str = "float32"
    mean: tuple[Fraction, ...] = (Fraction(0),)
    std: tuple[Fraction, ...] = (Fraction(1),)

    def __post_init__(self) -> None:
        if self.kind not in INPUT_TYPES:
            raise InputError(f"input type {self.kind!r} does not exist; use one of {', '.join(INPUT_TYPES)}")
        if any(s <= 0 for s in self.std):
            raise InputError(f"--std must be positive, got {', '.join(map(str, self.std))}")
        if self.kind != "uint8" and (any(self.mean) or any(s != 1 for s in self.std)):
            raise InputError("--mean and --std belong to --input-type uint8: other inputs are not normalised")
        ends = [(p - m) / s for p in (0, 1) for m in self.mean for s in self.std]
        if any(abs(v) > _LARGEST for v in (*ends, *self.mean, *self.std)):
            raise InputError("--mean and --std: (p/255 - mean)/std passes 2^127, the reach of float32; write both for "
                             "pixels of 0 to 1, such as 0.5 and 0.25")

    def check_channels(self, name: str, channels: int) -> None:
        """Raise InputError when mean or std have neither one value nor one per channel."""
        for what, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, channels):
                raise InputError(f"input '{name}': --{what} has {len(values)} values for {channels} channels")

    def beyond_pixels(self, lo: float, hi: float) -> str | None:
        """Say that a calibrated range cannot come from pixels, None where it can."""
        if self.kind != "uint8":
            return None
        least = min(float((0 - m) / s) for m in self.mean for s in self.std)
        most = max(float((1 - m) / s) for m in self.mean for s in self.std)
        slack = (most - least) / 255
        if lo >= least - slack and hi <= most + slack:
            return None
        return f"spans {lo:.4g}..{hi:.4g} in calibration, pixels reach {least:.4g}..{most:.4g}: check --mean and --std"

    def quantization(self, name: str, shape: tuple[int, ...], op: Quantize, kept: IntType) -> InputQuantization:
        """Return the input's quantization for codes of the given scale and zero point."""
        if self.kind == "float32":
            return Affine(Fraction(op.scale), op.rounding)
        if self.kind == "int8":
            return Codes()
        self.check_channels(name, shape[0] if shape else 1)
        rows = max(len(self.mean), len(self.std))
        means, stds = (v * rows if len(v) == 1 else v for v in (self.mean, self.std))
        return Table(Constant([_row(m, s, op, kept) for m, s in zip(means, stds, strict=True)]), op.rounding)


def _row(mean: Fraction, std: Fraction, op: Quantize, kept: IntType) -> list[int]:
    """Return 256 codes, in exact rationals."""
    scale = Fraction(op.scale)
    reals = ((Fraction(p, 255) - mean) / std for p in range(256))
    codes = (round_fraction(real / scale, op.rounding) + op.zero_point for real in reals)
    return [min(max(c, max(op.lo, kept.qmin)), min(op.hi, kept.qmax)) for c in codes]


def fractions(text: str | float | Sequence[float | str] | None, default: Fraction) -> tuple[Fraction, ...]:
    """Return numbers given as ``0.5``, ``16/255`` or a comma-separated list of such.

    >>> fractions("0.5,16/255", Fraction(0))
    (Fraction(1, 2), Fraction(16, 255))
    """
    if text is None:
        return (default,)
    parts = text.split(",") if isinstance(text, str) else text if isinstance(text, Sequence) else [text]
    numbers = [str(p).strip() for p in parts]
    try:
        if not all(_NUMBER.fullmatch(n) for n in numbers):  # an exponent of many digits would fill the memory
            raise ValueError
        return tuple(Fraction(n) for n in numbers)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"{str(text)[:40]!r} is not a number, a fraction or a comma-separated list of them") from None


def calibration_arrays(program: Program, given: Any, choice: InputChoice) -> dict[str, Array]:
    """Return calibration data by input name: from a mapping, or one array for the only input.

    The data are what the network sees: floats. uint8 pixels pass where ``choice`` says that pixels arrive, and are
    normalised as it says. Raises CalibrationError when names, shapes or types do not fit.
    """
    names = [i.name for i in program.inputs]
    if not isinstance(given, Mapping):
        if len(names) != 1:
            raise CalibrationError(f"the model has inputs {', '.join(names)}; give calibration data for each by name")
        given = {names[0]: given}
    unknown, missing = sorted(set(given) - set(names)), sorted(set(names) - set(given))
    if unknown or missing:
        what = f"'{unknown[0]}' is no input" if unknown else f"none for '{missing[0]}'"
        raise CalibrationError(f"calibration data: {what}; inputs are {', '.join(names)}")
    arrays = {name: np.asarray(given[name]) for name in names}
    for item in program.inputs:
        array = arrays[item.name]
        if array.ndim != len(item.shape) or array.shape[1:] != tuple(item.shape[1:]):
            want = ", ".join(["N", *map(str, item.shape[1:])])
            raise CalibrationError(
                f"calibration data for '{item.name}': shape is {list(array.shape)}, the model takes [{want}]")
        arrays[item.name] = _real(array, choice, item.name)
    if len({len(a) for a in arrays.values()}) > 1:
        raise CalibrationError("calibration data have different numbers of samples per input")
    return arrays


def _real(array: Array, choice: InputChoice, name: str) -> Array:
    """Return calibration data as floats; refuses integers that are not the pixels which arrive."""
    if array.dtype.kind == "f":
        return array
    if array.dtype == np.uint8 and choice.kind == "uint8":
        channels = array.shape[1] if array.ndim > 1 else 1
        choice.check_channels(name, channels)
        column = (-1,) + (1,) * (array.ndim - 2)
        mean, std = (np.array([float(v) for v in values]).reshape(column) for values in (choice.mean, choice.std))
        real: Array = ((array / 255 - mean) / std).astype(np.float32)
        return real
    raise CalibrationError(
        f"calibration data for '{name}' are {array.dtype}; give what the network sees, as float32, or uint8 pixels "
        "with --input-type uint8 --mean --std"
    )


Quantizing = Callable[[str, tuple[int, ...], Quantize, IntType], InputQuantization]
