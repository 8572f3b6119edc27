"""Hold the choices of a lowering: for all layers, and per layer from a configuration file.

The file is YAML::

    layers:
      "block.*": {wbits: 4, abits: 8}
      classifier: {acc: 24, acc_overflow: saturate, range: [-8.0, 8.0], preset: tflite, weights: per_tensor}

Patterns are globs on layer names, the input's included; a later one overrides an earlier one. A pattern or a setting
that changes nothing is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from edgeq.artefacts.manifest import parse_yaml
from edgeq.errors import InputError
from edgeq.frontend.ranges import number_pair
from edgeq.scheme.presets import Preset, preset

GRANULARITIES = ("per_channel", "per_tensor")
ACC_OVERFLOWS = ("wrap", "saturate", "error")


@dataclass(frozen=True)
class LayerSettings:
    """The choices for one layer; None leaves the choice to the preset.

    ``acc`` None is the proven width or the preset's, ``range`` None what calibration saw.
    """

    wbits: int | None = None
    abits: int | None = None
    preset: str = "edgeq"
    weights: str | None = None
    acc: int | None = None
    acc_overflow: str | None = None
    range: tuple[float, float] | None = None
    bias_fraction_bits: int = 0

    @property
    def rules(self) -> Preset:
        """The preset's rules."""
        return preset(self.preset)

    @property
    def weight_bits(self) -> int:
        """Bits of the weights."""
        return self.wbits or self.rules.bits

    @property
    def activation_bits(self) -> int:
        """Bits of the activations."""
        return self.abits or self.rules.bits

    @property
    def granularity(self) -> str:
        """One weight scale per channel, or per tensor."""
        return self.weights or self.rules.weights.per[0]

    def check(self, where: str) -> None:
        """Raise InputError for choices that the preset's system cannot have."""
        problem = self.rules.problem(self.weight_bits, self.activation_bits, self.granularity, self.bias_fraction_bits)
        if problem is not None:
            raise InputError(f"{where}: preset {self.preset}: {problem}")


@dataclass(frozen=True)
class Settings:
    """The choices for all layers, then per pattern in order."""

    default: LayerSettings
    patterns: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=())

    def of(self, layer: str) -> LayerSettings:
        """Return the choices for a layer."""
        chosen = self.default
        for pattern, changes in self.patterns:
            if fnmatchcase(layer, pattern):
                chosen = replace(chosen, **changes)
        chosen.check(f"layer '{layer}'")
        return chosen

    def check_used(self, effects: Mapping[str, frozenset[str]]) -> None:
        """Raise InputError for a pattern or a setting that changes nothing.

        ``effects`` tells for each layer which settings matter to it.
        """
        for pattern, changes in self.patterns:
            matched = [layer for layer in effects if fnmatchcase(layer, pattern)]
            if not matched:
                raise InputError(f"config: pattern {pattern!r} matches no layer; layers are {', '.join(effects)}")
            for name in changes:
                if not any(name in effects[layer] for layer in matched):
                    where = ", ".join(layer for layer, names in effects.items() if name in names)
                    raise InputError(f"config: {name} has no effect on {pattern!r}; it has on: {where or 'no layer'}")


def make_settings(default: LayerSettings, config: str | Path | Mapping[str, Any] | None) -> Settings:
    """Return settings from defaults and a configuration file or mapping; raises InputError for what is not one."""
    _checked(vars(default), "lower")
    default.check("lower")
    if config is None:
        return Settings(default)
    where = "config" if isinstance(config, Mapping) else str(config)
    data = config if isinstance(config, Mapping) else _read(Path(config))
    layers = data.get("layers") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or set(data) != {"layers"} or not isinstance(layers, Mapping):
        raise InputError(f"{where}: must hold one mapping 'layers' of pattern: {{wbits: .., abits: ..}}")
    patterns = []
    for pattern, changes in layers.items():
        if not isinstance(changes, Mapping):
            raise InputError(f"{where}: {pattern!r} must map names to values")
        patterns.append((str(pattern), _checked(dict(changes), f"{where}: {pattern!r}")))
    return Settings(default, tuple(patterns))


def _read(path: Path) -> Any:
    try:
        return parse_yaml(path.read_bytes(), str(path), InputError)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None


def _checked(values: dict[str, Any], where: str) -> dict[str, Any]:
    known = [f.name for f in fields(LayerSettings)]
    for name, value in values.items():
        if name not in known:
            raise InputError(f"{where}: {name!r} is not a setting; settings are {', '.join(known)}")
        problem = _problem(name, value)
        if name == "preset":
            _check_preset(value, where)
        if problem:
            raise InputError(f"{where}: {name} {problem}, got {value!r}")
    if values.get("acc") == "auto":
        values["acc"] = None
    if values.get("range") is not None:
        values["range"] = number_pair(values["range"])
    return values


def _problem(name: str, value: Any) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if name in ("wbits", "abits"):
        return None if value is None or (whole and 2 <= value <= 16) else "must be 2..16"
    if name == "bias_fraction_bits":
        return None if whole and 0 <= value <= 30 else "must be 0..30"
    if name == "acc":
        return None if value in (None, "auto") or (whole and 8 <= value <= 62) else "must be auto or 8..62 bits"
    if name == "weights":
        return None if value in (None, *GRANULARITIES) else "must be per_channel or per_tensor"
    if name == "range" and value is not None:
        pair = number_pair(value)
        return None if pair and pair[0] < pair[1] else "must be [lo, hi] with lo < hi"
    if name == "acc_overflow":
        return None if value in (None, *ACC_OVERFLOWS) else "must be wrap, saturate or error"
    return None


def _check_preset(name: Any, where: str) -> None:
    try:
        preset(str(name))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
