"""Make quantizers of weights and activations by the names of methods and options that a configuration has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from edgeq.arith.types import Rounding
from edgeq.compress.codebooks.quantizer import CodebookWeight
from edgeq.compress.quantization.activations.binary import BinaryActivation
from edgeq.compress.quantization.activations.dorefa import DorefaActivation
from edgeq.compress.quantization.activations.lsq import LsqActivation
from edgeq.compress.quantization.activations.uniform import UniformActivation
from edgeq.compress.quantization.base import ActivationQuantizer, WeightQuantizer
from edgeq.compress.quantization.observer_kinds import OBSERVERS, observer_options
from edgeq.compress.quantization.options import check_choice, keywords_of, refuse_unknown
from edgeq.compress.quantization.weights.binary import BinaryWeight
from edgeq.compress.quantization.weights.dorefa import DorefaWeight
from edgeq.compress.quantization.weights.lsq import LsqWeight
from edgeq.compress.quantization.weights.ternary import TernaryWeight
from edgeq.compress.quantization.weights.uniform import UniformWeight
from edgeq.errors import InputError, shown
from edgeq.scheme.presets import Preset

BITS = range(2, 17)
"""Bits of the codes, where a method leaves a choice."""


@dataclass(frozen=True)
class WeightKind:
    """How a method makes its quantizer: ``make(weight, bits, rounding, where, **options)``.

    ``options`` are the names that it takes; ``bits`` is None where the method itself fixes them, and those asked for
    are not looked at.
    """

    make: Callable[..., WeightQuantizer]
    options: frozenset[str]
    bits: range | None = BITS


@dataclass(frozen=True)
class ActivationKind:
    """How a method makes its quantizer: ``make(bits, rules, rounding, where, **options)``; else as for weights."""

    make: Callable[..., ActivationQuantizer]
    options: frozenset[str]
    bits: range | None = BITS


def _uniform(_: torch.Tensor, bits: int, rounding: Rounding, where: str, **options: Any) -> WeightQuantizer:
    return UniformWeight(bits, rounding, where, **options)


def _dorefa(weight: torch.Tensor, bits: int, _: Rounding, where: str, **options: Any) -> WeightQuantizer:
    return DorefaWeight(weight, bits, where, **options)


def _binary(weight: torch.Tensor, _: int, __: Rounding, where: str, **options: Any) -> WeightQuantizer:
    return BinaryWeight(weight, where, **options)


def _ternary(weight: torch.Tensor, _: int, __: Rounding, where: str, **options: Any) -> WeightQuantizer:
    return TernaryWeight(weight, where, **options)


def _sign(_: int, __: Preset, ___: Rounding, where: str, **options: Any) -> ActivationQuantizer:
    return BinaryActivation(where, **options)


_OBSERVED = frozenset[str]().union(*(observer_options(name) for name in OBSERVERS))
WEIGHTS: dict[str, WeightKind] = {
    "uniform": WeightKind(_uniform, keywords_of(UniformWeight)),
    "lsq": WeightKind(LsqWeight, keywords_of(LsqWeight)),
    "dorefa": WeightKind(_dorefa, keywords_of(DorefaWeight)),
    "binary": WeightKind(_binary, keywords_of(BinaryWeight), None),
    "ternary": WeightKind(_ternary, keywords_of(TernaryWeight), None),
    "codebook": WeightKind(CodebookWeight, keywords_of(CodebookWeight), range(1, 17)),
}
ACTIVATIONS: dict[str, ActivationKind] = {
    "uniform": ActivationKind(UniformActivation, keywords_of(UniformActivation) | _OBSERVED),
    "lsq": ActivationKind(LsqActivation, keywords_of(LsqActivation)),
    "dorefa": ActivationKind(DorefaActivation, keywords_of(DorefaActivation)),
    "binary": ActivationKind(_sign, keywords_of(BinaryActivation), None),
}


def weight_quantizer(
    method: str, weight: torch.Tensor, *, bits: int, rounding: Rounding, where: str, **options: Any
) -> WeightQuantizer:
    """Return the quantizer of a weight, outputs first, with what it learns started from this weight.

    Raises InputError, with the list of what exists, for an unknown method or option and for bits out of range.
    """
    kind = WEIGHTS[check_choice(method, tuple(WEIGHTS), "method of weights", where)]
    refuse_unknown(options, kind.options, f"{where}: method {method} of weights")
    _check_bits(bits, kind.bits, f"{where}: method {method} of weights")
    return kind.make(weight.detach(), bits, rounding, where, **options)


def activation_quantizer(
    method: str, *, bits: int, rules: Preset, rounding: Rounding, where: str, **options: Any
) -> ActivationQuantizer:
    """Return the quantizer of an activation; ``rules`` give its codes, ``rounding`` what falls between two codes.

    Raises InputError, with the list of what exists, for an unknown method or option and for bits out of range.
    """
    kind = ACTIVATIONS[check_choice(method, tuple(ACTIVATIONS), "method of activations", where)]
    refuse_unknown(options, kind.options, f"{where}: method {method} of activations")
    _check_bits(bits, kind.bits, f"{where}: method {method} of activations")
    return kind.make(bits, rules, rounding, where, **options)


def _check_bits(bits: object, allowed: range | None, where: str) -> None:
    if allowed is None:
        return
    if isinstance(bits, bool) or not isinstance(bits, int) or bits not in allowed:
        raise InputError(f"{where}: bits is {shown(bits)}, expected {allowed[0]}..{allowed[-1]}")
